// How long a reader looked at a case. Time in which the tab is hidden, or nothing is touched, is not counted.

/** Without a key, a move or a stroke for so long, the reader is elsewhere; milliseconds. */
const IDLE_MS = 60_000;

export class Clock {
  #spent = 0;
  /** When the reader was last heard of, while the time runs; null while it does not. @type {number | null} */ #heard = null;

  /** @param {() => number} now milliseconds, never going back */
  constructor(now = () => performance.now()) {
    this.now = now;
  }

  /** Another case. @param {number} [seconds] that were spent on it before @param {boolean} [isInFront] else its time begins
   * with what the reader does next */
  start(seconds = 0, isInFront = true) {
    this.#spent = seconds * 1000;
    this.#heard = isInFront ? this.now() : null;
  }

  /** The reader did something: what passed since the last time counts, but no more than a minute of it. */
  touch() {
    const now = this.now();
    if (this.#heard !== null) this.#spent += Math.min(now - this.#heard, IDLE_MS);
    this.#heard = now;
  }

  /** The tab is hidden. */
  pause() {
    this.touch();
    this.#heard = null;
  }

  get seconds() {
    const since = this.#heard === null ? 0 : Math.min(this.now() - this.#heard, IDLE_MS);
    return (this.#spent + since) / 1000;
  }
}
