// The case in view and what is drawn on it, with a server and a viewer that are made up.

import assert from "node:assert/strict";
import { mock, test } from "node:test";

globalThis.location = { hostname: "localhost", href: "http://localhost/", search: "" };
globalThis.history = { replaceState() {} };
globalThis.window = Object.assign(new EventTarget(), { setTimeout() {} });
const { CaseView } = await import("../../bcweb/page/assets/review-view.js");
const { Drawing } = await import("../../bcweb/page/assets/review-drawing.js");

const CASE = { id: "5", name: "case 5", project: 1, width: 2, height: 1, segmented: true, latest: null, draft: null, verdict: null, presence: null };
const MASKS = { before: Uint8Array.of(1, 0), newer: Uint8Array.of(0, 1) };

/** As much of <bc-viewer> as they ask: a mask of each prediction, which stays in hand while the same scan is shown. */
class Viewer extends EventTarget {
  dataset = {};
  strokes = 0;
  isDrawing = false;
  threshold = 0.5;
  edited = null;
  beginning = null;
  async show({ revision }) {
    this.revision = revision;
  }
  edit(mask, beginning = null) {
    [this.edited, this.beginning] = [mask, mask && beginning];
  }
  maskOf = () => MASKS[this.revision];
  querySelector = () => ({});
}

/** Does nothing, whatever it is asked. */
const nobody = () => new Proxy({}, { get: (had, name) => had[name] ?? (() => {}) });

/** A case that was fetched ahead is chosen with the pen in hand, and by then other weights have predicted it.
 * @param {(viewer: Viewer) => void} meanwhile before that is known */
async function freshened(meanwhile = () => {}) {
  const viewer = new Viewer();
  const shelf = Object.assign(nobody(), { key: () => "key", left: async () => [] });
  const drawing = new Drawing(viewer, shelf, nobody(), Object.assign(nobody(), { whose: () => "ANNA" }));
  const form = Object.assign(nobody(), { draw: { setAttribute() {} } });
  let learn = () => {};
  const learnt = new Promise((done) => (learn = done));
  const moving = Object.assign(nobody(), { current: 5, nextUnread: 5, list: nobody(), learn });
  const view = new CaseView({ viewer, moving, drawing, panel: nobody(), form, clashes: nobody(), status: nobody() }, nobody());
  view.ahead.put(5, Promise.resolve({ ...CASE, revision: "before" }));
  let answer = (_) => {};
  mock.method(globalThis, "fetch", () => new Promise((resolve) => (answer = resolve)));
  await view.select(5);
  drawing.take();
  assert.equal(viewer.edited, MASKS.before);
  meanwhile(viewer);
  answer(Response.json({ ...CASE, revision: "newer" }));
  await learnt;
  await new Promise(setImmediate); // by then all that follows from it is done
  return viewer;
}

test("a mask on which nothing is drawn yet is that of the prediction that is seen", async () => {
  assert.equal((await freshened()).edited, MASKS.newer);
});

test("a mask on which something is drawn, or is being drawn, stays in hand when other weights predict its case", async () => {
  assert.equal((await freshened((viewer) => (viewer.strokes = 1))).edited, MASKS.before);
  assert.equal((await freshened((viewer) => (viewer.isDrawing = true))).edited, MASKS.before);
});

for (const [where, isInFront, seconds] of [["in front", true, 30], ["behind another", false, 0]]) {
  test(`the time on a case that comes while its tab is ${where} begins ${isInFront ? "at once" : "with what the reader does next"}`, async () => {
    const viewer = new Viewer();
    const drawing = Object.assign(nobody(), { strokes: 0, waiting: 0, filledIn: () => null, show: async () => {} });
    const form = Object.assign(nobody(), { draw: { setAttribute() {} } });
    const moving = Object.assign(nobody(), { current: 5, nextUnread: 5, list: nobody() });
    const view = new CaseView({ viewer, moving, drawing, panel: nobody(), form, clashes: nobody(), status: nobody() }, Object.assign(nobody(), { isInFront: () => isInFront }));
    let now = 1000;
    view.clock.now = () => now;
    mock.method(globalThis, "fetch", async () => Response.json({ ...CASE, revision: "newer" }));
    await view.select(5);
    assert.equal(view.info?.id, CASE.id);
    now += 30_000;
    assert.equal(view.clock.seconds, seconds);
    view.clock.touch();
    now += 3000;
    assert.equal(view.clock.seconds, seconds + 3);
  });
}

const [BEFORE, DECIDED, AFTER] = ["09:00", "09:01", "09:05"].map((time) => `2026-01-31T${time}:00.000Z`);

/** What a page that is not there any more left of a case whose verdict is on its way, shown before that is saved.
 * @param {{changed: string, bits: Uint8Array | null}} left */
async function shownWith(left) {
  const there = new Map([["old", { ...CASE, key: "old", whose: "ANNA", kind: "draft", tab: "old", strokes: 1, form: { label: null, difficulty: null, comment: "a margin" }, ...left }]]);
  const shelf = Object.assign(nobody(), {
    key: () => "new",
    left: async () => [...there.values()].filter(({ key }) => key === "old"),
    put: async (kept) => there.set(kept.key, kept),
    remove: async (key) => there.delete(key),
  });
  const verdict = { ...CASE, kind: "verdict", whose: "ANNA", changed: DECIDED };
  const drawing = new Drawing(new Viewer(), shelf, nobody(), Object.assign(nobody(), { whose: () => "ANNA" }));
  drawing.inherit([...there.values(), verdict]);
  const info = { ...CASE };
  drawing.meet(info);
  await drawing.show(info, () => true);
  return { drawing, there, verdict };
}

for (const [what, bits] of [["drawn", new Uint8Array(1)], ["written", null]]) {
  test(`what was ${what} after a verdict is not over when that is saved by a later page`, async () => {
    const { drawing, there, verdict } = await shownWith({ changed: AFTER, bits });
    assert.ok(drawing.hasMore(CASE.id), "the page goes on to the next case");
    await drawing.decided(verdict, false);
    assert.equal([...there.values()][0]?.form.comment, "a margin", "it is removed");
  });

  test(`what was ${what} before a verdict is over when that is saved by a later page`, async () => {
    const { drawing, there, verdict } = await shownWith({ changed: BEFORE, bits });
    assert.ok(!drawing.hasMore(CASE.id));
    await drawing.decided(verdict, true);
    assert.deepEqual([...there], []);
  });
}
