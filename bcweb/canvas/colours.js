// The viewer's colours. Blue, yellow and vermilion stay apart for protan, deutan and tritan readers (a
// test simulates them); pattern and line say the same a second time.

/** @typedef {[number, number, number]} Colour sRGB, 0..255 */

/** @type {Record<"hit" | "miss" | "falseAlarm", Colour>} */
export const OUTCOME = {
  hit: [56, 176, 255],
  miss: [255, 214, 10],
  falseAlarm: [232, 62, 36],
};

/** What a layer is drawn in where it is not compared. The prediction has the hit's colour and the truth
 * the miss's: with nothing to compare, a prediction is what would be a hit, a truth what could be missed.
 * The reader's own mask is the lightest, and its line has a dark one along its inner side.
 * @type {Record<"prediction" | "truth" | "mine", Colour>} */
export const LAYER = { prediction: OUTCOME.hit, truth: OUTCOME.miss, mine: [165, 255, 240] };

/** Viridis (van der Walt and Smith, CC0): perceptually uniform; 33 even steps, straight lines between. */
const VIRIDIS =
  "440154470d6048186a482374472d7b4537814240863e49893b528b375b8d33638d2f6b8e2c728e297a8e26828e23898e21918c" +
  "1f988b1fa08822a78528ae8032b67a3fbc734ec36b5ec96270cf5784d44b98d83eaddc30c2df23d8e219ece51bfde725";

/** @param {number} p 0..1 @returns {Colour} */
export function heat(p) {
  const at = Math.min(Math.max(p, 0), 1) * 32;
  const i = Math.min(Math.floor(at), 31);
  const channel = (/** @type {number} */ step, /** @type {number} */ c) =>
    parseInt(VIRIDIS.slice(step * 6 + c * 2, step * 6 + c * 2 + 2), 16);
  const mix = (/** @type {number} */ c) => channel(i, c) + (at - i) * (channel(i + 1, c) - channel(i, c));
  return [mix(0), mix(1), mix(2)];
}

/** 256 RGBA texels of the heat map. @returns {Uint8Array} */
export function heatTexels() {
  const texels = new Uint8Array(256 * 4);
  for (let i = 0; i < 256; i++) texels.set([...heat(i / 255).map(Math.round), 255], i * 4);
  return texels;
}

/** @param {Colour} colour */
export function css(colour) {
  return `rgb(${colour.map(Math.round).join(" ")})`;
}
