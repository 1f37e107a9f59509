// Links to a case, "?case=ID": from the address, and from other tabs of the page.

const PARAMETER = "case";
/** Tells that a case is to be shown, as {id}. */
export const OPEN_CASE = "bc-open-case";

/** @returns {string | null} the id of the case that the address names */
export const linkedCase = () => new URLSearchParams(location.search).get(PARAMETER);

/** @param {string | number} id @returns {string} an address that opens this case */
export const caseLink = (id) => `?${PARAMETER}=${id}`;

/** Let the address name this case, or none. @param {string | null} id */
export function nameCase(id) {
  const address = new URL(location.href);
  if (id === null) address.searchParams.delete(PARAMETER);
  else address.searchParams.set(PARAMETER, id);
  if (address.href !== location.href) history.replaceState(history.state, "", address);
}

/** Show a case in the Review tab, from anywhere on the page. @param {string | number} id */
export function openCase(id) {
  nameCase(String(id));
  window.dispatchEvent(new CustomEvent(OPEN_CASE, { detail: { id: String(id) } }));
  showTab("Review");
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
