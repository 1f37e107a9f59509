// A page whose address names a case, or the Review tab, opens there.

import "./full-page.js";
import { REVIEW } from "./login.js";
import { linkedCase, showTab } from "./review-links.js";

if (linkedCase() !== null || location.hash === REVIEW) showTab("Review");
