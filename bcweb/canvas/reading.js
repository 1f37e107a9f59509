// What is shown: a scan, what was predicted, what is true, and the threshold at which that is read.

import { boxAt } from "./extents.js";
import { NOTHING, levelOf, scoresAt } from "./scores.js";
import { LAYERS } from "./shaders.js";

/** @typedef {import("./source.js").ScanInfo} ScanInfo */

/** Whether there are two masks to compare (Reading.compared).
 * @param {Record<"prediction" | "truth" | "mine", unknown>} reading */
export function isComparable({ prediction, truth, mine }) {
  return mine ? !!(truth || prediction) : !!(truth && prediction);
}

export class Reading {
  /** @type {ScanInfo | null} */ info = null;
  /** The scan and its halves. @type {import("./pyramid.js").Level[] | null} */ scan = null;
  /** @type {import("./prepare.js").Prediction | null} */ prediction = null;
  /** @type {import("./prepare.js").Truth | null} */ truth = null;
  /** The reader's own mask, while it is edited. @type {import("./edit/edited.js").Edited | null} */ mine = null;
  /** What describes the prediction that is there; that of `info` may still be on its way. @type {ScanInfo | null} */ #taken = null;
  #threshold = 0.5;
  /** A mask that the presence gate holds back is shown once the reader asks for it. */ #askedFor = false;

  /** Begin another description. The arrays stay if it is of the scan that is there already.
   * @param {ScanInfo | null} info @returns {boolean} whether they stay */
  begin(info) {
    const keep = info !== null && info.id === this.info?.id && this.scan !== null;
    this.info = info;
    if (!keep) this.scan = this.prediction = this.truth = this.mine = this.#taken = null;
    return keep;
  }

  /** Take the maps of the description; another answer than the one that is there starts at its own operating point.
   * @param {import("./prepare.js").Maps} maps */
  takeMaps({ prediction, truth }) {
    const { info } = this;
    const taken = this.#taken;
    if (!taken || taken.revision !== info?.revision || taken.threshold !== info?.threshold) {
      this.#askedFor = false;
      this.#threshold = this.operatingPoint;
    }
    this.prediction = prediction;
    this.#taken = prediction && info;
    this.truth = truth;
    this.mine?.count.against(truth);
  }

  /** Of the weights whose prediction is there. */
  get revision() {
    return this.#taken?.revision ?? null;
  }

  /** The part of the scan at which they looked; null where that is all of it.
   * @returns {[number, number, number, number] | null} x, y, width, height */
  get lookedAt() {
    return this.#taken?.looked_at ?? null;
  }

  /** What there is to see, or will be once its maps are here: a key is not to be pressed twice. */
  get coming() {
    const { prediction, truth, mine, info } = this;
    return { prediction: prediction || info?.segmented, truth: truth || info?.has_truth, mine };
  }

  get threshold() {
    return this.#threshold;
  }

  /** Where the threshold starts. */
  get operatingPoint() {
    return this.info?.threshold ?? 0.5;
  }

  /** Move the threshold; that also asks for what the gate holds back.
   * @param {number} value clamped to 0..1 @returns {boolean} whether it has moved */
  moveThreshold(value) {
    const threshold = Math.min(Math.max(value, 0), 1);
    if (Number.isNaN(threshold) || threshold === this.#threshold) return false;
    this.#threshold = threshold;
    this.#askedFor = true;
    return true;
  }

  askForMask() {
    this.#askedFor = true;
  }

  /** Leave it to the presence gate again whether there is a mask. */
  leaveToGate() {
    this.#askedFor = false;
  }

  /** Where the presence lies under the gate, both; null elsewhere.
   * @returns {{presence: number, gate: number} | null} */
  get underGate() {
    const { presence, gate } = this.info ?? {};
    return presence != null && gate != null && presence < gate ? { presence, gate } : null;
  }

  /** The presence gate holds the mask back. */
  get gated() {
    return this.underGate !== null && !this.#askedFor;
  }

  /** The mask is {opened >= level}. */
  get level() {
    return this.gated ? NOTHING : levelOf(this.#threshold);
  }

  get scores() {
    return this.prediction && { ...scoresAt(this.prediction.tally, this.level), gated: this.gated };
  }

  /** The mask that a difference judges, and the one that it is judged by, as bits of LAYERS: the reader's own
   * against the truth, or the prediction where none is known; elsewhere the prediction against the truth.
   * @returns {[number, number]} */
  get compared() {
    if (!this.mine) return [LAYERS.prediction, LAYERS.truth];
    return [LAYERS.mine, this.truth ? LAYERS.truth : LAYERS.prediction];
  }

  /** The box around the prediction's mask as it is. */
  get painted() {
    return this.prediction && boxAt(this.prediction.extents, this.level);
  }

  /** @returns {import("./view.js").Shape} of the scan */
  get shape() {
    const { width, height, spacing } = this.info ?? { width: 1, height: 1, spacing: null };
    return { width, height, stretch: spacing ? spacing[0] / spacing[1] : 1 };
  }
}
