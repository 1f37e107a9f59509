// How well a thresholded map meets the truth, for all 256 levels at once: two cumulative histograms,
// so that moving the threshold looks up four numbers and counts no pixel.

/** @typedef {{inside: Uint32Array, outside: Uint32Array, truth: number|null}} Tally
 *  inside[l], outside[l]: how many pixels of the truth, and of the rest, have a value of at least l
 *  (257 entries; the last is 0); truth: pixels of the truth, null where none is known. */
/** @typedef {{painted_px: number, hit: number|null, miss: number|null, falseAlarm: number|null,
 *  dice: number|null, iou: number|null, precision: number|null, recall: number|null}} Scores */

/** The level that a map stored as round(255 p) must reach for p >= threshold.
 * @param {number} threshold 0..1 @returns {number} 0..255 */
export function levelOf(threshold) {
  return Math.min(Math.max(Math.ceil(threshold * 255 - 1e-9), 0), 255);
}

/** The level that no pixel reaches: an empty mask. */
export const NOTHING = 256;

/** @param {Uint8Array} values @param {Uint8Array|null} truth 0 or 255, as long @returns {Tally} */
export function tally(values, truth) {
  const inside = new Uint32Array(257);
  const outside = new Uint32Array(257);
  if (truth === null) {
    for (let i = 0; i < values.length; i++) outside[values[i]]++;
  } else {
    for (let i = 0; i < values.length; i++) {
      if (truth[i] > 127) inside[values[i]]++;
      else outside[values[i]]++;
    }
  }
  for (let l = 254; l >= 0; l--) {
    inside[l] += inside[l + 1];
    outside[l] += outside[l + 1];
  }
  return { inside, outside, truth: truth === null ? null : inside[0] };
}

/** Scores of the mask {value >= level}. Two empty masks agree: Dice and IoU 1; a ratio over nothing
 * (precision of an empty mask, recall of an empty truth) is null.
 * @param {Tally} tally @param {number} level 0..256 @returns {Scores} */
export function scoresAt(tally, level) {
  const hit = tally.inside[level];
  return scoresOf(hit + tally.outside[level], tally.truth === null ? null : { hit, pixels: tally.truth });
}

/** The same from counts. @param {number} painted pixels @param {{hit: number, pixels: number} | null} truth
 * hit: how many of the painted are true; pixels: how many are; null where none is known
 * @returns {Scores} */
export function scoresOf(painted, truth) {
  if (truth === null) {
    return {
      painted_px: painted, hit: null, miss: null, falseAlarm: null,
      dice: null, iou: null, precision: null, recall: null,
    };
  }
  const { hit, pixels } = truth;
  const miss = pixels - hit;
  const falseAlarm = painted - hit;
  const union = hit + miss + falseAlarm;
  return {
    painted_px: painted, hit, miss, falseAlarm,
    dice: union === 0 ? 1 : (2 * hit) / (union + hit),
    iou: union === 0 ? 1 : hit / union,
    precision: painted === 0 ? null : hit / painted,
    recall: pixels === 0 ? null : hit / pixels,
  };
}
