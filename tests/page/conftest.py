"""The real app on a free port, visitors who ask it over HTTP, and a Chromium that opens it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from tests import browser, weights_folder

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="package")
def trap() -> Iterator[socket.socket]:
    """A proxy that answers nobody: where the app would ask another host, it comes here first."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        listening.setblocking(False)
        yield listening


@pytest.fixture(scope="package")
def address(trap: socket.socket, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`python app.py`, started once; it ends with the tests of this folder.

    Ultrasounds meet the weights that ship, mammograms random ones.
    """
    mammogram = weights_folder.write(tmp_path_factory.mktemp("weights"), modality="mammogram")
    outer = ("GRADIO", "PROXY", "SPACE", "BCWEB")
    environment = {n: v for n, v in os.environ.items() if not any(o in n.upper() for o in outer)}
    elsewhere = f"http://127.0.0.1:{trap.getsockname()[1]}"
    environment |= {f"{kind}_proxy": elsewhere for kind in ("http", "https", "all")}
    environment["BCWEB_WEIGHTS_MAMMOGRAM"] = str(mammogram)
    environment["no_proxy"] = "localhost,127.0.0.1"
    process = subprocess.Popen(
        [sys.executable, "app.py", "--port", str(free_port())],
        cwd=ROOT,
        env={**environment, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said = []
    for line in process.stdout:
        said.append(line)
        if "runs at" in line:
            break
    else:
        pytest.fail("app.py did not start:\n" + "".join(said))
    threading.Thread(target=process.stdout.read, daemon=True).start()  # or its pipe fills up
    yield line.split("runs at ")[1].split()[0].rstrip("/")
    process.terminate()
    process.wait(10)
    with pytest.raises(BlockingIOError):  # nobody has knocked in all that time
        trap.accept()


class Visitor(httpx.Client):
    """A browser without a screen: it has loaded the page once, and so has its cookie."""

    def __init__(self, address: str):
        super().__init__(base_url=address, timeout=60)
        self.get("/")

    def hand_in(self, file: bytes, name: str, **headers: str) -> httpx.Response:
        named = {"X-File-Name": quote(name), **headers}
        return self.post("/bc/scans", content=file, headers=named)

    def opened(self, file: bytes, name: str = "scan.png", **headers: str) -> dict:
        answer = self.hand_in(file, name, **headers)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def truth(self, id: str, file: bytes, name: str, add: bool = False) -> httpx.Response:
        method = "POST" if add else "PUT"
        headers = {"X-File-Name": quote(name)}
        return self.request(method, f"/bc/scans/{id}/truth", content=file, headers=headers)


@pytest.fixture
def visit(address: str) -> Iterator[Callable[[], Visitor]]:
    """Make visitors; what they opened is removed at the end."""
    made: list[Visitor] = []

    def arrive() -> Visitor:
        made.append(Visitor(address))
        return made[-1]

    yield arrive
    for visitor in made:
        for scan in visitor.get("/bc/scans").json():
            visitor.delete(f"/bc/scans/{scan['id']}")
        visitor.close()


@pytest.fixture
def visitor(visit: Callable[[], Visitor]) -> Visitor:
    return visit()


@pytest.fixture(scope="package")
def chromium() -> Iterator[sync_api.Browser]:
    path = browser.executable()
    if path is None:
        pytest.fail(
            "No Chromium or Chrome is installed: `python -m tests.browser` fetches one.",
            pytrace=False,
        )
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=list(browser.ARGUMENTS))
        yield started
        started.close()
