import assert from "node:assert/strict";
import { test } from "node:test";

import { actionsOf } from "../../bcweb/canvas/actions.js";
import { editActionOf, isOutside } from "../../bcweb/canvas/edit/keys.js";
import { KEYS, actionOf, isTyping, keyOf } from "../../bcweb/canvas/keys.js";
import { TEMPLATE } from "../../bcweb/canvas/template.js";
import { dragWindow, levelOf, widthOf, windowFrom } from "../../bcweb/canvas/windowing.js";

const press = (key, more = {}) => ({ key, ctrlKey: false, altKey: false, metaKey: false, defaultPrevented: false, ...more });
const body = { tagName: "BODY" };

test("a key does its action", () => {
  assert.equal(actionOf(press("+"), body, true), "zoomIn");
  assert.equal(actionOf(press("]"), body, true), "thresholdUp");
  assert.equal(actionOf(press("q"), body, true), null);
});

test("keys are left alone in text fields, with Ctrl, Alt or Meta, and when somebody has dealt with them", () => {
  for (const target of [
    { tagName: "INPUT", type: "text" }, { tagName: "INPUT", type: "number" }, { tagName: "TEXTAREA" },
    { tagName: "SELECT" }, { tagName: "DIV", isContentEditable: true },
  ]) assert.equal(actionOf(press("r"), target, false), null);
  for (const more of [{ ctrlKey: true }, { altKey: true }, { metaKey: true }, { defaultPrevented: true }]) {
    assert.equal(actionOf(press("r", more), body, true), null);
  }
});

test("a bracket that a keyboard has on AltGr does its action", () => {
  const held = (...names) => ({ getModifierState: (name) => names.includes(name) });
  const windows = { ctrlKey: true, altKey: true };
  assert.equal(actionOf(press("[", { ...windows, ...held("AltGraph") }), body, true), "thresholdDown");
  assert.equal(actionOf(press("]", held("AltGraph")), body, true), "thresholdUp");
  assert.equal(actionOf(press("[", { ...windows, ...held() }), body, true), null);
  assert.equal(actionOf(press("[", { metaKey: true, ...held("AltGraph") }), body, true), null);
});

test("a bracket that a Mac's keyboard has on Option does its action, and nothing else with Alt does", (t) => {
  const before = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  const on = (platform) => Object.defineProperty(globalThis, "navigator", { value: { platform }, configurable: true });
  t.after(() => before ? Object.defineProperty(globalThis, "navigator", before) : delete globalThis.navigator);
  const held = { altKey: true, getModifierState: (name) => name === "Alt" };
  on("MacIntel");
  assert.equal(actionOf(press("[", held), body, true), "thresholdDown");
  assert.equal(actionOf(press("]", held), body, true), "thresholdUp");
  for (const key of ["r", "0", "ArrowLeft"]) assert.equal(actionOf(press(key, held), body, true), null);
  for (const more of [{ ctrlKey: true }, { metaKey: true }]) assert.equal(actionOf(press("[", { ...held, ...more }), body, true), null);
  on("Win32");
  assert.equal(actionOf(press("[", held), body, true), null);
});

test("on a keyboard of another script a key is the Latin one at its place, and on a Latin keyboard what it writes", () => {
  for (const [written, code, key] of [
    ["я", "KeyZ", "z"], ["Я", "KeyZ", "z"], ["ω", "KeyV", "v"], ["ב", "KeyC", "c"], ["لا", "KeyB", "b"],
    ["۳", "Digit3", "3"], ["х", "BracketLeft", "["], ["ъ", "BracketRight", "]"], ["б", "Comma", ","], ["ю", "Period", "."],
    ["y", "KeyZ", "y"], ["q", "KeyA", "q"], [",", "KeyM", ","], ["ö", "Semicolon", "ö"], ["µ", "KeyM", "µ"],
    ["ж", "Semicolon", "ж"], ["Enter", "Enter", "Enter"], ["3", "Numpad3", "3"],
  ]) assert.equal(keyOf({ key: written, code }), key, written);
  assert.equal(actionOf(press("ь", { code: "KeyM" }), body, true), "heat");
  assert.equal(editActionOf(press("я", { code: "KeyZ", ctrlKey: true }), body, true), "undo");
  assert.equal(editActionOf(press("и", { code: "KeyB" }), body, true), "toolBrush");
  assert.equal(editActionOf(press("И", { code: "KeyB", shiftKey: true }), body, true), null); // a capital letter
  assert.equal(isOutside(press("۳", { code: "Digit3" })), true);
});

test("a slider and a button are not typed in, but an arrow on them is theirs", () => {
  assert.equal(isTyping({ tagName: "INPUT", type: "range" }), false);
  assert.equal(actionOf(press("m"), { tagName: "INPUT", type: "range" }, false), "heat");
  assert.equal(actionOf(press("ArrowLeft"), { tagName: "INPUT", type: "range" }, false), null);
  assert.equal(actionOf(press("ArrowLeft"), { tagName: "CANVAS" }, true), "left");
});

test("no key has two actions", () => {
  const keys = Object.values(KEYS).flat();
  assert.equal(new Set(keys).size, keys.length);
});

test("every key and every button has an action", () => {
  const buttons = [...TEMPLATE.matchAll(/data-action="([^"]*)"/g)].map((match) => match[1]);
  const actions = Object.keys(actionsOf({}));
  assert.ok(buttons.length > 0);
  assert.deepEqual([...Object.keys(KEYS), ...buttons].filter((name) => !actions.includes(name)), []);
});

test("every action's key stands in a tooltip, the arrows in the picture's label", () => {
  const titles = [...TEMPLATE.matchAll(/title="([^"]*)"/g)].map((match) => match[1]).join("\n");
  for (const [action, [key]] of Object.entries(KEYS)) {
    if (key.startsWith("Arrow")) continue;
    const shown = [`(${key.toUpperCase()})`, `(${key} and`, `and ${key})`].some((text) => titles.includes(text));
    assert.ok(shown, `${action} does not show its key ${key}`);
  }
});

test("what is drawn can be hidden, but not made invisible", () => {
  const [slider] = TEMPLATE.match(/<input[^>]*opacity-slider[^>]*>/);
  assert.ok(Number(slider.match(/min="([^"]*)"/)[1]) > 0);
});

test("window and level are the width and the middle", () => {
  assert.deepEqual(windowFrom(100, 50), [75, 125]);
  assert.equal(widthOf([75, 125]), 50);
  assert.equal(levelOf([75, 125]), 100);
  assert.deepEqual(windowFrom(100, -3), [99.5, 100.5]);
});

test("400 pixels to the right double the scan's own window; up makes the picture brighter", () => {
  assert.deepEqual(dragWindow([1000, 2000], [1000, 2000], 400, 0), [500, 2500]);
  assert.deepEqual(dragWindow([1000, 2000], [1000, 2000], 0, -40), [900, 1900]);
});
