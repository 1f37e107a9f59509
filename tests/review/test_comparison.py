"""Two revisions side by side: which cases are compared, and differences that were worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from bcweb.paired import paired, paired_auc
from bcweb.review import wording
from bcweb.review.comparison import Comparison, compare
from bcweb.review.evaluation import Evaluation, evaluate
from bcweb.review.records import Project, ReviewError
from bcweb.review.store import Store
from bcweb.scores import CaseScore
from tests.review.scored import CASES, FIRST, FOLD, SECOND, Made, Mask, fill, ids_of, square
from tests.review.verdicts import decide


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One project that no test writes to."""
    with Store(tmp_path_factory.mktemp("home")) as opened:
        fill(opened)
        yield opened


@pytest.fixture(scope="module")
def first(store: Store) -> Evaluation:
    return evaluate(store, "local", "made", FIRST)


@pytest.fixture(scope="module")
def compared(store: Store, first: Evaluation) -> Comparison:
    return compare(first, evaluate(store, "local", "made", SECOND))


@pytest.fixture
def own(tmp_path) -> Iterator[tuple[Store, Project]]:
    """A project that this test alone writes to."""
    with Store(tmp_path) as opened:
        yield opened, fill(opened)


def test_only_cases_that_both_predicted_and_neither_had_seen_are_compared(compared):
    assert [pair.first.id for pair in compared.pairs] == list("abcdef")
    assert compared.left_out == {
        "without a truth": 1,
        "that cannot be read": 1,
        f"not predicted by {FIRST}": 1,
        f"that {FIRST} saw in training": 3,  # seen, carried, fold
    }
    assert len(compared.pairs) + sum(compared.left_out.values()) == len(CASES)


def test_scores_out_of_fold_are_compared_only_where_that_was_asked_for(store, first, compared):
    assert (compared.out_of_fold, compared.with_folds) == (2, False)
    more = compare(first, evaluate(store, "local", "made", SECOND), with_folds=True)
    assert [pair.first.id for pair in more.pairs] == [*"abcdef", "carried", "fold"]
    assert more.left_out[f"that {FIRST} saw in training"] == 1
    # 0.1 - 0.2 + 0 - 0.5, then 0.6 - 0.8 of carried and 0.6 - 1 of fold
    assert more.figures["rows"]["dice_mean"]["difference"] == pytest.approx(-1.2 / 6)


def test_boxes_that_stand_apart_are_no_further_cases_out_of_fold(tmp_path):
    fold = next(made for made in CASES if made.name == "fold")
    cases = [replace(CASES[0], name=f"outlined {n}") for n in range(3)]
    cases += [fold, *(replace(fold, name=f"boxed {n}", boxed=True) for n in range(7))]
    with Store(tmp_path) as store:
        fill(store, cases=cases)
        two = [evaluate(store, "local", "made", name) for name in (FIRST, SECOND)]
    assert compare(*two).out_of_fold == 1
    told = compare(*two, with_folds=True)
    assert (len(told.pairs), told.out_of_fold) == (4, 1)
    assert told.left_out == {"with only boxes known": 7}


def test_truths_that_began_from_a_prediction_of_either_side_are_told(own):
    store, project = own
    ids = ids_of(store, project)
    decide(store, ids["b"], "corrected", square(10, 0), SECOND, beginning="prediction")
    decide(store, ids["a"], "corrected", square(10, 2), SECOND, beginning="empty")
    first, second = (evaluate(store, "local", "made", name, "reader") for name in (FIRST, SECOND))
    said = f"The truth of 1 of them began from {SECOND}'s own prediction, which favours it."
    for told in (compare(first, second), compare(second, first)):
        assert said in wording.compared(told.figures)
        assert f"{FIRST}'s own" not in wording.compared(told.figures)
    imported = (evaluate(store, "local", "made", name) for name in (FIRST, SECOND))
    assert "favours" not in wording.compared(compare(*imported).figures), "no truth began so"


def test_a_case_that_was_decided_between_the_two_scorings_is_no_pair(own):
    """One side would be scored against the old truth, the other against the new."""
    store, project = own
    ids = ids_of(store, project)
    first = evaluate(store, "local", "made", FIRST, "reader")
    decide(store, ids["b"], "corrected", square(10, 2), beginning="empty")
    decide(store, ids["c"], "truth")
    told = compare(first, evaluate(store, "local", "made", SECOND, "reader"))
    assert [pair.first.id for pair in told.pairs] == ["a", "c", "d", "e", "f"]
    assert told.left_out["decided meanwhile"] == 1
    again = compare(*(evaluate(store, "local", "made", r, "reader") for r in (FIRST, SECOND)))
    assert len(again.pairs) == 6 and "decided meanwhile" not in again.left_out


def test_a_mask_of_the_second_that_is_damaged_is_no_prediction_that_was_not_made(own):
    store, project = own
    file = store.prediction("local", ids_of(store, project)["a"], SECOND).mask_file
    next(store.home.rglob(file)).write_bytes(b"\x89PNG")
    told = compare(*(evaluate(store, "local", "made", name) for name in (FIRST, SECOND)))
    assert told.left_out["whose mask is damaged on the disk"] == 1
    assert f"not predicted by {SECOND}" not in told.left_out


def test_the_same_fold_on_both_sides_compares_nothing(tmp_path):
    both = Made(
        "x", "benign", "1", 10, Mask(0, "seen"), Mask(1, "seen"),
        fold=Mask(2, "out-of-fold", stands_for=(FIRST, SECOND)),
    )  # fmt: skip
    with Store(tmp_path) as store:
        fill(store, cases=[both, CASES[0]])
        two = [evaluate(store, "local", "made", name) for name in (FIRST, SECOND)]
    assert [[c.headline.dice for c in each.cases] for each in two] == [[0.8, 1], [0.8, 0.9]]
    for with_folds in (False, True):
        told = compare(*two, with_folds)
        assert [pair.first.id for pair in told.pairs] == ["a"]
        assert told.left_out == {"that both saw in training": 1} and told.out_of_fold == 0


def test_the_difference_is_of_the_same_cases(compared):
    rows = compared.figures["rows"]
    dice = rows["dice_mean"]
    # a 1 and 0.9, b 0.8 and 1, c 0.5 and 0.5, d 0 and 0.5
    assert (dice["n"], dice["groups"]) == (4, 3)
    assert dice["difference"] == pytest.approx(-0.6 / 4)
    assert (dice["first"], dice["second"]) == pytest.approx((2.3 / 4, 2.9 / 4))
    assert rows["dice_median"]["difference"] == pytest.approx(-0.1)
    # Distances where both painted: a 0 and 1, b 2 and 0, c 5 and 5.
    assert (rows["hd95_mean"]["n"], rows["hd95_mean"]["difference"]) == (3, pytest.approx(1 / 3))
    assert rows["detected"]["difference"] == pytest.approx(-0.25)
    assert rows["painted"]["difference"] == 0  # e and f have changed places
    # Of eight pairs the first has one wrong: d's presence is 0.6, f's 0.65.
    auc = rows["presence_auc"]
    assert (auc["first"], auc["second"], auc["difference"]) == (0.875, 1, -0.125)
    assert dice["difference_ci"] is None, "of three groups"


def test_the_difference_is_told_for_each_group_of_cases(compared):
    """a +0.1, b -0.2, d -0.5 and c 0, which is of another data set; of the normals e and f change places."""
    figures = compared.figures
    told = {
        f"{of}.{name}": round(rows["dice_mean"]["difference"], 6)
        for of in ("datasets", "by_label", "by_size")
        for name, rows in figures[of].items()
        if rows["dice_mean"]["n"]
    }
    assert told == {
        "datasets.set": -0.2,
        "datasets.other": 0,
        "by_label.benign": -0.05,
        "by_label.malignant": -0.25,
        "by_size.under 1%": -0.5,
        "by_size.3 to 10%": round(-0.1 / 3, 6),
    }
    normal = figures["by_label"]["normal"]["painted"]
    assert (normal["n"], normal["first"], normal["second"], normal["alike"]) == (2, 0.5, 0.5, False)
    shown = [
        (part.title, name, row.key, row.images)
        for part in wording.parts(figures)
        for name, row in part.lines
    ]
    assert shown == [
        ("Data set", "set", "dice_mean", "3"),
        ("Data set", "set", "painted", "2"),
        ("Data set", "other", "dice_mean", "1"),
        ("Label", "benign", "dice_mean", "2"),
        ("Label", "malignant", "dice_mean", "2"),
        ("Label", "normal", "painted", "2"),
        ("Truth's share of the image", "under 1%", "dice_mean", "1"),
        ("Truth's share of the image", "3 to 10%", "dice_mean", "3"),
    ]


def test_a_loss_on_small_malignant_lesions_is_not_hidden_by_a_gain_on_large_benign_ones(tmp_path):
    large = [
        Made(f"large {n}", "benign", f"large {n}", 20, Mask(n % 2), Mask(8 + n % 3))
        for n in range(24)
    ]
    small = [
        Made(f"small {n}", "malignant", f"small {n}", 4, Mask(1 + n % 2), Mask(0))
        for n in range(12)
    ]
    with Store(tmp_path) as store:
        fill(store, cases=[*large, *small])
        figures = compare(*(evaluate(store, "local", "made", r) for r in (FIRST, SECOND))).figures
    [overall] = [row for row in wording.differences(figures) if row.key == "dice_mean"]
    assert overall.verdict == "better"
    told = {name: row.verdict for part in wording.parts(figures) for name, row in part.lines}
    assert told == {
        "benign": "better",
        "malignant": "worse",
        "under 1%": "worse",
        "10% and over": "better",
    }, "there is but one data set"


def test_the_two_ways_round_are_each_others_mirror(store, first, compared):
    back = compare(evaluate(store, "local", "made", SECOND), first)
    for key, row in compared.figures["rows"].items():
        assert back.figures["rows"][key]["difference"] == pytest.approx(-row["difference"]), key
    assert [p.case.id for p in back.better] == [p.case.id for p in compared.worse]


def test_cases_that_got_better_and_worse_are_sorted_by_how_much(compared):
    sides = compared.better, compared.worse
    told = [[(pair.first.id, round(pair.difference, 6)) for pair in side] for side in sides]
    assert told == [
        [("e", 1), ("a", 0.1)],
        [("f", -1), ("d", -0.5), ("b", -0.2)],
    ]
    figures = compared.figures
    assert (figures["better"], figures["worse"], figures["same"]) == (2, 3, 1)


def test_a_dice_that_was_rounded_on_its_way_is_the_same(first):
    carried = next(case for case in first.cases if case.score.id == "carried")
    rounded = replace(carried, carried=0.6 + 1e-6)
    other = replace(first, revision="other", cases=(rounded,))
    assert compare(first, other, with_folds=True).figures["same"] == 1


def test_where_no_case_differs_the_interval_says_how_little_that_proves(tmp_path):
    made = [
        replace(CASES[0], name=str(n), group=str(n), first=Mask(n), second=Mask(n + 1))
        for n in range(5)
    ]
    with Store(tmp_path) as store:
        fill(store, cases=made)
        both = [evaluate(store, "local", "made", name) for name in (FIRST, SECOND)]
        figures = compare(*both).figures
    found = figures["rows"]["detected"]
    reach = 1 - 0.025 ** (1 / 5)  # Clopper and Pearson: none of five groups differs
    assert found["difference"] == 0
    assert found["difference_ci"] == pytest.approx([-reach, reach])
    told = {row.key: row for row in wording.differences(figures)}
    assert "Clopper and Pearson (1934)" in told["detected"].why, "nothing was drawn again for it"
    assert told["detected"].interval == "−52.2 to +52.2"


def test_where_both_rank_every_pair_alike_the_row_tells_its_interval(tmp_path):
    lesion = [replace(CASES[0], name=f"{n}", group=f"{n}") for n in range(3)]
    normal = [replace(CASES[4], name=f"{n}", group=f"{n}") for n in range(3, 6)]
    with Store(tmp_path) as store:
        fill(store, cases=[*lesion, *normal])
        both = [evaluate(store, "local", "made", name) for name in (FIRST, SECOND)]
    told = {row.key: row for row in wording.differences(compare(*both).figures)}
    assert (told["presence_auc"].first, told["presence_auc"].second) == ("1.000", "1.000")
    assert told["presence_auc"].interval == "−0.708 to +0.708"
    assert "independent pairs" in told["presence_auc"].why


def test_shares_that_are_equal_by_other_cases_are_not_said_to_be_alike(compared):
    """The first painted f and the second e."""
    assert compared.figures["rows"]["painted"]["alike"] is False


def test_weights_are_not_compared_with_themselves_nor_across_modalities(first):
    with pytest.raises(ReviewError, match="cannot be compared with itself"):
        compare(first, first)
    other = replace(first, revision="mammogram-1", modality="mammogram")
    with pytest.raises(ReviewError, match="have no case in common"):
        compare(first, other)


def test_revisions_without_a_case_in_common_have_figures_that_do_not_exist(first):
    none = compare(first, replace(first, revision="other", cases=()))
    assert none.pairs == () and none.left_out["not predicted by other"] == 9
    assert all(row["difference"] is None for row in none.figures["rows"].values())
    assert wording.parts(none.figures) == ()


def test_two_revisions_that_share_no_pair_of_a_lesion_and_a_normal_have_no_auc():
    """A fold's network rated the lesion, the weights themselves the normal: they have scales of their own."""
    lesion = CaseScore("d", "a", "a", "", "ultrasound", lesion=True, presence=0.9, revision=FOLD)
    normal = replace(lesion, id="b", group="b", lesion=False, presence=0.1, revision=FIRST)
    pairs = [SimpleNamespace(first=s, second=replace(s, revision=SECOND)) for s in (lesion, normal)]
    figures = paired_auc(pairs)
    assert figures["n"] == 2
    assert (figures["first"], figures["difference"], figures["difference_ci"]) == (None,) * 3


@pytest.mark.parametrize(
    ("differences", "verdict"),
    [
        ([0.19] * 4, ""),
        ([0.1, 0.2, 0.3, 0.4], ""),
        ([0.19] * 12, ""),
        ([0.1, 0.2, 0.3, 0.4] * 3, "better"),
        ([-0.1, -0.2, -0.3, -0.4] * 3, "worse"),
    ],
)
def test_few_groups_and_groups_that_differ_alike_give_no_verdict(differences, verdict):
    """Four women all on one side are by chance alone one sample in eight; and a gain without a spread is a sign that
    something is wrong, not that it is certain."""
    base = CaseScore("d", "", "", "", "ultrasound", lesion=True, dice=0.5, revision=FIRST)
    pairs = [
        SimpleNamespace(
            first=replace(base, id=str(n), dice=0.5 + by), second=replace(base, id=str(n))
        )
        for n, by in enumerate(differences)
    ]
    row = paired(pairs, lambda score: score.dice)
    assert row["difference"] == pytest.approx(np.mean(differences))
    (told,) = wording.differences({"pairs": len(pairs), "rows": {"dice_mean": row}})
    assert told.verdict == verdict
    assert bool(told.interval) == bool(verdict)
    assert ("10 groups or more" in told.why) != bool(verdict), "which tells why there is none"
