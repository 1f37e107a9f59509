import assert from "node:assert/strict";
import { test } from "node:test";

import * as words from "../../bcweb/page/assets/words.js";

const SCAN = {
  name: "a.png", kind: "upload", state: "open", segmented: true, spacing: null, seen: false,
  presence: 0.9, gate: 0.5, threshold: 0.5, scores: null, truth_names: [],
  lesions: [{ area_px: 10, area_mm2: null, box: [0, 0, 2, 5] }],
};
const SCORES = { dice: 0.5, iou: 1 / 3, precision: 1, recall: 1 / 3, hd95_px: 12.34, hd95_mm: null };

test("presence is put in words, and its gate is named", () => {
  assert.deepEqual(words.presenceWords(SCAN), { verdict: "Lesion found", detail: "over the gate 0.50" });
  assert.deepEqual(words.presenceWords({ ...SCAN, presence: 0.49, lesions: [] }), {
    verdict: "No lesion found",
    detail: "under the gate 0.50",
  });
  assert.equal(words.presenceWords({ ...SCAN, lesions: [] }).verdict, "Lesion likely, none outlined");
  const close = { ...SCAN, presence: 0.4451, gate: 0.4464, lesions: [] };
  assert.equal(words.presenceWords(close).detail, "under the gate 0.446");
  assert.equal(words.presenceDigits(close), "0.445", "not 0.45 under 0.45");
  assert.equal(words.presenceDigits({ presence: 0.5, gate: 0.50004 }), "0.5000");
  assert.equal(words.presenceDigits({ presence: 0.9, gate: null }), "0.90");
});

test("a network that does not know presence is not said to find a lesion", () => {
  const said = words.presenceWords({ ...SCAN, presence: null, gate: null });
  assert.equal(said.verdict, "Lesion outlined");
  assert.match(said.detail, /does not say/);
});

test("a score that does not exist has a dash and its reason", () => {
  const rows = Object.fromEntries(words.scoreRows({ ...SCAN, scores: SCORES }).map((row) => [row.key, row]));
  assert.equal(rows.hd95_px.value, "12.3");
  assert.deepEqual([rows.hd95_mm.value, rows.hd95_mm.why], ["–", "pixel spacing unknown"]);
  assert.equal(rows.dice.why, "");
  const empty = { dice: 1, iou: 1, precision: null, recall: null, hd95_px: null, hd95_mm: null };
  const why = words.scoreRows({ ...SCAN, spacing: [0.1, 0.1], scores: empty }).map((row) => row.why);
  const apart = "a distance needs a lesion in both";
  assert.deepEqual(why, ["", "", "nothing is painted", "the truth is empty", apart, apart]);
});

test("a scan that the weights have seen headlines no score", () => {
  assert.equal(words.summary({ ...SCAN, scores: SCORES }), "1 lesion · Dice 0.50");
  assert.equal(words.summary({ ...SCAN, scores: SCORES, seen: true }), "1 lesion · in training");
});

test("the list says of a scan what its panel says", () => {
  const warned = { ...SCAN, scores: SCORES, cautions: ["This is a tomosynthesis image, not an ordinary mammogram."] };
  assert.equal(words.summary(warned), "unusual scan", "and no finding beside it");
  assert.equal(words.summary({ ...SCAN, lesions: [] }), "lesion likely");
  assert.equal(words.summary({ ...SCAN, lesions: [], presence: 0.4 }), "no lesion");
  assert.equal(words.summary({ ...SCAN, lesions: [], presence: null, gate: null }), "nothing outlined");
});

test("where the network looked at a part alone, it is said how large that is", () => {
  assert.equal(words.lookedAt({ looked_at: [10, 0, 1200, 2500], modality: "mammogram" }), "It looked at the breast alone, 1\u202f200 × 2\u202f500 px within the dashed line.");
  assert.equal(words.lookedAt({ looked_at: [10, 0, 640, 480], modality: "ultrasound" }), "It looked at the picture on the machine's screen alone, 640 × 480 px within the dashed line.");
  assert.equal(words.lookedAt({ looked_at: null }), "");
});

test("of a mammogram it is said with what the network was trained", () => {
  const trained_on = "ordinary (low-energy) digital mammograms (CDD-CESM)";
  assert.equal(words.knows({ modality: "mammogram", trained_on }), `It was trained on ${trained_on}.`.replaceAll("-", "\u2011"), "no name is torn at its hyphen");
  assert.equal(words.knows({ modality: "mammogram", trained_on: "" }), "");
  assert.equal(words.knows({ modality: "ultrasound", trained_on: "breast ultrasounds (BUSI)" }), "");
});

test("only a mammogram's network without presence is said to outline something on all", () => {
  assert.equal(words.outlinesAll({ ...SCAN, modality: "mammogram", presence: null }), true);
  assert.equal(words.outlinesAll({ ...SCAN, modality: "mammogram" }), false);
  assert.equal(words.outlinesAll({ ...SCAN, modality: "ultrasound", presence: null }), false);
});

test("a prediction of other weights than those in use says so, and headlines no score", () => {
  const old = { ...SCAN, scores: SCORES, revision: "a-1", in_use: "a-2" };
  assert.equal(words.isOfOther(old), true);
  assert.equal(words.summary(old), "1 lesion · old weights");
  assert.equal(words.isOfOther({ ...old, in_use: "a-1" }), false);
  assert.equal(words.isOfOther({ ...old, in_use: null }), false, "nothing is loaded yet");
  assert.equal(words.isOfOther({ ...old, segmented: false, revision: null }), false);
});

test("a model's figures are rows with a cell for each data set", () => {
  const lesion = { n: 1234, groups: 97, dice_mean: 0.68682, dice_mean_ci: [0.58562, 0.77343], dice_median: 0.8, dice_median_ci: null };
  const figures = { lesion, normal: { n: 0, groups: 0, painted: null, painted_ci: null }, presence_auc: null, presence_auc_ci: null };
  const rows = Object.fromEntries(words.figureRows([figures, figures]).map(({ name, cells }) => [name, cells]));
  assert.deepEqual(rows["Lesion images"][1], { value: "1\u202f234", interval: "97 groups" });
  const [single] = words.figureRows([{ ...figures, lesion: { ...lesion, n: 3, groups: 1 } }]);
  assert.deepEqual(single.cells, [{ value: "3", interval: "1 group" }]);
  assert.deepEqual(rows["Dice, mean"][0], { value: "0.687", interval: "0.586–0.773" });
  assert.deepEqual(rows["Dice, median"][0], { value: "0.800", interval: "" });
  assert.deepEqual(rows["Normals painted"][0], { value: "–", interval: "" });
});

test("an operating point is put in words", () => {
  assert.equal(words.threshold(0.1 + 0.6), "0.7");
  assert.equal(words.threshold(0.4375), "0.438");
  const point = { mask_threshold: 0.6, presence_gate: 0.6667, min_lesion_fraction: 0.001 };
  assert.equal(words.operatingPoint({ crop: null, operating_point: point }), "painted from 0.6 on; nothing below a presence of 0.667; no part under 0.1% of the image");
  assert.match(words.operatingPoint({ crop: "breast", operating_point: point }), /no part under 0\.1% of what it looks at$/);
  const low = { crop: null, operating_point: { ...point, presence_gate: 0.004 } };
  assert.match(words.operatingPoint(low), /nothing below a presence of 0\.004;/, "nothing lies below 0.00");
  const open = { mask_threshold: 0.5, presence_gate: null, min_lesion_fraction: 0 };
  assert.equal(words.operatingPoint({ crop: null, operating_point: open }), "painted from 0.5 on; no presence gate");
});

test("what is made of an answer is told, and nothing where it is taken as it comes", () => {
  assert.equal(words.reading({ crop: null, reading: { mirrored: false, calibration: null } }), "");
  assert.equal(words.reading({ crop: "breast", reading: { mirrored: true, calibration: null } }), "the breast alone, cut out; the scan and its mirror image, averaged");
  assert.equal(words.reading({ crop: null, reading: { mirrored: true, calibration: [1, 0.7, -3] } }), "the scan and its mirror image, averaged; presence calibrated by how sure the map is");
});

test("numbers are grouped, lengths keep three digits", () => {
  assert.equal(words.grouped(1234567), "1\u202f234\u202f567");
  assert.equal(words.grouped(999), "999");
  assert.equal(words.spacing({ ...SCAN, spacing: [0.083333, 0.083333] }), "0.0833 mm a pixel");
  assert.equal(words.spacing({ ...SCAN, spacing: [0.1, 0.05] }), "pixels of 0.05 × 0.1 mm");
  assert.equal(words.squareMillimetres(99.94), "99.9");
  assert.equal(words.squareMillimetres(1234.5), "1\u202f235");
});
