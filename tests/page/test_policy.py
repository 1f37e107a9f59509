"""The content security policy: what it says, and that page and canvas run under it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator

import pytest

from bcweb.page.policy import policy
from tests.page.drawn import LESION
from tests.page.files import png
from tests.page.reader import Page

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect

VIOLATIONS = """
    window.violations = [];
    document.addEventListener("securitypolicyviolation",
        (event) => violations.push(`${event.effectiveDirective} ${event.blockedURI}`));
"""


def rules(header: str) -> dict[str, list[str]]:
    return {name: values for name, *values in (rule.split() for rule in header.split("; "))}


def test_scripts_of_the_document_are_allowed_by_their_hash_and_no_others():
    document = b'<script src="./a.js"></script><script type="module">one()</script><SCRIPT>two()\n</SCRIPT>'
    allowed = rules(policy(False, document))["script-src"]
    hashes = [base64.b64encode(hashlib.sha256(s).digest()) for s in (b"one()", b"two()\n")]
    assert allowed == ["'self'", "'unsafe-eval'", *(f"'sha256-{h.decode()}'" for h in hashes)]
    assert "'unsafe-inline'" not in allowed


def test_nothing_comes_from_another_host_and_only_hugging_face_frames_a_space():
    for framed in (False, True):
        told = rules(policy(framed))
        for name, values in told.items():
            hosts = [value for value in values if "." in value or "*" in value]
            assert name == "frame-ancestors" or not hosts, name
        assert told["frame-ancestors"] == ["'self'", *["https://huggingface.co"] * framed]
        assert told["default-src"] == told["connect-src"] == ["'self'"]
        assert told["object-src"] == ["'none'"]


@pytest.mark.parametrize(
    "path", ["/", "/bc/session", "/bc/nothing", "/config", "/gradio_api/info", "/favicon.ico"]
)
def test_every_answer_carries_it(visitor, path):
    headers = visitor.get(path).headers
    assert "default-src" in headers["content-security-policy"], path
    assert headers["x-content-type-options"] == "nosniff"


def test_a_refused_request_carries_it_too(visitor):
    answer = visitor.get("/", headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert "default-src 'self'" in answer.headers["content-security-policy"]


@pytest.fixture
def page(chromium, address) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    context.add_init_script(VIOLATIONS)
    yield Page(context.new_page(), address).open()
    context.close()


# What each tab has once it has heard of the server what there is.
THERE = {
    "Scan": "bc-workbench .list .row", "Review": "bc-review .home", "Evaluate": "bc-evaluate .empty",
    "Model": "bc-models .scores table",
}  # fmt: skip


@pytest.mark.browser
def test_every_tab_and_the_canvas_run_under_it(page):
    page.give(("scan.png", png(LESION.scan.pixels)))
    expect(page.title()).to_have_text("scan.png")
    page.ready()
    assert page.viewer("v => v.scores.painted_px") > 0, "the worker counts"
    assert page.saved_mask().any()
    names = page.page.get_by_role("tab").all_inner_texts()
    assert set(names) == set(THERE)
    for name in names:
        page.page.get_by_role("tab", name=name, exact=True).click()
        expect(page.page.locator(THERE[name]).first).to_be_visible(timeout=30_000)
    assert page.page.evaluate("violations") == []
    assert page.complaints == []


SMUGGLED = [
    ("add('script', {src: 'https://evil.example/a.js'})", "script-src-elem https://evil.example/a.js"),
    ("add('script', {textContent: 'window.ran = true'})", "script-src-elem inline"),
    ("add('img', {src: 'data:,', onerror: null}).setAttribute('onerror', 'window.ran = true')",
     "script-src-attr inline"),
    ("add('iframe', {src: 'https://evil.example/'})", "frame-src https://evil.example"),
    ("add('img', {src: 'https://evil.example/a.png'})", "img-src https://evil.example/a.png"),
    ("add('link', {rel: 'stylesheet', href: 'https://evil.example/a.css'})",
     "style-src-elem https://evil.example/a.css"),
    ("fetch('https://evil.example/').catch(() => 0)", "connect-src https://evil.example/"),
    ("navigator.sendBeacon('https://evil.example/b', 'x')", "connect-src https://evil.example/b"),
]  # fmt: skip


@pytest.mark.browser
def test_what_is_smuggled_in_neither_runs_nor_is_asked_for(page):
    for attempt, refused in SMUGGLED:
        page.page.evaluate(
            "attempt => { const add = (tag, properties) => {"
            " const made = Object.assign(document.createElement(tag), properties);"
            " document.body.append(made); return made; };"
            " return eval(attempt); }",
            attempt,
        )
        page.page.wait_for_function(
            "refused => violations.some(said => said.startsWith(refused))", arg=refused
        )
    assert page.page.evaluate("window.ran") is None


@pytest.mark.browser
def test_no_other_site_shows_the_page_in_a_frame(context, address, elsewhere):
    stranger = context.new_page()
    stranger.goto(elsewhere)
    with stranger.expect_console_message(lambda said: "frame-ancestors 'self'" in said.text):
        stranger.evaluate(
            "src => document.body.append(Object.assign(document.createElement('iframe'), {src}))",
            address,
        )
    assert stranger.frames[1].locator("bc-workbench").count() == 0
    stranger.close()
