"""How the page looks in Chromium: nothing moves, and nothing is cut off at any width."""

from __future__ import annotations

import pytest

from bcweb.samples import SAMPLES
from tests.page.drawn import LESION, OTHER
from tests.page.files import png
from tests.page.reader import Page, close

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect

pytestmark = pytest.mark.browser


def test_nothing_moves_while_the_page_loads(chromium, address):
    tab = chromium.new_context(viewport={"width": 1440, "height": 900}).new_page()
    tab.add_init_script(
        "window.moved = 0; new PerformanceObserver(list => {"
        " for (const e of list.getEntries()) window.moved += e.value"
        "}).observe({type: 'layout-shift', buffered: true})"
    )
    opened = Page(tab, address).open()
    moved = tab.evaluate("window.moved")
    close(opened)
    tab.context.close()
    assert moved < 0.1


def test_nothing_is_cut_off_sideways_at_any_width(page):
    for scheme in ("light", "dark"):
        page.look(scheme)
        for width in (390, 768, 1024, 1440):
            page.page.set_viewport_size({"width": width, "height": 844})
            assert page.viewer("() => document.documentElement.scrollWidth <= innerWidth"), width
            box = page.page.locator("bc-viewer canvas").bounding_box()
            assert box["height"] > 380 and box["width"] > 0.4 * width, width


CUT = """(v) => [...v.shadowRoot.querySelectorAll('.pane:not([hidden]) .strip *')]
  .filter(e => e.clientWidth && e.scrollWidth > e.clientWidth).map(e => e.textContent)"""


def test_on_a_phone_nothing_is_without_its_name(browse):
    page = browse(viewport={"width": 390, "height": 844}, color_scheme="dark")
    normal = next(sample for sample in SAMPLES if sample.name == "generated-ultrasound-normal")
    scan = normal.phantom().scan.pixels
    page.give(
        ("first.png", png(scan)), ("first_mask.png", png(scan > 90)), ("empty.png", b""),
    )  # fmt: skip
    expect(page.find(".failures")).to_have_text("1 failed")
    expect(page.find(".findings .file")).to_have_text("first_mask.png")
    page.page.get_by_role("button", name="Side by side").click()
    viewer = page.page.locator("bc-workbench bc-viewer")
    expect(viewer.locator("[data-pane=prediction] .area")).to_have_text("nothing painted")
    expect(viewer.locator("[data-pane=difference] .name")).to_be_visible()
    page.page.get_by_role("button", name="Display settings").click()
    for heat in (False, True):
        assert page.viewer(CUT) == [], heat
        if not heat:
            page.page.get_by_role("button", name="Heat map").click()
            expect(viewer.locator("[data-pane=prediction] .heat")).to_be_visible()
    name = page.rows().filter(has_text="first.png").locator(".name")
    expect(name).to_be_visible()
    assert name.evaluate("e => e.scrollWidth <= e.clientWidth && e.scrollHeight <= e.clientHeight")
    expect(page.find(".all")).to_be_visible()
    assert page.find(".samples").bounding_box()["width"] > 120


LOW = """(e) => [...e.querySelectorAll('button')].filter(b => b.checkVisibility())
  .filter(b => b.getBoundingClientRect().height < 40).map(b => b.title || b.ariaLabel)"""


def test_a_file_that_fails_leaves_the_current_scan_in_the_strip_of_a_phone(browse):
    page = browse(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page.give(("first.png", png(OTHER.scan.pixels)), ("second.png", png(LESION.scan.pixels)))
    expect(page.find(".left")).to_have_text("")
    expect(page.title()).to_have_text("first.png")
    current = page.find(".list .row.current")
    expect(current).to_be_in_viewport(ratio=0.99)
    page.give(("broken.png", b"no picture"))
    expect(page.find(".list .failed")).to_have_count(1)
    expect(current).to_contain_text("first.png")
    expect(current).to_be_in_viewport(ratio=0.99)
    assert page.find(".list").evaluate(LOW) == [], "a finger needs 40 px"
    page.viewer("v => v.edit(v.maskOf('empty'))")
    tools = page.find("bc-viewer .tools")
    tools.get_by_role("button", name="More tools").click()
    tools.get_by_role("button", name="Begin from").click()
    expect(tools.get_by_role("menuitem", name="Empty")).to_be_visible()
    assert tools.evaluate(LOW) == [], "a finger needs 40 px"


def test_a_level_of_sixteen_bits_is_not_cut(page):
    for width in (1280, 1700):
        page.page.set_viewport_size({"width": width, "height": 844})
        level = page.page.locator("bc-workbench bc-viewer input.level")
        level.evaluate("e => e.value = '32767.5'")
        assert level.evaluate("e => e.scrollWidth <= e.clientWidth"), width
