import assert from "node:assert/strict";
import { test } from "node:test";

import { actionsOf } from "../../bcweb/canvas/actions.js";
import { Display } from "../../bcweb/canvas/display.js";
import { Edited } from "../../bcweb/canvas/edit/edited.js";
import { Editor } from "../../bcweb/canvas/edit/editor.js";
import { EDIT_KEYS, MENU_KEYS, editActionOf, isOutside } from "../../bcweb/canvas/edit/keys.js";
import { TOOLBAR, placeOf, radiusAt } from "../../bcweb/canvas/edit/toolbar.js";
import { KEYS } from "../../bcweb/canvas/keys.js";
import { Reading } from "../../bcweb/canvas/reading.js";
import { shrink } from "../../bcweb/canvas/pyramid.js";
import { LAYERS } from "../../bcweb/canvas/shaders.js";
import { frame } from "../../bcweb/canvas/view.js";

const press = (key, more = {}) => ({
  key, ctrlKey: false, altKey: false, metaKey: false, shiftKey: false, defaultPrevented: false, ...more,
});
const body = { tagName: "BODY" };

test("no key of the editor is one of the viewer's, or of whoever shows it", () => {
  const own = Object.values(EDIT_KEYS);
  assert.equal(new Set(own).size, own.length);
  const others = [...Object.values(KEYS).flat(), ..."12345jksun?a", " ", "Enter"];
  assert.deepEqual(own.filter((key) => others.includes(key)), []);
  assert.equal(new Set(Object.values(MENU_KEYS)).size, 7);
});

test("digits up to 5 and capital letters are left to whoever shows the viewer", () => {
  assert.deepEqual(["1", "5", "6", "0", "b"].map((key) => isOutside(press(key))), [true, true, false, false, false]);
  assert.equal(isOutside(press("B", { shiftKey: true })), true);
  assert.equal(isOutside(press("+", { shiftKey: true })), false);
  assert.equal(editActionOf(press("B", { shiftKey: true }), body, true), null);
  assert.equal(editActionOf(press("B"), body, true), "toolBrush"); // with Caps Lock
});

test("Ctrl or Cmd with Z undoes, with Shift or Y redoes; in a text field they are the field's", () => {
  for (const held of [{ ctrlKey: true }, { metaKey: true }]) {
    assert.equal(editActionOf(press("z", held), body, true), "undo");
    assert.equal(editActionOf(press("Z", { ...held, shiftKey: true }), body, true), "redo");
    assert.equal(editActionOf(press("y", held), body, true), "redo");
    assert.equal(editActionOf(press("b", held), body, true), null);
    assert.equal(editActionOf(press("z", held), { tagName: "TEXTAREA" }, false), null);
  }
});

test("Enter and Backspace are the polygon's in the picture, and a button's on a button", () => {
  assert.equal(editActionOf(press("Enter"), { tagName: "CANVAS" }, true), "closeOutline");
  assert.equal(editActionOf(press("Backspace"), { tagName: "CANVAS" }, true), "cornerBack");
  assert.equal(editActionOf(press("Enter"), { tagName: "BUTTON" }, false), null);
  assert.equal(editActionOf(press("Escape"), { tagName: "BUTTON" }, false), "cancel");
});

test("every key and button of the editor has an action, and every key stands on its button and in its tooltip", () => {
  const buttons = [...TOOLBAR.matchAll(/data-action="([^"]*)"/g)].map((match) => match[1]);
  const actions = Object.keys(actionsOf({}));
  assert.deepEqual([...Object.keys(EDIT_KEYS), ...buttons].filter((name) => !actions.includes(name)), []);
  const hintless = [];
  for (const [action, key] of Object.entries({ ...EDIT_KEYS, ...MENU_KEYS })) {
    if (action === "actual") continue; // the viewer's own button, whose key 1 is somebody else's here
    const html = TOOLBAR.slice(TOOLBAR.indexOf(`data-action="${action}"`)).split("</button>")[0];
    const name = key.replace("Shift+", "").toUpperCase(); // their heading shows Shift
    const held = key.startsWith("Shift+") ? "Shift " : "";
    if (!html.includes(`(${held}${name})"`) || !html.includes(`>${name}</kbd>`)) hintless.push(action);
  }
  assert.deepEqual(hintless, []);
});

test("the slider of the brush goes in factors from the least radius to the largest", () => {
  assert.equal(placeOf(1, [1, 100]), 0);
  assert.equal(placeOf(10, [1, 100]), 0.5);
  assert.ok(Math.abs(radiusAt(0.5, [1, 100]) - 10) < 1e-9);
  assert.equal(placeOf(3, [3, 3]), 0);
});

/** @returns a reading with a scan of 4 x 2 and what is asked for. */
function reading({ prediction = false, truth = false, mine = true }) {
  const made = new Reading();
  made.info = { id: "a", width: 4, height: 2, spacing: null };
  made.scan = [{ data: new Uint8Array(8), width: 4, height: 2 }];
  if (prediction) made.prediction = { probability: new Uint8Array(8) };
  if (truth) made.truth = { mask: new Uint8Array(8), pixels: 0, box: null };
  if (mine) made.mine = new Edited(new Uint8Array(8), 4, 2, "empty");
  return made;
}

test("while editing every pane has the edited mask, and the difference compares it with the truth, else with the prediction", () => {
  const panes = (what) => new Display(() => false).panes(reading(what)).map(({ id, layers }) => [id, layers]);
  const { mine, prediction, truth, difference } = LAYERS;
  assert.deepEqual(panes({ prediction: true, truth: true }), [
    ["mine", mine], ["prediction", prediction | mine], ["truth", truth | mine], ["difference", difference],
  ]);
  assert.deepEqual(panes({ prediction: true }), [["mine", mine], ["prediction", prediction | mine], ["difference", difference]]);
  assert.deepEqual(panes({}), [["mine", mine]]);
  assert.deepEqual(reading({ prediction: true, truth: true }).compared, [mine, truth]);
  assert.deepEqual(reading({ prediction: true }).compared, [mine, prediction]);
  assert.deepEqual(reading({ prediction: true, truth: true, mine: false }).compared, [prediction, truth]);
});

test("in one pane the edited mask is a layer like the others", () => {
  const display = new Display(() => true);
  const all = reading({ prediction: true, truth: true });
  assert.equal(display.layersOfSingle(all), LAYERS.mine | LAYERS.prediction | LAYERS.truth);
  display.toggle("mine", all);
  assert.equal(display.layersOfSingle(all), LAYERS.prediction | LAYERS.truth);
  display.hidden = true;
  display.reveal();
  assert.equal(display.layersOfSingle(all), LAYERS.mine | LAYERS.prediction | LAYERS.truth);
  assert.equal(display.hidden, false);
  display.toggle("difference", all);
  display.reveal();
  assert.equal(display.layersOfSingle(all), LAYERS.difference);
});

test("another scan leaves editing, the same one again does not", () => {
  const all = reading({ truth: true });
  assert.equal(all.begin({ ...all.info }), true);
  assert.notEqual(all.mine, null);
  all.begin({ ...all.info, id: "b" });
  assert.equal(all.mine, null);
});

/** An editor of a scan of 60 x 40, half of it dark, which is seen pixel by pixel in one pane. */
function editing() {
  const all = new Reading();
  const data = Uint8Array.from({ length: 60 * 40 }, (_, i) => (i % 60 < 30 ? 40 : 200));
  all.begin({ id: "a", width: 60, height: 40, window: [0, 255], spacing: null });
  all.scan = [{ data, width: 60, height: 40 }];
  const pane = { x: 0, y: 0, width: 60, height: 40 };
  const stage = { dot: 1, view: { x: 30, y: 20, scale: 1 }, has: () => true, locate: (at) => ({ pane, at }), imagePoint: (_, at) => at, seen: () => [0, 0, 60, 40] };
  const editor = new Editor(all, stage, () => {}, () => {});
  editor.edit(new Uint8Array(60 * 40), "empty", {});
  const down = (tool, at = { x: 10.5, y: 20.5 }, how = {}) => {
    editor.tool = tool;
    return editor.hand.press({ button: 0, ...how }, at);
  };
  return { editor, mine: all.mine, down };
}

test("the buttons of a mouse that lead back and forward draw nothing, and take nothing away", () => {
  for (const tool of ["brush", "eraser", "polygon", "fill", "grow", "ruler"]) {
    const { editor, mine, down } = editing();
    down("brush").end();
    const { painted } = mine.count;
    for (const button of [3, 4]) assert.equal(down(tool, undefined, { button }), null, tool);
    assert.deepEqual([mine.count.painted, mine.strokes, editor.hand.ruler], [painted, 1, null], tool);
    down("brush", undefined, { button: 5 }).end();
    assert.equal(mine.count.painted, 0, "the other end of a pen takes away");
  }
});

test("a polygon is closed with the release on its first corner, and not by a pinch that begins there", () => {
  const { editor, mine, down } = editing();
  let timeStamp = 0;
  const click = (x, y) => down("polygon", { x, y }, { timeStamp: (timeStamp += 1000), pointerType: "touch" });
  for (const [x, y] of [[5, 5], [50, 5], [50, 35]]) click(x, y).end();
  click(6, 6).pinch();
  assert.deepEqual([mine.strokes, editor.hand.outline.points.length, editor.hand.isDrawing], [0, 3, true]);
  click(5, 5).end();
  assert.deepEqual([mine.strokes, editor.hand.outline.points.length, editor.hand.isDrawing], [1, 0, false]);
  assert.ok(mine.count.painted > 500);
});

test("a region whose growing was cancelled stays away, whatever its size is asked to be", () => {
  for (const take of ["cancel", "undo"]) {
    const { editor, mine, down } = editing();
    const stroke = down("grow");
    while (mine.count.painted === 0) editor.hand.settle();
    if (take === "cancel") editor.hand.cancel();
    else editor.undo();
    stroke.end();
    editor.size(1);
    assert.deepEqual([mine.count.painted, mine.strokes], [0, 0], take);
  }
});

test("the size of the region that was just grown can be changed, until something else is drawn", () => {
  const { editor, mine, down } = editing();
  down("grow").end();
  const { painted } = mine.count;
  editor.size(-3);
  assert.ok(mine.count.painted < painted && mine.strokes === 1);
  for (const tool of ["brush", "fill"]) {
    const stroke = down(tool);
    assert.equal(editor.hand.isGrowing, false, `the plain wheel zooms under the ${tool}`);
    stroke.end();
    down("grow").end();
  }
});

test("a mask at a fraction of its size is painted where any of it is, the last column and row with what is left", () => {
  const mask = new Uint8Array(7 * 5);
  mask[0 * 7 + 3] = 1; // second column of texels, first row
  mask[4 * 7 + 6] = 1; // what is left over
  const whole = shrink(mask, 7, 5, 2, [0, 0, 7, 5]);
  assert.deepEqual([whole.width, whole.height, ...whole.data], [3, 2, 0, 1, 0, 0, 0, 1]);
  const part = shrink(mask, 7, 5, 2, [6, 4, 7, 5]);
  assert.deepEqual([part.x, part.y, part.width, part.height, ...part.data], [2, 1, 1, 1, 1]);
  assert.deepEqual(shrink(mask, 7, 5, 1, [0, 0, 7, 5]).data, mask);
});

test("a lesion is shown half as large as the pane, and never smaller than the whole scan is", () => {
  const shape = { width: 1000, height: 800, stretch: 1 };
  const pane = { x: 0, y: 0, width: 500, height: 400 };
  assert.deepEqual(frame(shape, pane, [100, 200, 200, 250]), { x: 150, y: 225, scale: 2.5 });
  assert.equal(frame(shape, pane, [0, 0, 1000, 800]).scale, 0.5);
  assert.equal(frame({ ...shape, stretch: 2 }, pane, [100, 200, 150, 300]).scale, 1);
  assert.equal(frame(shape, pane, [5, 5, 6, 6]).scale, 64);
});
