// How it is shown: the reader's choices of layout, layers, style and window.

import { isComparable } from "./reading.js";
import { LAYERS } from "./shaders.js";

/** @typedef {import("./reading.js").Reading} Reading */
/** @typedef {"side" | "single"} Layout panes side by side, or one pane with layers */
/** @typedef {"mine" | "prediction" | "truth" | "difference"} Layer */

const MASKS = /** @type {Layer[]} */ (["mine", "prediction", "truth"]);

/** Whether there is such a layer to see. @param {Layer} layer
 * @param {Record<"prediction" | "truth" | "mine", unknown>} reading */
export const isThere = (layer, reading) => (layer === "difference" ? isComparable(reading) : !!reading[layer]);

export class Display {
  /** @type {import("./windowing.js").Window} */ window = [0, 255];
  filled = false;
  heat = false;
  hidden = false;
  opacity = 0.5;
  /** @type {() => boolean} */ #isNarrow;
  /** @type {Layout | null} */ #chosen = null;
  /** The layers of the single pane. */
  #single = new Set(MASKS);

  /** @param {() => boolean} isNarrow whether there is room for one pane only */
  constructor(isNarrow) {
    this.#isNarrow = isNarrow;
  }

  /** The chosen one, else what there is room for. @returns {Layout} */
  get layout() {
    return this.#chosen ?? (this.#isNarrow() ? "single" : "side");
  }

  set layout(layout) {
    this.#chosen = layout;
  }

  /** In the single pane a layer goes on or off; from the panes side by side it opens in a single pane. Nothing happens
   * where there is none. @param {Layer} layer @param {Record<"prediction" | "truth" | "mine", unknown>} reading */
  toggle(layer, reading) {
    if (!isThere(layer, reading)) return;
    if (this.layout === "side") {
      this.#chosen = "single";
      this.#single = new Set([layer]);
      return;
    }
    this.#single = this.#seen(reading);
    if (this.#single.has(layer)) this.#single.delete(layer);
    else if (layer === "difference") this.#single = new Set([layer]);
    else {
      this.#single.delete("difference");
      this.#single.add(layer);
    }
  }

  /** The layers of the single pane: all masks where a difference is chosen and there is none, or nothing would be seen.
   * @param {Record<"prediction" | "truth" | "mine", unknown>} reading */
  #seen(reading) {
    return this.#single.has("difference") && !isComparable(reading) ? new Set(MASKS) : this.#single;
  }

  /** See what is drawn, whatever was hidden before: nobody draws blindly. */
  reveal() {
    this.hidden = false;
    if (!this.#single.has("difference")) this.#single.add("mine");
  }

  /** Whether the single pane has the layer. @param {Layer} layer
   * @param {Record<"prediction" | "truth" | "mine", unknown>} reading */
  has(layer, reading) {
    return this.#seen(reading).has(layer);
  }

  /** The bits of the single pane's layers. @param {Reading} reading */
  layersOfSingle(reading) {
    const { prediction, truth, mine } = reading;
    const seen = this.#seen(reading);
    let bits = 0;
    if (seen.has("difference")) return LAYERS.difference;
    if (seen.has("mine") && mine) bits |= LAYERS.mine;
    if (seen.has("prediction") && prediction) bits |= LAYERS.prediction;
    if (seen.has("truth") && truth) bits |= LAYERS.truth;
    return bits;
  }

  /** Which panes there are, by what there is to show. The mask that is edited is in all of them: it can be drawn
   * on in any. @param {Reading} reading
   * @returns {{id: string, layers: number}[]} */
  panes(reading) {
    const { scan, prediction, truth, mine } = reading;
    if (!scan) return [];
    if (this.layout === "single") return [{ id: "layers", layers: this.layersOfSingle(reading) }];
    const own = mine ? LAYERS.mine : 0;
    const panes = [{ id: mine ? "mine" : "scan", layers: own }];
    if (prediction) panes.push({ id: "prediction", layers: LAYERS.prediction | own });
    if (truth) panes.push({ id: "truth", layers: LAYERS.truth | own });
    if (isComparable(reading)) panes.push({ id: "difference", layers: LAYERS.difference });
    return panes;
  }

  /** Whether a layer is seen in any pane, if only as the difference from it.
   * @param {"prediction" | "truth"} layer @param {Reading} reading */
  shows(layer, reading) {
    const drawn = this.panes(reading).reduce((bits, { layers }) => bits | this.drawn(layers), 0);
    const isCompared = (drawn & LAYERS.difference) !== 0 && reading.compared.includes(LAYERS[layer]);
    return (drawn & LAYERS[layer]) !== 0 || isCompared;
  }

  /** What is drawn of a pane's layers. @param {number} layers */
  drawn(layers) {
    if (this.hidden) return 0;
    return this.heat && layers & LAYERS.prediction ? layers | LAYERS.heat : layers;
  }
}
