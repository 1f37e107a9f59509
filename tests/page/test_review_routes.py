"""What the routes of the review answer, over HTTP: queue, case, masks, drafts, verdicts, exports."""

from __future__ import annotations

import json
import socket
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from http.client import HTTPResponse
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

import httpx
import numpy as np
import pytest

from bcweb.page.wire import pack
from bcweb.review.records import Project
from bcweb.review.store import Store
from tests import weights_folder
from tests.cases import trees
from tests.page.files import mask_of, png
from tests.page.reviewing import REVISION, fill, prediction_of, scans
from tests.page.reviewing import case_of as new_case
from tests.page.running import Visitor

ANNA, BERTA = {"X-Reader": quote("Anna Ü")}, {"X-Reader": "BERTA"}
SCANS = scans(6)


@pytest.fixture(scope="module")
def untouched(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """For whoever is refused."""
    return fill(store, tmp_path_factory.mktemp("scans"), name="untouched")


@pytest.fixture
def visitor(place: str) -> Iterator[Visitor]:
    made = Visitor(place)
    yield made
    made.close()


def rows(visitor: Visitor, project: Project, **asked) -> list[dict]:
    answer = visitor.get(f"/bc/review/projects/{project.id}/queue", params=asked, headers=ANNA)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    return [dict(zip(told["columns"], row, strict=True)) for row in told["rows"]]


def case_of(visitor: Visitor, id: int, reader: dict = ANNA) -> dict:
    answer = visitor.get(f"/bc/review/cases/{id}", headers=reader)
    assert answer.status_code == 200, answer.text
    return answer.json()


def array(visitor: Visitor, id: int, what: str, reader: dict = ANNA) -> np.ndarray:
    answer = visitor.get(f"/bc/review/cases/{id}/{what}", headers=reader)
    assert answer.status_code == 200, answer.text
    return np.frombuffer(answer.content, np.uint8).reshape(240, 320)


def say(
    visitor: Visitor,
    id: int,
    decision: str,
    mask: np.ndarray | None = None,
    reader: dict = ANNA,
    **more,
) -> httpx.Response:
    now = case_of(visitor, id, reader)
    told = {
        "decision": decision,
        "key": f"{decision}-{now['history']}-{id}",
        "after": now["latest"],
    }
    told |= {"prediction": now["prediction"], "seconds": 4.5} | more
    sent = json.dumps(told).encode() + b"\n" + (b"" if mask is None else pack(mask))
    return visitor.post(f"/bc/review/cases/{id}/verdicts", content=sent, headers=reader)


def drawn(row: int = 50) -> np.ndarray:
    mask = np.zeros((240, 320), bool)
    mask[row : row + 30, 33:97] = True
    return mask


# --- projects


def folder_of(place: Path, number: int = 4) -> str:
    """A data set of small scans."""
    (place / "images").mkdir(parents=True)
    (place / "masks").mkdir()
    for n in range(number):
        (place / "images" / f"{n}.png").write_bytes(png(SCANS[n].scan.pixels[::2, ::2]))
        (place / "masks" / f"{n}.png").write_bytes(png(SCANS[n].truth[::2, ::2]))
    return f"folder:{place}?modality=ultrasound"


def begun(visitor: Visitor, name: str, *data: str) -> httpx.Response:
    return visitor.post("/bc/review/projects", json={"name": name, "data": list(data)})


def ended(visitor: Visitor, id: int) -> dict:
    """The project, once nothing is imported into it any more."""
    for _ in range(5000):
        told = visitor.get(f"/bc/review/projects/{id}").json()
        if told["progress"] is None:
            return told
        assert set(told["progress"]) == {"done", "total", "of", "doing"}
    pytest.fail(f"The import does not end: {told}")


@pytest.mark.parametrize(
    "asked",
    [
        {"name": "", "data": ["folder:/"]}, {"name": "x", "data": []}, {"name": "x"},
        {"name": "x", "data": ["nonsense"]}, {"name": "x", "data": ["zip:/"]}, {"name": 7, "data": ["folder:/"]},
        {"name": "x", "data": ["folder:~nobody-of-this-name/x"]},
        {"name": "x", "data": ["busi:/nowhere"]}, {"name": "x", "data": ["folder:/"], "weights": 7}, {"name": "x" * 300, "data": ["folder:/"]},
    ],
)  # fmt: skip
def test_a_project_that_cannot_be_begun_is_refused_and_leaves_none(visitor, untouched, asked):
    before = visitor.get("/bc/review/session").json()["projects"]
    answer = visitor.post("/bc/review/projects", json=asked)
    assert answer.status_code == 400 and answer.json()["error"].endswith("."), answer.text
    assert visitor.get("/bc/review/session").json()["projects"] == before


def refused(visitor: Visitor, name: str, data: str, says: str, **more: str) -> None:
    """It cannot be begun, for this reason; and nothing is left behind."""
    before = visitor.get("/bc/review/session").json()["projects"]
    asked = {"name": name, "data": [data]} | more
    answer = visitor.post("/bc/review/projects", json=asked)
    assert answer.status_code == 400, f"a project was begun: {answer.text}"
    assert says in answer.json()["error"] and answer.json()["error"].endswith(".")
    assert visitor.get("/bc/review/session").json()["projects"] == before, "a project is left"


def test_a_folder_without_the_data_set_is_refused_and_leaves_the_name_free(visitor, tmp_path):
    data = folder_of(tmp_path / "data")
    place = f"{tmp_path / 'data'} is not BUSI"
    refused(visitor, "mistaken", f"busi:{tmp_path / 'data'}", place)
    (tmp_path / "empty").mkdir()
    refused(visitor, "mistaken", f"stu:{tmp_path / 'empty'}", "holds no stu case")
    answer = begun(visitor, "mistaken", data)
    assert answer.status_code == 201, answer.text
    assert visitor.delete(f"/bc/review/projects/{answer.json()['id']}").status_code == 200


def test_weights_that_cannot_be_had_or_do_not_fit_are_refused_and_leave_no_project(
    visitor, tmp_path
):
    data = folder_of(tmp_path / "data")
    nowhere = str(tmp_path / "nowhere")
    refused(visitor, "mistaken", data, f"There are no weights at {nowhere}", weights=nowhere)
    other = str(weights_folder.write(tmp_path / "other", modality="mammogram"))
    refused(visitor, "mistaken", data, "is not used on ultrasounds", weights=other)


def test_an_import_is_cancelled_goes_on_with_the_weights_that_were_asked_for_and_ends_ready(
    visitor, tmp_path
):
    data = folder_of(tmp_path / "data")
    weights = weights_folder.write(tmp_path / "weights")
    asked = {"name": "begun here", "data": [data], "weights": str(weights)}
    answer = visitor.post("/bc/review/projects", json=asked)
    assert answer.status_code == 201, answer.text
    id = answer.json()["id"]
    assert answer.json()["progress"] is not None
    stopped = visitor.post(f"/bc/review/projects/{id}/cancel").json()
    assert (stopped["state"], stopped["progress"]) == ("cancelled", None)
    assert "cancelled" in stopped["problem"]
    weights.rename(tmp_path / "moved")
    visitor.post(f"/bc/review/projects/{id}/resume")
    told = ended(visitor, id)
    assert told["state"] == "failed", "other weights were used without a word"
    assert f"There are no weights at {weights}" in told["problem"]
    (tmp_path / "moved").rename(weights)
    again = visitor.post(f"/bc/review/projects/{id}/resume").json()
    assert again["progress"] is not None
    told = ended(visitor, id)
    assert (told["state"], told["cases"], told["predicted"]) == ("ready", 4, 4), told
    assert begun(visitor, "begun here", "folder:/").status_code == 400, "the name is taken"
    assert visitor.delete(f"/bc/review/projects/{id}").status_code == 200
    assert visitor.get(f"/bc/review/projects/{id}").status_code == 404


# --- looking


def test_the_session_says_who_reads_and_how_far_the_projects_are(visitor, untouched):
    told = visitor.get("/bc/review/session", headers=ANNA).json()
    assert (told["reader"], told["may"], told["why"]) == ("Anna Ü", True, None)
    mine = next(one for one in told["projects"] if one["id"] == untouched.id)
    assert (mine["cases"], mine["predicted"], mine["read"]) == (6, 6, 0)
    assert mine["state"] == "ready" and mine["progress"] is None
    assert visitor.get("/bc/review/session").json()["reader"] == "reader"


def test_a_project_says_when_other_weights_have_predicted_in_it(visitor, store, project):
    def newest() -> int:
        told = visitor.get("/bc/review/session", headers=ANNA).json()["projects"]
        here = next(one for one in told if one["id"] == project.id)["newest"]
        alone = visitor.get(f"/bc/review/projects/{project.id}", headers=ANNA).json()["newest"]
        assert here == alone
        return here

    before = newest()
    id = rows(visitor, project, order="listed")[0]["id"]
    store.add_prediction(id, replace(prediction_of(SCANS[0].truth, 9), revision="newer"))
    assert newest() > before


def test_the_queue_comes_worst_first_and_filtered(visitor, project):
    dice = [row["dice"] for row in rows(visitor, project)]
    assert dice == sorted(dice) and dice[0] < 0.8
    listed = rows(visitor, project, order="listed")
    assert [row["case"] for row in listed] == [f"case {n}" for n in range(1, 7)]
    normal = rows(visitor, project, order="listed", label="normal")
    assert [row["case"] for row in normal] == ["case 3", "case 6"]
    assert rows(visitor, project, label="") == [], "none is without a label"
    assert [row["case"] for row in rows(visitor, project, text="case 4")] == ["case 4"]
    assert {row["case"] for row in rows(visitor, project, low="0.999")} == {"case 3", "case 6"}
    say(visitor, listed[0]["id"], "unsure")
    assert len(rows(visitor, project, decision="unread")) == 5
    assert rows(visitor, project, decision="unsure")[0]["reader"] == "Anna Ü"
    counts = visitor.get(f"/bc/review/projects/{project.id}").json()["counts"]
    assert (counts["cases"], counts["read"], counts["decisions"]) == (6, 1, {"unsure": 1})


def test_a_case_is_told_with_its_pixels_map_truth_and_thumbnail(visitor, untouched):
    id = rows(visitor, untouched, order="listed")[0]["id"]
    told = case_of(visitor, id)
    assert (told["id"], told["name"], told["width"], told["height"]) == (
        str(id),
        "case 1",
        320,
        240,
    )
    assert (told["how"], told["revision"], told["label"]) == ("unseen", REVISION, "benign")
    assert (told["verdict"], told["draft"], told["history"]) == (None, None, 0)
    assert np.array_equal(array(visitor, id, "pixels"), SCANS[0].scan.pixels)
    assert np.array_equal(array(visitor, id, "truth") == 255, SCANS[0].truth)
    probability = array(visitor, id, f"probability?of={REVISION}")
    assert (probability >= 128).sum() == told["painted_px"]
    other = visitor.get(f"/bc/review/cases/{id}/probability?of=other")
    assert other.status_code == 404
    picture = visitor.get(f"/bc/review/cases/{id}/thumbnail")
    assert picture.headers["content-type"] == "image/webp" and picture.content[8:12] == b"WEBP"


def test_a_case_is_told_with_what_its_file_warns_of(visitor, store, tmp_path):
    """As it was kept before there were cautions: among its notes."""
    caution = "This is a tomosynthesis image, not an ordinary mammogram."
    made = store.create("local", "warned of")
    (tmp_path / "slice.png").write_bytes(png(SCANS[0].scan.pixels))
    notes = {"notes": (caution, "First of 31 frames.")}
    store.add_cases(made.id, [new_case(tmp_path / "slice.png", SCANS[0], "slice", None, **notes)])
    told = case_of(visitor, rows(visitor, made)[0]["id"])
    assert told["cautions"] == [caution]
    assert told["notes"] == [caution, "First of 31 frames."]
    store.delete("local", made.id)


def test_a_case_is_told_with_the_others_of_its_group(visitor, store, tmp_path):
    made = store.create("local", "with groups")
    cases = []
    for n, group in enumerate(["woman 1", "woman 2", "woman 1", "", ""]):
        file = tmp_path / f"{n}.png"
        file.write_bytes(png(SCANS[n].scan.pixels))
        cases.append(replace(new_case(file, SCANS[n], f"view {n}", None), group=group))
    store.add_cases(made.id, cases)
    first, alone, second, none, _ = (row["id"] for row in rows(visitor, made, order="listed"))
    say(visitor, second, "truth")
    told = case_of(visitor, first)
    assert (told["group"], told["same_group_count"]) == ("woman 1", 1)
    assert told["same_group"] == [{"id": second, "name": "view 2", "decision": "truth"}]
    for id, group in ((alone, "woman 2"), (none, "")):
        told = case_of(visitor, id)
        assert (told["group"], told["same_group"], told["same_group_count"]) == (group, [], 0)
    store.delete("local", made.id)


def test_a_case_comes_with_the_prediction_that_was_asked_for_begun_with_accepted_or_newest(
    visitor, store, project
):
    id = rows(visitor, project, order="listed")[0]["id"]
    part = (10, 0, 300, 240)
    newer = replace(prediction_of(SCANS[0].truth, 9), revision="newer", looked_at=part)
    store.add_prediction(id, newer)

    def shown(**asked) -> str:
        told = visitor.get(f"/bc/review/cases/{id}", params=asked).json()
        assert told["revisions"] == ["newer", REVISION]
        assert told["looked_at"] == (list(part) if told["revision"] == "newer" else None)
        return told["revision"]

    assert (shown(), shown(rather=REVISION), shown(rather="gone")) == ("newer", REVISION, "newer")
    accepted = store.prediction("local", id, REVISION).id
    say(visitor, id, "accept", prediction=accepted)
    assert (shown(), shown(rather="newer"), shown(of="newer")) == (REVISION, REVISION, "newer")
    assert shown(of="gone") == REVISION, "what there is not is not asked for"
    path, mask = f"/bc/review/cases/{id}/draft", pack(SCANS[0].truth)
    asked = {"beginning": "prediction", "revision": "newer", "strokes": 1}
    assert visitor.put(path, params=asked, content=mask).json()["revision"] == "newer"
    assert (shown(), shown(rather=REVISION), shown(of=REVISION)) == ("newer", "newer", REVISION)
    other = rows(visitor, project, order="listed")[1]["id"]
    told = visitor.get(f"/bc/review/cases/{other}", params={"rather": ["gone", REVISION]}).json()
    assert told["revision"] == REVISION, "of several choices one is of this case's modality"


def test_a_file_that_has_moved_or_changed_is_a_sentence(visitor, project, tmp_path):
    first, second = (row["id"] for row in rows(visitor, project, order="listed")[:2])
    (tmp_path / "scans" / "1.png").rename(tmp_path / "elsewhere.png")
    answer = visitor.get(f"/bc/review/cases/{first}/pixels")
    assert answer.status_code == 400 and "1.png is not there any more" in answer.json()["error"]
    assert visitor.get(f"/bc/review/cases/{second}/pixels").status_code == 200
    (tmp_path / "scans" / "3.png").replace(tmp_path / "scans" / "2.png")
    answer = visitor.get(f"/bc/review/cases/{second}/pixels")
    assert answer.status_code == 400
    assert "2.png holds another picture now" in answer.json()["error"]
    (tmp_path / "elsewhere.png").rename(tmp_path / "scans" / "1.png")
    assert visitor.get(f"/bc/review/cases/{first}/pixels").status_code == 200


def test_a_file_whose_name_is_no_text_is_told_as_text(visitor, store, project, tmp_path):
    file = trees.no_text(tmp_path / "Müller.png")
    (tmp_path / "scans" / "1.png").rename(file)
    store.add_cases(project.id, [new_case(file, SCANS[0], file.stem, None)])
    id = rows(visitor, project, order="listed")[-1]["id"]
    told = case_of(visitor, id)
    assert (told["name"], told["path"]) == (r"M\udcfcller", str(tmp_path / r"M\udcfcller.png"))
    assert np.array_equal(array(visitor, id, "pixels"), SCANS[0].scan.pixels)
    file.rename(tmp_path / "elsewhere.png")
    answer = visitor.get(f"/bc/review/cases/{id}/pixels")
    assert answer.status_code == 400
    assert r"M\udcfcller.png is not there any more" in answer.json()["error"]


# --- deciding


def test_a_correction_is_kept_to_the_pixel_with_all_that_was_said(visitor, project):
    id = rows(visitor, project)[0]["id"]
    comment = 'a "quoted" line,\nand 中文'
    answer = say(
        visitor, id, "corrected", drawn(), comment=comment, label="malignant", difficulty=3,
        beginning="threshold", threshold=0.35, seconds=12.25,
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
    saved = answer.json()
    assert (saved["reader"], saved["comment"], saved["label"]) == ("Anna Ü", comment, "malignant")
    assert (saved["beginning"], saved["threshold"], saved["seconds"]) == ("threshold", 0.35, 12.25)
    assert saved["revision"] == REVISION and saved["painted_px"] == drawn().sum()
    assert np.array_equal(array(visitor, id, f"mask?of={saved['id']}") == 255, drawn())
    told = case_of(visitor, id)
    assert told["decision"] == "corrected" and told["verdict"]["id"] == saved["id"]
    assert rows(visitor, project, decision="corrected")[0]["label"] == "malignant"


def test_a_long_comment_arrives_in_any_letters_and_in_pieces(visitor, project):
    id = rows(visitor, project)[0]["id"]
    told = {"decision": "truth", "key": "k", "after": None, "comment": "腺" * 2000}
    request = visitor.build_request(
        "POST", f"/bc/review/cases/{id}/verdicts", json=told, headers=ANNA
    )
    head = [f"POST {request.url.path} HTTP/1.1", *(f"{n}: {v}" for n, v in request.headers.items())]
    sent = "\r\n".join([*head, "", ""]).encode() + request.content
    with socket.create_connection((request.url.host, request.url.port), 60) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in (sent[: len(sent) // 2], sent[len(sent) // 2 :]):
            line.sendall(part)
        answer = HTTPResponse(line)
        answer.begin()
        said = answer.read().decode()
    assert answer.status == 201, said
    assert json.loads(said)["comment"] == told["comment"]


def test_the_same_key_twice_is_one_verdict(visitor, project):
    id = rows(visitor, project)[0]["id"]
    told = {"decision": "truth", "key": "k", "after": None}
    place = f"/bc/review/cases/{id}/verdicts"
    first, again = (visitor.post(place, json=told, headers=ANNA) for _ in range(2))
    assert first.json()["id"] == again.json()["id"]
    assert len(visitor.get(place).json()) == 1


def test_a_verdict_that_comes_again_once_it_is_undone_is_said_not_to_stand(visitor, project):
    """The answer to it was lost, and somebody undid it before it was sent again."""
    id = rows(visitor, project)[0]["id"]
    told = {"decision": "truth", "key": "k", "after": None}
    place = f"/bc/review/cases/{id}/verdicts"
    first = visitor.post(place, json=told, headers=ANNA).json()
    assert first["stands"]
    visitor.post(f"/bc/review/verdicts/{first['id']}/undo", json={"key": "u"}, headers=BERTA)
    again = visitor.post(place, json=told, headers=ANNA).json()
    assert (again["id"], again["stands"]) == (first["id"], False)
    assert case_of(visitor, id)["decision"] is None


def test_a_verdict_without_a_label_is_answered_with_the_one_of_the_data_set(visitor, project):
    id = rows(visitor, project, order="listed")[0]["id"]
    labelled = say(visitor, id, "unsure", label="malignant").json()
    assert (labelled["label"], labelled["label_now"]) == ("malignant", "malignant")
    assert say(visitor, id, "truth").json()["label_now"] == "benign"
    assert rows(visitor, project, order="listed")[0]["label"] == "benign"


def test_who_comes_second_is_told_of_the_first_and_may_save_on_top(visitor, project):
    id = rows(visitor, project)[0]["id"]
    first = say(visitor, id, "truth").json()
    late = say(visitor, id, "accept", reader=BERTA, after=None)
    assert late.status_code == 409
    assert late.json()["latest"]["id"] == first["id"]
    assert late.json()["latest"]["reader"] == "Anna Ü" and late.json()["error"].endswith(".")
    on_top = say(visitor, id, "accept", reader=BERTA, after=first["id"], key="on top")
    assert on_top.status_code == 201
    history = visitor.get(f"/bc/review/cases/{id}/verdicts").json()
    assert [one["decision"] for one in history] == ["truth", "accept"]


def test_undo_is_a_verdict_and_what_stood_before_stands_again(visitor, project):
    id = rows(visitor, project)[0]["id"]
    say(visitor, id, "truth")
    second = say(visitor, id, "reject", reason="duplicate").json()
    undone = visitor.post(
        f"/bc/review/verdicts/{second['id']}/undo", json={"key": "u"}, headers=ANNA
    )
    assert undone.status_code == 201 and undone.json()["undoes"] == second["id"]
    told = case_of(visitor, id)
    assert (told["decision"], told["history"]) == ("truth", 3)


def test_an_undo_of_what_had_this_number_in_another_database_is_refused(visitor, project):
    id = rows(visitor, project)[0]["id"]
    place = f"/bc/review/verdicts/{say(visitor, id, 'truth').json()['id']}/undo"
    lost = {"key": "u", "at": "2026-01-31T10:00:00.000+00:00"}
    other = visitor.post(place, json=lost, headers=ANNA)
    assert other.status_code == 404 and other.json()["error"] == (
        "This number is another verdict's now: reload the page."
    )
    told = case_of(visitor, id)
    assert (told["decision"], told["history"]) == ("truth", 1), "somebody's verdict was taken back"
    own = visitor.post(place, json={"key": "u", "at": told["verdict"]["at"]}, headers=ANNA)
    assert own.status_code == 201, own.text


def test_drafts_are_kept_by_reader_and_go_with_the_verdict(visitor, project):
    id = rows(visitor, project)[0]["id"]
    place = f"/bc/review/cases/{id}/draft"
    asked = {"beginning": "truth", "strokes": 3}
    kept = visitor.put(place, content=pack(drawn()), params=asked, headers=ANNA)
    assert kept.status_code == 200, kept.text
    later = visitor.put(place, content=pack(drawn(90)), params=asked | {"strokes": 4}, headers=ANNA)
    told = case_of(visitor, id)["draft"]
    assert told == later.json() and (told["strokes"], told["beginning"]) == (4, "truth")
    assert np.array_equal(array(visitor, id, "mask?of=draft") == 255, drawn(90))
    assert rows(visitor, project)[0]["has_draft"]
    assert case_of(visitor, id, BERTA)["draft"] is None
    assert visitor.get(f"/bc/review/cases/{id}/mask?of=draft", headers=BERTA).status_code == 404
    say(visitor, id, "corrected", drawn(90))
    assert case_of(visitor, id)["draft"] is None
    visitor.put(place, content=pack(drawn()), headers=ANNA)
    assert visitor.delete(place, headers=ANNA).status_code == 200
    assert case_of(visitor, id)["draft"] is None


def test_a_drawing_of_a_case_that_had_this_number_in_another_database_is_refused(visitor, project):
    row = rows(visitor, project)[0]
    place = f"/bc/review/cases/{row['id']}/draft"
    other = visitor.put(place, content=pack(drawn()), params={"case": "case 77"}, headers=ANNA)
    assert other.status_code == 404 and other.json()["error"] == (
        "This number is another case's now, not case 77's: reload the page."
    )
    assert case_of(visitor, row["id"])["draft"] is None
    own = visitor.put(place, content=pack(drawn()), params={"case": row["case"]}, headers=ANNA)
    assert own.status_code == 200, own.text


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"no gzip at all", "damaged"),
        (pack(np.zeros((10, 10), bool)), "320x240"),
        (pack(np.zeros((9000, 9000), bool)), "320x240"),
        (pack(drawn())[:-12], "320x240"),
        (b"", "320x240"),
    ],
)
def test_a_mask_that_is_none_is_refused_in_a_sentence_and_changes_nothing(
    visitor, untouched, body, says
):
    id = rows(visitor, untouched)[0]["id"]
    answer = visitor.put(f"/bc/review/cases/{id}/draft", content=body, headers=ANNA)
    assert answer.status_code == 400 and says in answer.json()["error"], answer.text
    assert case_of(visitor, id)["draft"] is None


@pytest.mark.parametrize(
    "told",
    [
        {"decision": "maybe"}, {"decision": "reject"}, {"decision": "reject", "reason": "ugly"},
        {"decision": "corrected"}, {"decision": "truth", "difficulty": 4}, {"key": ""},
        {"decision": "truth", "seconds": "long"}, {"decision": "truth", "after": 1.5},
        {"decision": "truth", "comment": "x" * 2001}, {"decision": "accept", "prediction": None},
        {"decision": "accept", "prediction": 999_999}, {"beginning": "middle"}, {"decision": 7},
    ],
)  # fmt: skip
def test_a_verdict_that_is_none_is_refused_in_a_sentence(visitor, untouched, told):
    id = rows(visitor, untouched)[0]["id"]
    said = {"decision": "truth", "key": "k"} | told
    answer = visitor.post(f"/bc/review/cases/{id}/verdicts", json=said, headers=ANNA)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"].endswith("."), answer.text
    assert visitor.get(f"/bc/review/cases/{id}/verdicts").json() == []


def test_a_verdict_that_says_more_than_any_does_is_refused_unread(visitor, untouched):
    """A mask may be large; JSON of its size would hold up everybody's requests while it is read."""
    id = rows(visitor, untouched)[0]["id"]
    place = f"/bc/review/cases/{id}/verdicts"
    said = {"decision": "truth", "key": "k", "more": "x" * 100_000}
    answer = visitor.post(place, json=said, headers=ANNA)
    assert answer.status_code == 400 and "more than any does" in answer.json()["error"], answer.text
    vast = visitor.post(place, content=b"x" * 10_000_000, headers=ANNA)
    assert vast.status_code == 413 and vast.json()["error"].startswith("The verdict is larger")
    assert visitor.get(place).json() == []


@pytest.mark.parametrize("sent", [b"", b"{", b"[]", b"nonsense", b"\n{}", b"\xff", pack(drawn())])
def test_a_verdict_that_arrives_in_pieces_is_refused(visitor, untouched, sent):
    id = rows(visitor, untouched)[0]["id"]
    answer = visitor.post(f"/bc/review/cases/{id}/verdicts", content=sent)
    assert answer.status_code == 400 and "nothing was saved" in answer.json()["error"]


@pytest.mark.parametrize(
    "path",
    [
        "projects/999999", "projects/999999/queue", "cases/999999", "cases/999999/pixels",
        "cases/99999999999999999999999", "cases/x", "exports/none", "cases/1/mask?of=x", "nothing",
    ],
)  # fmt: skip
def test_what_does_not_exist_is_said_not_to(visitor, path):
    answer = visitor.get(f"/bc/review/{path}")
    assert answer.status_code == 404 and "error" in answer.json()


@pytest.mark.parametrize("asked", ["order=best", "decision=x", "low=a", "seed=1.5", "high=nan"])
def test_a_queue_that_is_none_is_refused(visitor, untouched, asked):
    answer = visitor.get(f"/bc/review/projects/{untouched.id}/queue?{asked}")
    assert answer.status_code == 400 and answer.json()["error"].endswith(".")


# --- out


def test_an_export_is_downloaded_or_written_and_holds_what_was_drawn(visitor, project, tmp_path):
    first, second = (row["id"] for row in rows(visitor, project, order="listed")[:2])
    say(visitor, first, "corrected", drawn())
    say(visitor, second, "truth")

    def exported(**asked) -> dict:
        answer = visitor.post(f"/bc/review/projects/{project.id}/exports", json=asked)
        assert answer.status_code == 201, answer.text
        told = answer.json()
        while not told["isDone"]:
            told = visitor.get(f"/bc/review/exports/{told['id']}").json()
        assert told["problem"] is None, told
        return told

    told = exported(format="png")
    assert told["lines"][0].startswith("2 of 6 cases with their masks")
    assert not any("/tmp" in line for line in told["lines"])
    answer = visitor.get(f"/bc/review/exports/{told['id']}/file")
    assert quote(f"{project.name} png.zip") in answer.headers["content-disposition"]
    files = zipfile.ZipFile(BytesIO(answer.content))
    [name] = [n for n in files.namelist() if "masks/" in n and n.endswith("case 1.png")]
    assert np.array_equal(mask_of(files.read(name)), drawn())

    exported(format="coco", folder=str(tmp_path / "out"))
    assert list((tmp_path / "out").glob("*.json"))
    assert visitor.get(f"/bc/review/exports/{told['id']}/file").status_code == 404, "it is replaced"
    told = exported(format="png", include=["truth"])
    assert told["lines"][0].startswith("1 of 6 cases with their masks (1 truth)")
    for asked in (
        {"format": "gif"},
        {"format": "png", "include": 7},
        {"format": "png", "include": [[7]]},
    ):
        wrong = visitor.post(f"/bc/review/projects/{project.id}/exports", json=asked)
        assert wrong.status_code == 400, asked


@pytest.mark.parametrize("folder", ["out", "./out", "../out", "~nobody-of-this-name/out"])
def test_a_folder_to_write_to_is_named_from_the_top(visitor, untouched, folder):
    asked = {"format": "png", "folder": folder}
    answer = visitor.post(f"/bc/review/projects/{untouched.id}/exports", json=asked)
    assert answer.status_code == 400, f"it is written below the server's own folder: {answer.text}"
    assert answer.json()["error"].startswith("Name the folder from the top, as /")


def test_answers_are_kept_by_no_cache(visitor, untouched):
    id = rows(visitor, untouched)[0]["id"]
    for path in ("session", f"projects/{untouched.id}/queue", f"cases/{id}", f"cases/{id}/pixels",
                 f"cases/{id}/thumbnail", "cases/0"):  # fmt: skip
        headers = visitor.get(f"/bc/review/{path}").headers
        assert headers["cache-control"] == "private, no-store", path
