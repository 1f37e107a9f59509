// What stands in the way of a decision: why it cannot be made, and what it would leave out.

import { KEYS as VIEWER } from "../../canvas/keys.js";
import { KEYS, shown } from "./review-keys.js";
import { DECISIONS } from "./review-words.js";

/** @typedef {import("./review-api.js").CaseInfo} CaseInfo */
/** @typedef {import("./review-decision.js").Pressed} Pressed */
/** Why a decision cannot be made. @typedef {Partial<Record<Pressed, string>>} Refusals */

export const FETCHED = "Its picture is still being fetched.";

/** @param {CaseInfo | null} info of the case in view @param {{strokes: number, isOn: boolean, isThere: boolean, isOf: (info: CaseInfo) => boolean}} drawing
 * @param {boolean} isSeen its picture is on the screen: nobody accepts what they have not seen
 * @returns {Refusals} */
export function refusals(info, drawing, isSeen) {
  if (!info) return all("There is no case in view.");
  if (!drawing.isOf(info)) return all(FETCHED);
  /** @type {Refusals} */
  const refused = {};
  if (!info.segmented) refused.accept = "This case has no prediction.";
  if (!info.has_truth) refused.truth = "This case has no truth.";
  // With the pen on a mask the key that begins is the eraser's.
  const begun = drawing.isOn && drawing.isThere;
  if (drawing.strokes === 0) refused.corrected = begun ? "Nothing is changed yet." : `Nothing is drawn: ${shown(KEYS.draw.keys[0])} begins.`;
  if (!isSeen) refused.accept = refused.truth = refused.corrected = refused.noLesion = "Its picture is not on the screen.";
  return refused;
}

/** @param {string} why @returns {Refusals} */
const all = (why) => Object.fromEntries(Object.keys(DECISIONS).map((decision) => [decision, why]));

/** Why the prediction cannot be accepted while it is shown at another threshold, or past its presence gate. */
export const MOVED = `The prediction is not shown as it was made: ${shown(VIEWER.resetThreshold[0])} resets it, ${shown(KEYS.draw.keys[0])} draws on what is shown.`;

/** Why one's own is not saved on top of another verdict at once: more was drawn since than it has. */
export const SINCE = `You have drawn unfinished strokes since: ${shown(KEYS.draw.keys[0])} goes on with that drawing, pressing “Save mine on top” again drops it.`;

/** What a decision would leave out, until it is pressed again. @param {Pressed} decision
 * @param {{strokes: number, waiting: number}} drawing @returns {string} "" where that is nothing */
export function leavesOut(decision, { strokes, waiting }) {
  if (waiting > 0) return `A drawing of this case was left unfinished: ${shown(KEYS.draw.keys[0])} goes on with it, pressing “${DECISIONS[decision]}” again drops it.`;
  if (decision === "corrected" || strokes === 0) return "";
  const [many, them] = strokes === 1 ? ["1 stroke is drawn", "it"] : [`${strokes} strokes are drawn`, "them"];
  return `${many} here: ${shown(KEYS.corrected.keys[0])} saves ${them}, pressing “${DECISIONS[decision]}” again leaves ${them} out.`;
}
