// What leaves the list of the Scan tab: a row that is put away, scans that can be had back for a while, all of them.

import * as api from "./api.js";
import { listed } from "./batch.js";
import { WHILE_MS } from "./toast.js";

/** Milliseconds in which the server is to say what is there; a question about that waits no longer. */
const ASKED_MS = 2000;

/** @typedef {import("./list.js").Case} Case */
/** @typedef {object} Page
 * @property {() => string | null} current the key of the scan in view
 * @property {() => Case | undefined} neighbour the scan that is looked at when that one is gone
 * @property {(one: Case | undefined) => void} show undefined: nothing
 * @property {(cases: Case[]) => void} add to the list
 * @property {() => void} refresh show the list as it is by now
 * @property {() => void} goOn with the uploads, which leave out what is off the list
 * @property {() => void} back scans are on the list again
 */

export class Leaving {
  /** Removed, but for the time being one may take it back. @type {Case[]} */ #removed = [];
  /** The order of the list before. @type {string[]} */ #order = [];
  #timer = 0;
  #isAsking = false;

  /** @param {Map<string, Case>} cases in the order of the list; what leaves is taken out of it
   * @param {import("./toast.js").Toast} toast @param {Page} page */
  constructor(cases, toast, page) {
    this.cases = cases;
    this.toast = toast;
    this.page = page;
  }

  /** @param {string} key */
  dismiss(key) {
    const one = this.cases.get(key);
    if (!one) return;
    const next = this.page.neighbour();
    one.state = "failed"; // a truth that waited for its scan waits no more
    this.cases.delete(key);
    if (key === this.page.current()) this.page.show(next);
    if (one.info) this.drop([one.info.id]);
    this.page.refresh();
  }

  /** Out of the server's memory, once they are off the list. @param {string[]} ids */
  async drop(ids) {
    if (ids.length === 0) return;
    try {
      await api.remove(ids);
    } catch (error) {
      // The list says what is there: what could not be removed is on it again.
      const there = await api.session().catch(() => null);
      if (there) this.page.add(there.scans.filter(({ id }) => ids.includes(id)).map(listed));
      this.toast.fail(new Error(`Not removed from the server: ${/** @type {Error} */ (error).message}`));
    }
  }

  /** Take scans off the list; until the message goes away they can be had back, with those that were taken off
   * just before. @param {string[]} keys */
  remove(keys) {
    const removed = keys.flatMap((key) => this.cases.get(key) ?? []);
    if (removed.length === 0) return;
    clearTimeout(this.#timer);
    const next = this.page.neighbour();
    if (this.#removed.length === 0) this.#order = [...this.cases.keys()];
    this.#removed.push(...removed);
    for (const one of removed) {
      one.away = "undo"; // its upload waits too
      this.cases.delete(one.key);
    }
    const words = this.#removed.length === 1 ? this.#removed[0].name : `${this.#removed.length} scans`;
    this.toast.goOn();
    this.toast.offer(`Removed ${words}.`, () => this.#bringBack());
    this.#timer = window.setTimeout(() => this.removeForGood(), WHILE_MS);
    if (keys.includes(this.page.current() ?? "")) this.page.show(next && this.cases.get(next.key));
    this.page.refresh();
  }

  #bringBack() {
    clearTimeout(this.#timer);
    const back = this.#removed;
    this.#removed = [];
    this.toast.withdraw();
    for (const one of back) one.away = null;
    const known = new Map([...this.cases, ...back.map((one) => /** @type {[string, Case]} */ ([one.key, one]))]);
    this.cases.clear();
    for (const key of [...this.#order, ...known.keys()]) { // what came since goes to the end
      const one = known.get(key);
      if (one) this.cases.set(key, one);
    }
    this.page.goOn();
    this.page.back();
    const first = back.find(({ info }) => info);
    if (first) this.page.show(first);
  }

  /** The time to take them back is over. @returns {Promise<void>} when the server has dropped them, or could not */
  async removeForGood() {
    clearTimeout(this.#timer);
    const gone = this.#removed;
    if (gone.length === 0) return;
    this.#removed = [];
    gone.forEach(leave);
    this.page.goOn();
    this.toast.withdraw();
    await this.drop(gone.flatMap(({ info }) => info?.id ?? []));
  }

  /** How many scans leave the server with all: those of this list, and what other tabs of this visitor have there; null
   * where the server does not say. */
  async #count() {
    const late = new Promise((tell) => setTimeout(tell, ASKED_MS, null));
    const session = await Promise.race([api.session(), late]).catch(() => null);
    if (!session) return null;
    const isThere = (/** @type {Case} */ { info, state }) => info !== null || state === "waiting" || state === "sending";
    const own = [...this.cases.values(), ...this.#removed].filter(isThere);
    const ids = new Set(own.map(({ info }) => info?.id));
    const names = new Set(own.map(({ info, name }) => !info && name)); // what is on its way may be there by now
    /** @type {import("./api.js").ScanInfo[]} */
    const there = session.scans;
    const others = there.filter(({ id, name }) => !ids.has(id) && !names.has(name));
    return [...this.cases.values()].filter(isThere).length + others.length;
  }

  /** All scans leave the server at once; those on their way do when they arrive. */
  async deleteAll() {
    if (this.#isAsking) return;
    this.#isAsking = true;
    const count = await this.#count().finally(() => (this.#isAsking = false));
    const all = count === null ? "your scans, those of other tabs too," : `${count} scans`;
    if (count !== 1 && count !== 0 && !window.confirm(`Delete all ${all} from the server? There is no undo.`)) return;
    clearTimeout(this.#timer);
    [...this.cases.values(), ...this.#removed].forEach(leave);
    this.#removed = [];
    this.toast.withdraw();
    this.cases.clear();
    this.page.goOn();
    this.page.show(undefined);
    try {
      await api.forget();
      this.toast.tell("Your scans are deleted: none is left on the server.");
    } catch (error) {
      const there = await api.session().catch(() => null);
      if (there) this.page.add(there.scans.map(listed)); // the list says what is there
      this.toast.fail(new Error(`Not deleted from the server: ${/** @type {Error} */ (error).message}`));
    }
  }
}

/** For good; a truth that waited for its scan waits no more. @param {Case} one */
function leave(one) {
  one.away = "gone";
  if (one.state === "alone") one.state = "failed";
}
