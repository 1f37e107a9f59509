"""A page that is open and an app that is up take next to nothing of the machine while nobody asks anything of them."""

from __future__ import annotations

import gradio as gr
import pytest

from bcweb.page.launch import build
from tests.page.reader import Page

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

COUNT = """
    window.frames_asked = 0;
    const frame = window.requestAnimationFrame.bind(window);
    window.requestAnimationFrame = (draw) => { window.frames_asked++; return frame(draw); };
"""
STILL = """() => {
    const still = window.frames_asked === window.frames_before;
    window.frames_before = window.frames_asked;
    return still;
}"""


@pytest.mark.browser
def test_a_page_that_nobody_touches_asks_for_no_frame(context, address):
    tab = context.new_page()
    tab.add_init_script(COUNT)
    page = Page(tab, address).open()
    try:
        tab.wait_for_function(STILL, polling=500, timeout=20_000)
    except sync_api.TimeoutError:
        pytest.fail("In each half of a second the page asked for frames, and nothing moves on it.")
    tab.close()
    assert page.complaints == []


def test_an_app_that_nobody_calls_looks_for_calls_a_few_times_a_second():
    usual = vars(gr.Blocks()._queue)
    names = {name for name in usual if name.endswith("sleep_when_free")}
    assert len(names) == 2, f"Gradio's queue sleeps otherwise than it did: {sorted(usual)}"
    ours = vars(build("0")._queue)
    assert all(0.05 <= ours[name] <= 0.1 for name in names), {name: ours[name] for name in names}
