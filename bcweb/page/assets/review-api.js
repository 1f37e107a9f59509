// What the Review tab asks of /bc/review. Every failure is an Error with one sentence for the reader.

import { patience } from "../../canvas/silence.js";
import { BASE, Refused, ask, sending } from "./api.js";

/** @typedef {import("./api.js").Modality} Modality */
/** @typedef {"accept" | "truth" | "corrected" | "reject" | "unsure"} Decision */
/** @typedef {"prediction" | "threshold" | "truth" | "last" | "empty"} Beginning */
/** @typedef {"unseen" | "out-of-fold" | "seen"} How */
/** @typedef {object} Project
 * @property {number} id
 * @property {string} name
 * @property {string[]} sources
 * @property {string} created
 * @property {number} cases
 * @property {number} predicted
 * @property {number | null} newest of its predictions, by number: another one once other weights have predicted
 * @property {number} read
 * @property {"importing" | "ready" | "cancelled" | "failed"} state
 * @property {string | null} problem
 * @property {string[]} notes what was left out
 * @property {{done: number, total: number, of: string, doing: string} | null} progress of an import under way in the server; null: none is
 * @property {Counts} [counts]
 */
/** @typedef {{cases: number, read: number, decisions: Record<string, number>, labels: Record<string, number>,
 *  drafts: number, seconds: number | null, readers: string[]}} Counts readers: who has decided any case */
/** @typedef {{reader: string, owner: string, may: boolean, why: string | null, projects: Project[],
 *  kinds: string[], formats: {format: string, title: string, words: string}[]}} Session */
/** @typedef {object} Row a case of the queue
 * @property {number} id
 * @property {number} position
 * @property {string} dataset
 * @property {string} case
 * @property {string | null} label
 * @property {Modality} modality
 * @property {Decision | null} decision
 * @property {string | null} reader
 * @property {string | null} read_at
 * @property {number | null} dice
 * @property {number | null} uncertainty
 * @property {number | null} suspicion
 * @property {number | null} presence
 * @property {How | null} how
 * @property {boolean} has_truth
 * @property {boolean} has_draft
 * @property {string | null} problem
 * @property {number | null} twin
 * @property {number | null} twin_dice
 */
/** @typedef {object} Verdict
 * @property {number} id
 * @property {number} case_id
 * @property {string} reader
 * @property {string} at
 * @property {Decision | "undo"} decision
 * @property {string | null} reason
 * @property {boolean} has_mask
 * @property {number | null} painted_px
 * @property {string | null} label
 * @property {number | null} difficulty
 * @property {string} comment
 * @property {string | null} revision of the prediction that was looked at; of a correction that began with one, of that
 * @property {Beginning | null} beginning
 * @property {number | null} threshold
 * @property {number} seconds
 * @property {number | null} after
 * @property {number | null} undoes
 */
/** A verdict that was sent. label_now: what its case is by it; stands: no longer, where it had come before and was undone or
 * followed since. @typedef {Verdict & {label_now: string | null, stands: boolean}} Saved */
/** @typedef {{beginning: Beginning | null, threshold: number | null, revision: string | null, after: number | null, changed: string,
 *  strokes: number}} Draft revision: of the weights whose prediction it began with, or that was in view then */
/** @typedef {{id: number, name: string, decision: Decision | null}} Beside another case of its group */
/** @typedef {object} CaseInfo what the viewer shows and the panel says
 * @property {string} id
 * @property {number} project
 * @property {number} position
 * @property {string} name
 * @property {string} path
 * @property {string} dataset
 * @property {string} group
 * @property {Beside[]} same_group the first of the other cases of its group
 * @property {number} same_group_count how many others there are
 * @property {string[]} cautions those of the notes that say why what is drawn may be worth nothing
 * @property {string | null} label
 * @property {string} findings
 * @property {string | null} problem
 * @property {number} width
 * @property {number} height
 * @property {8 | 16} depth
 * @property {[number, number]} window
 * @property {[number, number] | null} spacing
 * @property {Modality} modality
 * @property {string[]} notes
 * @property {boolean} has_truth
 * @property {number | null} truth_px
 * @property {number | null} twin
 * @property {number | null} twin_dice
 * @property {Decision | null} decision
 * @property {Verdict | null} verdict that stands
 * @property {number | null} latest id of the latest verdict
 * @property {Draft | null} draft the reader's own
 * @property {number} history how many verdicts there are
 * @property {boolean} segmented
 * @property {number | null} prediction its id
 * @property {number | null} presence
 * @property {number | null} gate
 * @property {number | null} threshold
 * @property {number | null} min_lesion_px
 * @property {string | null} revision
 * @property {string[]} revisions whose predictions there are, the newest first
 * @property {How | null} how
 * @property {number | null} painted_px
 * @property {number | null} dice
 * @property {number | null} iou
 * @property {number | null} hd95_px
 * @property {number | null} carried_dice
 * @property {number | null} uncertainty
 * @property {number | null} suspicion
 * @property {[number, number, number, number] | null} looked_at x, y, width, height of the part that the network looked at; null for all of it
 */
/** @typedef {object} Asked which rows of the queue, and in what order
 * @property {string} order
 * @property {string | null} label null is any, "" is none
 * @property {string} decision
 * @property {string} text
 * @property {string} low
 * @property {string} high
 * @property {number} seed
 */
/** @typedef {object} Said a verdict as it is sent
 * @property {Decision} decision
 * @property {string} key the same for each try
 * @property {string} case its name, so that no other case is decided under its number
 * @property {number | null} after
 * @property {string | null} reason
 * @property {string | null} label
 * @property {number | null} difficulty
 * @property {string} comment
 * @property {number | null} prediction its id, where it is known
 * @property {string | null} revision of the prediction that was looked at; of a correction that began with one, of that
 * @property {Beginning | null} beginning
 * @property {number | null} threshold
 * @property {number} seconds
 */

/** What the reader is called where nobody logs in, and whether what others decided is kept from them. */
let reader = "";
let isBlinded = false;

/** @param {string} name */
export function setReader(name) {
  reader = name;
}

/** @param {boolean} is */
export function setBlinded(is) {
  isBlinded = is;
}

/** Who asks, and whether they are blinded: who is another is told another thing. */
export const asker = () => `${isBlinded ? "blinded " : ""}${reader}`;

/** @param {string} [as] what the reader is called */
const whose = (as = reader) => ({ "X-Reader": encodeURIComponent(as), ...(isBlinded && { "X-Blinded": "true" }) });

/** How long an answer may take that something waits for, */
const ANSWER_MS = 60_000;
/** and what a slow line carries in each of these milliseconds, in bytes: 64 kbit/s. */
const SLOWEST = 8;

/** @param {string} path @param {RequestInit} [options] */
const review = (path, options = {}) =>
  ask(`/review${path}`, { ...options, headers: { ...whose(), ...options.headers } });

/** What has to end: on a dead line no answer ever comes, a try that never ended would be the last, and a case would wait
 * for it for ever. @param {string} path @param {RequestInit} [options] @param {number} [bytes] that go or come with it */
const inTime = (path, options, bytes = 0) => review(path, { ...options, signal: AbortSignal.timeout(ANSWER_MS + Math.round(bytes / SLOWEST)) });

/** @param {string} [as] what the reader would be called @returns {Promise<Session>} */
export const session = (as) => inTime("/session", { headers: whose(as) });

/** @param {string} name @param {string[]} data @param {string} weights @returns {Promise<Project>} */
export const create = (name, data, weights) => review("/projects", sending("POST", { name, data, weights: weights || null }));

/** @param {number} id @returns {Promise<Project>} */
export const project = (id) => inTime(`/projects/${id}`);

/** @param {number} id */
export const removeProject = (id) => review(`/projects/${id}`, { method: "DELETE" });

/** @param {number} id @returns {Promise<Project>} */
export const cancel = (id) => review(`/projects/${id}/cancel`, { method: "POST" });

/** @param {number} id @returns {Promise<Project>} */
export const resume = (id) => review(`/projects/${id}/resume`, { method: "POST" });

/** What a case is in the queue's answer at most, in bytes. */
const QUEUED = 400;

/** @param {Project} project @param {Asked} asked @returns {Promise<Row[]>} */
export async function queue({ id, cases }, asked) {
  const wanted = Object.entries(asked).filter(([name, value]) => value !== null && (value !== "" || name === "label")).map(([name, value]) => [name, String(value)]);
  const { columns, rows } = await inTime(`/projects/${id}/queue?${new URLSearchParams(wanted)}`, {}, cases * QUEUED);
  return rows.map((/** @type {any[]} */ row) => Object.fromEntries(columns.map((/** @type {string} */ name, /** @type {number} */ at) => [name, row[at]])));
}

/** @param {number | string} id @param {["of" | "rather", string][]} [by] with which weights' prediction, where there is one;
 * rather: where none of others was drawn on or accepted @returns {Promise<CaseInfo>} */
export const case_ = (id, by = []) => inTime(`/cases/${id}${by.length ? `?${new URLSearchParams(by)}` : ""}`);

/** @param {number} id */
export const thumbnail = (id) => `${BASE}/review/cases/${id}/thumbnail`;

/** @param {string} id of the case @param {"draft" | number} of @returns {Promise<Uint8Array<ArrayBuffer>>} 0 and 1, row-major */
export async function mask(id, of) {
  let response;
  const line = patience();
  try {
    response = await fetch(`${BASE}/review/cases/${id}/mask?of=${of}`, { credentials: "same-origin", headers: whose(), signal: line.signal });
    if (response.ok) return new Uint8Array(await line.bytesOf(response)).map((value) => value >> 7);
  } catch {
    throw new Error("The server did not answer when asked for a mask of this case; try again.");
  }
  const answer = await response.json().catch(() => null);
  throw new Refused(answer?.error ?? `The server refused a mask of this case (${response.status}).`, response.status, answer);
}

/** @param {string} id @param {string} name of the case, so that no other is drawn on under its number
 * @param {Uint8Array<ArrayBuffer>} bits see review-bits.js @param {Draft} draft @returns {Promise<Draft>} */
export function keepDraft(id, name, bits, { beginning, threshold, revision, after, strokes }) {
  const told = Object.entries({ case: name, beginning, threshold, revision, after, strokes }).filter(([, value]) => value !== null);
  const said = new URLSearchParams(told.map(([name, value]) => [name, String(value)]));
  return inTime(`/cases/${id}/draft?${said}`, { method: "PUT", body: bits }, bits.length);
}

/** @param {string} id */
export const dropDraft = (id) => inTime(`/cases/${id}/draft`, { method: "DELETE" });

/** @param {string} id @returns {Promise<Verdict[]>} the oldest first */
export const history = (id) => inTime(`/cases/${id}/verdicts`);

/** @typedef {object} Backup how far the backup is, see backups.py
 * @property {boolean} configured
 * @property {boolean} vanishes a Space without a backup
 * @property {number | null} waiting verdicts that are saved and not backed up; null: not known
 * @property {string | null} last when something was backed up
 * @property {string | null} problem why nothing is
 * @property {[number, number] | null} reading of what is brought back, how many of how many
 * @property {Record<string, string | null>} verdicts when those that were asked for were backed up
 */

/** @param {string[]} verdicts ids of those that are asked for @returns {Promise<Backup>} */
export const backup = (verdicts) => review(`/backup${verdicts.length ? `?verdicts=${verdicts.slice(0, 500).join(",")}` : ""}`);

/** A line of JSON, then the mask: no header holds a comment of any length in any letters.
 * @param {string} id @param {Said} said @param {Uint8Array<ArrayBuffer> | null} bits @returns {Promise<Saved>} once it is on the server's disk */
export const decide = (id, said, bits) =>
  inTime(`/cases/${id}/verdicts`, { method: "POST", body: new Blob([JSON.stringify(said), "\n", bits ?? ""]) }, bits?.length);

/** @param {Verdict} verdict its moment, so that no other is undone under its number
 * @param {string} key the same for each try @returns {Promise<Verdict>} */
export const undo = ({ id, at }, key) => inTime(`/verdicts/${id}/undo`, sending("POST", { key, at }));

/** @typedef {{id: string, done: number, total: number, lines: string[], problem: string | null, isDone: boolean}} Export how far one is */

/** Begin to write masks and verdicts out, as a file to download, or into a folder of this machine.
 * @param {number} id of the project @param {string} format @param {string} folder
 * @param {string[]} include the decisions whose masks are wanted
 * @param {string} reader whose verdicts; "": those that stand @returns {Promise<Export>} */
export const beginExport = (id, format, folder, include, reader) =>
  review(`/projects/${id}/exports`, sending("POST", { format, folder: folder || null, include, reader: reader || null }));

/** @param {string} id @returns {Promise<Export>} */
export const exported = (id) => review(`/exports/${id}`);

/** @param {string} id */
export const stopExport = (id) => review(`/exports/${id}`, { method: "DELETE" });

/** @param {string} id */
export const exportFile = (id) => `${BASE}/review/exports/${id}/file`;
