"""Only the page's own browser tabs are answered, wherever the page runs."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from starlette.responses import PlainTextResponse

from bcweb.page.guard import Guard, visitor
from bcweb.page.settings import SettingsError, is_loopback, settings


async def _page(scope, receive, send):
    await PlainTextResponse(visitor(scope) or "nobody")(scope, receive, send)


def ask(
    path="/bc/scans", host=None, environment=None, base="http://127.0.0.1:7860", allow=(), **headers
):
    """What a page started as `host` in this environment, with these --allow-host, answers."""
    told = settings(host, allow_hosts=allow, environment=environment or {})
    guard = Guard(_page, told)

    async def request():
        transport = httpx.ASGITransport(guard)
        async with httpx.AsyncClient(transport=transport, base_url=base) as client:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return await client.get(path, headers=named)

    # In a thread of its own: where a browser has been started, this one has a loop that runs.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(request())).result()


SPACE = {"SPACE_ID": "a/b", "SPACE_HOST": "a-b.hf.space,cancer.example"}


@pytest.mark.parametrize("origin", ["http://127.0.0.1:7860", None])
def test_the_page_itself_is_answered(origin):
    assert ask(**({"origin": origin} if origin else {})).status_code == 200


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://127.0.0.1:9999",
        "http://localhost:7860",
        "null",
        "file://",
        "http://[",
    ],
)
@pytest.mark.parametrize("path", ["/", "/bc/scans", "/gradio_api/info", "/gradio_api/upload"])
def test_other_origins_are_refused_everywhere(origin, path):
    answer = ask(path, origin=origin)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_pictures_and_links_of_other_sites_are_refused_without_an_origin(site):
    for path in ("/bc/scans", "/", "/config", "/gradio_api/info"):
        assert ask(path, sec_fetch_site=site, sec_fetch_mode="no-cors").status_code == 403, path
    assert ask(sec_fetch_site=site, sec_fetch_mode="navigate").status_code == 403
    assert ask(sec_fetch_site="same-origin").status_code == 200


def test_a_link_or_a_frame_of_another_site_leads_to_the_page():
    assert ask("/", sec_fetch_site="cross-site", sec_fetch_mode="navigate").status_code == 200


def test_a_page_for_this_machine_does_not_answer_to_a_name_that_only_resolves_to_it():
    rebound = "http://evil.example:7860"
    assert ask(base=rebound, origin=rebound).status_code == 403
    assert ask(base="http://localhost:7860").status_code == 200
    assert ask(base="http://[::1]:7860").status_code == 200


def test_a_page_for_the_network_answers_to_any_name_but_lists_no_folders():
    assert ask(host="0.0.0.0", base="http://ward-7:7860").status_code == 200
    assert not settings("0.0.0.0", environment={}).local
    assert settings(environment={}).local


def test_behind_a_proxy_of_its_name_the_page_answers_and_lists_no_folders():
    told = settings(allow_hosts=("bcweb.hospital.example",), environment={})
    assert "bcweb.hospital.example" in told.hosts
    assert not told.local


@pytest.mark.parametrize("host", [None, "0.0.0.0"])
def test_a_proxy_that_keeps_the_pages_name_to_itself_is_known_by_the_name_that_was_allowed(host):
    """nginx sends its upstream's name as the Host, unless it is told otherwise; browsers send the Origin."""
    behind = {"host": host, "allow": ("pacs.clinic", "Other.clinic:8443")}
    for origin in ("https://pacs.clinic", "http://pacs.clinic", "https://other.clinic:8443"):
        assert ask(origin=origin, **behind).status_code == 200, origin
    for origin in (
        "https://pacs.clinic:8443", "https://other.clinic", "https://pacs.clinic.evil.example",
        "https://evil.example", "https://evil.pacs.clinic", "https://pacs.clinic@evil.example",
        "ftp://pacs.clinic", "null", "http://localhost:7860",
    ):  # fmt: skip
        assert ask(origin=origin, **behind).status_code == 403, origin
    assert ask(sec_fetch_site="cross-site", sec_fetch_mode="no-cors", **behind).status_code == 403


def test_a_name_that_was_allowed_with_its_port_is_answered_to():
    behind = {"base": "http://other.clinic:8443", "allow": ("other.clinic:8443",)}
    assert ask(origin="https://other.clinic:8443", **behind).status_code == 200
    assert ask(origin="https://evil.example", **behind).status_code == 403


@pytest.mark.parametrize(
    ("said", "own", "other"),
    [
        ("https://pacs.clinic", "https://pacs.clinic", "https://pacs.clinic:8443"),
        ("HTTPS://Pacs.clinic:8443/", "https://pacs.clinic:8443", "https://pacs.clinic"),
        ("pacs.clinic:443", "https://pacs.clinic", "https://pacs.clinic:8443"),
        ("http://pacs.clinic:80", "http://pacs.clinic", "http://pacs.clinic:8080"),
        ("[fd00::1]:8000", "http://[fd00::1]:8000", "http://[fd00::1]"),
        ("[FD00:0::1]", "http://[fd00::1]", "http://[fd00::1]:8000"),
        ("fd00::1", "http://[fd00::1]", "http://[fd00::2]"),
    ],
)
def test_a_name_may_be_allowed_as_an_address_bar_shows_it(said, own, other):
    for base in (
        own,
        "http://127.0.0.1:7860",
    ):  # the proxy passes it on, or puts its own in its place
        assert ask(origin=own, base=base, allow=(said,)).status_code == 200
        assert ask(origin=other, base=base, allow=(said,)).status_code == 403


@pytest.mark.parametrize(
    "said",
    ["", "*", "*.clinic", "pacs.clinic:port", "pacs.clinic:99999", "https://pacs.clinic/seg", "ftp://pacs.clinic",
     "a@pacs.clinic", "pacs.clinic,other.clinic", "[fd00::1", "[fd00::x]:80", "https://", "a b"],
)  # fmt: skip
def test_what_names_no_host_is_refused_at_the_start(said):
    with pytest.raises(SettingsError) as caught:
        settings(allow_hosts=(said,), environment={})
    assert str(caught.value) == (
        f"--allow-host {said} names no host: write it as browsers ask for it, bcweb.clinic.example or "
        "bcweb.clinic.example:8443."
    )


def test_a_space_takes_its_own_names_and_no_others():
    inner = {"environment": SPACE, "base": "http://10.0.0.3:7860"}
    assert ask(origin="https://a-b.hf.space", **inner).status_code == 200
    assert ask(origin="https://cancer.example", **inner).status_code == 200
    assert ask(origin="https://c-d.hf.space", **inner).status_code == 403
    assert not settings(environment=SPACE).local


def test_the_first_page_gives_a_cookie_that_scripts_cannot_read():
    cookie = ask("/").headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie
    assert ask("/").headers["set-cookie"] != cookie
    assert ask("/").headers["cache-control"] == "no-store"
    assert "set-cookie" not in ask("/bc/scans").headers


def test_on_a_space_the_cookie_works_inside_a_frame_of_another_site_and_only_over_https():
    cookie = ask("/", environment=SPACE).headers["set-cookie"]
    assert cookie.startswith("__Host-")
    for part in ("Secure", "HttpOnly", "SameSite=None", "Partitioned"):
        assert part in cookie


def test_a_visitor_is_known_by_the_cookie_and_nobody_by_a_made_up_one():
    cookie = ask("/").headers["set-cookie"].split(";")[0]
    assert ask(cookie=cookie).text == cookie.split("=")[1]
    assert ask(cookie="other=1; " + cookie + '; broken="').text == cookie.split("=")[1]
    assert ask(cookie="bc-visitor=1").text == "nobody"
    assert ask().text == "nobody"


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("[::1]", True), ("127.1.2.3", True),
     ("0.0.0.0", False), ("192.168.0.4", False), ("::", False), ("ward-7", False)],
)  # fmt: skip
def test_which_addresses_are_this_machine_only(host, loopback):
    assert is_loopback(host) is loopback
