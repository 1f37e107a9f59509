// Numbers and findings in words. Pure: no page, no server.

import { apart, grouped } from "../../canvas/numbers.js";

export { grouped, squareMillimetres } from "../../canvas/numbers.js";

/** @typedef {import("./api.js").ScanInfo} ScanInfo */

export const NONE = "–";

/** @type {Record<import("./api.js").Modality, string>} */
export const MODALITY = { ultrasound: "Ultrasound", mammogram: "Mammogram" };

/** @param {number | null | undefined} value @param {number} digits */
export const fixed = (value, digits) => (value == null ? NONE : value.toFixed(digits));

/** Weights may come with 0.7000000000000001. @param {number | null} value */
export const threshold = (value) => (value === null ? NONE : String(Number(value.toPrecision(3))));

/** @param {Pick<ScanInfo, "width" | "height" | "depth">} info */
export const size = ({ width, height, depth }) => `${width} × ${height} px, ${depth} bit`;

/** @param {Pick<ScanInfo, "spacing">} info */
export function spacing({ spacing }) {
  if (!spacing) return "pixel spacing unknown";
  const [row, column] = spacing.map((mm) => String(Number(mm.toPrecision(3))));
  return row === column ? `${row} mm a pixel` : `pixels of ${column} × ${row} mm`;
}

/** The masks that make the truth. @param {ScanInfo} info */
export const truthNames = ({ truth_names }) =>
  truth_names.length > 1 ? `${truth_names.length} masks, ${truth_names[0]} first` : (truth_names[0] ?? "");

/** Whether the presence gate holds the mask back at the operating point. @param {ScanInfo} info */
export const isGated = ({ presence, gate }) => presence !== null && gate !== null && presence < gate;

/** So many digits that it is told from the gate. @param {Pick<ScanInfo, "presence" | "gate">} info */
export const presenceDigits = ({ presence, gate }) => (presence === null || gate === null ? fixed(presence, 2) : apart(presence, gate)[0]);

/** What presence means. @param {ScanInfo} info @returns {{verdict: string, detail: string}} */
export function presenceWords(info) {
  const { presence, gate, lesions } = info;
  if (presence === null) {
    const verdict = lesions.length ? "Lesion outlined" : "Nothing outlined";
    return { verdict, detail: "This network does not say whether a lesion is present." };
  }
  const shown = gate === null ? "" : apart(presence, gate)[1];
  if (isGated(info)) return { verdict: "No lesion found", detail: `under the gate ${shown}` };
  const verdict = lesions.length ? "Lesion found" : "Lesion likely, none outlined";
  return { verdict, detail: gate === null ? "" : `over the gate ${shown}` };
}

/** A mammogram's network without presence was made from lesion images alone. @param {ScanInfo} info */
export const outlinesAll = ({ modality, presence }) => modality === "mammogram" && presence === null;

export const OUTLINES_ALL = "This network has never seen a normal mammogram, and outlines something on nearly every one.";

/** What the network knows; said of mammograms, of which there are kinds that look alike to nobody but a network.
 * @param {Pick<ScanInfo, "modality" | "trained_on">} info */
export const knows = ({ modality, trained_on }) => (modality === "mammogram" && trained_on ? `It was trained on ${trained_on.replaceAll("-", "\u2011")}.` : "");

/** The part of a scan that the network looked at. @param {Pick<ScanInfo, "looked_at" | "modality">} info */
export function lookedAt({ looked_at, modality }) {
  if (!looked_at) return "";
  const [, , width, height] = looked_at;
  const what = modality === "mammogram" ? "the breast" : "the picture on the machine's screen";
  return `It looked at ${what} alone, ${grouped(width)} × ${grouped(height)} px within the dashed line.`;
}

/** Whether other weights than those in use now made the prediction. @param {ScanInfo} info */
export const isOfOther = ({ segmented, revision, in_use }) => segmented && Boolean(in_use) && revision !== in_use;

/** Whether it is open, and as the weights that are in use draw it. @param {ScanInfo} info */
export const isUpToDate = (info) => info.state === "open" && info.segmented && !isOfOther(info);

/** One line for the list. @param {ScanInfo} info */
export function summary(info) {
  if (info.state !== "open") return info.has_truth ? "with truth" : "";
  if (!info.segmented) return "not segmented";
  const n = info.lesions.length;
  const none = info.presence === null ? "nothing outlined" : isGated(info) ? "no lesion" : "lesion likely";
  const found = n === 0 ? none : n === 1 ? "1 lesion" : `${n} lesions`;
  if (isOfOther(info)) return `${found} · old weights`;
  if (info.cautions?.length) return "unusual scan"; // the panel says how, and what is drawn may be worth nothing
  if (info.seen) return `${found} · in training`; // scores of what was trained on are no headline
  return info.scores ? `${found} · Dice ${fixed(info.scores.dice, 2)}` : found;
}

/** What each number means, for all tabs; what the figures of Evaluate mean comes with them from the server. */
export const MEANING = {
  presence: "How sure the network is that the image holds any lesion, 0 to 1. Below the gate nothing is outlined.",
  painted: "How many pixels of the scan the prediction covers.",
  truth: "How many pixels of the scan the truth covers.",
  dice: "2 × overlap / (painted + truth): 1 is the same mask, 0 is no overlap.",
  iou: "Intersection over union: overlap / (painted or truth). Stricter than the Dice, in the same order.",
  precision: "Share of the painted area that is truth. A dash: nothing is painted.",
  recall: "Share of the truth that is painted. A dash: the truth is empty.",
  hd95: "Hausdorff distance, 95th percentile: how far apart the two borders are, leaving out the worst 5%. A dash: one of the two masks is empty, or (in mm) the size of a pixel is not known.",
  uncertainty: "How unsure the network is of what it drew: 1 is most.",
  boxes: "Only boxes are known for these lesions: scored against the ellipse in each, which is no score against an outline.",
  suspicion: "How confidently the network contradicts the truth: 1 is most.",
};

/** Rows of the table of scores at the operating point: name, value, and why there is none.
 * @param {ScanInfo} info @returns {{name: string, key: string, meaning: string, value: string, why: string}[]} */
export function scoreRows({ scores, spacing }) {
  if (scores === null) return [];
  const apart = "a distance needs a lesion in both";
  const unknown = spacing ? apart : "pixel spacing unknown";
  return [
    { name: "Dice", key: "dice", meaning: MEANING.dice, value: fixed(scores.dice, 3), why: "" },
    { name: "IoU", key: "iou", meaning: MEANING.iou, value: fixed(scores.iou, 3), why: "" },
    { name: "Precision", key: "precision", meaning: MEANING.precision, value: fixed(scores.precision, 3), why: "nothing is painted" },
    { name: "Recall", key: "recall", meaning: MEANING.recall, value: fixed(scores.recall, 3), why: "the truth is empty" },
    { name: "HD95, px", key: "hd95_px", meaning: MEANING.hd95, value: fixed(scores.hd95_px, 1), why: apart },
    { name: "HD95, mm", key: "hd95_mm", meaning: MEANING.hd95, value: fixed(scores.hd95_mm, 2), why: scores.hd95_px === null ? apart : unknown },
  ].map((row) => ({ ...row, why: row.value === NONE ? row.why : "" }));
}

/** Why another modality cannot be chosen. @param {ScanInfo} info */
export const fixedModality = ({ modality, kind }) =>
  `${kind === "generated" ? "It was generated as" : "Its file says that this is"} ${modality === "ultrasound" ? "an" : "a"} ${modality}.`;

/** @param {ScanInfo} info */
export function modalitySource({ modality_source, kind }) {
  if (kind === "generated") return "generated as such";
  if (modality_source === "file") return "as the file says";
  return modality_source === "person" ? "as you said" : "guessed from the picture: change it if it is wrong";
}

/** @param {number | null | undefined} value @param {[number, number] | null | undefined} interval @param {number} digits */
const withInterval = (value, interval, digits) => {
  if (value == null) return { value: NONE, interval: "" };
  return { value: fixed(value, digits), interval: interval ? `${fixed(interval[0], digits)}–${fixed(interval[1], digits)}` : "" };
};

/** A share in per cent. @param {number | null | undefined} value @param {[number, number] | null | undefined} interval */
const inPercent = (value, interval) => {
  if (value == null) return { value: NONE, interval: "" };
  const percent = (/** @type {number} */ share) => `${fixed(100 * share, 1)}%`;
  return { value: percent(value), interval: interval ? `${percent(interval[0])}–${percent(interval[1])}` : "" };
};

/** Rows of the table of a model's scores: name, what it means, and a cell for each data set.
 * @param {import("./api.js").Figures[]} figures
 * @returns {{name: string, meaning: string, cells: {value: string, interval: string}[]}[]} */
export function figureRows(figures) {
  const count = (/** @type {number} */ n, /** @type {number} */ groups) =>
    n ? { value: grouped(n), interval: `${grouped(groups)} ${groups === 1 ? "group" : "groups"}` } : { value: NONE, interval: "" };
  /** @param {"lesion" | "normal"} part @param {string} key */
  const of = (part, key, digits = 3) => figures.map((f) => withInterval(f[part][key], f[part][`${key}_ci`], digits));
  /** @param {"lesion" | "normal"} part @param {string} key */
  const share = (part, key) => figures.map((f) => inPercent(f[part][key], f[part][`${key}_ci`]));
  return [
    { name: "Lesion images", meaning: "Groups are patients or near-duplicate pictures: what must stay on one side of a split.", cells: figures.map(({ lesion }) => count(lesion.n, lesion.groups)) },
    { name: "Dice, mean", meaning: `${MEANING.dice} Over lesion images.`, cells: of("lesion", "dice_mean") },
    { name: "Dice, median", meaning: "Half of the lesion images lie above.", cells: of("lesion", "dice_median") },
    { name: "IoU, mean", meaning: MEANING.iou, cells: of("lesion", "iou_mean") },
    { name: "HD95, px", meaning: "Hausdorff distance, 95th percentile: how far apart the two borders are, leaving out the worst 5%. Over lesion images on which anything is painted.", cells: of("lesion", "hd95_mean", 1) },
    { name: "Found", meaning: "Share of the lesion images with a Dice above 0.1.", cells: share("lesion", "detected") },
    { name: "Normal images", meaning: "Images without a lesion.", cells: figures.map(({ normal }) => count(normal.n, normal.groups)) },
    { name: "Normals painted", meaning: "Share of the normal images on which anything is painted: less is better.", cells: share("normal", "painted") },
    { name: "Presence, AUC", meaning: "How well presence tells lesion images from normal ones: 0.5 is chance, 1 is always. A dash: no image without a lesion, or a network without presence.", cells: figures.map((f) => withInterval(f.presence_auc, f.presence_auc_ci, 3)) },
  ];
}

/** @param {import("./api.js").Facts} facts */
export function operatingPoint({ crop, operating_point: { mask_threshold, presence_gate, min_lesion_fraction } }) {
  const gate = presence_gate === null ? "no presence gate" : `nothing below a presence of ${threshold(presence_gate)}`;
  const smallest = min_lesion_fraction > 0 ? `; no part under ${Number((100 * min_lesion_fraction).toPrecision(2))}% of ${crop ? "what it looks at" : "the image"}` : "";
  return `painted from ${threshold(mask_threshold)} on; ${gate}${smallest}`;
}

/** What is made of the network's answer first; "" for nothing. @param {Pick<import("./api.js").Facts, "crop" | "reading">} facts */
export function reading({ crop, reading: { mirrored, calibration } }) {
  return [crop && `the ${crop} alone, cut out`, mirrored && "the scan and its mirror image, averaged", calibration && "presence calibrated by how sure the map is"].filter(Boolean).join("; ");
}

/** @param {import("./api.js").Facts} facts */
export function network({ architecture, size, parameters }) {
  return `${architecture}, ${size} × ${size}, ${fixed(parameters / 1e6, 1)} million parameters`;
}

/** @param {import("./api.js").Facts} facts */
export function source({ source, weights }) {
  return source === "embedded" ? "embedded in the app" : weights;
}

/** @param {number} left how many of one's own scans are not done @param {number} before how many of others come first */
export const toDo = (left, before) => `${left} to do${before ? `, after ${before} of ${before === 1 ? "another visitor" : "other visitors"}` : ""}`;
