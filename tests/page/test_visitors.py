"""Visitors in Chromium: whose tabs show the same scans, and who sees nothing of them."""

from __future__ import annotations

import pytest

from tests.page.drawn import LESION, OTHER
from tests.page.files import png
from tests.page.reader import Page

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect

pytestmark = pytest.mark.browser


def test_a_reload_and_a_second_tab_show_the_same_scans(page):
    page.give(("kept.png", png(OTHER.scan.pixels)))
    expect(page.title()).to_have_text("kept.png")
    page.page.reload()
    page.ready()
    expect(page.rows().filter(has_text="kept.png")).to_have_count(1)
    second = Page(page.page.context.new_page(), page.address).open()
    expect(second.rows().filter(has_text="kept.png")).to_have_count(1)
    second.page.close()
    assert second.complaints == []


def test_a_scan_that_another_tab_had_segmented_anew_is_shown_as_it_is_now(page):
    page.give(("shared.png", png(OTHER.scan.pixels)))
    expect(page.title()).to_have_text("shared.png")
    page.ready()
    second = Page(page.page.context.new_page(), page.address).open()
    second.rows().filter(has_text="shared.png").locator("button").click()
    expect(second.title()).to_have_text("shared.png")
    second.find(".findings .choices label").filter(has_text="Mammogram").click()
    expect(second.find(".findings footer")).to_contain_text("random-")
    page.page.keyboard.press("k")
    expect(page.title()).not_to_have_text("shared.png")
    page.page.keyboard.press("j")
    expect(page.find(".findings footer")).to_contain_text("random-")
    page.ready()
    second.page.close()


def test_two_browsers_at_once_see_nothing_of_each_other(browse):
    anna, berta = browse(), browse()
    anna.give(("anna.png", png(OTHER.scan.pixels)))
    berta.give(("berta.png", png(LESION.scan.pixels)))
    expect(anna.title()).to_have_text("anna.png")
    expect(berta.title()).to_have_text("berta.png")
    id = anna.viewer(
        "async () => (await (await fetch('bc/scans')).json()).find(s => s.name === 'anna.png').id"
    )
    for what in ("", "/pixels", "/probability", "/thumbnail", "/mask.png"):
        status = berta.viewer(f"async () => (await fetch('bc/scans/{id}{what}')).status")
        assert status == 404, what
    berta.page.reload()
    berta.ready()
    expect(berta.rows().filter(has_text="anna")).to_have_count(0)
