// Runs beside the page: what takes longer than a frame on a large mammogram.

import { areaOpening } from "./components.js";
import { pyramid } from "./pyramid.js";
import { tally } from "./scores.js";

/** @typedef {{kind: "scan", data: Uint8Array | Uint16Array, width: number, height: number}} ScanTask */
/** @typedef {{kind: "prediction", probability: Uint8Array, truth: Uint8Array | null, width: number,
 *  height: number, minArea: number}} PredictionTask */

const tasks = {
  /** @param {ScanTask} task */
  scan({ data, width, height }) {
    return pyramid({ data, width, height });
  },
  /** @param {PredictionTask} task */
  prediction({ probability, truth, width, height, minArea }) {
    const opened = areaOpening(probability, width, height, minArea);
    return { probability, opened, truth, tally: tally(opened, truth) };
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
  try {
    const answer = task.kind === "scan" ? tasks.scan(task) : tasks.prediction(task);
    /** @type {any} */ (globalThis).postMessage({ id, answer }, buffers(answer));
  } catch (error) {
    /** @type {any} */ (globalThis).postMessage({ id, error: String(error) });
  }
});
