// <bc-review>: the Review tab. Projects; the queue, the viewer (its child in the page) and the case with its
// decision. Nothing that was drawn or decided is lost: review-outbox.js sends it until the server has it.

import "../../canvas/viewer.js";
import { isTyping } from "../../canvas/keys.js";
import { BASE, Gone, Refused } from "./api.js";
import { button, h, openSheet } from "./dom.js";
import { loginLink, wantsLogin } from "./login.js";
import { explain } from "./meanings.js";
import * as api from "./review-api.js";
import { Ahead } from "./review-ahead.js";
import { CasePanel } from "./review-case.js";
import { Clashes } from "./review-clash.js";
import { Clock } from "./review-clock.js";
import { DecisionForm } from "./review-decision.js";
import { Drawing } from "./review-drawing.js";
import { Exporting } from "./review-export.js";
import { Filters } from "./review-filters.js";
import { Home, importing } from "./review-home.js";
import { HELD, KEYS, actionOf, shown } from "./review-keys.js";
import { OPEN_CASE, linkedCase, nameCase } from "./review-links.js";
import { Outbox } from "./review-outbox.js";
import { QueueList } from "./review-queue.js";
import { MOVED, leavesOut, refusals } from "./review-refusals.js";
import { Shelf, randomName } from "./review-shelf.js";
import { Standing } from "./review-standing.js";
import { Status } from "./review-status.js";
import { fill } from "./review-template.js";
import * as words from "./review-words.js";

/** @typedef {import("./review-api.js").Project} Project */
/** @typedef {import("./review-api.js").Row} Row */
/** @typedef {import("./review-api.js").CaseInfo} CaseInfo */
/** @typedef {import("./review-api.js").Verdict} Verdict */
/** @typedef {import("./review-api.js").Decision} Decision */
/** @typedef {import("./review-shelf.js").Kept} Kept */

const POLL_MS = 1000;
const CHANNEL = "bc-review";
const NAME = "bc-reader";
const PROJECT = "bc-project";

class Review extends HTMLElement {
  /** @type {ShadowRoot} */ #root;
  /** @type {any} */ #viewer = null;
  /** @type {api.Session | null} */ #session = null;
  /** @type {Project | null} */ #project = null;
  /** Of all cases of the project. */ #labels = words.LABELS;
  /** The case in view. @type {number | null} */ #current = null;
  /** What is known of it, once it is. @type {CaseInfo | null} */ #info = null;
  #ahead = new Ahead();
  /** Counts choices of the reader, so that what arrives late does not take the picture away. */ #chosen = 0;
  /** Its picture is on the screen. */ #isSeen = false;
  /** Why a decision cannot be made. @type {Partial<Record<Decision, string>>} */ #refusals = {};
  /** A decision that would leave strokes out was pressed once, and for how many. */ #warned = "";
  /** Verdicts of this page, of all its projects, the last of them last. @type {{verdict: Verdict, key: string, project: number}[]} */ #undoable = [];
  /** Verdicts that the server will not have. @type {Map<string, Kept>} */ #unwanted = new Map();
  /** Seconds that were spent on cases before they were left. @type {Map<number, number>} */ #spent = new Map();
  #clock = new Clock();
  #shelf = new Shelf();
  #channel = new BroadcastChannel(CHANNEL);
  #polling = 0;
  /** What came of the newest question for the queue. @type {Promise<boolean>} */ #queued = Promise.resolve(false);
  #isStarted = false;
  /** @type {Outbox} */ #outbox;
  /** @type {Home} */ #home;
  /** @type {Filters} */ #filters;
  /** @type {QueueList} */ #list;
  /** @type {CasePanel} */ #panel;
  /** @type {Clashes} */ #clashes;
  /** @type {DecisionForm} */ #form;
  /** @type {Status} */ #status;
  /** @type {Standing} */ #standing;
  /** @type {Exporting} */ #exporting;
  /** @type {Drawing} */ #drawing = /** @type {any} */ (null);

  constructor() {
    super();
    this.#root = this.attachShadow({ mode: "open" });
    fill(this.#root);
    explain(this.#root);
    this.#status = new Status(this.#one(".status"), () => this.#outbox.now());
    this.#standing = new Standing(this.#one(".standing"), () => this.#reload());
    this.#outbox = new Outbox(this.#shelf, {
      saved: (kept, verdict) => this.#saved(kept, verdict),
      drafted: (kept) => this.#drafted(kept),
      refused: (kept, error) => this.#refused(kept, error),
      changed: () => this.#showSending(),
    });
    this.#home = new Home(this.#one(".home"), {
      open: (project) => {
        this.#sayProblem("");
        this.#open(project);
      },
      create: (name, data, weights) => this.#create(name, data, weights),
      cancel: (project) => this.#ask(() => api.cancel(project.id)),
      resume: (project) => this.#ask(() => api.resume(project.id)),
      remove: (project) => this.#ask(() => api.removeProject(project.id)),
    });
    this.#filters = new Filters(/** @type {HTMLFormElement} */ (this.#one(".filters")), () => this.#loadQueue());
    this.#list = new QueueList(this.#one(".queue"), (id, isPressed) => {
      if (isPressed) this.#closeQueue(); // a finger has chosen; keys may go on choosing
      this.#select(id);
    });
    this.#panel = new CasePanel(this.#one(".case"), {
      open: (id) => this.#select(id),
      goOn: (at) => this.#drawing.goOn(at),
      drop: (at) => this.#drawing.drop(at),
      drawFrom: (verdict) => this.#drawing.from(verdict, this.#stays()),
      undo: (verdict) => this.#undo({ verdict, key: randomName() }),
      saveMine: () => this.#info && this.#clashes.saveMine(this.#info.id),
      keepTheirs: () => this.#keepTheirs(),
    });
    this.#clashes = new Clashes(this.#panel, this.#outbox);
    this.#form = new DecisionForm(this.#one(".decision"), {
      decide: (decision, reason) => this.#decide(decision, reason),
      draw: () => (this.#drawing.isOn ? this.#drawing.putDown() : this.#drawing.take()),
      undo: () => this.#undoLast(),
      changed: () => this.#drawing.keep(),
    });
    this.#exporting = new Exporting(/** @type {HTMLDialogElement} */ (this.#one(".exporting")));
  }

  connectedCallback() {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#viewer = this.querySelector("bc-viewer");
    this.#viewer.setAttribute("base", `${BASE}/review`);
    this.#viewer.append(h("p", { slot: "empty" }));
    this.#viewer.addEventListener("bc-ready", () => this.#see(true));
    this.#viewer.addEventListener("bc-error", () => this.#see(false));
    this.#drawing = new Drawing(this.#viewer, this.#shelf, this.#outbox, {
      whose: () => this.#whose,
      form: () => this.#form.form,
      fillIn: (form) => (this.#form.form = form),
      left: (left) => this.#panel.showOffers(left.map(({ kept, draft }) => ({ changed: draft.changed, strokes: draft.strokes, isHere: kept !== null && kept.acknowledged === null }))),
      changed: () => this.#showDrawing(),
      drafted: (id, isThere) => this.#list.change(Number(id), { has_draft: isThere }),
      failed: (error) => this.#status.say(/** @type {Error} */ (error).message, "error"),
    });
    this.#listen();
    // Gradio keeps the tab in the page when another is shown: then the address names no case.
    new IntersectionObserver(([{ isIntersecting }]) => {
      if (this.#current !== null) nameCase(isIntersecting ? String(this.#current) : null);
      if (isIntersecting) this.#reload();
      else this.#clock.pause();
    }).observe(this);
    this.#start(linkedCase());
  }

  // ---------------------------------------------------------------- projects

  /** @param {string | null} linked the case that the address names */
  async #start(linked) {
    api.setReader(remembered(NAME));
    try {
      this.#session = await api.session();
    } catch (error) {
      this.#sayProblem(/** @type {Error} */ (error).message, wantsLogin(error) ? loginLink() : null);
      // Back from logging in, for one.
      window.addEventListener("focus", () => this.#session || this.#start(linked), { once: true });
      return;
    }
    this.#sayProblem("");
    this.#standing.meet(this.#session);
    this.#home.show(this.#session);
    for (const kept of await this.#shelf.left(this.#whose)) if (kept.kind === "verdict") this.#outbox.decide(kept);
    if (linked !== null && (await this.#openLinked(linked))) return;
    const { projects } = this.#session;
    const before = projects.find(({ id }) => String(id) === remembered(PROJECT));
    const project = before ?? (projects.length === 1 ? projects[0] : undefined);
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
      if (info.project === this.#project?.id) await this.#select(Number(info.id));
      else await this.#open(await api.project(info.project), Number(info.id));
      this.#sayProblem("");
      return true;
    } catch (error) {
      this.#sayProblem(`The address names a case that cannot be shown. ${/** @type {Error} */ (error).message}`);
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
    this.#viewer.dataset.state = "empty";
    nameCase(null);
    this.#one(".home").hidden = false;
    this.#one(".room").hidden = true;
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
    if (!this.#session) return;
    const { reader } = this.#session;
    try {
      this.#session = { ...(await api.session()), reader };
    } catch (error) {
      if (!this.#project) this.#sayProblem(/** @type {Error} */ (error).message);
      this.#poll();
      return;
    }
    this.#home.show(this.#session);
    this.#poll();
    const now = this.#session.projects.find(({ id }) => id === this.#project?.id);
    if (!now || !this.#project) return;
    const isOver = this.#project.progress !== null && now.progress === null;
    const isFirst = this.#list.rows.length === 0 && now.cases > this.#project.cases;
    this.#project = { ...now, counts: this.#project.counts };
    this.#showProgress();
    if (isOver || isFirst) await this.#loadQueue();
  }

  #poll() {
    clearTimeout(this.#polling);
    const isImporting = this.#session?.projects.some(({ progress }) => progress !== null);
    if (isImporting && this.checkVisibility()) this.#polling = window.setTimeout(() => this.#reload(), POLL_MS);
  }

  /** @param {Project} project @param {number | null} [id] of the case to show */
  async #open(project, id = null) {
    if (!(await this.#hasName())) return this.#showHome();
    this.#project = project;
    this.#ahead.clear();
    remember(PROJECT, String(project.id));
    this.#one(".home").hidden = true;
    this.#one(".room").hidden = false;
    this.#one(".project .name").textContent = project.name;
    if (!(await this.#loadQueue())) return;
    const first = id ?? this.#nextUnread ?? this.#list.rows[0]?.id;
    if (first !== undefined) await this.#select(first);
  }

  /** Where nobody logs in, the reader is asked once. @returns {Promise<boolean>} whether they have a name */
  async #hasName() {
    const session = this.#session;
    if (session?.owner !== "local" || session.reader !== "reader") return true;
    const dialog = /** @type {HTMLDialogElement} */ (this.#one(".who"));
    const input = /** @type {HTMLInputElement} */ (this.#one(".who input"));
    dialog.showModal();
    await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
    const name = input.value.trim();
    if (!name) return false;
    remember(NAME, name);
    api.setReader(name);
    session.reader = name;
    return true;
  }

  // ---------------------------------------------------------------- the queue

  /** Answers overtake each other: that to the newest question is shown. @returns {Promise<boolean>} whether it is there */
  #loadQueue() {
    const newest = this.#askQueue(() => this.#queued === newest);
    this.#queued = newest;
    return newest;
  }

  /** @param {() => boolean} isNewest @returns {Promise<boolean>} whether the queue is there */
  async #askQueue(isNewest) {
    const project = this.#project;
    if (!project) return false;
    const { asked } = this.#filters;
    try {
      const [rows, now] = await Promise.all([api.queue(project.id, asked), api.project(project.id)]);
      if (this.#project?.id !== project.id) return false;
      if (!isNewest()) return this.#queued;
      this.#project = now;
      this.#list.show(rows, asked.order);
    } catch (error) {
      if (!isNewest()) return false;
      this.#status.say(/** @type {Error} */ (error).message, "error");
      if (error instanceof Gone) this.#showHome();
      return false;
    }
    this.#list.mark(this.#current);
    this.#labels = [...new Set([...words.LABELS, ...Object.keys(this.#project.counts?.labels ?? {}).filter(Boolean)])];
    this.#filters.offer(this.#project);
    this.#filters.tell(this.#list.rows.length, this.#project.cases);
    this.#showProgress();
    this.#showSteps();
    return true;
  }

  #showProgress() {
    const project = this.#project;
    if (!project) return;
    const { cases, read, counts } = project;
    this.#one(".progress p").textContent = words.progress({ cases, read, seconds: counts?.seconds });
    this.#one(".progress i").style.width = `${cases ? (100 * read) / cases : 0}%`;
    this.#one(".importing-place").replaceChildren(importing(project));
  }

  #showSteps() {
    const { place, rows } = this.#list;
    this.#one(".count").textContent = words.placeWords(place, rows.length, this.#current !== null);
    /** @type {HTMLButtonElement} */ (this.#one(".previous")).disabled = this.#list.neighbour(-1) === undefined;
    /** @type {HTMLButtonElement} */ (this.#one(".next")).disabled = this.#list.neighbour(1) === undefined;
  }

  /** @returns {number | undefined} the case that is read after this one */
  get #nextUnread() {
    return this.#list.nextUnread((id) => this.#outbox.isDeciding(String(id)));
  }

  /** @param {number | undefined} id @returns {boolean} whether there is such a case */
  #go(id) {
    if (id !== undefined) this.#select(id);
    return id !== undefined;
  }

  // ---------------------------------------------------------------- the case in view

  #leave() {
    if (this.#current !== null) this.#spent.set(this.#current, this.#clock.seconds);
    this.#clock.pause();
    this.#warned = "";
    this.#status.leave();
    this.#form.closeReasons();
  }

  /** Whether the reader has not gone to another case since. @returns {() => boolean} */
  #stays() {
    const chosen = this.#chosen;
    return () => chosen === this.#chosen;
  }

  /** @param {number} id */
  async #select(id) {
    this.#chosen++;
    const isCurrent = this.#stays();
    this.#leave();
    this.#current = id;
    this.#info = null;
    this.#drawing.show(null, () => true);
    this.#see(false);
    this.#list.mark(id);
    this.#showSteps();
    nameCase(String(id));
    const isKnown = this.#ahead.has(id);
    try {
      const info = await this.#ahead.get(id);
      if (isCurrent()) await this.#show(info, isCurrent);
    } catch (error) {
      if (isCurrent()) this.#fail(/** @type {Error} */ (error).message);
    }
    if (isCurrent() && isKnown) this.#freshen(id, isCurrent);
    if (isCurrent()) this.#fetchAhead();
  }

  /** So that going on takes no time. */
  async #fetchAhead() {
    for (const id of new Set([this.#nextUnread, this.#list.neighbour(1)])) {
      if (id === undefined || id === this.#current) continue;
      const info = await this.#ahead.get(id).catch(() => null);
      if (info?.width) this.#viewer.preload?.(info);
    }
  }

  /** What was fetched ahead may be out of date: somebody may have decided since. @param {number} id @param {() => boolean} isCurrent */
  async #freshen(id, isCurrent) {
    const now = await api.case_(id).catch(() => null);
    if (!now || !isCurrent() || !this.#info || this.#drawing.strokes > 0) return;
    if (now.latest === this.#info.latest && now.draft?.changed === this.#info.draft?.changed && now.revision === this.#info.revision) return;
    this.#ahead.put(id, Promise.resolve(now));
    await this.#show(now, isCurrent);
  }

  /** @param {CaseInfo} info @param {() => boolean} isCurrent */
  async #show(info, isCurrent) {
    this.#info = info;
    this.#clock.start(this.#spent.get(Number(info.id)));
    this.#panel.show(info);
    this.#form.offer(this.#labels, info.label);
    const mine = info.verdict?.reader === this.#session?.reader ? info.verdict : null;
    // What was filled in and not decided when the reader went to another case comes back with this one.
    this.#form.form = this.#drawing.filledIn(info.id) ?? { label: mine?.label ?? null, difficulty: mine?.difficulty ?? null, comment: mine?.comment ?? "" };
    this.#allow();
    this.#clashes.show(info, isCurrent);
    this.#viewer.dataset.state = "loading";
    /** @type {HTMLElement} */ (this.#viewer.querySelector("[slot=empty]")).textContent = info.problem ?? "";
    await this.#viewer.show(info.width ? info : null);
    if (!isCurrent()) return;
    await this.#drawing.show(info, isCurrent);
    if (isCurrent()) this.#viewer.dataset.state = "ready";
  }

  /** @param {string} text why the case cannot be shown */
  #fail(text) {
    this.#info = null;
    this.#panel.show(null);
    this.#panel.fail(text);
    this.#viewer.show(null);
    this.#drawing.show(null, () => true);
    this.#viewer.dataset.state = "error";
  }

  /** @param {boolean} isSeen */
  #see(isSeen) {
    this.#isSeen = isSeen;
    this.#showDrawing();
  }

  /** Which decisions can be made. */
  #allow() {
    this.#refusals = refusals(this.#info, this.#drawing, this.#isSeen);
    this.#form.show(this.#refusals, this.#info?.decision ?? null);
  }

  #showDrawing() {
    const { draw } = this.#form;
    draw.setAttribute("aria-pressed", String(this.#drawing.isOn));
    draw.disabled = !this.#isSeen;
    this.#allow();
    this.#showSending();
  }

  #showSending() {
    this.#status.show({ ...this.#outbox.state, isHere: this.#drawing.isHere });
  }

  /** @param {Kept} kept */
  #drafted(kept) {
    this.#list.change(Number(kept.id), { has_draft: true });
    this.#ahead.forget(Number(kept.id)); // it has a drawing now
    if (kept.id === this.#info?.id && this.#outbox.state.verdicts === 0) this.#status.hint("Drawing kept, not decided yet.");
  }

  // ---------------------------------------------------------------- deciding

  /** @param {Decision} decision @param {string | null} reason */
  async #decide(decision, reason) {
    const info = this.#info;
    if (!info || this.#outbox.isDeciding(info.id)) return;
    const why = this.#refusals[decision] ?? (decision === "accept" && this.#drawing.isMoved ? MOVED : "");
    if (why) return this.#status.say(why, "error");
    const { strokes, waiting } = this.#drawing;
    const warning = leavesOut(decision, this.#drawing);
    const warned = `${decision} ${strokes} ${waiting}`;
    if (warning && this.#warned !== warned) {
      this.#warned = warned;
      return this.#status.say(warning, "error");
    }
    const isDrawn = decision === "corrected";
    const kept = /** @type {Kept} */ (this.#drawing.kept("verdict"));
    this.#drawing.end(info.id);
    kept.said = {
      decision,
      reason,
      ...kept.form,
      key: randomName(),
      case: info.name,
      after: kept.after,
      prediction: info.prediction,
      revision: info.revision,
      beginning: isDrawn ? kept.beginning : null,
      threshold: isDrawn ? kept.threshold : null,
      seconds: Math.round(this.#clock.seconds * 10) / 10,
    };
    this.#clashes.forget(info.id);
    await this.#outbox.decide(kept, isDrawn ? this.#drawing.packed() : null);
  }

  /** @param {Kept} kept @param {Verdict} verdict */
  #saved(kept, verdict) {
    const id = Number(kept.id);
    const row = this.#list.row(id);
    const { decision, reader, at, label } = verdict;
    if (this.#project && row?.decision === null) this.#project.read++;
    const changed = { decision: /** @type {Decision} */ (decision), reader, read_at: at, label: label ?? row?.label ?? null };
    this.#list.change(id, { ...changed, has_draft: false });
    this.#channel.postMessage({ id, changed });
    this.#ahead.forget(id);
    this.#spent.delete(id);
    this.#undoable.push({ verdict, key: randomName(), project: kept.project });
    this.#drawing.decided(kept.whose, kept.id);
    this.#showProgress();
    const text = `Saved ${words.moment(at)}: ${kept.name}, ${words.decided(verdict)}.`;
    this.#status.say(text, "good", verdict);
    this.#standing.now();
    if (this.#current !== id || this.#go(this.#nextUnread)) return;
    this.#select(id);
    this.#status.say(`${text} All cases of this queue are read.`, "good", verdict);
  }

  /** @param {Kept} kept @param {import("./api.js").Refused} error */
  #refused(kept, error) {
    const { latest } = error.answer ?? {};
    if (kept.kind !== "verdict") return this.#status.say(`NOT saved: ${error.message}`, "error");
    if (error.status !== 409 || !latest) {
      this.#unwanted.set(kept.key, kept);
      return this.#sayUnwanted(error.message);
    }
    this.#clashes.add(kept, latest);
    if (this.#info?.id === kept.id) this.#clashes.show(this.#info, this.#stays());
    this.#status.say(`NOT saved: ${latest.reader} decided ${kept.name} in between.`, "error");
  }

  /** It stays in this browser, and is sent again when the page is opened, until the reader drops it. @param {string} why the last of them */
  #sayUnwanted(why) {
    const names = [...this.#unwanted.values()].map(({ name }) => name).join(", ");
    const drop = button(this.#unwanted.size === 1 ? "Drop it" : "Drop them", null, async () => {
      for (const { key } of this.#unwanted.values()) await this.#shelf.remove(key);
      this.#unwanted.clear();
      this.#status.say(`Dropped, and not decided: ${names}.`);
    });
    this.#status.say(`NOT saved, ${names}: ${why}`, "error", null, drop);
  }

  /** Somebody decided in between, and is right. */
  async #keepTheirs() {
    const clash = this.#info && this.#clashes.take(this.#info.id);
    if (!clash) return;
    const { kept, latest } = clash;
    await this.#shelf.remove(kept.key);
    await this.#drawing.discard(kept.id);
    this.#ahead.forget(Number(kept.id));
    await this.#select(Number(kept.id));
    this.#status.say(`The verdict of ${latest.reader} stands; yours was not saved.`);
  }

  // ---------------------------------------------------------------- undoing

  #undoLast() {
    // Of this project: what was decided in another one is not taken back unseen.
    const last = this.#undoable.filter(({ project }) => project === this.#project?.id).at(-1);
    const mine = this.#info?.verdict?.reader === this.#session?.reader ? this.#info?.verdict : null;
    if (last) this.#undo(last);
    else if (mine) this.#undo({ verdict: mine, key: randomName() });
    else this.#status.say("There is no verdict of yours to undo.");
  }

  /** @param {{verdict: Verdict, key: string}} one key: the same for each try */
  async #undo({ verdict, key }) {
    const project = this.#project?.id;
    try {
      await api.undo(verdict.id, key);
    } catch (error) {
      if (error instanceof Refused && error.status === 409) this.#undoable = this.#undoable.filter((other) => other.verdict.id !== verdict.id);
      this.#status.say(`NOT undone: ${/** @type {Error} */ (error).message}`, "error");
      return;
    }
    this.#undoable = this.#undoable.filter((other) => other.verdict.id !== verdict.id);
    const id = verdict.case_id;
    this.#ahead.forget(id);
    const now = await this.#ahead.get(id).catch(() => null);
    const isHere = this.#project?.id === project; // the reader may have gone to another project meanwhile
    if (now) {
      const changed = { decision: now.decision, reader: now.verdict?.reader ?? null, read_at: now.verdict?.at ?? null, label: now.verdict?.label ?? now.label };
      if (this.#project && isHere && now.decision === null) this.#project.read--;
      this.#list.change(id, changed);
      this.#channel.postMessage({ id, changed });
      this.#showProgress();
    }
    if (!isHere) return;
    await this.#select(id);
    if (this.#current !== id || !this.#info) return;
    this.#form.form = { label: verdict.label, difficulty: verdict.difficulty, comment: verdict.comment };
    this.#drawing.keep(); // as if it had been filled in anew
    if (verdict.decision === "corrected") await this.#drawing.from(verdict, this.#stays());
    this.#status.say(`Undone: ${words.decided(verdict)}. Decide again.`);
  }

  // ---------------------------------------------------------------- the page

  #listen() {
    const on = (/** @type {string} */ selector, /** @type {() => void} */ act) => this.#one(selector).addEventListener("click", act);
    on(".project", () => this.#showHome());
    on(".export", () => this.#project && this.#session && this.#exporting.open(this.#project, this.#session));
    on(".toggle-queue", () => (this.#isQueueOpen ? this.#closeQueue() : this.#goToQueue()));
    on(".close-queue", () => this.#closeQueue());
    on(".previous", () => this.#go(this.#list.neighbour(-1)));
    on(".next", () => this.#go(this.#list.neighbour(1)));
    on(".help", () => this.#act("help"));
    // Before the viewer hears of it, whose keys are others; and behind an open dialog no key does anything.
    document.addEventListener("keydown", (event) => this.#onKey(event), true);
    const touch = () => this.#isReading && this.#clock.touch();
    for (const event of ["pointermove", "pointerdown", "wheel", "keydown"]) document.addEventListener(event, touch, { passive: true, capture: true });
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#clock.pause() : touch()));
    window.addEventListener(OPEN_CASE, (event) => this.#session && this.#openLinked(/** @type {CustomEvent} */ (event).detail.id));
    this.#channel.onmessage = ({ data }) => {
      this.#ahead.forget(data.id);
      this.#list.change(data.id, data.changed);
    };
    // What is on its way is kept in this browser, and sent when the page is opened again; better now.
    window.addEventListener("beforeunload", (event) => this.#outbox.state.verdicts > 0 && event.preventDefault());
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
    if (isTyping(event.composedPath()[0]) || this.#one(".room").hidden) return;
    const action = actionOf(event);
    if (event.repeat && (this.#form.isAsking || (action !== null && !HELD.has(action)))) return event.preventDefault();
    if (this.#form.isAsking && !event.ctrlKey && !event.altKey && !event.metaKey && this.#form.onReasonKey(event.key)) {
      event.preventDefault();
      return;
    }
    if (event.key === "Escape") this.#closeQueue();
    // With the pen on a mask E is the eraser.
    if (action === null || (action === "draw" && this.#drawing.isOn && this.#drawing.isThere)) return;
    event.preventDefault();
    this.#act(action);
  }

  /** @param {import("./review-keys.js").Action} action */
  #act(action) {
    switch (action) {
      case "next": return void this.#go(this.#list.neighbour(1));
      case "previous": return void this.#go(this.#list.neighbour(-1));
      case "unread": return void (this.#go(this.#nextUnread) || this.#status.say("All cases of this queue are read."));
      case "draw": return this.#isSeen ? this.#drawing.take() : undefined;
      case "putDown": return this.#drawing.putDown();
      case "undo": return this.#undoLast();
      case "label": return this.#form.nextLabel();
      case "difficulty": return this.#form.nextDifficulty();
      case "comment": return this.#form.comment.focus();
      case "queue": return this.#isQueueOpen ? this.#closeQueue() : this.#goToQueue();
      case "help": return openSheet(/** @type {HTMLDialogElement} */ (this.#one(".help-sheet")));
      case "reject": return this.#info ? this.#form.askReason() : undefined;
      default: this.#decide(action, null);
    }
  }

  get #isQueueOpen() {
    return this.#one(".side").classList.contains("open");
  }

  /** The keys go to it; in a narrow window it opens over the picture. */
  #goToQueue() {
    const toggle = this.#one(".toggle-queue");
    if (toggle.checkVisibility()) {
      this.#one(".side").classList.add("open");
      toggle.setAttribute("aria-expanded", "true");
    }
    this.#list.mark(this.#current);
    this.#one(".queue").focus();
  }

  #closeQueue() {
    if (!this.#isQueueOpen) return;
    this.#one(".side").classList.remove("open");
    this.#one(".toggle-queue").setAttribute("aria-expanded", "false");
    this.#one(".toggle-queue").focus();
  }

  /** @param {string} text @param {Node | null} [help] what to press, in place of trying again */
  #sayProblem(text, help = null) {
    const line = this.#one(".problem");
    line.hidden = text === "";
    line.classList.toggle("error", help === null);
    line.replaceChildren(text, help ?? (text && !this.#session ? button("Try again", null, () => this.#start(linkedCase())) : ""));
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
