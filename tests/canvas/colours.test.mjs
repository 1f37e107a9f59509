import assert from "node:assert/strict";
import { test } from "node:test";

import { LAYER, OUTCOME, heat, heatTexels } from "../../bcweb/canvas/colours.js";

// Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB.
const SIGHT = {
  usual: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protan: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deutan: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  tritan: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
};
// Björn Ottosson's OKLab: linear RGB -> cone responses, their cube roots -> lightness and two opponents.
const CONES = [
  [0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
  [0.0883024619, 0.2817188376, 0.6299787005],
];
const LAB = [
  [0.2104542553, 0.793617785, -0.0040720468], [1.9779984951, -2.428592205, 0.4505937099],
  [0.0259040371, 0.7827717662, -0.808675766],
];

const times = (matrix, v) => matrix.map((row) => row.reduce((sum, m, i) => sum + m * v[i], 0));
const linear = (c) => (c <= 10.31475 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
const lab = (colour, sight) => {
  const seen = times(sight, colour.map(linear)).map((c) => Math.min(Math.max(c, 0), 1));
  return times(LAB, times(CONES, seen).map(Math.cbrt));
};
const apart = (a, b) => Math.hypot(...a.map((x, i) => x - b[i]));

for (const [name, sight] of Object.entries(SIGHT)) {
  test(`hit, miss and false alarm are far apart to ${name} sight`, () => {
    const { hit, miss, falseAlarm } = OUTCOME;
    // 0.02 is just noticeable; a tenth of the range from black to white is seen at a glance.
    for (const [a, b] of [[hit, miss], [hit, falseAlarm], [miss, falseAlarm]]) {
      assert.ok(apart(lab(a, sight), lab(b, sight)) > 0.2);
    }
  });
}

for (const [name, sight] of Object.entries(SIGHT)) {
  test(`the edited mask is apart from prediction, truth and false alarm to ${name} sight`, () => {
    // Its line says so a second time: it has a dark one along its inner side.
    for (const other of [LAYER.prediction, LAYER.truth, OUTCOME.falseAlarm]) {
      assert.ok(apart(lab(LAYER.mine, sight), lab(other, sight)) > 0.18);
    }
  });
}

test("the heat map grows lighter with every step, and evenly", () => {
  const lightness = Array.from({ length: 33 }, (_, i) => lab(heat(i / 32), SIGHT.usual)[0]);
  const steps = lightness.slice(1).map((l, i) => l - lightness[i]);
  assert.ok(Math.min(...steps) > 0);
  assert.ok(Math.max(...steps) < 3 * Math.min(...steps));
});

test("the heat map's texels run from its first colour to its last", () => {
  const texels = heatTexels();
  assert.deepEqual([...texels.slice(0, 4)], [0x44, 0x01, 0x54, 255]);
  assert.deepEqual([...texels.slice(-4)], [0xfd, 0xe7, 0x25, 255]);
});
