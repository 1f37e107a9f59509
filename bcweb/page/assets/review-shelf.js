// What a reader drew and decided, kept in this browser until the server has it: it outlives a crash of either.

/** @typedef {import("./review-api.js").Beginning} Beginning */
/** What tells a case from all others. Its number does not: each new database begins with the same ones.
 * @typedef {Pick<import("./review-api.js").CaseInfo, "id" | "name" | "project" | "width" | "height">} Subject */
/** @typedef {object} Kept
 * @property {string} key
 * @property {string} whose owner and reader: another login in the same browser sees none of it
 * @property {string} tab that wrote it
 * @property {"draft" | "verdict"} kind
 * @property {string} id of the case
 * @property {string} name of the case
 * @property {number} project of the case
 * @property {number} width of the case
 * @property {number} height of the case
 * @property {string} changed
 * @property {Uint8Array<ArrayBuffer> | null} bits of the mask, as they travel
 * @property {Beginning | null} beginning
 * @property {number | null} threshold
 * @property {string | null} revision of the weights whose prediction it began with; where with none, whose was in view
 * @property {number | null} after
 * @property {number} strokes
 * @property {import("./review-decision.js").Form} form what else is filled in
 * @property {string | null} acknowledged of a draft: when the server says that it was changed
 * @property {import("./review-api.js").Said | null} said of a verdict
 */

const DATABASE = "bc-review";
const STORE = "kept";

/** Whether what was kept of one is of the other. @param {Subject} a @param {Subject} b */
export const isSame = (a, b) =>
  a.id === b.id && a.name === b.name && a.project === b.project && a.width === b.width && a.height === b.height;

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** Whether what was asked for has come to the disk: that is known only once its transaction is over, which may fail for
 * want of space though the request in it did not. @param {IDBRequest} request @returns {Promise<boolean>} */
const isThere = ({ transaction }) =>
  new Promise((resolve) => {
    const over = /** @type {IDBTransaction} */ (transaction);
    over.oncomplete = () => resolve(true);
    over.onabort = () => resolve(false);
  });

export class Shelf {
  /** @type {Promise<IDBDatabase | null>} */ #opened;
  /** Tells this page from other tabs, and from what it was before it was loaded again. */ tab = randomName();

  constructor() {
    this.#opened = this.#open();
    // Held as long as this page lives: by it other tabs know that its drawings are not left behind.
    navigator.locks?.request(`${DATABASE}-${this.tab}`, () => new Promise(() => {}));
  }

  async #open() {
    try {
      const asking = indexedDB.open(DATABASE, 1);
      asking.onupgradeneeded = () => asking.result.createObjectStore(STORE, { keyPath: "key" }).createIndex("whose", "whose");
      return await done(asking);
    } catch {
      return null; // a browser that keeps nothing for this page: then only the server does
    }
  }

  /** @param {"draft" | "verdict"} kind @param {string} whose @param {Subject} subject */
  key = (kind, whose, { id, name, project, width, height }) => [kind, whose, id, name, project, width, height, this.tab].join("\n");

  /** @param {Kept} kept @returns {Promise<boolean>} whether it is kept */
  async put(kept) {
    const store = await this.#store("readwrite");
    return store !== null && isThere(store.put(kept));
  }

  /** @param {string} key */
  async remove(key) {
    const store = await this.#store("readwrite");
    if (store) await isThere(store.delete(key));
  }

  /** What this reader left behind: written by tabs that are not there any more. @param {string} whose
   * @returns {Promise<Kept[]>} the oldest first */
  async left(whose) {
    const store = await this.#store("readonly");
    if (!store) return [];
    /** @type {Kept[]} */
    const all = await done(store.index("whose").getAll(whose)).catch(() => []);
    const living = new Set((await navigator.locks?.query())?.held?.map(({ name }) => name));
    return all
      .filter(({ tab }) => tab !== this.tab && !living.has(`${DATABASE}-${tab}`))
      .sort((a, b) => a.changed.localeCompare(b.changed));
  }

  /** @param {IDBTransactionMode} mode */
  async #store(mode) {
    try {
      return (await this.#opened)?.transaction(STORE, mode).objectStore(STORE) ?? null;
    } catch {
      return null;
    }
  }
}

/** Not `crypto.randomUUID`: plain http from another machine has none. */
export const randomName = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
