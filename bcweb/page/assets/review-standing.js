// The line above the Review tab: who is logged in, and how far the backup is. A verdict is saved when it is on
// the server's disk, and backed up when it is in a second place: where there is such a place, both are told.

import { told } from "./backup-words.js";
import { h } from "./dom.js";
import { logoutLink } from "./login.js";
import { backup } from "./review-api.js";
import { moment } from "./review-words.js";

/** @typedef {import("./review-api.js").Backup} Backup */

const SOON_MS = 3000;
const LATER_MS = 20_000;
const MOST = 500; // verdicts that are asked for at once

/** What is known of the verdicts of this page: when each was backed up, null before this start of the server.
 * @type {Map<string, string | null>} */
const backedUp = new Map();
let isConfigured = false;

/** @param {string} id @param {string} at when it was saved */
function words(id, at) {
  if (!isConfigured) return moment(at);
  if (!backedUp.has(id)) return `saved ${moment(at)}`;
  const since = backedUp.get(id);
  return since ? `backed up ${moment(since)}` : "backed up";
}

/** Says "saved 14:02", and later on "backed up 14:03"; where there is no backup only when it was.
 * @param {{id: number, at: string}} verdict */
export const kept = ({ id, at }) => h("span", { class: "kept", "data-verdict": String(id), "data-at": at }, words(String(id), at));

/** Says nothing, and " Backed up 14:03." as soon as that is so. @param {{id: number, at: string}} verdict */
export const followed = ({ id, at }) => h("span", { class: "kept after", "data-verdict": String(id), "data-at": at }, after(String(id), at));

/** @param {string} id @param {string} at */
function after(id, at) {
  const told = isConfigured && backedUp.has(id) ? words(id, at) : "";
  return told && ` ${told[0].toUpperCase()}${told.slice(1)}.`;
}

export class Standing {
  /** @type {Backup | null} */ #backup = null;
  #timer = 0;
  #isAsking = false;
  #told = "";

  /** @param {HTMLElement} root @param {() => void} restored projects have come back */
  constructor(root, restored) {
    this.root = root;
    this.restored = restored;
    this.account = h("span", { class: "account" });
    this.line = h("span", { class: "backup", role: "status" });
    root.replaceChildren(this.line, this.account);
    document.addEventListener("visibilitychange", () => this.now());
  }

  /** @param {{owner: string, reader: string}} session */
  meet({ owner, reader }) {
    if (owner !== "local" && !this.account.firstChild) this.account.replaceChildren(h("span", { class: "quiet" }, reader), " ", logoutLink());
    this.#fit();
    this.now();
  }

  /** Ask now, for something was saved. */
  now() {
    clearTimeout(this.#timer);
    if (!document.hidden) this.#ask();
  }

  async #ask() {
    if (this.#isAsking) return;
    this.#isAsking = true;
    const was = this.#backup;
    const shown = new Set([...this.#kept()].map(({ dataset }) => String(dataset.verdict)));
    // While something is wrong, what was backed up may be so no longer: its project may have been removed elsewhere.
    const asked = [...shown].filter((id) => was?.problem || !backedUp.has(id)).slice(0, MOST);
    try {
      this.#backup = await backup(asked);
    } catch {
      this.#backup = null; // the page says elsewhere that the server does not answer, or that nobody is logged in
    }
    this.#isAsking = false;
    if (this.#backup) {
      isConfigured = this.#backup.configured;
      for (const id of asked) backedUp.delete(id);
      for (const [id, at] of Object.entries(this.#backup.verdicts)) backedUp.set(id, at);
    }
    this.#show();
    if (was?.reading && !this.#backup?.reading) this.restored();
    const { waiting, problem, reading, configured } = this.#backup ?? { configured: true };
    if (!configured || document.hidden) return;
    this.#timer = window.setTimeout(() => this.now(), waiting || problem || reading || waiting === null ? SOON_MS : LATER_MS);
  }

  /** @returns {NodeListOf<HTMLElement>} */
  #kept() {
    return /** @type {ShadowRoot} */ (this.root.getRootNode()).querySelectorAll(".kept");
  }

  #show() {
    for (const element of this.#kept()) {
      const { verdict, at } = element.dataset;
      const text = (element.classList.contains("after") ? after : words)(String(verdict), String(at));
      if (element.textContent !== text) element.textContent = text;
    }
    const [kind, text] = this.#backup ? told(this.#backup) : ["", ""];
    if (`${kind}${text}` !== this.#told) {
      this.#told = `${kind}${text}`;
      this.line.className = `backup ${kind}`;
      this.line.textContent = text;
    }
    this.#fit();
  }

  #fit() {
    this.root.hidden = !this.line.textContent && !this.account.firstChild;
  }
}
