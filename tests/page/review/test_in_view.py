"""The case in view of the Review tab: what is seen of it, what is kept of it, and how long it was looked at."""

from __future__ import annotations

import pytest

from tests.page.reviewing import stands

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect

pytestmark = pytest.mark.browser

# --- its picture

TURN = """(v, way) => new Promise((done) => {
  const canvas = v.shadowRoot.querySelector("canvas");
  v.loss ??= canvas.getContext("webgl2").getExtension("WEBGL_lose_context");
  canvas.addEventListener(`webglcontext${way}`, () => done(), { once: true });
  if (way === "lost") v.loss.loseContext();
  else v.loss.restoreContext();
})"""


def test_a_picture_that_nobody_can_see_is_not_accepted(page, project, store):
    accept = page.find(".decide.accept")
    page.viewer(f"v => ({TURN})(v, 'lost')")
    expect(accept).to_be_disabled()
    page.press("1")
    page.says("Its picture is not on the screen.")
    page.press("j")
    page.shows("case 2").press("1")
    page.says("Its picture is not on the screen.")
    assert [stands(store, project, f"case {n}") for n in (1, 2)] == [None, None]
    page.viewer(f"v => ({TURN})(v, 'restored')")
    expect(accept).to_be_enabled()
    page.press("1")
    page.says("case 2, prediction accepted")
