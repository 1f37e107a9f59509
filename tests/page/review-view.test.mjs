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

test("a mask on which something is drawn stays in hand when other weights predict its case", async () => {
  assert.equal((await freshened((viewer) => (viewer.strokes = 1))).edited, MASKS.before);
});
