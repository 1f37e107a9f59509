// Masks and verdicts taken out: as a file to download, or into a folder of this machine.

import { button, h } from "./dom.js";
import { Questions } from "./questions.js";
import * as api from "./review-api.js";
import { grouped } from "./words.js";

/** @typedef {import("./review-api.js").Project} Project */

/** The decisions that give a mask, as the command has them, and what their masks are. @type {Record<string, string>} */
const WITH_MASK = { accept: "Accepted predictions", truth: "Kept truths", corrected: "Corrections" };

export class Exporting {
  /** @type {Project | null} */ #project = null;
  /** The export under way; its id is "" until the server has given it one. @type {{id: string} | null} */ #running = null;
  /** How far it is. */ #asked = new Questions((why) => this.#say(`${why} It is asked again.`));
  /** The dialog is closed only because its tab is out of sight. */ #isAway = false;

  /** @param {HTMLDialogElement} root */
  constructor(root) {
    this.root = root;
    this.title = h("h2", {}, "Export");
    this.formats = h("fieldset", { class: "formats" });
    this.decisions = h("fieldset", { class: "formats" });
    this.reader = /** @type {HTMLSelectElement} */ (h("select"));
    this.verdicts = h("label", { class: "formats" }, h("b", {}, "Verdicts"), this.reader);
    this.folder = /** @type {HTMLInputElement} */ (h("input", { type: "text", placeholder: "Folder that is new or empty", "aria-label": "Folder on this machine", autocomplete: "off", spellcheck: false }));
    this.toFolder = h("p", { class: "to-folder" }, this.folder, button("Write to folder", null, () => this.#begin(true)));
    this.said = h("div", { class: "said", role: "status" });
    this.close = button("Close", null, () => root.close());
    root.replaceChildren(
      this.title,
      h("p", { class: "quiet" }, "Masks are exported as chosen below; every verdict is in verdicts.csv. The export is of one moment, even if you go on reading."),
      this.formats,
      this.verdicts,
      this.decisions,
      h("p", { class: "buttons" }, button("Download", null, () => this.#begin(false), { class: "primary" })),
      this.toFolder,
      this.said,
      h("p", { class: "buttons" }, this.close),
    );
    root.addEventListener("close", () => this.root.open || this.#isAway || this.#stop());
  }

  /** Its tab goes out of sight, where a dialog would hold the page shut: an export under way goes on. */
  leave() {
    this.#isAway ||= this.root.open;
    this.root.close();
  }

  /** Its tab is in sight again. */
  comeBack() {
    if (this.#isAway) this.root.showModal();
    this.#isAway = false;
  }

  /** @param {Project} project @param {import("./review-api.js").Session} session may: folders of the server are the reader's own */
  open(project, { may, formats }) {
    this.#project = project;
    this.formats.replaceChildren(
      h("legend", { class: "unseen" }, "Format"),
      ...formats.map(({ format, title, words }, at) =>
        h("label", {}, h("input", { type: "radio", name: "format", value: format, checked: at === 0 }), h("span", {}, h("b", {}, title), h("small", { class: "quiet" }, words)))),
    );
    this.decisions.replaceChildren(
      h("legend", {}, "Masks of"),
      ...Object.entries(WITH_MASK).map(([decision, words]) => h("label", {}, h("input", { type: "checkbox", value: decision, checked: true }), words)),
    );
    const readers = project.counts?.readers ?? [];
    this.reader.replaceChildren(
      h("option", { value: "" }, "that stand (the last of any reader)"),
      ...readers.map((name) => h("option", { value: name }, `of ${name}`)),
    );
    this.verdicts.hidden = readers.length < 2;
    this.title.textContent = `Export ${project.name}`;
    this.toFolder.hidden = !may;
    this.said.replaceChildren();
    this.root.showModal();
  }

  /** @param {boolean} isFolder */
  async #begin(isFolder) {
    if (!this.#project || this.#running) return;
    const chosen = /** @type {HTMLInputElement} */ (this.formats.querySelector(":checked"));
    const include = /** @type {HTMLInputElement[]} */ ([...this.decisions.querySelectorAll(":checked")]).map(({ value }) => value);
    if (include.length === 0) return this.#fail("Choose which masks to export.");
    if (isFolder && !this.folder.value.trim()) return this.#fail("Name a folder that is new or empty.");
    const running = { id: "" };
    const isWanted = () => this.#running === running;
    this.#running = running; // at once: two clicks are one export
    this.#progress({ done: 0, total: 0 });
    try {
      let now = await api.beginExport(this.#project.id, chosen.value, isFolder ? this.folder.value.trim() : "", include, this.reader.value);
      running.id = now.id;
      if (!isWanted()) return void api.stopExport(now.id).catch(() => {}); // it was stopped before it had a name
      const further = now.isDone ? [] : this.#asked.answers(() => api.exported(running.id));
      for await (now of further) {
        if (now.isDone) break;
        this.#progress(now);
      }
      if (!isWanted()) return;
      this.#running = null;
      if (now.problem) return this.#fail(now.problem);
      this.said.replaceChildren(...now.lines.map((line) => h("p", {}, line)));
      if (!isFolder) h("a", { href: api.exportFile(now.id), download: "" }).click();
    } catch (error) {
      if (!isWanted()) return;
      this.#running = null;
      this.#fail(/** @type {Error} */ (error).message);
    }
  }

  /** @param {Pick<api.Export, "done" | "total">} now */
  #progress({ done, total }) {
    this.#say(total ? `${grouped(done)} of ${grouped(total)} cases` : "Beginning …", done, total);
  }

  /** What is said of one under way. @param {string} text @param {number} [done] @param {number} [total] 0: that is not known */
  #say(text, done = 0, total = 0) {
    const bar = /** @type {HTMLProgressElement} */ (h("progress", { max: Math.max(total, 1), "aria-label": "Export" }));
    if (total) bar.value = done;
    this.said.replaceChildren(bar, h("p", { class: "quiet" }, text), button("Cancel", null, () => this.#stop()));
  }

  /** @param {string} text @returns {void} */
  #fail(text) {
    this.said.replaceChildren(h("p", { class: "error", role: "alert" }, text));
  }

  #stop() {
    if (this.#running?.id) api.stopExport(this.#running.id).catch(() => {});
    this.#running = null;
    this.#asked.drop();
    this.said.replaceChildren();
  }
}
