// <bc-review>: the Review tab, put together: its projects, and in one of them the queue (review-moving.js), the viewer
// (its child in the page), the case (review-view.js) and its decision (review-deciding.js). Nothing that was drawn or
// decided is lost: review-outbox.js sends it until the server has it.

import "../../canvas/viewer.js";
import { isTyping, keyOf, leavePressed } from "../../canvas/keys.js";
import { BASE, Gone } from "./api.js";
import { button, h, openSheet } from "./dom.js";
import { loginLink, wantsLogin } from "./login.js";
import { explain } from "./meanings.js";
import { remember, remembered } from "./remembering.js";
import * as api from "./review-api.js";
import { CasePanel } from "./review-case.js";
import { Clashes } from "./review-clash.js";
import { Deciding } from "./review-deciding.js";
import { DecisionForm } from "./review-decision.js";
import { Drawing } from "./review-drawing.js";
import { Exporting } from "./review-export.js";
import { Home } from "./review-home.js";
import { HELD, actionOf } from "./review-keys.js";
import { OPEN_CASE, linkedCase, nameCase, takeFolder } from "./review-links.js";
import { Moving } from "./review-moving.js";
import { Outbox } from "./review-outbox.js";
import { Shelf } from "./review-shelf.js";
import { Standing } from "./review-standing.js";
import { Status } from "./review-status.js";
import { fill } from "./review-template.js";
import { CaseView } from "./review-view.js";

/** @typedef {import("./review-api.js").Project} Project */
/** @typedef {import("./review-shelf.js").Kept} Kept */

const POLL_MS = 1000;

/** What asks something beside the picture. @type {Set<import("./review-keys.js").Action>} */
const BESIDE = new Set(["reject", "comment", "queue"]);

class Review extends HTMLElement {
  /** @type {ShadowRoot} */ #root;
  /** @type {api.Session | null} */ #session = null;
  #shelf = new Shelf();
  #polling = 0;
  /** What the home last said of a server that did not answer. */ #unanswered = "";
  #isStarted = false;
  /** It was asked who reads, and there is no answer. */ #isRefused = false;
  /** What waits for the tab to be in view. @type {(() => void) | null} */ #onceSeen = null;
  /** Until full screen is left no key does anything: it is meant for what asks then. */ #isLeavingFull = false;
  /** @type {Outbox} */ #outbox;
  /** @type {Home} */ #home;
  /** @type {Moving} */ #moving;
  /** @type {CasePanel} */ #panel;
  /** @type {Clashes} */ #clashes;
  /** @type {DecisionForm} */ #form;
  /** @type {Status} */ #status;
  /** @type {Standing} */ #standing;
  /** @type {Exporting} */ #exporting;
  // Once the viewer is there:
  /** @type {Drawing} */ #drawing = /** @type {any} */ (null);
  /** @type {CaseView} */ #view = /** @type {any} */ (null);
  /** @type {Deciding} */ #deciding = /** @type {any} */ (null);

  constructor() {
    super();
    this.#root = this.attachShadow({ mode: "open" });
    fill(this.#root);
    explain(this.#root);
    this.#status = new Status(this.#one(".status"), () => this.#outbox.now());
    this.#standing = new Standing(this.#one(".standing"), () => this.#reload());
    this.#outbox = new Outbox(this.#shelf, {
      saved: (kept, verdict) => this.#deciding.saved(kept, verdict),
      drafted: (kept) => this.#drafted(kept),
      refused: (kept, error) => this.#deciding.refused(kept, error),
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
    this.#moving = new Moving(this.#one(".side"), {
      select: (id) => this.#view.select(id),
      isDeciding: (id) => this.#outbox.isDeciding(String(id)),
      failed: (error) => {
        if (error instanceof Gone) {
          this.#showHome();
          return this.#sayProblem(error.message);
        }
        const help = wantsLogin(error) ? loginLink(true) : button("Try again", null, () => this.#askQueue());
        this.#status.say(/** @type {Error} */ (error).message, "error", null, help);
      },
    });
    this.#panel = new CasePanel(this.#one(".case"), {
      open: (id) => this.#view.select(id),
      choose: (revision) => this.#view.choose(revision),
      goOn: (at) => this.#drawing.goOn(at),
      drop: (at) => this.#drawing.drop(at),
      drawFrom: (verdict) => this.#drawing.from(verdict, this.#view.stays()).catch((error) => this.#status.say(error.message, "error")),
      undo: (verdict) => this.#deciding.undo(verdict),
      saveMine: () => this.#deciding.saveMine(),
      keepTheirs: () => this.#deciding.keepTheirs(),
    });
    this.#clashes = new Clashes(this.#panel, this.#outbox);
    this.#form = new DecisionForm(this.#one(".decision"), {
      decide: (decision, reason) => this.#deciding.decide(decision, reason),
      reject: () => this.#deciding.reject(),
      draw: () => (this.#drawing.isOn ? this.#drawing.putDown() : this.#drawing.take()),
      undo: () => this.#deciding.undoLast(),
      changed: () => this.#drawing.keep(),
    });
    this.#exporting = new Exporting(/** @type {HTMLDialogElement} */ (this.#one(".exporting")));
  }

  connectedCallback() {
    if (this.#isStarted) return;
    this.#isStarted = true;
    /** @type {any} */
    const viewer = this.querySelector("bc-viewer");
    viewer.setAttribute("base", `${BASE}/review`);
    viewer.append(h("p", { slot: "empty" }));
    this.#drawing = new Drawing(viewer, this.#shelf, this.#outbox, {
      whose: () => this.#whose,
      form: () => this.#form.form,
      fillIn: (form) => (this.#form.form = form),
      left: (left) => this.#panel.showOffers(left.map(({ kept, draft }) => ({ changed: draft.changed, strokes: draft.strokes, isHere: kept !== null && kept.acknowledged === null }))),
      changed: () => this.#view.showDrawing(),
      drafted: (id, isThere) => this.#moving.list.change(Number(id), { has_draft: isThere }),
      failed: (error) => this.#status.say(/** @type {Error} */ (error).message, "error"),
      reload: (id) => {
        this.#view.ahead.forget(Number(id));
        this.#view.select(Number(id));
      },
    });
    const parts = { moving: this.#moving, drawing: this.#drawing, form: this.#form, clashes: this.#clashes, status: this.#status };
    this.#view = new CaseView({ ...parts, viewer, panel: this.#panel }, {
      reader: () => this.#session?.reader,
      isInFront: () => !document.hidden && this.checkVisibility(),
      changed: () => this.#showSending(),
    });
    this.#deciding = new Deciding({ ...parts, view: this.#view, outbox: this.#outbox, shelf: this.#shelf, standing: this.#standing });
    this.#listen();
    // Gradio keeps the tab in the page when another is shown: then the address names no case.
    new IntersectionObserver((entries) => {
      const isIntersecting = entries.at(-1)?.isIntersecting; // the newest of those that come together
      const { current } = this.#moving;
      if (current !== null && isIntersecting) this.#view.showAddress();
      else if (current !== null) nameCase(null);
      if (isIntersecting) {
        if (!this.#takeOffer()) this.#onceSeen?.();
        this.#onceSeen = null;
        this.#reload();
        this.#exporting.comeBack();
      } else {
        this.#view.clock.pause();
        this.#exporting.leave();
        for (const dialog of this.#root.querySelectorAll("dialog")) dialog.close(); // unseen it would hold the page shut
      }
    }).observe(this);
    this.#start();
  }

  // ---------------------------------------------------------------- projects

  async #start() {
    const linked = linkedCase();
    this.#isRefused = false;
    api.setReader(remembered("bc-reader"));
    this.#blinded.checked = remembered("bc-blinded") === "true";
    api.setBlinded(this.#blinded.checked);
    try {
      this.#session = await api.session();
    } catch (error) {
      this.#sayProblem(/** @type {Error} */ (error).message, wantsLogin(error) ? loginLink() : null);
      this.#isRefused = true;
      return;
    }
    this.#sayProblem("");
    this.#standing.meet(this.#session);
    this.#showReader();
    this.#home.show(this.#session);
    const left = await this.#shelf.left(this.#whose);
    this.#drawing.inherit(left);
    for (const kept of left) if (kept.kind === "verdict") this.#outbox.decide(kept);
    if (this.#takeOffer()) return;
    if (linked !== null && (await this.#openLinked(linked))) return;
    const { projects } = this.#session;
    const before = projects.find(({ id }) => String(id) === remembered("bc-project"));
    const project = before ?? (projects.length === 1 ? projects[0] : undefined);
    if (project?.cases) await this.#open(project);
    else this.#showHome();
  }

  /** Whose drawings and verdicts these are. */
  get #whose() {
    return `${this.#session?.owner}\n${this.#session?.reader}`;
  }

  /** @param {import("./review-links.js").Linked} linked @returns {Promise<boolean>} whether there is such a case */
  async #openLinked(linked) {
    try {
      const info = await api.case_(linked.id);
      if (linked.of) this.#view.wish(Number(info.id), linked.of);
      if (info.project === this.#moving.project?.id) await this.#view.select(Number(info.id));
      else await this.#open(await api.project(info.project), Number(info.id));
      this.#sayProblem("");
      return true;
    } catch (error) {
      this.#sayFailed(error, "The address names a case that cannot be shown. ");
      nameCase(null);
      return false;
    }
  }

  /** A folder that was offered on the Scan tab is filled in as a new project. @returns {boolean} whether there is one */
  #takeOffer() {
    const path = this.#session ? takeFolder() : ""; // else once it is there
    if (!path) return false;
    this.#showHome();
    this.#home.offer(path);
    return true;
  }

  #showHome() {
    this.#leave();
    this.#one(".home").hidden = false;
    this.#one(".room").hidden = true;
    this.#reload();
  }

  /** A link whose case was not opened yet stays in the address. */
  #leave() {
    if (!this.#moving.project) return;
    this.#view.close();
    this.#moving.leave();
  }

  /** Ask for something that changes the projects. @param {() => Promise<unknown>} act */
  async #ask(act) {
    try {
      await act();
      this.#sayProblem("");
    } catch (error) {
      this.#sayFailed(error);
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
    try {
      const now = await api.session();
      // Where nobody logs in the reader may have given their name since it was asked.
      this.#session = now.owner === "local" ? { ...now, reader: this.#session.reader } : now;
    } catch (error) {
      this.#unanswered = /** @type {Error} */ (error).message;
      if (!this.#moving.project && !this.#isSaying(this.#unanswered)) this.#sayFailed(error);
      this.#poll();
      return;
    }
    // What else may stand there, such as an address that names no case, is not answered by this.
    if (this.#unanswered && this.#isSaying(this.#unanswered)) this.#sayProblem("");
    this.#unanswered = "";
    this.#home.show(this.#session);
    this.#poll();
    const now = this.#session.projects.find(({ id }) => id === this.#moving.project?.id);
    if (now) await this.#moving.update(now);
  }

  #poll() {
    clearTimeout(this.#polling);
    const isImporting = this.#session?.projects.some(({ progress }) => progress !== null);
    if (isImporting && this.checkVisibility()) this.#polling = window.setTimeout(() => this.#reload(), POLL_MS);
  }

  /** @param {Project} project @param {number | null} [id] of the case to show */
  async #open(project, id = null) {
    if (!this.#hasName) {
      this.#showHome(); // where whoever gives none stays
      if (!this.checkVisibility()) {
        this.#onceSeen = () => this.#open(project, id); // unseen the question would hold the page shut
        return;
      }
      if (!(await this.#askName())) return;
    }
    if (this.#moving.current !== null) this.#leave(); // a link has led here from another project
    this.#view.ahead.clear();
    remember("bc-project", String(project.id));
    this.#one(".home").hidden = true;
    this.#one(".room").hidden = false;
    const { entered } = this.#moving;
    if (entered !== null && entered !== project.id) this.#status.forget();
    await this.#begin(() => this.#moving.enter(project, id));
  }

  /** @param {() => Promise<boolean>} ask for the queue, with whose first case it begins */
  async #begin(ask) {
    this.#status.leave();
    await ask();
  }

  #askQueue() {
    this.#begin(() => this.#moving.load());
  }

  /** Back from logging in, for one: what could not be had is asked for again. */
  #comeBack() {
    if (this.#isRefused) this.#start();
    if (this.#unanswered) this.#reload();
    if (this.#moving.isMissing) this.#askQueue();
    const { current } = this.#moving;
    if (current !== null && this.#view.viewer.dataset.state === "error") this.#view.select(current);
  }

  get #hasName() {
    return this.#session?.owner !== "local" || this.#session.reader !== "reader";
  }

  /** Where nobody logs in, the reader is asked once. @returns {Promise<boolean>} whether they have a name now */
  async #askName() {
    const dialog = /** @type {HTMLDialogElement} */ (this.#one(".who"));
    const input = /** @type {HTMLInputElement} */ (this.#one(".who input"));
    input.value = this.#hasName ? (this.#session?.reader ?? "") : "";
    dialog.returnValue = "";
    dialog.showModal();
    await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
    const name = input.value.trim();
    if (dialog.returnValue !== "begin" || !name || !this.#session) return false;
    try {
      const { reader } = await api.session(name); // as verdicts have it: without what nobody can see in it, for one
      remember("bc-reader", reader);
      api.setReader(reader);
      this.#session.reader = reader; // not of the one from before the dialog: it may have been asked for anew
      this.#showReader();
      return this.#hasName;
    } catch (error) {
      this.#sayFailed(error);
      return false;
    }
  }

  #showReader() {
    const isAsked = this.#session?.owner === "local" && this.#hasName; // else the login says who reads
    this.#one(".reads").hidden = !isAsked;
    this.#one(".reads .name").textContent = `Read by ${this.#session?.reader}`;
  }

  /** Another reader takes this seat. Drawings and verdicts are each reader's own, so the page begins anew. */
  async #changeReader() {
    const { verdicts, drafts } = this.#outbox.state;
    if (verdicts || drafts) return this.#status.say("The reader can be changed once everything is saved.", "error");
    const before = this.#session?.reader;
    if ((await this.#askName()) && this.#session?.reader !== before) location.reload();
  }

  get #blinded() {
    return /** @type {HTMLInputElement} */ (this.#one(".reads input"));
  }

  /** What others decided is hidden from now on, or shown: the page begins anew, for it stands all over it. */
  #changeBlinded() {
    // A verdict that another's came before would be sent again, and not be refused any more.
    if (this.#outbox.state.verdicts || this.#clashes.all.length > 0) {
      this.#blinded.checked = !this.#blinded.checked;
      return this.#status.say("This can be changed once everything is saved.", "error");
    }
    remember("bc-blinded", String(this.#blinded.checked));
    location.reload();
  }

  // ---------------------------------------------------------------- the page

  /** @param {Kept} kept */
  #drafted(kept) {
    this.#moving.list.change(Number(kept.id), { has_draft: true });
    this.#view.ahead.forget(Number(kept.id)); // it has a drawing now
    this.#deciding.drafted(kept);
  }

  #showSending() {
    this.#status.show({ ...this.#outbox.state, isHere: this.#drawing.isHere });
  }

  #listen() {
    const on = (/** @type {string} */ selector, /** @type {() => void} */ act) => this.#one(selector).addEventListener("click", act);
    on(".project", () => this.#showHome());
    on(".reads button", () => this.#changeReader());
    this.#blinded.addEventListener("change", () => this.#changeBlinded());
    on(".export", () => this.#moving.project && this.#session && this.#exporting.open(this.#moving.project, this.#session));
    on(".help", () => this.#act("help"));
    on(".room", () => leavePressed(this.#one(".room")));
    // Before the viewer hears of it, whose keys are others; and behind an open dialog no key does anything.
    document.addEventListener("keydown", (event) => this.#onKey(event), true);
    const touch = () => this.#isReading && this.#view.clock.touch();
    for (const event of ["pointermove", "pointerdown", "wheel", "keydown"]) document.addEventListener(event, touch, { passive: true, capture: true });
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#view.clock.pause() : touch()));
    window.addEventListener("focus", () => this.#comeBack());
    window.addEventListener(OPEN_CASE, (event) => this.#session && this.#openLinked(/** @type {CustomEvent} */ (event).detail));
    // What is on its way is kept in this browser, and sent when the page is opened again; better now.
    window.addEventListener("beforeunload", (event) => this.#outbox.state.verdicts > 0 && event.preventDefault());
  }

  get #isReading() {
    return this.#view.info !== null && this.checkVisibility();
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (!this.checkVisibility()) return;
    if (this.#isLeavingFull) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    const open = [...this.#root.querySelectorAll("dialog")].find((dialog) => dialog.open);
    if (open) {
      event.stopPropagation(); // Tab, Enter and Escape are the browser's own, and still work
      if (event.key === "?" && open.matches(".help-sheet")) open.close();
      return;
    }
    if (isTyping(event.composedPath()[0]) || this.#one(".room").hidden) return;
    const action = actionOf(event);
    if (event.repeat && (this.#form.isAsking || (action !== null && !HELD.has(action)))) return event.preventDefault();
    if (this.#form.isAsking && !event.ctrlKey && !event.altKey && !event.metaKey && this.#form.onReasonKey(keyOf(event))) {
      event.preventDefault();
      return;
    }
    if (event.key === "Escape") this.#moving.closeQueue();
    // With the pen on a mask E is the eraser.
    if (action === null || (action === "draw" && this.#drawing.isOn && this.#drawing.isThere)) return;
    event.preventDefault();
    if (document.fullscreenElement && BESIDE.has(action)) this.#actBeside(action);
    else this.#act(action);
  }

  /** In full screen nothing beside the picture is seen, nor can it have the keys: what asks there ends that first.
   * @param {import("./review-keys.js").Action} action */
  async #actBeside(action) {
    this.#isLeavingFull = true;
    await document.exitFullscreen().catch(() => {}); // the browser has ended it by itself
    this.#isLeavingFull = false;
    this.#act(action);
    // Space pans in the picture, where the hands are: here it would give the first reason.
    if (this.#form.isAsking) /** @type {HTMLElement | null} */ (this.#root.activeElement)?.blur();
  }

  /** @param {import("./review-keys.js").Action} action */
  #act(action) {
    switch (action) {
      case "next": return this.#moving.step(1);
      case "previous": return this.#moving.step(-1);
      case "unread": return this.#goOn();
      case "draw": return this.#view.isSeen ? this.#drawing.take() : undefined;
      case "putDown": return this.#drawing.putDown();
      case "undo": return this.#deciding.undoLast();
      case "label": return this.#form.nextLabel();
      case "difficulty": return this.#form.nextDifficulty();
      case "comment": return this.#form.comment.focus();
      case "queue": return this.#moving.toggleQueue();
      case "help": return openSheet(/** @type {HTMLDialogElement} */ (this.#one(".help-sheet")));
      case "reject": return this.#deciding.reject();
      default: this.#deciding.decide(action, null);
    }
  }

  /** To the next unread case; where there is no other, say whether the one in view is read. */
  #goOn() {
    if (this.#moving.goOn()) return;
    const { current, list } = this.#moving;
    const isUnread = current !== null && list.row(current)?.decision === null && !this.#outbox.isDeciding(String(current));
    this.#status.say(isUnread ? "This is the only unread case of this queue." : "All cases of this queue are read.");
  }

  /** @param {unknown} error why something was not done, or is not there @param {string} [before] it */
  #sayFailed(error, before = "") {
    this.#sayProblem(before + /** @type {Error} */ (error).message, wantsLogin(error) ? loginLink(true) : null);
  }

  /** Whether this is said, beside what can be pressed. @param {string} text */
  #isSaying(text) {
    return this.#one(".problem").firstChild?.textContent === text;
  }

  /** @param {string} text @param {Node | null} [help] what to press, in place of trying again */
  #sayProblem(text, help = null) {
    const line = this.#one(".problem");
    line.hidden = text === "";
    line.classList.toggle("error", help === null);
    line.replaceChildren(text, help ?? (text && !this.#session ? button("Try again", null, () => this.#start()) : ""));
  }

  /** @param {string} selector @returns {HTMLElement} */
  #one(selector) {
    return /** @type {HTMLElement} */ (this.#root.querySelector(selector));
  }
}

customElements.define("bc-review", Review);
