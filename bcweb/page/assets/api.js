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
 * @property {string[]} [notes]
 * @property {boolean} has_truth
 * @property {string[]} truth_names
 * @property {boolean} segmented
 * @property {number | null} presence
 * @property {number | null} gate
 * @property {number | null} threshold
 * @property {number | null} min_lesion_px
 * @property {Lesion[]} lesions
 * @property {string | null} revision
 * @property {boolean | null} seen
 * @property {Scores | null} scores
 */
/** @typedef {{part: "scan" | "truth", adds: boolean, held: string | null, new: number | null}} Pair */
/** @typedef {{scans: ScanInfo[], samples: {name: string, description: string, modality: Modality}[],
 *  modalities: Modality[], folders: boolean, upload_bytes: number, at_once: number}} Session */

// This module is served from BASE/bc/static/VERSION/page/assets/.
export const BASE = new URL("../../../..", import.meta.url).pathname.replace(/\/$/, "");

/** @param {string} path @param {RequestInit} [options] @returns {Promise<any>} */
async function ask(path, options) {
  let response;
  try {
    response = await fetch(BASE + path, { credentials: "same-origin", ...options });
  } catch {
    throw new Error("The server does not answer. What is on the screen is still there; try again.");
  }
  const answer = await response.json().catch(() => null);
  if (response.ok && answer !== null) return answer;
  throw new Error(answer?.error ?? `The server could not do this (${response.status}).`);
}

/** @param {string} method @param {unknown} fields @returns {RequestInit} */
const sending = (method, fields) => ({ method, body: JSON.stringify(fields), headers: { "Content-Type": "application/json" } });

/** @param {string} id */
const scan = (id) => `/scans/${encodeURIComponent(id)}`;

/** @param {string} name */
const naming = (name) => ({ "X-File-Name": encodeURIComponent(name), "Content-Type": "application/octet-stream" });

/** @returns {Promise<Session>} */
export const session = () => ask("/session");

/** @param {string[]} names @returns {Promise<Pair[]>} */
export const pair = (names) => ask("/pair", sending("POST", { names }));

/** @param {Blob} file @param {string} name @returns {Promise<ScanInfo>} */
export const upload = (file, name) => ask("/scans", { method: "POST", body: file, headers: naming(name) });

/** @param {string} name @returns {Promise<ScanInfo>} */
export const sample = (name) => ask(`/samples/${encodeURIComponent(name)}`, { method: "POST" });

/** @param {string} path @returns {Promise<ScanInfo[]>} */
export const folder = (path) => ask("/folder", sending("POST", { path }));

/** @param {string} id @returns {Promise<ScanInfo>} */
export const open = (id) => ask(scan(id));

/** @param {string} id */
export const remove = (id) => ask(scan(id), { method: "DELETE", keepalive: true });

/** @param {string} id @param {Modality} modality @returns {Promise<ScanInfo>} */
export const setModality = (id, modality) => ask(`${scan(id)}/modality`, sending("PUT", { modality }));

/** The mask becomes the truth, or with `adds` one more part of it.
 * @param {string} id @param {Blob} file @param {string} name @param {boolean} adds @returns {Promise<ScanInfo>} */
export const setTruth = (id, file, name, adds) =>
  ask(`${scan(id)}/truth`, { method: adds ? "POST" : "PUT", body: file, headers: naming(name) });

/** @param {string} id @returns {Promise<ScanInfo>} */
export const dropTruth = (id) => ask(`${scan(id)}/truth`, { method: "DELETE" });

/** @param {string} id */
export const thumbnail = (id) => `${BASE}${scan(id)}/thumbnail`;

/** @param {string} id @param {number} threshold @param {boolean} gated */
export const mask = (id, threshold, gated) =>
  `${BASE}${scan(id)}/mask.png?threshold=${threshold}${gated ? "" : "&gated=false"}`;
