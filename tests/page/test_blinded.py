"""A reader who is blinded to the others, over HTTP: nothing of what they decided is told."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Iterator
from io import BytesIO
from urllib.parse import quote

import httpx
import numpy as np
import pytest

from bcweb.page.wire import pack
from bcweb.review.records import Project
from bcweb.review.store import Store
from tests.page.reviewing import fill, ids
from tests.page.running import Visitor
from tests.until import until

ANNA = {"X-Reader": "ANNA"}
BEN = {"X-Reader": "BEN", "X-Blinded": "true"}
SECRET = "a word of ANNA's alone"


@pytest.fixture
def project(store: Store, tmp_path) -> Iterator[Project]:
    made = fill(store, tmp_path / "scans", name=tmp_path.name)
    yield made
    store.delete("local", made.id)


@pytest.fixture
def visitor(place: str) -> Iterator[Visitor]:
    made = Visitor(place)
    yield made
    made.close()


@pytest.fixture
def case(visitor: Visitor, store: Store, project: Project) -> int:
    """ANNA has drawn on it."""
    id = ids(store, project)["case 1"]
    assert say(visitor, id, ANNA, label="malignant", comment=SECRET).status_code == 201
    return id


def say(
    visitor: Visitor, id: int, reader: dict, after: int | None = None, **more
) -> httpx.Response:
    """A correction. after: else the latest verdict that the reader was told of."""
    now = visitor.get(f"/bc/review/cases/{id}", headers=reader).json()
    mask = np.zeros((240, 320), bool)
    mask[50:80, 33:97] = True
    told = {
        "decision": "corrected",
        "key": f"{reader['X-Reader']} after {now['latest']}",
        "beginning": "empty",
    }
    told |= {"after": now["latest"] if after is None else after, **more}
    return visitor.post(
        f"/bc/review/cases/{id}/verdicts",
        content=json.dumps(told).encode() + b"\n" + pack(mask),
        headers=reader,
    )


def test_nothing_that_another_decided_is_told(visitor, project, case):
    for place in (
        f"cases/{case}",
        f"cases/{case}/verdicts",
        f"projects/{project.id}",
        f"projects/{project.id}/queue",
        "session",
    ):
        answer = visitor.get(f"/bc/review/{place}", headers=BEN)
        assert answer.status_code == 200, answer.text
        assert SECRET not in answer.text and "ANNA" not in answer.text, place
    told = visitor.get(f"/bc/review/cases/{case}", headers=BEN).json()
    assert (told["decision"], told["verdict"], told["history"]) == (None, None, 0)
    now = visitor.get(f"/bc/review/projects/{project.id}", headers=BEN).json()
    assert (now["read"], now["counts"]["read"], now["counts"]["decisions"]) == (0, 0, {})
    [listed] = [
        one
        for one in visitor.get("/bc/review/session", headers=BEN).json()["projects"]
        if one["id"] == project.id
    ]
    assert listed["read"] == 0
    assert visitor.get(f"/bc/review/projects/{project.id}", headers=ANNA).json()["read"] == 1


def test_the_mask_of_another_is_not_given(visitor, case):
    id = visitor.get(f"/bc/review/cases/{case}", headers=ANNA).json()["verdict"]["id"]
    assert visitor.get(f"/bc/review/cases/{case}/mask?of={id}", headers=ANNA).status_code == 200
    assert visitor.get(f"/bc/review/cases/{case}/mask?of={id}", headers=BEN).status_code == 404


def test_both_verdicts_stay_and_each_is_told_their_own(visitor, store, project, case):
    assert say(visitor, case, BEN, label="benign").status_code == 201
    told = visitor.get(f"/bc/review/cases/{case}", headers=BEN).json()
    assert (told["verdict"]["reader"], told["verdict"]["label"], told["history"]) == (
        "BEN",
        "benign",
        1,
    )
    told = visitor.get(f"/bc/review/cases/{case}", headers=ANNA | {"X-Blinded": "true"}).json()
    assert (told["verdict"]["reader"], told["verdict"]["label"], told["history"]) == (
        "ANNA",
        "malignant",
        1,
    )
    said = store.readings("local", project.id)[case]
    assert {name: verdict.label for name, verdict in said.items()} == {
        "ANNA": "malignant",
        "BEN": "benign",
    }


def test_what_another_decides_meanwhile_is_no_clash(visitor, case):
    before = visitor.get(f"/bc/review/cases/{case}", headers=BEN).json()["latest"]
    assert say(visitor, case, ANNA).status_code == 201
    sighted = say(visitor, case, {"X-Reader": "CARA"}, after=before)
    assert sighted.status_code == 409, "who may know of it is told"
    assert say(visitor, case, BEN, after=before).status_code == 201


def test_a_verdict_that_another_has_followed_cannot_be_taken_back_and_the_answer_tells_no_more(
    visitor, case
):
    mine = say(visitor, case, BEN, label="benign").json()
    assert say(visitor, case, ANNA).status_code == 201
    undo = {"key": "u", "at": mine["at"]}
    answer = visitor.post(f"/bc/review/verdicts/{mine['id']}/undo", json=undo, headers=BEN)
    assert answer.status_code == 409
    assert answer.json()["error"].startswith("Another reader has decided this case since, so that")
    assert "ANNA" not in answer.text and SECRET not in answer.text


def test_what_stands_for_them_is_not_taken_back_under_anothers(visitor, case):
    """BEN takes his second verdict back: his first is what he sees, and ANNA's, in between, is what stands."""
    say(visitor, case, BEN)
    say(visitor, case, ANNA)
    second = say(visitor, case, BEN).json()
    undo = f"/bc/review/verdicts/{second['id']}/undo"
    assert visitor.post(undo, json={"key": "u"}, headers=BEN).status_code == 201
    first = visitor.get(f"/bc/review/cases/{case}", headers=BEN).json()["verdict"]
    undo = f"/bc/review/verdicts/{first['id']}/undo"
    answer = visitor.post(undo, json={"key": "v"}, headers=BEN)
    assert answer.status_code == 409
    assert answer.json()["error"].startswith("Another reader has decided this case since")


def test_sent_again_once_another_has_decided_it_stands_for_them(visitor, case):
    """The answer to the first try was lost."""
    before = visitor.get(f"/bc/review/cases/{case}", headers=BEN).json()["latest"]
    said = {"after": before, "key": "once"}
    assert say(visitor, case, BEN, **said).json()["stands"] is True
    say(visitor, case, ANNA)
    again = say(visitor, case, BEN, **said)
    assert (again.status_code, again.json()["stands"]) == (201, True)


def test_their_own_verdict_of_another_page_is_a_clash_also_under_anothers(visitor, case):
    before = visitor.get(f"/bc/review/cases/{case}", headers=BEN).json()["latest"]
    assert say(visitor, case, BEN, after=before, key="first page").status_code == 201
    assert say(visitor, case, ANNA).status_code == 201
    answer = say(visitor, case, BEN, after=before, key="second page")
    assert answer.status_code == 409
    assert answer.json()["error"] == "In the meantime you said 'corrected' on this case."
    assert answer.json()["latest"]["reader"] == "BEN"


def test_what_their_other_page_took_back_is_told_as_that(visitor, case):
    before = visitor.get(f"/bc/review/cases/{case}", headers=BEN).json()["latest"]
    say(visitor, case, BEN)
    second = say(visitor, case, BEN).json()
    undo = f"/bc/review/verdicts/{second['id']}/undo"
    assert visitor.post(undo, json={"key": "u"}, headers=BEN).status_code == 201
    answer = say(visitor, case, BEN, after=before, key="second page")
    assert answer.status_code == 409
    assert answer.json()["error"] == "In the meantime you took a verdict back on this case."


def test_of_one_name_two_spellings_are_one_reader(visitor, store, project, case):
    for spelled in ("Jos\u00e9", "Jose\u0301"):
        assert say(visitor, case, {"X-Reader": quote(spelled)}, key=spelled).status_code == 201
    assert sorted(store.readings("local", project.id)[case]) == ["ANNA", "Jos\u00e9"]


def test_cases_of_the_group_bear_the_marks_of_this_reader_alone(visitor, store, tmp_path):
    made = fill(store, tmp_path / "scans", number=3, name=tmp_path.name)
    named = ids(store, made)
    with store._database.writing() as connection:
        from bcweb.review.schema import cases

        connection.execute(cases.update().where(cases.c.project_id == made.id).values(group="one"))
    assert say(visitor, named["case 2"], ANNA).status_code == 201
    assert say(visitor, named["case 3"], BEN).status_code == 201
    beside = visitor.get(f"/bc/review/cases/{named['case 1']}", headers=BEN).json()["same_group"]
    assert [one["decision"] for one in beside] == [None, "corrected"]
    store.delete("local", made.id)


def test_an_export_is_of_their_own_verdicts_whoevers_are_asked_for(visitor, project, case):
    def asked(reader: dict) -> httpx.Response:
        exports = f"/bc/review/projects/{project.id}/exports"
        return visitor.post(exports, json={"format": "png", "reader": "ANNA"}, headers=reader)

    nothing = asked(BEN)
    assert nothing.status_code == 400
    assert nothing.json() == {"error": f"You have decided nothing in {project.name} yet."}
    assert say(visitor, case, BEN).status_code == 201
    assert say(visitor, case, {"X-Reader": "CARA"}).status_code == 201
    for reader, whose in ((BEN, "BEN"), (ANNA, "ANNA")):
        place = f"/bc/review/exports/{asked(reader).json()['id']}"
        until(lambda place=place: visitor.get(place).json()["isDone"])
        assert visitor.get(place).json()["problem"] is None
        packed = zipfile.ZipFile(BytesIO(visitor.get(f"{place}/file").content))
        [row] = csv.DictReader(packed.read(f"{project.name}/verdicts.csv").decode().splitlines())
        assert row["reader"] == whose
