// What a scan needs before it is drawn: fetched and prepared when it is shown, or ahead of that.

import { prepareMaps, prepareScan } from "./prepare.js";
import { fetchMap, fetchPixels } from "./source.js";

/** @typedef {import("./source.js").ScanInfo} ScanInfo */
/** @typedef {import("./pyramid.js").Level} Level */
/** @typedef {{scan: Promise<Level[]> | null, maps: Promise<import("./prepare.js").Maps>}} Loading
 *  scan: null where its pixels are there already */

/** How many scans are kept ahead. A large mammogram takes about 60 MB. */
const KEPT = 2;

/** Fetch and prepare all that a description names. @param {string} place the server's address and kind (source.js)
 * @param {ScanInfo} info @param {AbortSignal} signal @param {boolean} [hasScan] its pixels are there already
 * @returns {Loading} */
export function load(place, info, signal, hasScan = false) {
  const { width, height } = info;
  const scan = hasScan ? null : fetchPixels(place, info, signal).then((pixels) => prepareScan(pixels, width, height));
  const maps = Promise.all([
    info.segmented ? fetchMap(place, info, "probability", signal) : null,
    info.has_truth ? fetchMap(place, info, "truth", signal) : null,
    scan, // first: the reader sees it while the maps are prepared
  ]).then(([probability, truth]) => prepareMaps(probability, truth, width, height, info.min_lesion_px ?? 0));
  maps.catch(() => {}); // whoever shows the scan awaits it after its pixels
  return { scan, maps };
}

export class Ahead {
  /** Oldest first. @type {Map<string, {loading: Loading, abort: AbortController}>} */ #kept = new Map();

  /** Fetch and prepare a scan that may be shown next. What fails is forgotten: whoever shows it tries again.
   * @param {string} place @param {ScanInfo} info @returns {Promise<void>} when it is there, or has failed */
  async keep(place, info) {
    const key = keyOf(place, info);
    const abort = new AbortController();
    const kept = this.#kept.get(key) ?? { loading: load(place, info, abort.signal), abort };
    this.#kept.delete(key);
    this.#kept.set(key, kept); // the newest
    for (const [old, { abort: stop }] of [...this.#kept].slice(0, -KEPT)) {
      this.#kept.delete(old);
      stop.abort();
    }
    try {
      await Promise.all([kept.loading.scan, kept.loading.maps]);
    } catch {
      if (this.#kept.get(key) === kept) this.#kept.delete(key);
    }
  }

  /** A scan that was kept, once. @param {string} place @param {ScanInfo} info @returns {Loading | null} */
  take(place, info) {
    const key = keyOf(place, info);
    const kept = this.#kept.get(key);
    this.#kept.delete(key);
    return kept?.loading ?? null;
  }
}

/** What the arrays depend on. @param {string} place @param {ScanInfo} info */
function keyOf(place, { id, revision, segmented, has_truth, truth, min_lesion_px }) {
  return JSON.stringify([place, id, revision, segmented, has_truth, truth, min_lesion_px]);
}
