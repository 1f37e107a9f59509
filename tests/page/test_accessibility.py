"""Every tab, looked through by axe-core: in light and dark, wide and as narrow as a phone."""

from __future__ import annotations

from collections.abc import Iterator
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
    ("light", "wide"): {},
    ("dark", "wide"): {"runOnly": [CONTRAST]},
    ("dark", "phone"): {"rules": {CONTRAST: {"enabled": False}}},
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


@pytest.fixture
def tab(chromium) -> Iterator[sync_api.Page]:
    context = chromium.new_context(
        viewport=SIZES["wide"], color_scheme="light", device_scale_factor=0.5
    )
    context.add_init_script(AXE)
    yield context.new_page()
    context.close()


def serious(page: Page, where: str, shown: sync_api.Locator) -> list[str]:
    """What axe-core finds of serious or critical impact in any look, a line for each element.

    shown: is there in each of them. Afterwards the page is light and wide, as it began.
    """
    found = []
    for (scheme, width), options in LOOKS.items():
        look = f"{where}, {scheme} and {width}"
        page.page.set_viewport_size(SIZES[width])
        page.look(scheme)
        expect(shown, look).to_be_visible()
        told = page.page.evaluate(_LOOKED_THROUGH, {"resultTypes": ["violations"], **options})
        assert told["passes"], f"axe-core looked at nothing: {look}"
        found += [
            f"{look}: {one['id']} ({one['impact']}) at {node['target']}: {node['failureSummary']}"
            for one in told["violations"]
            if one["impact"] in ("serious", "critical")
            for node in one["nodes"]
        ]
    page.page.set_viewport_size(SIZES["wide"])
    page.look("light")
    return found


# Once no colour is on its way from one scheme to the other.
_LOOKED_THROUGH = """async (options) => {
    const moving = document.getAnimations().filter((one) => one instanceof CSSTransition);
    await Promise.allSettled(moving.map((one) => one.finished));
    return await axe.run(document, options);
}"""


def test_the_scan_and_model_tabs_have_no_serious_finding(tab, place):
    page = Page(tab, place).open()
    found = serious(page, "a sample with its truth", page.title())
    tab.keyboard.press("?")
    found += serious(page, "the keys", page.find("dialog[open]"))
    tab.keyboard.press("Escape")
    page.find(".findings .term").first.focus()
    found += serious(page, "what a number means", page.find(".meaning"))
    page.give(("page.png", EMPTY_PAGE))
    refused = page.find(".list .failed, .toast.error").first
    found += serious(page, "a file that is no scan", refused)
    tab.get_by_role("tab", name="Model").click()
    found += serious(page, "the model", page.model(".scores table"))
    assert found == []


def test_the_review_and_evaluate_tabs_have_no_serious_finding(tab, place):
    page = ReviewPage(tab, place).open().shows("case 1")
    found = serious(page, "a case", page.title())
    page.press("?")
    found += serious(page, "the keys of a review", page.find("dialog[open]"))
    page.press("Escape", "e")
    drawing = page.find(".decision .draw[aria-pressed='true'], .decision .draw.on").first
    found += serious(page, "drawing", drawing)
    page.press("Escape")
    page.find(".export").click()
    found += serious(page, "the export", page.find("dialog[open]"))
    page.press("Escape")
    page.find(".project").click()
    found += serious(page, "all projects", page.find(".home form").first)
    tab.get_by_role("tab", name="Evaluate").click()
    evaluate = tab.locator("bc-evaluate")
    found += serious(page, "scores", evaluate.locator(".headline b").first)
    evaluate.locator(".headline .term").first.focus()
    found += serious(page, "what a score means", evaluate.locator(".meaning"))
    assert found == []


def test_where_nothing_is_there_yet_is_no_serious_finding_either(tab, address):
    page = ReviewPage(tab, address)
    tab.goto(address, wait_until="commit")
    tab.get_by_role("tab", name="Review").click()
    found = serious(page, "no project", page.find(".home form, .home p").first)
    tab.get_by_role("tab", name="Evaluate").click()
    found += serious(page, "nothing to evaluate", tab.locator("bc-evaluate .empty"))
    assert found == []
