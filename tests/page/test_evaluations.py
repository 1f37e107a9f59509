"""/bc/evaluate: the figures as the tab gets them, the files, and who gets none of it."""

from __future__ import annotations

import asyncio
import csv
import io
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, event
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send

from bcweb.page import evaluations
from bcweb.page.backups import Backups
from bcweb.page.guard import Guard
from bcweb.page.imports import Imports
from bcweb.page.routes import routes
from bcweb.page.segmenters import Segmenters
from bcweb.page.settings import settings
from bcweb.page.static import mount
from bcweb.page.store import Store as ScanStore
from bcweb.page.workspace import Workspace
from bcweb.review.records import NewVerdict, Project
from bcweb.review.store import Store
from tests import weights_folder
from tests.page import begun as fake
from tests.review.imported import pictures, run
from tests.review.read_twice import ANNA, BEN, draw, fill_twice, read
from tests.review.scored import (
    BOXED,
    CASES,
    FIRST,
    FOLD,
    NOTHING,
    SECOND,
    Made,
    Mask,
    fill,
    ids_of,
    square,
)

VISITOR = "bc-visitor=" + "a" * 43
REFUSED = Path("/proc/self/mem")  # of which nobody may read the beginning
ASKED = {"revision": FIRST, "against": SECOND}


class _LoggedIn:
    """The session that Gradio keeps of a Hugging Face login, as a header says it."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = dict(scope.get("headers", ())).get(b"x-login")
        info = {"userinfo": {"preferred_username": (name or b"").decode()}, "expires_at": 1e12}
        scope["session"] = {"oauth_info": info} if name else {}
        await self.app(scope, receive, send)


@pytest.fixture
def store(tmp_path, monkeypatch) -> Iterator[Store]:
    monkeypatch.setenv("BCWEB_HOME", str(tmp_path))
    monkeypatch.delenv("BCWEB_DATABASE", raising=False)
    with Store() as opened:
        yield opened


@pytest.fixture
def page(store: Store) -> Iterator[Callable[..., TestClient]]:
    """Ask a page that was started as `host`, logged in as somebody or not."""
    opened: list[TestClient] = []

    def begin(
        host: str | None = None, login: str | None = None, imports: Imports | None = None
    ) -> TestClient:
        told = settings(host, environment={})
        scans = ScanStore(told.visitor_bytes, told.all_bytes, told.idle_seconds)
        backups = Backups(told, Workspace(), imports) if imports else None
        mounted = routes(told, Segmenters(told.weights), scans, mount("v"), backups=backups)
        middleware = [Middleware(_LoggedIn), Middleware(Guard, settings=told)]
        client = TestClient(
            Starlette(routes=[mounted], middleware=middleware), base_url="http://127.0.0.1"
        )
        client.headers["Cookie"] = VISITOR
        if login:
            client.headers["X-Login"] = login
        opened.append(client)
        return client

    yield begin
    for client in opened:
        client.close()


def scores(asking: TestClient, project: Project, **asked: str) -> dict:
    """The answer, once it is there."""
    for _ in range(100):
        answer = asking.get(f"/bc/evaluate/projects/{project.id}/scores", params=asked)
        if answer.status_code != 202:
            assert answer.status_code == 200, answer.text
            return answer.json()
        assert set(answer.json()) == {"done", "total"}
    raise AssertionError("the scores never came")


# --- what is told


def test_projects_and_their_revisions_are_listed(page, store):
    project = fill(store)
    asking = page()
    told = asking.get("/bc/evaluate/projects").json()["projects"]
    assert told == [
        {"id": project.id, "name": "made", "cases": 12, "predicted": 11, "state": "ready"}
    ]
    known = asking.get(f"/bc/evaluate/projects/{project.id}").json()
    assert known["name"] == "made" and known["revisions"] == [
        {"name": SECOND, "modality": "ultrasound", "cases": 11},
        {"name": FIRST, "modality": "ultrasound", "cases": 10},
    ]
    assert (known["may_predict"], known["progress"], known["problem"]) == (True, None, None)
    assert known["state"] == "ready"


@pytest.fixture
def heard() -> Iterator[list[str]]:
    """What is asked of any database."""
    asked: list[str] = []

    def hear(*told: Any) -> None:
        asked.append(told[2])

    event.listen(Engine, "before_cursor_execute", hear)
    yield asked
    event.remove(Engine, "before_cursor_execute", hear)


def test_how_far_an_import_is_is_told_without_reading_any_prediction(page, store, heard):
    """A tab that is open asks for it each second, and of 10,000 cases to read them takes two."""
    place, asking = f"/bc/evaluate/projects/{fill(store).id}", page()
    known = asking.get(place).json()
    assert any("FROM predictions" in said for said in heard), "they are not heard"
    heard.clear()
    told = asking.get(place, params={"revisions": "false"}).json()
    assert told == {name: value for name, value in known.items() if name != "revisions"}
    assert not any("FROM predictions" in said for said in heard), "predictions were read"


def test_a_comparison_reads_each_revisions_predictions_once(page, store, heard):
    project, asking = fill(store), page()
    heard.clear()
    scores(asking, project, **ASKED)
    read = [said for said in heard if "predictions.revision = ?" in said]
    assert len(read) == 3, (
        "the predictions of both revisions and of a fold were read more than once"
    )


def test_the_figures_come_in_words_with_what_they_mean(page, store):
    told = scores(page(), fill(store), **ASKED)
    headline = {cell["key"]: cell for cell in told["headline"]}
    assert headline["dice_mean"]["value"] == "0.583"  # 3.5 / 6, see tests/review/test_evaluation.py
    assert headline["dice_mean"]["over"] == "Over 6 lesion images in 5 groups."
    assert headline["hd95_mean"]["value"] == "3.8"
    assert headline["hd95_mean"]["over"] == "Over 4 images of 6."
    assert headline["painted"]["value"] == "50.0%"
    assert all(told["metrics"][key]["meaning"].endswith(".") for key in headline)
    assert told["about"] == [
        "9 of 12 cases have a score: 6 are unseen, 3 were seen in training, of which 2 are scored out of "
        "fold.",
        f"Left out: 1 without a truth; 1 that cannot be read; 1 not predicted by {FIRST}.",
        "For 1 only the Dice out of fold is known, which the weights carry: the IoU, what was found and which "
        "normals were painted follow from it, but not the HD95, single lesions or presence.",
    ]


def test_a_figure_that_does_not_exist_has_a_dash_and_its_reason(page, store):
    sections = scores(page(), fill(store), revision=FIRST)["sections"]
    lines = {line["name"]: line for section in sections for line in section["lines"]}
    cells = {cell["key"]: cell for cell in lines["normal"]["cells"]}
    assert (cells["dice_mean"]["value"], cells["dice_mean"]["why"]) == (
        "–",
        "There is no lesion image among them.",
    )
    one_group = {cell["key"]: cell for cell in lines["10% and over"]["cells"]}["dice_mean"]
    assert (one_group["value"], one_group["interval"]) == ("0.600", "")
    assert one_group["why"] == (
        "There is no interval: it takes 10 groups or more that are not all alike."
    )
    missed = {cell["key"]: cell for cell in lines["under 1%"]["cells"]}["hd95_mean"]
    assert missed["why"] == "A distance needs a mask and a truth that both hold a lesion."


def test_an_interval_of_cases_that_are_all_alike_says_how_it_was_made(page, store):
    """Drawn again they would show one answer, and an interval without a width."""
    project, asking = fill(store, cases=[*CASES[:3], CASES[4]]), page()
    told = scores(asking, project, revision=FIRST)
    cells = {cell["key"]: cell for cell in told["headline"]}
    found = cells["detected"]
    assert (found["value"], found["interval"]) == ("100.0%", "15.8%–100.0%")
    assert (cells["painted"]["value"], cells["painted"]["interval"]) == ("0.0%", "0.0%–97.5%")
    assert "Clopper and Pearson" in found["why"] and found["why"] == cells["painted"]["why"]
    assert cells["false_alarms"]["value"] == "0.000"
    assert "Garwood" in cells["false_alarms"]["why"]
    assert not cells["dice_mean"]["interval"], "of two groups the bootstrap tells nothing"
    assert "10 groups or more" in cells["dice_mean"]["why"]
    place = f"/bc/evaluate/projects/{project.id}/report.html"
    assert "Clopper and Pearson" in asking.get(place, params={"revision": FIRST}).text


def test_as_many_false_alarms_everywhere_and_a_presence_that_is_never_wrong_are_not_drawn_again(
    page, store
):
    beside = [Made(f"{n}", "malignant", f"{n}", 4, Mask(20, presence=0.9), None) for n in range(3)]
    normal = [Made(f"{n}", "normal", f"{n}", 0, NOTHING, None) for n in range(3, 6)]
    told = scores(page(), fill(store, cases=[*beside, *normal]), revision=FIRST)
    cells = {cell["key"]: cell for cell in told["headline"]}
    alarms, presence = cells["false_alarms"], cells["presence_auc"]
    assert (alarms["value"], alarms["interval"]) == ("1.000", "0.206–2.922")  # Garwood's of 3 in 3
    assert "Garwood" in alarms["why"]
    assert (presence["value"], presence["interval"]) == ("1.000", "0.292–1.000")
    assert "Clopper and Pearson (1934), of a share of as many independent pairs" in presence["why"]


def test_two_revisions_come_with_their_difference_and_the_cases(page, store):
    project = fill(store)
    ids = ids_of(store, project)
    asking = page()
    told = scores(asking, project, **ASKED)["comparison"]
    rows = {row["key"]: row for row in told["rows"]}
    dice = rows["dice_mean"]
    assert (dice["first"], dice["second"], dice["difference"]) == ("0.575", "0.725", "−0.150")
    assert (dice["verdict"], dice["interval"]) == ("", ""), "of three groups"
    assert "10 groups or more" in dice["why"]
    assert rows["detected"]["difference"] == "−25.0 points"
    assert rows["hd95_mean"]["difference"] == "+0.3"
    assert rows["hd95_mean"]["verdict"] == ""
    assert [(pair["id"], pair["difference"]) for pair in told["better"]] == [
        (ids["e"], "+1.000"),
        (ids["a"], "+0.100"),
    ]
    assert [pair["case"] for pair in told["worse"]] == ["f", "d", "b"]
    assert [(pair["first"], pair["second"]) for pair in told["worse"][:2]] == [
        ("painted", "clear"),
        ("0.000", "0.500"),
    ]
    assert told["left_out"] == (
        f"1 without a truth; 1 that cannot be read; 1 not predicted by {FIRST}; "
        f"3 that {FIRST} saw in training"
    )
    assert told["said"].endswith("2 more cases have scores out of fold.")
    more = scores(asking, project, **ASKED, folds="true")["comparison"]
    assert more["said"].startswith(
        "8 cases scored by weights that had not seen them, 2 of them out of fold: 2 better"
    )
    assert [pair["case"] for pair in more["worse"]] == ["f", "d", "fold", "b", "carried"]
    by = {pair["case"]: pair["revision"] for pair in more["worse"]}
    assert (by["d"], by["fold"]) == (FIRST, FOLD), "whose mask the first Dice is of"


def test_two_revisions_come_with_their_difference_by_group_of_cases(page, store):
    told = scores(page(), fill(store), **ASKED)["comparison"]
    assert "one in twenty" in told["many"]
    lines = {
        part["kind"]: [
            (name, row["name"], row["images"], row["difference"]) for name, row in part["lines"]
        ]
        for part in told["parts"]
    }
    assert list(lines) == ["dataset", "label", "size"]
    assert lines["label"] == [
        ("benign", "Dice, mean", "2", "−0.050"),
        ("malignant", "Dice, mean", "2", "−0.250"),
        ("normal", "Normals painted", "2", "0 points"),
    ]


def test_of_cases_on_which_readers_differ_the_first_are_sent_and_how_many_there_are(
    page, store, monkeypatch
):
    monkeypatch.setattr(evaluations, "_MOST_LISTED", 2)
    project = fill(store)
    for reader, label in ((ANNA, "benign"), (BEN, "malignant")):
        for name in "bc":
            read(store, project, reader, name, "unsure", label=label)
        draw(store, project, reader, "d", square(10, int(reader == BEN)))
    [pair] = scores(page(), project, revision=FIRST)["readers"]
    assert (pair["differ"], pair["names"]) == (3, [ANNA, BEN])
    told = [(one["case"], one["dice"], one["words"]) for one in pair["differing"]]
    assert told == [("d", "0.900", ""), ("c", "–", "benign / malignant")], (
        "c is of another data set"
    )


def test_each_reader_comes_beside_the_imported_truth(page, store):
    told = scores(page(), fill_twice(store), revision=FIRST)["against_truth"]
    assert [line["name"] for line in told["lines"]] == [ANNA, BEN, FIRST]
    assert [column["name"] for column in told["columns"]][:2] == ["Dice, mean", "Dice, median"]
    assert scores(page(), fill(store, name="unread"), revision=FIRST)["against_truth"] is None


def test_the_cases_say_of_which_mask_their_dice_is(page, store):
    told = scores(page(), fill(store), revision=FIRST)
    cases = {row[2]: dict(zip(told["columns"], row, strict=True)) for row in told["cases"]}
    assert (cases["carried"]["dice"], cases["carried"]["is_result"]) == (0.6, True)
    assert cases["carried"]["uncertainty"] is None, "that is of the mask, not of this Dice"
    assert (cases["seen"]["dice"], cases["seen"]["is_result"]) == (1, False)
    assert (cases["seen"]["revision"], cases["fold"]["revision"]) == (FIRST, FOLD)
    assert (cases["fold"]["share"], cases["fold"]["size"]) == (0.2, "10% and over")
    assert (cases["e"]["share"], cases["e"]["is_lesion"]) == (None, False)
    assert [cases[name]["dice_told"] for name in "bef"] == ["0.800", "clear", "painted"]


def test_cases_of_which_only_boxes_are_known_are_told_from_those_of_the_figures(page, store):
    told = scores(page(), fill(store, cases=BOXED), revision=FIRST)
    cases = [dict(zip(told["columns"], row, strict=True)) for row in told["cases"]]
    assert {one["case"] for one in cases if one["is_apart"]} == {f"boxed {n}" for n in range(4)}


def test_what_was_decided_meanwhile_is_in_the_next_answer(page, store):
    project, asking = fill(store), page()
    before = scores(asking, project, revision=FIRST, truth="reader")
    case = ids_of(store, project)["b"]
    verdict = NewVerdict("corrected", key="1", mask=square(10, 2), beginning="empty")
    store.save("local", "ann", case, verdict)
    after = scores(asking, project, revision=FIRST, truth="reader")
    assert [told["headline"][0]["value"] for told in (before, after)] == ["0.583", "0.617"]
    assert "mask that a reader left" in " ".join(after["about"])
    imported = scores(asking, project, revision=FIRST, truth="imported")
    assert imported["headline"][0]["value"] == "0.583"


def test_an_answer_that_nobody_came_back_for_is_worked_out_anew(store, monkeypatch):
    project = fill(store)
    told = settings(environment={})
    imports = Imports(Segmenters(told.weights))
    working = evaluations.Evaluations(told, Workspace(), imports)
    asked = evaluations.Asked("local", project.id, FIRST, None, "reader")
    left = working.job(asked)
    assert left.future.result()[0].figures["lesion"]["dice_mean"] == pytest.approx(3.5 / 6)
    assert working.job(asked) is left, "whoever asked gets what was worked out for them"
    verdict = NewVerdict("corrected", key="1", mask=square(10, 2), beginning="empty")
    store.save("local", "ann", ids_of(store, project)["b"], verdict)
    now = time.monotonic()
    monkeypatch.setattr(evaluations.time, "monotonic", lambda: now + 60)
    anew = working.job(asked).future.result()[0]
    assert anew.figures["lesion"]["dice_mean"] == pytest.approx(3.7 / 6)
    monkeypatch.setattr(evaluations.time, "monotonic", lambda: now + 120)
    working.job(evaluations.Asked("local", project.id, SECOND, None, "reader"))
    assert [asked.revision for asked in working._jobs] == [SECOND], "the other is held for nobody"


def test_the_share_that_was_accepted_as_drawn_is_in_the_headline(page, store):
    project, asking = fill(store), page()
    before = scores(asking, project, revision=FIRST)
    assert "accepted" not in {cell["key"] for cell in before["headline"]}
    case = ids_of(store, project)["no truth"]
    looked_at = store.prediction("local", case, FIRST).id
    store.save("local", "ann", case, NewVerdict("accept", key="1", prediction_id=looked_at))
    after = scores(asking, project, revision=FIRST)
    cell = after["headline"][-1]
    assert (cell["key"], cell["value"], cell["interval"]) == ("accepted", "100.0%", "2.5%–100.0%")
    assert after["metrics"]["accepted"]["name"] == "Accepted"
    assert after["about"][1].startswith("Accepted as drawn: 1 of 1, 100.0% (2.5%–100.0%), of the")


# --- files


def test_the_report_and_the_table_are_files_to_keep(page, store):
    project, asking = fill(store, name="Ward 7/8"), page()
    place = f"/bc/evaluate/projects/{project.id}"
    report = asking.get(f"{place}/report.html", params=ASKED)
    assert report.headers["content-disposition"] == (
        "attachment; filename*=UTF-8''Ward%207%2F8-evaluation.html"
    )
    assert "sandbox" in report.headers["content-security-policy"]
    assert "<h1>Evaluation of Ward 7/8</h1>" in report.text
    table = asking.get(f"{place}/cases.csv", params=ASKED)
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert len(rows) == len(CASES)
    assert {row["id"]: row["difference"] for row in rows}["d"] == "-0.5"


# --- other weights


@pytest.mark.parametrize(
    "name", [None, "", " ", 7, "x" * 1001, "/nowhere/at/all", "~nobody-of-this-name/w"]
)
def test_weights_that_are_none_change_nothing(page, store, name):
    project, asking = fill(store), page()
    place = f"/bc/evaluate/projects/{project.id}"
    answer = asking.post(f"{place}/predictions", json={"weights": name})
    assert answer.status_code == 400 and answer.json()["error"].endswith(".")
    assert asking.get(place).json()["problem"] is None
    assert store.project("local", project.id).state == "ready"


@pytest.mark.skipif(not REFUSED.exists(), reason="only Linux has a file that nobody can read")
def test_weights_of_which_a_file_cannot_be_read_change_nothing(page, store, tmp_path):
    """`PermissionError` mostly, which the super-user never meets: another refusal stands for it."""
    folder = weights_folder.write(tmp_path / "weights")
    (folder / "config.json").unlink()
    (folder / "config.json").symlink_to(REFUSED)
    place = f"/bc/evaluate/projects/{fill(store).id}/predictions"
    answer = page().post(place, json={"weights": str(folder)})
    said = f"{folder} cannot be read: Input/output error."
    assert (answer.status_code, answer.json()) == (400, {"error": said})


def test_weights_of_one_modality_predict_that_part_of_a_project_of_two(page, store, tmp_path):
    table = pictures(tmp_path / "set", 2) / "cases.csv"
    table.write_text(table.read_text().replace("benign,ultrasound", "benign,mammogram", 1))
    run(store, "two", f"folder:{table.parent}", weights="embedded")
    project, asking = store.project("local", "two"), page()
    place = f"/bc/evaluate/projects/{project.id}"
    other = weights_folder.write(tmp_path / "other", name="other")
    answer = asking.post(f"{place}/predictions", json={"weights": str(other)})
    assert answer.status_code == 202, answer.text
    told = answer.json()
    while told["progress"]:
        told = asking.get(place).json()
    assert told["problem"] is None
    found = [(one["name"][:6], one["modality"], one["cases"]) for one in told["revisions"]]
    assert ("other-", "ultrasound", 1) in found and len(found) == 3


def test_an_import_that_began_while_weights_were_fetched_is_not_taken_for_theirs(
    page, store, monkeypatch
):
    project = fill(store)
    imports, begun = fake.of_nothing(monkeypatch)

    def fetched(name: str, modalities: set[str]) -> None:
        imports.resume(store, project)

    monkeypatch.setattr(evaluations, "fitting", fetched)
    place = f"/bc/evaluate/projects/{project.id}/predictions"
    answer = page(imports=imports).post(place, json={"weights": "embedded"})
    said = "made is being imported; wait until that is done."
    assert (answer.status_code, answer.json()) == (400, {"error": said})
    assert [one.weights for one in begun] == [None], "the one that had begun goes on alone"


def test_what_an_import_could_not_tell_is_told_until_somebody_else_has_gone_on_with_it(
    page, store, monkeypatch
):
    """By the command, say, once there is room on the disk again."""
    project = fill(store)
    imports, begun = fake.of_nothing(monkeypatch)
    imports.resume(store, project)
    store.set_state(project.id, "importing")
    begun[0].cancel()
    begun[0].untold = "Not saved: the disk is full."
    asking = page(imports=imports)

    def told() -> set[tuple[str, str | None]]:
        places = [f"/bc/{tab}/projects/{project.id}" for tab in ("evaluate", "review")]
        said = [asking.get(place).json() for place in places]
        said += asking.get("/bc/review/session").json()["projects"]
        return {(one["state"], one["problem"]) for one in said}

    assert told() == {("failed", "Not saved: the disk is full.")}
    store.set_state(project.id, "ready")
    assert told() == {("ready", None)}, "the failure of before is told for ever"


@pytest.mark.parametrize(
    ("method", "place", "given"),
    [
        ("POST", "/bc/review/projects", {"name": "away", "data": ["busi:/mnt/away/busi"]}),
        ("POST", "/bc/evaluate/projects/{id}/predictions", {"weights": "/mnt/away/weights"}),
        ("PUT", "/bc/models/ultrasound", {"name": "/mnt/away/weights"}),
    ],
)
def test_a_drive_that_does_not_answer_keeps_nobody_else_waiting(
    page, store, monkeypatch, method, place, given
):
    place, app = place.format(id=fill(store).id), page().app
    looked, somebody_else, in_time = threading.Event(), threading.Event(), []

    def away(look: Callable[[str], bool]) -> Callable[[str], bool]:
        """As a drive whose server is away: it answers once others have been, or much later."""

        def slowly(path: str) -> bool:
            if "/mnt/away" in str(path):
                looked.set()
                in_time.append(somebody_else.wait(10))
            return look(path)

        return slowly

    for name in ("lexists", "isdir"):
        monkeypatch.setattr(os.path, name, away(getattr(os.path, name)))

    async def both() -> tuple[httpx.Response, httpx.Response]:
        transport, headers = httpx.ASGITransport(app), {"Cookie": VISITOR}
        async with httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1", headers=headers
        ) as client:
            asked = asyncio.create_task(client.request(method, place, json=given))
            assert await asyncio.to_thread(looked.wait, 60), "nobody looks for it"
            other = await client.get("/bc/evaluate/projects")
            somebody_else.set()
            return await asked, other

    with ThreadPoolExecutor(1) as pool:  # a browser of earlier tests may have a loop in this thread
        refused, other = pool.submit(asyncio.run, both()).result()
    assert all(in_time), "nobody is answered while the drive is looked at"
    assert (refused.status_code, other.status_code) == (400, 200), refused.text
    assert "/mnt/away" in refused.json()["error"]


# --- who gets none of it


def places(project: int) -> list[str]:
    one = f"/bc/evaluate/projects/{project}"
    return [one, f"{one}/scores", f"{one}/report.html", f"{one}/cases.csv"]


def test_another_owners_project_does_not_exist_on_any_route(page, store):
    theirs, mine = fill(store, "ann", "hers"), fill(store, "bob", "his")
    bob = page("0.0.0.0", "bob")
    told = bob.get("/bc/evaluate/projects").json()["projects"]
    assert [one["name"] for one in told] == ["his"]
    for place in places(theirs.id):
        answer = bob.get(place)
        assert (answer.status_code, answer.json()) == (
            404,
            {"error": "There is no such project."},
        ), place
        assert answer.text == bob.get(place.replace(f"/{theirs.id}", "/999", 1)).text, (
            "an id that is another's answers as one that is nobody's"
        )
    for place in places(mine.id):
        assert bob.get(place).status_code in (200, 202), place
    local = page()
    for place in places(theirs.id):
        assert local.get(place).status_code == 404, place
    for asking in (bob, local):
        begun = asking.post(f"{places(theirs.id)[0]}/predictions", json={"weights": "embedded"})
        assert begun.status_code == 404


def test_nobody_gets_anything_without_a_login_or_from_elsewhere(page, store):
    project = fill(store)
    unknown, asking = page("0.0.0.0"), page()
    for place in ["/bc/evaluate/projects", *places(project.id)]:
        assert unknown.get(place).status_code == 401, place
        assert asking.get(place, headers={"Cookie": ""}).status_code == 401, place
        assert asking.get(place, headers={"Origin": "https://evil.example"}).status_code == 403
        answer = asking.get(place)
        assert answer.status_code in (200, 202), place
        assert answer.headers["cache-control"] == "private, no-store", place


@pytest.mark.parametrize("id", ["9" * 5000, "9" * 19, "-1", "x"])
def test_an_id_that_no_project_can_have_is_nobodys(page, id):
    answer = page().get(f"/bc/evaluate/projects/{id}")
    assert (answer.status_code, answer.json()) == (404, {"error": "There is nothing here."})


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"truth": "mine"}, "The truth is imported or reader."),
        (
            {"revision": "none"},
            f"made has no predictions by none; it has those of {FIRST}, {SECOND}.",
        ),
        ({"revision": FIRST, "against": FIRST}, f"{FIRST} cannot be compared with itself."),
    ],
)
def test_what_cannot_be_evaluated_is_one_sentence(page, store, asked, sentence):
    answer = page().get(f"/bc/evaluate/projects/{fill(store).id}/scores", params=asked)
    assert (answer.status_code, answer.json()["error"]) == (400, sentence)


def test_a_project_without_predictions_says_so(page, store):
    project = fill(store, cases=[replace(CASES[0], first=None, second=None)])
    asking = page()
    assert asking.get(f"/bc/evaluate/projects/{project.id}").json()["revisions"] == []
    answer = asking.get(f"/bc/evaluate/projects/{project.id}/scores")
    assert (answer.status_code, answer.json()["error"]) == (
        400,
        "Nothing of made has been predicted yet: there is nothing to score.",
    )
