import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";

import { EDIT_KEYS, isOutside } from "../../bcweb/canvas/edit/keys.js";
import { KEYS as VIEWER } from "../../bcweb/canvas/keys.js";
import { packBits, packed, unpackBits, unpacked } from "../../bcweb/page/assets/review-bits.js";
import { Clock } from "../../bcweb/page/assets/review-clock.js";
import { KEYS, actionOf, named, shown } from "../../bcweb/page/assets/review-keys.js";
import { leavesOut, refusals } from "../../bcweb/page/assets/review-refusals.js";
import { isSame } from "../../bcweb/page/assets/review-shelf.js";
import { EDIT_WORDS } from "../../bcweb/page/assets/review-template.js";
import * as words from "../../bcweb/page/assets/review-words.js";

const press = (key, held = {}) => ({ key, shiftKey: false, ctrlKey: false, altKey: false, metaKey: false, defaultPrevented: false, ...held });

test("a mask is packed with its first pixel as the highest bit, and padded only at its end", () => {
  const mask = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 1, 0, 255);
  assert.deepEqual([...packBits(mask)], [0b10000001, 0b01000000]);
  assert.deepEqual([...unpackBits(packBits(mask), 10)], [1, 0, 0, 0, 0, 0, 0, 1, 0, 1]);
});

test("what travels is gzip of these bits, and comes back as it was", async () => {
  const mask = Uint8Array.from({ length: 471 * 563 }, (_, at) => (at % 7 === 0 || at > 200000 ? 1 : 0));
  const sent = await packed(mask);
  assert.deepEqual([...gunzipSync(sent)], [...packBits(mask)]);
  assert.deepEqual(await unpacked(sent, mask.length), mask);
});

test("what was kept of a case is of that one, and of no other that has its number", () => {
  const kept = { id: "5", name: "benign (5)", project: 1, width: 60, height: 60, bits: null };
  const now = { id: "5", name: "benign (5)", project: 1, width: 60, height: 60, latest: 7 };
  assert.ok(isSame(kept, now));
  for (const other of [{ id: "6" }, { name: "malignant (77)" }, { project: 2 }, { width: 100 }, { height: 50 }]) {
    assert.ok(!isSame(kept, { ...now, ...other }), `with another ${Object.keys(other)}`);
  }
});

test("no letter of a name is cut in two", () => {
  const name = "e\u0301\u{1F469}\u200d\u2695\ufe0f\u0628\u064e";
  assert.deepEqual(words.letters(name), ["e\u0301", "\u{1F469}\u200d\u2695\ufe0f", "\u0628\u064e"]);
});

test("time on a case leaves out a hidden tab and all but a minute of doing nothing", () => {
  let now = 0;
  const clock = new Clock(() => now);
  clock.start();
  now = 10_000;
  clock.touch();
  assert.equal(clock.seconds, 10);
  now = 500_000; // the phone rang
  assert.equal(clock.seconds, 70);
  clock.touch();
  now = 505_000;
  clock.pause(); // another tab
  now = 900_000;
  assert.equal(clock.seconds, 75);
  clock.touch();
  now = 903_000;
  assert.equal(clock.seconds, 78);
  clock.start(78); // back on it later
  now = 904_000;
  assert.equal(clock.seconds, 79);
});

test("no time on a case passes before its tab is in front", () => {
  let now = 0;
  const clock = new Clock(() => now);
  clock.start(5, false); // the one before was saved while another tab was in front
  now = 40_000;
  assert.equal(clock.seconds, 5);
  clock.touch();
  now = 43_000;
  assert.equal(clock.seconds, 8);
});

test("each key does one thing, and none that the editor needs while a mask is drawn", () => {
  const keys = Object.values(KEYS).flatMap(({ keys }) => keys);
  assert.equal(new Set(keys).size, keys.length);
  const drawing = keys.filter((key) => key !== KEYS.draw.keys[0]); // with the pen in the hand E is the eraser
  for (const key of drawing) assert.ok(!Object.values(EDIT_KEYS).includes(key), `${key} is the editor's`);
  for (const decision of ["accept", "truth", "corrected", "noLesion", "reject", "unsure"]) {
    const [key, letter] = KEYS[decision].keys[0].split("+");
    assert.ok(isOutside(press(letter ?? key, { shiftKey: Boolean(letter) })), `the editor leaves the key of ${decision} alone`);
  }
  const letters = Object.values(VIEWER).flat().filter((key) => /^[a-z]$/.test(key));
  for (const key of keys) assert.ok(!letters.includes(key), `${key} is the viewer's`);
});

test("the sheet of keys has words for each key of the editor", () => {
  assert.deepEqual(Object.keys(EDIT_WORDS).sort(), Object.keys(EDIT_KEYS).sort());
});

test("each key is in docs/review.md", () => {
  const text = readFileSync(new URL("../../docs/review.md", import.meta.url), "utf8");
  const cells = [...text.matchAll(/^\| ([^|]+) \|/gm)].flatMap(([, keys]) => keys.split(", "));
  const keys = [...Object.values(KEYS).flatMap(({ keys }) => keys), ...Object.values(EDIT_KEYS), "Control+z"];
  for (const key of keys) assert.ok(cells.includes(named(key)), `${named(key)} is not in docs/review.md`);
});

test("a key press is an action by its letter, small or with Shift, and none with Control", () => {
  assert.equal(actionOf(press("1")), "accept");
  assert.equal(actionOf(press("j")), "next");
  assert.equal(actionOf(press("J")), "next", "as with Caps Lock");
  assert.equal(actionOf(press("J", { shiftKey: true })), null);
  assert.equal(actionOf(press("L", { shiftKey: true })), "label");
  assert.equal(actionOf(press("l")), null, "the viewer's");
  assert.equal(actionOf(press("N", { shiftKey: true })), "noLesion");
  assert.equal(actionOf(press("N")), "unread", "as with Caps Lock");
  assert.equal(actionOf(press("PageDown")), "next");
  assert.equal(actionOf(press("1", { ctrlKey: true })), null);
  assert.equal(actionOf(press("?", { shiftKey: true })), "help");
  assert.equal(actionOf(press("о", { code: "KeyJ" })), "next", "on a Russian keyboard");
  assert.equal(actionOf(press("У", { code: "KeyE", shiftKey: true })), "putDown");
  assert.equal(shown("Shift+L"), "⇧L");
  assert.equal(named("Shift+L"), "Shift L");
  assert.equal(named("j"), "J");
});

const ROW = { problem: null, dice: 0.434, uncertainty: 0.71, suspicion: null, twin_dice: 0.31, how: "unseen", has_truth: true };

test("a row says the score by which the queue is ordered, else its Dice, else why there is none", () => {
  assert.equal(words.rowWords(ROW, "worst"), "Dice 0.43");
  assert.equal(words.rowWords(ROW, "uncertain"), "uncertainty 0.71");
  assert.equal(words.rowWords(ROW, "suspect"), "Dice 0.43", "where there is no suspicion");
  assert.equal(words.rowWords(ROW, "twins"), "masks agree 0.31");
  assert.equal(words.rowWords({ ...ROW, dice: null, how: "seen" }, "worst"), "seen in training");
  assert.equal(words.rowWords({ ...ROW, dice: null, how: "seen", label: "malignant" }, "worst"), "malignant · seen in training");
  assert.equal(words.rowWords({ ...ROW, how: "seen", label: "benign" }, "worst"), "Dice 0.43 · benign · out of fold");
  assert.equal(words.rowWords({ ...ROW, dice: null, how: null, label: "benign" }, "worst"), "benign · no prediction yet");
  assert.equal(words.rowWords({ ...ROW, dice: null, has_truth: false }, "worst"), "no truth");
  assert.equal(words.rowWords({ ...ROW, problem: "The file is empty." }, "worst"), "cannot be read");
});

test("a verdict moves its case from one count to another, and once more moves nothing", () => {
  const project = { read: 1, counts: { cases: 3, read: 1, decisions: { accept: 1 }, labels: { "": 1, benign: 2 } } };
  const now = words.recounted(project, { decision: null, label: null }, { decision: "unsure", label: "benign" });
  assert.deepEqual([now.read, now.counts.decisions, now.counts.labels], [2, { accept: 1, unsure: 1 }, { "": 0, benign: 3 }]);
  const same = { decision: "unsure", label: "benign" };
  assert.deepEqual(words.recounted(now, same, same), now);
  assert.deepEqual(words.recounted(now, same, { ...same, reader: "BEN" }).counts.readers, ["BEN"], "who was not among them");
});

test("a verdict is put in words, with how it came about", () => {
  assert.equal(words.decided({ decision: "reject", reason: "duplicate" }), "rejected: duplicate");
  assert.equal(words.decided({ decision: "truth", reason: null }), "truth kept");
  assert.equal(words.decided({ decision: "corrected", reason: null, painted_px: 7 }), "corrected");
  assert.equal(words.decided({ decision: "corrected", reason: null, painted_px: 0 }), "corrected: no lesion");
  const verdict = {
    label: "benign", difficulty: 3, beginning: "threshold", threshold: 0.35, painted_px: 12345, revision: "u-1",
    seconds: 75, comment: "blurred",
  };
  assert.deepEqual(words.circumstances(verdict), [
    "label benign", "hard", "drawn from the prediction at another threshold (0.35)", "12\u202f345 px painted", "weights u-1",
    "took 1 min", "“blurred”",
  ]);
  assert.equal(words.duration(31.6), "32 s");
  assert.equal(words.duration(3600 * 2.5), "2 h 30 min");
  assert.equal(words.progress({ cases: 1200, read: 200, seconds: 18 }), "200 of 1\u202f200 read · 5 h 0 min to go");
  assert.equal(words.progress({ cases: 1200, read: 3, seconds: 18 }), "3 of 1\u202f200 read", "three tell nothing");
});

test("of scans that were looked for it is said how many came", () => {
  assert.deepEqual([0, 1, 1200].map(words.newCases), ["No new scans", "1 new case", "1\u202f200 new cases"]);
});

test("a moment of today is its time, of another day has its date", () => {
  const now = new Date(2026, 10, 26, 18, 0);
  assert.equal(words.moment(new Date(2026, 10, 26, 9, 5), now), "09:05");
  assert.equal(words.moment(new Date(2026, 10, 25, 14, 3), now), "25 Nov, 14:03");
  assert.equal(words.moment(new Date(2025, 10, 25, 14, 3), now), "25 Nov 2025, 14:03");
});

test("the next label goes round, and after the last there is none", () => {
  assert.equal(words.nextLabel(["a", "b"], null), "a");
  assert.equal(words.nextLabel(["a", "b"], "a"), "b");
  assert.equal(words.nextLabel(["a", "b"], "b"), null);
});

test("a decision that cannot be made says why, and all say so while the case is fetched", () => {
  const bare = { segmented: false, has_truth: false };
  const drawing = { strokes: 0, isOn: false, isThere: false, isOf: () => true };
  assert.deepEqual(refusals(bare, drawing, true), {
    accept: "This case has no prediction.",
    truth: "This case has no truth.",
    corrected: "Nothing is drawn: E begins.",
  });
  const whole = { segmented: true, has_truth: true };
  assert.equal(refusals(whole, { ...drawing, isOn: true, isThere: true }, true).corrected, "Nothing is changed yet.");
  assert.deepEqual(refusals(whole, { ...drawing, strokes: 1 }, true), {});
  assert.deepEqual(Object.keys(refusals(whole, { ...drawing, strokes: 1 }, false)).sort(), ["accept", "corrected", "noLesion", "truth"]);
  for (const refused of [refusals(null, drawing, true), refusals(whole, { ...drawing, isOf: () => false }, true)]) {
    assert.deepEqual(Object.keys(refused), Object.keys(words.DECISIONS));
  }
});

test("what a decision would leave out is said, and a correction leaves out nothing that is in hand", () => {
  assert.equal(leavesOut("corrected", { strokes: 2, waiting: 0 }), "");
  assert.equal(leavesOut("accept", { strokes: 0, waiting: 0 }), "");
  assert.match(leavesOut("accept", { strokes: 1, waiting: 0 }), /^1 stroke is drawn here: 3 saves it, pressing “Accept” again leaves it out/);
  assert.match(leavesOut("accept", { strokes: 2, waiting: 0 }), /^2 strokes are drawn here: 3 saves them, pressing “Accept” again leaves them out/);
  assert.match(leavesOut("unsure", { strokes: 0, waiting: 4 }), /left unfinished: E goes on with it, pressing “Unsure” again drops it/);
});
