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
_OUTER = ("GRADIO", "PROXY", "SPACE", "BCWEB", "HF_", "HUGGING")  # what would change how it starts


@contextmanager
def running(environment: dict[str, str], heard: list[str] | None = None) -> Iterator[str]:
    """Its address, while it runs on a free port in this environment.

    heard: gets what it writes to its standard output and error, line by line, all of it in the end.
    """
    kept = {n: v for n, v in os.environ.items() if not any(o in n.upper() for o in _OUTER)}
    process = subprocess.Popen(
        [sys.executable, "app.py", "--port", str(_free_port())],
        cwd=ROOT,
        env=kept | environment | {"no_proxy": "localhost,127.0.0.1", "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said = [] if heard is None else heard
    listening = threading.Thread(target=said.extend, args=(process.stdout,), daemon=True)
    try:
        for line in process.stdout:
            said.append(line)
            if "runs at" in line:
                break
        else:
            pytest.fail("app.py did not start:\n" + "".join(said))
        listening.start()  # or its pipe fills up
        yield line.split("runs at ")[1].split()[0].rstrip("/")
    finally:
        process.terminate()
        process.wait(10)
        if listening.ident is not None:
            listening.join(10)


def _free_port() -> int:
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
