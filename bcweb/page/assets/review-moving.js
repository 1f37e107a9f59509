// Moving about in a project: its queue as the filters ask for it, the case that one is at, and which comes next.

import { write } from "./dom.js";
import * as api from "./review-api.js";
import { Filters } from "./review-filters.js";
import { Importing } from "./review-importing.js";
import { QueueList } from "./review-queue.js";
import * as words from "./review-words.js";

/** @typedef {import("./review-api.js").Project} Project */
/** @typedef {object} Page
 * @property {(id: number) => void} select this case
 * @property {(id: number) => boolean} isDeciding whether a verdict on it is on its way
 * @property {(error: unknown) => void} failed the queue cannot be had
 */

export class Moving {
  /** @type {Project | null} */ project = null;
  /** Of the project that was entered last. @type {number | null} */ entered = null;
  /** The case that one is at. @type {number | null} */ current = null;
  /** The queue could not be had when it was asked for last. */ isMissing = false;
  /** The case to begin with. @type {number | null} */ #wanted = null;
  /** The project's newest prediction as of its queue. @type {number | null} */ #newest = null;
  /** What came of the newest question for the queue. @type {Promise<boolean>} */ #queued = Promise.resolve(false);
  /** Counts what was heard of single cases: an answer to a question from before does not know it. */ #heard = 0;

  /** @param {HTMLElement} root the side of the page with the queue @param {Page} page */
  constructor(root, page) {
    this.root = root;
    this.page = page;
    this.filters = new Filters(/** @type {HTMLFormElement} */ (this.#one(".filters")), () => this.load());
    this.list = new QueueList(this.#one(".queue"), (id, isPressed) => {
      if (isPressed) this.closeQueue(); // a finger has chosen; keys may go on choosing
      page.select(id);
    });
    this.importing = new Importing(this.#one(".importing-place"));
    const on = (/** @type {string} */ selector, /** @type {() => void} */ act) => this.#one(selector).addEventListener("click", act);
    on(".toggle-queue", () => this.toggleQueue());
    on(".close-queue", () => this.closeQueue());
    on(".previous", () => this.step(-1));
    on(".next", () => this.step(1));
  }

  // ---------------------------------------------------------------- the project

  /** Until its queue is there none is: under its name that of another project would stand. @param {Project} project
   * @param {number | null} id of the case to begin with @returns {Promise<boolean>} whether its queue is there */
  enter(project, id) {
    if (project.id !== this.entered) this.filters.forget();
    this.project = project;
    this.entered = project.id;
    this.#newest = project.newest;
    this.#wanted = id;
    this.#one(".project .name").textContent = project.name;
    this.list.show([], this.filters.asked.order);
    this.filters.told.textContent = "";
    this.#showProgress();
    this.#showSteps();
    return this.load();
  }

  /** Of all its cases, and those that can be chosen in any project. */
  get labels() {
    return [...new Set([...words.LABELS, ...Object.keys(this.project?.counts?.labels ?? {}).filter(Boolean)])];
  }

  leave() {
    this.project = null;
    this.current = null;
  }

  /** How far its import is now. It may have begun and ended while nobody asked. @param {Project} now */
  async update(now) {
    const { project } = this;
    if (!project) return;
    const isOver = now.progress === null && (project.progress !== null || now.newest !== this.#newest);
    const isFirst = this.list.rows.length === 0 && now.cases > project.cases;
    this.project = { ...now, counts: project.counts };
    this.#showProgress();
    if (isOver || isFirst) await this.load();
  }

  /** A case is decided, or its verdict undone: its row says so, and what is counted. @param {number} project of the case:
   * the reader may be in another one @param {number} id @param {Partial<api.Row> & words.Counted} changed
   * @param {words.Counted} [before] where it may have no row here; where that is not known either, what is counted is
   * asked for */
  decided(project, id, changed, before) {
    if (this.project?.id !== project) return;
    const row = this.list.row(id);
    const was = row ? { decision: row.decision, label: row.label } : before;
    this.#hear(id, changed);
    if (!was) return void this.#count();
    this.project = words.recounted(this.project, was, changed);
    this.filters.offer(this.project);
    this.#showProgress();
  }

  /** What is known of a case by now: its row may be from before somebody decided it in another browser. What is counted
   * may be so or not, and is asked for. @param {api.CaseInfo} info */
  async learn(info) {
    const row = this.list.row(Number(info.id));
    const now = words.rowOf(info);
    if (!row || (row.decision === now.decision && row.read_at === now.read_at)) return;
    this.#hear(row.id, now);
    await this.#count();
  }

  /** @param {number} id @param {Partial<api.Row>} changed */
  #hear(id, changed) {
    this.#heard++;
    this.list.change(id, changed);
  }

  /** @returns {Promise<void>} */
  async #count() {
    const { project } = this;
    if (!project) return;
    const counted = await api.project(project.id).catch(() => null);
    if (!counted || this.project?.id !== project.id) return;
    if (this.project !== project) return this.#count(); // something was decided or imported meanwhile
    this.project = counted;
    if (!this.filters.offer(counted)) await this.load(); // the last of its label has another one now
    this.#showProgress();
  }

  #showProgress() {
    const { project } = this;
    if (!project) return;
    const { cases, read, counts } = project;
    write(this.#one(".progress p"), words.progress({ cases, read, seconds: counts?.seconds }));
    this.#one(".progress i").style.width = `${cases ? (100 * read) / cases : 0}%`;
    this.importing.show(project);
  }

  // ---------------------------------------------------------------- its queue

  /** Answers overtake each other: that to the newest question is shown. @returns {Promise<boolean>} whether it is there */
  load() {
    const newest = this.#ask(() => this.#queued === newest);
    this.#queued = newest;
    return newest;
  }

  /** Where no case is in view, the first of the queue is then. @param {() => boolean} isNewest @returns {Promise<boolean>} whether the queue is there */
  async #ask(isNewest) {
    const { project } = this;
    this.isMissing = false;
    if (!project) return false;
    const { asked } = this.filters;
    const heard = this.#heard;
    try {
      const [rows, now] = await Promise.all([api.queue(project, asked), api.project(project.id)]);
      if (this.project?.id !== project.id) return false;
      if (!isNewest()) return this.#queued;
      if (heard !== this.#heard) return this.load();
      this.project = now;
      if (!this.filters.offer(now)) return this.load(); // its label is none of this project
      if (this.filters.reorder(rows)) return this.load();
      this.#newest = now.newest;
      this.list.show(rows, asked.order);
    } catch (error) {
      if (isNewest() && this.project?.id === project.id) {
        this.isMissing = true;
        this.page.failed(error);
      }
      return false;
    }
    this.list.mark(this.current);
    this.filters.tell(this.list.rows.length, this.project.cases);
    this.#showProgress();
    this.#showSteps();
    const { first } = this;
    if (this.current === null && first !== undefined) this.page.select(first);
    return true;
  }

  get #isQueueOpen() {
    return this.root.classList.contains("open");
  }

  toggleQueue() {
    if (this.#isQueueOpen) this.closeQueue();
    else this.#goToQueue();
  }

  /** The keys go to it; in a narrow window it opens over the picture. */
  #goToQueue() {
    const toggle = this.#one(".toggle-queue");
    if (toggle.checkVisibility()) {
      this.root.classList.add("open");
      toggle.setAttribute("aria-expanded", "true");
    }
    this.list.mark(this.current);
    this.#one(".queue").focus();
  }

  closeQueue() {
    if (!this.#isQueueOpen) return;
    this.root.classList.remove("open");
    this.#one(".toggle-queue").setAttribute("aria-expanded", "false");
    this.#one(".toggle-queue").focus();
  }

  // ---------------------------------------------------------------- from case to case

  /** One is at this case now. @param {number} id */
  arrive(id) {
    this.current = id;
    this.list.mark(id);
    this.#showSteps();
  }

  #showSteps() {
    const { place, rows } = this.list;
    this.#one(".count").textContent = words.placeWords(place, rows.length, this.current !== null);
    /** @type {HTMLButtonElement} */ (this.#one(".previous")).disabled = this.list.neighbour(-1) === undefined;
    /** @type {HTMLButtonElement} */ (this.#one(".next")).disabled = this.list.neighbour(1) === undefined;
  }

  /** @returns {number | undefined} the case to begin with */
  get first() {
    return this.#wanted ?? this.nextUnread ?? this.list.rows[0]?.id;
  }

  /** @returns {number | undefined} the case that is read after this one */
  get nextUnread() {
    return this.list.nextUnread((id) => this.page.isDeciding(id));
  }

  /** @returns {boolean} whether there is another one to read */
  goOn() {
    return this.#go(this.nextUnread);
  }

  /** @param {1 | -1} by */
  step(by) {
    this.#go(this.list.neighbour(by));
  }

  /** @param {number | undefined} id @returns {boolean} whether there is such a case */
  #go(id) {
    if (id !== undefined) this.page.select(id);
    return id !== undefined;
  }

  /** @param {string} selector @returns {HTMLElement} */
  #one(selector) {
    return /** @type {HTMLElement} */ (this.root.querySelector(selector));
  }
}
