"""What a vault writes, what it tells of it, and its thread; two of them with one backup."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from bcweb.review import decide
from bcweb.review.records import NewVerdict
from bcweb.review.store import Store
from bcweb.review.vault import Vault
from bcweb.review.vault_format import read_verdict
from bcweb.review.vault_places import Folder
from tests.review.decided import OWNER
from tests.review.kept import all_steps, files_of, vault
from tests.review.small import ME, corrected, mask, new_case, project


def look_again(running: Vault) -> None:
    """As a minute later."""
    running.place._listed = float("-inf")
    all_steps(running)


def numbers(folder: Path) -> list[int]:
    """Of the files that say what a project is."""
    return sorted(int(file.name.split(".")[1][:4]) for file in (folder / "projects").iterdir())


# --- what is written


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


@pytest.mark.parametrize("began_again", [False, True])
def test_weights_that_a_project_had_before_are_what_is_brought_back_once_it_has_them_again(
    tmp_path, began_again
):
    """a, b, a: not b, which was written last."""
    with Store(tmp_path / "home") as store, Store(tmp_path / "new") as back:
        made, _ = project(store)
        running = vault(store, tmp_path / "backup")
        for weights in ("a", "b", "a", "a"):
            store.set_sources(made.id, ["busi:x"], {"ultrasound": f"hf://{weights}/w@v1"})
            if began_again:
                running = vault(store, tmp_path / "backup")
            all_steps(running)
            all_steps(running)
        assert numbers(tmp_path / "backup") == [1, 2, 3], "a number a change"
        all_steps(vault(back, tmp_path / "backup"))
        assert back.projects(ME)[0].weights == {"ultrasound": "hf://a/w@v1"}


def test_a_project_is_written_again_where_somebody_took_away_what_says_what_it_is(tmp_path):
    with Store(tmp_path / "home") as store:
        made, _ = project(store)
        running = vault(store, tmp_path / "backup")
        for source in ("busi:a", "busi:b"):
            store.set_sources(made.id, [source], {})
            all_steps(running)
        [file] = (tmp_path / "backup" / "projects").glob("*.0002-*")
        file.unlink()
        look_again(running)
        assert numbers(tmp_path / "backup") == [1, 2]


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


def test_cases_of_an_import_that_was_killed_are_written_too(tmp_path):
    """Nothing says so: the project is "importing" for ever."""
    with Store(tmp_path / "home") as store:
        made, _ = project(store, new_case("a"), new_case("b"))
        assert made.state == "importing"
        running = vault(store, tmp_path / "backup")
        for _ in range(2):
            all_steps(running)
    with Store(tmp_path / "new") as back:
        all_steps(vault(back, tmp_path / "backup"))
        assert [row.case for row in back.queue(ME, made.id, "listed")] == ["a", "b"]


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
            look_again(one_of)
        assert len([name for name in files_of(folder) if name.startswith("verdicts/")]) == 3
        for store in (one, two):
            keys = {v.key: v for v in store.history(ME, case)}
            assert set(keys) == {"k1", "k2", "k3"}
            assert store.case(ME, case).verdict_id == keys["k3"].id, "what was said last stands"
            assert keys["k2"].after == keys["k3"].after == keys["k1"].id
            np.testing.assert_array_equal(store.mask(made.id, keys["k3"].mask_file), mask(3))


def test_who_had_seen_what_was_said_comes_after_it_though_the_clocks_differ(tmp_path, monkeypatch):
    folder = tmp_path / "backup"
    ten = datetime(2026, 1, 1, 10, tzinfo=UTC)
    with Store(tmp_path / "one") as one, Store(tmp_path / "two") as two:
        made, [case] = project(one)
        one.set_state(made.id, "ready")
        both = [vault(one, folder), vault(two, folder)]

        def exchange() -> None:
            for running in (*both, *both):
                look_again(running)

        def say(store: Store, minutes: int, key: str) -> None:
            """So many minutes after ten, by a clock of its own: the second's is an hour behind."""

            class Clock(datetime):
                @classmethod
                def now(cls, tz=None):
                    behind = timedelta(hours=1 if store is two else 0)
                    return ten + timedelta(minutes=minutes) - behind

            monkeypatch.setattr(decide, "datetime", Clock)
            store.save(ME, key, case, corrected(key, 1, store.case(ME, case).latest_id))

        exchange()
        say(one, 0, "v1")
        say(two, 5, "v2")
        exchange()
        say(one, 10, "v3")
        exchange()
        say(two, 15, "v4")
        exchange()
        with Store(tmp_path / "new") as back:
            all_steps(vault(back, folder))
            for store in (one, two, back):
                stands = store.case(ME, case).verdict_id
                assert store.verdict(ME, stands).reader == "v4"


def test_a_project_that_another_process_removed_is_not_called_backed_up_here(tmp_path):
    folder = tmp_path / "backup"
    with Store(tmp_path / "one") as one, Store(tmp_path / "two") as two:
        made, [case] = project(one)
        kept, [other] = project(one, name="Kept")
        for of in (made, kept):
            one.set_state(of.id, "ready")
        before = one.save(ME, "ann", case, corrected("k1", 1))
        both = [vault(one, folder), vault(two, folder)]
        for running in both:
            look_again(running)
        one.delete(ME, made.id)
        all_steps(both[0])
        later = two.save(ME, "bob", case, corrected("k2", 2, before.id))
        stays = two.save(ME, "bob", other, corrected("k3", 3))
        look_again(both[1])
        said = [before.id, later.id, stays.id]
        assert both[1].backed_up(ME, said).keys() == {stays.id}, "it does not come back"
        assert both[1].state().problem == (
            "A project was removed on another page that shares this backup, and will not come back from it: its verdicts "
            "here do not count as backed up. Export it, or remove it here too."
        )
        assert two.history(ME, case)[-1].id == later.id, "nothing of it is lost here"
        (folder / f"projects/{one.ledger.projects()[0].key}.deleted.json").write_bytes(b"")
        both[1] = vault(two, folder)
        all_steps(both[1])
        assert both[1].backed_up(ME, said).keys() == {stays.id}, "its name says it"
        two.delete(ME, made.id)
        all_steps(both[1])
        assert both[1].state().problem is None


def test_what_stood_before_stands_again_though_another_process_gave_a_lower_number_to_it(tmp_path):
    folder = tmp_path / "backup"
    with Store(tmp_path / "one") as one, Store(tmp_path / "two") as two:
        made, [case] = project(one)
        one.set_state(made.id, "ready")
        both = [vault(one, folder), vault(two, folder)]
        for running in both:
            all_steps(running)
        two.save(ME, "bob", case, corrected("first", 1))
        stood = one.save(ME, "ann", case, corrected("second", 2))
        for running in reversed(both):
            all_steps(running)
            look_again(running)
        assert one.case(ME, case).verdict_id == stood.id, "what was said last stands"
        [_, brought] = one.history(ME, case)
        last = one.save(ME, "ann", case, corrected("third", 3, brought.id))
        one.undo(ME, "ann", last.id, "u")
        assert one.case(ME, case).verdict_id == stood.id, "and stands again"
        with Store(tmp_path / "new") as back:
            for running in (both[0], vault(back, folder)):
                all_steps(running)
            now = back.case(ME, case)
            [stands] = [v for v in back.history(ME, case) if v.id == now.verdict_id]
            assert stands.key == "second", "on an empty disk, too"


def test_an_undo_that_is_seen_before_its_verdict_waits_for_it(tmp_path):
    """A folder is not looked through in one moment, and a verdict may be backed up late."""
    folder = tmp_path / "backup"
    with Store(tmp_path / "one") as one, Store(tmp_path / "two") as two:
        made, [case] = project(one)
        one.set_state(made.id, "ready")
        running, other = vault(one, folder), vault(two, folder)
        all_steps(running)
        all_steps(other)
        saved = one.save(ME, "ann", case, corrected("k", 1))
        one.undo(ME, "ann", saved.id, "u")
        all_steps(running)
        late, real = one.ledger.verdict_files()[saved.id], other.place.names
        other.place.names = lambda: real() - {late}
        look_again(other)
        assert two.history(ME, case) == [], "an undo of nothing, and for ever"
        other.place.names = real
        look_again(other)
        verdict, undo = two.history(ME, case)
        assert undo.undoes == verdict.id and two.case(ME, case).decision is None
        assert other.backed_up(ME, [verdict.id, undo.id]).keys() == {verdict.id, undo.id}
        assert other.state().waiting == 0


def test_an_undo_of_a_verdict_that_is_damaged_is_not_waited_with(tmp_path):
    folder = tmp_path / "backup"
    with Store(tmp_path / "one") as one, Store(tmp_path / "two") as two:
        made, [case] = project(one)
        one.set_state(made.id, "ready")
        saved = one.save(ME, "ann", case, corrected("k", 1))
        one.undo(ME, "ann", saved.id, "u")
        all_steps(vault(one, folder))
        (folder / one.ledger.verdict_files()[saved.id]).write_bytes(b"nothing of it")
        other = vault(two, folder)
        all_steps(other)
        assert [verdict.decision for verdict in two.history(ME, case)] == ["undo"]
        asked, read = [], other.place.read
        other.place.read = lambda names: asked.extend(names) or read(names)
        look_again(other)
        assert asked == [], "what is there is read again at each look"


@pytest.mark.parametrize("began_again", [False, True])
def test_a_file_that_was_cut_to_nothing_is_brought_in_once_another_process_has_written_it_again(
    tmp_path, began_again
):
    folder = tmp_path / "backup"
    with Store(tmp_path / "one") as one, Store(tmp_path / "two") as two:
        made, [case] = project(one)
        one.set_state(made.id, "ready")
        first = one.save(ME, "ann", case, corrected("k1", 1))
        second = one.save(ME, "ann", case, corrected("k2", 2, first.id))
        one.undo(ME, "ann", second.id, "u")
        all_steps(vault(one, folder))
        (folder / one.ledger.verdict_files()[second.id]).write_bytes(b"")
        other = vault(two, folder)
        all_steps(other)
        assert [verdict.key for verdict in two.history(ME, case)] == ["k1"], "the undo waits for it"
        all_steps(vault(one, folder))
        if began_again:
            other = vault(two, folder)
        look_again(other)
        assert [verdict.key for verdict in two.history(ME, case)] == ["k1", "k2", "u"]
        for store in (one, two):
            stands = store.case(ME, case).verdict_id
            assert store.verdict(ME, stands).key == "k1", "what was undone does not stand again"
        assert other.state().problem is None


def test_a_project_comes_with_its_verdicts_though_what_says_what_it_is_came_later(tmp_path):
    folder = tmp_path / "backup"
    with Store(tmp_path / "one") as one, Store(tmp_path / "two") as two:
        made, [read, _] = project(one, new_case("a"), new_case("b"))
        one.set_state(made.id, "ready")
        saved = one.save(ME, "ann", read, corrected("k1", 1))
        all_steps(vault(one, folder))
        [file] = (folder / "projects").iterdir()
        file.write_bytes(b"")
        other = vault(two, folder)
        all_steps(other)
        assert two.projects(ME) == []
        all_steps(vault(one, folder))
        look_again(other)
        assert [row.case for row in two.queue(ME, made.id, "listed")] == ["a", "b"]
        assert [verdict.id for verdict in two.history(ME, read)] == [saved.id]
        assert other.state().problem is None


def test_a_file_that_stays_cut_to_nothing_is_not_gone_after_at_each_look(tmp_path):
    folder = tmp_path / "backup"
    with Store(tmp_path / "one") as one, Store(tmp_path / "two") as two:
        made, [case] = project(one)
        one.set_state(made.id, "ready")
        saved = one.save(ME, "ann", case, corrected("k", 1))
        all_steps(vault(one, folder))
        [list_of_cases] = (folder / "cases").rglob("*.json")
        for file in (list_of_cases, folder / one.ledger.verdict_files()[saved.id]):
            file.write_bytes(b"")
        other = vault(two, folder)
        all_steps(other)
        asked, real = [], other._ledger.verdict_files
        other._ledger.verdict_files = lambda **of: asked.append(of) or real(**of)
        look_again(other)
        assert {} not in asked, "all verdicts that are here"


def test_two_processes_in_which_a_project_has_other_weights_do_not_answer_each_other(tmp_path):
    folder = tmp_path / "backup"
    with Store(tmp_path / "one") as one, Store(tmp_path / "two") as two:
        made, _ = project(one)
        both = [vault(one, folder), vault(two, folder)]
        for running in both:
            all_steps(running)
        for store, weights in ((one, "a"), (two, "b")):
            store.set_sources(made.id, ["busi:x"], {"ultrasound": f"hf://{weights}/w@v1"})
        for _ in range(4):
            for running in both:
                look_again(running)
        assert numbers(folder) == [1, 2, 3]
        one.set_sources(made.id, ["busi:x"], {"ultrasound": "hf://c/w@v1"})
        for _ in range(2):
            for running in both:
                look_again(running)
        assert numbers(folder) == [1, 2, 3, 4]


def test_two_that_write_the_same_at_the_same_moment_leave_whole_files(made, place_of_backup):
    both = [vault(made.store, place_of_backup) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        for ended in [pool.submit(all_steps, one) for one in both]:
            ended.result()
    assert [one.state().problem for one in both] == [None, None]
    files = files_of(place_of_backup)
    assert not [name for name in files if ".part" in name]
    verdicts = {name for name in files if name.startswith("verdicts/")}
    assert verdicts == set(made.store.ledger.verdict_files().values())
    assert len(verdicts) > len(made.verdicts), "one was taken back"
    for name in verdicts:
        read_verdict(name, files[name])


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


@pytest.mark.parametrize("when", ["a minute later", "at the end"])
def test_a_mask_that_could_not_be_read_once_is_tried_again(tmp_path, monkeypatch, when):
    monkeypatch.setattr("bcweb.review.vault._LOOK_BACK", 0)
    with Store(tmp_path / "home") as store:
        _, [a, b] = project(store, new_case("a"), new_case("b"))
        hidden = store.save(ME, "ann", a, corrected("k1", 1))
        [kept] = store.ledger.projects()
        file = tmp_path / "home" / "projects" / kept.key / hidden.mask_file
        file.rename(tmp_path / "aside")
        file.mkdir()  # reading it fails, as of a disk that does not answer
        running = vault(store, tmp_path / "backup")
        running.step()
        file.rmdir()
        (tmp_path / "aside").rename(file)
        running.step()
        assert running.state().waiting == 1, "not at the very next step"
        file.rename(tmp_path / "aside")
        file.mkdir()
        after = store.save(ME, "ann", b, corrected("k2", 2))
        all_steps(running)
        assert running.backed_up(ME, [hidden.id, after.id]).keys() == {after.id}
        assert running.state().waiting == 1 and "cannot be read" in running.state().problem
        file.rmdir()
        (tmp_path / "aside").rename(file)
        all_steps(running)
        assert running.state().waiting == 1, "not at each look"
        if when == "at the end":
            running.end()
            running._run()
        else:
            running._again = float("-inf")
            all_steps(running)
        assert running.backed_up(ME, [hidden.id]).keys() == {hidden.id}
        assert (running.state().waiting, running.state().problem) == (0, None)


def test_a_mask_that_stays_unreadable_does_not_make_each_try_go_through_all_verdicts(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("bcweb.review.vault._LOOK_BACK", 0)
    with Store(tmp_path / "home") as store:
        _, [a, b] = project(store, new_case("a"), new_case("b"))
        hidden = store.save(ME, "ann", a, corrected("k1", 1))
        [kept] = store.ledger.projects()
        (tmp_path / "home" / "projects" / kept.key / hidden.mask_file).unlink()
        last = store.save(ME, "ann", b, corrected("k2", 2))
        running = vault(store, tmp_path / "backup")
        all_steps(running)
        all_steps(running)
        running._again = float("-inf")  # as a minute later
        all_steps(running)
        assert running._seen == last.id
        assert running.state().waiting == 1 and "missing" in running.state().problem


def test_a_mask_that_cannot_be_read_is_nothing_to_tell_once_its_project_is_removed(tmp_path):
    with Store(tmp_path / "home") as store:
        made, [case] = project(store)
        hidden = store.save(ME, "ann", case, corrected("k1", 1))
        [kept] = store.ledger.projects()
        (tmp_path / "home" / "projects" / kept.key / hidden.mask_file).unlink()
        running = vault(store, tmp_path / "backup")
        all_steps(running)
        assert "missing" in running.state().problem
        store.delete(ME, made.id)
        all_steps(running)
        assert (running.state().waiting, running.state().problem) == (0, None)


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
        running.place.open = lambda **_: (hangs.set(), goes_on.wait(60))
        running.begin()
        assert hangs.wait(30)
        running.end(patience=0.05)
        assert running._thread.is_alive()
        goes_on.set()
