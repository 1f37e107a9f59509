"""The Model tab in the browser: the keyboard, what is typed, and a server that is away for a while."""

from __future__ import annotations

import pytest

from tests.page.reader import Page, expect, sync_api

pytestmark = pytest.mark.browser

V1, V2 = "hf://ann/weights@v1", "hf://ann/weights@v2"
CALLED = {"embedded": "Embedded in the app", V1: V1}  # what can be used by its name


class Hub:
    """Answers for the server as if ultrasounds met these weights, and V1 was to be met at the start. A switch waits."""

    def __init__(self, page: Page, weights: str):
        self.weights = weights
        self.switches: list[sync_api.Route] = []
        page.page.route("**/bc/models", self._all)
        page.page.route("**/bc/models/ultrasound", self._one)
        page.page.route("**/bc/models/ultrasound/revisions", self._revisions)

    def switch(self) -> None:
        [route] = self.switches
        self.weights = route.request.post_data_json["name"]
        route.fulfill(json={"name": "weights", "revision": "abc"})

    def _facts(self) -> dict:
        source = "hub" if self.weights.startswith("hf://") else "embedded"
        notice = {} if source == "hub" else {"notice": f"{V1} cannot be had.", "wanted": V1}
        return {"weights": self.weights, "source": source, "notice": None, "wanted": None} | notice

    def _all(self, route: sync_api.Route) -> None:
        told = route.fetch().json()
        told["models"]["ultrasound"] |= self._facts()
        route.fulfill(json=told)

    def _one(self, route: sync_api.Route) -> None:
        if route.request.method == "PUT":
            return self.switches.append(route)
        route.fulfill(json=route.fetch().json() | self._facts() | {"names": list(CALLED)})

    def _revisions(self, route: sync_api.Route) -> None:
        each = {"commit": "", "newer": None, "latest": False}
        tags = [{"tag": name[-2:], "in_use": name == self.weights, **each} for name in (V2, V1)]
        route.fulfill(json={"revisions": tags, "problem": None})


@pytest.mark.parametrize(
    ("before", "pressed"),
    [
        (V1, "Use Embedded in the app"),
        (V1, "Use v2"),
        ("embedded", f"Use {V1}"),
        ("embedded", f"Try {V1} again"),
    ],
)
def test_who_takes_other_weights_by_the_keyboard_goes_on_from_there(page, before, pressed):
    server = Hub(page, before)
    page.page.get_by_role("tab", name="Model").click()
    button = page.page.locator("bc-models").get_by_role("button", name=pressed, exact=True)
    button.focus()
    with page.page.expect_request(lambda request: request.method == "PUT"):
        page.page.keyboard.press("Enter")
    expect(page.model(".said")).to_contain_text("Fetching, checking and trying")
    expect(button, "the keyboard is lost while they are fetched").to_be_focused()
    expect(button, "it looks as if it could be pressed again").to_be_disabled()
    page.page.keyboard.press("Enter")
    server.switch()
    expect(page.model(".said")).to_contain_text("weights is in use")
    expect(button).to_have_count(0)
    heading = page.model(".others").get_by_role("heading", name="Use other weights")
    expect(heading, "the keyboard is lost once they are in use").to_be_focused()
    in_use = [called for name, called in CALLED.items() if name == server.weights]
    expect(page.model(".names .current .called")).to_have_text(in_use)  # of now, with its buttons
    page.page.keyboard.press("Tab")
    expect(page.model(".names button").first).to_be_focused()


@pytest.mark.parametrize("modality", ["Ultrasound", "Mammogram"])
def test_a_name_that_is_typed_while_other_weights_are_fetched_stays(page, modality):
    held: list[sync_api.Route] = []

    def hold(route: sync_api.Route) -> None:
        held.append(route) if route.request.method == "PUT" else route.continue_()

    page.page.route("**/bc/models/ultrasound", hold)
    page.page.get_by_role("tab", name="Model").click()
    name = page.model(".named input")
    name.fill("embedded")
    with page.page.expect_request(lambda request: request.method == "PUT"):
        name.press("Enter")
    page.model(".choices").get_by_label(modality).check()
    name.fill(V2)
    with page.page.expect_request("**/bc/models"):  # the switch is over
        held[0].continue_()
    expect(name, "it was wiped").to_have_value(V2)


@pytest.mark.parametrize(
    ("question", "where"),
    [
        ("**/bc/models", ".notice"),
        ("**/bc/models/ultrasound", ".notice"),
        ("**/bc/models/ultrasound/scores", ".scores"),
    ],
)
def test_what_a_server_does_not_answer_is_asked_again_until_it_does(page, question, where):
    page.page.route(question, lambda route: route.abort())
    page.page.get_by_role("tab", name="Model").click()
    expect(page.model(where)).to_contain_text("The server does not answer. It is asked again.")
    page.page.unroute(question)
    expect(page.model(".facts h2")).to_contain_text("ultrasound")
    expect(page.model(".names .current")).to_have_count(1)
    expect(page.model(".scores table")).to_be_visible()
    expect(page.model(".notice")).to_be_hidden()
