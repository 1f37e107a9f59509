"""The app as a Space runs it: with a login, a disk that vanishes, and a backup on another one."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
import pytest

from bcweb.page.wire import pack
from tests.page.provider import Provider
from tests.page.running import App, Visitor
from tests.until import until


class Reader(Visitor):
    """A visitor over http who keeps a Space's cookies, as browsers do on the loopback."""

    def __init__(self, address: str, log_in: bool = True):
        super().__init__(address)
        self.event_hooks = {"request": [self._send_secure_cookies]}
        if log_in:
            self.log_in()

    def _send_secure_cookies(self, request: httpx.Request) -> None:
        """httpx keeps to https for them, where a browser trusts the loopback."""
        kept = [f"{cookie.name}={cookie.value}" for cookie in self.cookies.jar]
        request.headers["Cookie"] = "; ".join(kept)

    def log_in(self) -> None:
        answer = self.get("/login/huggingface?_target_url=/", follow_redirects=True)
        assert answer.status_code == 200, answer.text

    def session(self) -> dict:
        answer = self.get("/bc/review/session")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def decide(
        self, case: int, decision: str, key: str, mask: np.ndarray | None = None, **more
    ) -> dict:
        known = self.get(f"/bc/review/cases/{case}").json()
        said = {
            "decision": decision, "key": key, "after": known["latest"],
            "prediction": known["prediction"], **more,
        }  # fmt: skip
        if mask is not None:
            said["beginning"] = "empty"
        sent = json.dumps(said).encode() + b"\n" + (b"" if mask is None else pack(mask))
        answer = self.post(f"/bc/review/cases/{case}/verdicts", content=sent)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def history(self, case: int) -> list[dict]:
        """Each verdict of a case, with the pixels of its mask."""
        told = self.get(f"/bc/review/cases/{case}/verdicts").json()
        for verdict in told:
            if verdict["has_mask"]:
                of = {"of": verdict["id"]}
                verdict["mask"] = self.get(f"/bc/review/cases/{case}/mask", params=of).content
        return told

    def backup(self, *verdicts: int) -> dict:
        answer = self.get("/bc/review/backup", params={"verdicts": ",".join(map(str, verdicts))})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def until_backed_up(self, *verdicts: int) -> dict:
        """Ask until they are: a folder is written each five seconds."""
        expected = set(map(str, verdicts))

        def are_there(told: dict) -> bool:
            assert told["problem"] is None, told
            return set(told["verdicts"]) == expected and told["waiting"] == 0

        return until(lambda: self.backup(*verdicts), are_there)

    def until_brought_back(self) -> None:
        def is_there(told: dict) -> bool:
            assert told["problem"] is None, told
            return told["waiting"] is not None

        until(self.backup, is_there)


@contextmanager
def space(provider: Provider, home: Path, **environment: str) -> Iterator[App]:
    """A Space with this data folder, while it runs."""
    app = App(provider.environment | {"BCWEB_HOME": str(home)} | environment)
    try:
        yield app.start()
    finally:
        app.stop()


@pytest.fixture
def other_disk() -> Iterator[Path]:
    """A folder on another disk than the tests' own, as an attached bucket is."""
    memory = Path("/dev/shm")
    if not memory.is_dir() or memory.stat().st_dev == Path(tempfile.gettempdir()).stat().st_dev:
        pytest.skip("there is no second disk (/dev/shm) to keep a backup on")
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder) / "backup"
