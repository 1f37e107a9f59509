// Verdicts that were not taken because somebody decided in between: both are shown, and neither is lost.

import * as api from "./review-api.js";
import { unpacked } from "./review-bits.js";
import { outlined } from "./review-pictures.js";
import { randomName } from "./review-shelf.js";
import * as words from "./review-words.js";

/** @typedef {import("./review-api.js").CaseInfo} CaseInfo */
/** @typedef {import("./review-api.js").Verdict} Verdict */
/** @typedef {import("./review-shelf.js").Kept} Kept */

export class Clashes {
  /** By case, the last of them last. @type {Map<string, {kept: Kept, latest: Verdict}>} */ #clashes = new Map();

  /** @param {import("./review-case.js").CasePanel} panel @param {import("./review-outbox.js").Outbox} outbox */
  constructor(panel, outbox) {
    this.panel = panel;
    this.outbox = outbox;
  }

  /** @param {Kept} kept that was refused @param {Verdict} latest that came in between */
  add(kept, latest) {
    this.#clashes.delete(kept.id);
    this.#clashes.set(kept.id, { kept, latest });
  }

  /** Of all cases, the last of them last. */
  get all() {
    return [...this.#clashes.values()];
  }

  /** @param {string} id of a case @returns {{kept: Kept, latest: Verdict} | undefined} */
  of(id) {
    return this.#clashes.get(id);
  }

  /** Show theirs beside one's own, if there is a conflict on this case. @param {CaseInfo} info @param {() => boolean} isCurrent */
  async show(info, isCurrent) {
    const clash = this.#clashes.get(info.id);
    if (!clash) return;
    const { kept, latest } = clash;
    const theirs = latest.has_mask ? await api.mask(info.id, latest.id).catch(() => null) : null;
    const mine = kept.bits ? await unpacked(kept.bits, info.width * info.height) : null;
    if (!isCurrent()) return;
    const picture = (/** @type {Uint8Array | null} */ mask) => mask && outlined(api.thumbnail(Number(info.id)), mask, info.width, info.height);
    this.panel.showClash(
      { name: latest.reader, says: `${words.decided(latest)}, ${words.moment(latest.at)}`, picture: picture(theirs) },
      { name: "You", says: words.decided(/** @type {api.Said} */ (kept.said)), picture: picture(mine) },
      words.inBetween(latest, "this case"),
    );
  }

  /** One's own as it was, on top of theirs, which stays in the history, and of all that was drawn before now.
   * @param {string} id of the case @param {import("./review-decision.js").Form} [form] what is filled in by now, where that is something else */
  async saveMine(id, form) {
    const clash = this.take(id);
    if (!clash?.kept.said) return;
    const { kept, latest } = clash;
    kept.said = { ...clash.kept.said, ...form, after: latest.id, key: randomName() };
    kept.changed = new Date().toISOString();
    await this.outbox.decide(kept);
  }

  /** It is over, or the reader decides anew. @param {string} id of the case in view */
  take(id) {
    const clash = this.#clashes.get(id);
    this.#clashes.delete(id);
    this.panel.showClash(null, null);
    return clash;
  }
}
