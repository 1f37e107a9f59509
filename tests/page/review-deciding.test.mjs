// What becomes of a verdict once it is sent, and of an undo: with a server and a page that are made up.

import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

globalThis.location = { hostname: "localhost" };
globalThis.window = Object.assign(new EventTarget(), { setTimeout() {} });
globalThis.BroadcastChannel = class {
  postMessage() {}
};
globalThis.document = { createElement: () => Object.assign(new EventTarget(), { setAttribute() {}, append() {} }) };
const { Refused } = await import("../../bcweb/page/assets/api.js");
const { Clashes } = await import("../../bcweb/page/assets/review-clash.js");
const { unpacked } = await import("../../bcweb/page/assets/review-bits.js");
const { Deciding } = await import("../../bcweb/page/assets/review-deciding.js");

const DECIDED_AT = "2020-01-31T09:00:00.000Z";

/** Does nothing, whatever it is asked. */
const nobody = (had = {}) => new Proxy(had, { get: (had, name) => had[name] ?? (() => {}) });

/** The line under the decisions. */
class Status {
  said = { text: "", kind: "", act: null, about: [] };
  say(text, kind = "", verdict = null, act = null, about = []) {
    this.said = { text, kind, act, about };
  }
  get isWrong() {
    return this.said.kind === "error";
  }
  hint(text) {
    if (!this.isWrong) this.say(text);
  }
  isAbout = (id) => this.said.about.includes(id);
  isSaying = (text) => this.said.text === text;
  leave() {}
}

const kept = (number, more = {}) => ({
  kind: "verdict", key: `verdict ${number}`, id: String(number), name: `case ${number}`, project: 1, changed: DECIDED_AT,
  said: { decision: "unsure" }, ...more,
});
const verdict = (number, more = {}) => ({
  id: 10 * number, case_id: number, reader: "ANNA", at: DECIDED_AT, decision: "unsure", reason: null, label: null, label_now: "benign", stands: true, ...more,
});
const BERTA = { reader: "BERTA", decision: "truth", id: 7, at: DECIDED_AT };
const inBetween = (latest = BERTA) => new Refused("In the meantime BERTA said 'truth' on this case.", 409, { latest });

/** What is asked of the page's parts, and the deciding between them. @param {number} current case that is in view
 * @param {object} [had] of the drawing */
function decidingAt(current, had) {
  const asked = { decided: [], overtaken: [], selected: [], sent: [] };
  const status = new Status();
  const sent = async ({ said }, bits) => asked.sent.push([said, bits && (await unpacked(await bits, 12))]);
  const outbox = nobody({ isDeciding: () => false, deciding: () => [], decide: sent });
  const drawing = nobody({ hasMore: () => false, isOf: () => true, ...had });
  const clashes = new Clashes(nobody(), outbox);
  const view = nobody({
    info: { id: String(current), name: `case ${current}`, label: "benign", width: 4, height: 3, decision: null, verdict: null },
    refusals: {},
    clock: { seconds: 1 },
    viewer: Object.assign(new EventTarget(), { settle() {} }),
    ahead: nobody(),
    stays: () => () => true,
    overtaken: (id) => asked.overtaken.push(id),
    select: async (id) => asked.selected.push(id),
  });
  const moving = nobody({
    current, project: { id: 1 },
    list: { row: (id) => ({ id, decision: null, label: "malignant" }) },
    decided: (project, id, changed) => asked.decided.push([id, changed]),
    goOn: () => true,
  });
  const deciding = new Deciding({ view, moving, drawing, form: nobody({ isInHand: false }), clashes, outbox, shelf: nobody({ tab: "here" }), status, standing: nobody() });
  return { deciding, status, view, asked };
}

beforeEach(() => mock.restoreAll());

test("what somebody decided in between is said until it is over, whatever is saved meanwhile", async () => {
  const { deciding, status, view } = decidingAt(2);
  deciding.refused(kept(1), inBetween());
  assert.equal(status.said.text, "NOT saved: BERTA decided case 1 meanwhile.");
  deciding.saved(kept(2), verdict(2));
  assert.match(status.said.text, /^NOT saved: BERTA decided case 1 meanwhile\. Saved .*: case 2, unsure\.$/);
  view.info.id = "1";
  await deciding.keepTheirs();
  assert.equal(status.said.text, "The verdict of BERTA stands; your verdict was not saved.");
  deciding.saved(kept(3), verdict(3));
  assert.match(status.said.text, /^Saved .*: case 3, unsure\.$/);
});

test("what the server will not have is said until it is over, whatever is saved meanwhile", () => {
  const { deciding, status } = decidingAt(2);
  deciding.refused(kept(1), new Refused("It is gone.", 404, {}));
  deciding.saved(kept(2), verdict(2));
  assert.match(status.said.text, /^NOT saved, case 1: It is gone\. Saved .*: case 2, unsure\.$/);
  assert.ok(status.said.act, "it can be dropped");
});

test("all that is not saved is said, and of which cases", async () => {
  const { deciding, status, view } = decidingAt(5);
  deciding.refused(kept(1), inBetween());
  deciding.refused(kept(3), new Refused("It is gone.", 404, {}));
  deciding.refused(kept(4), inBetween({ ...BERTA, reader: "CARLA" }));
  assert.equal(status.said.text, "NOT saved, case 3: It is gone. NOT saved, case 1, case 4: CARLA decided case 4 meanwhile.");
  assert.deepEqual(status.said.about, ["3", "1", "4"]);
  view.info.id = "4";
  await deciding.keepTheirs();
  assert.match(status.said.text, /^NOT saved, case 3: It is gone\. NOT saved: BERTA decided case 1 meanwhile\. The verdict of CARLA stands/);
});

test("a verdict that was taken back in between is not said to be a decision", async () => {
  const { deciding, status, view } = decidingAt(1);
  deciding.refused(kept(1), inBetween({ ...BERTA, decision: "undo" }));
  assert.equal(status.said.text, "NOT saved: BERTA took a verdict back on case 1 meanwhile.");
  view.info.id = "1";
  await deciding.keepTheirs();
  assert.equal(status.said.text, "The undo of BERTA stands; your verdict was not saved.");
});

test("a row has the label that counts once its case is decided without one", () => {
  const { deciding, asked } = decidingAt(1);
  deciding.saved(kept(1), verdict(1));
  const [[id, { label }]] = asked.decided;
  assert.deepEqual([id, label], [1, "benign"], "it has that of the verdict before");
});

for (const [where, current] of [["in view", 1], ["elsewhere", 2]]) {
  test(`a verdict that came with an earlier try and stands no more is not said to stand, its case ${where}`, () => {
    const { deciding, status, asked } = decidingAt(current);
    deciding.saved(kept(1), verdict(1, { stands: false }));
    assert.deepEqual(asked.decided, [], "its row says that it stands");
    assert.deepEqual([asked.selected, asked.overtaken], current === 1 ? [[1], []] : [[], ["1"]], "as it is now it is fetched");
    assert.match(status.said.text, /^Your verdict on case 1, saved .*, no longer stands: /);
    deciding.undoLast();
    assert.equal(status.said.text.includes("NOT undone"), false);
  });
}

test("an undo whose answer was lost is the same one when it is asked for again", async () => {
  const { deciding, status } = decidingAt(1);
  const keys = [];
  mock.method(globalThis, "fetch", async (path, { body }) => {
    keys.push(JSON.parse(body).key);
    throw new TypeError("the line is dead");
  });
  await deciding.undo(verdict(1));
  await deciding.undo(verdict(1));
  await deciding.undo(verdict(2));
  assert.match(status.said.text, /^NOT undone: The server does not answer\./);
  assert.equal(keys[0], keys[1]);
  assert.notEqual(keys[0], keys[2]);
});

test("a case whose verdict cannot be undone, for somebody came in between, is fetched as it is now", async () => {
  const { deciding, status, asked } = decidingAt(1);
  mock.method(globalThis, "fetch", async () => Response.json({ error: "In the meantime BERTA took a verdict back on this case.", latest: BERTA }, { status: 409 }));
  await deciding.undo(verdict(1));
  assert.equal(status.said.text, "NOT undone: In the meantime BERTA took a verdict back on this case.");
  assert.deepEqual(asked.overtaken, ["1"]);
});

test("one's own verdict on top of another's comes after all that was drawn before", async () => {
  const clashes = new Clashes(nobody(), nobody());
  const mine = kept(1);
  clashes.add(mine, BERTA);
  await clashes.saveMine("1");
  assert.ok(mine.changed > DECIDED_AT, "what it drops would outlive it");
});

/** What is in hand: a drawing of so many strokes, and a label. */
const inHand = (strokes, label = null) => ({
  strokes,
  waiting: 0,
  kept: () => kept(1, { beginning: "prediction", threshold: null, revision: "u-1", strokes, form: { label, difficulty: null, comment: "" } }),
  packed: async () => assert.fail("what is drawn is sent"),
});

test("no lesion is an empty correction, and the label normal where no other was chosen", async () => {
  for (const [label, said] of [[null, "normal"], ["malignant", "malignant"]]) {
    const { deciding, asked } = decidingAt(1, inHand(0, label));
    await deciding.decide("noLesion", null);
    const [[sent, mask]] = asked.sent;
    assert.deepEqual([sent.decision, sent.beginning, sent.threshold, sent.label], ["corrected", "empty", null, said]);
    assert.deepEqual(mask, new Uint8Array(12));
  }
  const { deciding, view, asked } = decidingAt(1, inHand(0));
  view.info.label = "normal";
  await deciding.decide("noLesion", null);
  assert.equal(asked.sent[0][0].label, null, "the data set says so already");
});

test("no lesion leaves strokes out once it is pressed again, also on top of another's verdict", async () => {
  const { deciding, status, asked } = decidingAt(1, inHand(2));
  const twice = async (press) => {
    await press();
    assert.match(status.said.text, /^2 strokes are drawn here: .* pressing “No lesion” again leaves them out/);
    await press();
    const [said, mask] = asked.sent.pop();
    assert.deepEqual([said.decision, said.beginning, said.label, mask], ["corrected", "empty", "normal", new Uint8Array(12)]);
    return said;
  };
  const said = await twice(() => deciding.decide("noLesion", null));
  status.say("");
  deciding.refused({ ...inHand(2).kept(), beginning: null, said }, inBetween());
  assert.equal((await twice(() => deciding.saveMine())).after, BERTA.id);
});

test("no lesion on top of another's verdict has the label normal, whatever was filled in since", async () => {
  const since = { label: null, difficulty: 2, comment: "looked again" };
  const { deciding, asked } = decidingAt(1, { ...inHand(0), filledIn: () => since });
  deciding.refused({ ...kept(1), tab: "here", beginning: null, strokes: 0, said: { decision: "corrected", beginning: "empty", label: "normal" } }, inBetween());
  await deciding.saveMine();
  assert.deepEqual([asked.sent[0][0].label, asked.sent[0][0].comment], ["normal", "looked again"]);
});
