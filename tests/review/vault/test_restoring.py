"""A backup brings everything back onto an empty disk: each verdict with its mask and its case, in its order."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from bcweb.review.__main__ import main
from bcweb.review.importing import prepare
from bcweb.review.records import NewVerdict
from bcweb.review.restoring import in_order
from bcweb.review.standing import as_said
from bcweb.review.store import ReviewError, Store
from bcweb.review.vault_format import FORMAT, KeptCase, KeptVerdict
from tests import weights_folder
from tests.review.decided import OWNER, blob
from tests.review.imported import pictures
from tests.review.kept import all_steps, files_of, holdings, vault
from tests.review.small import ME, corrected, mask, new_case, new_prediction, project

# --- there and back


def test_an_empty_disk_gets_everything_back_pixel_by_pixel(made, place_of_backup, tmp_path):
    all_steps(vault(made.store, place_of_backup))
    with Store(tmp_path / "new") as store:
        all_steps(vault(store, place_of_backup))
        assert holdings(store, OWNER) == holdings(made.store, OWNER)
        [back] = store.projects(OWNER)
        assert back.state == "cancelled" and "import its data set again" in back.problem
        assert back.read == made.store.project(OWNER, made.project.id).read > 10


def test_both_databases_bring_it_back_and_go_on_counting(made, place_of_backup, place):
    all_steps(vault(made.store, place_of_backup))
    store = place.open()
    all_steps(vault(store, place_of_backup))
    assert holdings(store, OWNER) == holdings(made.store, OWNER)
    known = max(v.id for id in made.ids.values() for v in store.history(OWNER, id))
    case = store.case(OWNER, made.ids["unread"])
    verdict = NewVerdict("corrected", "after", case.latest_id, mask=blob(1), beginning="empty")
    assert store.save(OWNER, "ann", case.id, verdict).id == known + 1
    other, [new] = project(store, new_case("x"), name="Another", owner=OWNER)
    assert other.id == made.project.id + 1 and new == max(made.ids.values()) + 1


def test_bringing_back_once_more_changes_nothing(made, place_of_backup, tmp_path):
    all_steps(vault(made.store, place_of_backup))
    with Store(tmp_path / "new") as store:
        for _ in range(2):
            all_steps(vault(store, place_of_backup))
        ledger = store.ledger
        [kept] = ledger.projects()
        cases = ledger.cases(kept.key, 0, 99)
        verdicts = [verdict for _, verdict in made.store.ledger.verdicts(ledger.verdict_files())]
        assert ledger.restore(kept, cases, verdicts) == 0
        assert holdings(store, OWNER) == holdings(made.store, OWNER)


def test_after_coming_back_one_undoes_and_goes_on_as_before(made, place_of_backup, tmp_path):
    all_steps(vault(made.store, place_of_backup))
    with Store(tmp_path / "new") as store:
        all_steps(vault(store, place_of_backup))
        id = made.ids["undone"]
        assert store.case(OWNER, id).decision is None, "what was undone does not stand"
        [first, undo] = store.history(OWNER, id)
        assert (undo.decision, undo.undoes, undo.after) == ("undo", first.id, first.id)
        again = NewVerdict(first.decision, first.key, None, mask=blob(45), beginning="prediction")
        assert store.save(OWNER, "ann", id, again).id == first.id, (
            "the same key is the same verdict"
        )
        stands = store.case(OWNER, made.ids["a/b"]).verdict_id
        store.undo(OWNER, "ann", stands, "undo-2")
        assert store.case(OWNER, made.ids["a/b"]).decision is None


def test_cases_get_their_scans_when_their_data_set_is_imported_again(store, tmp_path):
    folder = tmp_path / "backup"
    made, [a, b, c] = project(store, new_case("a"), new_case("b"), new_case("c", digest="old"))
    for id in (a, b, c):
        store.save(ME, "ann", id, corrected(f"k{id}", id, label="malignant" if id == a else None))
    all_steps(vault(store, folder))
    with Store(tmp_path / "new") as back:
        all_steps(vault(back, folder))
        assert back.known_cases(made.id) == set(), "the import must read them again"
        assert back.without_prediction(made.id, {"ultrasound": "r1"}) == []
        for id in (a, b, c):
            assert "not here" in back.case(ME, id).problem
        came = [
            new_case("a"),
            new_case("b", label="normal"),
            new_case("c", digest="new"),
            new_case("d"),
        ]
        assert back.add_cases(made.id, came) == 3, "a and b came back, d is new"
        rows = {row.case: row for row in back.queue(ME, made.id, "listed")}
        assert [rows[name].id for name in "abc"] == [a, b, c]
        assert [rows[name].position for name in "abcd"] == [0, 1, 2, 3]
        assert [rows[name].decision for name in "abcd"] == ["corrected"] * 3 + [None]
        assert (rows["a"].label, rows["b"].label) == ("malignant", "normal")
        case = back.case(ME, a)
        assert case.problem is None and case.file == new_case("a").file and case.has_truth
        assert case.findings == new_case("a").findings and back.thumbnail(ME, a) == b"RIFF"
        assert "another picture" in back.case(ME, c).problem, "its verdicts are of another picture"
        assert len(back.history(ME, c)) == 1
        assert len(back.without_prediction(made.id, {"ultrasound": "r1"})) == 3
        assert back.known_cases(made.id) == {("busi", name) for name in "abd"}
        assert back.add_cases(made.id, came) == 0


def test_a_verdict_on_a_file_that_was_mended_meets_no_other_picture_of_its_name(tmp_path):
    """The backup has the case from before it was mended too, when nobody knew its pixels."""
    damaged = new_case(digest="", width=0, height=0, truth=None, problem="It is damaged.")
    with Store(tmp_path / "home") as store:
        made, [case] = project(store, damaged)
        store.set_state(made.id, "ready")
        running = vault(store, tmp_path / "backup")
        all_steps(running)
        assert store.add_cases(made.id, [new_case()]) == 1, "the file was mended"
        store.save(ME, "ann", case, corrected("k", 5))
        all_steps(running)
    with Store(tmp_path / "new") as back:
        all_steps(vault(back, tmp_path / "backup"))
        other = new_case(digest="other", width=30, height=30, truth=None)
        assert back.add_cases(made.id, [other]) == 0
        assert "another picture" in back.case(ME, case).problem
        assert back.add_cases(made.id, [new_case()]) == 1, "the verdict waits for its own"
        assert back.case(ME, case).problem is None and back.case(ME, case).decision == "corrected"


def test_another_import_brings_scans_and_predictions_back_to_their_verdicts(tmp_path):
    """Really: a data set on the disk, weights, two databases. The verdicts meet what they were said of."""
    weights = str(weights_folder.write(tmp_path / "weights", seed=1))
    data = f"folder:{pictures(tmp_path / 'scans', 3)}"

    def imported(store: Store, *specs: str) -> list:
        run = prepare(store, ME, "P", specs, weights, workers=1)
        assert run.run().state == "ready", run.error
        return store.queue(ME, run.project.id, "listed")

    with Store(tmp_path / "home") as store, Store(tmp_path / "new") as back:
        was = imported(store, data)
        drawn = np.zeros((store.case(ME, was[0].id).height, store.case(ME, was[0].id).width), bool)
        drawn[5:20, 9:40] = True
        store.save(
            ME, "ann", was[0].id, NewVerdict("corrected", "k1", mask=drawn, beginning="empty")
        )
        seen = store.prediction(ME, was[1].id)
        accepted = NewVerdict("accept", "k2", prediction_id=seen.id)
        store.save(ME, "ann", was[1].id, accepted)
        all_steps(vault(store, tmp_path / "backup"))

        all_steps(vault(back, tmp_path / "backup"))
        assert [row.dice for row in back.queue(ME, 1, "listed")] == [None] * 3
        now = imported(back)
        for of in (was, now):
            of.sort(key=lambda row: row.id)
        same = ("id", "position", "case", "decision", "reader", "dice", "uncertainty", "problem")
        after = store.queue(ME, 1, "listed")
        for name in same:
            assert [getattr(r, name) for r in now] == [getattr(r, name) for r in after], name
        assert [row.decision for row in now] == ["corrected", "accept", None]
        for row in now:
            assert back.thumbnail(ME, row.id) == store.thumbnail(ME, row.id)
            np.testing.assert_array_equal(back.truth(ME, row.id), store.truth(ME, row.id))
        [verdict] = back.history(ME, now[1].id)
        again = back.prediction(ME, now[1].id)
        assert (verdict.revision, verdict.mask_file) == (again.revision, again.mask_file)


def test_a_verdict_names_its_case_though_the_list_of_cases_is_lost(made, place_of_backup, tmp_path):
    all_steps(vault(made.store, place_of_backup))
    shutil.rmtree(place_of_backup / "cases")
    with Store(tmp_path / "new") as store:
        all_steps(vault(store, place_of_backup))
        was, now = (holdings(s, OWNER)[made.project.name] for s in (made.store, store))
        assert now["verdicts"] == was["verdicts"]
        assert now["cases"] == [row for row in was["cases"] if row[3] != "unread"]


def test_a_deleted_project_does_not_come_back(made, place_of_backup, tmp_path):
    other, _ = project(made.store, name="Other", owner=OWNER)
    running = vault(made.store, place_of_backup)
    all_steps(running)
    made.store.delete(OWNER, made.project.id)
    all_steps(running)
    before = files_of(place_of_backup)
    all_steps(running)
    assert files_of(place_of_backup) == before
    with Store(tmp_path / "new") as store:
        all_steps(vault(store, place_of_backup))
        assert [found.name for found in store.projects(OWNER)] == [other.name]
    all_steps(vault(made.store, place_of_backup))
    assert [found.name for found in made.store.projects(OWNER)] == [other.name]


def test_what_was_restored_is_told_once(made, place_of_backup, tmp_path):
    all_steps(vault(made.store, place_of_backup))
    with Store(tmp_path / "new") as store:
        told: list[str] = []
        for _ in range(2):
            all_steps(vault(store, place_of_backup, restored=told.append))
        assert told == [made.store.ledger.projects()[0].key]


def test_a_project_stays_its_owners_though_another_machine_gave_it_other_weights(tmp_path):
    """Who brings a Space's backup back at home, and goes on with it there, takes it away from nobody."""
    folder = tmp_path / "backup"
    with Store(tmp_path / "space") as space, Store(tmp_path / "home") as home:
        made, [case] = project(space, name="Ward 7", owner="ann")
        space.set_state(made.id, "ready")
        space.save("ann", "ann", case, NewVerdict("unsure", "k"))
        all_steps(vault(space, folder))
        mine, _ = project(home, name="Ward 7")
        vault(home, folder, owner=ME).bring_back()
        home.delete(ME, mine.id)
        [hers] = home.projects(ME)
        assert (hers.id, hers.name) == (made.id + 1, "Ward 7 (2)")
        home.set_sources(hers.id, ["busi:x"], {"ultrasound": "hf://a/b@v2"})
        all_steps(vault(home, folder))
    with Store(tmp_path / "new") as space:
        all_steps(vault(space, folder))
        [back] = space.projects("ann")
        assert (back.id, back.name, back.created) == (made.id, "Ward 7", made.created)
        assert (back.sources, back.weights) == (("busi:x",), {"ultrasound": "hf://a/b@v2"})
        assert [verdict.key for verdict in space.history("ann", case)] == ["k"]


def two_projects(store: Store) -> dict[str, tuple[int, int]]:
    """By name the number of each and of its case, which is decided."""
    owned = {}
    for name in ("P", "Q"):
        made, [case] = project(store, name=name)
        store.set_state(made.id, "ready")
        store.save(ME, "ann", case, NewVerdict("unsure", name))
        owned[name] = made.id, case
    return owned


def test_all_is_back_before_any_project_is_told_of(tmp_path):
    """Or an import of the first would give the numbers of the second's cases to its own."""
    with Store(tmp_path / "home") as store, Store(tmp_path / "new") as back:
        owned = two_projects(store)
        all_steps(vault(store, tmp_path / "backup"))
        was_all_here: list[bool] = []

        def goes_on(key: str) -> None:
            was_all_here.append(running.is_complete)
            [number] = [found.number for found in back.ledger.projects() if found.key == key]
            back.add_cases(number, [new_case("more")])

        running = vault(back, tmp_path / "backup", restored=goes_on)
        all_steps(running)
        assert was_all_here == [True, True]
        for name, (id, case) in owned.items():
            assert {row.case: row.id for row in back.queue(ME, id, "listed")}["a"] == case
            assert [verdict.key for verdict in back.history(ME, case)] == [name]


def test_a_project_that_came_before_something_failed_is_told_of_once_the_rest_is_here(tmp_path):
    with Store(tmp_path / "home") as store, Store(tmp_path / "new") as back:
        two_projects(store)
        all_steps(vault(store, tmp_path / "backup"))
        told: list[str] = []
        running = vault(back, tmp_path / "backup", restored=told.append)
        real = running._ledger.restore

        def fails_at_the_second(project, *more):
            if project.name == "Q":
                raise ReviewError("The disk is full.")
            return real(project, *more)

        running._ledger.restore = fails_at_the_second
        running._try()
        assert [found.name for found in back.projects(ME)] == ["P"] and told == []
        running._ledger.restore = real
        running._try()
        assert told == [found.key for found in store.ledger.projects()]


def test_a_restored_project_is_exported_with_its_masks(made, place_of_backup, tmp_path):
    """Though the scans are not there: what was decided comes out."""
    from bcweb.review.export import export

    all_steps(vault(made.store, place_of_backup))
    with Store(tmp_path / "new") as store:
        all_steps(vault(store, place_of_backup))
        done = export(store, OWNER, made.project.id, tmp_path / "out", "png")
        assert done.masks > 0


def test_a_restored_project_needs_a_directory_for_its_files_only_if_it_lives(made, tmp_path):
    [kept] = made.store.ledger.projects()
    made.store.delete(OWNER, made.project.id)
    assert made.store.ledger.restore(kept, [], []) == 0
    assert not (made.store.home / "projects" / kept.key).exists()
    with pytest.raises(ReviewError):
        made.store.project(OWNER, made.project.id)


# --- the order


def said(number: int, at: int, after: str | None = None, undoes: str | None = None) -> KeptVerdict:
    case = KeptCase(1, 0, "busi", "a", "a", None, "ultrasound", "d", "", 4, 4)
    return KeptVerdict(
        "0" * 16, case, number, "ann", datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=at),
        "unsure", None, None, None, None, "", None, None, None, 0.0, f"k{number}-{at}", after, undoes,
    )  # fmt: skip


def test_verdicts_come_back_in_the_order_in_which_they_were_said():
    one, two, three = said(1, 10), said(2, 5), said(3, 30)
    assert in_order([three, two, one]) == [one, two, three], "though the clock was set back"
    other = said(2, 7)
    assert in_order([three, two, other, one]) == [two, other, one, three], "two databases: by time"


def test_none_comes_before_what_it_follows_or_undoes():
    first = said(1, 20)
    second = said(1, 10, after=first.name)
    undo = said(1, 5, after=second.name, undoes=second.name)
    assert in_order([undo, second, first]) == [first, second, undo]
    lonely = said(2, 1, after="0" * 32)
    assert in_order([lonely]) == [lonely], "what it follows is not in the backup"
    ring = replace(first, after=second.name)
    assert len(in_order([ring, second])) == 2


def test_what_one_database_said_keeps_its_order_though_its_clock_was_set_back(sqlite):
    store = sqlite.open()
    _, [case] = project(store)
    first = store.save(ME, "ann", case, corrected("k1", 1))
    second = store.save(ME, "ann", case, corrected("k2", 2, first.id))
    set_back = replace(second, at=first.at - timedelta(hours=1))
    assert as_said([first, set_back]) == [first, set_back]
    elsewhere = replace(set_back, after=None)
    assert as_said([first, elsewhere]) == [elsewhere, first], "it did not know of the first"
    third = replace(elsewhere, id=elsewhere.id + 1, at=set_back.at - timedelta(hours=1))
    assert as_said([first, set_back, third]) == [third, first, set_back], (
        "the second knew the first"
    )


# --- the command


def test_the_command_makes_them_projects_of_this_machine(tmp_path, monkeypatch, capsys):
    with Store(tmp_path / "space") as space:
        _, [case] = project(space, name="Ward 7", owner="ann")
        space.add_prediction(case, new_prediction())
        space.save("ann", "ann", case, corrected("k", 5))
        all_steps(vault(space, tmp_path / "backup"))
    monkeypatch.setenv("BCWEB_HOME", str(tmp_path / "home"))
    before = files_of(tmp_path / "backup")
    assert main(["restore", str(tmp_path / "backup")]) == 0
    assert capsys.readouterr().out == (
        "Ward 7: 1 cases, 1 read.\nTheir scans come back when their data sets are imported again.\n"
    )
    monkeypatch.chdir(tmp_path)  # the folder may be named from where one is
    assert main(["restore", "backup"]) == 0
    assert capsys.readouterr().out == (
        "Nothing was brought back: all that is in it is here already, or was removed.\n"
    )
    assert files_of(tmp_path / "backup") == before, "nothing is written there"
    with Store(tmp_path / "home") as store:
        [project_] = store.projects(ME)
        [verdict] = store.history(ME, case)
        np.testing.assert_array_equal(store.mask(project_.id, verdict.mask_file), mask(5))
    assert main(["restore", str(tmp_path / "nothing")]) == 1
    assert capsys.readouterr().err == f"{tmp_path / 'nothing'} is not a folder.\n"
    (tmp_path / "empty").mkdir()
    assert main(["restore", str(tmp_path / "empty")]) == 1
    assert capsys.readouterr().err.endswith("holds no backup.\n")


def test_the_command_says_how_many_verdicts_came_of_a_project_that_is_here(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("BCWEB_HOME", str(tmp_path / "home"))
    with Store(tmp_path / "space") as space:
        _, [a, b] = project(space, new_case("a"), new_case("b"), name="Ward 7")
        running = vault(space, tmp_path / "backup")
        for case, keys in ((a, ["k1"]), (b, ["k2", "k3"])):
            for key in keys:
                after = space.case(ME, case).latest_id
                space.save(ME, "ann", case, NewVerdict("unsure", key, after))
            all_steps(running)
            assert main(["restore", str(tmp_path / "backup")]) == 0
    assert capsys.readouterr().out == (
        "Ward 7: 1 cases, 1 read.\nTheir scans come back when their data sets are imported again.\n"
        "Ward 7: 2 new verdicts.\n"
    )


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("cut", "Damaged or unreadable in the backup, and left out"),
        ("newer", "Written by a newer program, and left out until this one is updated"),
    ],
)
def test_the_command_says_why_a_project_does_not_come_back(
    tmp_path, monkeypatch, capsys, fault, why
):
    with Store(tmp_path / "space") as space:
        project(space, name="Ward 7", owner="ann")
        all_steps(vault(space, tmp_path / "backup"))
    [file] = (tmp_path / "backup" / "projects").iterdir()
    if fault == "cut":
        file.write_bytes(file.read_bytes()[:-9])
    else:
        file.write_text(json.dumps(json.loads(file.read_text()) | {"format": FORMAT + 1}))
    monkeypatch.setenv("BCWEB_HOME", str(tmp_path / "home"))
    assert main(["restore", str(tmp_path / "backup")]) == 1
    told = capsys.readouterr()
    assert told.out == "No project was brought back.\n", "whether it is here is not known"
    assert told.err == f"{why}: projects/{file.name}\n"
