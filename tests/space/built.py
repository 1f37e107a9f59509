"""A Space, built and started as Hugging Face does it: its own requirements, its own files, and nothing else."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from huggingface_hub import RepoCard

from Space.deploy import Wanted, dry_run
from Space.tree import ROOT, sdk_version

SPACE, HOST = "ann/bcweb", "ann-bcweb.hf.space"
# What a Space's settings give it, hf_oauth included.
VARIABLES = {
    "SPACE_ID": SPACE,
    "SPACE_HOST": HOST,
    "SYSTEM": "spaces",
    "GRADIO_SERVER_NAME": "0.0.0.0",
    "OAUTH_CLIENT_ID": "0" * 36,
    "OAUTH_CLIENT_SECRET": "1" * 36,
    "OAUTH_SCOPES": "openid profile",
    "OPENID_PROVIDER_URL": "https://huggingface.co",
}
# Runs before anything else in the app's process: whoever wants to speak to another host is written down.
_GUARD = """
import os, socket

def _local(host):
    return host in (None, "", "localhost", "0.0.0.0", "::") or str(host).startswith(("127.", "::1"))

def _guarded(name):
    real = getattr(socket.socket, name)
    def connect(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _local(address[0]):
            _tell(address[0])
        return real(self, address)
    setattr(socket.socket, name, connect)

def _tell(host):
    with open(os.environ["ASKED_OUTSIDE"], "a") as file:
        file.write(f"{host}\\n")
    raise OSError(f"{host} is outside")

def _getaddrinfo(host, *others, **named):
    if not _local(host):
        _tell(host)
    return _real(host, *others, **named)

_real, socket.getaddrinfo = socket.getaddrinfo, _getaddrinfo
_guarded("connect")
_guarded("connect_ex")
"""
# What pip says where it reaches no index, together; whatever else it says is a fault of the requirements.
_NO_VERSION = "(from versions: none)"
_UNREACHED = re.compile(
    "NewConnectionError|ConnectTimeoutError|ReadTimeoutError|ProxyError|Max retries exceeded"
)
_CAP_DAC_OVERRIDE, _PR_CAPBSET_DROP = 1, 24


def build(place: Path) -> Path:
    """The Space's files in place/app, which nobody may write, and its packages; the Python to start it with."""
    app, packages = place / "app", place / "packages"
    dry_run(Wanted(SPACE), app)
    for path in (app, *app.rglob("*")):
        path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
    subprocess.run([_interpreter(), "-m", "venv", "--without-pip", packages], check=True)
    python = packages / ("Scripts" if os.name == "nt" else "bin") / "python"
    # A Space brings the Gradio that its front matter names, what login wants, and a package of its own.
    brought = [f"gradio[oauth]=={sdk_version()}", "spaces"]
    wanted = ["-r", str(app / "requirements.txt"), *brought]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-compile", *wanted],
        capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode and _UNREACHED.search(done.stderr) and _NO_VERSION in done.stderr:
        pytest.skip(f"pip cannot fetch what the Space needs: {done.stderr.strip()[-300:]}")
    assert done.returncode == 0, done.stderr
    return python


def _interpreter() -> str:
    """The Python that the front matter names where this machine has it, else the one that runs the tests."""
    wanted = RepoCard.load(ROOT / "Space" / "README.md").data.python_version
    named = shutil.which(f"python{wanted}")
    works = (
        named and subprocess.run([named, "-m", "venv", "-h"], capture_output=True).returncode == 0
    )
    return named if works else sys.executable


def unlock(app: Path) -> None:
    """So that its folder can be removed."""
    for path in (app, *app.rglob("*")):
        path.chmod(path.stat().st_mode | stat.S_IWUSR)


class Running:
    """port: on this machine. heard: what it said. asked: the other hosts that it wanted to speak to."""

    def __init__(self, port: int, home: Path, log: Path):
        self.port, self.home, self._log = port, home, log
        self.heard: list[str] = []

    @property
    def asked(self) -> list[str]:
        return self._log.read_text().split() if self._log.exists() else []

    def lose_home(self) -> None:
        shutil.rmtree(self.home)


@contextmanager
def started(python: Path, place: Path) -> Iterator[Running]:
    """`python app.py` in the Space's folder, with a Space's variables and no others."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home, guard = place / "home", place / "guard"
    for folder in (home, guard):
        folder.mkdir(exist_ok=True)
    (guard / "sitecustomize.py").write_text(_GUARD)
    running = Running(port, home, place / "asked")
    environment = VARIABLES | {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "GRADIO_SERVER_PORT": str(port),
        "PYTHONPATH": str(guard),
        "PYTHONUNBUFFERED": "1",
        "ASKED_OUTSIDE": str(place / "asked"),
    }
    process = subprocess.Popen(
        [python, "app.py"],
        cwd=place / "app", env=environment, text=True, preexec_fn=_no_more_than_the_owner,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        for line in process.stdout:
            running.heard.append(line)
            if "runs at" in line:
                break
        else:
            pytest.fail("The Space did not start:\n" + "".join(running.heard))
        listen = threading.Thread(target=running.heard.extend, args=(process.stdout,), daemon=True)
        listen.start()
        yield running
    finally:
        process.terminate()
        process.wait(20)


def _no_more_than_the_owner() -> None:
    """For root, too, a file that may not be written may not be written."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, _CAP_DAC_OVERRIDE, 0, 0, 0)
