import assert from "node:assert/strict";
import { test } from "node:test";

import { Display } from "../../bcweb/canvas/display.js";
import { LAYERS } from "../../bcweb/canvas/shaders.js";

const ALL = { scan: [], prediction: {}, truth: {} };
const wide = () => new Display(() => false);
const names = (display, reading) => display.panes(reading).map(({ id }) => id);

test("there are panes only for what is there", () => {
  assert.deepEqual(names(wide(), { scan: null, prediction: null, truth: null }), []);
  assert.deepEqual(names(wide(), { scan: [], prediction: null, truth: {} }), ["scan", "truth"]);
  assert.deepEqual(names(wide(), ALL), ["scan", "prediction", "truth", "difference"]);
});

test("a narrow place has one pane, unless the reader chooses otherwise", () => {
  const display = new Display(() => true);
  assert.deepEqual(display.panes(ALL), [{ id: "layers", layers: LAYERS.prediction | LAYERS.truth }]);
  display.layout = "side";
  assert.equal(display.panes(ALL).length, 4);
});

test("from the panes side by side a layer opens alone in one pane; there it goes off and on", () => {
  const display = wide();
  display.toggle("truth", ALL);
  assert.deepEqual(display.panes(ALL), [{ id: "layers", layers: LAYERS.truth }]);
  display.toggle("prediction", ALL);
  assert.equal(display.layersOfSingle(ALL), LAYERS.prediction | LAYERS.truth);
  display.toggle("truth", ALL);
  assert.equal(display.layersOfSingle(ALL), LAYERS.prediction);
});

test("a layer that is not there opens and hides nothing", () => {
  const reading = { scan: [], prediction: {}, truth: null };
  for (const layer of ["mine", "truth", "difference"]) {
    const display = wide();
    display.toggle(layer, reading);
    assert.deepEqual(names(display, reading), ["scan", "prediction"]);
  }
});

test("the difference stands alone", () => {
  const display = wide();
  display.layout = "single";
  display.toggle("difference", ALL);
  assert.equal(display.layersOfSingle(ALL), LAYERS.difference);
  display.toggle("prediction", ALL);
  assert.equal(display.layersOfSingle(ALL), LAYERS.prediction);
});

test("a difference that was chosen leaves nothing unseen where there is none", () => {
  const display = wide();
  display.layout = "single";
  display.toggle("difference", ALL);
  const lone = { scan: [], prediction: {}, truth: null, mine: null };
  assert.equal(display.layersOfSingle(lone), LAYERS.prediction);
  assert.deepEqual(["prediction", "difference"].map((layer) => display.has(layer, lone)), [true, false]);
  const drawn = { scan: [], prediction: null, truth: null, mine: {} };
  display.reveal();
  assert.equal(display.layersOfSingle(drawn), LAYERS.mine);
  assert.equal(display.layersOfSingle(ALL), LAYERS.difference, "with the next case it is back");
  display.toggle("prediction", lone);
  assert.equal(display.layersOfSingle(lone), 0, "its key takes away what is seen");
});

test("heat comes with the prediction only, and nothing is drawn while overlays are hidden", () => {
  const display = wide();
  display.heat = true;
  assert.equal(display.drawn(LAYERS.prediction), LAYERS.prediction | LAYERS.heat);
  assert.equal(display.drawn(LAYERS.truth), LAYERS.truth);
  display.hidden = true;
  assert.equal(display.drawn(LAYERS.prediction), 0);
});
