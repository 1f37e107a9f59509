// Files as they are dropped or chosen: folders opened, each file with its path.

/** @typedef {{path: string, file: File}} Found */

/** What to leave out of folders: what systems put there, and tables beside the scans.
 * @param {string} path from the folder that was dropped, which may be called anything */
const isBeside = (path) => /(^|\/)(\.|Thumbs\.db$|desktop\.ini$|__MACOSX\/)|\.(csv|json|txt|md|xlsx?|mat|m|html?)$/i.test(path);

/** @param {FileSystemEntry} entry @param {string} above @param {string[]} lost what cannot be opened: the rest is taken
 * @returns {Promise<Found[]>} */
async function walk(entry, above, lost) {
  const path = above ? `${above}/${entry.name}` : entry.name;
  try {
    return await open(entry, path, above !== "", lost);
  } catch {
    lost.push(path);
    return [];
  }
}

/** @param {FileSystemEntry} entry @param {string} path @param {boolean} isInside @param {string[]} lost @returns {Promise<Found[]>} */
async function open(entry, path, isInside, lost) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) =>
      /** @type {FileSystemFileEntry} */ (entry).file(resolve, reject),
    );
    return isInside && isBeside(path.slice(path.indexOf("/") + 1)) ? [] : [{ path, file }];
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  const found = [];
  for (;;) {
    // A reader gives at most a hundred entries at once.
    const entries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (entries.length === 0) return found;
    for (const inner of entries) found.push(...(await walk(inner, path, lost)));
  }
}

/** @param {DataTransfer} transfer
 * @returns {Promise<{found: Found[], lost: string[], folders: string[]}>} found: sorted by path; lost: the paths of what
 * cannot be opened; folders: the names of those that were dropped */
export async function dropped(transfer) {
  // Entries must be taken before the event is over, the rest may wait.
  const entries = Array.from(transfer.items, (item) => item.webkitGetAsEntry?.() ?? null);
  const files = Array.from(transfer.files, (file) => ({ path: file.name, file }));
  const folders = entries.flatMap((entry) => (entry?.isDirectory ? entry.name : []));
  if (folders.length === 0) return { found: sorted(files), lost: [], folders };
  /** @type {Found[]} */
  const found = [];
  /** @type {string[]} */
  const lost = [];
  for (const entry of entries) if (entry) found.push(...(await walk(entry, "", lost)));
  return { found: sorted(found), lost, folders };
}

/** @param {Iterable<File>} files @returns {Found[]} */
export const chosen = (files) =>
  sorted(Array.from(files, (file) => ({ path: file.webkitRelativePath || file.name, file })));

/** @param {Found[]} found */
function sorted(found) {
  const order = new Intl.Collator(undefined, { numeric: true });
  return found.sort((a, b) => order.compare(a.path, b.path));
}
