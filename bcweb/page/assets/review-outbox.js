// Sends verdicts and drafts, one at a time, until the server has them: what it does not take is kept and tried again.

import { Refused, Unreachable } from "./api.js";
import * as api from "./review-api.js";
import { isSame } from "./review-shelf.js";

/** @typedef {import("./review-shelf.js").Kept} Kept */
/** @typedef {import("./review-shelf.js").Subject} Subject */
/** @typedef {object} Page whom the outbox tells
 * @property {(kept: Kept, verdict: api.Saved) => void} saved the verdict is on the server's disk
 * @property {(kept: Kept) => void} drafted
 * @property {(kept: Kept, error: Refused) => void} refused and trying again would not help
 * @property {() => void} changed see `state`
 */

const FIRST_MS = 1000;
const LONGEST_MS = 15_000;

/** Refusals that pass: no login, too late, too early, too often. */
const PASSING = [401, 408, 425, 429];

/** Whether the same request may be taken later. A fault of the server (500) may be this request's own: it must
 * not keep all others waiting. @param {unknown} error @returns {error is Unreachable | Refused} */
const isPassing = (error) =>
  error instanceof Unreachable || (error instanceof Refused && (PASSING.includes(error.status) || error.status > 500));

export class Outbox {
  /** In the order in which they were decided. @type {Kept[]} */ #verdicts = [];
  /** Verdicts that are not there yet, by case, the newest last. @type {Map<string, Kept>} */ #deciding = new Map();
  /** Verdicts that this browser has, too. @type {WeakSet<Kept>} */ #shelved = new WeakSet();
  /** The newest draft by case; null where it is dropped. @type {Map<string, Kept | null>} */ #drafts = new Map();
  #isBusy = false;
  #wait = 0;
  #timer = 0;
  /** @type {Unreachable | Refused | null} */ #error = null;
  /** When it is tried again. */ #until = 0;

  /** @param {import("./review-shelf.js").Shelf} shelf @param {Page} page */
  constructor(shelf, page) {
    this.shelf = shelf;
    this.page = page;
    window.addEventListener("online", () => this.now());
    window.addEventListener("focus", () => this.#error && this.now()); // back from logging in, for one
  }

  /** names: of the cases whose verdicts wait, or where none does, whose drawings do; areShelved: this browser has all of
   * those verdicts; error: why it is not saved; until: when it is tried again (performance.now); isLoggedOut: only a
   * login helps. */
  get state() {
    const verdicts = [...this.#deciding.values()];
    const drafts = [...this.#drafts.values()].filter((kept) => kept !== null); // what is dropped has no name any more
    return {
      verdicts: verdicts.length,
      drafts: this.#drafts.size,
      names: (verdicts.length ? verdicts : drafts).map(({ name }) => name),
      areShelved: verdicts.every((kept) => this.#shelved.has(kept)),
      error: this.#error,
      until: this.#until,
      isLoggedOut: this.#error instanceof Refused && this.#error.status === 401,
    };
  }

  /** @param {string} id @returns {boolean} whether a verdict on this case is on its way */
  isDeciding(id) {
    return this.#deciding.has(id);
  }

  /** Verdicts of this project that are on their way, the newest last. @param {number | undefined} project */
  deciding(project) {
    return [...this.#deciding.values()].filter((kept) => kept.project === project);
  }

  /** The drawing of this case as the server will have it; null where it is dropped there.
   * @param {Subject} subject @returns {Kept | null | undefined} undefined: the server has all that this page knows of */
  unsent(subject) {
    const kept = this.#drafts.get(subject.id);
    return kept && !isSame(kept, subject) ? undefined : kept;
  }

  /** Keep and send what is drawn; a draft of the same case that was not sent yet is overtaken by it.
   * @param {Kept} kept @returns {Promise<boolean>} whether this browser has it */
  async draft(kept) {
    this.#drafts.delete(kept.id);
    this.#drafts.set(kept.id, kept);
    this.page.changed();
    const isHere = await this.shelf.put(kept);
    this.#go();
    return isHere;
  }

  /** The server forgets its draft of this case, and so does this. @param {string} id */
  drop(id) {
    this.#drafts.delete(id);
    this.#drafts.set(id, null);
    this.page.changed();
    this.#go();
  }

  /** @param {Kept} kept a verdict @param {Promise<Uint8Array<ArrayBuffer>> | null} [bits] of its mask, where it has none yet
   * @returns {Promise<void>} when this browser has it */
  async decide(kept, bits = null) {
    this.#deciding.set(kept.id, kept); // at once: the same key pressed twice is one decision,
    this.#drafts.delete(kept.id); // and what is drawn from now on comes after it
    this.page.changed();
    if (bits) kept.bits = await bits;
    if (await this.shelf.put(kept)) this.#shelved.add(kept);
    this.#verdicts.push(kept);
    this.page.changed();
    this.#go();
  }

  /** Try again at once. */
  now() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#until = 0;
    this.#go();
  }

  async #go() {
    if (this.#isBusy || this.#timer) return;
    this.#isBusy = true;
    for (let task = this.#next(); task; task = this.#next()) {
      let tell;
      try {
        tell = await task.send();
      } catch (error) {
        if (isPassing(error)) {
          this.#error = error;
          this.#wait = Math.min(this.#wait ? this.#wait * 2 : FIRST_MS, LONGEST_MS);
          this.#until = performance.now() + this.#wait;
          this.#timer = window.setTimeout(() => this.now(), this.#wait);
          break;
        }
        tell = task.giveUp(/** @type {Refused} */ (error));
      }
      this.#error = null; // it has answered
      this.#wait = 0;
      try {
        tell?.();
      } catch (fault) {
        reportError(fault); // the page's own: the server has not refused anything, and what waits is sent
      }
      this.page.changed();
    }
    this.#isBusy = false;
    this.page.changed();
  }

  /** Both give what tells the page of it. @returns {{send: () => Promise<(() => void) | null>, giveUp: (error: Refused) => (() => void) | null} | null} */
  #next() {
    const [verdict] = this.#verdicts;
    if (verdict) {
      return {
        send: () => this.#sendVerdict(verdict),
        giveUp: (error) => {
          this.#done(verdict);
          return () => this.page.refused(verdict, error); // it stays on the shelf, for the reader to see
        },
      };
    }
    for (const [id, kept] of this.#drafts) {
      if (this.isDeciding(id)) continue; // the server drops what it has of a case when that is decided
      const done = () => this.#drafts.get(id) === kept && this.#drafts.delete(id);
      return {
        send: () => (kept ? this.#sendDraft(kept, done) : api.dropDraft(id).then(() => (done(), null))),
        giveUp: (error) => {
          done();
          return kept && (() => this.page.refused(kept, error));
        },
      };
    }
    return null;
  }

  /** @param {Kept} kept */
  async #sendVerdict(kept) {
    const verdict = await api.decide(kept.id, /** @type {api.Said} */ (kept.said), kept.bits);
    await this.shelf.remove(kept.key); // on its way until it is told: an undo meanwhile is of this verdict
    this.#done(kept);
    return () => this.page.saved(kept, verdict);
  }

  /** @param {Kept} kept a verdict */
  #done(kept) {
    this.#verdicts = this.#verdicts.filter((other) => other !== kept);
    if (this.#deciding.get(kept.id) === kept) this.#deciding.delete(kept.id); // another of its case may still wait
  }

  /** @param {Kept} kept @param {() => boolean} done says whether no newer one came meanwhile */
  async #sendDraft(kept, done) {
    const { changed } = await api.keepDraft(kept.id, kept.name, /** @type {Uint8Array<ArrayBuffer>} */ (kept.bits), { ...kept });
    kept.acknowledged = changed;
    if (!done()) return null;
    this.shelf.put(kept); // before any that is drawn from now on
    return () => this.page.drafted(kept);
  }
}
