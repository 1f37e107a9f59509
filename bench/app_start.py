"""`python app.py`: time and memory to the first answer, and to the first mask."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from urllib.error import URLError
from urllib.request import urlopen

from bench.rows import Row


def run() -> list[Row]:
    from playwright.sync_api import sync_playwright

    from tests import browser

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "app.py", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "GRADIO_ANALYTICS_ENABLED": "False"},
    )
    try:
        address = f"http://127.0.0.1:{port}/"
        while time.perf_counter() - started < 60:
            try:
                urlopen(address, timeout=5).read()
                break
            except URLError:
                time.sleep(0.05)
        answered = time.perf_counter() - started
        memory = _resident_mb(process.pid)
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(
                executable_path=browser.executable(), args=browser.ARGUMENTS
            )
            page = chromium.new_page()
            opened = time.perf_counter()
            page.goto(address)
            page.wait_for_function("document.querySelector('bc-viewer')?.dataset.state === 'ready'")
            masked = time.perf_counter() - opened
            chromium.close()
        return [
            Row("start to first answer", answered, "s"),
            Row("resident memory then", memory, "MB"),
            Row("browser opens the page to first mask drawn", masked, "s"),
            Row("resident memory then", _resident_mb(process.pid), "MB"),
        ]
    finally:
        process.terminate()
        process.wait(10)


def _resident_mb(pid: int) -> float:
    try:
        status = open(f"/proc/{pid}/status").read()  # noqa: SIM115
    except OSError:
        return float("nan")
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024
