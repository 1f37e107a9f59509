// "Save all" on the Scan tab: scans that nobody has looked at yet are segmented, then all masks come as one ZIP file.

import * as api from "./api.js";
import { h } from "./dom.js";
import { grouped, isUpToDate } from "./words.js";

/** @typedef {import("./list.js").Case} Case */
/** @typedef {object} Page
 * @property {() => Case[]} cases what is on the list
 * @property {() => number} left how many of them are on their way to the server
 * @property {(one: Case) => Promise<void>} open read and segment it, by the weights that are in use
 * @property {() => void} changed whether it is under way
 */

const FILE = "masks.zip";

/** What is not segmented yet, or by earlier weights. @param {Case} one */
const isToDo = ({ info }) => info !== null && info.state !== "error" && !isUpToDate(info);

export class Saving {
  /** It ends what is under way. @type {AbortController | null} */ #stop = null;

  /** @param {import("./toast.js").Toast} toast @param {Page} page */
  constructor(toast, page) {
    this.toast = toast;
    this.page = page;
  }

  get isUnderWay() {
    return this.#stop !== null;
  }

  /** Save all; or, where that is under way, stop. */
  async press() {
    this.toast.goOn();
    if (this.#stop) return this.#stop.abort(new Error("Stopped: nothing was saved."));
    const { signal } = (this.#stop = new AbortController());
    this.page.changed();
    try {
      await this.#openAll(signal);
      await this.#pack(signal);
    } catch (error) {
      if (signal.aborted) this.toast.tell(signal.reason.message);
      else this.toast.fail(error);
    } finally {
      this.#stop = null;
      this.page.changed();
    }
  }

  /** @param {AbortSignal} signal */
  async #openAll(signal) {
    const asked = new Set();
    for (;;) {
      const toDo = this.page.cases().filter((one) => isToDo(one) && !asked.has(one.key)); // some may have left the list
      if (toDo.length === 0) return;
      this.toast.doing(`Segmenting ${asked.size + 1} of ${asked.size + toDo.length} …`);
      asked.add(toDo[0].key);
      await this.page.open(toDo[0]);
      signal.throwIfAborted();
    }
  }

  /** @param {AbortSignal} signal */
  async #pack(signal) {
    const cases = this.page.cases();
    const ids = cases.flatMap(({ info }) => info?.id ?? []);
    if (ids.length === 0) throw new Error("No scan is on the list any more: nothing was saved.");
    this.toast.doing("Packing the masks …");
    const { file, there, count } = await api.masks(ids, signal);
    const href = URL.createObjectURL(file);
    h("a", { href, download: FILE }).click();
    setTimeout(() => URL.revokeObjectURL(href), 60_000); // the browser has it by then
    const left = this.page.left();
    const unopened = cases.filter(({ state, info }) => state === "failed" && !info).length;
    const gone = ids.length - there;
    const without = [
      left && `${grouped(left)} on the way`,
      unopened && `${grouped(unopened)} that could not be opened`,
      gone && `${grouped(gone)} that ${gone === 1 ? "is" : "are"} not on the server any more`,
      count < there && `${grouped(there - count)} that could not be segmented`,
    ].filter(Boolean);
    const all = `${FILE} has the masks of ${grouped(count)} ${count === 1 ? "scan" : "scans"} at the operating point, and scans.csv with the numbers`;
    this.toast.tell(`${all}${without.length ? `, without ${without.join(" and ")}` : ""}.`);
  }
}
