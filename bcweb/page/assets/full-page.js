// Where a browser keeps no cookie for a page inside another site's, the page links to itself, alone.

import { server } from "./api.js";
import { h } from "./dom.js";
import { PAGE, isFramed } from "./login.js";

server.addEventListener(
  "cookieless",
  () => {
    const words = isFramed
      ? "This browser keeps no cookie for a page inside another one, and without it this page cannot tell you from others. "
      : "This browser keeps no cookie for this page, and without it the page cannot tell you from others: allow it, and reload. ";
    const link = isFramed && h("a", { href: `${PAGE}/${location.search}${location.hash}`, target: "_blank" }, "Open the full page");
    document.body.prepend(h("p", { class: "bc-cookieless", role: "alert" }, words, link));
  },
  { once: true },
);
