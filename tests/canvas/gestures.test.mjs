import assert from "node:assert/strict";
import { test } from "node:test";

import { listen } from "../../bcweb/canvas/gestures.js";

/** @returns a picture whose presses begin strokes, and what it was told in turn. */
function listening() {
  const told = [];
  const say = (name) => () => void told.push(name);
  const picture = new EventTarget();
  const around = { left: 0, top: 0 };
  const other = { focus() {}, setPointerCapture() {}, classList: { add() {}, remove() {} }, getBoundingClientRect: () => around };
  const press = () => ({ move: say("move"), end: say("end"), pinch: say("pinch") });
  const handlers = { press, pan: say("pan"), zoom: say("zoom"), window: say("window"), hover() {}, reset() {}, wheel: () => false };
  listen(Object.assign(picture, other), handlers);
  const send = (type, more = {}) => {
    const event = { pointerId: 1, pointerType: "mouse", buttons: 1, clientX: 9, clientY: 9, deltaX: 0, deltaY: 0, deltaMode: 0, ...more };
    picture.dispatchEvent(Object.assign(new Event(type), event));
  };
  return { told, send };
}

test("a touch that the system takes back, of a palm or for a gesture of its own, is undone as that of a pinch is", () => {
  const { told, send } = listening();
  for (const type of ["pointerdown", "pointermove", "pointercancel", "lostpointercapture"]) send(type, { pointerType: "touch" });
  assert.deepEqual(told, ["move", "pinch"]);
});

test("a release ends a stroke once, and so does a capture that is lost", () => {
  const { told, send } = listening();
  for (const type of ["pointerdown", "pointerup", "lostpointercapture"]) send(type, { buttons: 0 });
  assert.deepEqual(told, ["end"]);
  send("pointerdown");
  send("lostpointercapture");
  send("pointermove");
  assert.deepEqual(told, ["end", "end"]);
});

test("a mouse or a pen whose release was not heard draws on no more", () => {
  for (const pointerType of ["mouse", "pen"]) {
    const { told, send } = listening();
    send("pointerdown", { pointerType });
    send("pointermove", { pointerType, buttons: 0 });
    send("pointermove", { pointerType, buttons: 0 });
    assert.deepEqual(told, ["end"], pointerType);
  }
});

test("a wheel zooms by what it turns up or down, and leaves the picture as it is where that is nothing", () => {
  const { told, send } = listening();
  send("wheel", { deltaX: 30 });
  assert.deepEqual(told, []);
  send("wheel", { deltaY: 30 });
  assert.deepEqual(told, ["zoom"]);
});
