// The panel beside the picture: what was found in one scan, against what truth, and what one may do.

import * as api from "./api.js";
import { button, h, keepFocus } from "./dom.js";
import { term } from "./meanings.js";
import * as words from "./words.js";

/** @typedef {import("./api.js").ScanInfo} ScanInfo */
/** @typedef {import("./api.js").Modality} Modality */
/** @typedef {{dice: number | null, iou: number | null, precision: number | null, recall: number | null,
 *  painted_px: number, threshold: number, gated: boolean}} Live what the viewer says at its threshold */
/** @typedef {object} Actions
 * @property {(modality: Modality) => void} setModality
 * @property {() => void} addTruth
 * @property {() => void} dropTruth
 * @property {(() => void) | null} correct null where nothing can be corrected
 * @property {() => void} remove
 * @property {() => void} deleteAll
 * @property {() => void} segmentAgain
 * @property {() => void} saved the mask was asked for
 */

const SEEN = "The weights were trained on this picture or a near-duplicate: what they draw here is no test of them.";

const APART = "Distances are measured by the server, at the operating point alone.";

/** A button has the same key though it may say "Replace" now for "Add". @param {HTMLElement} one */
const nameOf = (one) => (one instanceof HTMLInputElement ? one.value : (one.getAttribute("aria-keyshortcuts") ?? one.textContent));

export class Findings {
  /** @type {ScanInfo | null} */ #info = null;
  /** @type {Live | null} */ #live = null;
  /** @type {Map<string, HTMLElement>} */ #cells = new Map();
  /** @type {HTMLElement | null} */ #moved = null;
  /** @type {HTMLAnchorElement | null} */ #save = null;

  /** @param {HTMLElement} root @param {Modality[]} modalities @param {Actions} actions */
  constructor(root, modalities, actions) {
    this.root = root;
    this.modalities = modalities;
    this.actions = actions;
  }

  /** The id of the scan that they are of. */
  get of() {
    return this.#info?.id ?? null;
  }

  /** @param {ScanInfo | null} info */
  show(info) {
    this.#info = info;
    this.#live = null;
    this.#cells.clear();
    this.#moved = this.#save = null;
    keepFocus(this.root, () => this.#draw(info), nameOf);
  }

  /** @param {ScanInfo | null} info */
  #draw(info) {
    if (!info || info.state !== "open") {
      this.root.replaceChildren(...(info?.state === "error" ? [this.#title(info), this.#problem(info)] : []));
      return;
    }
    this.root.replaceChildren(
      this.#head(info),
      ...(words.isOfOther(info) ? [this.#other(info)] : []),
      ...(info.cautions ?? []).map((caution) => h("p", { class: "caution warning", role: "alert" }, caution)),
      ...(info.segmented ? [this.#presence(info), this.#lesions(info)] : [this.#problem(info)]),
      this.#agreement(info),
      this.#modality(info),
      this.#notes(info),
      this.#foot(info),
    );
  }

  /** The viewer's threshold moved, or its prediction came. @param {Live} live */
  live(live) {
    const info = this.#info;
    if (!info?.segmented) return;
    this.#live = live;
    const isMoved = live.threshold !== info.threshold || live.gated !== words.isGated(info);
    /** @type {Record<string, string>} */
    const now = {
      painted: words.grouped(live.painted_px),
      dice: words.fixed(live.dice, 3),
      iou: words.fixed(live.iou, 3),
      precision: words.fixed(live.precision, 3),
      recall: words.fixed(live.recall, 3),
    };
    const head = live.threshold === info.threshold ? "no gate" : `at ${words.threshold(live.threshold)}`;
    if (this.#moved) this.#moved.textContent = isMoved ? head : "";
    // Why there is no number is said of the operating point, and need not hold elsewhere.
    for (const why of /** @type {NodeListOf<HTMLElement>} */ (this.root.querySelectorAll(".why"))) why.hidden = isMoved;
    for (const [key, cell] of this.#cells) {
      const isApart = isMoved && !(key in now);
      cell.textContent = isApart ? "–" : isMoved ? now[key] : "";
      if (isApart) cell.dataset.why = APART;
      else delete cell.dataset.why;
    }
    if (this.#save) this.#save.href = api.mask(info, live.threshold, live.gated || !words.isGated(info));
  }

  /** As if the link to the mask were pressed. */
  save() {
    this.#save?.click();
  }

  /** @param {ScanInfo} info */
  #title({ path, name }) {
    return h("h2", { title: path, tabIndex: -1 }, name);
  }

  /** @param {ScanInfo} info */
  #head(info) {
    const badges = [
      info.kind === "generated" && h("span", { class: "badge" }, "generated"),
      info.seen && h("span", { class: "badge caution", title: SEEN }, "seen in training"),
    ].filter(Boolean);
    return h(
      "header",
      {},
      this.#title(info),
      h("p", { class: "quiet" }, words.size(info)),
      h("p", { class: "quiet" }, words.spacing(info)),
      badges.length > 0 && h("p", { class: "badges" }, .../** @type {Node[]} */ (badges)),
    );
  }

  /** The weights were exchanged after this scan was segmented. @param {ScanInfo} info */
  #other(info) {
    return h(
      "section",
      { class: "other" },
      h("p", { class: "caution" }, `Drawn by ${info.revision}. Since then ${info.in_use} has come into use.`),
      info.problem && this.#problem(info), // why they did not draw it
      h("p", { class: "buttons" }, button("Segment again", "a", this.actions.segmentAgain)),
    );
  }

  /** @param {ScanInfo} info */
  #problem(info) {
    return h("p", { class: "error", role: "alert" }, info.problem ?? "This scan was not segmented.");
  }

  /** @param {ScanInfo} info */
  #presence(info) {
    const { verdict, detail } = words.presenceWords(info);
    const { presence, gate } = info;
    const scale = presence !== null && h(
      "div",
      { class: "scale", role: "img", "aria-label": `Presence ${words.presenceDigits(info)}, ${detail}` },
      h("i", { class: "filled", style: `width: ${100 * presence}%` }),
      gate !== null && h("i", { class: "gate", style: `left: ${100 * gate}%` }),
    );
    return h(
      "section",
      { class: "presence" },
      h("h3", { class: words.isGated(info) ? "verdict quiet" : "verdict" }, verdict),
      words.outlinesAll(info) && h("p", { class: "verdict plain" }, words.OUTLINES_ALL),
      presence !== null && h("p", { class: "line" }, term("Presence", words.MEANING.presence), h("b", {}, words.presenceDigits(info)), h("span", { class: "quiet" }, detail)),
      presence === null && h("p", { class: "quiet" }, detail, " ", words.knows(info)),
      presence !== null && words.knows(info) && h("p", { class: "quiet" }, words.knows(info)),
      scale,
      info.looked_at && h("p", { class: "quiet" }, words.lookedAt(info)),
    );
  }

  /** @param {ScanInfo} info */
  #lesions(info) {
    if (info.lesions.length === 0) return h("div", { class: "none" });
    const rows = info.lesions.map(({ area_px, area_mm2, box: [, , width, height] }, place) =>
      h(
        "tr",
        {},
        h("th", { scope: "row" }, String(place + 1)),
        h("td", {}, words.grouped(area_px)),
        area_mm2 !== null && h("td", {}, words.squareMillimetres(area_mm2)),
        h("td", {}, this.#extent(info, width, height)),
      ),
    );
    const columns = info.spacing ? ["#", "px", "mm²", "width × height, mm"] : ["#", "px", "width × height, px"];
    return h(
      "table",
      { class: "lesions" },
      h("caption", {}, `Lesions at ${words.threshold(info.threshold)}, the operating point`),
      h("thead", {}, h("tr", {}, ...columns.map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, ...rows),
    );
  }

  /** @param {ScanInfo} info @param {number} width @param {number} height */
  #extent({ spacing }, width, height) {
    if (!spacing) return `${width} × ${height}`;
    return `${(width * spacing[1]).toFixed(1)} × ${(height * spacing[0]).toFixed(1)}`;
  }

  /** Scores at the operating point, and as the threshold moves. @param {ScanInfo} info */
  #agreement(info) {
    const add = button(info.has_truth ? "Replace truth" : "Add truth", "g", this.actions.addTruth, {
      title: "Choose the mask files that are this scan's truth; a mask named after its scan may be dropped on the page instead",
    });
    const drop = info.has_truth && button("Remove truth", null, this.actions.dropTruth);
    const buttons = h("p", { class: "buttons" }, add, drop);
    if (!info.has_truth) {
      return h("section", {}, h("h3", {}, "Truth"), h("p", { class: "quiet" }, "None yet. Drop NAME_mask.png on the page, or"), buttons);
    }
    const painted = info.lesions.reduce((sum, lesion) => sum + lesion.area_px, 0);
    const rows = info.segmented
      ? [{ name: "Painted, px", key: "painted", meaning: words.MEANING.painted, value: words.grouped(painted), why: "" }, ...words.scoreRows(info)]
      : [];
    this.#moved = h("td", { class: "now" });
    const body = rows.map(({ name, key, meaning, value, why }) => {
      const cell = h("td", { class: "now" });
      this.#cells.set(key, cell);
      const first = h("td", { "data-score": key, "data-why": why || null }, value);
      const label = h("th", { scope: "row" }, term(name, meaning), why && h("small", { class: "why" }, why));
      return h("tr", {}, label, cell, first);
    });
    const head = h("tr", {}, h("td", {}), this.#moved, h("th", { scope: "col" }, `at ${words.threshold(info.threshold)}`));
    return h(
      "section",
      {},
      h("h3", {}, "Against the truth"),
      h("p", { class: "quiet file", title: info.truth_names.join(", ") }, words.truthNames(info)),
      info.seen && h("p", { class: "caution" }, "No test: the weights have seen this picture."),
      rows.length > 0 && h("table", { class: "scores" }, h("thead", {}, head), h("tbody", {}, ...body)),
      buttons,
    );
  }

  /** @param {ScanInfo} info */
  #modality(info) {
    const choices = this.modalities.map((modality) => {
      const refused = info.modality_source === "file" && modality !== info.modality;
      const input = h("input", {
        type: "radio",
        disabled: refused,
        name: "modality",
        value: modality,
        checked: modality === info.modality,
        onchange: () => this.actions.setModality(modality),
      });
      const title = refused ? words.fixedModality(info) : "";
      return h("label", { title }, input, h("span", {}, words.MODALITY[modality]));
    });
    return h(
      "fieldset",
      { class: "modality" },
      h("legend", {}, "Modality"),
      h("div", { class: "choices" }, ...choices),
      h("p", { class: "quiet" }, words.modalitySource(info)),
    );
  }

  /** @param {ScanInfo} info */
  #notes({ notes = [], cautions = [] }) {
    const others = notes.filter((note) => !cautions.includes(note));
    return h("ul", { class: "notes" }, ...others.map((note) => h("li", {}, note)));
  }

  /** @param {ScanInfo} info */
  #foot(info) {
    this.#save = /** @type {HTMLAnchorElement} */ (
      info.segmented ? h(
        "a",
        { class: "button", href: api.mask(info, info.threshold ?? 0.5, true), download: "", onclick: this.actions.saved, "aria-keyshortcuts": "s", title: "The mask as it is shown: a PNG of 0 and 255 in the scan's own size" },
        "Save mask",
        h("kbd", { "aria-hidden": "true" }, "S"),
      ) : null
    );
    return h(
      "footer",
      {},
      h(
        "p",
        { class: "buttons" },
        this.#save,
        this.actions.correct && info.kind !== "generated" && button("Correct in Review", null, this.actions.correct, { title: "Draw what is wrong, decide case by case, and keep what was decided" }),
        button("Remove", "x", this.actions.remove, { title: "Take this scan off the list and out of the server's memory" }),
        button("Delete my scans now", null, this.actions.deleteAll, { title: "All of them, out of the server's memory, at once: there is no undo" }),
      ),
      h("p", { class: "quiet small" }, info.revision ? `Weights ${info.revision}. ` : "", "Research software, not for diagnosis."),
    );
  }
}
