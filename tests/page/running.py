"""`python app.py` in a process of its own, and visitors who ask it over HTTP."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

ROOT = Path(__file__).parents[2]
NOBODY = "http://127.0.0.1:9"  # a proxy: the discard port, where connecting is refused at once
_OUTER = ("GRADIO", "PROXY", "SPACE", "BCWEB", "HF_", "HUGGING")  # what would change how it starts
_PATIENCE = 300  # seconds for a start, which takes 6 of a processor


class App:
    """`python app.py` on a free port, which it keeps when it is started again.

    heard: gets what it writes to its standard output and error, line by line, all of it in the end.
    more: of its command line.
    """

    def __init__(
        self,
        environment: dict[str, str],
        heard: list[str] | None = None,
        more: tuple[str, ...] = (),
    ):
        kept = {n: v for n, v in os.environ.items() if not any(o in n.upper() for o in _OUTER)}
        self.environment = kept | environment | {"PYTHONUNBUFFERED": "1"}
        self.heard = [] if heard is None else heard
        self.port = free_port()
        self.more = more
        self.address = ""

    def start(self) -> App:
        self.process = subprocess.Popen(
            [sys.executable, "app.py", "--port", str(self.port), *self.more],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        hung = threading.Timer(_PATIENCE, self.process.kill)
        hung.daemon = True
        hung.start()
        for line in self.process.stdout:
            self.heard.append(line)
            if "runs at" in line:
                break
        else:
            self.stop()
            pytest.fail("app.py did not start:\n" + "".join(self.heard))
        hung.cancel()
        # Or its pipe fills up.
        listen = self.heard.extend
        self._listening = threading.Thread(target=listen, args=(self.process.stdout,), daemon=True)
        self._listening.start()
        self.address = line.split("runs at ")[1].split()[0].rstrip("/")
        return self

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(60)
        if hasattr(self, "_listening"):
            self._listening.join(10)

    def kill(self) -> None:
        """As if the machine had lost its power, but for the disk."""
        self.process.kill()
        self.process.wait(60)


@contextmanager
def running(
    environment: dict[str, str], heard: list[str] | None = None, *more: str
) -> Iterator[str]:
    """The address of an `App`, while it runs in this environment."""
    app = App(environment, heard, more)
    try:
        yield app.start().address
    finally:
        app.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


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
