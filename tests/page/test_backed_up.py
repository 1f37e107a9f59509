"""A Space that ends in any way, and one that begins with an empty disk: what was called backed up is there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from bcweb.review.store import Store
from tests.hub.server import HubServer
from tests.page import reviewing
from tests.page.provider import Provider
from tests.page.space import Reader, other_disk, space

__all__ = ["other_disk"]  # a fixture

SHAPE = (240, 320)


def mask(seed: int) -> np.ndarray:
    """(240, 320) bool: a lesion with a ragged border, another for each seed."""
    made = np.zeros(SHAPE, bool)
    made[60 : 120 + seed, 80:170] = np.random.default_rng(seed).random((60 + seed, 90)) < 0.7
    return made


def project(home: Path) -> dict[str, int]:
    """A project of ann's; its cases' ids by name."""
    with Store(home) as store:
        made = reviewing.fill(store, home / "scans", 4, owner="ann")
        return {row.case: row.id for row in store.queue("ann", made.id, "listed")}


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider() as provider:
        yield provider


def test_killed_after_backed_up_all_of_it_comes_back_on_an_empty_disk(
    provider, tmp_path, other_disk
):
    ids = project(tmp_path / "home")
    one, two, three, four = ids.values()
    with space(provider, tmp_path / "home", BCWEB_BACKUP=str(other_disk)) as app:
        ann = Reader(app.address)
        saved = [
            ann.decide(one, "corrected", "k1", mask(1), comment="乳 1", difficulty=3, seconds=12.5),
            ann.decide(two, "accept", "k2", label="malignant"),
            ann.decide(three, "truth", "k3"),
            ann.decide(one, "corrected", "k4", mask(2)),
        ]
        undone = ann.post(f"/bc/review/verdicts/{saved[3]['id']}/undo", json={"key": "k5"}).json()
        told = ann.until_backed_up(*(verdict["id"] for verdict in (*saved, undone)))
        assert all(told["verdicts"].values()), "each with the moment"
        before = {case: ann.history(case) for case in ids.values()}
        [was] = ann.session()["projects"]
        app.kill()
    with space(provider, tmp_path / "empty", BCWEB_BACKUP=str(other_disk)) as app:
        ann = Reader(app.address)
        ann.until_brought_back()
        [now] = ann.session()["projects"]
        same = ("id", "name", "sources", "created", "cases", "read")
        assert {name: now[name] for name in same} == {name: was[name] for name in same}
        assert {case: ann.history(case) for case in ids.values()} == before, "pixel by pixel"
        mask_of = np.frombuffer(ann.history(one)[0]["mask"], np.uint8).reshape(SHAPE) > 0
        np.testing.assert_array_equal(mask_of, mask(1))
        case = ann.get(f"/bc/review/cases/{one}").json()
        assert case["verdict"]["id"] == saved[0]["id"], "what stood before the undone one stands"
        assert "not here" in case["problem"]
        assert ann.get(f"/bc/review/cases/{one}/pixels").status_code == 400
        told = ann.backup(saved[0]["id"])
        assert told["verdicts"] == {str(saved[0]["id"]): None}, "it was before this start"
        again = ann.decide(four, "unsure", "k6")
        assert again["id"] == undone["id"] + 1


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with HubServer() as server:
        server.token = server.add_user("ann")
        yield server
    assert server.unknown == []


def verdicts(hub: HubServer) -> int:
    files = hub.repository("ann/backup", "dataset").find("main").files
    return len([name for name in files if name.startswith("verdicts/")])


def test_a_space_with_a_repository_is_terminated_killed_and_begun_again(provider, tmp_path, hub):
    environment = {
        "BCWEB_BACKUP": "hf://ann/backup", "HF_TOKEN": hub.token, "HF_ENDPOINT": hub.url,
        "HF_HOME": str(tmp_path / "hf"), "HF_HUB_DISABLE_TELEMETRY": "1",
    }  # fmt: skip
    one, two, *_ = project(tmp_path / "home").values()
    with space(provider, tmp_path / "home", **environment) as app:
        ann = Reader(app.address)
        ann.until_brought_back()
        first = ann.decide(one, "corrected", "k1", mask(1))
        told = ann.backup(first["id"])
        assert (told["waiting"], told["verdicts"]) == (1, {}), "a commit comes once a minute"
        assert verdicts(hub) == 0
        app.stop()  # SIGTERM, as a Space is stopped
        assert app.process.returncode == 0
    assert verdicts(hub) == 1, "what waited was sent at the end"
    with space(provider, tmp_path / "second", **environment) as app:
        ann = Reader(app.address)
        ann.until_brought_back()
        assert [v["key"] if "key" in v else v["id"] for v in ann.history(one)] == [first["id"]]
        lost = ann.decide(two, "corrected", "k2", mask(2))
        told = ann.backup(first["id"], lost["id"])
        assert told["waiting"] == 1 and set(told["verdicts"]) == {str(first["id"])}
        app.kill()  # before the minute is over
    with space(provider, tmp_path / "third", **environment) as app:
        ann = Reader(app.address)
        ann.until_brought_back()
        [kept] = ann.history(one)
        np.testing.assert_array_equal(
            np.frombuffer(kept["mask"], np.uint8).reshape(SHAPE) > 0, mask(1)
        )
        assert ann.history(two) == [], "the page never called it backed up"
        hub.repository("ann/backup", "dataset").private = False
        ann.decide(two, "unsure", "k3")
        app.stop()
    assert verdicts(hub) == 1, "a public repository gets nothing, not even at the end"
