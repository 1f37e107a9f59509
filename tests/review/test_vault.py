"""What was decided is kept in a second place, each verdict in a file of its own, and comes back from there."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from bcweb.review import vault_places
from bcweb.review.importing import prepare
from bcweb.review.records import NewVerdict
from bcweb.review.restoring import in_order
from bcweb.review.store import ReviewError, Store
from bcweb.review.vault import Vault
from bcweb.review.vault_format import (
    FORMAT,
    Damaged,
    KeptCase,
    KeptVerdict,
    Newer,
    VaultError,
    read_verdict,
    write_verdict,
)
from bcweb.review.vault_places import Folder, place_of
from tests import weights_folder
from tests.review import decided
from tests.review.decided import OWNER, blob
from tests.review.kept import all_steps, files_of, holdings, vault
from tests.review.small import ME, corrected, mask, new_case, new_prediction, project
from tests.review.test_importing import pictures

FIXTURE = Path(__file__).parent / "backup-1"


@pytest.fixture(scope="session")
def made_once(tmp_path_factory) -> decided.Decided:
    """Every decision, on cases of every kind, with the names that go wrong."""
    made = decided.project(tmp_path_factory.mktemp("decided"))
    made.store.set_state(made.project.id, "ready")
    made.store.close()
    return made


@pytest.fixture
def made(made_once, tmp_path) -> Iterator[decided.Decided]:
    """A copy, to go on with."""
    shutil.copytree(made_once.store.home, tmp_path / "home")
    with Store(tmp_path / "home") as store:
        yield replace(made_once, store=store)


@pytest.fixture
def place_of_backup(tmp_path) -> Path:
    return tmp_path / "backup"


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


def test_nothing_is_written_twice_and_nothing_changed(made, place_of_backup, monkeypatch):
    written: list[str] = []
    real = Folder.put
    monkeypatch.setattr(
        Folder, "put", lambda self, files: (written.extend(files), real(self, files))
    )
    first = vault(made.store, place_of_backup)
    all_steps(first)
    before = files_of(place_of_backup)
    made.decide("benign (1)", "truth")
    all_steps(first)
    all_steps(vault(made.store, place_of_backup))  # as after a restart
    after = files_of(place_of_backup)
    assert len(written) == len(set(written)) == len(after)
    assert {name: after[name] for name in before} == before
    assert len(after) == len(before) + 1, "one verdict is one file"


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


def test_other_weights_and_more_data_sets_are_kept_too(tmp_path):
    with Store(tmp_path / "home") as store, Store(tmp_path / "new") as back:
        made, _ = project(store)
        running = vault(store, tmp_path / "backup")
        for sources, weights in ([["busi:a"], {}], [["busi:a"], {"ultrasound": "hf://a/b@v2"}]):
            store.set_sources(made.id, sources, weights)
            all_steps(running)
            all_steps(vault(store, tmp_path / "backup"))
        assert len([name for name in files_of(tmp_path / "backup") if "projects/" in name]) == 2
        all_steps(vault(back, tmp_path / "backup"))
        [found] = back.projects(ME)
        assert (found.sources, found.weights) == (("busi:a",), {"ultrasound": "hf://a/b@v2"})


def test_a_project_that_was_deleted_before_it_was_backed_up_leaves_no_trace(made, place_of_backup):
    made.store.delete(OWNER, made.project.id)
    all_steps(vault(made.store, place_of_backup))
    assert set(files_of(place_of_backup)) == {"backup.json"}


def test_while_cases_are_coming_one_file_is_for_many(store, tmp_path, monkeypatch):
    monkeypatch.setattr("bcweb.review.vault._MOST_CASES", 3)
    made, _ = project(store, new_case("a"), new_case("b"))
    running = vault(store, tmp_path / "backup")

    def lists() -> list[str]:
        all_steps(running)
        return sorted(n.split("/")[2][:17] for n in files_of(tmp_path / "backup") if "cases/" in n)

    assert lists() == []
    store.add_cases(made.id, [new_case("c"), new_case("d")])
    assert lists() == ["00000000-00000002"]
    store.set_state(made.id, "ready")
    assert lists() == ["00000000-00000002", "00000003-00000003"]


# --- two at once


def test_two_processes_with_one_backup_write_what_is_theirs_and_see_the_others(tmp_path):
    folder = tmp_path / "backup"
    with Store(tmp_path / "one") as one, Store(tmp_path / "two") as two:
        made, [case] = project(one, name="P")
        first = one.save(ME, "ann", case, corrected("k1", 1))
        running = vault(one, folder)
        all_steps(running)
        other = vault(two, folder)
        all_steps(other)
        # Both go on with the same project, and give the same number to their next verdict.
        here = one.save(ME, "ann", case, corrected("k2", 2, first.id))
        there = two.save(ME, "bob", case, corrected("k3", 3, first.id))
        assert here.id == there.id
        all_steps(running)
        all_steps(other)
        for one_of in (running, other):
            one_of.place._listed = float("-inf")  # as a minute later
            all_steps(one_of)
        assert len([name for name in files_of(folder) if name.startswith("verdicts/")]) == 3
        for store in (one, two):
            keys = {v.key: v for v in store.history(ME, case)}
            assert set(keys) == {"k1", "k2", "k3"}
            assert store.case(ME, case).verdict_id == keys["k3"].id, "what was said last stands"
            assert keys["k2"].after == keys["k3"].after == keys["k1"].id
            np.testing.assert_array_equal(store.mask(made.id, keys["k3"].mask_file), mask(3))


def test_two_that_write_the_same_at_the_same_moment_leave_whole_files(made, place_of_backup):
    both = [vault(made.store, place_of_backup) for _ in range(2)]
    threads = [threading.Thread(target=all_steps, args=(one,)) for one in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    files = files_of(place_of_backup)
    assert not [name for name in files if ".part" in name]
    for name, content in files.items():
        if name.startswith("verdicts/"):
            read_verdict(name, content)


def test_a_project_of_the_same_name_is_called_otherwise(tmp_path):
    with Store(tmp_path / "one") as one, Store(tmp_path / "two") as two:
        project(one, name="P")
        all_steps(vault(one, tmp_path / "backup"))
        project(two, name="P")
        all_steps(vault(two, tmp_path / "backup"))
        assert [found.name for found in two.projects(ME)] == ["P (2)", "P"]
        assert len({found.id for found in two.projects(ME)}) == 2


# --- what is told


def test_how_many_wait_and_when_a_verdict_was_backed_up(tmp_path):
    with Store(tmp_path / "home") as store:
        _, [case] = project(store)
        running = vault(store, tmp_path / "backup")
        assert running.state().waiting is None, "not known before the place was looked at"
        all_steps(running)
        assert running.state().waiting == 0 and running.state().last is not None
        saved = store.save(ME, "ann", case, corrected("k", 1))
        assert running.state().waiting == 1
        assert running.backed_up(ME, [saved.id]) == {}
        before = datetime.now(UTC)
        all_steps(running)
        assert running.state().waiting == 0
        assert before <= running.backed_up(ME, [saved.id])[saved.id] <= datetime.now(UTC)
        assert running.backed_up("bob", [saved.id]) == {}, "another's verdict does not exist"
        later = vault(store, tmp_path / "backup")
        all_steps(later)
        assert later.backed_up(ME, [saved.id]) == {saved.id: None}, "it was before this start"


def test_a_mask_that_is_damaged_on_the_disk_holds_up_no_other(tmp_path):
    with Store(tmp_path / "home") as store:
        _, [case] = project(store)
        first = store.save(ME, "ann", case, corrected("k1", 1))
        second = store.save(ME, "ann", case, corrected("k2", 2, first.id))
        [kept] = store.ledger.projects()
        (tmp_path / "home" / "projects" / kept.key / first.mask_file).write_bytes(b"no PNG")
        running = vault(store, tmp_path / "backup")
        all_steps(running)
        assert running.backed_up(ME, [first.id, second.id]).keys() == {second.id}
        state = running.state()
        assert state.waiting == 1 and state.problem.startswith(
            "Not every verdict can be backed up."
        )
        assert first.mask_file in state.problem


def test_more_than_goes_at_once_goes_bit_by_bit(tmp_path, monkeypatch):
    monkeypatch.setattr("bcweb.review.vault._MOST_VERDICTS", 2)
    with Store(tmp_path / "home") as store:
        _, ids = project(store, *(new_case(str(n)) for n in range(5)))
        for id in ids:
            store.save(ME, "ann", id, NewVerdict("unsure", f"k{id}"))
        running = vault(store, tmp_path / "backup")
        left = []
        while running.step():
            left.append(running.state().waiting)
        assert left == [3, 1] and running.state().waiting == 0


def test_a_verdict_that_becomes_visible_late_is_not_overlooked(tmp_path):
    """PostgreSQL gives ids before it commits: 7 may be seen before 6."""
    with Store(tmp_path / "home") as store:
        _, [a, b] = project(store, new_case("a"), new_case("b"))
        running = vault(store, tmp_path / "backup")
        early = store.save(ME, "ann", a, NewVerdict("unsure", "k1"))
        late = store.save(ME, "ann", b, NewVerdict("unsure", "k2"))
        real = running._ledger.verdict_files
        running._ledger.verdict_files = lambda *args, **more: {
            id: file for id, file in real(*args, **more).items() if id != early.id
        }
        all_steps(running)
        running._ledger.verdict_files = real
        assert running.state().waiting == 1
        all_steps(running)
        assert running.backed_up(ME, [early.id, late.id]).keys() == {early.id, late.id}


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


# --- the files


def test_what_is_damaged_is_left_out_and_told(made, place_of_backup, tmp_path):
    all_steps(vault(made.store, place_of_backup))
    verdicts = sorted((place_of_backup / "verdicts").rglob("*.json"))
    told = json.loads(verdicts[0].read_text())
    verdicts[0].write_text(json.dumps(told | {"sha256": "0"}))
    verdicts[1].write_bytes(verdicts[1].read_bytes()[:-9])
    with Store(tmp_path / "new") as store:
        running = vault(store, place_of_backup)
        all_steps(running)
        kept = {v["key"] for v in holdings(store, OWNER)[made.project.name]["verdicts"]}
        assert len(kept) == len(verdicts) - 2
        first = verdicts[0].relative_to(place_of_backup).as_posix()
        assert (
            running.state().problem == f"Damaged in the backup, and left out: {first} and 1 more."
        )


def test_a_file_is_what_its_name_says(made):
    verdict = next(v for _, v in made.store.ledger.verdicts(made.store.ledger.verdict_files()))
    name, content = write_verdict(verdict)
    assert read_verdict(name, content) == verdict
    assert write_verdict(verdict) == (name, content), "the same verdict gives the same bytes"
    with pytest.raises(Damaged):
        read_verdict(name.replace(verdict.name, "0" * 32), content)
    with pytest.raises(Damaged):
        read_verdict(name, content.replace(b'"reader":"ann"', b'"reader":"eve"'))
    with pytest.raises(Damaged, match="mask"):
        replace(verdict, case=replace(verdict.case, width=verdict.case.width + 1)).mask()


@pytest.mark.parametrize("name", ["backup.json", "verdict"])
def test_a_newer_format_is_not_guessed_at(made, place_of_backup, tmp_path, name):
    all_steps(vault(made.store, place_of_backup))
    if name == "verdict":
        file = next((place_of_backup / "verdicts").rglob("*.json"))
    else:
        file = place_of_backup / name
    newer = json.loads(file.read_text()) | {"format": FORMAT + 1}
    file.write_text(json.dumps(newer))
    with Store(tmp_path / "new") as store:
        running = vault(store, place_of_backup)
        if name == "verdict":
            with pytest.raises(Newer):
                read_verdict("any", file.read_bytes())
            all_steps(running)
            assert len(running.damaged) == 1
        else:
            with pytest.raises(VaultError, match="newer program"):
                running.step()


def test_a_backup_of_the_first_format_is_read(tmp_path):
    """The files in backup-1 were written by the first version; every later one must read them."""
    folder = tmp_path / "backup"
    shutil.copytree(FIXTURE, folder)
    with Store(tmp_path / "home") as store:
        running = vault(store, folder)
        all_steps(running)
        assert running.state().problem is None
        held = holdings(store, "ann")
        assert list(held) == ["Ward 7, 乳腺"], "the deleted one does not come back"
        [of] = held.values()
        assert of["project"] == (
            3, ("hf:ann/cases@v1",), {"ultrasound": "embedded"},
            datetime(2026, 11, 26, 9, 30, 0, 250000, tzinfo=UTC),
        )  # fmt: skip
        assert [row[:6] for row in of["cases"]] == [
            (11, 0, "ann/cases", "benign (1)", "p1", "malignant"),  # as ann said
            (12, 1, "ann/cases", "恶性 2", "p2", "malignant"),
            (13, 2, "ann/cases", "normal", "p3", "normal"),
        ]
        told = [
            (
                v["id"],
                v["reader"],
                v["decision"],
                v["after"],
                v["undoes"],
                v["comment"],
                v["seconds"],
            )
            for v in of["verdicts"]
        ]
        assert told == [
            (21, "ann", "corrected", None, None, "a \"cyst\", =1+1", 12.5),
            (22, "bob", "reject", 21, None, "", 3.25),
            (23, "bob", "undo", 22, 22, "", 0.0),
            (24, "ann", "accept", None, None, "", 1.0),
        ]  # fmt: skip
        assert [row[6] for row in of["cases"]] == ["corrected", "accept", None]
        assert [v["revision"] for v in of["verdicts"]] == [
            "ultrasound-1-abc",
            None,
            None,
            "ultrasound-1-abc",
        ]
        first = of["verdicts"][0]
        assert (first["threshold"], first["beginning"], first["label"]) == (
            0.35,
            "threshold",
            "malignant",
        )
        cross = np.zeros((5, 7), bool)
        cross[2, 1:6] = cross[1:4, 3] = True
        np.testing.assert_array_equal(store.mask(3, first["mask_file"]), cross)
        assert files_of(folder) == files_of(FIXTURE), "nothing was written again, in another form"


# --- where it lies


def refused(place: Folder) -> str:
    with pytest.raises(VaultError) as caught:
        place.open()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_folder_is_refused_in_one_sentence(tmp_path):
    assert refused(Folder(Path("backup"))).startswith("BCWEB_BACKUP=backup is neither a whole path")
    assert refused(Folder(tmp_path / "no" / "backup")) == (
        f"There is no folder {tmp_path / 'no'}: attach the Storage Bucket there, or name another folder in "
        "BCWEB_BACKUP."
    )
    assert "own disk, which vanishes" in refused(Folder(tmp_path / "backup", apart_from=tmp_path))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "scan.png").touch()
    assert "holds something else than a backup" in refused(Folder(tmp_path / "data"))
    (tmp_path / "file").touch()
    assert "is not there any more" not in refused(Folder(tmp_path / "file"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_says_what_to_do(tmp_path):
    folder = tmp_path / "backup"
    folder.mkdir(mode=0o500)
    assert "cannot be written (Permission denied): attach the bucket so that it can be" in refused(
        Folder(folder)
    )


def test_a_bucket_that_is_detached_is_not_written_into_the_void(tmp_path, monkeypatch):
    with Store(tmp_path / "home") as store:
        _, [case] = project(store)
        running = vault(store, tmp_path / "backup")
        all_steps(running)
        saved = store.save(ME, "ann", case, NewVerdict("unsure", "k"))
        running.place._device += 1  # the folder that is left belongs to another disk
        with pytest.raises(
            VaultError, match=r"Nothing is attached as .* any more: attach it again"
        ):
            running.step()
        assert running.backed_up(ME, [saved.id]) == {}


def test_a_bucket_without_links_gets_whole_files(made, place_of_backup, monkeypatch):
    def none(*_):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(vault_places.os, "link", none)
    monkeypatch.setattr(vault_places.os, "fsync", none)
    all_steps(vault(made.store, place_of_backup))
    files = files_of(place_of_backup)
    assert len([name for name in files if name.startswith("verdicts/")]) == 16
    assert not [name for name in files if ".part" in name]


def test_what_a_process_left_half_written_is_no_file_of_the_backup(made, place_of_backup, tmp_path):
    all_steps(vault(made.store, place_of_backup))
    part = place_of_backup / "verdicts" / ".0123456789abcdef.part"
    part.write_bytes(b'{"form')
    old = place_of_backup / "verdicts" / ".fedcba9876543210.part"
    old.touch()
    os.utime(old, (0, 0))
    with Store(tmp_path / "new") as store:
        running = vault(store, place_of_backup)
        all_steps(running)
        assert not running.damaged
    assert part.exists(), "another process may be writing it"
    assert not old.exists()


def test_a_full_disk_is_told_and_the_same_goes_on_later(tmp_path, monkeypatch):
    with Store(tmp_path / "home") as store:
        _, [case] = project(store)
        running = vault(store, tmp_path / "backup")
        all_steps(running)
        store.save(ME, "ann", case, corrected("k", 1))
        real = os.fsync

        def full(_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(vault_places.os, "fsync", full)
        assert running._try() == running.place.pace
        state = running.state()
        assert state.problem == f"The folder {tmp_path / 'backup'} is full: make room there."
        assert state.waiting == 1 and state.again is not None
        waits = [running._try() for _ in range(12)]
        assert waits == sorted(waits) and waits[-1] == 300.0, "it asks less and less often"
        monkeypatch.setattr(vault_places.os, "fsync", real)
        assert running._try() == running.place.pace
        assert (running.state().problem, running.state().waiting, running.state().again) == (
            None,
            0,
            None,
        )


def test_what_is_no_place_is_refused(tmp_path):
    assert place_of("hf://ann/backup").name == "ann/backup"
    assert place_of("hf://datasets/ann/backup").name == "ann/backup"
    for named in ("hf://ann", "hf://ann/b/c", "hf:///b"):
        with pytest.raises(VaultError, match="neither a folder nor of the form hf://user/name"):
            place_of(named)
    with pytest.raises(VaultError, match="attach it to the Space"):
        place_of("hf://buckets/ann/b")


# --- the thread


def test_the_thread_follows_and_the_end_backs_up_what_waits(tmp_path):
    with Store(tmp_path / "home") as store:
        _, [case] = project(store)
        came = threading.Event()
        running = Vault(store, Folder(tmp_path / "backup"))
        real = running.place.put
        running.place.put = lambda files: (real(files), came.set())
        running.begin()
        assert came.wait(30)
        saved = store.save(ME, "ann", case, corrected("k", 1))
        running.end()
        assert not running._thread.is_alive()
        assert running.backed_up(ME, [saved.id]).keys() == {saved.id}


def test_the_end_does_not_wait_for_a_place_that_hangs(tmp_path):
    with Store(tmp_path / "home") as store:
        hangs, goes_on = threading.Event(), threading.Event()
        running = Vault(store, Folder(tmp_path / "backup"))
        running.place.open = lambda *_: (hangs.set(), goes_on.wait(60))
        running.begin()
        assert hangs.wait(30)
        running.end(patience=0.05)
        assert running._thread.is_alive()
        goes_on.set()


def test_what_was_restored_is_told_once(made, place_of_backup, tmp_path):
    all_steps(vault(made.store, place_of_backup))
    with Store(tmp_path / "new") as store:
        told: list[str] = []
        for _ in range(2):
            all_steps(vault(store, place_of_backup, restored=told.append))
        assert told == [made.store.ledger.projects()[0].key]


def test_the_command_makes_them_projects_of_this_machine(tmp_path, monkeypatch, capsys):
    from bcweb.review.__main__ import main

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
    assert main(["restore", str(tmp_path / "backup")]) == 0
    assert capsys.readouterr().out == "There is no project in it that is not here.\n"
    assert files_of(tmp_path / "backup") == before, "nothing is written there"
    with Store(tmp_path / "home") as store:
        [project_] = store.projects(ME)
        [verdict] = store.history(ME, case)
        np.testing.assert_array_equal(store.mask(project_.id, verdict.mask_file), mask(5))
    assert main(["restore", str(tmp_path / "nothing")]) == 1
    assert "is not there" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert main(["restore", str(tmp_path / "empty")]) == 1
    assert capsys.readouterr().err.endswith("holds no backup.\n")


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
