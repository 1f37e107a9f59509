// "Save all" on the Scan tab: scans that nobody has looked at yet are segmented, then all masks come as one ZIP file.

import * as api from "./api.js";
import { h } from "./dom.js";

/** @typedef {import("./list.js").Case} Case */
/** @typedef {object} Page
 * @property {() => Case[]} cases what is on the list
 * @property {(one: Case) => Promise<void>} open read and segment it
 * @property {() => Promise<void>} findTruths among what is open
 * @property {() => void} changed whether it is under way
 */

const FILE = "masks.zip";

export class Saving {
  isUnderWay = false;
  #isStopped = false;

  /** @param {import("./toast.js").Toast} toast @param {Page} page */
  constructor(toast, page) {
    this.toast = toast;
    this.page = page;
  }

  /** Save all; or, where that is under way, stop. */
  async press() {
    this.toast.goOn();
    if (this.isUnderWay) {
      this.#isStopped = true;
      return;
    }
    this.#isStopped = false;
    this.#set(true);
    try {
      await this.#openAll();
      if (!this.#isStopped) await this.#pack();
      if (this.#isStopped) this.toast.tell("Stopped: nothing was saved.");
    } catch (error) {
      this.toast.fail(error);
    } finally {
      this.#set(false);
    }
  }

  async #openAll() {
    const closed = this.page.cases().filter(({ info }) => info?.state === "closed");
    for (const [place, one] of closed.entries()) {
      if (this.#isStopped) return;
      this.toast.doing(`Segmenting ${place + 1} of ${closed.length} …`);
      await this.page.open(one);
      await this.page.findTruths(); // it may be one
    }
  }

  async #pack() {
    this.toast.doing("Packing the masks …");
    const ids = this.page.cases().flatMap(({ info }) => info?.id ?? []);
    const file = await api.masks(ids);
    if (this.#isStopped) return;
    const href = URL.createObjectURL(file);
    h("a", { href, download: FILE }).click();
    setTimeout(() => URL.revokeObjectURL(href), 60_000); // the browser has it by then
    this.toast.tell(`${FILE} has each scan's mask at the operating point, and scans.csv with the numbers.`);
  }

  /** @param {boolean} isUnderWay */
  #set(isUnderWay) {
    this.isUnderWay = isUnderWay;
    this.page.changed();
  }
}
