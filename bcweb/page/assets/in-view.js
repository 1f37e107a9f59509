// Which scan a tab has in view, for when it is loaded again.

const NAME = "bc-in-view";

/** @param {string} id */
export function rememberInView(id) {
  try {
    sessionStorage.setItem(NAME, id);
  } catch {
    // In a frame of another site the browser may keep nothing; then the first scan is shown.
  }
}

/** @returns {string | null} the id */
export function inViewBefore() {
  try {
    return sessionStorage.getItem(NAME);
  } catch {
    return null;
  }
}
