import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { told } from "../../bcweb/page/assets/backup-words.js";
import { toDo } from "../../bcweb/page/assets/words.js";

globalThis.location = { hostname: "localhost" };
globalThis.window = new EventTarget();
globalThis.document = Object.assign(new EventTarget(), { createElement: () => ({ append() {}, setAttribute() {} }) });
const { Standing } = await import("../../bcweb/page/assets/review-standing.js");

const backup = { configured: true, vanishes: false, waiting: 0, last: null, problem: null, reading: null, verdicts: {} };

test("a backup is told in one line, the most pressing first", () => {
  assert.deepEqual(told({ ...backup, configured: false }), ["", ""]);
  const [kind, words] = told({ ...backup, configured: false, vanishes: true });
  assert.equal(kind, "caution");
  assert.match(words, /^Verdicts vanish when this Space stops: it has no backup\. .*BCWEB_BACKUP\.$/);
  assert.deepEqual(told(backup), ["quiet", "All verdicts are backed up."]);
  assert.match(told({ ...backup, last: "2020-01-02T03:04:05Z" })[1], /the last 2 Jan 2020, \d\d:04\.$/);
  assert.deepEqual(told({ ...backup, waiting: 1 }), ["quiet", "1 verdict is saved and waits for the backup."]);
  assert.deepEqual(told({ ...backup, waiting: 20 }), ["quiet", "20 verdicts are saved and wait for the backup."]);
  assert.deepEqual(told({ ...backup, waiting: 2, problem: "The Hub is out of order (500)." }), ["error", "Backup: The Hub is out of order (500). 2 verdicts are saved and wait for the backup."]);
  assert.deepEqual(told({ ...backup, waiting: null, problem: "No." }), ["error", "Nothing is backed up, and nothing brought back: No."]);
  assert.deepEqual(told({ ...backup, waiting: null }), ["quiet", "The backup is being checked."]);
  assert.deepEqual(told({ ...backup, waiting: null, reading: [3, 120] }), ["caution", "Verdicts are being brought back from the backup: 3 of 120."]);
});

test("what was backed up is so no longer where its project was removed elsewhere", async () => {
  const element = (verdict) => ({ dataset: { verdict, at: "2020-01-02T03:04:05Z" }, classList: { contains: () => false }, textContent: "" });
  const shown = [element("1"), element("2")];
  const root = { replaceChildren() {}, getRootNode: () => ({ querySelectorAll: () => shown }) };
  const standing = new Standing(root, () => {});
  const areBackedUp = async (problem, ...ids) => {
    const verdicts = Object.fromEntries(ids.map((id) => [id, null]));
    mock.method(globalThis, "fetch", async () => Response.json({ ...backup, problem, verdicts }));
    await new Promise((told) => {
      window.setTimeout = told; // until it asks again
      standing.now();
    });
    return shown.map(({ textContent }) => textContent.startsWith("backed up"));
  };
  assert.deepEqual(await areBackedUp(null, "1", "2"), [true, true]);
  await areBackedUp("A project was removed.");
  assert.deepEqual(await areBackedUp("A project was removed.", "2"), [false, true]);
  mock.restoreAll();
});

test("who waits for others is told how many come first", () => {
  assert.equal(toDo(3, 0), "3 to do");
  assert.equal(toDo(3, 1), "3 to do, after 1 of another visitor");
  assert.equal(toDo(1, 4), "1 to do, after 4 of other visitors");
});
