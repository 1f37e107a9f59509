// Descriptions of cases, fetched before they are looked at, so that going on takes no time.

/** @typedef {import("./review-api.js").CaseInfo} CaseInfo */

const MOST = 12;

export class Ahead {
  /** The longest unused first. @type {Map<number, Promise<CaseInfo>>} */ #asked = new Map();

  /** @param {(id: number) => Promise<CaseInfo>} ask */
  constructor(ask) {
    this.ask = ask;
  }

  /** @param {number} id */
  has(id) {
    return this.#asked.has(id);
  }

  /** @param {number} id @returns {Promise<CaseInfo>} */
  get(id) {
    const asked = this.#asked.get(id) ?? this.ask(id);
    this.put(id, asked);
    asked.catch(() => this.#asked.get(id) === asked && this.forget(id));
    return asked;
  }

  /** @param {number} id @param {Promise<CaseInfo>} asked */
  put(id, asked) {
    this.#asked.delete(id);
    this.#asked.set(id, asked);
    for (const other of this.#asked.keys()) {
      if (this.#asked.size <= MOST) break;
      this.#asked.delete(other);
    }
  }

  /** It is not what it was. @param {number} id */
  forget(id) {
    this.#asked.delete(id);
  }

  clear() {
    this.#asked.clear();
  }
}
