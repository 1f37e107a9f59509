"""On a Space one logs in to review, and whoever does not can still look at scans."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from bcweb.page import login
from bcweb.page.wire import pack
from bcweb.review.store import Store
from tests.page import reviewing
from tests.page.files import png
from tests.page.provider import Provider
from tests.page.space import Reader, space

MASK = np.zeros((240, 320), bool)
MASK[40:80, 50:90] = True


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider() as provider:
        yield provider


@pytest.fixture(scope="module")
def place(provider, tmp_path_factory) -> Iterator[str]:
    """A Space that belongs to ann, with a project of hers."""
    home = tmp_path_factory.mktemp("space")
    with Store(home) as store:
        reviewing.fill(store, home / "scans", 3, owner="ann")
    with space(provider, home) as app:
        yield app.address


@pytest.fixture(autouse=True)
def as_it_was(provider):
    provider.user, provider.orgs, provider.lasts = "ann", [], 3600


def test_without_a_login_one_looks_at_scans_and_reviews_nothing(place):
    visitor = Reader(place, log_in=False)
    assert visitor.opened(png(MASK.astype(np.uint8) * 200))["state"] == "open"
    answer = visitor.get("/bc/review/session")
    assert answer.status_code == 401
    told = answer.json()
    assert told["error"] == "Log in to review: this page keeps verdicts under a login."
    assert told["login"] is True
    assert visitor.get("/bc/review/backup").status_code == 401


def test_logged_in_one_has_ones_own_projects(place, provider):
    told = Reader(place).session()
    assert (told["reader"], told["owner"], told["may"]) == ("ann", "ann", True)
    assert [project["name"] for project in told["projects"]] == ["Ward 7"]
    provider.user = "bob"
    told = Reader(place).session()
    assert (told["reader"], told["may"], told["projects"]) == ("bob", False, [])
    assert told["why"].endswith(".")


def test_a_login_that_ends_loses_nothing(place, provider):
    reader = Reader(place)
    [project] = reader.session()["projects"]
    rows = reader.get(f"/bc/review/projects/{project['id']}/queue").json()
    case = rows["rows"][0][rows["columns"].index("id")]
    draft = f"/bc/review/cases/{case}/draft"
    query = {"beginning": "empty", "strokes": 3}
    assert reader.put(draft, params=query, content=pack(MASK)).status_code == 200
    provider.lasts = -1
    reader.log_in()
    for answer in (
        reader.put(draft, params=query, content=pack(~MASK)),
        reader.post(f"/bc/review/cases/{case}/verdicts", content=pack(MASK)),
        reader.get("/bc/review/backup"),
    ):
        assert answer.status_code == 401
        assert answer.json() == {
            "error": "Your login has ended. What you drew is kept in this browser: log in again.",
            "login": True,
        }
    provider.lasts = 3600
    reader.log_in()
    kept = reader.get(f"/bc/review/cases/{case}/mask?of=draft").content
    np.testing.assert_array_equal(np.frombuffer(kept, np.uint8).reshape(MASK.shape) > 0, MASK)
    saved = reader.decide(case, "corrected", "after the end", MASK)
    assert saved["reader"] == "ann" and saved["after"] is None


def test_logging_out_ends_it(place):
    reader = Reader(place)
    assert reader.session()["reader"] == "ann"
    assert reader.get("/logout", follow_redirects=True).status_code == 200
    assert reader.get("/bc/review/session").status_code == 401


def test_on_a_space_projects_come_from_the_hub_and_only_whose_space_it_is_begins_them(
    place, provider
):
    reader = Reader(place)
    for data, sentence in (
        (["busi:/etc"], "On a Space a data set comes from the Hub: hf:user/name@revision."),
        (["hf:ann/cases", "folder:/"], "On a Space a data set comes from the Hub"),
    ):
        answer = reader.post("/bc/review/projects", json={"name": "P", "data": data})
        assert answer.status_code == 400 and answer.json()["error"].startswith(sentence)
    given = {"name": "P", "data": ["hf:ann/cases"], "weights": "/root"}
    answer = reader.post("/bc/review/projects", json=given)
    assert answer.status_code == 400 and answer.json()["error"].startswith("On a Space weights are")
    provider.user = "bob"
    answer = Reader(place).post("/bc/review/projects", json={"name": "P", "data": ["hf:ann/cases"]})
    assert answer.status_code == 404, "the Space's token could read what is not bob's"


def test_without_a_backup_a_space_says_that_verdicts_vanish(place):
    told = Reader(place).backup()
    assert told["vanishes"] and not told["configured"]
    assert told["waiting"] is told["last"] is told["problem"] is None


@pytest.mark.parametrize(
    ("user", "orgs", "hosts"),
    [
        ("clinic", [], True),
        ("ann", [("clinic", "write")], True),
        ("ann", [("other", "admin"), ("clinic", "contributor")], True),
        ("ann", [("clinic", "read")], False),
        ("ann", [("clinic", None)], False),
        ("ann", [], False),
    ],
)
def test_whose_space_it_is(user, orgs, hosts):
    told = {
        "preferred_username": user,
        "orgs": [{"preferred_username": name, "roleInOrg": role} for name, role in orgs],
    }
    assert login.is_host(told, {"SPACE_ID": "clinic/bcweb"}) is hosts
    assert not login.is_host(told, {}), "elsewhere a login is nobody's host"


@pytest.mark.parametrize(
    ("environment", "possible"),
    [
        ({"SYSTEM": "spaces", "SPACE_ID": "a/b", "OAUTH_CLIENT_ID": "x"}, True),
        ({"SYSTEM": "spaces", "SPACE_ID": "a/b"}, False),
        ({"SPACE_ID": "a/b", "OAUTH_CLIENT_ID": "x"}, False),
        ({}, False),
    ],
)
def test_where_one_can_log_in(environment, possible):
    assert login.is_possible(environment) is possible


def test_a_space_without_login_starts_and_says_so(tmp_path):
    from tests.page.running import running

    told = {"SYSTEM": "spaces", "SPACE_ID": "ann/bcweb", "BCWEB_HOME": str(tmp_path)}
    with running(told) as address:
        answer = Reader(address, log_in=False).get("/bc/review/session")
        assert answer.status_code == 401 and answer.json()["login"] is False
        assert "Nobody can log in here" in answer.json()["error"]
