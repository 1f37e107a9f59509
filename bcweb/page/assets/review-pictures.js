// Small pictures of masks, to compare them at a glance.

import { h } from "./dom.js";

const COLOUR = "#ffb000";

/** A mask's outline over its scan. @param {string} thumbnail address of the scan's picture @param {Uint8Array} mask
 * @param {number} width @param {number} height of the mask @param {number} [side] of the picture: the longer one, in pixels */
export function outlined(thumbnail, mask, width, height, side = 240) {
  const scale = Math.min(side / width, side / height);
  const canvas = /** @type {HTMLCanvasElement} */ (h("canvas", { width: Math.round(width * scale), height: Math.round(height * scale), role: "img", "aria-label": "Its mask" }));
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const scan = new Image();
  const draw = () => {
    if (scan.naturalWidth) context.drawImage(scan, 0, 0, canvas.width, canvas.height); // one that is broken throws
    context.fillStyle = COLOUR;
    const at = (/** @type {number} */ x, /** @type {number} */ y) => mask[Math.floor(y / scale) * width + Math.floor(x / scale)] > 0;
    for (let y = 1; y < canvas.height - 1; y++) {
      for (let x = 1; x < canvas.width - 1; x++) {
        if (at(x, y) && !(at(x - 1, y) && at(x + 1, y) && at(x, y - 1) && at(x, y + 1))) context.fillRect(x - 0.5, y - 0.5, 2, 2);
      }
    }
  };
  scan.onload = draw;
  scan.onerror = draw;
  scan.src = thumbnail;
  return canvas;
}
