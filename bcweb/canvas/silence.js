// A line that has gone dead without being closed: nothing comes, and nobody says so.

/** For so long nothing may come. */
const SILENCE_MS = 60_000;

/** For one request: its answer may take any time as long as something comes, as a large film does on a slow line.
 * @returns {{signal: AbortSignal, bytesOf: (response: Response) => Promise<ArrayBuffer>}} signal: ends it after a silence;
 * bytesOf: all of the answer's body */
export function patience() {
  const over = new AbortController();
  const wait = () => setTimeout(() => over.abort(), SILENCE_MS);
  let waiting = wait();
  const again = () => {
    clearTimeout(waiting);
    waiting = wait();
  };
  // As quick as the browser's own arrayBuffer(), which does not tell of what comes.
  /** @param {Response} response */
  const bytesOf = async (response) => {
    const reader = response.body?.getReader();
    /** @type {Uint8Array[]} */
    const parts = [];
    for (let next = await reader?.read(); next?.value; next = await reader?.read()) {
      parts.push(next.value);
      again();
    }
    clearTimeout(waiting);
    const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole.buffer;
  };
  return { signal: over.signal, bytesOf };
}
