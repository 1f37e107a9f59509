"""The server, and the clients of this process and of others told to speak to it and to nobody else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import pytest

from tests.hub.server import HubServer

ROOT = Path(__file__).parents[2]
NOBODY = "http://127.0.0.1:9"  # the discard port: connecting is refused at once


@pytest.fixture
def hub():
    """A running server with the user ann. A request that it does not know fails the test."""
    with HubServer() as server:
        server.token = server.add_user("ann")
        yield server
    assert server.unknown == []


@pytest.fixture
def environment(hub, tmp_path) -> dict[str, str]:
    """For processes: the server as the Hub, a home of their own, everything else behind a dead proxy."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "HUGGING", "AGENT"))}
    return kept | {
        "HF_ENDPOINT": hub.url,
        "HF_HOME": str(tmp_path / "hf"),
        "HF_TOKEN": hub.token,
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HTTP_PROXY": NOBODY,
        "HTTPS_PROXY": NOBODY,
        "NO_PROXY": "127.0.0.1",
        "PYTHONPATH": str(ROOT),
    }


@pytest.fixture
def python(environment, tmp_path):
    """Run `python ARGUMENTS` in the test's folder; `env` changes the environment, None takes away."""

    def run(*arguments: str, env: dict[str, str | None] | None = None, **options):
        merged = {k: v for k, v in (environment | (env or {})).items() if v is not None}
        return subprocess.run(
            [sys.executable, *arguments],
            env=merged, cwd=tmp_path, capture_output=True, text=True, timeout=300, **options,
        )  # fmt: skip

    return run


@pytest.fixture
def client(hub, environment, monkeypatch, tmp_path):
    """huggingface_hub in this process, told the same: it reads the environment once, when imported."""
    from huggingface_hub import constants, hf_api
    from huggingface_hub.utils import _detect_agent

    settings = {
        "ENDPOINT": hub.url,
        "HUGGINGFACE_CO_URL_TEMPLATE": hub.url + "/{repo_id}/resolve/{revision}/{filename}",
        "HF_HOME": environment["HF_HOME"],
        "HF_HUB_CACHE": f"{environment['HF_HOME']}/hub",
        "HF_ASSETS_CACHE": f"{environment['HF_HOME']}/assets",
        "HF_TOKEN_PATH": f"{environment['HF_HOME']}/token",
        "HF_HUB_DISABLE_TELEMETRY": True,
    }
    for name, value in settings.items():
        monkeypatch.setattr(constants, name, value)
    monkeypatch.setattr(hf_api.api, "endpoint", hub.url)
    monkeypatch.setattr(_detect_agent, "_registry", {"standardEnvVars": [], "harnesses": {}})
    for name in ("HF_TOKEN", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"):
        monkeypatch.setenv(name, environment[name])
    return hf_api.HfApi()
