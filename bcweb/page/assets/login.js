// Logging in with Hugging Face: where it is done, and the way back.

import { BASE, Refused } from "./api.js";
import { h } from "./dom.js";

/** The address of the page itself, whose own routes lie under BASE. */
export const PAGE = BASE.replace(/\/bc$/, "");
/** In an address, brings the Review tab to the front. */
export const REVIEW = "#review";

/** A frame of another site (a Space on huggingface.co): there a login may not be kept. */
export const isFramed = window.top !== window.self;

const back = () => encodeURIComponent(`/${location.search}${REVIEW}`);

/** @param {boolean} [apart] in a tab of its own, so that this one stays as it is */
export const loginLink = (apart = false) =>
  h("a", { class: "button primary", href: `${PAGE}/login/huggingface?_target_url=${back()}`, target: apart || isFramed ? "_blank" : "_self" }, "Log in with Hugging Face");

export const logoutLink = () => h("a", { class: "logout", href: `${PAGE}/logout?_target_url=${back()}` }, "Log out");

/** What helps against this, if it is that nobody is logged in and one can be. @param {unknown} error */
export const wantsLogin = (error) => error instanceof Refused && error.status === 401 && error.answer?.login === true;
