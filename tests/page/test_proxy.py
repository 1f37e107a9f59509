"""The page behind a proxy that shows it under another name and a path, and keeps both to itself, as nginx does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import numpy as np
import pytest

from bcweb.page.settings import MB, settings
from bcweb.segmenter import Segmenter
from tests.page.drawn import LESION
from tests.page.files import png, speckle
from tests.page.reader import Page, close
from tests.page.running import ROOT, free_port, running

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect


class _Proxy(BaseHTTPRequestHandler):
    """`location /seg/ { proxy_pass http://upstream/; }`; all else is another's."""

    upstream = ""
    largest = MB  # client_max_body_size where nobody sets it
    protocol_version = "HTTP/1.0"  # a body ends where the connection does

    def log_message(self, *_):
        pass

    def _pass(self):
        if not self.path.startswith("/seg/"):
            self.send_error(404)
            return
        headers = {n: v for n, v in self.headers.items() if n.lower() not in ("host", "connection")}
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if len(content) > self.largest:
            self.send_error(413)
            return
        url = self.upstream + self.path.removeprefix("/seg")
        with (
            httpx.Client(timeout=60, trust_env=False) as client,
            client.stream(self.command, url, headers=headers, content=content) as answer,
        ):
            self.send_response(answer.status_code)
            for name, value in answer.headers.multi_items():
                if name.lower() not in ("connection", "transfer-encoding", "date", "server"):
                    self.send_header(name, value)
            self.end_headers()
            try:
                for part in answer.iter_raw():
                    self.wfile.write(part)
            except OSError:  # the browser has gone away
                pass

    do_GET = do_POST = do_PUT = do_DELETE = _pass


@pytest.fixture(scope="module")
def shown(tmp_path_factory) -> Iterator[str]:
    """Where browsers find the page."""
    port = free_port()
    place = {"GRADIO_ROOT_PATH": "/seg", "BCWEB_HOME": str(tmp_path_factory.mktemp("home"))}
    with running(place, None, "--allow-host", f"127.0.0.1:{port}") as address:
        handler = type("Handler", (_Proxy,), {"upstream": address})
        with ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
            yield f"http://127.0.0.1:{port}/seg/"
            server.shutdown()


@pytest.mark.parametrize("path", ["bc/session", "bc/models", "config", "gradio_api/info"])
def test_everything_is_found_under_the_path(shown, path):
    with httpx.Client(base_url=shown, trust_env=False, timeout=60) as visitor:
        assert visitor.get("").status_code == 200
        assert visitor.get(path).status_code == 200


@pytest.mark.browser
def test_a_scan_is_segmented_one_that_the_proxy_keeps_back_is_too_large_and_every_tab_opens(
    shown, chromium
):
    page = Page(chromium.new_page(), shown)
    asked = page.listen()
    page.open()
    page.give(("scan.png", png(LESION.scan.pixels)))
    expect(page.title()).to_have_text("scan.png")
    page.ready()
    expected = Segmenter.load("embedded", "ultrasound").segment(LESION.scan).mask
    assert np.array_equal(page.saved_mask(), expected)
    page.give(("large.png", png(speckle(1200, 1200))))
    expect(page.find(".failed .state")).to_have_text(
        "This is larger than the proxy in front of the server lets through."
    )
    for name in ("Review", "Evaluate", "Model"):
        page.page.get_by_role("tab", name=name, exact=True).click()
    expect(page.model(".facts h2")).not_to_be_empty()
    assert [url for url in asked if url.startswith("http") and not url.startswith(shown)] == []
    close(page)


def test_the_proxy_of_the_document_lets_the_largest_scan_through():
    largest = settings(allow_hosts=("bcweb.clinic.example",)).upload_bytes // MB
    assert f"client_max_body_size {largest}m;" in (ROOT / "docs" / "space.md").read_text()


def test_the_proxy_of_the_document_writes_no_scan_to_its_disk():
    told = (ROOT / "docs" / "space.md").read_text()
    assert "proxy_request_buffering off;" in told and "proxy_http_version 1.1;" in told
    assert "proxy_max_temp_file_size 0;" in told
