// Takes files to the server: truths told from scans by their names, a few scans at a time, each failing alone.

import * as api from "./api.js";

/** @typedef {import("./files.js").Found} Found */
/** @typedef {import("./api.js").ScanInfo} ScanInfo */
/** @typedef {import("./list.js").Case} Case */
/** @typedef {Found & {one: Case}} Alone */

let made = 0;

/** @param {string} path @returns {Case} */
export function newCase(path) {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return { key: `new-${made++}`, name, state: "waiting", message: "", info: null };
}

/** @param {ScanInfo} info @returns {Case} */
export const listed = (info) => ({ key: info.id, name: info.name, state: "listed", message: "", info });

const ALONE = "looks like a truth mask, but its scan is not here. Drop the scan too, or use Add truth.";

/** @param {number} bytes */
const megabytes = (bytes) => Math.floor(bytes / 2 ** 20);

export class Batch {
  /** Truths that wait for their scan. @type {Alone[]} */ #alone = [];
  /** @type {(() => Promise<void>)[]} */ #tasks = [];
  #running = 0;
  /** Files that are not done yet. */ left = 0;

  /** @param {{atOnce: number, uploadBytes: number}} limits
   * @param {{added: (cases: Case[]) => void, changed: (one: Case) => void, gone: (key: string) => void, progressed: () => void,
   *  find: (id: string) => Case | undefined}} page */
  constructor(limits, page) {
    // One place at the server stays free for the scan that is being looked at.
    this.atOnce = Math.max(1, limits.atOnce - 1);
    this.uploadBytes = limits.uploadBytes;
    this.page = page;
  }

  /** @param {Found[]} found */
  async take(found) {
    const waiting = this.#alone.filter(({ one }) => one.state === "alone");
    const all = [...waiting, ...found];
    if (found.length === 0) return;
    const pairs = await api.pair(all.map(({ path }) => path));
    const cases = all.map(({ path }, place) => (place < waiting.length ? waiting[place].one : newCase(path)));
    const isScan = (/** @type {number} */ place) => pairs[place].part === "scan";
    this.page.added(cases.filter((_, place) => place >= waiting.length && isScan(place)));
    /** @type {Map<number, Promise<void>>} */
    const uploads = new Map();
    all.forEach(({ path, file }, place) => {
      if (isScan(place)) uploads.set(place, this.#queue(() => this.#upload(cases[place], path, file)));
    });
    // The masks of one scan go one after the other, and after their scan: "X_mask.png", then "X_mask_1.png".
    /** @type {Map<string, Promise<void>>} */
    const last = new Map();
    /** @type {Promise<void>[]} */
    const truths = [];
    const masksFirst = [...all.keys()].filter((place) => !isScan(place)).sort((a, b) => Number(pairs[a].adds) - Number(pairs[b].adds));
    for (const place of masksFirst) {
      const { path, file } = all[place];
      const { held, new: with_, adds } = pairs[place];
      const scan = held ? this.page.find(held) : with_ === null ? undefined : cases[with_];
      if (!scan) {
        this.#leaveAlone({ path, file, one: cases[place] });
        continue;
      }
      const before = last.get(scan.key) ?? (with_ === null ? undefined : uploads.get(with_));
      const isPart = adds || last.has(scan.key);
      const task = (before ?? Promise.resolve()).then(() => this.#queue(() => this.#truth(scan, cases[place], path, file, isPart)));
      last.set(scan.key, task);
      truths.push(task);
    }
    this.#alone = this.#alone.filter(({ one }) => one.state === "alone");
    const tasks = [...uploads.values(), ...truths];
    this.left += tasks.length;
    const done = () => {
      this.left--;
      this.page.progressed();
    };
    await Promise.all(tasks.map((task) => task.finally(done)));
  }

  /** @param {Case} one @param {string} path @param {File} file */
  async #upload(one, path, file) {
    if (file.size > this.uploadBytes) return this.#fail(one, `This file is larger than ${megabytes(this.uploadBytes)} MB, the most that is taken.`);
    one.state = "sending";
    this.page.changed(one);
    try {
      one.info = await api.upload(file, path);
      one.state = "listed";
      this.page.changed(one);
    } catch (error) {
      this.#fail(one, /** @type {Error} */ (error).message);
    }
  }

  /** @param {Case} scan @param {Case} one @param {string} path @param {File} file @param {boolean} isPart */
  async #truth(scan, one, path, file, isPart) {
    if (!scan.info) {
      this.page.added([one]);
      this.#fail(one, "The scan of this truth could not be opened.");
      return;
    }
    try {
      scan.info = await api.setTruth(scan.info.id, file, path, isPart);
      one.state = "listed";
      this.page.gone(one.key);
      this.page.changed(scan);
    } catch (error) {
      this.page.added([one]);
      this.#fail(one, /** @type {Error} */ (error).message);
    }
  }

  /** @param {Alone} truth */
  #leaveAlone(truth) {
    if (truth.one.state !== "alone") {
      truth.one.state = "alone";
      truth.one.message = ALONE;
      this.#alone.push(truth);
      this.page.added([truth.one]);
    }
  }

  /** @param {Case} one @param {string} message */
  #fail(one, message) {
    one.state = "failed";
    one.message = message;
    this.page.changed(one);
  }

  /** @param {() => Promise<void>} task @returns {Promise<void>} */
  #queue(task) {
    return new Promise((resolve, reject) => {
      this.#tasks.push(() => task().then(resolve, reject));
      this.#next();
    });
  }

  #next() {
    if (this.#running >= this.atOnce) return;
    const task = this.#tasks.shift();
    if (!task) return;
    this.#running++;
    task().finally(() => {
      this.#running--;
      this.#next();
    });
    this.#next();
  }
}
