"""The Review tab's dialog that takes masks and verdicts out."""

from __future__ import annotations

import zipfile

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect

pytestmark = pytest.mark.browser


def test_the_masks_of_the_chosen_decisions_come_out_and_all_are_chosen_at_first(page):
    page.press("1")
    page.shows("case 2")
    page.press("2")
    page.says("truth kept")
    page.find(".export").click()
    dialog = page.find(".exporting")
    boxes = dialog.get_by_role("group", name="Masks of").get_by_role("checkbox")
    expect(boxes).to_have_count(3)
    assert all(box.is_checked() for box in boxes.all())
    dialog.get_by_label("Accepted predictions").uncheck()
    with page.page.expect_download() as download:
        dialog.get_by_role("button", name="Download").click()
    expect(dialog.locator(".said")).to_contain_text("1 of 6 cases with their masks (1 truth)")
    names = zipfile.ZipFile(download.value.path()).namelist()
    assert [n.split("/")[-1] for n in names if "/masks/" in n] == ["case 2.png"]
    for box in boxes.all():
        box.uncheck()
    dialog.get_by_role("button", name="Download").click()
    expect(dialog.get_by_role("alert")).to_have_text("Choose whose masks are wanted.")
