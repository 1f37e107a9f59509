// The case in view: fetched, shown with all that is known of it and with what was filled in, and left for another.

import { loginLink, wantsLogin } from "./login.js";
import { Ahead } from "./review-ahead.js";
import * as api from "./review-api.js";
import { Clock } from "./review-clock.js";
import { nameCase } from "./review-links.js";
import { refusals } from "./review-refusals.js";
import { isEmpty, isOfAnother } from "./review-words.js";

/** @typedef {import("./review-api.js").CaseInfo} CaseInfo */
/** @typedef {import("./review-api.js").Decision} Decision */
/** @typedef {import("./review-api.js").Verdict} Verdict */
/** @typedef {object} Parts
 * @property {any} viewer
 * @property {import("./review-moving.js").Moving} moving
 * @property {import("./review-drawing.js").Drawing} drawing
 * @property {import("./review-case.js").CasePanel} panel
 * @property {import("./review-decision.js").DecisionForm} form
 * @property {import("./review-clash.js").Clashes} clashes
 * @property {import("./review-status.js").Status} status
 */
/** @typedef {object} Page
 * @property {() => string | undefined} reader
 * @property {() => boolean} isInFront whether this tab of the page and of the browser is
 * @property {() => void} changed what is drawn, or whether the picture is seen
 */

export class CaseView {
  /** What is known of it, once it is. @type {CaseInfo | null} */ info = null;
  /** Its picture is on the screen. */ isSeen = false;
  /** Why a decision cannot be made. @type {Partial<Record<Decision, string>>} */ refusals = {};
  ahead = new Ahead((id) => this.#ask(id));
  clock = new Clock();
  /** Counts choices of the reader, so that what arrives late does not take the picture away. */ #chosen = 0;
  /** It is decided, and its time with it, until it is shown again. */ #isDecided = false;
  /** Whose predictions the reader would rather see than the newest, by project and modality. @type {Map<number | undefined, Map<string, string>>} */ #rather = new Map();
  /** Whose prediction was chosen on the case in view, until it is left. @type {{id: number, revision: string} | null} */ #of = null;
  /** Seconds that were spent on cases before they were left. @type {Map<number, number>} */ #spent = new Map();

  /** @param {Parts} parts @param {Page} page */
  constructor({ viewer, moving, drawing, panel, form, clashes, status }, page) {
    this.viewer = viewer;
    this.moving = moving;
    this.drawing = drawing;
    this.panel = panel;
    this.form = form;
    this.clashes = clashes;
    this.status = status;
    this.page = page;
    viewer.addEventListener("bc-ready", () => this.#see(true));
    viewer.addEventListener("bc-error", () => this.#see(false));
  }

  /** The verdict of this reader that stands on it. */
  get mine() {
    const verdict = this.info?.verdict;
    return verdict && this.isMine(verdict) ? verdict : null;
  }

  /** @param {Verdict} verdict @returns {boolean} whether it is of this reader */
  isMine(verdict) {
    return verdict.reader === this.page.reader();
  }

  /** Whether the reader has not gone to another case since. @returns {() => boolean} */
  stays() {
    const chosen = this.#chosen;
    return () => chosen === this.#chosen;
  }

  // ---------------------------------------------------------------- chosen, and left

  /** @param {number} id */
  async select(id) {
    this.#chosen++;
    const isCurrent = this.stays();
    this.#leave();
    this.info = null;
    this.drawing.leave();
    this.#see(false);
    if (this.#of && this.#of.id !== id) {
      this.ahead.forget(this.#of.id); // who comes back finds what was accepted
      this.#of = null;
    }
    this.moving.arrive(id);
    this.showAddress();
    const isKnown = this.ahead.has(id);
    try {
      const info = await this.ahead.get(id);
      if (isCurrent() && !isKnown) this.moving.learn(info);
      if (isCurrent()) await this.#show(info, isCurrent);
    } catch (error) {
      if (isCurrent()) this.#fail(/** @type {Error} */ (error));
    }
    if (isCurrent() && isKnown) this.#freshen(id, isCurrent);
    if (isCurrent()) this.#fetchAhead();
  }

  /** Show the prediction of these weights, here and on the cases that follow. @param {string} revision */
  async choose(revision) {
    const { info } = this;
    if (!info) return;
    if (this.drawing.strokes > 0 || this.drawing.waiting > 0) {
      this.panel.show(info); // with what is seen as its choice
      return this.status.say("Save or undo your drawing before you choose another prediction.", "error");
    }
    this.wish(Number(info.id), revision);
    const project = this.moving.project?.id;
    this.#rather.set(project, new Map(this.#rather.get(project)).set(info.modality, revision));
    this.ahead.clear();
    await this.select(Number(info.id));
  }

  /** When this case is shown next it is with the prediction of these weights, until it is left. @param {number} id @param {string} revision */
  wish(id, revision) {
    if (Number(this.info?.id) === id && this.drawing.strokes === 0) this.viewer.edit(null); // it is of the prediction before
    this.ahead.forget(id);
    this.#of = { id, revision };
  }

  /** Let the address name the case in view, and whose prediction was chosen on it. */
  showAddress() {
    nameCase({ id: String(this.moving.current), of: this.#of?.revision ?? null });
  }

  /** There is no case in view any more. */
  close() {
    this.#leave();
    this.#chosen++;
    this.#clear();
    this.form.form = { label: null, difficulty: null, comment: "" };
    this.viewer.dataset.state = "empty";
    nameCase(null);
  }

  #leave() {
    // Where the case was not shown yet, the clock has the time of another one.
    if (this.info && !this.#isDecided) this.#spent.set(Number(this.info.id), this.clock.seconds);
    this.clock.pause();
    this.status.leave();
    this.form.closeReasons();
  }

  /** It is decided: who comes back to it begins anew. @param {number} id */
  decided(id) {
    this.ahead.forget(id);
    this.#spent.delete(id);
    if (Number(this.info?.id) === id) this.#isDecided = true;
  }

  // ---------------------------------------------------------------- fetched

  /** @param {number} id @returns {Promise<CaseInfo>} with the prediction that is to be seen */
  #ask(id) {
    if (this.#of?.id === id) return api.case_(id, [["of", this.#of.revision]]);
    const rather = this.#rather.get(this.moving.project?.id)?.values() ?? [];
    return api.case_(id, Array.from(rather, (revision) => ["rather", revision]));
  }

  /** So that going on takes no time. */
  async #fetchAhead() {
    for (const id of new Set([this.moving.nextUnread, this.moving.list.neighbour(1)])) {
      if (id === undefined || id === this.moving.current) continue;
      const info = await this.ahead.get(id).catch(() => null);
      if (info?.width) this.viewer.preload?.(info);
    }
  }

  /** What was fetched ahead may be out of date: somebody may have decided since. @param {number} id @param {() => boolean} isCurrent */
  async #freshen(id, isCurrent) {
    const now = await this.#ask(id).catch(() => null);
    if (!now || !isCurrent()) return;
    this.moving.learn(now);
    this.panel.showGroup(now);
    if (!this.info || this.drawing.strokes > 0 || this.viewer.isDrawing) return;
    if (now.latest === this.info.latest && now.draft?.changed === this.info.draft?.changed && now.revision === this.info.revision) return;
    this.ahead.put(id, Promise.resolve(now));
    if (now.revision !== this.info.revision) this.viewer.edit(null); // it is of the prediction before
    await this.#show(now, isCurrent);
  }

  /** Somebody has decided the case in between: what is said of it is as it is now, and what is drawn stays in hand.
   * @param {string} id */
  async overtaken(id) {
    this.ahead.forget(Number(id));
    const now = await this.#ask(Number(id)).catch(() => null);
    if (!now) return;
    this.moving.learn(now);
    const { info } = this;
    if (info?.id !== id) return;
    const { decision, verdict, history } = now; // not the latest: one's own is not made after a verdict that was not seen
    Object.assign(info, { decision, verdict, history });
    this.panel.show(info);
    this.#allow();
  }

  // ---------------------------------------------------------------- shown

  /** @param {CaseInfo} info @param {() => boolean} isCurrent */
  async #show(info, isCurrent) {
    if (this.info?.id !== info.id) this.clock.start(this.#spent.get(Number(info.id)), this.page.isInFront()); // else it is freshened, and the time goes on
    this.info = info;
    this.#isDecided = false;
    this.panel.show(info);
    this.form.offer(this.moving.labels, info.label);
    const { mine } = this;
    // What was filled in and not decided when the reader went to another case comes back with this one.
    this.form.form = this.drawing.filledIn(info) ?? { label: mine?.label ?? null, difficulty: mine?.difficulty ?? null, comment: mine?.comment ?? "" };
    this.drawing.meet(info);
    this.#allow();
    this.clashes.show(info, isCurrent);
    this.viewer.dataset.state = "loading";
    this.#sayInPicture(info.problem ?? "");
    await this.viewer.show(info.width ? info : null);
    if (!isCurrent()) return;
    await this.drawing.show(info, isCurrent);
    if (!isCurrent()) return;
    this.viewer.dataset.state = "ready";
    this.status.came(this.isSeen);
  }

  /** @param {Error} error why the case cannot be shown */
  #fail(error) {
    this.#clear();
    if (wantsLogin(error)) this.status.say(error.message, "error", null, loginLink(true));
    else this.panel.fail(error.message);
    this.viewer.dataset.state = "error";
  }

  /** Nothing is in view. */
  #clear() {
    this.info = null;
    this.panel.show(null);
    this.viewer.show(null);
    this.drawing.meet(null);
    this.drawing.leave();
    this.#see(false);
    this.#sayInPicture("");
  }

  /** @param {string} text in place of a picture */
  #sayInPicture(text) {
    /** @type {HTMLElement} */ (this.viewer.querySelector("[slot=empty]")).textContent = text;
  }

  /** @param {boolean} isSeen */
  #see(isSeen) {
    this.isSeen = isSeen;
    this.showDrawing();
  }

  showDrawing() {
    const { draw } = this.form;
    draw.setAttribute("aria-pressed", String(this.drawing.isOn));
    draw.disabled = !this.isSeen;
    this.#allow();
    this.page.changed();
  }

  /** Which decisions can be made. */
  #allow() {
    this.refusals = refusals(this.info, this.drawing, this.isSeen);
    const { verdict = null } = this.info ?? {};
    const stands = verdict && isEmpty(verdict) ? "noLesion" : (this.info?.decision ?? null);
    this.form.show(this.refusals, this.info && isOfAnother(this.info) ? null : stands);
  }
}
