// What is drawn on the case in view: begun, kept stroke by stroke, gone on with after a crash, or dropped.

import { levelOf } from "../../canvas/scores.js";
import { Refused } from "./api.js";
import * as api from "./review-api.js";
import { packed, sameMask, unpacked } from "./review-bits.js";
import { isSame } from "./review-shelf.js";

/** @typedef {import("./review-api.js").CaseInfo} CaseInfo */
/** @typedef {import("./review-api.js").Beginning} Beginning */
/** @typedef {import("./review-api.js").Verdict} Verdict */
/** @typedef {import("./review-decision.js").Form} Form */
/** @typedef {import("./review-shelf.js").Kept} Kept */
/** @typedef {import("./review-shelf.js").Subject} Subject */
/** A mask, and what it began with.
 * @typedef {{mask: Uint8Array, beginning: Beginning, threshold?: number | null, revision?: string | null}} Begun */
/** An unfinished drawing: on the server, or left in this browser. @typedef {{kept: Kept | null, draft: api.Draft}} Left */
/** @typedef {object} Page
 * @property {() => string} whose owner and reader
 * @property {() => Form} form what is filled in now
 * @property {(form: Form) => void} fillIn
 * @property {(left: Left[]) => void} left unfinished drawings of the case, the newest first
 * @property {() => void} changed what is drawn, or whether the pen is in the hand
 * @property {(id: string, isThere: boolean) => void} drafted whether the reader has a drawing of this case
 * @property {(error: unknown) => void} failed
 * @property {(id: string) => void} reload ask for this case anew and show it
 */

/** What is filled in now, over what was filled in before. @param {Form | undefined} now @param {Form} before @returns {Form} */
export const laidOver = (now, before) => ({
  label: now?.label ?? before.label,
  difficulty: now?.difficulty ?? before.difficulty,
  comment: now?.comment || before.comment,
});

export class Drawing {
  /** The case in view, once it is shown with what was drawn on it. @type {CaseInfo | null} */ #info = null;
  /** The case that the reader has before them: its picture may be on its way, and they may be on their way to another.
   * What is drawn and filled in is kept as of this one. @type {CaseInfo | null} */ #before = null;
  /** @type {Left[]} */ #left = [];
  /** Strokes that were drawn before the viewer took the mask. */ #strokesBefore = 0;
  /** The pen is in the hand, from case to case. */ #isOn = false;
  /** Newest drawings that are not packed yet, by case. @type {Map<string, {kept: Kept, mask: Uint8Array}>} */ #unpacked = new Map();
  #isPacking = false;
  /** Whether this browser could keep the last of it. */ #isShelved = true;
  /** What was filled in on this page and is not decided yet, by the key of its record. The record itself reaches the
   * shelf only when the drawing is packed, and the reader may be back before. @type {Map<string, Form>} */ #forms = new Map();
  /** Cases on which something was drawn or filled in that no decision has taken. @type {Set<string>} */ #since = new Set();
  /** Counts what ends a drawing, by case, so that none of it is kept afterwards. @type {Map<string, number>} */ #ends = new Map();
  /** A drawing that ended elsewhere while it was offered here: what is said of it once its case is shown as it is now.
   * @type {{id: string, text: string} | null} */ #gone = null;

  /** @param {any} viewer @param {import("./review-shelf.js").Shelf} shelf @param {import("./review-outbox.js").Outbox} outbox @param {Page} page */
  constructor(viewer, shelf, outbox, page) {
    this.viewer = viewer;
    this.shelf = shelf;
    this.outbox = outbox;
    this.page = page;
    viewer.addEventListener("bc-edit", () => this.#onEdit());
    viewer.addEventListener("bc-tool", () => page.changed());
  }

  get isOn() {
    return this.#isOn;
  }

  /** The viewer has a mask of the reader's own in hand. */
  get isThere() {
    return this.viewer.beginning != null;
  }

  /** All that is drawn is kept in this browser. */
  get isHere() {
    return this.#unpacked.size === 0 && !this.#isPacking && this.#isShelved;
  }

  /** The prediction is not shown as it was made: at another threshold, or although the presence gate holds it back. */
  get isMoved() {
    if (!this.#info?.segmented) return false;
    const { presence, gate, threshold } = this.#info;
    const isHeldBack = presence !== null && gate !== null && presence < gate;
    return levelOf(this.viewer.threshold) !== levelOf(threshold ?? 0.5) || (isHeldBack && this.viewer.scores?.gated === false);
  }

  get strokes() {
    return this.isThere ? this.#strokesBefore + this.viewer.strokes : 0;
  }

  /** Strokes of the newest drawing that was left unfinished, as long as there is none in hand. */
  get waiting() {
    return this.isThere ? 0 : (this.#left[0]?.draft.strokes ?? 0);
  }

  /** The case in view is chosen no more. What is before the reader stays until the next one is there. */
  leave() {
    this.#info = null;
    this.#left = [];
    this.page.left([]);
    this.page.changed();
  }

  /** The reader has another case before them, the same one as it is now, or none. @param {CaseInfo | null} info */
  meet(info) {
    this.#before = info;
    if (info) this.#learnDraft(info); // it may be on the server, and be unsent no more, before the picture is there
  }

  /** What this page drew and has not sent yet takes the place of what the server has. @param {CaseInfo} info
   * @returns {Kept | null | undefined} see Outbox.unsent */
  #learnDraft(info) {
    const unsent = this.outbox.unsent(info);
    if (unsent !== undefined) info.draft = unsent;
    return unsent;
  }

  /** The viewer shows it. @param {CaseInfo} info @param {() => boolean} isCurrent whether it is still the one in view */
  async show(info, isCurrent) {
    this.#info = info;
    this.#left = [];
    this.page.left([]);
    if (info.width) {
      await this.#findLeft(info, isCurrent);
      if (isCurrent()) await this.#bringLast(info, isCurrent);
      // Chosen again, the viewer has kept what was in hand: of a drawing that is over, or under one that is offered.
      if (isCurrent() && this.isThere && !this.#isUnfinished(info) && (this.strokes > 0 || this.#left.length > 0)) this.viewer.edit(null);
      if (isCurrent() && this.#isOn && !this.isThere && this.#left.length === 0) this.#begin();
    }
    if (!isCurrent()) return;
    this.page.changed();
    this.#sayGone(info);
  }

  /** What is in hand is drawn on this case, and neither decided nor dropped. @param {CaseInfo} info */
  #isUnfinished(info) {
    return this.strokes > 0 && this.filledIn(info) !== undefined;
  }

  /** Whether what is kept from here is of this case, as it is known now. @param {CaseInfo} info */
  isOf(info) {
    return this.#info === info;
  }

  // ---------------------------------------------------------------- the pen

  /** Take the pen: go on with what was left unfinished, else begin with what there is. */
  take() {
    if (!this.#info?.width) return;
    if (!this.isThere && this.#left.length > 0) return void this.goOn(0); // its mask may not be to be had
    this.#isOn = true;
    if (!this.isThere) this.#begin();
    this.#pickUp();
  }

  /** What is drawn stays in sight. */
  putDown() {
    this.#isOn = false;
    if (this.strokes > 0) this.viewer.tool = "pan";
    else this.viewer.edit(null);
    this.page.changed();
  }

  #begin() {
    const isMoved = this.isMoved; // asked before there is a mask of one's own to look at
    for (const beginning of /** @type {Beginning[]} */ (["prediction", "truth", "empty"])) {
      const mask = this.viewer.maskOf(beginning);
      if (!mask) continue;
      this.#hold({ mask, beginning, revision: this.#info?.revision });
      break;
    }
    if (isMoved) this.viewer.begin("threshold"); // what is seen is what one draws on
  }

  /** Have this mask in hand, in place of what was there. @param {Begun} begun @param {number} [strokes] that are in it */
  #hold({ mask, beginning, threshold, revision }, strokes = 0) {
    this.viewer.edit(mask, beginning, { threshold, revision });
    this.#strokesBefore = strokes;
  }

  #pickUp() {
    if (this.viewer.tool === "pan") this.viewer.tool = "brush";
    this.page.changed();
  }

  /** Begin with the mask of a verdict; throws where it cannot be had.
   * @param {Verdict} verdict @param {() => boolean} isCurrent */
  async from(verdict, isCurrent) {
    if (!this.#info) return;
    const last = await this.#leftBy(verdict);
    if (!isCurrent()) return;
    if (!this.isThere && this.#left.length > 0) {
      // What was left unfinished lies under it: without that it would take its place here and on the server.
      await this.#goOnWith(this.#left[0]).catch(({ message }) => {
        throw new Error(`Your unfinished drawing, which lies under it, cannot be loaded. ${message}`);
      });
      if (!isCurrent()) return;
    }
    if (this.strokes === 0) this.#begin(); // what is there may be this very mask, and that again would be no step
    this.viewer.last = last;
    this.viewer.begin("last"); // a step, so that it is kept, and can be undone
    this.#isOn = true;
    this.#pickUp();
  }

  /** The mask of a verdict. Drawn on again it still began where it did: a correction of a prediction stays one. What
   * another reader drew from nothing is not drawn from nothing by this one.
   * @param {Verdict} verdict @returns {Promise<Begun>} */
  async #leftBy({ id, case_id, reader, decision, beginning, threshold, revision }) {
    const mask = await api.mask(String(case_id), id);
    if (decision === "accept") return { mask, beginning: "prediction", revision };
    if (decision === "truth") return { mask, beginning: "truth" };
    const isAnothers = !this.page.whose().endsWith(`\n${reader}`);
    return { mask, beginning: isAnothers && beginning === "empty" ? "last" : (beginning ?? "last"), threshold, revision };
  }

  // ---------------------------------------------------------------- kept as it is drawn

  #onEdit() {
    if (this.strokes > 0) this.keep();
    else if (this.#before) {
      this.discard(this.#before); // all of it was undone,
      this.keep(); // but for what is filled in
    }
    this.page.changed();
  }

  /** Keep the drawing and what is filled in, in this browser and on the server. */
  async keep() {
    const kept = this.kept("draft");
    if (!kept) return;
    this.#forms.set(kept.key, kept.form);
    this.#since.add(kept.id);
    if (kept.strokes === 0) {
      // Something was filled in, and nothing is in hand; what was drawn before may still wait for the server.
      const unsent = this.outbox.unsent(kept);
      if (unsent) unsent.form = kept.form;
      return void (await this.shelf.put(unsent ?? kept));
    }
    this.#unpacked.set(kept.id, { kept, mask: this.viewer.edited });
    if (this.#isPacking) return;
    this.#isPacking = true;
    for (const [id, { kept, mask }] of this.#unpacked) {
      this.#unpacked.delete(id);
      const ends = this.#ends.get(id);
      kept.bits = await packed(mask);
      if (this.#ends.get(id) === ends) this.#isShelved = await this.outbox.draft(kept);
    }
    this.#isPacking = false;
    this.page.changed();
  }

  /** A record of the case before the reader, without its mask. @param {"draft" | "verdict"} kind @returns {Kept | null} */
  kept(kind) {
    const info = this.#before;
    if (!info) return null;
    const whose = this.page.whose();
    const beginning = this.viewer.beginning ?? null;
    return {
      key: this.shelf.key(kind, whose, info),
      whose,
      tab: this.shelf.tab,
      kind,
      id: info.id,
      name: info.name,
      project: info.project,
      width: info.width,
      height: info.height,
      changed: new Date().toISOString(),
      bits: null,
      beginning,
      threshold: this.viewer.beginningThreshold ?? null,
      revision: this.viewer.beginningRevision ?? info.revision,
      after: info.latest,
      strokes: this.strokes,
      form: this.page.form(),
      acknowledged: null,
      said: null,
    };
  }

  /** The mask as it is sent. @returns {Promise<Uint8Array<ArrayBuffer>>} */
  packed = () => packed(this.viewer.edited);

  /** What was filled in on this page and is not decided yet. @param {Subject} subject @returns {Form | undefined} */
  filledIn(subject) {
    return this.#forms.get(this.shelf.key("draft", this.page.whose(), subject));
  }

  /** From now on no drawing of this case is kept: it is decided. @param {string} id */
  end(id) {
    this.#unpacked.delete(id);
    this.#since.delete(id);
    this.#ends.set(id, (this.#ends.get(id) ?? 0) + 1);
  }

  /** Whether something was drawn or filled in that no decision has taken: after a verdict that is on its way, for one.
   * @param {string} id */
  hasMore(id) {
    return this.#since.has(id);
  }

  /** What earlier pages drew or filled in after a verdict that is sent now is not over with that. @param {Kept[]} left by them */
  inherit(left) {
    const verdicts = left.filter(({ kind }) => kind === "verdict");
    for (const kept of left) {
      const isAfter = verdicts.some((verdict) => verdict.changed < kept.changed && isSame(verdict, kept));
      if (kept.kind === "draft" && isAfter) this.#since.add(kept.id);
    }
  }

  /** Drop the drawing of this case, here and on the server. @param {Subject} subject */
  async discard(subject) {
    this.end(subject.id);
    this.outbox.drop(subject.id);
    this.page.drafted(subject.id, false);
    await this.#forget(this.page.whose(), subject);
  }

  /** Nothing of this case is unfinished here. @param {string} whose @param {Subject} subject */
  async #forget(whose, subject) {
    const key = this.shelf.key("draft", whose, subject);
    this.#forms.delete(key);
    await this.shelf.remove(key);
  }

  /** The case is decided: that ends what earlier pages left of it before, too. Their verdicts were refused, and would be
   * sent at every opening until they are taken. What was drawn or filled in after it stays: the verdict itself may be of an
   * earlier page, which went on.
   * @param {Kept} verdict @param {boolean} isLeft whether the reader goes on to another case */
  async decided(verdict, isLeft) {
    if (isLeft && this.#before?.id === verdict.id) this.#before = null; // no stroke is meant for it before it is chosen again
    if (!this.hasMore(verdict.id)) this.#forget(verdict.whose, verdict);
    for (const kept of await this.shelf.left(verdict.whose)) {
      if (kept.changed < verdict.changed && isSame(kept, verdict)) await this.shelf.remove(kept.key);
    }
  }

  // ---------------------------------------------------------------- what was left unfinished

  /** @param {CaseInfo} info @param {() => boolean} isCurrent */
  async #findLeft(info, isCurrent) {
    const here = await this.#leftHere(this.page.whose(), info);
    if (!isCurrent()) return;
    const now = this.filledIn(info);
    const unsent = this.#learnDraft(info);
    /** @type {Left[]} */
    const left = info.draft ? [{ kept: unsent ?? null, draft: info.draft }] : [];
    for (const kept of here) {
      if (kept.bits === null) await this.#adopt(kept, now);
      else if (info.draft && !unsent && (await this.#isSame(kept, info))) {
        left[0] = { kept: { ...kept, acknowledged: info.draft.changed }, draft: info.draft }; // with what was filled in besides
      } else {
        left.push({ kept: { ...kept, acknowledged: null }, draft: kept }); // if the server had it, it has another one now
      }
    }
    if (!isCurrent()) return;
    // What is in hand is not offered besides: it is what the server has, or will have.
    const offered = this.#isUnfinished(info) ? left.filter(({ draft }) => draft !== info.draft) : left;
    this.#left = offered.sort((a, b) => Date.parse(b.draft.changed) - Date.parse(a.draft.changed));
    this.page.left(this.#left);
  }

  /** What pages that are not there any more drew on this case. @param {string} whose @param {Subject} subject @returns {Promise<Kept[]>} */
  async #leftHere(whose, subject) {
    return (await this.shelf.left(whose)).filter((kept) => kept.kind === "draft" && isSame(kept, subject));
  }

  /** Whether the server has this drawing too: its answer may have been lost. @param {Kept} kept @param {CaseInfo} info */
  async #isSame(kept, info) {
    if (kept.acknowledged === info.draft?.changed) return true;
    if (!kept.bits) return false;
    const [here, there] = await Promise.all([unpacked(kept.bits, info.width * info.height), api.mask(info.id, "draft").catch(() => null)]);
    return there !== null && sameMask(here, there);
  }

  /** A correction that stands is seen in the viewer. @param {CaseInfo} info @param {() => boolean} isCurrent */
  async #bringLast(info, isCurrent) {
    const { verdict } = info;
    if (!verdict?.has_mask) return;
    try {
      const last = await this.#leftBy(verdict);
      if (!isCurrent()) return;
      this.viewer.last = last;
      if (verdict.decision !== "corrected" || this.#left.length > 0 || this.#isUnfinished(info)) return;
      this.#hold(last);
      if (!this.#isOn) this.viewer.tool = "pan";
    } catch (error) {
      this.page.failed(error);
    }
  }

  /** What another page left in this browser is this page's from now on, under what was filled in here.
   * @param {Kept} kept @param {Form} [now] */
  async #adopt(kept, now = this.filledIn(kept)) {
    const key = this.shelf.key("draft", kept.whose, kept);
    const form = laidOver(now, kept.form);
    this.page.fillIn(form);
    this.#forms.set(key, form);
    await this.shelf.put({ ...kept, form, tab: this.shelf.tab, key });
    await this.shelf.remove(kept.key);
  }

  /** @param {number} at its place among those that were offered */
  async goOn(at) {
    const left = this.#left[at];
    if (left) await this.#goOnWith(left).catch((error) => this.page.failed(error));
  }

  /** Throws where it is not to be had now; of one that is gone the reader is told. @param {Left} left */
  async #goOnWith(left) {
    const info = this.#info;
    if (!info) return;
    try {
      const mask = left.kept?.bits ? await unpacked(left.kept.bits, info.width * info.height) : await api.mask(info.id, "draft");
      if (this.#info !== info || !this.#left.includes(left)) return;
      const { beginning, threshold, revision, strokes } = left.draft;
      this.#hold({ mask, beginning: beginning ?? "empty", threshold, revision: revision ?? info.revision }, Math.max(strokes, 1));
    } catch (error) {
      if (!(error instanceof Refused && error.status === 404)) throw error;
      await this.#lose(left, info);
      return;
    }
    this.#isOn = true;
    this.#without(left);
    if (left.kept && left.kept.tab !== this.shelf.tab) {
      await this.#adopt(left.kept); // another page filled it in
    }
    this.#pickUp();
    this.keep();
  }

  /** The server does not have this drawing any more: the same reader has decided the case or dropped it in another
   * browser. The case is shown as it is now. @param {Left} left @param {CaseInfo} info */
  async #lose(left, info) {
    const { id, verdict, revision } = info;
    const now = await api.case_(id, revision ? [["of", revision]] : []);
    if (this.#info !== info || !this.#left.includes(left)) return;
    const what = now.verdict?.id === verdict?.id ? "it was dropped" : "this case was decided";
    this.#gone = { id, text: `Your unfinished drawing is gone: ${what} elsewhere meanwhile.` };
    this.page.drafted(id, now.draft !== null);
    this.#without(left);
    this.page.reload(id);
  }

  /** Whoever wanted to go on with it has the pen, as if there had been none. @param {CaseInfo} info that is shown */
  #sayGone(info) {
    const gone = this.#gone;
    this.#gone = null;
    if (gone?.id !== info.id) return;
    this.page.failed(new Error(gone.text));
    if (this.#left.length === 0) this.take();
  }

  /** @param {number} at */
  drop(at) {
    const info = this.#info;
    const left = this.#left[at];
    if (!info || !left) return;
    this.#without(left);
    if (left.kept) this.shelf.remove(left.kept.key);
    if (left.draft === info.draft) {
      info.draft = null;
      const isFilledIn = this.filledIn(info) !== undefined;
      this.discard(info); // this page may have drawn it, and then has a record of it
      if (isFilledIn) this.keep(); // what is in hand meanwhile, and what is filled in
    }
    if (this.#isOn && !this.isThere && this.#left.length === 0) this.#begin();
    this.page.changed();
  }

  /** @param {Left} left */
  #without(left) {
    this.#left = this.#left.filter((other) => other !== left);
    this.page.left(this.#left);
  }
}
