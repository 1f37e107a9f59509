// How far the backup is, in words. Pure: no page, no server.

import { moment } from "./review-words.js";
import { grouped } from "./words.js";

/** @typedef {import("./review-api.js").Backup} Backup */

/** @param {Backup} of @returns {["" | "quiet" | "caution" | "error", string]} */
export function told({ configured, vanishes, waiting, last, problem, reading }) {
  if (vanishes) return ["caution", "Verdicts vanish when this Space stops: it has no backup. Its owner can attach a private Storage Bucket, or name a private data set repository, in BCWEB_BACKUP."];
  if (!configured) return ["", ""];
  if (reading) return ["caution", `Verdicts are being brought back from the backup: ${grouped(reading[0])} of ${grouped(reading[1])}.`];
  const some = waiting ? `${grouped(waiting)} ${waiting === 1 ? "verdict is" : "verdicts are"} saved and ${waiting === 1 ? "waits" : "wait"} for the backup.` : "";
  if (problem) return ["error", `${waiting === null ? "Nothing is backed up, and nothing brought back" : "Backup"}: ${problem}${some && ` ${some}`}`];
  if (waiting === null) return ["quiet", "The backup is being checked."];
  if (some) return ["quiet", some];
  return ["quiet", last ? `All verdicts are backed up, the last ${moment(last)}.` : "All verdicts are backed up."];
}
