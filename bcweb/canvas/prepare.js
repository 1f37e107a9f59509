// Asks the worker, which all viewers of a page share. Arrays are handed over: the caller's become empty.

/** @typedef {import("./pyramid.js").Level} Level */
/** @typedef {object} Prediction
 * @property {Uint8Array} probability round(255 p)
 * @property {Uint8Array} opened the same without parts too small to count (components.js)
 * @property {Int32Array} extents the boxes of `opened` (extents.js)
 * @property {import("./scores.js").Tally} tally of `opened` and the truth */
/** @typedef {{mask: Uint8Array, pixels: number, box: import("./extents.js").Box | null}} Truth
 * mask: 0 or 255; pixels: how many are lesion; box: around them */
/** @typedef {{prediction: Prediction | null, truth: Truth | null}} Maps */

/** @type {Worker | null} */
let worker = null;
let asked = 0;
/** @type {Map<number, {resolve: (answer: any) => void, reject: (error: Error) => void}>} */
const waiting = new Map();

function theWorker() {
  if (worker) return worker;
  worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  worker.addEventListener("message", ({ data: { id, answer, error } }) => {
    const asker = waiting.get(id);
    waiting.delete(id);
    if (error) asker?.reject(new Error(`The scan could not be prepared for display (${error}).`));
    else asker?.resolve(answer);
  });
  worker.addEventListener("error", () => {
    worker = null;
    for (const { reject } of waiting.values()) {
      reject(new Error("The browser could not start the part of the viewer that prepares scans."));
    }
    waiting.clear();
  });
  return worker;
}

/** @param {object} task @param {ArrayBufferLike[]} transfer @returns {Promise<any>} */
function ask(task, transfer) {
  return new Promise((resolve, reject) => {
    const id = asked++;
    waiting.set(id, { resolve, reject });
    theWorker().postMessage({ id, task }, /** @type {ArrayBuffer[]} */ (transfer));
  });
}

/** @param {Uint8Array | Uint16Array} data @param {number} width @param {number} height
 * @returns {Promise<Level[]>} the scan and its halves */
export function prepareScan(data, width, height) {
  return ask({ kind: "scan", data, width, height }, [data.buffer]);
}

/** @param {Uint8Array | null} probability round(255 p) @param {Uint8Array | null} truth 0 or 255
 * @param {number} width @param {number} height @param {number} minArea smallest lesion in pixels
 * @returns {Promise<Maps>} */
export function prepareMaps(probability, truth, width, height, minArea) {
  const transfer = [probability, truth].flatMap((map) => (map ? [map.buffer] : []));
  return ask({ kind: "maps", probability, truth, width, height, minArea }, transfer);
}
