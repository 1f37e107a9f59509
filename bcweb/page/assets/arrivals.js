// How files come to the Scan tab: chosen from the disk, dropped anywhere on the page, or pasted.

import { chosen, dropped } from "./files.js";
import { showTab } from "./review-links.js";

/** @typedef {import("./files.js").Found[]} Found */
/** @typedef {object} Tab
 * @property {(found: Found) => void} take scans, and truths among them
 * @property {(masks: Found) => void} giveTruth to the scan for which they were asked
 * @property {(names: string[]) => void} lose what could not be opened
 * @property {(folders: string[]) => void} miss they were dropped, and nothing is in them
 * @property {() => boolean} isInFront what is pasted goes to the tab that is
 */

const ACCEPT = ".png,.jpg,.jpeg,.bmp,.tif,.tiff,.pgm,.webp,.dcm,.dicom,image/*,application/dicom";

/** @param {(selector: string) => HTMLElement} element of the tab's @param {Tab} tab */
export function listenForFiles(element, tab) {
  listenToChooser(element("#files"), tab.take);
  listenToChooser(element("#truths"), tab.giveTruth);
  element(".open").addEventListener("click", () => element("#files").click());
  document.addEventListener("paste", ({ clipboardData }) => {
    if (clipboardData?.files.length && tab.isInFront()) tab.take(chosen(clipboardData.files));
  });
  listenToDrops(element(".veil"), tab);
}

/** @param {HTMLElement} chooser @param {(found: Found) => void} take */
function listenToChooser(chooser, take) {
  const input = /** @type {HTMLInputElement} */ (chooser);
  input.accept = ACCEPT;
  input.addEventListener("change", () => {
    take(chosen(input.files ?? []));
    input.value = ""; // so that the same file can be chosen again
  });
}

/** @param {HTMLElement} veil over the page while something is dragged over it @param {Tab} tab */
function listenToDrops(veil, tab) {
  // A thumbnail that a hand drags along would be dropped as a file by Safari.
  document.addEventListener("dragstart", (event) => event.composedPath()[0] instanceof HTMLImageElement && event.preventDefault());
  const hasFiles = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files");
  window.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    veil.hidden = false;
  });
  window.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) veil.hidden = true;
  });
  window.addEventListener("drop", async (event) => {
    if (!hasFiles(event) || !event.dataTransfer) return;
    event.preventDefault();
    veil.hidden = true;
    showTab("Scan"); // from whichever tab is in front: what was dropped is to be seen
    const { found, lost, folders } = await dropped(event.dataTransfer);
    tab.take(found);
    tab.lose(lost);
    if (folders.length && !found.length && !lost.length) tab.miss(folders);
  });
}
