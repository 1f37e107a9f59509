// Numbers and findings in words. Pure: no page, no server.

/** @typedef {import("./api.js").ScanInfo} ScanInfo */

export const NONE = "–";

/** @param {number} n */
export const grouped = (n) => String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, "\u202f");

/** @param {number | null | undefined} value @param {number} digits */
export const fixed = (value, digits) => (value == null ? NONE : value.toFixed(digits));

/** @param {number} mm2 */
export const squareMillimetres = (mm2) => (mm2 < 100 ? mm2.toFixed(1) : grouped(mm2));

/** @param {ScanInfo} info */
export const size = ({ width, height, depth }) => `${width} × ${height} px, ${depth} bit`;

/** @param {ScanInfo} info */
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

/** What presence means. @param {ScanInfo} info @returns {{verdict: string, detail: string}} */
export function presenceWords(info) {
  const { presence, gate, lesions } = info;
  if (presence === null) {
    const verdict = lesions.length ? "Lesion outlined" : "Nothing outlined";
    return { verdict, detail: "This network does not say whether a lesion is present." };
  }
  if (isGated(info)) return { verdict: "No lesion found", detail: `under the gate ${fixed(gate, 2)}` };
  const verdict = lesions.length ? "Lesion found" : "Lesion likely, none outlined";
  return { verdict, detail: gate === null ? "" : `over the gate ${fixed(gate, 2)}` };
}

/** One line for the list. @param {ScanInfo} info */
export function summary(info) {
  if (info.state !== "open") return info.has_truth ? "with truth" : "";
  if (!info.segmented) return "not segmented";
  const n = info.lesions.length;
  const found = n === 0 ? "no lesion" : n === 1 ? "1 lesion" : `${n} lesions`;
  if (info.seen) return `${found} · seen`; // scores of what was trained on are no headline
  return info.scores ? `${found} · Dice ${fixed(info.scores.dice, 2)}` : found;
}

/** Rows of the table of scores at the operating point: name, value, and why there is none.
 * @param {ScanInfo} info @returns {{name: string, key: string, title: string, value: string, why: string}[]} */
export function scoreRows({ scores, spacing }) {
  if (scores === null) return [];
  const apart = "a distance needs a lesion in both";
  const unknown = spacing ? apart : "pixel spacing unknown";
  return [
    { name: "Dice", key: "dice", title: "2 × overlap / (painted + truth)", value: fixed(scores.dice, 3), why: "" },
    { name: "IoU", key: "iou", title: "Intersection over union", value: fixed(scores.iou, 3), why: "" },
    { name: "Precision", key: "precision", title: "Share of the painted area that is truth", value: fixed(scores.precision, 3), why: "nothing is painted" },
    { name: "Recall", key: "recall", title: "Share of the truth that is painted", value: fixed(scores.recall, 3), why: "the truth is empty" },
    { name: "HD95, px", key: "hd95_px", title: "95th percentile of the distance between the borders", value: fixed(scores.hd95_px, 1), why: apart },
    { name: "HD95, mm", key: "hd95_mm", title: "95th percentile of the distance between the borders", value: fixed(scores.hd95_mm, 2), why: scores.hd95_px === null ? apart : unknown },
  ].map((row) => ({ ...row, why: row.value === NONE ? row.why : "" }));
}

/** @param {ScanInfo} info */
export function modalitySource({ modality_source, kind }) {
  if (kind === "generated") return "generated as such";
  if (modality_source === "file") return "as the file says";
  return modality_source === "person" ? "as you said" : "guessed from the picture: change it if it is wrong";
}
