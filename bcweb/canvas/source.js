// Fetches a scan's arrays from the server. Errors are one sentence for the reader.

import { patience } from "./silence.js";

/** @typedef {object} ScanInfo
 * @property {string | number} id
 * @property {string} name
 * @property {number} width
 * @property {number} height
 * @property {8 | 16} depth
 * @property {[number, number]} window
 * @property {[number, number] | null} spacing millimetres per row and column
 * @property {boolean} has_truth
 * @property {boolean} segmented
 * @property {number | null} presence
 * @property {number | null} gate
 * @property {number | null} threshold
 * @property {number | null} min_lesion_px
 * @property {[number, number, number, number] | null} [looked_at] x, y, width, height of the part of the scan that the network looked
 *   at; beside it it paints nothing; null for all of it
 * @property {string | null} revision
 * @property {number | null} [truth] which one, where it may be exchanged: only this one is taken
 */

/** `place` is the address of what has the arrays, as in "/bc/scans".
 * @param {string} place @param {ScanInfo} info @param {string} what @param {AbortSignal} signal
 * @param {number} bytes how many there must be
 * @param {string | number | null} of what it must be of: the weights that made it, the truth's number @returns {Promise<ArrayBuffer>} */
async function fetchArray(place, info, what, signal, bytes, of = null) {
  let response;
  let buffer;
  const line = patience();
  try {
    const asked = of === null ? "" : `?of=${encodeURIComponent(String(of))}`;
    response = await fetch(`${place}/${encodeURIComponent(String(info.id))}/${what}${asked}`, {
      credentials: "same-origin",
      signal: AbortSignal.any([signal, line.signal]),
    });
    buffer = await line.bytesOf(response);
  } catch (error) {
    if (signal.aborted) throw error;
    throw new Error(`The server did not answer when asked for the ${what} of ${info.name}.`);
  }
  if (response.status === 404 && what === "pixels") throw new Error(`${info.name} is not here any more: open it again.`);
  if (!response.ok) {
    throw new Error(sentenceIn(buffer) ?? `The server refused the ${what} of ${info.name} (${response.status}).`);
  }
  if (buffer.byteLength !== bytes) {
    throw new Error(`The ${what} of ${info.name} arrived with ${buffer.byteLength} bytes instead of ${bytes}.`);
  }
  return buffer;
}

/** What a refusal says, where it says anything: {"error": sentence}. @param {ArrayBuffer} answer @returns {string | null} */
function sentenceIn(answer) {
  try {
    const { error } = JSON.parse(new TextDecoder().decode(answer));
    return typeof error === "string" ? error : null;
  } catch {
    return null;
  }
}

/** @param {string} place @param {ScanInfo} info @param {AbortSignal} signal
 * @returns {Promise<Uint8Array | Uint16Array>} row-major */
export async function fetchPixels(place, info, signal) {
  const bytes = (info.width * info.height * info.depth) / 8;
  const buffer = await fetchArray(place, info, "pixels", signal, bytes);
  return info.depth === 16 ? new Uint16Array(buffer) : new Uint8Array(buffer);
}

/** @param {string} place @param {ScanInfo} info @param {"probability" | "truth"} what
 * @param {AbortSignal} signal @returns {Promise<Uint8Array>} row-major */
export async function fetchMap(place, info, what, signal) {
  const bytes = info.width * info.height;
  const of = what === "probability" ? info.revision : (info.truth ?? null);
  return new Uint8Array(await fetchArray(place, info, what, signal, bytes, of));
}
