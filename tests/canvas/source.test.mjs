// What is fetched to be looked at: as long as it comes it may take its time, and a dead line is given up.

import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { fetchPixels } from "../../bcweb/canvas/source.js";

const FILM = { id: 5, name: "film", width: 600, height: 1, depth: 8 };

const settled = async () => {
  for (let turn = 0; turn < 9; turn++) await new Promise(setImmediate);
};

/** A line that brings these bytes one at a time. @returns {{bring: () => void, end: () => void}} */
function line() {
  const brings = {};
  mock.method(globalThis, "fetch", async (address, { signal }) => {
    const body = new ReadableStream({
      start(out) {
        brings.bring = () => out.enqueue(new Uint8Array(1));
        brings.end = () => out.close();
        signal.addEventListener("abort", () => out.error(signal.reason));
      },
    });
    return new Response(body);
  });
  return brings;
}

/** @param {AbortSignal} [signal] @returns {{came: any}} what came of it, once it is over */
function fetched(signal = new AbortController().signal) {
  const over = { came: null };
  fetchPixels("/bc/scans", FILM, signal).then((pixels) => (over.came = pixels), (error) => (over.came = error));
  return over;
}

beforeEach(() => {
  mock.restoreAll();
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
});

test("a large film on a slow line comes, however long it takes", async () => {
  const slow = line();
  const over = fetched();
  await settled();
  for (let byte = 0; byte < FILM.width; byte++) {
    mock.timers.tick(50_000);
    slow.bring();
    await new Promise(setImmediate);
  }
  slow.end();
  await settled();
  assert.equal(over.came?.length, FILM.width, `${over.came}`);
});

test("a line that goes dead is given up, before anything came and in the midst of it", async () => {
  for (const brings of [0, 3]) {
    const dead = line();
    const over = fetched();
    await settled();
    for (let byte = 0; byte < brings; byte++) dead.bring();
    await settled();
    assert.equal(over.came, null);
    mock.timers.tick(60_000);
    await settled();
    assert.equal(over.came?.message, "The server did not answer when asked for the pixels of film.", "it is waited for without end");
  }
});

test("who goes on to another scan ends it, which is no fault of the server", async () => {
  line();
  const left = new AbortController();
  const over = fetched(left.signal);
  await settled();
  left.abort();
  await settled();
  assert.equal(over.came?.name, "AbortError");
});
