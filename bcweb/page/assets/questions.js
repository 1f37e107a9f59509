// Questions of which the last one alone matters: what an earlier one comes to is not shown.

import { Unreachable } from "./api.js";

const AGAIN_MS = 700;

/** Before it is asked again. */
export const pause = () => new Promise((done) => setTimeout(done, AGAIN_MS));

export class Questions {
  #last = 0;

  /** @param {(why: string) => void} away hears each time that the server does not answer */
  constructor(away) {
    this.away = away;
  }

  /** Nobody waits any more for what was asked last. */
  drop() {
    this.#last += 1;
  }

  /** Ask again and again, until an answer is enough or another question takes its place. A server that is away may be back
   * for the next one; what it refuses it refuses again. @template T @param {() => Promise<T>} question
   * @returns {AsyncGenerator<T, void, void>} */
  async *answers(question) {
    const asked = ++this.#last;
    while (asked === this.#last) {
      const answer = await question().catch((error) => error);
      if (asked !== this.#last) return;
      if (answer instanceof Unreachable) this.away(answer.why);
      else if (answer instanceof Error) throw answer;
      else yield answer;
      await pause();
    }
  }

  /** The first answer that there is; null where another question took its place.
   * @template T @param {() => Promise<T>} question @returns {Promise<T | null>} */
  async answer(question) {
    for await (const answer of this.answers(question)) return answer;
    return null;
  }
}
