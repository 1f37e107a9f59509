// What the Evaluate tab asks of /bc/evaluate, and of /bc/review to cancel an import. Every failure is an Error with one sentence for the reader.

import { BASE, ask, sending } from "./api.js";

/** @typedef {{id: number, name: string, cases: number, predicted: number, state: "importing" | "ready" | "cancelled" | "failed"}} Project */
/** @typedef {{name: string, modality: string, cases: number}} Revision weights that predicted a project's cases */
/** @typedef {object} Known
 * @property {string} name
 * @property {number} cases
 * @property {Revision[]} revisions
 * @property {boolean} may_predict with other weights
 * @property {Project["state"]} state as the last import left it, or "importing"
 * @property {string | null} problem why the last import stopped
 * @property {{done: number, total: number, of: string, doing: string} | null} progress of an import that is under way
 */
/** @typedef {Omit<Known, "revisions">} Imported */
/** @typedef {{key: string, value: string, interval: string, over: string, why: string}} Cell why: there is no figure, or no interval */
/** @typedef {{name: string, images: string, groups: string, only: [string, string] | null, cells: Cell[]}} Line */
/** @typedef {{title: string, lines: Line[]}} Section */
/** @typedef {{key: string, name: string, meaning: string, images: string, first: string, second: string, difference: string,
 *  interval: string, over: string, why: string, verdict: "" | "better" | "worse"}} Difference */
/** @typedef {{title: string, kind: string, lines: [string, Difference][]}} Part of the cases, by the names of groups of them */
/** @typedef {{id: number, dataset: string, case: string, revision: string, first: string, second: string, difference: string}} Pair
 *  revision: whose mask the first Dice is of */
/** @typedef {{first: string, second: string, said: string, left_out: string, out_of_fold: number, with_folds: boolean, meaning: string, rows: Difference[],
 *  many: string, parts: Part[], better: Pair[], worse: Pair[], changed: string, differ: number,
 *  differing: {id: number, dataset: string, case: string, dice: string, outlined: [boolean, boolean]}[]}} Comparison many: how parts are to be taken */
/** @typedef {{title: string, said: string[], lines: Line[], columns: {key: string, name: string, meaning: string}[]}} Told readers and weights in lines */
/** Two readers. differ: on how many cases, and differing: the first of them, masks with the lowest Dice before all else; words: what they said.
 * @typedef {Told & {names: [string, string], differ: number, differing: {id: number, dataset: string, case: string, dice: string, words: string}[]}} Readers */
/** @typedef {object} Case
 * @property {number} id
 * @property {string} dataset
 * @property {string} case
 * @property {string} label
 * @property {number} dice
 * @property {string} dice_told in words: of an image without a lesion whether anything is painted on it
 * @property {boolean} is_result whether weights that had not seen the case made the Dice
 * @property {boolean} is_lesion
 * @property {number | null} share of the image that the truth covers
 * @property {string | null} size the part of the sizes it falls into
 * @property {number | null} uncertainty
 * @property {string} how
 * @property {string} revision whose mask it is: of a fold not that of the weights that are evaluated
 * @property {string | null} decision
 * @property {boolean} is_apart only boxes are known of it, while others are outlined
 */
/** @typedef {object} Scores
 * @property {string} project
 * @property {string} revision
 * @property {string} modality
 * @property {Truth} truth
 * @property {string[]} about
 * @property {boolean} has_headline
 * @property {boolean} of_boxes what the headline is of: no lesion of it is outlined
 * @property {Record<string, {name: string, meaning: string, in_table: boolean}>} metrics
 * @property {string} interval
 * @property {string} clear what is told in place of a Dice where there is no lesion
 * @property {Cell[]} headline
 * @property {Section[]} sections
 * @property {string} correlation
 * @property {Case[]} cases
 * @property {Comparison | null} comparison
 * @property {Told | null} against_truth each reader, and the weights, beside the truth that was imported
 * @property {Readers[]} readers each two who decided a case both
 */
/** @typedef {"imported" | "reader"} Truth */
/** folds: compare on scores out of fold, too.
 * @typedef {{project: number, revision: string, against: string, truth: Truth, folds: boolean}} Asked */

/** @returns {Promise<Project[]>} */
export const projects = async () => (await ask("/evaluate/projects")).projects;

/** @param {number} id @returns {Promise<Known>} */
export const project = (id) => ask(`/evaluate/projects/${id}`);

/** How far its import is: what is known of it but for its revisions, whose cases are counted one by one.
 * @param {number} id @returns {Promise<Imported>} */
export const importing = (id) => ask(`/evaluate/projects/${id}?revisions=false`);

/** Segment its cases with other weights too. @param {number} id @param {string} weights @returns {Promise<Known>} */
export const predict = (id, weights) => ask(`/evaluate/projects/${id}/predictions`, sending("POST", { weights }));

/** @param {number} id */
export const cancel = (id) => ask(`/review/projects/${id}/cancel`, { method: "POST" });

/** @param {Asked} asked @param {string} what */
const place = ({ project, revision, against, truth, folds }, what) =>
  `/evaluate/projects/${project}/${what}?${new URLSearchParams({ revision, against, truth, folds: String(folds) })}`;

/** The scores, or how far they are. @param {Asked} asked @returns {Promise<Scores | {done: number, total: number}>} */
export async function scores(asked) {
  const answer = await ask(place(asked, "scores"));
  if ("done" in answer) return answer;
  const { columns, cases } = answer;
  const named = (/** @type {any[]} */ row) => Object.fromEntries(columns.map((/** @type {string} */ name, /** @type {number} */ at) => [name, row[at]]));
  return { ...answer, cases: cases.map(named) };
}

/** @param {Asked} asked */
export const reportAt = (asked) => `${BASE}${place(asked, "report.html")}`;

/** @param {Asked} asked */
export const tableAt = (asked) => `${BASE}${place(asked, "cases.csv")}`;
