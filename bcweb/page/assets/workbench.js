// <bc-workbench>: the Scan tab. A list of scans, the viewer (its child in the page), and the findings.
// Scans, masks and answers travel over /bc; nothing goes through Gradio, and nothing to another host.

import "../../canvas/viewer.js";
import * as api from "./api.js";
import { listenForFiles } from "./arrivals.js";
import { Batch, listed, newWish, unopened, withoutScan } from "./batch.js";
import { h, openSheet } from "./dom.js";
import { Findings } from "./findings.js";
import { Hints } from "./hints.js";
import { inViewBefore, rememberInView } from "./in-view.js";
import { Leaving } from "./leaving.js";
import { Line } from "./line.js";
import { List, isFailed } from "./list.js";
import { explain } from "./meanings.js";
import { Pace } from "./pace.js";
import { reviewFolder } from "./review-links.js";
import { Saving } from "./saving.js";
import { listenForKeys } from "./scan-keys.js";
import { fill } from "./template.js";
import { Toast } from "./toast.js";
import * as words from "./words.js";

/** @typedef {import("./api.js").ScanInfo} ScanInfo */
/** @typedef {import("./list.js").Case} Case */

class Workbench extends HTMLElement {
  /** @type {Map<string, Case>} in the order of the list */ #cases = new Map();
  /** @type {string | null} */ #current = null;
  /** Counts choices of the reader, so that what arrives late does not take the picture away. */ #chosen = 0;
  /** Counts what was brought into view, so that the last of them is there in the end. */ #displays = 0;
  #pace = new Pace();
  /** For which a truth is being chosen from the disk. @type {Case | undefined} */ #lacking;
  /** The scans dropped last, and the count of choices before. @type {Case[]} */ #taken = [];
  #chosenBefore = -1;
  /** @type {ShadowRoot} */ #root;
  /** @type {any} */ #viewer = null;
  /** @type {Toast} */ #toast;
  /** @type {Leaving} */ #leaving;
  /** @type {Saving} */ #saving;
  /** @type {List | null} */ #list = null;
  /** @type {Findings | null} */ #findings = null;
  /** @type {Batch | null} */ #batch = null;
  /** The same, as soon as the server has answered the first question. @type {Promise<Batch>} */ #begun = /** @type {any} */ (null);
  /** Ask that question again. */ #tryAgain = () => {};
  /** Scans of others that are worked on before those of this page. */ #before = 0;
  #line = new Line(() => (this.#batch?.left ?? 0) > 0, (before) => {
    this.#before = before;
    this.#refresh();
  });
  #frame = 0;

  constructor() {
    super();
    this.#root = this.attachShadow({ mode: "open" });
    fill(this.#root);
    explain(this.#root);
    new Hints(this.#element(".hints"));
    this.#toast = new Toast(this.#element(".toast"));
    this.#leaving = new Leaving(this.#cases, this.#toast, {
      current: () => this.#current,
      neighbour: () => this.#neighbour(1) ?? this.#neighbour(-1),
      show: (one) => (one ? this.#select(one.key) : this.#showNothing()),
      add: (cases) => this.#add(cases),
      refresh: () => this.#refresh(),
      goOn: () => this.#batch?.goOn(),
      back: () => {
        this.#pair();
        this.#findTruths();
        this.#refresh();
      },
    });
    this.#saving = new Saving(this.#toast, {
      cases: () => [...this.#cases.values()],
      left: () => this.#batch?.left ?? 0,
      open: async (one) => {
        const unasked = await this.#bringUp(one);
        if (unasked) throw unasked;
        await this.#findTruths(); // it may be one
        if (one.key === this.#current) await this.#display(one);
      },
      changed: () => this.#refresh(),
    });
  }

  connectedCallback() {
    if (this.#viewer) return;
    this.#viewer = this.querySelector("bc-viewer");
    this.#viewer.setAttribute("base", api.BASE);
    this.#viewer.append(h("p", { slot: "empty" }, "Drop a breast ultrasound or a mammogram anywhere on this page, or open one with U."));
    this.#viewer.addEventListener("bc-scores", () => this.#follow());
    this.#viewer.addEventListener("bc-error", () => this.#askAgain());
    this.#listen();
    // The browser's Back may bring another tab to the front under the sheet of keys, which unseen would hold the page shut.
    const sheet = /** @type {HTMLDialogElement} */ (this.#element("dialog"));
    new IntersectionObserver((entries) => entries.at(-1)?.isIntersecting || sheet.close()).observe(this);
    this.#begun = this.#begin();
  }

  /** What the page begins with; where it cannot be had, again when the reader wants it or comes back. */
  async #session() {
    for (;;) {
      try {
        return await api.session();
      } catch (error) {
        await new Promise((resolve) => {
          this.#tryAgain = () => resolve(null);
          this.#toast.fail(error, this.#tryAgain);
          window.addEventListener("focus", this.#tryAgain, { once: true });
        });
        this.#toast.goOn();
      }
    }
  }

  async #begin() {
    const session = await this.#session();
    this.#findings = new Findings(this.#element(".findings"), session.modalities, {
      setModality: (modality) => this.#change(this.#shown, (id) => api.setModality(id, modality)),
      addTruth: () => this.#addTruth(),
      dropTruth: () => this.#dropTruth(),
      correct: session.folders ? () => this.#correct() : null,
      remove: () => this.#remove(),
      deleteAll: () => this.#leaving.deleteAll(),
      segmentAgain: () => this.#segmentAgain(),
      saved: () => this.#askAgain((error) => this.#toast.fail(error)), // of a file that is not there a browser says little
    });
    this.#list = new List(this.#element(".list"), {
      select: (key) => this.#choose(key),
      dismiss: (key) => this.#leaving.dismiss(key),
    });
    this.#batch = new Batch(
      { atOnce: session.at_once, uploadBytes: session.upload_bytes },
      {
        added: (cases) => {
          this.#taken.push(...cases.filter(({ state }) => state === "waiting"));
          this.#add(cases);
        },
        changed: (one) => this.#changed(one),
        gone: (key) => this.#leaving.dismiss(key),
        drop: (id) => this.#leaving.drop([id]),
        arrived: () => this.#findTruths(),
        progressed: () => this.#refresh(),
        find: (id) => this.#of(id),
      },
    );
    const maySwitch = session.may_switch;
    this.#meet(session.weights, maySwitch);
    new BroadcastChannel(api.EXCHANGED).onmessage = ({ data }) => this.#meet(data, maySwitch);
    this.#offerSamples(session.samples);
    this.#element(".folder").hidden = !session.folders;
    this.#add(session.scans.map(listed));
    this.#whenSeen(() => this.#openFirst(session));
    return this.#batch;
  }

  /** Once the tab is in view: who follows a link to a case has no sample segmented. @param {() => void} act */
  #whenSeen(act) {
    const watching = new IntersectionObserver((entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      watching.disconnect();
      act();
    });
    watching.observe(this);
  }

  /** @param {api.Session} session */
  #openFirst({ scans, samples }) {
    if (this.#chosenBefore >= 0 || this.#chosen > 0) return; // what has come meanwhile is what is shown
    const before = scans.find(({ id }) => id === inViewBefore());
    if (scans.length) this.#turnTo((before ?? scans[0]).id);
    else this.#openSample(samples[0].name);
  }

  // ---------------------------------------------------------------- what is open

  /** @param {string | null} id */
  #of(id) {
    return [...this.#cases.values()].find(({ info }) => info?.id === id);
  }

  /** The case whose picture and findings are there; one that was chosen since is still on its way. */
  get #shown() {
    return this.#of(this.#findings?.of ?? null);
  }

  /** @param {Case[]} cases */
  #add(cases) {
    for (const one of cases) this.#cases.set(one.key, one);
    this.#refresh();
  }

  /** @param {Case} one */
  #changed(one) {
    this.#refresh();
    if (one.info && (one.key === this.#current || one === this.#shown)) this.#display(one);
    this.#showFirst();
  }

  /** Show the first of the scans dropped last that can be shown, unless the reader has chosen since. */
  #showFirst() {
    if (this.#chosenBefore !== this.#chosen) return;
    const first = this.#taken.find(({ state }) => state !== "failed");
    if (first?.state === "listed") this.#select(first.key);
  }

  /** @param {import("./files.js").Found[]} found */
  async #take(found) {
    this.#toast.goOn();
    this.#chosenBefore = this.#chosen;
    this.#taken = [];
    this.#tryAgain();
    await this.#begun;
    this.#line.watch();
    await this.#pair(found);
  }

  /** Truths that wait for their scan meet those that are on the list now. @param {import("./files.js").Found[]} [found] what comes besides */
  async #pair(found = []) {
    try {
      await (await this.#begun).take(found);
    } catch (error) {
      this.#toast.fail(error);
    }
  }

  /** Pictures that are black and white become the truths of the scans of their names. The server finds them, among
   * what is on the list: what was taken off it is no truth and has none. */
  async #findTruths() {
    const infos = [...this.#cases.values()].flatMap(({ info }) => info ?? []);
    if (!infos.some(({ black_and_white }) => black_and_white)) return;
    try {
      for (const { truth, scan } of await api.findTruths(infos.map(({ id }) => id))) {
        const [mask, its] = [this.#of(truth), this.#of(scan.id)];
        const wasShown = mask?.key === this.#current;
        if (mask) mask.state = "failed"; // it is shown no more
        this.#cases.delete(mask?.key ?? "");
        if (!its) continue;
        its.info = scan;
        this.#changed(its);
        if (wasShown) this.#turnTo(its.key);
      }
    } catch (error) {
      this.#toast.fail(error);
    }
  }

  /** The reader goes on, to this one. @param {string} key */
  #choose(key) {
    this.#toast.goOn();
    this.#select(key);
  }

  /** @param {string} key */
  #select(key) {
    this.#chosen++;
    this.#turnTo(key);
  }

  /** Bring a scan into view. This is no choice: it comes of one that is counted, or about by itself.
   * @param {string} key */
  async #turnTo(key) {
    const one = this.#cases.get(key);
    if (!one?.info) return;
    this.#current = key;
    rememberInView(one.info.id);
    this.#refresh();
    this.#list?.reveal(key);
    const stopped = this.#pace.step();
    if (!words.isUpToDate(one.info)) await stopped;
    if (this.#current !== key) return; // it was passed
    const unasked = await this.#bringUp(one);
    if (unasked) this.#stay(one, unasked);
    else await this.#findTruths();
    if (this.#current === key) await this.#display(one);
    if (this.#current === key && !unasked) this.#openNext();
  }

  /** The server could not be asked for what was to come into view: what is in view stays.
   * @param {Case} one @param {unknown} error */
  #stay(one, error) {
    if (one.key !== this.#current) return;
    this.#toast.fail(error, () => this.#choose(one.key));
    if (one.info?.state === "open") return; // as earlier weights have drawn it
    const shown = this.#shown;
    if (!shown) return this.#showNothing();
    this.#current = shown.key;
    this.#refresh();
  }

  /** Open a scan, or segment it again where that was done by earlier weights. @param {Case} one
   * @returns {Promise<unknown>} why the server could not be asked; then it is as it was */
  async #bringUp(one) {
    if (!one.info || words.isUpToDate(one.info)) return null;
    const isOpen = one.info.state === "open";
    try {
      one.info = await (words.isOfOther(one.info) ? api.segmentAgain : api.open)(one.info.id);
    } catch (error) {
      if (error instanceof api.Unreachable || (isOpen && !(error instanceof api.Gone))) return error;
      this.#lose(one, error);
    }
    this.#refresh();
    return null;
  }

  /** The scan after this one is opened ahead, so that going on takes no time. */
  async #openNext() {
    const next = this.#neighbour(1);
    if (!next) return;
    const unasked = await this.#bringUp(next);
    if (unasked) return this.#toast.fail(unasked);
    await this.#findTruths();
    if (!this.#cases.has(next.key)) await this.#openNext(); // it was the truth of another
  }

  /** What is known of the scan in view may be out of date: another tab may have had it segmented again.
   * @param {(error: unknown) => void} [failed] it cannot be asked */
  async #askAgain(failed = () => {}) {
    const one = this.#shown;
    const { info } = one ?? {};
    if (!one || !info) return;
    try {
      const now = await api.open(info.id);
      if ((now.revision === info.revision && now.truth === info.truth) || one.info !== info) return;
      one.info = now;
    } catch (error) {
      if (!(error instanceof api.Gone)) return failed(error); // of a picture the viewer has said what is wrong
      this.#lose(one, error);
    }
    this.#changed(one);
  }

  /** This scan cannot be had. @param {Case} one @param {unknown} error says why */
  #lose(one, error) {
    if (one.info) one.info = { ...one.info, state: "error", problem: /** @type {Error} */ (error).message };
  }

  #segmentAgain() {
    const one = this.#shown;
    if (one?.info && words.isOfOther(one.info)) this.#change(one, (id) => api.segmentAgain(id));
  }

  /** Weights were exchanged, or are not those that were asked for. The picture in view stays as it is and
   * says by which it was drawn; other scans are segmented again when they are next selected.
   * @param {api.InUse} weights @param {boolean} maySwitch */
  #meet(weights, maySwitch) {
    for (const { info } of this.#cases.values()) {
      if (info?.modality) info.in_use = weights[info.modality].revision ?? info.in_use;
    }
    const notices = Object.values(weights).flatMap(({ notice }) => notice ?? []);
    const banner = this.#element(".banner");
    banner.replaceChildren(...notices.map((notice) => h("p", {}, notice, maySwitch ? " The Model tab tries again." : "")));
    banner.hidden = notices.length === 0;
    this.#refresh();
    const { info } = this.#shown ?? {};
    if (info?.state !== "open") return;
    this.#findings?.show(info);
    this.#follow();
  }

  /** The findings say, and the mask to save is, what the viewer shows at its threshold of this moment. */
  #follow() {
    const { scores, threshold } = this.#viewer;
    if (scores) this.#findings?.live({ ...scores, threshold });
  }

  /** @param {Case} one @returns {Promise<void>} */
  async #display(one) {
    const { info } = one;
    const viewer = this.#viewer;
    // Of the scan in view the picture and its scores change together: until then they are of the truth before.
    const stays = info?.state === "open" && this.#findings?.of === info.id;
    if (!stays) this.#findings?.show(info);
    if (info?.state !== "open") {
      viewer.dataset.state = "error";
      await viewer.show(null);
      return;
    }
    viewer.dataset.state = "loading";
    const display = ++this.#displays;
    await viewer.show(info);
    if (display !== this.#displays || one !== this.#shown) return;
    if (one.info !== info) return this.#display(one); // what was asked ahead was answered meanwhile
    if (stays) this.#findings?.show(info);
    viewer.dataset.state = "ready";
    this.#follow();
  }

  /** Ask the server for something on a scan that changes what is known of it.
   * @param {Case | undefined} one @param {(id: string) => Promise<ScanInfo>} ask */
  async #change(one, ask) {
    if (!one?.info) return;
    const before = one.info;
    this.#findings?.root.classList.add("busy");
    try {
      one.info = await ask(one.info.id);
      this.#toast.goOn();
      this.#changed(one);
    } catch (error) {
      if (error instanceof api.Gone) {
        this.#lose(one, error);
        this.#changed(one);
        return;
      }
      this.#toast.fail(error);
      if (one.info !== before) this.#changed(one); // a part of what was asked is done
      else if (one === this.#shown) {
        this.#findings?.show(one.info);
        this.#follow();
      }
    } finally {
      this.#findings?.root.classList.remove("busy");
    }
  }

  /** What came to nothing holds up nothing that was dropped before. @param {number} wish */
  #unchoose(wish) {
    if (this.#chosen === wish) this.#chosen--;
  }

  /** @param {string} name */
  async #openSample(name) {
    this.#toast.goOn();
    const there = [...this.#cases.values()].find(({ info }) => info?.kind === "generated" && info.name === name);
    if (there) return this.#select(there.key);
    const wish = ++this.#chosen;
    try {
      const one = listed(await api.sample(name));
      this.#add([one]);
      if (this.#chosen === wish) await this.#turnTo(one.key);
    } catch (error) {
      this.#unchoose(wish);
      this.#toast.fail(error);
    }
  }

  /** @param {string} path */
  async #openFolder(path) {
    this.#toast.goOn();
    const wish = ++this.#chosen;
    const field = this.#element(".folder input");
    const list = /** @type {HTMLButtonElement} */ (this.#element(".folder button"));
    const [problem, review] = [this.#element(".folder .error"), this.#element(".folder .review")];
    problem.textContent = "";
    review.hidden = true;
    list.disabled = true;
    this.#element(".folder").classList.add("busy");
    try {
      // The server would list under their old numbers what was removed a moment ago, and then drop it.
      await this.#leaving.removeForGood();
      const { scans, ...masks } = await api.folder(path);
      const now = new Map(scans.map((info) => [info.path, info.id]));
      for (const [key, { info }] of this.#cases) {
        // A file that was written since has a new id; what its row says was read from the old one.
        if (info?.kind === "file" && (now.get(info.path) ?? info.id) !== info.id) this.#cases.delete(key);
      }
      for (const info of scans) {
        const one = this.#cases.get(info.id);
        if (one?.info?.state === "error") one.info = info; // it may be to be had by now
      }
      this.#add(scans.filter(({ id }) => !this.#cases.has(id)).map(listed));
      for (const { row, isEmpty } of withoutScan(path, masks)) {
        this.#cases.delete(row.key); // what was without its scan when this folder was listed before
        if (!isEmpty) this.#add([row]);
      }
      this.#pair();
      await this.#findTruths();
      review.hidden = false;
      field.blur(); // so that the next key is a command again
      await this.#turnToFirst(scans, wish);
    } catch (error) {
      this.#unchoose(wish);
      problem.textContent = /** @type {Error} */ (error).message;
    } finally {
      list.disabled = false;
      this.#element(".folder").classList.remove("busy");
    }
  }

  /** The first that can be looked at; where none can, the first that says why. @param {ScanInfo[]} scans
   * @param {number} wish none is brought into view once the reader has chosen since */
  async #turnToFirst(scans, wish) {
    const there = scans.flatMap(({ id }) => this.#cases.get(id) ?? []);
    for (const one of there) {
      await this.#bringUp(one);
      if (this.#chosen !== wish) return;
      if (one.info?.state !== "error") return this.#turnTo(one.key);
    }
    if (there.length) await this.#turnTo(there[0].key);
  }

  #addTruth() {
    this.#lacking = this.#shown;
    if (this.#lacking) this.#element("#truths").click();
  }

  /** @param {import("./files.js").Found[]} masks of the scan for which they were asked */
  async #giveTruth(masks) {
    const one = this.#lacking;
    if (masks.length === 0 || !one) return;
    const wish = (one.wish = newWish());
    await this.#change(one, async (id) => {
      let info = (one.info = await api.setTruth(id, masks[0].file, masks[0].path, "whole"));
      for (const { file, path } of masks.slice(1)) {
        if (one.wish === wish) info = one.info = await api.setTruth(id, file, path, "part"); // else it is another's by now
      }
      return info;
    });
  }

  #dropTruth() {
    const one = this.#shown;
    if (one) one.wish = newWish();
    this.#change(one, (id) => api.dropTruth(id));
  }

  // ---------------------------------------------------------------- going

  /** @param {1 | -1} step @returns {Case | undefined} the next case that can be looked at */
  #neighbour(step) {
    const cases = [...this.#cases.values()];
    const at = cases.findIndex(({ key }) => key === this.#current);
    const onwards = step > 0 ? cases.slice(at + 1) : cases.slice(0, Math.max(at, 0)).reverse();
    return onwards.find(({ info }) => info && info.state !== "error");
  }

  /** @param {1 | -1} step */
  #go(step) {
    const next = this.#neighbour(step);
    if (next) this.#choose(next.key);
  }

  #remove() {
    if (this.#shown) this.#leaving.remove([this.#shown.key]);
  }

  #showNothing() {
    this.#chosen++;
    this.#current = null;
    this.#findings?.show(null);
    this.#viewer.show(null);
    this.#viewer.dataset.state = "empty";
    this.#refresh();
  }

  // ---------------------------------------------------------------- the page

  #listen() {
    listenForFiles((selector) => this.#element(selector), {
      take: (found) => this.#take(found),
      giveTruth: (masks) => this.#giveTruth(masks),
      lose: (names) => this.#add(names.map(unopened)),
      miss: (names) => this.#toast.fail(new Error(`${names.join(", ")} ${names.length === 1 ? "holds" : "hold"} no scans.`)),
      isInFront: () => this.checkVisibility(),
    });
    listenForKeys(this, /** @type {HTMLDialogElement} */ (this.#element("dialog")), {
      j: () => this.#go(1),
      PageDown: () => this.#go(1),
      k: () => this.#go(-1),
      PageUp: () => this.#go(-1),
      u: () => this.#element("#files").click(),
      g: () => this.#addTruth(),
      s: () => this.#save(),
      a: () => this.#segmentAgain(),
      x: () => this.#remove(),
      "?": () => this.#help(),
    });
    // The second click of two quick ones would meet "Stop".
    this.#element(".save-all").addEventListener("click", ({ detail }) => detail < 2 && this.#saving.press());
    this.#element(".all").addEventListener("click", () => this.#leaving.remove([...this.#cases.keys()]));
    this.#element(".previous").addEventListener("click", () => this.#go(-1));
    this.#element(".next").addEventListener("click", () => this.#go(1));
    this.#element(".help").addEventListener("click", () => this.#help());
    this.#element(".folder").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#openFolder(/** @type {HTMLInputElement} */ (this.#element(".folder input")).value.trim());
    });
    const path = /** @type {HTMLInputElement} */ (this.#element(".folder input"));
    const review = this.#element(".folder .review");
    path.addEventListener("input", () => {
      this.#element(".folder .error").textContent = "";
      review.hidden = true; // it is of what is listed
    });
    review.addEventListener("click", () => reviewFolder(path.value.trim()));
    this.#element(".failures").addEventListener("click", () => this.#element(".list").scrollTo({ top: 0, left: 0 }));
    // Files that wait to be sent are in this page alone.
    window.addEventListener("beforeunload", (event) => (this.#batch?.left ?? 0) > 0 && event.preventDefault());
    window.addEventListener("pagehide", () => this.#leaving.removeForGood());
  }

  /** Review reads files where they lie, and the browser does not say where those lie that it was given. */
  #correct() {
    const review = this.#element(".folder .review");
    if (!review.hidden) return review.click();
    this.#element(".folder input").focus();
    this.#toast.tell("Review reads scans where they lie: name their folder here, then press List and Review.");
  }

  /** The mask at the threshold of this moment, which may not be drawn yet. */
  #save() {
    this.#follow();
    this.#findings?.save();
  }

  #help() {
    const dialog = /** @type {HTMLDialogElement} */ (this.#element("dialog"));
    if (dialog.open) dialog.close();
    else openSheet(dialog);
  }

  /** @param {{name: string, description: string}[]} samples */
  #offerSamples(samples) {
    const select = /** @type {HTMLSelectElement} */ (this.#element(".samples"));
    for (const { name, description } of samples) select.append(h("option", { value: name }, description));
    select.addEventListener("change", () => {
      this.#openSample(select.value);
      select.selectedIndex = 0;
      select.blur();
    });
  }

  #refresh() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      const cases = [...this.#cases.values()];
      this.#list?.show(cases, this.#current);
      const shown = cases.filter(({ info }) => info && info.state !== "error");
      const failed = cases.filter(isFailed).length;
      const at = shown.findIndex(({ key }) => key === this.#current);
      this.#element(".count").textContent = shown.length ? `${at < 0 ? words.NONE : at + 1} of ${shown.length}` : "";
      this.#element(".failures").textContent = failed ? `${failed} failed` : "";
      const left = this.#batch?.left ?? 0;
      this.#element(".left").textContent = left ? words.toDo(left, this.#before) : "";
      const saveAll = /** @type {HTMLButtonElement} */ (this.#element(".save-all"));
      const { isUnderWay } = this.#saving;
      saveAll.textContent = isUnderWay ? "Stop" : "Save all";
      saveAll.disabled = left > 0 && !isUnderWay; // what is on its way would not be in it
      saveAll.hidden = cases.length < 2 && !isUnderWay;
      /** @type {HTMLButtonElement} */ (this.#element(".previous")).disabled = !this.#neighbour(-1);
      /** @type {HTMLButtonElement} */ (this.#element(".next")).disabled = !this.#neighbour(1);
      this.#element(".all").hidden = cases.length < 2;
    });
  }

  /** @param {string} selector @returns {HTMLElement} */
  #element(selector) {
    return /** @type {HTMLElement} */ (this.#root.querySelector(selector));
  }
}

customElements.define("bc-workbench", Workbench);
