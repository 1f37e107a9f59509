// <bc-review>: the Review tab. Projects; the queue, the viewer (its child in the page) and the case with its
// decision. Nothing that was drawn or decided is lost: review-outbox.js sends it until the server has it.

import "../../canvas/viewer.js";
import { isTyping } from "../../canvas/keys.js";
import { BASE, Gone } from "./api.js";
import { button, h } from "./dom.js";
import * as api from "./review-api.js";
import { packed, unpacked } from "./review-bits.js";
import { CasePanel } from "./review-case.js";
import { Clock } from "./review-clock.js";
import { DecisionForm } from "./review-decision.js";
import { Exporting } from "./review-export.js";
import { Home, importing } from "./review-home.js";
import { actionOf, KEYS, shown } from "./review-keys.js";
import { OPEN_CASE, linkedCase, nameCase } from "./review-links.js";
import { Outbox } from "./review-outbox.js";
import { outlined } from "./review-pictures.js";
import { QueueList } from "./review-queue.js";
import { Shelf, randomName } from "./review-shelf.js";
import { Status } from "./review-status.js";
import { fill } from "./review-template.js";
import * as words from "./review-words.js";
import { grouped } from "./words.js";

/** @typedef {import("./review-api.js").Project} Project */
/** @typedef {import("./review-api.js").Row} Row */
/** @typedef {import("./review-api.js").CaseInfo} CaseInfo */
/** @typedef {import("./review-api.js").Verdict} Verdict */
/** @typedef {import("./review-api.js").Decision} Decision */
/** @typedef {import("./review-api.js").Beginning} Beginning */
/** @typedef {import("./review-shelf.js").Kept} Kept */
/** An unfinished drawing: on the server, or left in this browser. @typedef {{kept: Kept | null, draft: import("./review-api.js").Draft}} Left */

const POLL_MS = 1000;
/** Descriptions of cases that were fetched ahead. */
const MOST_AHEAD = 12;
const BEGINNINGS = { prediction: "Start from the prediction", threshold: "Start from the threshold", truth: "Start from the truth", last: "Start from the last mask", empty: "Start from nothing" };
const CHANNEL = "bc-review";
/** Before each label that is a choice: any of them is "". */
const LABEL = "=";

class Review extends HTMLElement {
  /** @type {ShadowRoot} */ #root;
  /** @type {any} */ #viewer = null;
  /** @type {api.Session | null} */ #session = null;
  /** @type {Project | null} */ #project = null;
  /** @type {Row[]} in the order of the queue */ #rows = [];
  /** @type {Map<number, number>} id -> place in the queue */ #places = new Map();
  /** @type {string[]} of all cases of the project */ #labels = [];
  /** The case in view. @type {number | null} */ #current = null;
  /** What is known of it, once it is. @type {CaseInfo | null} */ #info = null;
  /** Descriptions that were fetched ahead. @type {Map<number, Promise<CaseInfo>>} */ #ahead = new Map();
  /** Counts choices of the reader, so that what arrives late does not take the picture away. */ #chosen = 0;
  /** Unfinished drawings of the case in view, to go on with or to drop. @type {Left[]} */ #left = [];
  /** Strokes that were drawn before the editor took the mask. */ #strokesBefore = 0;
  /** The pen is in the hand, from case to case. */ #isDrawing = false;
  /** With what a correction starts, if the reader has said so. @type {Beginning | null} */ #preferred = null;
  /** A drawing is being packed; and it has changed meanwhile. */ #packing = { isBusy: false, isStale: false };
  /** Counts the verdicts by case, so that no drawing is kept after it was decided on. @type {Map<string, number>} */ #decided = new Map();
  /** A decision that would leave strokes out was pressed once. @type {Decision | null} */ #warned = null;
  /** Verdicts of this page, the last of them last. @type {{verdict: Verdict, key: string}[]} */ #undoable = [];
  /** Verdicts that were not taken, by case. @type {Map<string, {kept: Kept, latest: Verdict}>} */ #clashes = new Map();
  /** Seconds that were spent on cases before they were left. @type {Map<number, number>} */ #spent = new Map();
  #clock = new Clock();
  #shelf = new Shelf();
  #channel = new BroadcastChannel(CHANNEL);
  /** @type {Outbox} */ #outbox;
  /** @type {Home} */ #home;
  /** @type {QueueList} */ #list;
  /** @type {CasePanel} */ #panel;
  /** @type {DecisionForm} */ #form;
  /** @type {Status} */ #status;
  /** @type {Exporting} */ #exporting;
  #polling = 0;
  #isStarted = false;

  constructor() {
    super();
    this.#root = this.attachShadow({ mode: "open" });
    fill(this.#root);
    this.#status = new Status(this.#one(".status"), () => this.#outbox.now());
    this.#outbox = new Outbox(this.#shelf, {
      saved: (kept, verdict) => this.#saved(kept, verdict),
      drafted: (kept) => this.#drafted(kept),
      refused: (kept, error) => this.#refused(kept, error),
      changed: () => this.#status.show(this.#outbox.state),
    });
    this.#home = new Home(this.#one(".home"), {
      open: (project) => this.#open(project),
      create: (name, data, weights) => this.#create(name, data, weights),
      cancel: (project) => this.#ask(() => api.cancel(project.id)),
      resume: (project) => this.#ask(() => api.resume(project.id)),
      remove: (project) => this.#ask(() => api.removeProject(project.id)),
    });
    this.#list = new QueueList(this.#one(".queue"), (id) => this.#select(id));
    this.#panel = new CasePanel(this.#one(".case"), {
      open: (id) => this.#select(id),
      goOn: (at) => this.#goOn(at),
      drop: (at) => this.#drop(at),
      drawFrom: (verdict) => this.#drawFrom(verdict),
      undo: (verdict) => this.#undo({ verdict, key: randomName() }),
      saveMine: () => this.#saveMine(),
      keepTheirs: () => this.#keepTheirs(),
    });
    this.#form = new DecisionForm(this.#one(".decision"), {
      decide: (decision, reason) => this.#decide(decision, reason),
      changed: () => this.#keepForm(),
    });
    this.#exporting = new Exporting(/** @type {HTMLDialogElement} */ (this.#one(".exporting")));
  }

  connectedCallback() {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#viewer = this.querySelector("bc-viewer");
    this.#viewer.setAttribute("base", `${BASE}/review`);
    this.#viewer.append(h("p", { slot: "empty" }, ""));
    this.#listen();
    // Gradio keeps the tab in the page when another is shown: then the address names no case.
    new IntersectionObserver(([{ isIntersecting }]) => {
      nameCase(isIntersecting && this.#current !== null ? String(this.#current) : null);
      if (isIntersecting) this.#poll();
      else this.#clock.pause();
    }).observe(this);
    this.#start(linkedCase());
  }

  // ---------------------------------------------------------------- projects

  /** @param {string | null} linked the case that the address names */
  async #start(linked) {
    api.setReader(remembered("bc-reader"));
    try {
      this.#session = await api.session();
    } catch (error) {
      this.#sayProblem(/** @type {Error} */ (error).message);
      return;
    }
    this.#sayProblem("");
    this.#home.show(this.#session);
    for (const kept of await this.#shelf.left(this.#whose)) if (kept.kind === "verdict") this.#outbox.decide(kept);
    if (linked !== null && (await this.#openLinked(linked))) return;
    const { projects } = this.#session;
    const before = projects.find(({ id }) => String(id) === remembered("bc-project"));
    const only = projects.length === 1 ? projects[0] : undefined;
    const project = before ?? only;
    if (project?.cases) await this.#open(project);
    else this.#showHome();
  }

  /** Whose drawings and verdicts these are. */
  get #whose() {
    return `${this.#session?.owner}\n${this.#session?.reader}`;
  }

  /** @param {string} linked @returns {Promise<boolean>} whether there is such a case */
  async #openLinked(linked) {
    try {
      const info = await api.case_(linked);
      const project = this.#session?.projects.find(({ id }) => id === info.project);
      if (!project) return false;
      await this.#open(project, Number(info.id));
      return true;
    } catch (error) {
      this.#sayProblem(`The address names a case that cannot be shown: ${/** @type {Error} */ (error).message}`);
      nameCase(null);
      return false;
    }
  }

  #showHome() {
    this.#leave();
    this.#project = null;
    this.#current = this.#info = null;
    this.#chosen++;
    this.#viewer.show(null);
    nameCase(null);
    this.#one(".home").hidden = false;
    this.#one(".room").hidden = true;
    this.#viewer.dataset.state = "empty";
    this.#reload();
  }

  /** Ask for something that changes the projects. @param {() => Promise<unknown>} act */
  async #ask(act) {
    try {
      await act();
      this.#sayProblem("");
    } catch (error) {
      this.#sayProblem(/** @type {Error} */ (error).message);
    }
    await this.#reload();
  }

  /** @param {string} name @param {string[]} data @param {string} weights */
  async #create(name, data, weights) {
    await api.create(name, data, weights);
    await this.#reload();
  }

  /** Ask again how far the projects are; as long as one is being imported, each second. */
  async #reload() {
    try {
      this.#session = await api.session();
    } catch (error) {
      this.#sayProblem(/** @type {Error} */ (error).message);
      return;
    }
    this.#home.show(this.#session);
    this.#poll();
    const { id } = this.#project ?? {};
    const now = this.#session.projects.find((project) => project.id === id);
    if (!now || !this.#project) return;
    const wasImporting = this.#project.progress !== null;
    const hasGrown = now.cases !== this.#project.cases;
    this.#project = { ...now, counts: this.#project.counts };
    this.#showProgress();
    if ((wasImporting && now.progress === null) || (hasGrown && this.#rows.length === 0)) await this.#loadQueue();
  }

  #poll() {
    clearTimeout(this.#polling);
    if (!this.checkVisibility()) return;
    if (this.#session?.projects.some(({ progress }) => progress !== null)) this.#polling = window.setTimeout(() => this.#reload(), POLL_MS);
  }

  /** @param {Project} project @param {number | null} [id] of the case to show */
  async #open(project, id = null) {
    if (!(await this.#hasName())) return;
    this.#project = project;
    this.#ahead.clear();
    remember("bc-project", String(project.id));
    this.#one(".home").hidden = true;
    this.#one(".room").hidden = false;
    this.#one(".project .name").textContent = project.name;
    this.#rows = [];
    if (!(await this.#loadQueue())) return;
    const first = id ?? this.#nextUnread(-1) ?? this.#rows[0]?.id;
    if (first !== undefined) await this.#select(first);
  }

  /** Where nobody logs in, the reader is asked once. @returns {Promise<boolean>} */
  async #hasName() {
    if (!this.#session || this.#session.owner !== "local" || remembered("bc-reader")) return true;
    const dialog = /** @type {HTMLDialogElement} */ (this.#one(".who"));
    const input = /** @type {HTMLInputElement} */ (this.#one(".who input"));
    dialog.showModal();
    await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
    const name = input.value.trim();
    if (!name) return false;
    remember("bc-reader", name);
    api.setReader(name);
    this.#session.reader = name;
    return true;
  }

  // ---------------------------------------------------------------- the queue

  /** @returns {api.Asked} */
  get #asked() {
    const form = new FormData(/** @type {HTMLFormElement} */ (this.#one(".filters")));
    const text = (/** @type {string} */ name) => String(form.get(name) ?? "").trim();
    const label = text("label");
    return { order: text("order") || "worst", decision: text("decision"), label: label ? label.slice(LABEL.length) : null, text: text("text"), low: text("low"), high: text("high"), seed: this.#seed };
  }

  /** The same random order as long as the page is open. */ #seed = Math.floor(Math.random() * 2 ** 31);

  async #loadQueue() {
    const project = this.#project;
    if (!project) return false;
    const asked = this.#asked;
    try {
      const [rows, now] = await Promise.all([api.queue(project.id, asked), api.project(project.id)]);
      if (this.#project?.id !== project.id) return false;
      this.#project = now;
      this.#rows = rows;
    } catch (error) {
      this.#status.say(/** @type {Error} */ (error).message, "error");
      if (error instanceof Gone) this.#showHome();
      return false;
    }
    this.#places = new Map(this.#rows.map(({ id }, place) => [id, place]));
    this.#list.show(this.#rows, asked.order);
    this.#list.mark(this.#current);
    this.#offerFilters();
    this.#showProgress();
    this.#tellQueue(asked);
    return true;
  }

  #offerFilters() {
    const { decisions = {}, labels = {}, cases = 0, read = 0 } = this.#project?.counts ?? {};
    const named = Object.keys(labels).filter(Boolean);
    this.#labels = [...new Set(["benign", "malignant", "normal", ...named])];
    const offer = (/** @type {string} */ name, /** @type {[string, string][]} */ options) => {
      const select = /** @type {HTMLSelectElement} */ (this.#one(`select[name="${name}"]`));
      const { value } = select;
      select.replaceChildren(...options.map(([value, text]) => h("option", { value }, text)));
      select.value = value;
      if (select.selectedIndex < 0) select.selectedIndex = 0;
    };
    const with_ = (/** @type {string} */ text, /** @type {number} */ n) => `${text} (${grouped(n)})`;
    offer("decision", [
      ["", "Read or not"], ["unread", with_("Not read", cases - read)], ["read", with_("Read", read)],
      ...Object.entries(words.DECIDED).map(([decision, text]) => /** @type {[string, string]} */ ([decision, with_(`${text[0].toUpperCase()}${text.slice(1)}`, decisions[decision] ?? 0)])),
    ]);
    offer("label", [["", "Any label"], ...Object.entries(labels).map(([label, n]) => /** @type {[string, string]} */ ([LABEL + label, with_(label || "No label", n)]))]);
  }

  /** @param {api.Asked} asked */
  #tellQueue({ decision, label, text, low, high, order }) {
    const isFiltered = Boolean(decision || label !== null || text || low || high);
    const all = this.#project?.cases ?? 0;
    const none = words.NO_ROWS[order] ?? "No case passes these filters.";
    this.#one(".told span").textContent = this.#rows.length === 0 ? none : isFiltered || this.#rows.length !== all ? `${grouped(this.#rows.length)} of ${grouped(all)} cases` : "";
    this.#one(".told .clear").hidden = !isFiltered;
    this.#showSteps();
  }

  #showProgress() {
    const project = this.#project;
    if (!project) return;
    const { cases, read, counts } = project;
    this.#one(".progress p").textContent = words.progress({ cases, read, seconds: counts?.seconds });
    /** @type {HTMLElement} */ (this.#one(".progress i")).style.width = `${cases ? (100 * read) / cases : 0}%`;
    this.#one(".importing-place").replaceChildren(importing(project));
  }

  #showSteps() {
    const at = this.#places.get(this.#current ?? NaN);
    this.#one(".count").textContent = this.#rows.length ? `${at === undefined ? "–" : grouped(at + 1)} of ${grouped(this.#rows.length)}` : "";
    /** @type {HTMLButtonElement} */ (this.#one(".previous")).disabled = this.#neighbour(-1) === undefined;
    /** @type {HTMLButtonElement} */ (this.#one(".next")).disabled = this.#neighbour(1) === undefined;
  }

  /** @param {1 | -1} step @returns {number | undefined} */
  #neighbour(step) {
    const at = this.#places.get(this.#current ?? NaN) ?? -1;
    return this.#rows[at + step]?.id;
  }

  /** @param {number} at a place in the queue @returns {number | undefined} the next case after it that nobody has read */
  #nextUnread(at) {
    const isUnread = (/** @type {Row} */ row) => row.decision === null && !this.#outbox.isDeciding(String(row.id));
    return (this.#rows.slice(at + 1).find(isUnread) ?? this.#rows.slice(0, Math.max(at, 0)).find(isUnread))?.id;
  }

  /** @param {1 | -1} step */
  #go(step) {
    const id = this.#neighbour(step);
    if (id !== undefined) this.#select(id);
  }

  #goUnread() {
    const id = this.#nextUnread(this.#places.get(this.#current ?? NaN) ?? -1);
    if (id !== undefined) this.#select(id);
    return id !== undefined;
  }

  /** @param {number} id @returns {Row | undefined} */
  #row(id) {
    const at = this.#places.get(id);
    return at === undefined ? undefined : this.#rows[at];
  }

  /** What is said of a case has changed. @param {number} id @param {Partial<Row>} changed */
  #change(id, changed) {
    const row = this.#row(id);
    if (!row) return;
    Object.assign(row, changed);
    this.#list.refresh();
  }

  // ---------------------------------------------------------------- the case in view

  #leave() {
    if (this.#current !== null) this.#spent.set(this.#current, this.#clock.seconds);
    this.#clock.pause();
    this.#warned = null;
    this.#form.closeReasons();
  }

  /** @param {number} id */
  async #select(id) {
    const chosen = ++this.#chosen;
    this.#leave();
    this.#current = id;
    this.#info = null;
    this.#list.mark(id);
    this.#showSteps();
    nameCase(String(id));
    const known = this.#ahead.has(id);
    try {
      const info = await this.#fetch(id);
      if (chosen !== this.#chosen) return;
      await this.#show(info, chosen);
    } catch (error) {
      if (chosen !== this.#chosen) return;
      this.#ahead.delete(id);
      this.#panel.show(null);
      this.#panel.fail(/** @type {Error} */ (error).message);
      this.#allow();
      this.#viewer.show(null);
      this.#viewer.dataset.state = "error";
      return;
    }
    if (chosen !== this.#chosen) return;
    if (known) this.#freshen(id, chosen);
    this.#fetchAhead();
  }

  /** @param {number} id @returns {Promise<CaseInfo>} */
  #fetch(id) {
    let asked = this.#ahead.get(id);
    if (!asked) {
      asked = api.case_(id);
      this.#ahead.set(id, asked);
      asked.catch(() => this.#ahead.get(id) === asked && this.#ahead.delete(id));
    }
    for (const other of this.#ahead.keys()) {
      if (this.#ahead.size <= MOST_AHEAD) break;
      if (other !== id) this.#ahead.delete(other);
    }
    return asked;
  }

  /** So that going on takes no time. */
  async #fetchAhead() {
    const at = this.#places.get(this.#current ?? NaN) ?? -1;
    for (const id of new Set([this.#nextUnread(at), this.#neighbour(1)])) {
      if (id === undefined || id === this.#current) continue;
      const info = await this.#fetch(id).catch(() => null);
      if (info?.width) this.#viewer.preload?.(info);
    }
  }

  /** What was fetched ahead may be out of date: somebody may have decided since. @param {number} id @param {number} chosen */
  async #freshen(id, chosen) {
    const now = await api.case_(id).catch(() => null);
    if (!now || chosen !== this.#chosen || !this.#info || this.#strokes > 0) return;
    if (now.latest === this.#info.latest && now.draft?.changed === this.#info.draft?.changed) return;
    this.#ahead.set(id, Promise.resolve(now));
    await this.#show(now, chosen);
  }

  /** @param {CaseInfo} info @param {number} chosen */
  async #show(info, chosen) {
    this.#info = info;
    this.#strokesBefore = 0;
    this.#clock.start(this.#spent.get(Number(info.id)));
    this.#panel.show(info);
    this.#form.offer(this.#labels, info.label);
    const mine = info.verdict?.reader === this.#session?.reader ? info.verdict : null;
    this.#form.form = { label: mine?.label ?? null, difficulty: mine?.difficulty ?? null, comment: mine?.comment ?? "" };
    this.#allow();
    this.#showClash();
    this.#viewer.dataset.state = "loading";
    const shown = info.width ? this.#viewer.show(info) : this.#viewer.show(null);
    /** @type {HTMLElement} */ (this.#viewer.querySelector("[slot=empty]")).textContent = info.problem ?? "";
    await Promise.all([shown, this.#findLeft(info, chosen)]);
    if (chosen !== this.#chosen) return;
    await this.#bringLast(info, chosen);
    if (chosen !== this.#chosen) return;
    if (this.#isDrawing && !this.#viewer.edited && this.#left.length === 0) this.#begin();
    this.#showDrawing();
    this.#viewer.dataset.state = "ready";
  }

  /** The mask that stands, if it was drawn, is seen in the editor. @param {CaseInfo} info @param {number} chosen */
  async #bringLast(info, chosen) {
    const { verdict } = info;
    if (!verdict?.has_mask) return;
    try {
      const mask = await api.mask(info.id, verdict.id);
      if (chosen !== this.#chosen) return;
      this.#viewer.last = mask;
      if (verdict.decision !== "corrected" || this.#left.length > 0) return;
      this.#viewer.edit(mask, "last");
      if (!this.#isDrawing) this.#viewer.tool = "pan";
    } catch (error) {
      this.#status.say(/** @type {Error} */ (error).message, "error");
    }
  }

  /** Which decisions can be made. */
  #allow() {
    const info = this.#info;
    /** @type {Partial<Record<Decision, string>>} */
    const refused = {};
    if (!info) for (const decision of /** @type {Decision[]} */ (Object.keys(words.DECISIONS))) refused[decision] = "There is no case in view.";
    else {
      if (!info.segmented) refused.accept = "This case has no prediction.";
      if (!info.has_truth) refused.truth = "This case has no truth.";
      if (this.#strokes === 0) refused.corrected = info.width ? `Nothing is drawn: ${shown(KEYS.draw.keys[0])} begins.` : "There is no picture to draw on.";
    }
    this.#form.show(refused, info?.decision ?? null);
    this.#refusals = refused;
  }

  /** @type {Partial<Record<Decision, string>>} */ #refusals = {};

  // ---------------------------------------------------------------- drawing

  /** How many strokes the drawing in view has. */
  get #strokes() {
    return this.#viewer?.edited ? this.#strokesBefore + this.#viewer.strokes : 0;
  }

  /** Take the pen: go on with what was left unfinished, else begin as the reader likes to.
   * @param {Beginning | null} [wanted] */
  #begin(wanted = null) {
    const info = this.#info;
    if (!info?.width) return;
    if (this.#left.length > 0 && wanted === null) {
      this.#goOn(0);
      return;
    }
    /** @type {(Beginning | null)[]} */
    const order = [wanted, info.verdict?.decision === "corrected" ? "last" : null, this.#preferred, "prediction", "truth", "empty"];
    for (const beginning of order) {
      const mask = beginning && this.#viewer.maskOf(beginning);
      if (!mask) continue;
      this.#viewer.edit(mask, beginning);
      break;
    }
    this.#showDrawing();
  }

  /** The key E: take the pen, or put it down. */
  #draw() {
    if (!this.#info?.width) return;
    if (!this.#viewer.edited) {
      this.#isDrawing = true;
      this.#begin();
      if (this.#viewer.tool === "pan") this.#viewer.tool = "brush";
    } else if (this.#viewer.tool === "pan") {
      this.#isDrawing = true;
      this.#viewer.tool = "brush";
    } else {
      this.#isDrawing = false;
      if (this.#strokes > 0) this.#viewer.tool = "pan"; // what is drawn stays in sight
      else this.#viewer.edit(null);
    }
    this.#showDrawing();
  }

  #showDrawing() {
    const isOn = Boolean(this.#viewer.edited) && this.#viewer.tool !== "pan";
    const draw = /** @type {HTMLButtonElement} */ (this.#one(".draw"));
    draw.setAttribute("aria-pressed", String(isOn));
    draw.disabled = !this.#info?.width;
    const select = /** @type {HTMLSelectElement} */ (this.#one(".beginning"));
    const info = this.#info;
    const there = { prediction: info?.segmented, threshold: info?.segmented, truth: info?.has_truth, last: Boolean(this.#viewer.last), empty: true };
    select.replaceChildren(
      ...Object.entries(BEGINNINGS).map(([beginning, text]) => h("option", { value: beginning, disabled: !there[/** @type {Beginning} */ (beginning)] }, text)),
    );
    select.value = this.#viewer.beginning ?? this.#preferred ?? "prediction";
    select.disabled = draw.disabled;
    this.#allow();
  }

  /** @param {Beginning} beginning */
  #startFrom(beginning) {
    this.#preferred = beginning === "last" ? this.#preferred : beginning;
    if (this.#viewer.edited) this.#viewer.begin(beginning);
    else {
      this.#isDrawing = true;
      this.#begin(beginning);
      if (this.#viewer.tool === "pan") this.#viewer.tool = "brush";
    }
    this.#showDrawing();
  }

  #onEdit() {
    this.#warned = null;
    this.#allow();
    if (this.#strokes > 0) this.#keepDrawing();
    else this.#forgetDrawing();
  }

  /** Keep what is drawn, in this browser and on the server: as it is now, though it may change while it is packed. */
  async #keepDrawing() {
    this.#packing.isStale = true;
    if (this.#packing.isBusy) return;
    this.#packing.isBusy = true;
    while (this.#packing.isStale) {
      this.#packing.isStale = false;
      const kept = this.#kept("draft");
      const mask = this.#viewer.edited;
      if (!kept || !mask) continue;
      const before = this.#decided.get(kept.id);
      kept.bits = await packed(mask);
      if (this.#decided.get(kept.id) === before) await this.#outbox.draft(kept);
    }
    this.#packing.isBusy = false;
  }

  /** All strokes were undone. */
  #forgetDrawing() {
    const { id } = this.#info ?? {};
    if (id) this.#discard(id);
  }

  /** @param {string} id of the case whose drawing is dropped, here and on the server */
  async #discard(id) {
    this.#decided.set(id, (this.#decided.get(id) ?? 0) + 1);
    await this.#shelf.remove(this.#shelf.key("draft", this.#whose, id));
    this.#outbox.drop(id);
    this.#change(Number(id), { has_draft: false });
  }

  /** @param {"draft" | "verdict"} kind @returns {Kept | null} without its bits */
  #kept(kind) {
    const info = this.#info;
    if (!info) return null;
    return {
      key: this.#shelf.key(kind, this.#whose, info.id),
      whose: this.#whose,
      tab: this.#shelf.tab,
      kind,
      id: info.id,
      name: info.name,
      changed: new Date().toISOString(),
      bits: null,
      beginning: this.#viewer.beginning ?? null,
      threshold: this.#viewer.beginning === "threshold" ? this.#viewer.threshold : null,
      after: info.latest,
      strokes: this.#strokes,
      form: this.#form.form,
      acknowledged: null,
      said: null,
    };
  }

  /** What is filled in outlives a crash, as what is drawn does. */
  async #keepForm() {
    if (this.#strokes > 0) return this.#keepDrawing();
    const kept = this.#kept("draft");
    if (kept) await this.#shelf.put(kept);
  }

  /** @param {Kept} kept */
  #drafted(kept) {
    this.#change(Number(kept.id), { has_draft: true });
    if (kept.id === this.#info?.id && this.#outbox.state.verdicts === 0) this.#status.say("Drawing kept; not decided yet.");
  }

  // ---------------------------------------------------------------- unfinished drawings

  /** Look for what was left unfinished on this case. @param {CaseInfo} info @param {number} chosen */
  async #findLeft(info, chosen) {
    const here = (await this.#shelf.left(this.#whose)).filter(({ kind, id }) => kind === "draft" && id === info.id);
    if (chosen !== this.#chosen) return;
    /** @type {Left[]} */
    const left = info.draft ? [{ kept: null, draft: info.draft }] : [];
    for (const kept of here) {
      if (kept.bits === null) {
        this.#form.form = kept.form; // something was filled in, and nothing drawn
        await this.#adopt(kept);
      } else if (info.draft && kept.acknowledged === info.draft.changed) {
        left[0] = { kept, draft: info.draft }; // the same, with what was filled in besides
      } else {
        left.push({ kept, draft: { ...kept, changed: kept.changed } });
      }
    }
    this.#left = left.sort((a, b) => Date.parse(b.draft.changed) - Date.parse(a.draft.changed));
    this.#showLeft();
  }

  #showLeft() {
    this.#panel.showOffers(this.#left.map(({ kept, draft }) => ({ changed: draft.changed, strokes: draft.strokes, isHere: kept !== null && kept.acknowledged === null })));
  }

  /** What another page left in this browser is this page's from now on. @param {Kept} kept */
  async #adopt(kept) {
    await this.#shelf.put({ ...kept, tab: this.#shelf.tab, key: this.#shelf.key("draft", this.#whose, kept.id) });
    await this.#shelf.remove(kept.key);
  }

  /** @param {number} at */
  async #goOn(at) {
    const info = this.#info;
    const left = this.#left[at];
    if (!info || !left) return;
    const chosen = this.#chosen;
    try {
      const mask = left.kept?.bits ? await unpacked(left.kept.bits, info.width * info.height) : await api.mask(info.id, "draft");
      if (chosen !== this.#chosen) return;
      this.#viewer.edit(mask, left.draft.beginning ?? "empty");
    } catch (error) {
      this.#status.say(/** @type {Error} */ (error).message, "error");
      return;
    }
    this.#isDrawing = true;
    if (this.#viewer.tool === "pan") this.#viewer.tool = "brush";
    this.#strokesBefore = Math.max(left.draft.strokes, 1);
    if (left.kept) {
      this.#form.form = left.kept.form;
      await this.#adopt(left.kept);
    }
    this.#left = this.#left.filter((other) => other !== left);
    this.#showLeft();
    this.#showDrawing();
    this.#keepDrawing();
  }

  /** @param {number} at */
  async #drop(at) {
    const info = this.#info;
    const left = this.#left[at];
    if (!info || !left) return;
    if (left.kept) await this.#shelf.remove(left.kept.key);
    const isOnServer = left.kept === null || left.kept.acknowledged === info.draft?.changed;
    if (isOnServer && info.draft) {
      info.draft = null;
      this.#outbox.drop(info.id);
      this.#change(Number(info.id), { has_draft: false });
    }
    this.#left = this.#left.filter((other) => other !== left);
    this.#showLeft();
    if (this.#isDrawing && !this.#viewer.edited && this.#left.length === 0) this.#begin();
  }

  /** @param {Verdict} verdict */
  async #drawFrom(verdict) {
    const info = this.#info;
    if (!info) return;
    const chosen = this.#chosen;
    try {
      const mask = await api.mask(info.id, verdict.id);
      if (chosen !== this.#chosen) return;
      if (this.#viewer.edited) this.#viewer.begin("last", mask);
      else this.#viewer.edit(mask, "last");
    } catch (error) {
      this.#status.say(/** @type {Error} */ (error).message, "error");
      return;
    }
    this.#isDrawing = true;
    if (this.#viewer.tool === "pan") this.#viewer.tool = "brush";
    this.#showDrawing();
  }

  // ---------------------------------------------------------------- deciding

  /** @param {Decision} decision @param {string | null} reason */
  async #decide(decision, reason) {
    const info = this.#info;
    if (!info || this.#outbox.isDeciding(info.id)) return;
    const why = this.#refusals[decision];
    if (why) return this.#status.say(why, "error");
    const strokes = this.#strokes;
    if (decision !== "corrected" && strokes > 0 && this.#warned !== decision) {
      this.#warned = decision;
      const many = strokes === 1 ? "1 stroke is drawn" : `${strokes} strokes are drawn`;
      return this.#status.say(`${many} on this case: ${shown(KEYS.corrected.keys[0])} saves the drawing, “${words.DECISIONS[decision]}” again leaves it out.`, "error");
    }
    const kept = /** @type {Kept} */ (this.#kept("verdict"));
    this.#decided.set(info.id, (this.#decided.get(info.id) ?? 0) + 1);
    const { label, difficulty, comment } = kept.form;
    const isDrawn = decision === "corrected";
    kept.said = {
      decision, reason, label, difficulty, comment,
      key: randomName(),
      after: kept.after,
      prediction: info.prediction,
      beginning: isDrawn ? kept.beginning : null,
      threshold: isDrawn ? kept.threshold : null,
      seconds: Math.round(this.#clock.seconds * 10) / 10,
    };
    if (isDrawn) kept.bits = await packed(this.#viewer.edited);
    this.#clashes.delete(info.id);
    await this.#outbox.decide(kept);
  }

  /** @param {Kept} kept @param {Verdict} verdict */
  #saved(kept, verdict) {
    const id = Number(kept.id);
    const row = this.#row(id);
    const { decision, reader, at, label } = verdict;
    if (this.#project && row && row.decision === null) this.#project.read++;
    this.#change(id, { decision: /** @type {Decision} */ (decision), reader, read_at: at, label: label ?? row?.label ?? null, has_draft: false });
    this.#channel.postMessage({ id, changed: { decision, reader, read_at: at } });
    this.#ahead.delete(id);
    this.#spent.delete(id);
    this.#undoable.push({ verdict, key: randomName() });
    this.#shelf.remove(this.#shelf.key("draft", kept.whose, kept.id));
    this.#showProgress();
    this.#status.say(`Saved ${words.moment(at)}: ${kept.name}, ${words.decided(verdict)}.`, "good");
    if (this.#current !== id) return;
    if (this.#goUnread()) return;
    this.#select(id);
    this.#status.say(`Saved. ${this.#rows.length === this.#project?.cases ? "All cases of this project are read." : "All cases of this queue are read."}`, "good");
  }

  /** @param {Kept} kept @param {import("./api.js").Refused} error */
  #refused(kept, error) {
    const { latest } = error.answer ?? {};
    if (kept.kind === "verdict" && error.status === 409 && latest) {
      this.#clashes.set(kept.id, { kept, latest });
      if (this.#info?.id === kept.id) this.#showClash();
      this.#status.say(`NOT saved: ${kept.name} was decided by ${latest.reader} in between.`, "error");
    } else {
      this.#status.say(`NOT saved: ${error.message}`, "error");
    }
  }

  /** Two decided on this case: show both. */
  async #showClash() {
    const info = this.#info;
    const clash = info && this.#clashes.get(info.id);
    if (!info || !clash) return;
    const { kept, latest } = clash;
    const pixels = info.width * info.height;
    const picture = (/** @type {Uint8Array | null} */ mask, /** @type {string} */ colour) => mask && outlined(api.thumbnail(Number(info.id)), mask, info.width, info.height, colour);
    const theirs = latest.has_mask ? await api.mask(info.id, latest.id).catch(() => null) : null;
    const mine = kept.bits ? await unpacked(kept.bits, pixels) : null;
    if (this.#info?.id !== info.id) return;
    const said = /** @type {api.Said} */ (kept.said);
    this.#panel.showClash(
      { name: latest.reader, says: `decided ${words.decided(latest)} at ${words.moment(latest.at)}`, picture: picture(theirs, "#ffb000") },
      { name: "You", says: words.decided(said), picture: picture(mine, "#6fb1ff") },
    );
  }

  /** On top of what somebody decided in between: theirs stays in the history. */
  async #saveMine() {
    const info = this.#info;
    const clash = info && this.#clashes.get(info.id);
    if (!info || !clash?.kept.said) return;
    this.#clashes.delete(info.id);
    this.#panel.showClash(null, null);
    clash.kept.after = clash.kept.said.after = clash.latest.id;
    clash.kept.said.key = randomName();
    await this.#outbox.decide(clash.kept);
  }

  async #keepTheirs() {
    const info = this.#info;
    const clash = info && this.#clashes.get(info.id);
    if (!clash) return;
    this.#clashes.delete(info.id);
    await this.#shelf.remove(clash.kept.key);
    this.#panel.showClash(null, null);
    await this.#discard(info.id);
    this.#ahead.delete(Number(info.id));
    this.#select(Number(info.id));
    this.#status.say(`${clash.latest.reader}'s verdict stands; yours was not saved.`);
  }

  #undoLast() {
    const last = this.#undoable.at(-1);
    const mine = this.#info?.verdict?.reader === this.#session?.reader ? this.#info?.verdict : null;
    if (last) this.#undo(last);
    else if (mine) this.#undo({ verdict: mine, key: randomName() });
    else this.#status.say("There is no verdict of yours to undo.");
  }

  /** @param {{verdict: Verdict, key: string}} one */
  async #undo(one) {
    const { verdict, key } = one;
    try {
      await api.undo(verdict.id, key);
    } catch (error) {
      this.#status.say(`NOT undone: ${/** @type {Error} */ (error).message}`, "error");
      return;
    }
    this.#undoable = this.#undoable.filter((other) => other.verdict.id !== verdict.id);
    const id = verdict.case_id;
    this.#ahead.delete(id);
    const now = await this.#fetch(id).catch(() => null);
    if (now) {
      const { verdict: stands } = now;
      const changed = { decision: now.decision, reader: stands?.reader ?? null, read_at: stands?.at ?? null };
      if (this.#project && now.decision === null) this.#project.read--;
      this.#change(id, changed);
      this.#channel.postMessage({ id, changed });
      this.#showProgress();
    }
    await this.#select(id);
    this.#status.say(`Undone: ${words.decided(verdict)}. Decide again.`);
    if (this.#current !== id || !this.#info) return;
    this.#form.form = { label: verdict.label, difficulty: verdict.difficulty, comment: verdict.comment };
    if (verdict.decision === "corrected") await this.#drawFrom(verdict);
  }

  // ---------------------------------------------------------------- the page

  #listen() {
    const on = (/** @type {string} */ selector, /** @type {string} */ event, /** @type {(event: any) => void} */ act) => this.#one(selector).addEventListener(event, act);
    on(".project", "click", () => this.#showHome());
    on(".export", "click", () => this.#project && this.#exporting.open(this.#project, Boolean(this.#session?.may)));
    on(".toggle-queue", "click", () => this.#toggleQueue());
    on(".previous", "click", () => this.#go(-1));
    on(".next", "click", () => this.#go(1));
    on(".help", "click", () => this.#help());
    on(".draw", "click", () => this.#draw());
    on(".beginning", "change", (event) => {
      this.#startFrom(event.target.value);
      event.target.blur();
    });
    on(".filters", "submit", (event) => event.preventDefault());
    on(".filters", "change", (event) => {
      if (event.target instanceof HTMLSelectElement) event.target.blur(); // so that the next key is a command again
      this.#loadQueue();
    });
    on(".clear", "click", () => {
      const form = /** @type {HTMLFormElement} */ (this.#one(".filters"));
      const order = this.#asked.order;
      form.reset();
      /** @type {HTMLSelectElement} */ (this.#one('select[name="order"]')).value = order;
      this.#loadQueue();
    });
    on(".decision", "submit", (event) => event.preventDefault());
    this.#viewer.addEventListener("bc-edit", () => this.#onEdit());
    this.#viewer.addEventListener("bc-tool", () => this.#showDrawing());
    this.#viewer.addEventListener("bc-error", (/** @type {CustomEvent} */ event) => this.#status.say(event.detail.message, "error"));
    // Before the viewer hears of it, whose keys are others; and behind an open dialog no key does anything.
    document.addEventListener("keydown", (event) => this.#onKey(event), true);
    for (const event of ["pointermove", "pointerdown", "wheel", "keydown"]) document.addEventListener(event, () => this.#isReading && this.#clock.touch(), { passive: true, capture: true });
    document.addEventListener("visibilitychange", () => (document.hidden || !this.#isReading ? this.#clock.pause() : this.#clock.touch()));
    window.addEventListener(OPEN_CASE, (event) => this.#openLinked(/** @type {CustomEvent} */ (event).detail.id));
    this.#channel.onmessage = ({ data }) => {
      this.#ahead.delete(data.id);
      this.#change(data.id, data.changed);
    };
    // A tab that is closed while something is on its way says so; what is drawn is kept in any case.
    window.addEventListener("beforeunload", (event) => this.#outbox.waiting.length > 0 && event.preventDefault());
  }

  get #isReading() {
    return this.#info !== null && this.checkVisibility();
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (!this.checkVisibility()) return;
    const open = [...this.#root.querySelectorAll("dialog")].find((dialog) => dialog.open);
    if (open) {
      event.stopPropagation(); // Tab, Enter and Escape are the browser's own, and still work
      if (event.key === "?" && open.matches(".help-sheet")) open.close();
      return;
    }
    const target = event.composedPath()[0];
    if (isTyping(target)) {
      if (event.key === "Escape" && target instanceof HTMLElement && this.#root.contains(target)) target.blur();
      return;
    }
    if (this.#one(".room").hidden) return;
    if (this.#form.isAsking && !event.ctrlKey && !event.altKey && !event.metaKey && this.#form.onReasonKey(event.key)) {
      event.preventDefault();
      return;
    }
    if (event.key === "Escape" && this.#isQueueOpen) this.#toggleQueue();
    const action = actionOf(event);
    // Backspace takes a polygon's last corner back.
    if (action === null || (action === "undo" && this.#viewer.edited && this.#viewer.tool === "polygon")) return;
    event.preventDefault();
    this.#act(action);
  }

  /** @param {import("./review-keys.js").Action} action */
  #act(action) {
    switch (action) {
      case "next": return this.#go(1);
      case "previous": return this.#go(-1);
      case "unread": return void (this.#goUnread() || this.#status.say("All cases of this queue are read."));
      case "draw": return this.#draw();
      case "undo": return this.#undoLast();
      case "label": return this.#form.nextLabel();
      case "difficulty": return this.#form.nextDifficulty();
      case "comment": return this.#form.comment.focus();
      case "queue": return this.#toggleQueue();
      case "help": return this.#help();
      case "reject": return this.#info ? this.#form.askReason() : undefined;
      default: this.#decide(action, null);
    }
  }

  get #isQueueOpen() {
    return this.#one(".side").classList.contains("open");
  }

  /** Where there is room the queue is always there, and the key leads to it. */
  #toggleQueue() {
    const side = this.#one(".side");
    const isOpen = side.classList.toggle("open");
    this.#one(".toggle-queue").setAttribute("aria-expanded", String(isOpen));
    if (isOpen) this.#one(".queue").focus();
    this.#list.mark(this.#current);
  }

  #help() {
    /** @type {HTMLDialogElement} */ (this.#one(".help-sheet")).showModal();
  }

  /** @param {string} text */
  #sayProblem(text) {
    const line = this.#one(".problem");
    line.hidden = text === "";
    line.replaceChildren(text, text && !this.#session ? button("Try again", null, () => this.#start(linkedCase())) : "");
  }

  /** @param {string} selector @returns {HTMLElement} */
  #one(selector) {
    return /** @type {HTMLElement} */ (this.#root.querySelector(selector));
  }
}

/** @param {string} name @param {string} value */
function remember(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // In a frame of another site the browser may keep nothing.
  }
}

/** @param {string} name @returns {string} "" where nothing is */
function remembered(name) {
  try {
    return localStorage.getItem(name) ?? "";
  } catch {
    return "";
  }
}

customElements.define("bc-review", Review);
