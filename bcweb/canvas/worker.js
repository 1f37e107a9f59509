// Runs beside the page: what takes longer than a frame on a large mammogram.

import { areaOpening } from "./components.js";
import { boxAt, extents } from "./extents.js";
import { pyramid } from "./pyramid.js";
import { tally } from "./scores.js";

/** @typedef {{kind: "scan", data: Uint8Array | Uint16Array, width: number, height: number}} ScanTask */
/** @typedef {{kind: "maps", probability: Uint8Array | null, truth: Uint8Array | null, width: number,
 *  height: number, minArea: number}} MapsTask */

const tasks = {
  /** @param {ScanTask} task */
  scan({ data, width, height }) {
    return pyramid({ data, width, height });
  },
  /** @param {MapsTask} task @returns {import("./prepare.js").Maps} */
  maps({ probability, truth, width, height, minArea }) {
    const opened = probability && areaOpening(probability, width, height, minArea);
    return {
      prediction: probability && opened && {
        probability, opened, extents: extents(opened, width), tally: tally(opened, truth),
      },
      truth: truth && {
        mask: truth,
        pixels: truth.reduce((count, value) => count + (value > 127 ? 1 : 0), 0),
        box: boxAt(extents(truth, width), 128),
      },
    };
  },
};

/** Every array buffer in an answer, to be handed over instead of copied. @param {any} value
 * @returns {ArrayBuffer[]} */
function buffers(value) {
  if (ArrayBuffer.isView(value)) return [/** @type {ArrayBuffer} */ (value.buffer)];
  if (value === null || typeof value !== "object") return [];
  return Object.values(value).flatMap(buffers);
}

addEventListener("message", ({ data: { id, task } }) => {
  const post = /** @type {(message: object, transfer: ArrayBuffer[]) => void} */ (
    /** @type {unknown} */ (globalThis.postMessage.bind(globalThis))
  );
  try {
    const answer = task.kind === "scan" ? tasks.scan(task) : tasks.maps(task);
    post({ id, answer }, buffers(answer));
  } catch (error) {
    post({ id, error: String(error) }, []);
  }
});
