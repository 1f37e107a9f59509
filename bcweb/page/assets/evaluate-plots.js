// The plots of the Evaluate tab: SVG of our own. Thousands of points are one path, and the nearest to the
// pointer is found by arithmetic; the arrow keys walk them.

import { h } from "./dom.js";

/** @typedef {{id: number, revision: string, x: number, y: number, isResult: boolean, isChosen: boolean, text: string}} Point */
/** @typedef {{low: number, high: number, count: number}} Bar */

export const BINS = 20;
const WIDTH = 420, HEIGHT = 230, LEFT = 44, RIGHT = 16, TOP = 10, BOTTOM = 38;
const REACH = 14; // how far from a point it is still meant, in the plot's units

// ---------------------------------------------------------------- pure

/** How many of the values lie in each of the equal parts of 0 to 1; 1 is in the last. @param {number[]} values @returns {Bar[]} */
export function bars(values) {
  const made = Array.from({ length: BINS }, (_, n) => ({ low: n / BINS, high: (n + 1) / BINS, count: 0 }));
  for (const value of values) made[Math.min(BINS - 1, Math.floor(value * BINS + 1e-9))].count += 1;
  return made;
}

/** A step of 1, 2 or 5 times a power of ten of which five reach this far. @param {number} most above 0 */
export function tick(most) {
  const rough = most / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * /** @type {number} */ ([1, 2, 5, 10].find((step) => step * power >= rough * (1 - 1e-9)));
}

/** Where on the scale of a plot's width a value lies. @param {number} low @param {number} high */
const across = (low, high) => (/** @type {number} */ x) => LEFT + ((WIDTH - LEFT - RIGHT) * (x - low)) / (high - low);

/** @param {number} low @param {number} high */
const up = (low, high) => (/** @type {number} */ y) => HEIGHT - BOTTOM - ((HEIGHT - BOTTOM - TOP) * (y - low)) / (high - low);

/** The place in the list of the point nearest to a place; -1 if none is near. @param {{left: number, top: number}[]} places @param {number} left @param {number} top */
export function nearest(places, left, top, reach = REACH) {
  let found = -1, least = reach ** 2;
  places.forEach((place, at) => {
    const far = (place.left - left) ** 2 + (place.top - top) ** 2;
    if (far <= least) [found, least] = [at, far];
  });
  return found;
}

// ---------------------------------------------------------------- drawn

/** @param {string} tag @param {Record<string, string | number>} attributes @param {...(Node | string)} children */
function svg(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/** @param {number} y @param {string} text */
const yMark = (y, text) => [svg("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y, y2: y }), svg("text", { class: "end", x: LEFT - 6, y: y + 4 }, text)];

/** @param {number} x @param {string} text */
const xMark = (x, text) => svg("text", { class: "middle", x, y: HEIGHT - BOTTOM + 15 }, text);

/** @param {string} xName @param {string} yName */
const names = (xName, yName) => [
  svg("text", { class: "middle", x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 6 }, xName),
  svg("text", { class: "middle", transform: `translate(11 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)` }, yName),
];

/** How many images have which Dice; a click on a bar chooses its cases.
 * @param {number[]} values @param {[number, number] | null} chosen @param {(bar: Bar) => void} choose */
export function histogram(values, chosen, choose) {
  const made = bars(values);
  const most = Math.max(1, ...made.map(({ count }) => count));
  const step = Math.max(1, tick(most));
  const top = step * Math.ceil(most / step);
  const [x, y] = [across(0, 1), up(0, top)];
  const marks = [];
  for (let n = 0; n <= top; n += step) marks.push(...yMark(y(n), String(n)));
  for (let n = 0; n <= 5; n++) marks.push(xMark(x(n / 5), (n / 5).toFixed(1)));
  const drawn = made.map((bar) => {
    const { low, high, count } = bar;
    const isChosen = chosen === null || (low >= chosen[0] && high <= chosen[1]);
    const said = `Dice ${low.toFixed(2)} to ${high.toFixed(2)}: ${count} ${count === 1 ? "image" : "images"}`;
    // The whole height answers to the pointer: a bar of one image would be two pixels high.
    const place = { x: x(low), width: x(high) - x(low) };
    const pressed = chosen !== null && isChosen;
    const button = svg(
      "g",
      count ? { class: "choose", role: "button", tabindex: 0, "aria-label": said, "aria-pressed": String(pressed), "data-low": low } : { class: "none" },
      svg("title", {}, said),
      svg("rect", { class: "reach", ...place, y: TOP, height: HEIGHT - TOP - BOTTOM }),
      svg("rect", { class: isChosen ? "bar" : "bar faint", x: place.x + 0.75, width: place.width - 1.5, y: y(count), height: y(0) - y(count) }),
    );
    if (!count) return button;
    button.addEventListener("click", () => choose(bar));
    button.addEventListener("keydown", (event) => {
      const { key } = /** @type {KeyboardEvent} */ (event);
      if (key !== "Enter" && key !== " ") return;
      event.preventDefault();
      choose(bar);
    });
    return button;
  });
  return h("div", { class: "plot" }, svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "group", "aria-label": "Histogram of the Dice of lesion images" }, ...marks, ...drawn, ...names("Dice", "images")));
}

/** The truth's share of the image on a scale of equal ratios. @param {Point[]} points @param {(point: Point) => void} open */
export function bySize(points, open) {
  const low = Math.min(0.01, ...points.map((point) => point.x));
  const x = across(Math.log(low), 0);
  const marks = [0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1].filter((share) => share >= low).map((share) => xMark(x(Math.log(share)), `${Number((100 * share).toPrecision(3))}%`));
  return scatter(points, (share) => x(Math.log(share)), marks, ["truth's share of the image", "Dice over the truth's share of the image"], open);
}

/** @param {Point[]} points @param {(point: Point) => void} open */
export function byUncertainty(points, open) {
  const most = Math.max(...points.map((point) => point.x)) || 1;
  const x = across(0, most);
  const step = tick(most);
  const marks = Array.from({ length: Math.floor(most / step + 1e-9) + 1 }, (_, n) => xMark(x(n * step), String(Number((n * step).toPrecision(2)))));
  return scatter(points, x, marks, ["uncertainty", "Dice over uncertainty"], open);
}

/** @param {Point[]} points @param {(x: number) => number} x @param {Node[]} marks @param {[string, string]} named @param {(point: Point) => void} open */
function scatter(points, x, marks, [xName, name], open) {
  const y = up(0, 1);
  const places = points.map((point) => ({ left: x(point.x), top: y(point.y), point })).sort((a, b) => a.left - b.left || a.top - b.top);
  const chosen = places.filter(({ point }) => point.isChosen);
  const path = (/** @type {(point: Point) => boolean} */ which) =>
    places.filter(({ point }) => which(point)).map(({ left, top }) => `M${left.toFixed(1)} ${top.toFixed(1)}h0`).join("");
  const seen = path((point) => point.isChosen && !point.isResult);
  const here = svg("circle", { class: "here", r: 5.5, visibility: "hidden" });
  const drawing = svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${name}, ${chosen.length} cases. Arrow keys walk them, Enter opens one.`, tabindex: 0, class: "points" },
    ...[0, 1, 2, 3, 4, 5].flatMap((n) => yMark(y(n / 5), (n / 5).toFixed(1))),
    ...marks,
    svg("path", { class: "dots faint", d: path((point) => !point.isChosen) }),
    svg("path", { class: "dots rim", d: seen }),
    svg("path", { class: "dots hollow", d: seen }),
    svg("path", { class: "dots", d: path((point) => point.isChosen && point.isResult) }),
    here,
    ...names(xName, "Dice"),
  );
  const readout = h("p", { class: "readout", role: "status" });
  let at = -1;
  const walk = (/** @type {number} */ to) => {
    at = to;
    const place = chosen[at];
    drawing.classList.toggle("near", Boolean(place));
    readout.textContent = place ? place.point.text : "";
    here.setAttribute("visibility", place ? "visible" : "hidden");
    if (!place) return;
    here.setAttribute("cx", String(place.left));
    here.setAttribute("cy", String(place.top));
  };
  const under = (/** @type {MouseEvent} */ event) => {
    const frame = drawing.getBoundingClientRect();
    const scale = WIDTH / frame.width;
    return nearest(chosen, (event.clientX - frame.left) * scale, (event.clientY - frame.top) * scale);
  };
  drawing.addEventListener("pointermove", (event) => walk(under(/** @type {PointerEvent} */ (event))));
  drawing.addEventListener("pointerleave", () => walk(-1));
  drawing.addEventListener("blur", () => walk(-1));
  drawing.addEventListener("click", (event) => {
    const place = chosen[under(/** @type {MouseEvent} */ (event))];
    if (place) open(place.point);
  });
  drawing.addEventListener("keydown", (event) => {
    const { key } = /** @type {KeyboardEvent} */ (event);
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[key];
    const to = key === "Home" ? 0 : key === "End" ? chosen.length - 1 : step ? Math.max(0, Math.min(chosen.length - 1, at + step)) : null;
    if (key === "Enter" && chosen[at]) open(chosen[at].point);
    else if (to !== null) walk(to);
    else return;
    event.preventDefault();
  });
  return h("div", { class: "plot" }, drawing, readout);
}
