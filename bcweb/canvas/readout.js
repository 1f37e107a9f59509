// What is under the pointer: its place and values in words, and a cross at the same place of the other panes.

import { one, write } from "./dom.js";
import { toImage, toPane } from "./view.js";

/** @typedef {import("./reading.js").Reading} Reading */

/** @param {ShadowRoot} root @param {Reading} reading @param {import("./stage.js").Stage} stage
 * @param {number} reduction how many pixels of the scan one drawn pixel is wide, at the least (gl.js) */
export function refreshReadout(root, reading, stage, reduction) {
  const { scan, shape } = reading;
  const place = stage.pointer && stage.locate(stage.pointer);
  const at = place && scan && toImage(stage.view, shape, place.pane, place.at);
  const inside = at && at.x >= 0 && at.y >= 0 && at.x < shape.width && at.y < shape.height;
  for (const { id, rect } of stage.panes) {
    const cross = one(root, `[data-pane="${id}"] .cross`);
    cross.classList.toggle("on", !!inside && rect !== place?.pane);
    if (!inside) continue;
    const spot = toPane(stage.view, shape, rect, at);
    cross.style.transform = `translate(${spot.x / stage.dot}px, ${(spot.y + stage.strip) / stage.dot}px)`;
  }
  const words = inside ? under(reading, Math.floor(at.x), Math.floor(at.y)) : remark(reading, reduction);
  write(one(root, ".readout"), words);
}

/** @param {Reading} reading @param {number} x @param {number} y a pixel of the scan */
function under({ scan, prediction, shape }, x, y) {
  const at = y * shape.width + x;
  const p = prediction?.probability[at];
  const probability = p === undefined ? "" : `   p ${(p / 255).toFixed(2)}`;
  return `x ${x}  y ${y}   value ${scan?.[0].data[at]}${probability}`;
}

/** What to say where the pointer has nothing under it. @param {Reading} reading @param {number} reduction */
function remark({ scan }, reduction) {
  if (scan === null || reduction === 1) return "";
  return `Drawn at 1/${reduction} of its resolution, which is the most this device can; the numbers use all of it.`;
}
