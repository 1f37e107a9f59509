"""A page with one `<bc-viewer>` and the few `/bc` routes that it asks, over arrays held in memory.

It stands in for the application wherever only the canvas is looked at: the browser tests and
`bench/threshold_drag.py`. It holds no state but the `Shown` cases that it is given.
"""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np

CANVAS = Path(__file__).resolve().parents[2] / "bcweb" / "canvas"

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>Viewer</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/page.css">
<script type="module" src="/canvas/viewer.js"></script>
<main><h1 hidden>Viewer</h1><bc-viewer base="/bc"></bc-viewer></main>
"""

STYLE = """:root { color-scheme: light dark; }
body { margin: 0; padding: 8px; background: #fff; }
@media (prefers-color-scheme: dark) { body { background: #131518; } }
bc-viewer { height: calc(100dvh - 16px); }
"""

# What a server may call what it shows (the viewer's attribute `kind`).
KINDS = ("scans", "cases")

# As strict as a host can be: nothing inline runs, nothing comes from elsewhere.
POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; "
    "style-src 'self'; img-src 'self' data:"
)


@dataclass
class Shown:
    """A case as the server would answer for it. pixels: (H, W) u8 or u16; probability: (H, W) 0..1;
    truth: (H, W) bool; `info`: what differs from the defaults of its description."""

    id: str
    pixels: np.ndarray
    probability: np.ndarray | None = None
    truth: np.ndarray | None = None
    info: dict = field(default_factory=dict)

    def describe(self) -> dict:
        high = 65535 if self.pixels.dtype == np.uint16 else 255
        segmented = self.probability is not None
        return {
            "id": self.id, "name": self.id,
            "width": self.pixels.shape[1], "height": self.pixels.shape[0],
            "depth": self.pixels.dtype.itemsize * 8, "window": [0, high], "spacing": None,
            "modality": "ultrasound", "modality_source": "guess", "notes": [],
            "has_truth": self.truth is not None, "segmented": segmented,
            "presence": 0.9 if segmented else None, "gate": 0.35 if segmented else None,
            "threshold": 0.5 if segmented else None, "min_lesion_px": 1 if segmented else None,
            "lesions": [], "revision": "r1" if segmented else None, "seen": None, "scores": None,
        } | self.info  # fmt: skip

    def array(self, what: str) -> bytes | None:
        """The bytes of `pixels`, `probability` or `truth`; None where there are none."""
        if what == "pixels":
            return self.pixels.astype(self.pixels.dtype.newbyteorder("<")).tobytes()
        if what == "probability" and self.probability is not None:
            return np.rint(self.probability * 255).astype(np.uint8).tobytes()
        if what == "truth" and self.truth is not None:
            return (self.truth * np.uint8(255)).tobytes()
        return None


@contextmanager
def serve(cases: Mapping[str, Shown]) -> Iterator[tuple[str, list[str]]]:
    """Serve until the block ends. Gives the page's address and the list of paths asked for so far."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            asked.append(path)
            parts = path.strip("/").split("/")
            if path == "/":
                self.answer(PAGE.encode(), "text/html; charset=utf-8")
            elif path == "/page.css":
                self.answer(STYLE.encode(), "text/css")
            elif parts[0] == "canvas" and (file := CANVAS.joinpath(*parts[1:])).is_file():
                kind = "text/css" if path.endswith(".css") else "text/javascript"
                self.answer(file.read_bytes(), kind, kept="max-age=3600")
            elif parts[0] == "bc" and parts[1] in KINDS and len(parts) == 4 and parts[2] in cases:
                body = cases[parts[2]].array(parts[3])
                if body is None:
                    self.answer(
                        json.dumps({"error": "Not there."}).encode(), "application/json", 404
                    )
                else:
                    self.answer(gzip.compress(body, 1), "application/octet-stream", zipped=True)
            else:
                self.answer(b"", "text/plain", 404)

        def answer(
            self, body: bytes, kind: str, status: int = 200, zipped: bool = False,
            kept: str = "private, no-store",
        ) -> None:  # fmt: skip
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", kept)
            self.send_header("Content-Security-Policy", POLICY)
            if zipped:
                self.send_header("Content-Encoding", "gzip")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet: a test's own output says what matters."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
