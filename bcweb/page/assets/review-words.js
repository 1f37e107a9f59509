// Cases, verdicts and scores of a review in words. Pure: no page, no server.

import { apart } from "../../canvas/numbers.js";
import { MEANING, NONE, fixed, grouped } from "./words.js";

/** @typedef {import("./review-api.js").Row} Row */
/** @typedef {import("./review-api.js").Verdict} Verdict */
/** @typedef {import("./review-api.js").CaseInfo} CaseInfo */

/** @type {Record<string, string>} the orders of a queue */
export const ORDERS = {
  worst: "Worst Dice first",
  uncertain: "Most uncertain first",
  suspect: "Suspect truth first",
  twins: "Same picture, other mask",
  unread: "Not yet read first",
  random: "At random",
  listed: "As listed",
};

/** Of a queue that came back empty, by its order. @type {Record<string, string>} */
export const NO_ROWS = { twins: "No two cases here show one picture with different masks." };

/** @type {Record<string, string>} what a reader can press to decide, on a button */
export const DECISIONS = {
  accept: "Accept",
  truth: "Keep truth",
  corrected: "Corrected",
  noLesion: "No lesion",
  reject: "Reject",
  unsure: "Unsure",
};

/** @type {Record<string, string>} the same, once it is decided */
export const DECIDED = {
  accept: "prediction accepted",
  truth: "truth kept",
  corrected: "corrected",
  reject: "rejected",
  unsure: "unsure",
};

/** Apart by shape, not by colour alone. @type {Record<string, string>} */
export const MARKS = { accept: "✓", truth: "T", corrected: "✎", reject: "✕", unsure: "?" };

export const REASONS = ["not a breast scan", "unreadable", "wrong label", "duplicate", "other"];

const LETTERS = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** As they are read: an accent, a vowel sign or a part of an emoji is none of its own. @param {string} text */
export const letters = (text) => Array.from(LETTERS.segment(text), ({ segment }) => segment);

/** Of a scan without a lesion. */
export const NORMAL = "normal";

/** That can be chosen in any project. */
export const LABELS = ["benign", "malignant", NORMAL];

export const DIFFICULTIES = ["easy", "medium", "hard"];

/** What the weights that predicted knew of the case. @type {Record<string, {words: string, isTest: boolean}>} */
export const HOW = {
  unseen: { words: "The weights were not trained on this case: its score is a test of them.", isTest: true },
  "out-of-fold": { words: "The weights were trained on this case, but what is shown was drawn by a network of the same training that had not seen it. Its score is a test.", isTest: true },
  seen: { words: "The weights were trained on this case: what they draw here, and its score, are no test of them.", isTest: false },
};

/** A correction that left nothing: there is no lesion. @param {{decision: string, painted_px?: number | null}} verdict */
export const isEmpty = ({ decision, painted_px }) => decision === "corrected" && painted_px === 0;

/** @param {Pick<Verdict, "decision" | "reason"> & {painted_px?: number | null}} verdict */
export function decided(verdict) {
  const { decision, reason } = verdict;
  if (decision === "undo") return "undid a verdict";
  if (isEmpty(verdict)) return `${DECIDED[decision]}: no lesion`;
  return reason ? `${DECIDED[decision]}: ${reason}` : DECIDED[decision];
}

/** Why a verdict was not taken. @param {Pick<Verdict, "reader" | "decision">} latest that came before it @param {string} name of
 * the case */
export const inBetween = ({ reader, decision }, name) => `${reader} ${decision === "undo" ? "took a verdict back on" : "decided"} ${name} meanwhile.`;

/** What was accepted is the prediction of other weights than the one in view. @param {Pick<CaseInfo, "verdict" | "revision">} info */
export const isOfAnother = ({ verdict, revision }) => verdict?.decision === "accept" && verdict.revision !== revision;

/** The verdict that stands, beside what is in view. @param {Pick<CaseInfo, "verdict" | "revision">} info @returns {string} "" without one */
export function standing(info) {
  const { verdict } = info;
  if (!verdict) return "";
  const said = isOfAnother(info) ? `prediction by ${verdict.revision} accepted` : decided(verdict);
  return `${verdict.reader}: ${said}, ${moment(verdict.at)}`;
}

/** @type {Record<string, string>} */
const BEGINNINGS = {
  prediction: "from the prediction",
  threshold: "from the prediction at another threshold",
  truth: "from the truth",
  last: "from the last mask",
  empty: "from nothing",
};

/** How a verdict came about, in short. @param {Verdict} verdict @returns {string[]} */
export function circumstances({ label, difficulty, beginning, threshold, painted_px, revision, seconds, comment }) {
  const at = beginning === "threshold" && threshold !== null ? ` (${Number(threshold.toPrecision(3))})` : "";
  return [
    label ? `label ${label}` : "",
    difficulty ? DIFFICULTIES[difficulty - 1] : "",
    beginning ? `drawn ${BEGINNINGS[beginning]}${at}` : "",
    painted_px === null ? "" : `${grouped(painted_px)} px painted`,
    revision ? `weights ${revision}` : "",
    seconds ? `took ${duration(seconds)}` : "",
    comment ? `“${comment}”` : "",
  ].filter(Boolean);
}

/** @param {number} seconds */
export function duration(seconds) {
  if (seconds < 59.5) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A time of today as 14:03, of another day with its date. @param {string | Date} at @param {Date} [now] */
export function moment(at, now = new Date()) {
  const then = new Date(at);
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const clock = `${two(then.getHours())}:${two(then.getMinutes())}`;
  if (then.toDateString() === now.toDateString()) return clock;
  const day = then.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: then.getFullYear() === now.getFullYear() ? undefined : "numeric" });
  return `${day}, ${clock}`;
}

/** Where in the list the case in view is. @param {number} place from 0; -1 where it is not in it @param {number} rows
 * @param {boolean} isOpen whether a case is in view: keys decide it though the list does not have it */
export function placeWords(place, rows, isOpen) {
  if (place < 0 && isOpen) return "not in this list";
  return rows ? `${place < 0 ? NONE : grouped(place + 1)} of ${grouped(rows)}` : "";
}

/** The second line of a row: the score by which the queue is ordered, else the Dice, and the label. How the Dice came about
 * is last: it may stand in a line of its own. @param {Row} row @param {string} order */
export function rowWords(row, order) {
  const line = (/** @type {string} */ score, last = "") => [score, row.label, last].filter(Boolean).join(" · ");
  if (row.problem) return line("cannot be read");
  if (order === "uncertain" && row.uncertainty !== null) return line(`uncertainty ${fixed(row.uncertainty, 2)}`);
  if (order === "suspect" && row.suspicion !== null) return line(`suspicion ${fixed(row.suspicion, 2)}`);
  if (order === "twins" && row.twin_dice !== null) return line(`masks agree ${fixed(row.twin_dice, 2)}`);
  if (row.dice !== null) return line(`Dice ${fixed(row.dice, 2)}`, row.how === "seen" ? "out of fold" : "");
  // Why there is no score is longer than one, and comes after the label.
  if (row.how === null) return line("", "no prediction yet");
  if (row.how === "seen") return line("", "seen in training");
  return line(row.has_truth ? `Dice ${NONE}` : "no truth");
}

/** What a row says of who decided the case. @param {Pick<CaseInfo, "decision" | "verdict" | "label">} info */
export function rowOf({ decision, verdict, label }) {
  return { decision, reader: verdict?.reader ?? null, read_at: verdict?.at ?? null, label: verdict?.label ?? label };
}

/** What counts of a case. @typedef {{decision: string | null, label: string | null, reader?: string | null}} Counted */

/** A project's counts once a case is decided, or its verdict undone. @template {Pick<import("./review-api.js").Project, "read" | "counts">} P
 * @param {P} project @param {Counted} before @param {Counted} after @returns {P} */
export function recounted(project, before, after) {
  const { counts } = project;
  const read = project.read + Number(after.decision !== null) - Number(before.decision !== null);
  const decisions = moved(counts?.decisions ?? {}, before.decision, after.decision);
  const labels = moved(counts?.labels ?? {}, before.label ?? "", after.label ?? "");
  const readers = [...new Set([...(counts?.readers ?? []), ...(after.reader ? [after.reader] : [])])].sort();
  return { ...project, read, counts: counts && { ...counts, read, decisions, labels, readers } };
}

/** @param {Record<string, number>} counts @param {string | null} from @param {string | null} to @returns {Record<string, number>} */
function moved(counts, from, to) {
  const now = { ...counts };
  if (from !== null) now[from] = Math.max((now[from] ?? 0) - 1, 0);
  if (to !== null) now[to] = (now[to] ?? 0) + 1;
  return now;
}

/** From how many verdicts on one can tell how long the rest takes. */
const ENOUGH = 10;

/** seconds: what half of the verdicts took at most. @param {{cases: number, read: number, seconds?: number | null}} counts */
export function progress({ cases, read, seconds }) {
  const left = cases - read;
  const told = `${grouped(read)} of ${grouped(cases)} read`;
  return seconds && read >= ENOUGH && left > 0 ? `${told} · ${duration(seconds * left)} to go` : told;
}

/** What was found when it was looked for new scans. @param {number} came */
export const newCases = (came) => (came ? `${grouped(came)} new ${came === 1 ? "case" : "cases"}` : "No new scans");

/** Rows of the scores of a case. @param {CaseInfo} info @returns {{name: string, meaning: string, value: string}[]} */
export function scoreRows({ presence, gate, dice, iou, hd95_px, carried_dice, painted_px, truth_px, uncertainty, suspicion }) {
  const isGated = presence !== null && gate !== null && presence < gate;
  return [
    { name: "Presence", meaning: MEANING.presence, value: presence === null ? "" : isGated ? apart(presence, gate).join(", under the gate ") : fixed(presence, 2) },
    { name: "Dice", meaning: `Of prediction and truth at the operating point. ${MEANING.dice}`, value: dice === null ? "" : fixed(dice, 3) },
    { name: "IoU", meaning: MEANING.iou, value: iou === null ? "" : fixed(iou, 3) },
    { name: "HD95, px", meaning: MEANING.hd95, value: hd95_px === null ? "" : fixed(hd95_px, 1) },
    { name: "Dice out of fold", meaning: "By a network of the same training that was not trained on this case; its drawing is not here.", value: carried_dice === null ? "" : fixed(carried_dice, 3) },
    { name: "Painted, px", meaning: MEANING.painted, value: painted_px === null ? "" : grouped(painted_px) },
    { name: "Truth, px", meaning: MEANING.truth, value: truth_px === null ? "" : grouped(truth_px) },
    { name: "Uncertainty", meaning: MEANING.uncertainty, value: uncertainty === null ? "" : fixed(uncertainty, 2) },
    { name: "Suspicion", meaning: MEANING.suspicion, value: suspicion === null ? "" : fixed(suspicion, 2) },
  ].filter(({ value }) => value !== "");
}

/** The label after this one, and after the last: none. @param {string[]} labels @param {string | null} label @returns {string | null} */
export function nextLabel(labels, label) {
  const at = label === null ? -1 : labels.indexOf(label);
  return labels[at + 1] ?? null;
}
