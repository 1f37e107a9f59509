"""Every tab, looked through by axe-core: in light and dark, wide and as narrow as a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from importlib.resources import files

import pytest

from bcweb.review.store import Store
from tests.page.reader import Page
from tests.page.review_reader import ReviewPage
from tests.page.reviewing import fill
from tests.page.running import running

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect

pytestmark = pytest.mark.browser

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text()
SIZES = {"wide": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 844}}
CONTRAST = "color-contrast"  # which takes longest
# Every colour in both schemes, and all else of the page as it is wide and as a phone hides and moves it.
LOOKS = {
    "light-wide": {},
    "dark-wide": {"runOnly": [CONTRAST]},
    "dark-phone": {"rules": {CONTRAST: {"enabled": False}}},
}
EMPTY_PAGE = b"%PDF-1.4"  # no scan


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app with a project under review."""
    home = tmp_path_factory.mktemp("home")
    with Store(home) as store:
        fill(store, tmp_path_factory.mktemp("project") / "scans")
    with running({"BCWEB_HOME": str(home)}) as address:
        yield address


@pytest.fixture(params=LOOKS)
def look(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def tab(chromium, look) -> Iterator[sync_api.Page]:
    scheme, width = look.split("-")
    context = chromium.new_context(viewport=SIZES[width], color_scheme=scheme)
    yield context.new_page()
    context.close()


@pytest.fixture
def serious(tab, look) -> Callable[[str], list[str]]:
    return partial(looked_through, tab, look)


def looked_through(tab: sync_api.Page, look: str, where: str) -> list[str]:
    """What axe-core finds of serious or critical impact, a line for each element."""
    tab.evaluate(AXE)
    options = {"resultTypes": ["violations"], **LOOKS[look]}
    told = tab.evaluate("(options) => axe.run(document, options)", options)
    assert told["passes"], f"axe-core looked at nothing: {where}"
    return [
        f"{where}: {one['id']} ({one['impact']}) at {node['target']}: {node['failureSummary']}"
        for one in told["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


def test_the_scan_and_model_tabs_have_no_serious_finding(tab, place, serious):
    page = Page(tab, place).open()
    found = serious("a sample with its truth")
    tab.keyboard.press("?")
    found += serious("the keys")
    tab.keyboard.press("Escape")
    page.find(".findings .term").first.focus()
    found += serious("what a number means")
    page.give(("page.png", EMPTY_PAGE))
    expect(page.find(".list .failed, .toast.error").first).to_be_visible()
    found += serious("a file that is no scan")
    tab.get_by_role("tab", name="Model").click()
    expect(page.model(".scores table")).to_be_visible()
    found += serious("the model")
    assert found == []


def test_the_review_and_evaluate_tabs_have_no_serious_finding(tab, place, serious):
    page = ReviewPage(tab, place).open().shows("case 1")
    found = serious("a case")
    page.press("?")
    found += serious("the keys of a review")
    page.press("Escape", "e")
    expect(
        page.find(".decision .draw[aria-pressed='true'], .decision .draw.on").first
    ).to_be_visible()
    found += serious("drawing")
    page.press("Escape")
    page.find(".export").click()
    found += serious("the export")
    page.press("Escape")
    page.find(".project").click()
    expect(page.find(".home form").first).to_be_visible()
    found += serious("all projects")
    tab.get_by_role("tab", name="Evaluate").click()
    expect(tab.locator("bc-evaluate .headline b").first).to_be_visible()
    found += serious("scores")
    tab.locator("bc-evaluate .headline .term").first.focus()
    found += serious("what a score means")
    assert found == []


def test_where_nothing_is_there_yet_is_no_serious_finding_either(tab, address, serious):
    page = ReviewPage(tab, address)
    tab.goto(address)
    tab.get_by_role("tab", name="Review").click()
    expect(page.find(".home form, .home p").first).to_be_visible()
    found = serious("no project")
    tab.get_by_role("tab", name="Evaluate").click()
    expect(tab.locator("bc-evaluate .empty")).to_be_visible()
    found += serious("nothing to evaluate")
    assert found == []
