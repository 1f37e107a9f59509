// Deciding the case in view, and undoing it: what becomes of a verdict once its key is pressed.

import { Refused } from "./api.js";
import { button } from "./dom.js";
import * as api from "./review-api.js";
import { packed } from "./review-bits.js";
import { laidOver } from "./review-drawing.js";
import { KEYS, shown } from "./review-keys.js";
import { FETCHED, MOVED, SINCE, leavesOut } from "./review-refusals.js";
import { randomName } from "./review-shelf.js";
import * as words from "./review-words.js";

/** @typedef {import("./review-api.js").Decision} Decision */
/** @typedef {import("./review-decision.js").Pressed} Pressed */
/** @typedef {import("./review-api.js").Row} Row */
/** @typedef {import("./review-api.js").Verdict} Verdict */
/** @typedef {import("./review-shelf.js").Kept} Kept */
/** @typedef {object} Parts
 * @property {import("./review-view.js").CaseView} view
 * @property {import("./review-moving.js").Moving} moving
 * @property {import("./review-drawing.js").Drawing} drawing
 * @property {import("./review-decision.js").DecisionForm} form
 * @property {import("./review-clash.js").Clashes} clashes
 * @property {import("./review-outbox.js").Outbox} outbox
 * @property {import("./review-shelf.js").Shelf} shelf
 * @property {import("./review-status.js").Status} status
 * @property {import("./review-standing.js").Standing} standing
 */

const CHANNEL = "bc-review";
const SAVING = `This case is being saved: ${shown(KEYS.undo.keys[0])} takes that back.`;
const UNDOING = "The verdict on this case is being undone: decide again after that.";
const NONE_HERE = `No verdict of yours in this project since this page was opened. At a case that you decided before, ${shown(KEYS.undo.keys[0])} takes that back.`;
const AFTER = "What you add now is saved when you decide again.";

/** @param {{kept: Kept}[]} refused */
const namesOf = (refused) => refused.map(({ kept }) => kept.name).join(", ");

/** Whether "No lesion" was pressed: any other correction began with some mask. @param {Kept} kept a verdict */
const isNoLesion = ({ said, beginning }) => said?.decision === "corrected" && beginning === null;

/** What was pressed for it. @param {Kept} kept a verdict */
const pressedFor = (kept) => (isNoLesion(kept) ? "noLesion" : kept.said?.decision);

export class Deciding {
  /** A decision that would leave strokes out was pressed once, and for how many. */ #warned = "";
  /** What was last said to stand in the way of a decision. @type {{decision: Pressed, text: string} | null} */ #hindered = null;
  /** Verdicts of this page, of all its projects, the last of them last. @type {{verdict: Verdict, project: number}[]} */ #undoable = [];
  /** Under which key a verdict is undone, by its id: the same for each try. @type {Map<number, string>} */ #undoKeys = new Map();
  /** Verdicts that are undone once they are saved: the reader has asked for it before, and whether they wait for it.
   * @type {Map<Kept, () => boolean>} */ #unsaid = new Map();
  /** What was last said of those. */ #notUndone = "";
  /** Cases whose verdict is being undone. @type {Set<number>} */ #undoing = new Set();
  /** Whose drawing an undo has brought back, until it is drawn on. @type {string | null} */ #broughtBack = null;
  /** Verdicts that the server will not have, and why. @type {Map<string, {kept: Kept, why: string}>} */ #unwanted = new Map();
  /** To the other tabs of this browser. */ #channel = new BroadcastChannel(CHANNEL);

  /** @param {Parts} parts */
  constructor({ view, moving, drawing, form, clashes, outbox, shelf, status, standing }) {
    this.view = view;
    this.moving = moving;
    this.drawing = drawing;
    this.form = form;
    this.clashes = clashes;
    this.outbox = outbox;
    this.shelf = shelf;
    this.status = status;
    this.standing = standing;
    this.#channel.onmessage = ({ data }) => {
      view.ahead.forget(data.id);
      if (data.asker === api.asker()) moving.decided(data.project, data.id, data.changed);
      else if (moving.list.row(data.id)) view.ahead.get(data.id).then((info) => moving.learn(info), () => {}); // heard of at the next visit
    };
    view.viewer.addEventListener("bc-edit", () => this.#onEdit());
  }

  /** @param {Pressed} decision @param {string | null} reason
   * @param {number} [after] the verdict that it is made after, where the reader has seen a newer one than the case came with */
  async decide(decision, reason, after) {
    const { info } = this.view;
    if (!info) return;
    const sent = this.outbox.deciding(info.project).find(({ id }) => id === info.id);
    if (sent && pressedFor(sent) !== decision) this.status.say(SAVING, "error");
    if (sent) return; // the same once more is one decision
    this.view.viewer.settle(); // an outline that goes around nothing new is no stroke
    const why = this.#refusal(decision);
    if (why) return this.#hinder(decision, why);
    const warning = leavesOut(decision, this.drawing);
    if (warning && !this.#isWarned(decision, warning)) return this.#hinder(decision, warning);
    const kept = this.drawing.kept("verdict");
    if (!kept) return;
    this.status.leave();
    this.form.leave(); // not every browser gives a button that is pressed the focus
    const isDrawn = decision === "corrected";
    const isNone = decision === "noLesion";
    if (isNone) kept.beginning = null; // nothing that is in hand goes with it
    const revision = isDrawn ? kept.revision : info.revision;
    this.drawing.end(info.id);
    kept.said = {
      decision: isNone ? "corrected" : decision,
      reason,
      ...kept.form,
      label: kept.form.label ?? (isNone && info.label !== words.NORMAL ? words.NORMAL : null),
      key: randomName(),
      case: info.name,
      after: after ?? kept.after,
      prediction: revision === info.revision ? info.prediction : null,
      revision,
      beginning: isDrawn ? kept.beginning : isNone ? "empty" : null,
      threshold: isDrawn ? kept.threshold : null,
      seconds: Math.round(this.view.clock.seconds * 10) / 10,
    };
    this.clashes.take(info.id);
    this.#unwanted.delete(kept.key); // this one is kept in its place
    const empty = () => packed(new Uint8Array(info.width * info.height));
    const isHere = this.outbox.decide(kept, isDrawn ? this.drawing.packed() : isNone ? empty() : null);
    if (this.status.isAbout(kept.id)) this.#sayRefused() || this.status.say("");
    await isHere;
  }

  /** Ask why the case in view is rejected. While it is being saved its answer goes on to the next case, and while it is
   * being undone the case is shown anew: the digit of the reason would be a decision there. */
  reject() {
    const { info } = this.view;
    if (!info) return;
    if (this.outbox.isDeciding(info.id)) this.status.say(SAVING, "error");
    else if (this.#undoing.has(Number(info.id))) this.status.say(UNDOING, "error");
    else this.form.askReason();
  }

  /** Whether this was just said of the same strokes, so that the reader means it. Once another case is in view, or
   * something else is said over it, it has to be pressed twice again. @param {Pressed} decision @param {string} warning */
  #isWarned(decision, warning) {
    const { strokes, waiting } = this.drawing;
    const warned = `${decision} ${strokes} ${waiting}`;
    const isSo = this.#warned === warned && this.status.isSaying(warning);
    this.#warned = warned;
    return isSo;
  }

  /** Why it cannot be made. @param {Pressed} decision */
  #refusal(decision) {
    if (this.#undoing.has(Number(this.view.info?.id))) return UNDOING;
    /** @type {import("./review-refusals.js").Refusals} */
    const refusals = this.view.refusals;
    return refusals[decision] ?? (decision === "accept" && this.drawing.isMoved ? MOVED : "");
  }

  /** @param {Pressed} decision @param {string} text what stands in its way */
  #hinder(decision, text) {
    this.#hindered = { decision, text };
    this.status.say(text, "error");
  }

  /** Another stroke, or one undone: what was said of the strokes before is over. */
  #onEdit() {
    this.#broughtBack = null;
    if (!this.#hindered) return;
    const { decision, text } = this.#hindered;
    const isSo = text === (this.#refusal(decision) || leavesOut(decision, this.drawing));
    if (!isSo && this.status.isSaying(text)) this.status.leave();
  }

  // ---------------------------------------------------------------- what the server says to it

  /** A drawing is on the server. Of one that an undo has brought back that stands there. @param {Kept} kept */
  drafted({ id }) {
    if (id === this.view.info?.id && id !== this.#broughtBack && this.outbox.state.verdicts === 0) this.status.hint("Drawing kept, not decided yet.");
  }

  /** @param {Kept} kept @param {api.Saved} verdict */
  saved(kept, verdict) {
    if (!verdict.stands) return this.#savedBefore(kept, verdict);
    const id = Number(kept.id);
    const { info } = this.view;
    const before = this.moving.list.row(id) ?? (info?.id === kept.id ? words.rowOf(info) : undefined);
    const { decision, reader, at, label_now: label } = verdict;
    const changed = { decision: /** @type {Decision} */ (decision), reader, read_at: at, label };
    this.moving.decided(kept.project, id, { ...changed, has_draft: false }, before);
    this.#tell(kept.project, id, changed);
    this.view.decided(id);
    this.#undoable.push({ verdict, project: kept.project });
    const isAwaited = this.#unsaid.get(kept);
    // What the reader has begun on the case meanwhile would end in the next one.
    const isGoneOnWith = this.drawing.hasMore(kept.id) || this.form.isInHand;
    const isLeft = this.moving.current !== id || !(isAwaited || isGoneOnWith);
    this.drawing.decided(kept, isLeft);
    const text = `Saved ${words.moment(at)}: ${kept.name}, ${words.decided(verdict)}.`;
    const wasNotSaved = this.status.isAbout(kept.id); // by an earlier try
    for (const [key, refused] of this.#unwanted) if (refused.kept.id === kept.id) this.#unwanted.delete(key);
    const say = (/** @type {string} */ text) => this.#sayRefused(text) || this.status.say(text, "good", verdict);
    // Of another case: what is wrong with the one in view stays in sight.
    if (this.moving.current === id || wasNotSaved || !this.status.isWrong) say(text);
    this.standing.now();
    this.#unsaid.delete(kept);
    if (isAwaited) return void this.#undoSaved(kept, verdict, isAwaited);
    if (this.moving.current !== id || (isLeft && this.moving.goOn())) return;
    this.view.select(id);
    say(`${text} ${isLeft ? "All cases of this queue are read." : AFTER}`);
  }

  /** It had come with an earlier try, whose answer was lost. @param {Kept} kept @param {Verdict} verdict */
  #savedBefore(kept, { at }) {
    const id = Number(kept.id);
    this.#unsaid.delete(kept);
    this.view.decided(id);
    this.drawing.decided(kept, false);
    if (this.moving.current === id) this.view.select(id);
    else this.view.overtaken(kept.id);
    this.status.say(`Your verdict on ${kept.name}, saved ${words.moment(at)}, no longer stands: it has since been undone or followed by another.`, "error");
  }

  /** @param {Kept} kept @param {Refused} error */
  refused(kept, error) {
    const { latest } = error.answer ?? {};
    this.#unsaid.delete(kept);
    if (kept.kind !== "verdict") return this.#sayNotSaved([kept], `NOT saved: ${error.message}`);
    if (error.status !== 409 || !latest) {
      this.#unwanted.delete(kept.key); // the last of them last
      this.#unwanted.set(kept.key, { kept, why: error.message });
      return void this.#sayRefused();
    }
    this.clashes.add(kept, latest);
    const { info } = this.view;
    if (info?.id === kept.id) this.clashes.show(info, this.view.stays());
    this.view.overtaken(kept.id);
    this.#sayRefused();
  }

  /** Say what the server did not take. It stays in this browser, and is sent again when the page is opened, until the reader
   * drops it or leaves what somebody decided in between. Of a case that is decided anew this is over, unless that is refused,
   * too. @param {string} [besides] what is to be said after it @returns {boolean} whether there is any */
  #sayRefused(besides = "") {
    const isMeant = (/** @type {{kept: Kept}} */ { kept }) => !this.outbox.isDeciding(kept.id);
    const unwanted = [...this.#unwanted.values()].filter(isMeant);
    const clashes = this.clashes.all.filter(isMeant);
    const last = clashes.at(-1);
    const texts = [];
    if (unwanted.length > 0) texts.push(`NOT saved, ${namesOf(unwanted)}: ${unwanted.at(-1)?.why}`);
    if (last) texts.push(`NOT saved${clashes.length > 1 ? `, ${namesOf(clashes)}` : ""}: ${words.inBetween(last.latest, last.kept.name)}`);
    if (texts.length === 0) return false;
    if (besides) texts.push(besides);
    this.#sayNotSaved([...unwanted, ...clashes].map(({ kept }) => kept), texts.join(" "), unwanted.length > 0 ? this.#dropping(unwanted) : null);
    return true;
  }

  /** @param {{kept: Kept}[]} unwanted @returns {HTMLElement} what drops them */
  #dropping(unwanted) {
    return button(unwanted.length === 1 ? "Drop it" : "Drop them", null, async () => {
      for (const { kept } of unwanted) this.#unwanted.delete(kept.key);
      await Promise.all(unwanted.map(({ kept }) => this.shelf.remove(kept.key)));
      const text = `Dropped, and not decided: ${namesOf(unwanted)}.`;
      this.#sayRefused(text) || this.status.say(text);
    });
  }

  /** @param {Kept[]} kept @param {string} text @param {HTMLElement | null} [act] */
  #sayNotSaved(kept, text, act = null) {
    this.status.say(text, "error", null, act, kept.map(({ id }) => id));
  }

  /** @param {number} project @param {number} id @param {Partial<Row>} changed */
  #tell(project, id, changed) {
    this.#channel.postMessage({ project, id, changed, asker: api.asker() });
  }

  // ---------------------------------------------------------------- somebody decided in between

  /** One's own comes on top of theirs, with what was drawn and filled in since. */
  async saveMine() {
    const { info } = this.view;
    const clash = info && this.clashes.of(info.id);
    if (!info || !clash?.kept.said || this.outbox.isDeciding(info.id)) return;
    const { kept, latest } = clash;
    const { said } = clash.kept;
    const { reason } = said;
    const decision = isNoLesion(kept) ? "noLesion" : said.decision;
    if (!this.drawing.isOf(info)) return this.#hinder(decision, FETCHED);
    if (this.drawing.strokes > 0) return this.decide(decision, reason, latest.id);
    // Its case was left or the page loaded again, and what was drawn is in hand no more: it is sent as it was.
    if (this.drawing.waiting > kept.strokes && !this.#isWarned(decision, SINCE)) return this.#hinder(decision, SINCE);
    this.status.leave();
    this.form.leave();
    this.drawing.end(info.id);
    const now = this.drawing.filledIn(info);
    // What an earlier page had filled in need not be in this one's form.
    const form = now && kept.tab !== this.shelf.tab ? laidOver(now, said) : now;
    const label = form?.label ?? (isNoLesion(kept) ? said.label : null);
    await this.clashes.saveMine(info.id, form && { ...form, label });
  }

  /** They are right. */
  async keepTheirs() {
    const clash = this.view.info && this.clashes.take(this.view.info.id);
    if (!clash) return;
    const { kept, latest } = clash;
    await this.shelf.remove(kept.key);
    await this.drawing.discard(kept);
    this.view.ahead.forget(Number(kept.id));
    await this.view.select(Number(kept.id));
    const text = `The ${latest.decision === "undo" ? "undo" : "verdict"} of ${latest.reader} stands; your verdict was not saved.`;
    this.#sayRefused(text) || this.status.say(text);
  }

  // ---------------------------------------------------------------- undoing

  undoLast() {
    // Of this project: what was decided in another one is not taken back unseen.
    const here = this.moving.project?.id;
    const deciding = this.outbox.deciding(here);
    if (deciding.length > 0) return this.#undoOnceSaved(deciding);
    const last = this.#undoable.filter(({ project }) => project === here).at(-1);
    const { mine } = this.view;
    if (last) this.undo(last.verdict);
    else if (mine) this.undo(mine);
    else this.status.hint(NONE_HERE); // what is not saved stays in sight
  }

  /** The last verdict may be saved already, or not be: only the answer tells. One that was saved before it is not
   * meant, however often the reader presses. @param {Kept[]} deciding verdicts that are on their way */
  #undoOnceSaved(deciding) {
    const last = deciding.findLast((kept) => !this.#unsaid.has(kept));
    if (last) this.#unsaid.set(last, this.#waits());
    this.#sayNotUndone();
  }

  /** Whether the reader has not gone to another case since, nor begun anything. @returns {() => boolean} */
  #waits() {
    const stays = this.view.stays();
    const wasInHand = this.form.isInHand;
    return () => stays() && (wasInHand || !this.form.isInHand);
  }

  #sayNotUndone() {
    const names = [...this.#unsaid.keys()].map(({ name }) => name).join(", ");
    this.#notUndone = `NOT undone yet: ${names}. A verdict is undone as soon as it is saved.`;
    this.status.say(this.#notUndone, "error");
  }

  /** The reader has asked for it before it was saved. @param {Kept} kept @param {Verdict} verdict
   * @param {() => boolean} isAwaited see `undo` */
  async #undoSaved({ name }, verdict, isAwaited) {
    const id = verdict.case_id;
    const isCurrent = this.view.stays();
    const isUndone = await this.undo(verdict, isAwaited);
    // Saved, its case was over, and nothing would be kept of it: shown again it is as it stands now.
    if (!isUndone && isCurrent() && this.moving.current === id) await this.view.select(id);
    if (!isUndone || !this.status.isSaying(this.#notUndone)) return;
    if (this.#unsaid.size > 0) this.#sayNotUndone();
    else this.status.say(`Undone: ${name}, ${words.decided(verdict)}.`); // the reader is elsewhere
  }

  /** @param {Verdict} verdict @param {() => boolean} [isAwaited] whether the reader, who asked for it, waits for it still
   * @returns {Promise<boolean>} whether it is undone */
  async undo(verdict, isAwaited = this.#waits()) {
    const id = verdict.case_id;
    const key = this.#undoKeys.get(verdict.id) ?? randomName();
    this.#undoKeys.set(verdict.id, key);
    this.#undoing.add(id);
    try {
      await api.undo(verdict, key);
    } catch (error) {
      this.#undoing.delete(id);
      if (error instanceof Refused && error.status === 409) {
        this.#isOver(verdict);
        this.view.overtaken(String(id));
      }
      this.status.say(`NOT undone: ${/** @type {Error} */ (error).message}`, "error");
      return false;
    }
    this.#isOver(verdict);
    this.view.ahead.forget(id);
    const now = await this.view.ahead.get(id).catch(() => null);
    this.#undoing.delete(id);
    if (now) {
      const changed = words.rowOf(now);
      this.moving.decided(now.project, id, changed, { decision: verdict.decision, label: verdict.label ?? now.label });
      this.#tell(now.project, id, changed);
    }
    if (this.moving.current !== id && !isAwaited()) {
      if (now) this.status.hint(`Undone: ${now.name}, ${words.decided(verdict)}.`);
      return true;
    }
    const since = now && this.drawing.filledIn(now); // with the verdict in sight, and newer than what that says
    await this.view.select(id);
    if (this.moving.current !== id || !this.view.info) return true;
    if (!since && this.view.isMine(verdict)) {
      const { label } = verdict;
      // A label that "No lesion" has chosen is none of the next decision's.
      const before = words.isEmpty(verdict) && label === words.NORMAL ? { ...verdict, label: null } : verdict;
      this.form.form = laidOver(this.drawing.filledIn(this.view.info), before);
      this.drawing.keep(); // as if it had been filled in anew
    }
    const isDrawnOn = since && this.drawing.strokes + this.drawing.waiting > 0; // its mask would take that one's place
    const isDrawn = verdict.decision === "corrected" && !words.isEmpty(verdict);
    if (isDrawn && !isDrawnOn) await this.#bringBack(verdict, this.view.stays());
    else this.#sayUndone(verdict);
    return true;
  }

  /** Have the drawing of an undone verdict in hand. @param {Verdict} verdict @param {() => boolean} isCurrent whether the
   * reader is still at its case */
  async #bringBack(verdict, isCurrent) {
    try {
      await this.drawing.from(verdict, isCurrent);
    } catch (error) {
      if (!isCurrent()) return;
      const why = `Its drawing could not be brought back. ${/** @type {Error} */ (error).message}`;
      this.status.say(`Undone: ${words.decided(verdict)}. ${why}`, "error", null, button("Try again", null, () => this.#bringBack(verdict, isCurrent)));
      return;
    }
    if (!isCurrent()) return;
    this.#broughtBack = String(verdict.case_id);
    this.#sayUndone(verdict);
  }

  /** @param {Verdict} verdict */
  #sayUndone(verdict) {
    this.status.say(`Undone: ${words.decided(verdict)}. Decide again.`);
  }

  /** It cannot be undone once more. @param {Verdict} verdict */
  #isOver(verdict) {
    this.#undoable = this.#undoable.filter((other) => other.verdict.id !== verdict.id);
  }
}
