// What lies over the picture in words: names, legends and areas of the panes, the scale bar, the notice
// of the presence gate, the message in the middle; and the picture's own label.

import { all, mark, one, write } from "./dom.js";
import { apart, grouped, squareMillimetres } from "./numbers.js";
import { LAYERS } from "./shaders.js";
import { scaleBar, toPane } from "./view.js";

/** @typedef {import("./reading.js").Reading} Reading */
/** @typedef {import("./display.js").Display} Display */
/** @typedef {import("./stage.js").Stage} Stage */

/** @param {ShadowRoot} root @param {Reading} reading @param {Display} display @param {Stage} stage */
export function refreshOverlays(root, reading, display, stage) {
  refreshLookedAt(root, reading, display, stage);
  refreshAreas(root, reading);
  refreshLegends(root, reading, display);
  refreshScale(root, reading, stage);
  refreshNotice(root, reading, stage);
  refreshLabel(root, reading);
}

/** @param {ShadowRoot} root @param {string} text @param {string} how classes: "empty", "late" (only after
 * a while), "over" (at the bottom of the picture), "error" */
export function say(root, text, how) {
  const message = one(root, ".message");
  message.className = `message ${how}`;
  message.hidden = text === "" && how !== "empty";
  write(one(root, ".said"), text);
}

/** The border of what the network looked at, in the panes that have its prediction.
 * @param {ShadowRoot} root @param {Reading} reading @param {Display} display @param {Stage} stage */
function refreshLookedAt(root, { lookedAt, shape }, display, stage) {
  for (const { id, rect, layers } of stage.panes) {
    const border = one(root, `[data-pane="${id}"] .looked-at`);
    const box = (display.drawn(layers) & LAYERS.prediction) !== 0 && lookedAt;
    border.hidden = !box;
    if (!box) continue;
    const [x, y, width, height] = box;
    const from = toPane(stage.view, shape, rect, { x, y });
    const to = toPane(stage.view, shape, rect, { x: x + width, y: y + height });
    border.style.transform = `translate(${from.x / stage.dot}px, ${(from.y + stage.strip) / stage.dot}px)`;
    border.style.width = `${(to.x - from.x) / stage.dot}px`;
    border.style.height = `${(to.y - from.y) / stage.dot}px`;
  }
}

/** @param {ShadowRoot} root @param {Reading} reading */
function refreshAreas(root, { scores, truth, mine, info }) {
  for (const element of all(root, ".area")) {
    const { classList } = element;
    const isMine = classList.contains("mine-area") || (mine && classList.contains("single-area"));
    const pixels = classList.contains("truth-area") ? truth?.pixels : isMine ? mine?.count.painted : scores?.painted_px;
    write(element, pixels == null ? "" : area(pixels, info?.spacing ?? null, classList.contains("truth-area")));
  }
}

/** @param {number} pixels @param {[number, number] | null} spacing millimetres per row and column @param {boolean} isTruth */
function area(pixels, spacing, isTruth) {
  if (pixels === 0) return isTruth ? "empty" : "nothing painted";
  if (!spacing) return `${grouped(pixels)} px`;
  return `${squareMillimetres(pixels * spacing[0] * spacing[1])} mm²`;
}

/** What a difference is called, and its three parts, which name both masks where no truth is known.
 * @param {Reading} reading */
function compared({ mine, truth }) {
  if (mine && !truth) return ["Difference", "both", "prediction", "mine"];
  return [mine ? "Mine and truth" : "Difference", "hit", "miss", "false alarm"];
}

/** @param {ShadowRoot} root @param {Reading} reading @param {Display} display */
function refreshLegends(root, reading, display) {
  const bits = display.layersOfSingle(reading);
  const hot = display.heat && !display.hidden;
  const single = one(root, '[data-pane="layers"]');
  root.host.toggleAttribute("data-hot", hot);
  for (const legend of all(root, ".heat")) {
    legend.hidden = !hot || (single.contains(legend) && (bits & LAYERS.prediction) === 0);
  }
  one(single, ".outcomes").hidden = bits !== LAYERS.difference || display.hidden;
  const [judge, hit, miss, falseAlarm] = compared(reading);
  for (const name of all(root, '[data-pane="difference"] .name')) write(name, judge);
  for (const legend of all(root, ".outcomes")) {
    [hit, miss, falseAlarm].forEach((word, i) => write(all(legend, ".word")[i], word));
  }
  one(single, ".area").hidden = reading.mine ? (bits & ~LAYERS.difference) === 0 : bits === 0 || bits === LAYERS.truth;
  const names = [
    bits & LAYERS.mine ? '<i class="swatch mine"></i>Mine' : "",
    bits & LAYERS.prediction ? '<i class="swatch prediction"></i>Prediction' : "",
    bits & LAYERS.truth ? '<i class="swatch truth"></i>Truth' : "",
    bits & LAYERS.difference ? judge : "",
  ].filter(Boolean);
  const shown = one(single, ".shown");
  const html = names.join(" &nbsp; ") || "Scan";
  if (shown.innerHTML !== html) shown.innerHTML = html;
}

/** @param {ShadowRoot} root @param {Reading} reading @param {Stage} stage */
function refreshScale(root, { info }, stage) {
  const scale = one(root, ".scale");
  const pane = stage.panes[0]?.rect;
  scale.hidden = !pane;
  if (!pane) return;
  const spacing = info?.spacing;
  const cssPerPixel = stage.view.scale / stage.dot;
  const perUnit = spacing ? cssPerPixel / spacing[1] : cssPerPixel;
  const room = Math.min(Math.max(pane.width / stage.dot / 4, 30), 160);
  const bar = scaleBar(perUnit, room);
  one(scale, "i").style.width = `${bar.pixels}px`;
  write(one(scale, "span"), `${Number(bar.units.toPrecision(1))} ${spacing ? "mm" : "px"}`);
  scale.style.left = `${pane.x / stage.dot}px`;
  scale.style.bottom = `${stage.fromBottom(pane)}px`;
}

/** @param {ShadowRoot} root @param {Reading} reading @param {Stage} stage */
function refreshNotice(root, { prediction, underGate, gated, mine }, stage) {
  const notice = one(root, ".notice");
  const pane = stage.panes.find(({ id }) => id === "prediction") ?? stage.panes[0];
  const under = prediction && underGate;
  const isSaidInStrip = !gated || mine !== null; // where a lesion that was missed is drawn nothing lies over the picture
  for (const caution of all(root, ".caution")) caution.hidden = !under || !isSaidInStrip;
  notice.hidden = !under || !pane || isSaidInStrip;
  if (!under || !pane) return;
  const [presence, gate] = apart(under.presence, under.gate);
  for (const caution of all(root, ".caution")) write(caution, `presence ${presence}, under the gate ${gate}`);
  write(one(notice, "span"), `No lesion found: presence ${presence} is under the gate ${gate}`);
  const { rect } = pane;
  notice.style.left = `${(rect.x + rect.width / 2) / stage.dot}px`;
  // Above the scale bar, if both are in one pane.
  notice.style.bottom = `${stage.fromBottom(rect) + (pane === stage.panes[0] ? 38 : 10)}px`;
  notice.style.maxWidth = `${rect.width / stage.dot - 16}px`; // within its pane, in several lines if need be
}

/** @param {ShadowRoot} root @param {Reading} reading */
function refreshLabel(root, { info }) {
  const label = info?.name
    ? `${info.name}, ${info.width} by ${info.height} pixels. Arrow keys pan, plus and minus zoom, 0 shows the whole scan.`
    : "No scan";
  const canvas = one(root, "canvas");
  mark(canvas, "aria-label", label);
}
