import assert from "node:assert/strict";
import { test } from "node:test";

import { arrange, clamp, fit, panBy, partOfPane, pyramidLevel, scaleBar, toImage, toPane, zoomAt } from "../../bcweb/canvas/view.js";

const shape = { width: 600, height: 400, stretch: 1 };
const pane = { x: 0, y: 0, width: 300, height: 300 };

test("fit shows the whole scan in the middle", () => {
  assert.deepEqual(fit(shape, pane), { x: 300, y: 200, scale: 0.5 });
});

test("a pixel twice as tall as wide is drawn twice as tall", () => {
  const tall = { width: 600, height: 400, stretch: 2 };
  const view = fit(tall, pane);
  assert.equal(view.scale, 300 / 800);
  assert.deepEqual(toPane(view, tall, pane, { x: 300, y: 0 }), { x: 150, y: 0 });
  assert.deepEqual(toPane(view, tall, pane, { x: 300, y: 400 }), { x: 150, y: 300 });
});

test("where the scan lies in a pane and what lies under a point are each other's reverse", () => {
  const view = { x: 123, y: 45, scale: 3.5 };
  const stretched = { ...shape, stretch: 1.25 };
  const at = toImage(view, stretched, pane, toPane(view, stretched, pane, { x: 17, y: 200 }));
  assert.ok(Math.abs(at.x - 17) < 1e-9 && Math.abs(at.y - 200) < 1e-9);
});

test("zooming keeps what is under the pointer under the pointer", () => {
  const point = { x: 120, y: 140 };
  const view = fit(shape, pane);
  const before = toImage(view, shape, pane, point);
  const after = toImage(zoomAt(view, shape, pane, point, 3), shape, pane, point);
  assert.ok(Math.hypot(after.x - before.x, after.y - before.y) < 1e-9);
});

test("zoom ends at 64 screen pixels a pixel, and at half of fit", () => {
  const middle = { x: 150, y: 150 };
  assert.equal(zoomAt(fit(shape, pane), shape, pane, middle, 1e9).scale, 64);
  assert.equal(zoomAt(fit(shape, pane), shape, pane, middle, 1e-9).scale, 0.25);
});

test("dragging moves the scan by as many screen pixels", () => {
  const view = { x: 300, y: 200, scale: 2 };
  assert.deepEqual(panBy(view, shape, 10, -20), { x: 295, y: 210, scale: 2 });
});

test("the scan cannot be lost", () => {
  assert.deepEqual(clamp({ x: -50, y: 1000, scale: 1 }, shape), { x: 0, y: 400, scale: 1 });
});

test("a box of the scan is drawn in the whole pixels that it touches, and not outside its pane", () => {
  const there = { x: 500, y: 20, width: 300, height: 300 };
  const view = { x: 300, y: 200, scale: 0.5 };
  assert.deepEqual(partOfPane(view, shape, there, [301, 200, 304, 203]), { x: 650, y: 170, width: 2, height: 2 });
  assert.deepEqual(partOfPane(view, shape, there, [-9, -999, 999, 999]), { x: 500, y: 20, width: 300, height: 300 });
  assert.equal(partOfPane({ ...view, x: 0 }, shape, there, [400, 0, 500, 10]), null);
});

test("four panes of a wide scan on a wide window stand two by two", () => {
  const rects = arrange(4, { width: 1000, height: 700 }, { width: 600, height: 500, stretch: 1 }, 20, 4);
  assert.deepEqual(rects, [
    { x: 0, y: 20, width: 498, height: 328 },
    { x: 502, y: 20, width: 498, height: 328 },
    { x: 0, y: 372, width: 498, height: 328 },
    { x: 502, y: 372, width: 498, height: 328 },
  ]);
});

test("four panes of a tall mammogram on a wide window stand in a row", () => {
  const rects = arrange(4, { width: 1600, height: 700 }, { width: 400, height: 800, stretch: 1 }, 20, 4);
  assert.deepEqual(rects.map((r) => r.y), [20, 20, 20, 20]);
});

test("three panes, of a scan without a truth, stand two and one where that shows it largest", () => {
  const rects = arrange(3, { width: 772, height: 769 }, { width: 560, height: 462, stretch: 1 }, 20, 4);
  assert.deepEqual(rects.map((r) => [r.x, r.y]), [[0, 20], [388, 20], [0, 406]]);
});

test("two panes stack on a phone", () => {
  const rects = arrange(2, { width: 390, height: 700 }, { width: 600, height: 500, stretch: 1 }, 20, 4);
  assert.deepEqual(rects.map((r) => r.x), [0, 0]);
});

test("there are panes in a room that is hidden, whatever the scan", () => {
  const strip = { width: 4000, height: 8, stretch: 1 };
  assert.deepEqual(arrange(2, { width: 1, height: 1 }, strip, 22, 4).map((r) => [r.width, r.height]), [[1, 1], [1, 1]]);
});

test("the scale bar is the longest of 1, 2, 5, 10 ... that fits", () => {
  assert.deepEqual(scaleBar(10, 160), { units: 10, pixels: 100 });
  assert.deepEqual(scaleBar(10, 50), { units: 5, pixels: 50 });
  assert.equal(scaleBar(2, 0.9 * 2).units, 0.5);
});

test("a scan seen at a quarter is read from its second halving, and never from beyond the last", () => {
  assert.equal(pyramidLevel(0.25, 5), 2);
  assert.equal(pyramidLevel(1, 5), 0);
  assert.equal(pyramidLevel(8, 5), 0);
  assert.equal(pyramidLevel(0.001, 3), 2);
});
