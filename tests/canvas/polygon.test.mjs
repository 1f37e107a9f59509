import assert from "node:assert/strict";
import { test } from "node:test";

import { Outline } from "../../bcweb/canvas/edit/outline.js";
import { paintPolygon, polygonBox } from "../../bcweb/canvas/edit/polygon.js";
import { distance, inWords } from "../../bcweb/canvas/edit/ruler.js";
import { Edited } from "../../bcweb/canvas/edit/edited.js";

function drawn(width, height, points, value = 1) {
  const edited = new Edited(new Uint8Array(width * height).fill(1 - value), width, height, "empty");
  edited.write(polygonBox(points), (mask, box) => paintPolygon(mask, width, box, points, value));
  return Array.from({ length: height }, (_, y) =>
    Array.from(edited.mask.subarray(y * width, (y + 1) * width), (v) => ".#"[v]).join(""));
}

const corners = (...flat) => Array.from({ length: flat.length / 2 }, (_, i) => ({ x: flat[2 * i], y: flat[2 * i + 1] }));

test("a polygon paints the pixels whose middle it goes around, in either direction", () => {
  const square = corners(1, 1, 4, 1, 4, 3, 1, 3);
  const expected = ["......", ".###..", ".###..", "......"];
  assert.deepEqual(drawn(6, 4, square), expected);
  assert.deepEqual(drawn(6, 4, square.toReversed()), expected);
  assert.deepEqual(drawn(6, 4, corners(0, 0, 6, 0, 0, 4)), ["#####.", "####..", "##....", "#....."]);
});

test("two polygons that share an edge share no pixel and leave none between them", () => {
  const left = drawn(6, 4, corners(0, 0, 2.5, 0, 3.5, 4, 0, 4));
  const right = drawn(6, 4, corners(2.5, 0, 6, 0, 6, 4, 3.5, 4));
  left.forEach((row, y) => assert.ok([...row].every((c, x) => (c === "#") !== (right[y][x] === "#"))));
});

test("an outline that goes around twice or crosses itself has no hole where it does", () => {
  const once = corners(1, 1, 5, 1, 5, 4, 1, 4);
  assert.deepEqual(drawn(6, 5, [...once, ...once]), drawn(6, 5, once));
});

test("a polygon is cut at the image's border, and can take away", () => {
  assert.deepEqual(drawn(4, 3, corners(-9, -9, 2, -9, 2, 99, -9, 99)), ["##..", "##..", "##.."]);
  assert.deepEqual(drawn(4, 3, corners(1, 1, 3, 1, 3, 2, 1, 2), 0), ["####", "#..#", "####"]);
});

const same = (point) => ({ ...point });
const press = (x, y, time, value = 1) => ({ at: { x, y }, time, coarse: false, value });

test("clicks set corners, a drag moves the one just set, a second click at the same place closes", () => {
  const outline = new Outline();
  const stroke = outline.press(press(10, 10, 0), same, same);
  stroke.move([{ x: 11, y: 12 }, { x: 20, y: 14 }]);
  outline.press(press(40, 10, 1000), same, same);
  outline.press(press(40, 40, 2000), same, same);
  assert.deepEqual(outline.points, corners(20, 14, 40, 10, 40, 40));
  assert.equal(outline.press(press(41, 40, 2200), same, same), "close");
  assert.equal(outline.points.length, 3);
});

test("a click on the first corner closes from the third on; a slow one elsewhere does not", () => {
  const outline = new Outline();
  outline.press(press(10, 10, 0), same, same);
  assert.notEqual(outline.press(press(10, 10, 1000), same, same), "close");
  outline.press(press(60, 10, 2000), same, same);
  assert.equal(outline.press(press(13, 12, 3000), same, same), "close");
});

test("corners are taken back one by one, or all", () => {
  const outline = new Outline();
  for (const x of [10, 40, 70]) outline.press(press(x, 10, x * 100), same, same);
  assert.equal(outline.back(), true);
  assert.deepEqual(outline.points, corners(10, 10, 40, 10));
  assert.equal(outline.drop(), true);
  assert.equal(outline.drop(), false);
  assert.equal(outline.back(), false);
});

test("what was begun with the right button takes away, and fewer than three corners are nothing", () => {
  const edited = new Edited(new Uint8Array(16).fill(1), 4, 4, "empty");
  const outline = new Outline();
  outline.press(press(1, 1, 0, 0), same, same);
  outline.press(press(3, 1, 1000, 1), same, same);
  outline.close(edited);
  assert.equal(edited.close(), false);
  for (const [x, y, time] of [[1, 1, 0], [30, 1, 1000], [30, 30, 2000], [1, 30, 3000]]) {
    outline.press(press(x, y, time, time ? 1 : 0), same, same);
  }
  outline.close(edited);
  assert.equal(edited.close(), true);
  assert.equal(edited.count.painted, 7);
  assert.deepEqual(outline.points, []);
});

test("the ruler measures in millimetres where the spacing is known, by rows and by columns", () => {
  const [a, b] = corners(10, 10, 40, 50);
  assert.deepEqual(distance(a, b, null), { length: 50, unit: "px" });
  assert.deepEqual(distance(a, b, [0.1, 0.1]), { length: 5, unit: "mm" });
  assert.deepEqual(distance(a, b, [0.3, 0.3]).length, 15);
  assert.deepEqual(distance({ x: 0, y: 0 }, { x: 30, y: 20 }, [0.2, 0.1]), { length: 5, unit: "mm" });
  assert.equal(inWords({ length: 4.96, unit: "mm" }), "5.0 mm");
  assert.equal(inWords({ length: 49.6, unit: "px" }), "50 px");
});
