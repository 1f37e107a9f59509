"""How far two readers agree, and weights with them, worked out by hand."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from bcweb.review import __main__ as program
from bcweb.review import agreement_wording, report
from bcweb.review.evaluation import evaluate
from bcweb.review.records import Project
from bcweb.review.scorer import Scorer
from bcweb.review.store import Store
from bcweb.statistics import kappa
from tests.review.read_twice import ANNA, BEN, draw, fill_twice, read
from tests.review.scored import CASES, FIRST, SECOND, Made, Mask, fill, ids_of, square


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One project that no test writes to."""
    with Store(tmp_path_factory.mktemp("home")) as opened:
        fill_twice(opened)
        yield opened


@pytest.fixture(scope="module")
def both(store: Store) -> dict:
    [pair] = evaluate(store, "local", "made", FIRST).figures["agreement"]
    return pair


@pytest.fixture
def own(tmp_path) -> Iterator[tuple[Store, Project]]:
    with Store(tmp_path) as opened:
        yield opened, fill_twice(opened)


def test_two_readers_are_compared_where_both_left_a_mask(both):
    """a 0.9, b 0.8, c 0.9, f 0 (BEN alone outlines), seen 1; e: neither outlines anything; d: ANNA left no mask."""
    readers = both["readers"]
    assert (both["first"], both["second"], both["decided"]) == (ANNA, BEN, 7)
    assert (readers["n"], readers["lesion_n"], readers["lesion_groups"]) == (6, 5, 4)
    assert readers["dice_mean"] == pytest.approx(3.6 / 5)
    assert readers["dice_median"] == pytest.approx(0.9)
    assert readers["same"] == pytest.approx(5 / 6), "lesion or none: they differ on f"
    assert readers["kappa"] == pytest.approx(8 / 14)
    assert readers["dice_mean_ci"] is None, "four groups tell no interval"


def test_weights_are_compared_with_either_reader_where_they_had_not_seen_the_case(both):
    weights = both["weights"]
    first, second = weights["first"], weights["second"]
    assert (first["n"], first["lesion_n"]) == (5, 4), "not on the case of their training"
    assert first["dice_mean"] == pytest.approx((1 + 1 + 0.9 + 0) / 4)
    assert second["dice_mean"] == pytest.approx((0.9 + 0.8 + 1 + 1) / 4)
    assert weights["readers"] == pytest.approx((0.9 + 0.8 + 0.9 + 0) / 4), "on the same cases"
    assert weights["agreement"] == pytest.approx(0.825)
    assert weights["difference"] == pytest.approx(0.175)


def test_the_false_alarms_of_the_weights_are_told_where_neither_reader_outlined_anything(tmp_path):
    cases = (CASES[0], CASES[5], replace(CASES[5], name="g", group="g"), CASES[4])
    with Store(tmp_path) as store:
        project = fill(store, cases=cases)
        for reader in (ANNA, BEN):
            draw(store, project, reader, "a", square(10, 0))
            for name in ("e", "f", "g"):
                draw(store, project, reader, name, square(None, None))
        figures = evaluate(store, "local", "made", FIRST).figures
    weights = figures["agreement"][0]["weights"]
    assert (weights["empty"], weights["painted"]) == (3, 2), "it paints on f and g"
    [told] = agreement_wording.told(figures)
    assert f"Where neither outlined anything, {FIRST} paints on 2 of 3 cases." in told.said[-1]


def test_masks_that_are_the_weights_own_are_counted_on_the_cases_that_the_sentence_is_of(tmp_path):
    cases = (CASES[0], CASES[4], replace(CASES[4], name="g", group="g"))
    with Store(tmp_path) as store:
        project = fill(store, cases=cases)
        for reader in (ANNA, BEN):
            draw(store, project, reader, "a", square(10, 0))
            for name in ("e", "g"):  # normals
                read(store, project, reader, name, "accept")
        figures = evaluate(store, "local", "made", FIRST).figures
    [told] = agreement_wording.told(figures)
    assert figures["agreement"][0]["weights"]["begun"] == 0
    assert "On the 1 case among them" in told.said[-1] and "its own" not in told.said[-1]


def test_of_one_case_it_is_told_in_the_singular(tmp_path):
    with Store(tmp_path) as store:
        project = fill(store, cases=CASES[:1])
        draw(store, project, ANNA, "a", square(10, 0), label="benign")
        read(store, project, BEN, "a", "accept", label="benign")
        [told] = agreement_wording.told(evaluate(store, "local", "made", FIRST).figures)
    assert "1 case has a label from both" in told.said[1]
    assert "Of the readers' masks there 1 is its own" in told.said[2]


def test_an_ellipse_that_was_kept_is_nobodys_outline(tmp_path):
    boxed = replace(CASES[0], boxed=True)
    cases = (CASES[0], replace(boxed, name="kept"), replace(boxed, name="drawn"))
    with Store(tmp_path) as store:
        project = fill(store, cases=cases)
        for reader in (ANNA, BEN):
            read(store, project, reader, "kept", "truth")
            draw(store, project, reader, "drawn", square(10, int(reader == BEN)))
        told = evaluate(store, "local", "made", FIRST)
    [pair] = told.figures["agreement"]
    assert (pair["decided"], pair["readers"]["n"]) == (2, 1)
    assert pair["readers"]["dice_mean"] == pytest.approx(0.9)
    assert [one.case for one in told.readers[0].differing] == ["drawn"]
    assert told.against_truth.readers == (), "a box is no truth to draw by"


def test_what_favours_agreement_is_counted(both):
    assert both["begun_alike"] == 2, "c with the prediction, seen with the truth"
    assert both["weights"]["begun"] == 4, "ANNA's b, both of c, BEN's f"


def test_labels_are_compared_where_both_gave_one(both):
    labels = both["labels"]
    assert (labels["n"], labels["same"], labels["kappa"]) == (2, 0.5, 0)


def test_a_reader_says_what_they_said_last_whatever_others_say_since(own):
    store, project = own
    id = ids_of(store, project)["a"]
    on_top = draw(store, project, ANNA, "a", square(10, 3), threshold=None, seconds=1)
    assert store.readings("local", project.id)[id][BEN].label == "malignant"
    store.undo("local", ANNA, on_top.id, "undo")
    said = store.readings("local", project.id)[id]
    assert {name: verdict.label for name, verdict in said.items()} == {
        ANNA: "benign",
        BEN: "malignant",
    }


def test_what_was_undone_is_nobodys_word(own):
    store, project = own
    id = ids_of(store, project)["b"]
    store.undo("local", BEN, store.case("local", id).verdict_id, "undo")
    [pair] = evaluate(store, "local", "made", FIRST).figures["agreement"]
    assert (pair["decided"], pair["readers"]["n"]) == (6, 5)


def test_one_reader_alone_agrees_with_nobody(tmp_path):
    with Store(tmp_path) as store:
        project = fill(store)
        read(store, project, ANNA, "a", "truth")
        read(store, project, BEN, "b", "truth")
        assert evaluate(store, "local", "made", FIRST).figures["agreement"] == []


def test_of_three_readers_each_two_are_a_pair_those_with_the_most_in_common_first(own):
    store, project = own
    draw(store, project, "CARA", "a", square(10, 0))
    pairs = evaluate(store, "local", "made", FIRST).readers
    assert [(pair.first, pair.second, pair.decided) for pair in pairs] == [
        (ANNA, BEN, 7), (ANNA, "CARA", 1), (BEN, "CARA", 1),
    ]  # fmt: skip


def test_the_cases_on_which_they_differ_most_come_first(store):
    [pair] = evaluate(store, "local", "made", FIRST).readers
    assert [one.case for one in pair.differing][:4] == ["f", "b", "c", "a"], "c is of another set"


def test_after_the_masks_come_cases_of_which_they_say_another_thing(own):
    store, project = own
    for reader, label in ((ANNA, "benign"), (BEN, "malignant")):
        draw(store, project, reader, "carried", square(10, 0), label=label)
        draw(store, project, reader, "late", square(10, 0), label="benign")
    read(store, project, ANNA, "fold", "unsure", label="benign")
    draw(store, project, BEN, "fold", square(None, None), label="normal")
    [pair] = evaluate(store, "local", "made", FIRST).readers
    assert [(one.case, ", ".join(one.differences)) for one in pair.differing] == [
        ("f", "no lesion / outlined"),
        ("b", ""),
        ("c", ""),
        ("a", "benign / malignant"),
        ("fold", "unsure / no lesion, benign / normal"),
        ("carried", "benign / malignant"),
        ("d", "rejected / outlined"),
    ]
    assert pair.figures["labels"]["n"] == 5, (
        "a, b, carried, late, and fold, where ANNA left no mask"
    )


def test_it_is_told_in_sentences_and_rows(store):
    [told] = agreement_wording.told(evaluate(store, "local", "made", FIRST).figures)
    assert told.title == "ANNA and BEN"
    assert told.said == (
        "ANNA and BEN both decided 7 cases, and both left a mask on 6 of them. On 2 of these both masks began with the "
        "same one (the prediction, the truth, or one with the other's), which favours agreement.",
        "2 cases have a label from both: the same one in 50.0%, kappa 0.000.",
        f"On the 4 cases among them that {FIRST} had not seen and where either outlined something, the readers agree with "
        f"each other by a mean Dice of 0.650, and {FIRST} with them by 0.825: +0.175 (no interval). Of the readers' masks "
        f"there 4 are its own, accepted or drawn on, which favours it. Where neither outlined anything, {FIRST} paints on 0 "
        "of 1 case.",
    )
    shown = {line.name: [cell.value for cell in line.cells] for line in told.lines}
    assert shown == {
        "ANNA and BEN": ["0.720", "0.900", "83.3%", "0.571"],
        f"{FIRST} and ANNA": ["0.725", "0.950", "80.0%", "0.545"],
        f"{FIRST} and BEN": ["0.925", "0.950", "100.0%", "1.000"],
    }
    assert told.lines[0].cells[0].over == "Over 5 cases in 4 groups."
    assert "10 groups or more" in told.lines[0].cells[0].why


def test_the_command_and_the_report_have_it(store, monkeypatch, capsys):
    monkeypatch.setenv("BCWEB_HOME", str(store.home))
    monkeypatch.delenv("BCWEB_DATABASE", raising=False)
    assert program.main(["evaluate", "made", "--revision", FIRST]) == 0
    shown = capsys.readouterr().out
    assert "Readers: ANNA and BEN\nANNA and BEN both decided 7 cases" in shown
    assert shown.index("Readers: against the imported truth\n") < shown.index("Readers: ANNA and")
    [row] = [line for line in shown.splitlines() if line.startswith("  BEN ")]
    assert row.split() == ["BEN", "4", "0.700", "0.700", "75.0%", "0.500"]
    [row] = [line for line in shown.splitlines() if line.startswith("  ANNA and BEN ")]
    assert row.split()[3:] == ["6", "0.720", "0.900", "83.3%", "0.571"]
    csv_file = store.home / "cases.csv"
    assert program.main(["evaluate", "made", "--revision", FIRST, "--csv", str(csv_file)]) == 0
    rows = csv.DictReader(csv_file.read_text("utf-8-sig").splitlines())
    dice = {row["id"]: row["dice of ANNA and BEN"] for row in rows}
    assert (dice["a"], dice["f"], dice["d"], dice["late"]) == ("0.9", "0", "", "")
    page = report.html(evaluate(store, "local", "made", FIRST))
    assert "<h2>Readers: ANNA and BEN</h2><p>ANNA and BEN both decided 7 cases" in page
    assert 'data-figure="readers.ANNA and BEN.kappa">0.571<' in page
    assert "<h2>Readers: against the imported truth</h2><p>Masks that readers left" in page
    assert 'data-figure="readers.BEN.kappa">0.500<' in page
    assert "The mean over the cases whose truth holds a lesion." in page


def test_each_reader_is_compared_with_the_imported_truth_and_the_weights_on_the_same_cases(store):
    """ANNA: a 1, b 0.8, c 0.6, and e and f have no lesion. BEN: a 0.9, c 0.5, e, and f, which BEN outlines. The rest is
    the truth itself."""
    told = evaluate(store, "local", "made", FIRST).figures["against_truth"]
    anna, ben = told["readers"]
    assert (anna["reader"], anna["n"], anna["lesion_n"], anna["groups"]) == (ANNA, 5, 3, 4)
    assert (anna["dice_mean"], anna["dice_median"]) == pytest.approx((0.8, 0.8))
    assert (anna["same"], anna["kappa"]) == (1, 1)
    assert (ben["reader"], ben["n"], ben["lesion_n"]) == (BEN, 4, 2)
    assert ben["dice_mean"] == pytest.approx(0.7), "f has no lesion to be of"
    assert (ben["same"], ben["kappa"]) == (0.75, 0.5)
    assert [(one["kept"], one["begun"]) for one in told["readers"]] == [(1, 2), (3, 2)]
    # a 1, b 0.8, c 0.5, e clear, f painted; not d, of which nobody drew anything.
    weights = told["weights"]
    assert (weights["n"], weights["lesion_n"], weights["same"]) == (5, 3, 0.8)
    assert weights["dice_mean"] == pytest.approx(2.3 / 3)


def test_readers_beside_the_truth_are_told_in_sentences_and_rows(store):
    told = agreement_wording.against_truth(evaluate(store, "local", "made", FIRST).figures)
    assert told.title == "against the imported truth"
    assert told.said[1:] == (
        f"Left out, because they are the truth, kept or drawn on: 1 of {ANNA}, 3 of {BEN}.",
        f"Begun with a prediction, accepted or drawn on, or with another reader's mask: 2 of {ANNA}, 2 of {BEN}.",
    )
    shown = {line.name: [line.images, *(cell.value for cell in line.cells)] for line in told.lines}
    assert shown == {
        ANNA: ["5", "0.800", "0.800", "100.0%", "1.000"],
        BEN: ["4", "0.700", "0.700", "75.0%", "0.500"],
        FIRST: ["5", "0.767", "0.800", "80.0%", "0.545"],
    }


def test_one_reader_is_compared_with_the_truth_as_well_and_weights_only_where_it_was_unseen(
    tmp_path,
):
    with Store(tmp_path) as store:
        project = fill(store)
        draw(store, project, ANNA, "seen", square(10, 1))
        draw(store, project, ANNA, "c", square(10, 4), beginning="truth")
        read(store, project, BEN, "a", "truth")
        told = agreement_wording.against_truth(evaluate(store, "local", "made", FIRST).figures)
        assert [(line.name, line.images) for line in told.lines] == [(ANNA, "1")]
        assert told.said[1:] == (
            f"Left out, because they are the truth, kept or drawn on: 1 of {ANNA}.",
        )


def test_where_nobody_left_a_mask_of_their_own_nothing_is_compared_with_the_truth(tmp_path):
    with Store(tmp_path) as store:
        project = fill(store)
        read(store, project, ANNA, "a", "truth")
        read(store, project, ANNA, "b", "reject", reason="unreadable")
        draw(store, project, ANNA, "no truth", square(10, 0))
        figures = evaluate(store, "local", "made", FIRST).figures
        assert agreement_wording.against_truth(figures) is None
        assert agreement_wording.tables(figures) == ()


def test_a_second_revision_is_scored_without_the_readers(store):
    told = evaluate(store, "local", "made", SECOND, with_readers=False)
    assert (told.readers, told.figures["against_truth"]["readers"]) == ((), [])


def test_each_mask_of_a_case_is_read_once_and_none_the_next_time(own, monkeypatch):
    store, project = own
    draw(store, project, "CARA", "a", square(10, 2))
    draw(store, project, "DAN", "a", square(10, 3))
    asked = Counter()
    mask = store.mask
    monkeypatch.setattr(store, "mask", lambda id, file: asked.update([file]) or mask(id, file))
    scorer = Scorer(store)
    first = evaluate(store, "local", "made", FIRST, scorer=scorer)
    assert len(first.readers) == 6 and set(asked.values()) == {1}
    assert evaluate(store, "local", "made", FIRST, scorer=scorer) == first
    assert set(asked.values()) == {1}


def test_intervals_are_of_groups(tmp_path):
    """Twelve women: ANNA draws each square one pixel to the right of BEN's, or two; the weights draw as BEN does."""
    cases = tuple(Made(f"{n}", "benign", f"{n}", 10, Mask(0), None) for n in range(12))
    with Store(tmp_path) as store:
        project = fill(store, cases=cases)
        for n in range(12):
            draw(store, project, ANNA, f"{n}", square(10, 1 + n % 2))
            draw(store, project, BEN, f"{n}", square(10, 0))
        [pair] = evaluate(store, "local", "made", FIRST).figures["agreement"]
    readers, weights = pair["readers"], pair["weights"]
    assert readers["dice_mean"] == pytest.approx(0.85)
    low, high = readers["dice_mean_ci"]
    assert 0.8 < low < 0.85 < high < 0.9
    assert (readers["same"], readers["same_ci"][1]) == (1, 1)
    assert readers["kappa"] is None, (
        "both outline a lesion throughout: there is no chance to be better than"
    )
    assert weights["difference"] == pytest.approx((0.85 + 1) / 2 - 0.85)
    assert weights["difference_ci"][0] > 0


def test_a_mask_that_is_damaged_is_left_out(own):
    store, project = own
    [file] = {
        by[BEN].mask_file for id, by in store.readings("local", project.id).items()
        if id == ids_of(store, project)["a"]
    }  # fmt: skip
    [kept] = store.home.rglob(f"{file}*")
    kept.write_bytes(b"no mask")
    [pair] = evaluate(store, "local", "made", FIRST).figures["agreement"]
    assert (pair["decided"], pair["readers"]["n"]) == (7, 5)


def test_a_verdict_that_came_since_makes_another_evaluation(own):
    """The page keeps figures as long as what they are of is the same."""
    store, project = own

    before = evaluate(store, "local", "made", FIRST)
    assert before == evaluate(store, "local", "made", FIRST)
    draw(store, project, BEN, "e", square(3, 0))
    assert before.readers != evaluate(store, "local", "made", FIRST).readers


def test_kappa_is_agreement_beyond_chance():
    """Cohen's example of 200 patients whom two put into three classes: 0.492."""
    table = [[88, 10, 2], [14, 40, 6], [18, 10, 12]]
    rows = np.array([(a, b) for a in range(3) for b in range(3) for _ in range(table[a][b])], float)
    assert kappa(rows) == pytest.approx(0.492, abs=5e-4)
    assert np.isnan(kappa(np.ones((4, 2))))
    assert kappa(np.array([[0, 1], [1, 0]])) == -1


def test_cases_of_another_modality_are_not_among_them(tmp_path):
    cases = (CASES[0], replace(CASES[1], modality="mammogram"))
    with Store(tmp_path) as store:
        project = fill(store, cases=cases)
        for name in ("a", "b"):
            for reader in (ANNA, BEN):
                draw(store, project, reader, name, square(10, 0))
        [pair] = evaluate(store, "local", "made", FIRST).figures["agreement"]
    assert pair["decided"] == 1
