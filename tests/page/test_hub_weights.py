"""The app with weights of the Hub: offered newer ones, exchanged while it runs, started without a network.

The Hub is the one of `tests.hub`, over HTTP, and the app a process that can reach nothing else.
"""

from __future__ import annotations

import json
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.testclient import TestClient

from bcweb.page.guard import Guard
from bcweb.page.routes import routes
from bcweb.page.segmenters import Segmenters
from bcweb.page.settings import settings
from bcweb.page.store import Store
from bcweb.segmenter import Segmenter
from bcweb.weights import load_weights
from tests import weights_folder
from tests.hub.server import STALLS, HubServer
from tests.page.drawn import LESION
from tests.page.files import mask_of, png, speckle
from tests.page.reader import Page, close
from tests.page.running import ROOT, App, Visitor, running

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect

NOBODY = "http://127.0.0.1:9"  # the discard port: connecting is refused at once


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> list[Path]:
    """v1 takes its time over a scan, so that some are under way when v2 comes."""
    place = tmp_path_factory.mktemp("weights")
    made = [
        weights_folder.write(place / f"v{seed}", seed, name=f"weights-{seed}", size=size)
        for seed, size in ((1, 640), (2, 64))
    ]
    (made[1] / "README.md").write_text(
        "# weights-2\n\n<script>window.stranger = 1</script>\n\n"
        "![elsewhere](https://evil.example/a.png)\n\n![beside](pictures/a.png)\n"
    )
    (made[1] / "pictures").mkdir()
    (made[1] / "pictures" / "a.png").write_bytes(png(np.zeros((30, 40), np.uint8)))
    return made


def files(folder: Path) -> dict[str, bytes]:
    found = (file for file in folder.rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in found}


@pytest.fixture
def hub(folders) -> Iterator[HubServer]:
    """ann/weights with v1 and v2. A request that it does not know fails the test."""
    with HubServer() as server:
        for seed, folder in enumerate(folders, 1):
            made = server.add_files("ann/weights", files(folder))
            server.repository("ann/weights").tags[f"v{seed}"] = made.oid
        yield server
    assert server.unknown == []


@pytest.fixture
def environment(hub, tmp_path) -> dict[str, str]:
    return {f"{kind}_proxy": NOBODY for kind in ("http", "https", "all")} | {
        "HF_ENDPOINT": hub.url,
        "HF_HOME": str(tmp_path / "hf"),
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_DOWNLOAD_TIMEOUT": "3600",
    }


@pytest.fixture
def start(environment) -> Iterator[Callable[[str], str]]:
    """Start the app with these weights for ultrasounds; its address."""
    with ExitStack() as apps:
        yield lambda name: apps.enter_context(
            running(environment | {"BCWEB_WEIGHTS_ULTRASOUND": name})
        )


@pytest.fixture
def inside(hub, tmp_path, monkeypatch) -> Iterator[Callable[[str], TestClient]]:
    """Ask the page's routes in this process, begun with these weights for ultrasounds. The Hub's client has read its
    environment when it was imported."""
    told = {
        "constants.ENDPOINT": hub.url,
        "constants.HUGGINGFACE_CO_URL_TEMPLATE": hub.url + "/{repo_id}/resolve/{revision}/{filename}",
        "constants.HF_HUB_CACHE": str(tmp_path / "cache"),
        "hf_api.api.endpoint": hub.url,
        "utils._detect_agent._registry": {"standardEnvVars": [], "harnesses": {}},
    }  # fmt: skip
    for name, value in told.items():
        monkeypatch.setattr(f"huggingface_hub.{name}", value)
    opened: list[TestClient] = []

    def begin(name: str) -> TestClient:
        chosen = settings("127.0.0.1", {"ultrasound": name}, environment={})
        segmenters = Segmenters(chosen.weights)
        segmenters.begin()
        scans = Store(chosen.visitor_bytes, chosen.all_bytes, chosen.idle_seconds)
        mounted = routes(chosen, segmenters, scans, Mount("/static", routes=[]))
        app = Starlette(routes=[mounted], middleware=[Middleware(Guard, settings=chosen)])
        opened.append(TestClient(app, base_url="http://127.0.0.1"))
        opened[-1].headers["Cookie"] = "bc-visitor=" + "a" * 43
        return opened[-1]

    yield begin
    for client in opened:
        client.close()


def revision(folder: Path) -> str:
    return Segmenter.load(str(folder)).weights.revision


@pytest.mark.browser
def test_the_app_begins_with_v1_offers_v2_and_draws_with_it_while_scans_are_under_way(
    hub, start, folders, chromium
):
    """A scan of the old weights is segmented again when it is next selected, or when the reader wants it."""
    address = start("hf://ann/weights@v1")
    visitor = Visitor(address)
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, device_scale_factor=0.5)
    page = Page(context.new_page(), address)
    asked = page.listen()
    page.open()
    expect(page.find(".findings footer")).to_contain_text(revision(folders[0]))
    page.give(("first.png", png(LESION.scan.pixels)), ("last.png", png(speckle(90, 120))))
    expect(page.title()).to_have_text("first.png")
    expect(page.find(".left")).to_have_text("")
    second = Page(context.new_page(), address).open()

    page.page.get_by_role("tab", name="Model").click()
    expect(page.model(".facts")).to_contain_text("hf://ann/weights@v1")
    expect(page.model(".revisions .newer")).to_have_text("v2 is newer.")

    with ThreadPoolExecutor(6) as threads:
        sent = [
            threads.submit(visitor.hand_in, png(speckle(90, 120, seed)), f"{seed}.png")
            for seed in range(12)
        ]
        page.model(".revisions").get_by_role("button", name="Use v2").click()
        said = page.model(".said")
        expect(said).to_contain_text("weights-2 is in use", timeout=60_000)
        expect(said).to_contain_text("segmented again when it is next selected")
        answers = [one.result() for one in sent]
    assert [answer.status_code for answer in answers] == [201] * 12, "nobody was dropped"
    drew = [answer.json()["revision"] for answer in answers]
    assert set(drew) <= {revision(folder) for folder in folders} and revision(folders[0]) in drew
    expect(page.model(".facts h2")).to_have_text("weights-2")
    expect(page.model(".revisions")).to_contain_text("There is no newer one.")

    expect(page.model(".described img")).to_have_js_property("naturalWidth", 40)
    expect(page.model(".described")).to_contain_text("<script>window.stranger = 1</script>")
    expect(page.model(".described")).to_contain_text("another host: elsewhere")
    assert page.page.evaluate("window.stranger") is None

    expect(second.rows().filter(has_text="old weights")).to_have_count(3)
    expect(second.find(".findings .other")).to_have_count(1)
    second.page.close()
    assert second.complaints == []

    page.page.get_by_role("tab", name="Scan").click()
    expect(page.find(".findings .other")).to_contain_text(
        f"Drawn by {revision(folders[0])}. Since then {revision(folders[1])} has come into use."
    )
    expect(page.rows().filter(has_text="old weights")).to_have_count(3)
    page.page.keyboard.press("a")
    expect(page.find(".findings .other")).to_have_count(0)
    page.ready()
    expected = Segmenter.load(str(folders[1])).segment(LESION.scan).mask
    assert np.array_equal(page.saved_mask(), expected), "the next mask is of v2"
    expect(page.rows().filter(has_text="old weights")).to_have_count(2)
    page.rows().filter(has_text="last.png").locator("button").click()
    expect(page.title()).to_have_text("last.png")
    expect(page.find(".findings .other")).to_have_count(0)
    expect(page.find(".findings footer")).to_contain_text(revision(folders[1]))
    expect(page.rows().filter(has_text="old weights")).to_have_count(1)
    assert {url.split("/")[2] for url in asked if url.startswith("http")} == {
        address.removeprefix("http://")
    }
    close(page)
    context.close()
    visitor.close()


@pytest.mark.browser
def test_without_the_hub_it_starts_with_the_embedded_weights_and_what_does_not_fit_is_said(
    hub, start, folders, chromium
):
    """It says so on both tabs, tries again, and what is in no order is not called newer."""
    hub.fail("GET", "/api/models/ann/weights", 503)  # once: it is back when asked again
    page = Page(chromium.new_page(device_scale_factor=0.5), start("hf://ann/weights@v1")).open()
    notice = (
        "Ultrasounds are segmented with the embedded weights, not with hf://ann/weights@v1: "
        "ann/weights@v1 is not in the cache, and the Hub is out of order (503)."
    )
    expect(page.find(".banner")).to_have_text(f"{notice} The Model tab tries again.")
    embedded = load_weights("embedded", "ultrasound").revision
    expect(page.find(".findings footer")).to_contain_text(embedded)
    page.page.get_by_role("tab", name="Model").click()
    expect(page.model(".notice p")).to_have_text(notice)
    expect(page.model(".facts")).to_contain_text("embedded in the app")
    page.model(".notice").get_by_role("button", name="Try hf://ann/weights@v1 again").click()
    expect(page.model(".facts h2")).to_have_text("weights-1", timeout=60_000)
    expect(page.model(".notice")).not_to_be_visible()
    page.page.get_by_role("tab", name="Scan").click()
    expect(page.find(".banner")).not_to_be_visible()
    expect(page.find(".findings .other")).to_contain_text(revision(folders[0]))

    good = files(folders[0])
    config = json.loads(good["config.json"])
    schema = json.dumps(config | {"size": "large"}).encode()
    shapes = json.dumps(config | {"architecture": "unet"}).encode()
    hub.add_files("ann/schema", good | {"config.json": schema})
    hub.add_files("ann/shapes", good | {"config.json": shapes})
    hub.add_files("ann/pickled", {"config.json": b"{}", "model.pt": pickle.dumps({})})
    hub.add_files("ann/renamed", good | {"model.safetensors": pickle.dumps({})})
    hub.add_files("ann/zeros", good, sizes={"model.safetensors": 2_000_000_000})
    page.page.get_by_role("tab", name="Model").click()
    for name, sentence in (
        ("schema", "config.json of hf://ann/schema is not valid: size"),
        ("shapes", "The weights have no tensor"),
        ("pickled", "pickles such as its model.pt are never read"),
        ("renamed", "model.safetensors of hf://ann/renamed cannot be read"),
        ("zeros", "model.safetensors alone is 2,000 MB"),
        ("weights@v9", "ann/weights has no revision v9; it has v1, v2, main."),
    ):
        page.model(".named input").fill(f"hf://ann/{name}")
        page.model(".named input").press("Enter")
        expect(page.model(".said.error")).to_contain_text(sentence, timeout=30_000)
        expect(page.model(".said.error")).to_contain_text("Nothing has changed.")
    expect(page.model(".facts")).to_contain_text("hf://ann/weights@v1")
    expect(page.model(".names li")).to_have_count(2)
    page.page.get_by_role("tab", name="Scan").click()
    page.give(("next.png", png(LESION.scan.pixels)))
    expect(page.title()).to_have_text("next.png")
    expect(page.find(".findings footer")).to_contain_text(revision(folders[0]))
    expect(page.find(".banner")).not_to_be_visible()

    made = hub.add_files("ann/odd", good)
    hub.repository("ann/odd").tags["v1.0"] = made.oid
    hub.add_files("ann/weights", {"more.txt": b"after v2"})
    page.page.get_by_role("tab", name="Model").click()
    page.model(".named input").fill("hf://ann/odd@v1.0")
    page.model(".named input").press("Enter")
    expect(page.model(".revisions p")).to_have_text("It has no tags v1, v2 …", timeout=60_000)
    page.model(".named input").fill("hf://ann/weights@main")
    page.model(".named input").press("Enter")
    expect(page.model(".revisions li")).to_have_count(2, timeout=60_000)
    expect(page.model(".revisions p")).to_have_count(0)
    close(page)


def test_behind_a_networks_login_page_it_starts_and_uses_what_is_in_the_cache(hub, inside):
    """`hub` is asked once, and from then on something else answers in its place."""
    inside("hf://ann/weights@v1")
    hub.fail("GET", "/api/", b"<html>Please log in to this network.</html>", times=99)
    visitor = inside("hf://ann/weights@v1")
    told = visitor.get("/bc/models").json()["models"]["ultrasound"]
    assert (told["weights"], told["notice"]) == ("hf://ann/weights@v1", None)
    problem = visitor.get("/bc/models/ultrasound/revisions").json()["problem"]
    assert problem.startswith(f"What answers at {hub.url} is not the Hugging Face Hub;")
    answer = visitor.put("/bc/models/ultrasound", json={"name": "hf://ann/weights@v2"})
    assert (answer.status_code, answer.json()["error"]) == (
        400,
        f"ann/weights@v2 is not in the cache, and w{problem[1:]}",
    )


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to another process there")
def test_ctrl_c_ends_the_app_while_the_weights_that_it_begins_with_are_on_their_way(
    hub, environment
):
    hub.fail("GET", "/object/", STALLS)
    app = App(environment | {"BCWEB_WEIGHTS_ULTRASOUND": "hf://ann/weights@v1"})
    process = subprocess.Popen(
        [sys.executable, "app.py"], cwd=ROOT, env=app.environment, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    assert hub.stalled.wait(60)
    process.send_signal(signal.SIGINT)
    try:
        assert process.communicate(timeout=60)[1] == "Stopped.\n"
    finally:
        process.kill()


def test_the_app_ends_while_other_weights_are_on_their_way(hub, environment):
    app = App(environment).start()
    hub.fail("GET", "/object/", STALLS)
    visitor = Visitor(app.address)
    with ThreadPoolExecutor(1) as thread:
        name = {"name": "hf://ann/weights@v1"}
        switching = thread.submit(visitor.put, "/bc/models/ultrasound", json=name)
        assert hub.stalled.wait(60)
        try:
            app.stop()
        finally:
            app.kill()
        assert isinstance(switching.exception(), httpx.TransportError)
    assert app.process.returncode == 0, app.heard


def test_tags_are_asked_for_once_a_minute_and_a_hub_that_is_gone_is_said(hub, inside):
    visitor = inside("hf://ann/weights@v1")
    place = "/bc/models/ultrasound/revisions"
    hub.fail("GET", "/refs", 500)
    assert visitor.get(place).json() == {
        "revisions": [],
        "problem": "The Hub is out of order (500).",
    }
    told = [visitor.get(place).json() for _ in range(3)]
    assert [one["tag"] for one in told[0]["revisions"] if one["newer"]] == ["v2"]
    assert told[0] == told[1] == told[2] and len(hub.made("GET", "/refs")) == 2
    scan = visitor.post("/bc/scans", content=png(LESION.scan.pixels)).json()
    assert mask_of(visitor.get(f"/bc/scans/{scan['id']}/mask.png").content).shape == (480, 600)
