// While scans of this page wait at the server: how many of other visitors are worked on before them.

import * as api from "./api.js";

const FIRST_MS = 1500; // most waiting is over by then
const EACH_MS = 2000;

export class Line {
  #timer = 0;

  /** @param {() => boolean} isWaiting @param {(before: number) => void} tell */
  constructor(isWaiting, tell) {
    this.isWaiting = isWaiting;
    this.tell = tell;
  }

  /** Something was sent. */
  watch() {
    this.#timer ||= window.setTimeout(() => this.#look(), FIRST_MS);
  }

  async #look() {
    if (!this.isWaiting()) {
      this.#timer = 0;
      this.tell(0);
      return;
    }
    this.tell(await api.before().catch(() => 0));
    this.#timer = window.setTimeout(() => this.#look(), EACH_MS);
  }
}
