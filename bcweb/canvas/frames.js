// When to draw: at most once per frame of the screen, however often it is asked for.

export class Frames {
  /** How many were drawn, and when the last was done (performance.now). */
  stats = { frames: 0, drawn: 0 };
  /** @type {() => void} */ #draw;
  #asked = 0;

  /** @param {() => void} draw */
  constructor(draw) {
    this.#draw = draw;
  }

  /** With the next frame. */
  soon() {
    this.#asked ||= requestAnimationFrame(() => this.now());
  }

  /** At once, in place of what was asked for. */
  now() {
    cancelAnimationFrame(this.#asked);
    this.#asked = 0;
    this.#draw();
    this.stats = { frames: this.stats.frames + 1, drawn: performance.now() };
  }
}
