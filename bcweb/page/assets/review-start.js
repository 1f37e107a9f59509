// A page whose address names a case opens in the Review tab.

import { linkedCase, showTab } from "./review-links.js";

if (linkedCase() !== null) showTab("Review");
