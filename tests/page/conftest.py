"""The real app on a free port, visitors who ask it over HTTP, and a Chromium that opens it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bcweb.review.records import Project
from bcweb.review.store import Store
from tests import browser, weights_folder
from tests.page.reader import Page, close, keep_warm
from tests.page.reviewing import fill
from tests.page.running import Visitor, running

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")


@pytest.fixture(scope="package")
def trap() -> Iterator[socket.socket]:
    """A proxy that answers nobody: where the app would ask another host, it comes here first."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        listening.setblocking(False)
        yield listening


@pytest.fixture(scope="package")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of whatever the app writes, reviews (which are not the person's own) and temporary files."""
    return tmp_path_factory.mktemp("disk")


@pytest.fixture(scope="package")
def address(
    trap: socket.socket, disk: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """`python app.py`, started once; it ends with the tests of this folder.

    Ultrasounds meet the weights that ship, mammograms random ones.
    """
    mammogram = weights_folder.write(tmp_path_factory.mktemp("weights"), modality="mammogram")
    elsewhere = f"http://127.0.0.1:{trap.getsockname()[1]}"
    environment = {f"{kind}_proxy": elsewhere for kind in ("http", "https", "all")}
    environment |= {"BCWEB_HOME": str(disk), "TMPDIR": str(disk)}
    with running(environment | {"BCWEB_WEIGHTS_MAMMOGRAM": str(mammogram)}) as place:
        yield place
    with pytest.raises(BlockingIOError):  # nobody has knocked in all that time
        trap.accept()


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


# --- the page as it opens; tests/page/review has the Review tab ------------------------------------


@pytest.fixture(scope="package")
def context(chromium, address) -> Iterator[sync_api.BrowserContext]:
    """One browser whose cache stays warm: a cookie of its own makes each test a new visitor."""
    # Half the pixels a side: where no graphics card is, an emulated one draws each of them.
    made = chromium.new_context(
        viewport={"width": 1280, "height": 800}, color_scheme="dark", device_scale_factor=0.5
    )
    keep_warm(made, address)
    yield made
    made.close()


@pytest.fixture
def page(context, address) -> Iterator[Page]:
    context.clear_cookies()
    opened = Page(context.new_page(), address).open()
    yield opened
    context.set_offline(False)  # where a test failed while it was
    close(opened)


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """A page of another origin that a real server gives: one made up in the browser may not even ask this machine."""

    class Stranger(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><body>elsewhere")

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Stranger) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://localhost:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def browse(chromium, address) -> Iterator[Callable[..., Page]]:
    """Open the page in a browser of its own."""
    made: list[Page] = []

    def new(**options) -> Page:
        made.append(Page(chromium.new_context(**options).new_page(), address))
        return made[-1].open()

    yield new
    for opened in made:
        close(opened)
        opened.page.context.close()


# --- an app with reviews, one a module --------------------------------------------------------------


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def store(home: Path) -> Iterator[Store]:
    with Store(home) as opened:
        yield opened


@pytest.fixture(scope="module")
def place(home: Path, store: Store) -> Iterator[str]:
    with running({"BCWEB_HOME": str(home)}) as address:
        yield address


@pytest.fixture
def project(store: Store, tmp_path: Path) -> Iterator[Project]:
    """Six cases."""
    made = fill(store, tmp_path / "scans", name=tmp_path.name)
    yield made
    store.delete("local", made.id)
