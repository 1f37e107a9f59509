"""The Space's files, proven: built with its own requirements, started as a Space, driven in Chromium.

The slowest test of the project, nearly all of it pip: everything that wants the built Space shares one.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from gradio_client import Client, handle_file
from packaging.requirements import Requirement

from Space.deploy import parser
from Space.tree import ROOT, tree
from tests import browser
from tests.page.drawn import OTHER
from tests.page.files import mask_of, png, speckle
from tests.page.reader import Page
from tests.space.built import HOST, Running, build, started, unlock
from tests.space.front import HUB, front
from tests.test_imports import imports, sources

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect


# --- what it is made of


def test_the_tree_is_the_app_and_nothing_else():
    files = tree([])
    beginnings = ("bcweb/", "app.py", "LICENSE", "README.md", "requirements.txt")
    assert all(name.startswith(beginnings) for name in files)
    for name in files:
        assert not re.search(
            r"(^|/)(tests?|train|docs|bench|__pycache__)/|jsconfig|package\.json|/\.", name
        ), name
    for modality in ("ultrasound", "mammogram"):
        for part in ("model.safetensors", "config.json", "README.md", "scores.csv", "seen.csv"):
            assert f"bcweb/pretrained/{modality}/{part}" in files
    assert not any(name.endswith(("__main__.py", "commands.py")) for name in files)


def test_every_script_and_style_of_the_page_is_in_it():
    files = tree([])
    for folder in ("canvas", "page/assets"):
        for file in (ROOT / "bcweb" / folder).rglob("*"):
            if file.suffix in (".js", ".css", ".svg"):
                assert file.relative_to(ROOT).as_posix() in files


def test_whatever_a_module_of_it_imports_of_ours_is_in_it():
    files, ours = tree([]), sources()
    for name in files:
        if not name.endswith(".py"):
            continue
        for module in imports(ROOT / name) & set(ours):
            path = ours[module].relative_to(ROOT).as_posix()
            assert path in files, f"{name} wants {module}"


def test_the_front_matter_is_what_the_app_was_tested_with():
    front = yaml.safe_load(tree(["ann/us"])["README.md"].decode().split("---\n")[1])
    pinned = next(
        Requirement(line.partition("#")[0])
        for line in (ROOT / "requirements.txt").read_text().splitlines()
        if line.startswith("gradio")
    )
    assert (front["sdk"], f"=={front['sdk_version']}") == ("gradio", str(pinned.specifier))
    wanted = re.search(
        r'requires-python = ">=3\.(\d+),<3\.(\d+)"', (ROOT / "pyproject.toml").read_text()
    )
    assert int(wanted[1]) <= int(front["python_version"].removeprefix("3.")) < int(wanted[2])
    assert front["app_file"] == "app.py" and front["license"] == "apache-2.0"
    assert front["hf_oauth"] is True and "hf_oauth_scopes" not in front, "openid profile is enough"
    assert front["models"] == ["ann/us"]
    assert len(front["short_description"]) <= 60, "the Hub takes no more"


def test_the_document_tells_of_every_option_and_setting():
    text = (ROOT / "docs" / "space.md").read_text()
    options = re.findall(r"--[a-z][\w-]+", parser().format_help())
    for option in set(options) - {"--help"}:
        assert f"`{option}" in text, f"{option} is undocumented"
    for name in ("BCWEB_WEIGHTS_ULTRASOUND", "BCWEB_WEIGHTS_MAMMOGRAM", "BCWEB_BACKUP", "HF_TOKEN"):
        assert f"`{name}`" in text and f"`{name}`" in (ROOT / "Space" / "README.md").read_text()


def test_other_weights_and_editors_copies_that_lie_there_do_not_go_public(tmp_path, monkeypatch):
    """They may be a clinic's own; `seen.csv` has the names of its cases."""
    for name in ("app.py", "LICENSE", "Space/README.md", "Space/requirements.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("---\nsdk: gradio\n---\n" if name.endswith(".md") else "")
    names = [
        "pretrained/clinic/seen.csv",
        "pretrained/clinic/model.safetensors",
        "pretrained/card.md",
    ]
    names += ["canvas/node_modules/typescript/tsc.js", "page/.ipynb_checkpoints/cases.csv"]
    names += ["page/.ipynb_checkpoints/launch-checkpoint.py", "canvas/package.json"]
    for name in (*names, "pretrained/ultrasound/seen.csv", "canvas/gl.js"):
        (tmp_path / "bcweb" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "bcweb" / name).touch()
    monkeypatch.setattr("Space.tree.ROOT", tmp_path)
    taken = {name for name in tree([]) if name.startswith("bcweb/")}
    assert taken == {"bcweb/pretrained/ultrasound/seen.csv", "bcweb/canvas/gl.js"}


# --- that it runs


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)
        unlock(Path(folder) / "app")


@pytest.fixture(scope="module")
def python(place) -> Path:
    return build(place)


@pytest.fixture(scope="module")
def space(python, place) -> Iterator[Running]:
    with started(python, place) as running:
        yield running


@pytest.fixture(scope="module")
def context(space, python, place) -> Iterator[sync_api.BrowserContext]:
    """A browser that finds the Space and huggingface.co here, and no other host anywhere."""
    path = browser.executable()
    if path is None:
        pytest.fail("No Chromium or Chrome is installed: `python -m tests.browser` fetches one.")
    with front(python, HOST, space.port, place) as port, sync_api.sync_playwright() as playwright:
        here = ", ".join(f"MAP {name}:443 127.0.0.1:{port}" for name in (HOST, HUB))
        names = f"--host-resolver-rules={here}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
        strict = "--test-third-party-cookie-phaseout"
        arguments = [*browser.ARGUMENTS, names, strict, "--ignore-certificate-errors"]
        started = playwright.chromium.launch(executable_path=path, args=arguments)
        yield started.new_context(viewport={"width": 1280, "height": 800})
        started.close()


@pytest.mark.browser
def test_a_sample_and_an_upload_are_segmented_and_nobody_else_is_asked(context, space):
    page = Page(context.new_page(), f"https://{HOST}/")
    asked = page.listen()
    page.open()
    expect(page.title()).to_have_text("generated-ultrasound-lobed")
    assert page.viewer("v => v.scores.painted_px") > 0
    space.lose_home()  # as a Space's disk does
    page.give(("upload.png", png(OTHER.scan.pixels)))
    expect(page.title()).to_have_text("upload.png")
    page.ready()
    assert page.viewer("v => v.scores.painted_px") > 0
    assert page.saved_mask().shape == OTHER.scan.pixels.shape
    hosts = {urlsplit(url).netloc for url in asked if not url.startswith(("data:", "blob:"))}
    assert hosts == {HOST}
    # Gradio's page would ask huggingface.co whether this Space is awake; its own policy forbids it.
    assert all("api/spaces/by-subdomain" in complaint for complaint in page.complaints)
    expect(page.find(".folder")).to_be_hidden()  # a visitor lists no folders of the server
    page.page.close()


@pytest.mark.browser
def test_in_the_frame_of_hugging_face_it_works_without_third_party_cookies(context):
    tab = context.new_page()
    tab.goto(f"https://{HUB}/spaces/ann/bcweb")
    frame = tab.frame_locator("iframe")
    viewer = frame.locator("bc-viewer")
    expect(viewer).to_have_attribute("data-state", "ready", timeout=30_000)
    frame.locator("#files").set_input_files(
        {"name": "framed.png", "mimeType": "image/png", "buffer": png(speckle(200, 240))}
    )
    expect(frame.locator(".findings h2")).to_have_text("framed.png")
    expect(viewer).to_have_attribute("data-state", "ready", timeout=30_000)
    tab.close()


def test_what_writes_every_format_of_an_export_is_installed_there(python):
    """These packages are imported when an export begins, which nobody would notice before."""
    subprocess.run([python, "-c", "import datasets, highdicom, pycocotools.mask"], check=True)


def test_a_program_has_a_scan_segmented(space, tmp_path):
    (tmp_path / "scan.png").write_bytes(png(OTHER.scan.pixels))
    address = f"http://127.0.0.1:{space.port}"
    client = Client(address, verbose=False, analytics_enabled=False, download_files=tmp_path)
    assert list(client.cookies) == ["__Host-bc-visitor"], "so that its files are its own"
    found = client.predict(scan=handle_file(tmp_path / "scan.png"), api_name="/segment")
    assert mask_of(Path(found["mask"]).read_bytes()).shape == OTHER.scan.pixels.shape
    client.close()


def test_the_server_asked_no_other_host_and_wrote_nothing_beside_itself(space, place):
    assert space.asked == []
    said = "".join(space.heard)
    assert str(place / "app") not in said, "no failure in a module of ours"
    there = {
        f.relative_to(place / "app").as_posix() for f in (place / "app").rglob("*") if f.is_file()
    }
    assert there == set(tree([]))
