"""What is saved comes back as it was, and nothing else changes."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from bcweb.review.records import NewVerdict
from bcweb.review.store import Conflict, NotSaved, NotThere, ReviewError, Store
from tests.review.small import ME, corrected, mask, new_case, new_prediction, project


def test_a_case_comes_back_as_it_went_in(store):
    new = new_case(
        "乳 (1)", findings="BI-RADS 4", truth_files=(Path("/data/m1.png"), Path("/data/m2.png")),
        depth=16, window=(3.0, 4095.0), spacing=(0.07, 0.08), notes=("First of 31 frames.",),
    )  # fmt: skip
    made, [case_id] = project(store, new)
    case = store.case(ME, case_id)
    for name in ("dataset", "case", "group", "label", "findings", "file", "truth_files", "depth",
                 "window", "spacing", "notes", "digest", "fingerprint", "problem"):  # fmt: skip
        assert getattr(case, name) == getattr(new, name), name
    assert (case.project_id, case.position, case.truth_px) == (made.id, 0, int(new.truth.sum()))
    assert (case.decision, case.verdict_id, case.latest_id) == (None, None, None)
    np.testing.assert_array_equal(store.truth(ME, case_id), new.truth)
    assert store.thumbnail(ME, case_id) == b"RIFF"


def test_a_case_without_truth_picture_or_size(store):
    _, [case_id] = project(
        store, new_case(truth=None, thumbnail=b"", width=0, height=0, problem="It is no scan.")
    )
    assert store.case(ME, case_id).problem == "It is no scan."
    assert not store.case(ME, case_id).has_truth
    assert store.truth(ME, case_id) is None
    with pytest.raises(NotThere):
        store.thumbnail(ME, case_id)
    rejected = store.save(ME, "anna", case_id, NewVerdict("reject", "k", reason="unreadable"))
    assert rejected.mask_file is None
    with pytest.raises(ReviewError, match="no truth"):
        store.save(ME, "anna", case_id, NewVerdict("truth", "l", rejected.id))


def test_a_file_name_that_is_no_text(store):
    file = Path("/data/b\udcffse.png")
    _, [case_id] = project(store, replace(new_case("b\udcffse"), file=file))
    assert store.case(ME, case_id).file == file, "its bytes must open the file again"
    assert store.case(ME, case_id).case == r"b\udcffse"


def test_a_truth_of_another_size_is_refused(store):
    made = store.create(ME, "P")
    with pytest.raises(ReviewError, match="size"):
        store.add_cases(made.id, [new_case(truth=mask(1, (5, 5)))])


def test_known_cases_are_skipped_and_positions_go_on(store):
    made, _ = project(store, new_case("a"), new_case("b"))
    assert store.add_cases(made.id, [new_case("b"), new_case("c"), new_case("c")]) == 1
    assert store.add_cases(made.id, [new_case("a", dataset="stu")]) == 1
    assert store.known_cases(made.id) == {
        ("busi", "a"), ("busi", "b"), ("busi", "c"), ("stu", "a"),
    }  # fmt: skip
    listed = store.queue(ME, made.id, "listed")
    assert [(row.position, row.case) for row in listed] == [(0, "a"), (1, "b"), (2, "c"), (3, "a")]


def test_a_file_that_could_not_be_read_is_read_again_when_it_has_been_mended(store):
    bad = new_case("a", truth=None, thumbnail=b"", width=0, height=0, problem="It is cut off.")
    made, [number] = project(store, bad)
    assert store.known_cases(made.id) == set(), "the import must try it again"
    assert store.add_cases(made.id, [bad]) == 0
    assert store.add_cases(made.id, [new_case("a")]) == 1
    mended = store.case(ME, number)
    assert mended.problem is None and mended.has_truth and mended.width > 0
    assert store.known_cases(made.id) == {("busi", "a")}


def test_a_file_that_has_moved_is_found_where_it_is_now_if_it_is_the_same_picture(store, tmp_path):
    here, there = tmp_path / "a.png", tmp_path / "there" / "a.png"
    here.touch()
    made, [number] = project(store, replace(new_case("a"), file=here))
    moved = replace(new_case("a", label="malignant", truth=mask(7)), file=there)
    assert store.add_cases(made.id, [moved]) == 0
    assert store.case(ME, number).file == here, "it is still there"
    here.unlink()
    assert store.add_cases(made.id, [replace(moved, digest="other")]) == 0
    case = store.case(ME, number)
    assert case.file == here and "another picture" in case.problem
    assert store.known_cases(made.id) == set(), "the import must look again"
    assert store.add_cases(made.id, [moved]) == 0
    case = store.case(ME, number)
    assert (case.file, case.problem, case.label) == (there, None, "benign")
    np.testing.assert_array_equal(store.truth(ME, number), mask(1))
    assert store.known_cases(made.id) == {("busi", "a")}


def test_a_verdict_after_one_that_a_backup_does_not_have_is_saved(store):
    _, [number] = project(store, new_case("a"))
    saved = store.save(ME, "anna", number, NewVerdict("unsure", "k", after=17))
    assert store.case(ME, number).verdict_id == saved.id


def test_what_was_added_stays_when_the_source_breaks_later(store):
    made = store.create(ME, "P")

    def coming():
        for number in range(70):
            yield new_case(str(number))
        raise OSError("the disk was pulled out")

    with pytest.raises(OSError, match="pulled out"):
        store.add_cases(made.id, coming())
    kept = len(store.known_cases(made.id))
    assert kept >= 64, "cases that were added in an earlier transaction are gone"
    assert store.add_cases(made.id, (new_case(str(n)) for n in range(70))) == 70 - kept


def test_a_prediction_comes_back_as_it_went_in(store):
    made, [case_id] = project(store)
    new = new_prediction("r1", 0.25, iou=0.14, hd95_px=3.5, uncertainty=0.6, suspicion=float("nan"))
    kept = store.add_prediction(case_id, new)
    assert store.prediction(ME, case_id) == kept
    assert (kept.dice, kept.iou, kept.hd95_px, kept.uncertainty) == (0.25, 0.14, 3.5, 0.6)
    assert kept.suspicion is None, "what is not a number is none"
    np.testing.assert_array_equal(store.map(kept), new.probability)
    np.testing.assert_array_equal(store.mask(made.id, kept.mask_file), new.mask)


def test_the_first_prediction_of_a_revision_stays(store):
    made, [case_id] = project(store)
    first = store.add_prediction(case_id, new_prediction("r1", 0.2))
    assert store.add_prediction(case_id, new_prediction("r1", 0.9, mask=mask(9))) == first
    second = store.add_prediction(case_id, new_prediction("r2", 0.7))
    assert store.add_prediction(case_id, new_prediction("r1", 0.1)) == first
    assert store.prediction(ME, case_id) == second, "the newest revision's is the one to show"
    assert store.prediction(ME, case_id, "r1") == first
    assert store.prediction(ME, case_id, "r3") is None
    assert store.revisions(ME, made.id) == ["r1", "r2"]
    assert store.predictions(ME, made.id, "r1") == [first]
    assert store.queue(ME, made.id)[0].dice == 0.7


def test_a_prediction_of_another_size_is_refused(store):
    _, [case_id] = project(store)
    with pytest.raises(ReviewError, match="5x4 pixels, the scan 21x13"):
        store.add_prediction(case_id, new_prediction(mask=mask(1, (4, 5))))


def test_cases_that_lack_a_prediction(store):
    made, ids = project(store, new_case("a"), new_case("b"), new_case("c", problem="Broken."))
    store.add_prediction(ids[0], new_prediction("r1"))

    def lacking(revision_of: dict) -> list[str]:
        return [case.case for case in store.without_prediction(made.id, revision_of)]

    assert lacking({"ultrasound": "r1"}) == ["b"]
    assert lacking({"ultrasound": "r2"}) == ["a", "b"]
    assert lacking({"mammogram": "r1"}) == lacking({}) == []


def test_a_project_whose_beginning_was_answered_by_nobody_has_its_folder(
    tmp_path, postgresql, monkeypatch
):
    """The connection broke between the commit and its answer: the project is there."""
    with Store(tmp_path / "home", postgresql.new()) as store:
        real = store._database.writing

        @contextmanager
        def breaks():
            with real() as connection:
                yield connection
            raise NotSaved("the connection is lost", "try again")

        monkeypatch.setattr(store._database, "writing", breaks)
        with pytest.raises(NotSaved):
            store.create(ME, "P")
        monkeypatch.undo()
        [made] = store.projects(ME)
        store.add_cases(made.id, [new_case()])
        [case] = store.queue(ME, made.id, "listed")
        np.testing.assert_array_equal(store.truth(ME, case.id), mask(1))


def test_the_other_cases_of_a_group_are_of_its_project_and_data_set(store):
    hers = [new_case(f"view {n}", group="woman 7") for n in range(12)]
    others = [new_case("alone"), new_case("of none", group=""), new_case("nor this", group="")]
    _, ids = project(store, *hers, *others, new_case("ward", dataset="stu", group="woman 7"))
    project(store, *hers, name="another")
    project(store, *hers, name="another", owner="bert")
    store.save(ME, "anna", ids[1], NewVerdict("truth", "k"))
    beside, count = store.same_group(ME, ids[0])
    assert count == 11 and [one.id for one in beside] == ids[1:9], "in the data set's order"
    assert [one.case for one in beside] == [f"view {n}" for n in range(1, 9)]
    assert [one.decision for one in beside] == ["truth"] + [None] * 7
    assert [one.id for one in store.same_group(ME, ids[3], most=2)[0]] == ids[:2]
    for id in ids[12:]:
        assert store.same_group(ME, id) == ([], 0)


def test_projects_and_how_far_they_are(store):
    made, ids = project(store, new_case("a"), new_case("b"), name=" P ")
    assert (made.name, made.state, made.cases) == ("P", "importing", 0)
    store.add_prediction(ids[0], new_prediction())
    store.save(ME, "anna", ids[1], NewVerdict("unsure", "k"))
    store.set_state(made.id, "failed", "The data set is gone.", ["Two files are no scans."])
    found = store.project(ME, "P")
    assert (found.cases, found.predicted, found.read) == (2, 1, 1)
    assert (found.state, found.problem) == ("failed", "The data set is gone.")
    store.set_state(made.id, "ready")
    found = store.project(ME, made.id)
    assert (found.state, found.problem) == ("ready", None)
    assert found.notes == ("Two files are no scans.",), "notes that nobody named are gone"
    later = store.create(ME, "Q", ["busi:/b\udcffse"], {"ultrasound": "embedded"})
    assert (later.sources, later.weights) == (("busi:/b\udcffse",), {"ultrasound": "embedded"})
    assert store.projects(ME) == [later, found]
    assert abs((later.created - datetime.now(UTC)).total_seconds()) < 600


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 201])
def test_a_project_needs_a_name(sqlite, name):
    with pytest.raises(ReviewError, match="name"):
        sqlite.open().create(ME, name)


def test_the_newest_prediction_of_each_project(store):
    made, [a, b] = project(store, new_case("a"), new_case("b"))
    other, [c] = project(store, new_case("c"), name="Q")
    assert store.newest_predictions(ME) == {made.id: None, other.id: None}
    first = store.add_prediction(a, new_prediction())
    store.add_prediction(b, new_prediction())
    second = store.add_prediction(a, replace(new_prediction(), revision="r2"))
    assert second.id > first.id
    assert store.newest_predictions(ME) == {made.id: second.id, other.id: None}
    store.add_prediction(c, new_prediction())
    store.delete(ME, made.id)
    assert list(store.newest_predictions(ME)) == [other.id]
    assert store.newest_predictions("other") == {}, "another owner's"


def test_a_name_with_what_nobody_sees_is_refused_for_that(sqlite):
    """A joiner of Persian, a line's end."""
    for name in ("نمونه\u200cها", "a\nb"):
        with pytest.raises(ReviewError, match="holds an invisible character"):
            sqlite.open().create(ME, name)


def test_a_name_is_taken_until_its_project_is_deleted(store):
    made, _ = project(store)
    with pytest.raises(ReviewError, match="already"):
        store.create(ME, "P")
    assert store.create("other", "P").id != made.id, "another owner's names are no matter"
    store.delete(ME, made.id)
    assert store.create(ME, "P").cases == 0


def test_each_decision_has_its_mask(store):
    made, [case_id] = project(store)
    shown = store.add_prediction(case_id, new_prediction())
    after = None
    for decision, more, expected in (
        ("accept", {"prediction_id": shown.id}, mask(2)),
        ("truth", {}, mask(1)),
        ("corrected", {"mask": mask(3), "beginning": "threshold", "threshold": 0.3}, mask(3)),
        ("reject", {"reason": "duplicate"}, None),
        ("unsure", {"prediction_id": shown.id}, None),
    ):
        verdict = store.save(
            ME, "anna", case_id,
            NewVerdict(decision, f"key {decision}", after, label="malignant", difficulty=2,
                       comment="Schräg\nund 乳", seconds=4.5, **more),
        )  # fmt: skip
        after = verdict.id
        assert store.history(ME, case_id)[-1] == verdict
        assert store.case(ME, case_id).decision == decision
        assert verdict.revision == ("r1" if "prediction_id" in more else None)
        if expected is None:
            assert (verdict.mask_file, verdict.painted_px) == (None, None)
        else:
            np.testing.assert_array_equal(store.mask(made.id, verdict.mask_file), expected)
            assert verdict.painted_px == expected.sum()
    history = store.history(ME, case_id)
    assert [verdict.after for verdict in history] == [None, *(v.id for v in history[:-1])]
    assert history[2].threshold == 0.3 and history[2].beginning == "threshold"
    assert history[0].comment == "Schräg\nund 乳"


@pytest.mark.parametrize(
    ("verdict", "sentence"),
    [
        (NewVerdict("maybe", "k"), "no decision 'maybe'"),
        (NewVerdict("undo", "k"), "no decision"),
        (NewVerdict("reject", "k"), "needs a reason: not a breast scan"),
        (NewVerdict("reject", "k", reason="boring"), "needs a reason"),
        (NewVerdict("unsure", "k", reason="other"), "Only a reject"),
        (NewVerdict("corrected", "k"), "has a mask"),
        (NewVerdict("unsure", "k", mask=mask(1)), "has a mask"),
        (NewVerdict("corrected", "k", mask=mask(1, (13, 20))), "20x13 pixels, the scan 21x13"),
        (NewVerdict("accept", "k"), "no prediction to accept"),
        (NewVerdict("unsure", "k", prediction_id=99), "not of this case"),
        (NewVerdict("unsure", "k", difficulty=4), "1, 2 or 3"),
        (NewVerdict("unsure", "k", seconds=float("inf")), "0 seconds"),
        (NewVerdict("unsure", "k", threshold=1.5), "between 0 and 1"),
        (NewVerdict("unsure", "k", beginning="scratch"), "cannot begin"),
        (NewVerdict("unsure", " "), "key"),
        (NewVerdict("unsure", "k", comment="x" * 10_001), "10000 letters"),
    ],
)
def test_what_is_no_verdict_is_refused_in_one_sentence(sqlite, verdict, sentence):
    store = sqlite.open()
    _, [case_id] = project(store)
    with pytest.raises(ReviewError, match=sentence):
        store.save(ME, "anna", case_id, verdict)
    assert store.history(ME, case_id) == []


def test_a_verdict_needs_a_reader(store):
    _, [case_id] = project(store)
    assert store.save_draft(ME, " anna ", case_id, mask(1)) == store.draft(ME, " anna", case_id)
    with pytest.raises(ReviewError, match="Who is reading"):
        store.save(ME, " ", case_id, NewVerdict("unsure", "k"))


def test_the_prediction_of_another_case_cannot_be_accepted(store):
    _, [a, b] = project(store, new_case("a"), new_case("b"))
    shown = store.add_prediction(a, new_prediction())
    with pytest.raises(ReviewError, match="not of this case"):
        store.save(ME, "anna", b, NewVerdict("accept", "k", prediction_id=shown.id))


def test_the_same_key_twice_is_the_same_verdict(store):
    _, [a, b] = project(store, new_case("a"), new_case("b"))
    first = store.save(ME, "anna", a, corrected("k", 3))
    assert store.save(ME, "anna", a, corrected("k", 3)) == first
    assert store.save(ME, "anna", a, corrected("k", 4, after=99)) == first
    assert len(store.history(ME, a)) == 1
    assert store.save(ME, "anna", b, corrected("k", 3)).id != first.id, "another case's key"
    assert store.save(ME, "bert", a, corrected("k", 3, first.id)).id != first.id, "another's key"


def test_the_same_key_from_many_threads_at_once(store):
    _, [case_id] = project(store)
    saved, began = [], threading.Barrier(6)

    def save():
        began.wait()
        saved.append(store.save(ME, "anna", case_id, corrected("k", 3)).id)

    threads = [threading.Thread(target=save) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(saved) == 6 and len(set(saved)) == 1
    assert len(store.history(ME, case_id)) == 1


def test_of_many_at_once_after_the_same_verdict_one_is_saved(store):
    _, [case_id] = project(store)
    saved, told, began = [], [], threading.Barrier(6)

    def save(number: int):
        began.wait()
        try:
            saved.append(store.save(ME, f"reader {number}", case_id, corrected("k", number)))
        except Conflict as conflict:
            told.append(conflict.latest)

    threads = [threading.Thread(target=save, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.history(ME, case_id) == saved and len(saved) == 1
    assert told == saved * 5, "who came second is told of the first"


def test_a_verdict_that_came_in_between(store):
    _, [case_id] = project(store)
    first = store.save(ME, "anna", case_id, NewVerdict("unsure", "k"))
    with pytest.raises(Conflict, match="In the meantime anna said 'unsure'") as caught:
        store.save(ME, "bert", case_id, NewVerdict("truth", "l"))
    assert caught.value.latest == first
    assert store.history(ME, case_id) == [first]
    store.save(ME, "bert", case_id, NewVerdict("truth", "l", first.id))
    assert store.case(ME, case_id).decision == "truth"


def test_undo_brings_back_what_stood_before(store):
    _, [case_id] = project(store)
    one = store.save(ME, "anna", case_id, NewVerdict("unsure", "1", label="malignant"))
    two = store.save(ME, "anna", case_id, NewVerdict("truth", "2", one.id))
    undone = store.undo(ME, "bert", two.id, "3")
    assert (undone.decision, undone.undoes, undone.after) == ("undo", two.id, two.id)
    case = store.case(ME, case_id)
    assert (case.decision, case.verdict_id, case.latest_id) == ("unsure", one.id, undone.id)
    [row] = store.queue(ME, case.project_id)
    assert (row.reader, row.read_at, row.label) == ("anna", one.at, "malignant")
    assert store.undo(ME, "bert", two.id, "3") == undone, "the same key is the same undo"
    with pytest.raises(Conflict, match="bert took a verdict back") as caught:
        store.undo(ME, "bert", two.id, "4")
    assert caught.value.latest == undone
    with pytest.raises(ReviewError, match="decided anew"):
        store.undo(ME, "bert", undone.id, "5")
    again = store.undo(ME, "anna", one.id, "6")
    case = store.case(ME, case_id)
    assert (case.decision, case.verdict_id, case.latest_id) == (None, None, again.id)
    [row] = store.queue(ME, case.project_id)
    assert (row.decision, row.reader, row.read_at, row.label) == (None, None, None, "benign")
    assert store.history(ME, case_id) == [one, two, undone, again]


def test_undo_of_the_third_brings_back_the_second(store):
    _, [case_id] = project(store)
    after, saved = None, []
    for key, decision in enumerate(("unsure", "truth", "corrected")):
        drawn = mask(3) if decision == "corrected" else None
        new = NewVerdict(decision, str(key), after, mask=drawn)
        saved.append(store.save(ME, "anna", case_id, new))
        after = saved[-1].id
    for key, stands in (("u2", 1), ("u1", 0)):
        store.undo(ME, "anna", saved[stands + 1].id, key)
        case = store.case(ME, case_id)
        assert (case.verdict_id, case.decision) == (saved[stands].id, saved[stands].decision)


def test_after_an_undo_the_verdict_that_stands_may_be_followed(store):
    """Who saw what stands has missed nothing, whether or not they know of the undone one."""
    _, [case_id] = project(store)
    one = store.save(ME, "anna", case_id, NewVerdict("unsure", "1"))
    two = store.save(ME, "bert", case_id, NewVerdict("truth", "2", one.id))
    undone = store.undo(ME, "bert", two.id, "3")
    with pytest.raises(Conflict):
        store.save(ME, "anna", case_id, NewVerdict("unsure", "4", two.id))
    three = store.save(ME, "anna", case_id, NewVerdict("unsure", "4", one.id))
    assert three.after == undone.id
    store.undo(ME, "anna", three.id, "5")
    store.undo(ME, "anna", one.id, "6")
    assert store.save(ME, "anna", case_id, NewVerdict("truth", "7", None)).decision == "truth"


def test_drafts_are_each_readers_own_and_go_when_they_save(store):
    made, [case_id] = project(store)
    assert store.draft(ME, "anna", case_id) is None
    store.save_draft(ME, "anna", case_id, mask(5), "prediction", 0.4, None, 2)
    kept = store.save_draft(ME, "anna", case_id, mask(6), "prediction", 0.4, None, 3, "r1")
    other = store.save_draft(ME, "bert", case_id, mask(6))
    assert store.draft(ME, "anna", case_id) == kept and (kept.strokes, kept.revision) == (3, "r1")
    np.testing.assert_array_equal(store.mask(made.id, kept.mask_file), mask(6))
    assert len(_files(store, "drafts")) == 2, "the draft before is still there"
    assert store.queue(ME, made.id, reader="anna")[0].has_draft
    store.save(ME, "anna", case_id, corrected("k", 6))
    assert store.draft(ME, "anna", case_id) is None
    assert store.draft(ME, "bert", case_id) == other, "another reader's draft is not ours to drop"
    assert not store.queue(ME, made.id, reader="anna")[0].has_draft
    assert store.queue(ME, made.id)[0].has_draft
    np.testing.assert_array_equal(store.mask(made.id, other.mask_file), mask(6))
    store.drop_draft(ME, "bert", case_id)
    store.drop_draft(ME, "bert", case_id)
    assert not _files(store, "drafts")


def test_a_draft_stays_when_another_verdict_came_in_between(store):
    _, [case_id] = project(store)
    store.save_draft(ME, "anna", case_id, mask(5), "empty", None, None, 1)
    store.save(ME, "bert", case_id, NewVerdict("unsure", "k"))
    with pytest.raises(Conflict):
        store.save(ME, "anna", case_id, corrected("l", 5))
    assert store.draft(ME, "anna", case_id) is not None


def test_a_draft_of_another_size_is_refused(store):
    _, [case_id] = project(store)
    with pytest.raises(ReviewError, match="pixels"):
        store.save_draft(ME, "anna", case_id, mask(5, (21, 13)))
    with pytest.raises(ReviewError, match="cannot begin"):
        store.save_draft(ME, "anna", case_id, mask(5), "scratch")


def test_a_deleted_project_is_gone_but_its_verdicts_stay(place):
    store = place.open()
    made, [case_id] = project(store)
    store.save_draft(ME, "anna", case_id, mask(5))
    verdict = store.save(ME, "bert", case_id, corrected("k", 3))
    store.delete(ME, made.id)
    for ask in (
        lambda: store.project(ME, "P"),
        lambda: store.case(ME, case_id),
        lambda: store.history(ME, case_id),
        lambda: store.save(ME, "anna", case_id, corrected("l", 3, verdict.id)),
        lambda: store.add_cases(made.id, [new_case("b")]),
        lambda: store.add_prediction(case_id, new_prediction()),
        lambda: store.set_state(made.id, "ready"),
        lambda: store.delete(ME, made.id),
    ):
        with pytest.raises(NotThere):
            ask()
    assert not _files(store, "*")
    with store._database.reading() as connection:
        rows = connection.exec_driver_sql("SELECT id, decision FROM verdicts").all()
    assert [tuple(row) for row in rows] == [(verdict.id, "corrected")]


def test_files_of_a_deletion_that_was_cut_short_are_removed_later(place, monkeypatch):
    store = place.open()
    made, _ = project(store)
    monkeypatch.setattr(store._files, "remove_all", lambda folder: None)  # the process died here
    store.delete(ME, made.id)
    assert _files(store, "*")
    assert not _files(place.open(), "*")


def test_all_of_it_is_there_after_reopening(place):
    store = place.open()
    made, [case_id] = project(store)
    draft = store.save_draft(ME, "bert", case_id, mask(5), "last", 0.2, None, 4)
    verdict = store.save(ME, "anna", case_id, corrected("k", 3))
    store.close()
    again = place.open()
    assert again.project(ME, "P").read == 1
    assert again.history(ME, case_id) == [verdict]
    assert again.draft(ME, "bert", case_id) == draft
    np.testing.assert_array_equal(again.mask(made.id, verdict.mask_file), mask(3))


def test_a_snapshot_is_one_moment(place):
    store, other = place.open(), place.open()
    made, [a, b] = project(store, new_case("a"), new_case("b", truth=None))
    shown = store.add_prediction(a, new_prediction("r1"))
    first = store.save(ME, "anna", a, NewVerdict("accept", "1", prediction_id=shown.id))
    with store.snapshot(ME, made.id) as snapshot:
        # A process of its own in all but name: another store with connections of its own.
        other.save(ME, "bert", a, corrected("2", 7, first.id))
        other.save(ME, "bert", b, corrected("3", 8))
        other.add_prediction(b, new_prediction("r1"))
        other.add_cases(made.id, [new_case("c")])
        assert [case.case.case for case in snapshot.cases] == ["a", "b"]
        one, two = snapshot.cases
        assert (one.verdict, one.prediction) == (first, shown)
        assert (two.verdict, two.prediction, snapshot.mask(two)) == (None, None, None)
        np.testing.assert_array_equal(snapshot.mask(one), mask(2))
        np.testing.assert_array_equal(snapshot.predicted(one), mask(2))
        np.testing.assert_array_equal(snapshot.truth(one), mask(1))
        assert snapshot.truth(two) is None
        assert snapshot.project.read == 1
    with store.snapshot(ME, made.id) as snapshot:
        assert [case.case.decision for case in snapshot.cases] == ["corrected", "corrected", None]
        np.testing.assert_array_equal(snapshot.mask(snapshot.cases[1]), mask(8))


def test_a_snapshot_between_the_queries_of_a_snapshot(place, monkeypatch):
    """What is saved while a snapshot is being read is in none of its tables."""
    store, other = place.open(), place.open()
    made, [case_id] = project(store)
    from bcweb.review import find

    def save_first(*arguments):
        other.save(ME, "bert", case_id, corrected("k", 3))
        return standing_verdicts(*arguments)

    standing_verdicts = find.standing_verdicts
    monkeypatch.setattr(find, "standing_verdicts", save_first)
    with store.snapshot(ME, made.id) as snapshot:
        assert snapshot.cases[0].verdict is None
        assert snapshot.cases[0].case.verdict_id is None
    assert len(store.history(ME, case_id)) == 1


def test_twenty_readers_at_once_of_two_programs(place):
    stores = (
        place.open(),
        place.open(),
    )  # their connections know as little of each other as two programs
    made, ids = project(stores[0], *(new_case(str(number)) for number in range(20)))
    began, failed = threading.Barrier(20), []

    def read(number: int):
        store = stores[number % 2]
        began.wait()
        try:
            for nth in range(3):
                store.save_draft(ME, f"reader {number}", ids[number], mask(nth))
                after = store.case(ME, ids[number]).latest_id
                store.save(ME, f"reader {number}", ids[number], corrected(str(nth), nth, after))
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=read, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert [len(stores[0].history(ME, case_id)) for case_id in ids] == [3] * 20
    assert stores[1].counts(ME, made.id)["read"] == 20
    assert not _files(stores[0], "drafts")


def _files(store: Store, folder: str) -> list[Path]:
    return list(store.home.glob(f"projects/*/{folder}/*"))
