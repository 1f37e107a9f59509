// Links to a case, "?case=ID", and "&of=REVISION" with the prediction of these weights: from the address, and from other
// tabs of the page.

/** @typedef {{id: string, of: string | null}} Linked a case, and the weights whose prediction is to be seen; null: as is fit */

/** Tells that a case is to be shown, as Linked. */
export const OPEN_CASE = "bc-open-case";

/** @returns {Linked | null} what the address names */
export function linkedCase() {
  const named = new URLSearchParams(location.search);
  const id = named.get("case");
  return id === null ? null : { id, of: named.get("of") };
}

/** @param {string | number} id @param {string} [of] @returns {string} an address that opens this case */
export const caseLink = (id, of) => `?${new URLSearchParams({ case: String(id), ...(of ? { of } : {}) })}`;

/** The address with this case, or none. @param {Linked | null} linked */
function addressOf(linked) {
  const address = new URL(location.href);
  for (const [name, value] of [["case", linked?.id], ["of", linked?.of]]) {
    if (value) address.searchParams.set(/** @type {string} */ (name), value);
    else address.searchParams.delete(/** @type {string} */ (name));
  }
  return address;
}

/** Milliseconds from one change of the address to the next: a browser takes so many and refuses more, Safari 100 in half a
 * minute, which a key that is held soon asks for. */
const APART_MS = 400;
let naming = 0;
let named = -APART_MS;

/** Let the address name this case, or none: at once, or where it has just changed, the last of those that follow a little
 * later. @param {Linked | null} linked */
export function nameCase(linked) {
  clearTimeout(naming);
  const name = () => {
    const address = addressOf(linked);
    if (address.href === location.href) return;
    named = performance.now();
    tell(() => history.replaceState(history.state, "", address));
  };
  const wait = named + APART_MS - performance.now();
  if (wait > 0) naming = window.setTimeout(name, wait);
  else name();
}

/** Where the browser will not, what is shown goes before its address. @param {() => void} change of the history */
function tell(change) {
  try {
    change();
  } catch {
    // The next case has an address again.
  }
}

/** Show a case in the Review tab, from another one: there the browser's Back leads. @param {string | number} id @param {string} of these weights */
export function openCase(id, of) {
  const linked = { id: String(id), of };
  clearTimeout(naming); // the place before keeps its address, and this one has its own
  tell(() => {
    history.replaceState({ tab: document.querySelector('#tabs [role=tab][aria-selected="true"]')?.textContent?.trim() }, "");
    history.pushState({ tab: "Review" }, "", addressOf(linked));
  });
  goTo(linked);
}

/** @param {Linked | null} linked null: as the Review tab was left */
function goTo(linked) {
  if (linked) window.dispatchEvent(new CustomEvent(OPEN_CASE, { detail: linked }));
  showTab("Review");
}

// Gradio's tabs are no places of the browser's history; those that a case was opened from, and its own, are.
window.addEventListener("popstate", ({ state }) => {
  clearTimeout(naming); // it was meant for the place that was left
  if (state?.tab === "Review") goTo(linkedCase());
  else if (state?.tab) showTab(state.tab);
});

/** The folder that is to be a project next. */
let offered = "";

/** Offer a folder of this machine as a new project, in the Review tab. @param {string} path */
export function reviewFolder(path) {
  offered = path;
  showTab("Review");
}

/** The folder that was offered, once; empty where there is none. */
export function takeFolder() {
  const path = offered;
  offered = "";
  return path;
}

/** Bring one of Gradio's tabs to the front, as soon as it is there. @param {string} name */
export function showTab(name) {
  const press = () => {
    const tab = [...document.querySelectorAll("#tabs [role=tab]")].find((one) => one.textContent?.trim() === name);
    if (tab instanceof HTMLElement) tab.click();
    return Boolean(tab);
  };
  if (press()) return;
  const seen = new MutationObserver(() => press() && seen.disconnect());
  seen.observe(document.body, { childList: true, subtree: true });
}
