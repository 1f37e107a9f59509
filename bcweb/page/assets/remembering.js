// What this browser keeps for the page from one visit to the next. In a frame of another site it may keep nothing: then
// nothing is remembered, and nothing fails.

/** Under which name: who reads, the project that was last open on the Review tab, that the first steps were put away, whether what other
 * readers decided is hidden.
 * @typedef {"bc-reader" | "bc-project" | "bc-hints" | "bc-blinded"} Name */

/** @param {Name} name @param {string} value */
export function remember(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // Asked or shown once more the next time.
  }
}

/** @param {Name} name @returns {string} "" where nothing is */
export function remembered(name) {
  try {
    return localStorage.getItem(name) ?? "";
  } catch {
    return "";
  }
}
