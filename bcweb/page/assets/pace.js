// How fast the reader goes through the list. Who holds a key down passes many scans, and wants to see the one where
// the key comes up: it would wait behind all that were asked for on the way.

const MOMENT_MS = 150;

export class Pace {
  #last = -MOMENT_MS;

  /** The reader goes to another scan. @returns {Promise<unknown>} at once; a moment later, where the one before was
   * just now and this one may be passed too */
  step() {
    const now = performance.now();
    const isQuick = now - this.#last < MOMENT_MS;
    this.#last = now;
    return new Promise((resolve) => (isQuick ? setTimeout(resolve, MOMENT_MS) : resolve(null)));
  }
}
