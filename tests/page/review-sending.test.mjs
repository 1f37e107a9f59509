// What a reader draws and decides, on its way to the server: with a network that is made up.

import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

globalThis.location = { hostname: "localhost" };
globalThis.window = new EventTarget();
const { Outbox } = await import("../../bcweb/page/assets/review-outbox.js");
const api = await import("../../bcweb/page/assets/review-api.js");

const CASE = { id: "5", name: "case 5", project: 1, width: 8, height: 8 };
const DRAFT = { beginning: null, threshold: null, revision: null, after: null, strokes: 1 };
const MASK_BYTES = 3_000_000;

const kept = (kind) => ({ ...CASE, ...DRAFT, key: kind, kind, bits: new Uint8Array(1), said: { decision: "unsure" } });

beforeEach(() => mock.restoreAll());

test("what is drawn while a verdict comes to this browser is sent after it", async () => {
  const asked = [];
  mock.method(globalThis, "fetch", async (path) => {
    asked.push(path.match(/verdicts|draft/)[0]);
    return Response.json({ changed: "now" });
  });
  let empty = () => {};
  const held = [];
  const shelf = { put: ({ kind }) => (kind === "verdict" ? new Promise((done) => held.push(done)) : Promise.resolve(true)), remove: async () => {} };
  const outbox = new Outbox(shelf, { saved() {}, drafted() {}, refused() {}, changed: () => empty() });
  const deciding = outbox.decide(kept("verdict"));
  await outbox.draft(kept("draft")); // the pen was still down
  held[0](true);
  await deciding;
  await new Promise((done) => {
    empty = () => outbox.state.verdicts + outbox.state.drafts === 0 && done();
    empty();
  });
  assert.deepEqual(asked, ["verdicts", "draft"]);
});

test("a fault of the page is no refusal of what the server has, and holds nothing up", async () => {
  mock.method(globalThis, "fetch", async () => Response.json({ changed: "now" }));
  const faults = [];
  globalThis.reportError = ({ message }) => faults.push(message);
  const fault = (/** @type {string} */ of) => () => {
    throw new TypeError(of);
  };
  const refused = [];
  const page = { saved: fault("saved"), drafted: fault("drafted"), refused: (kept, { message }) => refused.push(message), changed() {} };
  const outbox = new Outbox({ put: async () => true, remove: async () => {} }, page);
  await outbox.draft({ ...kept("draft"), id: "6" });
  await outbox.decide(kept("verdict"));
  await new Promise((done) => setTimeout(done));
  assert.deepEqual(refused, [], "NOT saved is said of what is saved");
  assert.deepEqual(faults.sort(), ["drafted", "saved"], "nobody hears of the fault");
  mock.restoreAll();
  mock.method(globalThis, "fetch", async () => Response.json({ error: "It is gone." }, { status: 404 }));
  page.refused = fault("refused");
  for (const at of [1, 2]) {
    await outbox.decide(kept("verdict"));
    await new Promise((done) => setTimeout(done));
    assert.equal(faults.length, 2 + at, "what comes after a fault is not sent any more");
    assert.equal(outbox.state.verdicts, 0);
  }
});

test("what is fetched to be looked at is not waited for on a line that has gone dead", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  for (const ask of [() => api.session(), () => api.project(1), () => api.mask("5", "draft")]) {
    for (const begins of [false, true]) {
      const over = new AbortController();
      mock.method(AbortSignal, "timeout", (ms) => (setTimeout(() => over.abort(), ms), over.signal));
      mock.method(globalThis, "fetch", (path, { signal }) => {
        const dead = new Promise((_, fail) => signal?.addEventListener("abort", () => fail(signal.reason)));
        return begins ? Promise.resolve(new Response(new ReadableStream({ start: (line) => void dead.catch((why) => line.error(why)) }))) : dead;
      });
      let failed = null;
      ask().catch((error) => (failed = error));
      await new Promise(setImmediate);
      mock.timers.tick(60_000);
      for (let turn = 0; turn < 9; turn++) await new Promise(setImmediate);
      assert.match(failed?.message ?? "nothing", /^The server d(oes|id) not answer/, `${ask} waits for ever`);
      mock.method(AbortSignal, "timeout").mock.restore();
    }
  }
  mock.timers.reset();
});

test("a mask has the time that a slow line takes for it", async () => {
  const limits = [];
  mock.method(AbortSignal, "timeout", (ms) => {
    limits.push(ms);
    return new AbortController().signal;
  });
  mock.method(globalThis, "fetch", async () => Response.json({}));
  await api.decide(CASE.id, { decision: "unsure" }, null);
  await api.decide(CASE.id, { decision: "corrected" }, new Uint8Array(MASK_BYTES));
  await api.keepDraft(CASE.id, CASE.name, new Uint8Array(MASK_BYTES), DRAFT);
  const at64kbit = (1000 * 8 * MASK_BYTES) / 64_000;
  assert.equal(limits[0], 60_000);
  for (const ms of limits.slice(1)) assert.ok(ms > at64kbit, `it is cut off after ${ms} ms, and would be at each try`);
});

test("an answer that stops before its end is none, and no login of a network", async () => {
  const over = new AbortController();
  mock.method(AbortSignal, "timeout", () => over.signal);
  mock.method(globalThis, "fetch", async (path, { signal }) => {
    const body = new ReadableStream({ start: (line) => signal.addEventListener("abort", () => line.error(signal.reason)) });
    setImmediate(() => over.abort());
    return new Response(body);
  });
  const failed = await api.case_(CASE.id).catch((error) => error);
  assert.equal(failed.why, "The server does not answer.");
});
