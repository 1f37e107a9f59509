// Takes files to the server: truths told from scans by their names, a few scans at a time, each failing alone.

import * as api from "./api.js";

/** @typedef {import("./files.js").Found} Found */
/** @typedef {import("./api.js").ScanInfo} ScanInfo */
/** @typedef {import("./list.js").Case} Case */
/** @typedef {Found & {one: Case, wish: number}} Alone */

let made = 0;
let wishes = 0;

/** Numbers what the reader wants to be a scan's truth, or to be none, in the order in which it was said. */
export const newWish = () => ++wishes;

/** @param {string} path @returns {Case} */
export function newCase(path) {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return { key: `new-${made++}`, name, state: "waiting", message: "", away: null, wish: 0, info: null };
}

/** @param {ScanInfo} info @returns {Case} */
export const listed = (info) => ({ key: info.id, name: info.name, state: "listed", message: "", away: null, wish: 0, info });

/** The row of what a browser cannot open of a drop. @param {string} path of a file or folder @returns {Case} */
export const unopened = (path) => ({ ...newCase(path), name: path, state: "failed", message: "cannot be opened." });

const ALONE = "looks like a truth mask, but its scan is not here. Drop the scan too, or use Add truth.";

/** @param {string[]} names */
const some = (names) => `${names.slice(0, 3).join(", ")}${names.length > 3 ? " …" : ""}`;

/** @param {string[]} among the scans that a truth may be of */
const ofSeveral = (among) => `may be the truth of any of these: ${some(among)}. Open the scan that it belongs to, and use Add truth.`;

/** The rows of a folder's masks without a scan: of those whose scan is not in it, and of those that may be of several.
 * One that is empty tells that there are none any more.
 * @param {string} folder @param {{alone: string[], unclear: string[]}} masks @returns {{row: Case, isEmpty: boolean}[]} */
export function withoutScan(folder, { alone, unclear }) {
  const place = folder.replace(/[\\/]+$/, ""); // one for each folder, with or without a slash at its end
  /** @param {string} key @param {string[]} masks @param {string} ofOne @param {string} ofMany */
  const row = (key, masks, ofOne, ofMany) => {
    const one = masks.length === 1;
    const message = one ? ofOne : `${ofMany}: ${some(masks)}`;
    const name = one ? masks[0] : `${masks.length} masks`;
    /** @type {Case} */
    const told = { key: `${key}-${place}`, name, state: "alone", message, away: null, wish: 0, info: null };
    return { row: told, isEmpty: masks.length === 0 };
  };
  const open = "Open the scan, and use Add truth";
  return [
    row("alone", alone, "looks like a truth mask, but its scan is not in the folder.", "look like truth masks, but their scans are not in the folder"),
    row("unclear", unclear, `may be the truth of several scans in the folder. ${open}.`, `may each be the truth of several scans in the folder. ${open}`),
  ];
}

/** Whether a truth is on the list, and without its scan. @param {Alone} truth */
const isWaiting = ({ one }) => one.state === "alone" && one.away === null;

/** @param {number} bytes */
const megabytes = (bytes) => Math.floor(bytes / 2 ** 20);

export class Batch {
  /** Truths that wait for their scan. @type {Alone[]} */ #alone = [];
  /** @type {{scan: Case, run: () => Promise<void>}[]} */ #tasks = [];
  /** What is not done yet. @type {Set<{scan: Case}>} */ #pending = new Set();
  #running = 0;
  /** How many files are given of which it is not known yet what goes with what. */ #unsorted = 0;
  /** The question what goes with what, about the files that were given last. @type {Promise<unknown>} */ #asked = Promise.resolve();
  /** Counts uploads: with each of them the server knows one scan more to pair a truth with. */ #arrived = 0;

  /** @param {{atOnce: number, uploadBytes: number}} limits
   * @param {{added: (cases: Case[]) => void, changed: (one: Case) => void, gone: (key: string) => void, drop: (id: string) => void, arrived: () => Promise<void>, progressed: () => void,
   *  find: (id: string) => Case | undefined}} page */
  constructor(limits, page) {
    // One place at the server stays free for the scan that is being looked at.
    this.atOnce = Math.max(1, limits.atOnce - 1);
    this.uploadBytes = limits.uploadBytes;
    this.page = page;
  }

  /** How many files are not done yet. */
  get left() {
    return this.#unsorted + [...this.#pending].filter(({ scan }) => !scan.away).length;
  }

  /** Go on after scans were taken off the list, or back onto it: theirs are left out as long as they are off. */
  goOn() {
    this.#next();
  }

  /** @param {Found[]} found */
  async take(found) {
    const arrived = this.#arrived;
    const now = newWish();
    const given = new Set(found.map(({ path }) => path));
    /** @type {Alone[]} */ let waiting = [];
    /** @type {Found[]} */ let all = [];
    // One question after the other: what was given first is listed first, and a mask that it left alone may be of a
    // scan that came after.
    const asking = this.#asked.then(() => {
      waiting = this.#alone.filter((truth) => isWaiting(truth) && !given.has(truth.path));
      all = [...waiting, ...found];
      return all.length === 0 ? [] : api.pair(all.map(({ path }) => path));
    });
    this.#asked = asking.catch(() => {});
    const unsorted = (/** @type {number} */ files) => {
      this.#unsorted += files;
      this.page.progressed();
    };
    unsorted(found.length);
    const pairs = await asking.finally(() => unsorted(-found.length));
    if (all.length === 0) return;
    // What has come once more takes the place of what waits.
    const again = this.#alone.filter((truth) => isWaiting(truth) && given.has(truth.path));
    for (const { one } of again) this.page.gone(one.key);
    this.#alone = this.#alone.filter((truth) => !again.includes(truth));
    const cases = all.map(({ path }, place) => (place < waiting.length ? waiting[place].one : newCase(path)));
    const isScan = (/** @type {number} */ place) => pairs[place].part === "scan";
    this.page.added(cases.filter((_, place) => place >= waiting.length && isScan(place)));
    /** @type {Map<number, Promise<void>>} */
    const uploads = new Map();
    all.forEach(({ path, file }, place) => {
      if (place < waiting.length && isScan(place)) {
        if (!isWaiting(waiting[place])) return; // taken off meanwhile
        cases[place].state = "waiting"; // no truth: it came in a folder called as those of masks
        this.page.changed(cases[place]);
      }
      if (isScan(place)) uploads.set(place, this.#queue(cases[place], () => this.#upload(cases[place], path, file)));
    });
    // The masks of one scan go one after the other, and after their scan: "X_mask.png", then "X_mask_1.png".
    /** @type {Map<string, Promise<void>>} */
    const last = new Map();
    /** @type {{scan: Case, task: Promise<void>}[]} */
    const tasks = [...uploads].map(([place, task]) => ({ scan: cases[place], task }));
    const masksFirst = [...all.keys()].filter((place) => !isScan(place)).sort((a, b) => Number(pairs[a].adds) - Number(pairs[b].adds));
    for (const place of masksFirst) {
      const { path, file } = all[place];
      const one = cases[place];
      if (place < waiting.length && !isWaiting(waiting[place])) continue; // taken off meanwhile, or with its scan by another drop
      const { held, new: with_, adds, among } = pairs[place];
      const wish = place < waiting.length ? waiting[place].wish : now;
      const scan = held ? this.page.find(held) : with_ === null ? undefined : cases[with_];
      if (!scan) {
        this.#leaveAlone({ path, file, one, wish }, among.length ? ofSeveral(among) : ALONE);
        continue;
      }
      this.page.gone(one.key); // its scan has the row
      one.state = "waiting";
      scan.wish = Math.max(scan.wish, wish);
      const before = last.get(scan.key) ?? (with_ === null ? undefined : uploads.get(with_));
      const isPart = adds || last.has(scan.key);
      const task = (before ?? Promise.resolve()).then(() => this.#queue(scan, () => this.#truth(scan, one, wish, path, file, isPart)));
      last.set(scan.key, task);
      tasks.push({ scan, task });
    }
    this.#alone = this.#alone.filter(({ one }) => one.state === "alone");
    for (const pending of tasks) this.#pending.add(pending);
    const done = (/** @type {{scan: Case}} */ pending) => {
      this.#pending.delete(pending);
      this.page.progressed();
    };
    await Promise.all(tasks.map((pending) => pending.task.finally(() => done(pending))));
    // Truths may have been dropped while their scans were still on their way, when the server knew none of these.
    if (this.#arrived !== arrived && this.#alone.length > 0) await this.take([]);
  }

  /** @param {Case} one @param {string} path @param {File} file */
  async #upload(one, path, file) {
    if (file.size > this.uploadBytes) return this.#fail(one, `This file is larger than ${megabytes(this.uploadBytes)} MB, the most that is taken.`);
    one.state = "sending";
    this.page.changed(one);
    try {
      one.info = await api.upload(file, path);
      this.#arrived++;
      if (one.away === "gone") return this.page.drop(one.info.id); // removed while it was on its way
      await this.page.arrived();
      if (one.state !== "sending") return; // it is the truth of another
      one.state = "listed";
      this.page.changed(one);
    } catch (error) {
      this.#fail(one, /** @type {Error} */ (error).message);
    }
  }

  /** @param {Case} scan @param {Case} one @param {number} wish @param {string} path @param {File} file @param {boolean} isPart */
  async #truth(scan, one, wish, path, file, isPart) {
    if (wish < scan.wish) return; // the reader has wanted another since
    if (!scan.info) {
      this.page.added([one]);
      this.#fail(one, "The scan of this truth could not be opened.");
      return;
    }
    try {
      scan.info = await api.setTruth(scan.info.id, file, path, isPart ? "part" : "again");
      one.state = "listed";
      this.page.changed(scan);
    } catch (error) {
      this.page.added([one]);
      this.#fail(one, /** @type {Error} */ (error).message);
    }
  }

  /** @param {Alone} truth @param {string} message */
  #leaveAlone(truth, message) {
    truth.one.message = message;
    if (truth.one.state === "alone") {
      this.page.progressed();
      return;
    }
    truth.one.state = "alone";
    this.#alone.push(truth);
    this.page.added([truth.one]);
  }

  /** @param {Case} one @param {string} message */
  #fail(one, message) {
    one.state = "failed";
    one.message = message;
    this.page.changed(one);
  }

  /** @param {Case} scan that it is done for @param {() => Promise<void>} task @returns {Promise<void>} */
  #queue(scan, task) {
    return new Promise((resolve, reject) => {
      const run = () => (scan.away === "gone" ? Promise.resolve() : task()).then(resolve, reject);
      this.#tasks.push({ scan, run });
      this.#next();
    });
  }

  #next() {
    if (this.#running >= this.atOnce) return;
    const place = this.#tasks.findIndex(({ scan }) => scan.away !== "undo");
    if (place < 0) return;
    const [task] = this.#tasks.splice(place, 1);
    this.#running++;
    task.run().finally(() => {
      this.#running--;
      this.#next();
    });
    this.#next();
  }
}
