// What the page asks of /bc. Every failure is an Error with one sentence for the reader.

/** @typedef {{area_px: number, area_mm2: number | null, box: [number, number, number, number]}} Lesion */
/** @typedef {{dice: number, iou: number, precision: number | null, recall: number | null,
 *  hd95_px: number | null, hd95_mm: number | null}} Scores */
/** @typedef {"ultrasound" | "mammogram"} Modality */
/** @typedef {object} ScanInfo
 * @property {string} id
 * @property {string} name
 * @property {string} path
 * @property {"upload" | "file" | "generated"} kind
 * @property {"open" | "closed" | "error"} state
 * @property {string | null} problem
 * @property {number} [width]
 * @property {number} [height]
 * @property {8 | 16} [depth]
 * @property {[number, number]} [window]
 * @property {[number, number] | null} [spacing]
 * @property {Modality} [modality]
 * @property {"file" | "person" | "guess"} [modality_source]
 * @property {boolean} [black_and_white] it may be the truth of a scan of its name
 * @property {string[]} [notes]
 * @property {string[]} [cautions] those of the notes that say why what is drawn may be worth nothing
 * @property {boolean} has_truth
 * @property {string[]} truth_names
 * @property {number | null} truth which one it is: another that is given later has another number
 * @property {boolean} segmented
 * @property {number | null} presence
 * @property {number | null} gate
 * @property {number | null} threshold
 * @property {number | null} min_lesion_px
 * @property {Lesion[]} lesions
 * @property {[number, number, number, number] | null} looked_at x, y, width, height of the part that the network looked at; null for all of it
 * @property {string | null} revision of the weights that made the prediction
 * @property {string | null} [in_use] revision of the weights that its modality meets now
 * @property {boolean | null} seen
 * @property {string | null} [trained_on] the kinds of scans and the data sets, in words
 * @property {Scores | null} scores
 */
/** @typedef {{part: "scan" | "truth", adds: boolean, held: string | null, new: number | null, among: string[]}} Pair */
/** @typedef {Record<Modality, {revision: string | null, notice: string | null}>} InUse the weights by modality */
/** @typedef {{scans: ScanInfo[], weights: InUse, samples: {name: string, description: string, modality: Modality}[],
 *  modalities: Modality[], folders: boolean, may_switch: boolean, upload_bytes: number, at_once: number}} Session */
/** Text, or [tag, attributes, ...nodes]: see `bcweb.page.card`. @typedef {any} Node_ */
/** @typedef {object} Facts what is known of the weights in use
 * @property {Modality} modality
 * @property {string | null} problem why there are none; then nothing else is there
 * @property {string} name
 * @property {string} revision
 * @property {"embedded" | "folder" | "hub"} source
 * @property {string} weights their name, as it is typed
 * @property {string | null} commit
 * @property {string | null} notice
 * @property {string | null} wanted the weights that the notice is about
 * @property {string} architecture
 * @property {number} size
 * @property {number} parameters
 * @property {string[]} trained_on
 * @property {number} seen
 * @property {boolean} presence
 * @property {string | null} licence
 * @property {boolean} started_with
 * @property {"breast" | null} crop the part of a scan that they look at; null for all of it
 * @property {{mirrored: boolean, calibration: number[] | null}} reading
 * @property {{mask_threshold: number, presence_gate: number | null, min_lesion_fraction: number}} operating_point
 */
/** @typedef {Facts & {card: Node_[] | null, study: Node_[] | null, names: string[]}} Described */
/** @typedef {[number, number] | null} Interval */
/** @typedef {{lesion: Record<string, any>, normal: Record<string, any>, presence_auc: number | null, presence_auc_ci: Interval, weak?: number}} Figures */
/** @typedef {{problem?: string, cases?: number, datasets?: Record<string, Figures>}} Scored */
/** @typedef {{tag: string, commit: string, in_use: boolean, newer: boolean | null, latest: boolean}} Revision */

/** The channel on which all tabs of the page hear that weights were exchanged, as `InUse`. */
export const EXCHANGED = "bc-weights";

// This module is served from BASE/bc/static/VERSION/page/assets/.
export const BASE = new URL("../../../..", import.meta.url).pathname.replace(/\/$/, "");

/** Tells "answered" each time the server has done what it was asked, "cookieless" when the browser keeps no cookie. */
export const server = new EventTarget();

/** The server does not answer at all: this is over as soon as it answers anything. */
export class Unreachable extends Error {
  /** @param {string} why a sentence @param {string} again when the reader may try again */
  constructor(why, again = "try again") {
    super(`${why} What is on the screen is still there; ${again}.`);
    this.why = why;
  }
}

const IS_SPACE = location.hostname.endsWith(".hf.space");
const AWAY = IS_SPACE ? "This Space is asleep or starting, which takes a minute or two." : "The server is starting, or out of order.";
const TOO_LARGE = "This is larger than the proxy in front of the server lets through.";
const SILENT = "The server does not answer.";
const UNFIT = "What came back was not the server's answer, or not all of it: your network may want you to log in first.";

/** The server answers, and refuses. */
export class Refused extends Error {
  /** @param {string} message @param {number} status of HTTP @param {any} answer what it says besides: "why", without
   * what the reader could do about it */
  constructor(message, status, answer) {
    super(message);
    /** @type {string} */ this.why = answer?.why ?? message;
    this.status = status;
    this.answer = answer;
  }
}

/** The server does not have it (any more). */
export class Gone extends Refused {}

/** @param {File} file */
const unreadable = ({ name }) => `${name} cannot be read any more: it has changed or is gone. Drop it again.`;

/** Whether a file is still the one that was given: a browser reads no other in its place. Of one that is gone there
 * is no first byte to ask for.
 * @param {File} file */
const isReadable = (file) => (file.size ? file.slice(0, 1) : file).arrayBuffer().then(() => true, () => false);

/** @param {string} path @param {RequestInit} [options] @param {(response: Response) => Promise<any>} [read] what was asked for
 * @returns {Promise<any>} */
export async function ask(path, options, read = (response) => response.json()) {
  let response;
  try {
    response = await fetch(BASE + path, { credentials: "same-origin", ...options });
  } catch {
    if (options?.body instanceof File && !(await isReadable(options.body))) throw new Error(unreadable(options.body));
    throw new Unreachable(SILENT);
  }
  const answer = await (response.ok ? read(response) : response.json()).catch(() => null);
  if (response.ok && answer !== null) {
    server.dispatchEvent(new Event("answered"));
    return answer;
  }
  if (answer === null && options?.signal?.aborted) throw new Unreachable(SILENT); // it had begun, and came no further
  // What stands before a server answers in its place, and not in its form; and an answer may break off.
  if (answer === null && response.ok) throw new Unreachable(UNFIT);
  if (answer === null && [502, 503, 504].includes(response.status)) throw new Unreachable(AWAY, "try again then");
  if (answer?.cookie === false) server.dispatchEvent(new Event("cookieless"));
  const Kind = response.status === 404 ? Gone : Refused;
  const why = response.status === 413 ? TOO_LARGE : `The server could not do this (${response.status}).`;
  throw new Kind(answer?.error ?? why, response.status, answer);
}

/** @param {string} method @param {unknown} fields @returns {RequestInit} */
export const sending = (method, fields) => ({ method, body: JSON.stringify(fields), headers: { "Content-Type": "application/json" } });

/** What was asked of each scan last, and is not answered. @type {Map<string, Promise<unknown>>} */
const asked = new Map();

/** Ask for what changes these scans or describes them, when all that was asked of them before is answered. Requests
 * overtake each other, and so do answers: the last wish would not be the last that is done, nor the last answer the
 * newest.
 * @template T @param {string[]} ids @param {() => Promise<T>} request @returns {Promise<T>} */
function inTurn(ids, request) {
  const before = ids.flatMap((id) => asked.get(id) ?? []);
  const answer = before.length ? Promise.allSettled(before).then(request) : request();
  for (const id of ids) asked.set(id, answer);
  const done = () => ids.forEach((id) => asked.get(id) === answer && asked.delete(id));
  answer.then(done, done);
  return answer;
}

/** @param {string} id */
const scan = (id) => `/scans/${encodeURIComponent(id)}`;

/** @param {string} name */
const naming = (name) => ({ "X-File-Name": encodeURIComponent(name), "Content-Type": "application/octet-stream" });

/** @returns {Promise<Session>} */
export const session = () => ask("/session");

/** How many scans of others are worked on before this visitor's that wait. @returns {Promise<number>} */
export const before = async () => (await ask("/line")).before;

/** All scans of this visitor leave the server. @returns {Promise<{removed: number}>} */
export const forget = () => ask("/session", { method: "DELETE" });

/** @param {string[]} names @returns {Promise<Pair[]>} */
export const pair = (names) => ask("/pair", sending("POST", { names }));

/** Of these scans, those that by their look are truths of others become these, and are scans no more.
 * @param {string[]} ids @returns {Promise<{truth: string, scan: ScanInfo}[]>} */
export const findTruths = (ids) => inTurn(ids, () => ask("/truths", sending("POST", { ids })));

/** The masks of these scans and a table of them, as a ZIP file, how many of them the server has, and how many masks are in it.
 * @param {string[]} ids @param {AbortSignal} signal @returns {Promise<{file: Blob, there: number, count: number}>} */
export const masks = (ids, signal) =>
  ask("/masks", { ...sending("POST", { ids }), signal }, async (response) => ({
    file: await response.blob(),
    there: Number(response.headers.get("X-Scans")),
    count: Number(response.headers.get("X-Masks")),
  }));

/** @param {Blob} file @param {string} name @returns {Promise<ScanInfo>} */
export const upload = (file, name) => ask("/scans", { method: "POST", body: file, headers: naming(name) });

/** @param {string} name @returns {Promise<ScanInfo>} */
export const sample = (name) => ask(`/samples/${encodeURIComponent(name)}`, { method: "POST" });

/** alone: masks whose scan is not in the folder; unclear: those that may be of several. @param {string} path
 * @returns {Promise<{scans: ScanInfo[], alone: string[], unclear: string[]}>} */
export const folder = (path) => ask("/folder", sending("POST", { path }));

/** @param {string} id @returns {Promise<ScanInfo>} */
export const open = (id) => inTurn([id], () => ask(scan(id)));

/** What a browser lets a page that is being left still send, in bytes. */
const LAST_WORDS = 60_000;

/** @param {string[]} ids @returns {Promise<{removed: number}>} */
export function remove(ids) {
  const request = sending("DELETE", { ids });
  return ask("/scans", { ...request, keepalive: String(request.body).length < LAST_WORDS });
}

/** @param {string} id @param {Modality} modality @returns {Promise<ScanInfo>} */
export const setModality = (id, modality) => inTurn([id], () => ask(`${scan(id)}/modality`, sending("PUT", { modality })));

/** With the weights that are in use now. @param {string} id @returns {Promise<ScanInfo>} */
export const segmentAgain = (id) => inTurn([id], () => ask(`${scan(id)}/prediction`, { method: "PUT" }));

/** The mask becomes the truth, one more part of it, or, where that has several, the part that it was.
 * @param {string} id @param {Blob} file @param {string} name @param {"whole" | "part" | "again"} as @returns {Promise<ScanInfo>} */
export const setTruth = (id, file, name, as) =>
  inTurn([id], () =>
    ask(`${scan(id)}/truth${as === "again" ? "?again" : ""}`, { method: as === "part" ? "POST" : "PUT", body: file, headers: naming(name) }),
  );

/** @param {string} id @returns {Promise<ScanInfo>} */
export const dropTruth = (id) => inTurn([id], () => ask(`${scan(id)}/truth`, { method: "DELETE" }));

/** @param {string} id */
export const thumbnail = (id) => `${BASE}${scan(id)}/thumbnail`;

/** The mask that these weights drew, and no other's. @param {ScanInfo} info @param {number} threshold @param {boolean} gated */
export const mask = ({ id, revision }, threshold, gated) =>
  `${BASE}${scan(id)}/mask.png?threshold=${threshold}&of=${encodeURIComponent(revision ?? "")}${gated ? "" : "&gated=false"}`;

/** @param {Modality} modality */
const model = (modality) => `/models/${encodeURIComponent(modality)}`;

/** @returns {Promise<{may_switch: boolean, why: string | null, models: Record<Modality, Facts>}>} */
export const models = () => ask("/models");

/** @param {Modality} modality @returns {Promise<Described>} */
export const described = (modality) => ask(model(modality));

/** @param {Modality} modality @returns {Promise<Scored>} */
export const scored = (modality) => ask(`${model(modality)}/scores`);

/** The tags of the repository in use; asks the Hub, and only where the weights come from there.
 * @param {Modality} modality @returns {Promise<{revisions: Revision[], problem: string | null}>} */
export const revisions = (modality) => ask(`${model(modality)}/revisions`);

/** @param {Modality} modality @param {string} name @returns {Promise<Described>} */
export const switchTo = (modality, name) => ask(model(modality), sending("PUT", { name }));

/** @param {Modality} modality @param {string} revision so that no other's picture is shown @param {string} path */
export const picture = (modality, revision, path) =>
  `${BASE}${model(modality)}/pictures/${path.split("/").map(encodeURIComponent).join("/")}?of=${encodeURIComponent(revision)}`;
