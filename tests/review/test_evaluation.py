"""A project's scores, worked out by hand; what may not enter them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from bcweb.review import wording
from bcweb.review.comparison import compare
from bcweb.review.evaluation import SIZES, Evaluation, evaluate, size_of
from bcweb.review.records import NewVerdict, NotThere, Project, ReviewError
from bcweb.review.revisions import revisions
from bcweb.review.store import Store
from bcweb.score_table import table
from bcweb.scores import report
from tests.review.scored import (
    CASES,
    FIRST,
    FOLD,
    SECOND,
    Made,
    Mask,
    case_of,
    fill,
    ids_of,
    square,
)
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


@pytest.fixture
def own(tmp_path) -> Iterator[tuple[Store, Project]]:
    """A project that this test alone writes to."""
    with Store(tmp_path) as opened:
        yield opened, fill(opened)


# --- the headline


def test_the_headline_is_of_cases_that_the_weights_had_not_seen(first):
    told = {case.score.id: case.headline.dice for case in first.headline}
    assert told == pytest.approx(
        {"a": 1, "b": 0.8, "c": 0.5, "d": 0, "e": 1, "f": 0, "carried": 0.6, "fold": 0.6}
    ), "of 'seen' no score is a result, of 'carried' only the one out of fold is"
    figures = first.figures
    lesion = figures["lesion"]
    assert (lesion["n"], lesion["groups"]) == (6, 5)  # a and b are one woman's
    assert lesion["dice_mean"] == pytest.approx(3.5 / 6)
    assert lesion["dice_median"] == pytest.approx(0.6)
    assert lesion["iou_mean"] == pytest.approx((1 + 2 / 3 + 1 / 3 + 0 + 3 / 7 + 3 / 7) / 6)
    assert lesion["detected"] == pytest.approx(5 / 6)
    assert figures["normal"]["painted"] == 0.5
    assert (figures["unseen"], figures["seen"], figures["out_of_fold"]) == (6, 3, 2)


def test_what_needs_a_mask_leaves_out_the_case_whose_mask_is_not_here(first):
    figures = first.figures
    assert (figures["lesion"]["hd95_mean"], figures["lesion"]["hd95_n"]) == (15 / 4, 4)  # 0 2 5 8
    assert (figures["lesionwise"]["n"], figures["lesionwise"]["found"]) == (5, 0.8)
    # a b c d against the normals e and f: of eight pairs only d's 0.6 is below f's 0.65. "fold" was rated by
    # another network, that of its fold, which has no normal to be compared with.
    assert figures["presence_auc"] == pytest.approx(7 / 8)
    over = {cell.key: cell.over for cell in wording.headline(figures)}
    assert over["hd95_mean"] == "Over 4 images of 6."
    assert over["found"] == "Over 5 lesions on 5 images."
    assert (over["false_alarms"], over["presence_auc"]) == ("Over 5 images.", "Over 7 images.")
    said = table(figures)
    assert re.search(r"^    HD95, mean, px \(over 4\) +3\.8 ", said, re.M)
    assert re.search(r"^    false alarms an image \(over 5\) ", said, re.M)
    assert re.search(r"^  Presence, AUC \(over 7\) +0\.875 ", said, re.M)
    whole = table(report([case.score for case in first.cases if not case.score.seen], {}))
    assert re.search(r"^    false alarms an image  ", whole, re.M), "of all there is nothing to say"


def test_where_only_a_dice_is_carried_the_dashes_say_so(tmp_path):
    carried = next(made for made in CASES if made.name == "carried")
    normal = replace(CASES[4], name="n", group="n")
    with Store(tmp_path) as store:
        fill(store, cases=[carried, normal])
        told = {c.key: c for c in wording.headline(evaluate(store, "local", "made", FIRST).figures)}
        fill(store, name="missed", cases=[CASES[3]])
        missed = evaluate(store, "local", "missed", FIRST).figures
    assert (told["dice_mean"].value, told["painted"].value) == ("0.600", "0.0%")
    why = "Only the Dice out of fold is known of them, which the weights carry: this does not follow from it."
    for key in ("hd95_mean", "found", "false_alarms", "presence_auc"):
        assert (told[key].value, told[key].why) == ("–", why), key
    other = {cell.key: cell.why for cell in wording.headline(missed)}
    assert other["hd95_mean"] == "A distance needs a mask and a truth that both hold a lesion."
    assert other["presence_auc"].startswith("It needs lesion and normal images")


def test_five_groups_are_too_few_for_an_interval(first):
    figures = first.figures
    told = {
        name: interval
        for block in (figures["lesion"], figures["normal"], figures["lesionwise"], figures)
        for name, interval in block.items()
        if name.endswith("_ci")
    }
    assert {"dice_mean_ci", "detected_ci", "painted_ci", "found_ci", "presence_auc_ci"} <= set(told)
    with_one = {name for name, interval in told.items() if interval}
    assert with_one == {"false_alarms_ci"}, (
        "none anywhere, of which Garwood knows how far it reaches"
    )


def test_an_auc_without_an_interval_says_how_many_of_either_kind_it_wants():
    cell = wording.cell(
        {"presence_auc": 0.9, "presence_auc_ci": None, "presence_n": 9},
        wording.BY_KEY["presence_auc"],
    )
    assert cell.why == (
        "There is no interval: it takes 10 groups or more that are not all alike, 5 or more of them with a lesion image "
        "and as many with a normal one."
    )


def test_seen_cases_stand_apart(first):
    seen = first.figures["seen_scores"]["lesion"]
    assert (seen["n"], seen["dice_mean"]) == (2, 1), "what the weights reach on what they learned"


def test_cases_without_a_score_are_counted_by_their_reason(first):
    assert first.left_out == {
        "without a truth": 1,
        "that cannot be read": 1,
        f"not predicted by {FIRST}": 1,
    }
    assert first.total == len(CASES)


def test_groups_have_figures_of_their_own(first):
    figures = first.figures
    by_label = figures["by_label"]
    assert by_label["benign"]["dice_mean"] == pytest.approx((1 + 0.8 + 0.6 + 0.6) / 4)
    assert by_label["malignant"]["dice_mean"] == pytest.approx(0.25)
    assert by_label["normal"]["painted"] == 0.5
    assert figures["datasets"]["other"]["lesion"]["dice_mean"] == pytest.approx(0.55)
    sizes = {name: part["n"] for name, part in figures["by_size"].items()}
    # 16, 100 and 400 of 2000 pixels are 0.8, 5 and 20%.
    assert sizes == {"under 1%": 1, "1 to 3%": 0, "3 to 10%": 4, "10% and over": 1}
    assert figures["by_size"]["under 1%"]["dice_mean"] == 0


def test_scores_against_boxes_stand_apart(tmp_path):
    """b and c are boxed, with 0.8 and 0.5; a has 1. A reader drew over c's box."""
    cases = [replace(made, boxed=made.name in "bc") for made in CASES[:3]]
    with Store(tmp_path) as store:
        project = fill(store, cases=cases)
        told = evaluate(store, "local", "made", FIRST)
        figures = told.figures
        assert (figures["lesion"]["n"], figures["lesion"]["dice_mean"], figures["weak"]) == (
            1,
            1,
            2,
        )
        assert figures["datasets"]["other"]["lesion"]["dice_mean"] == pytest.approx(0.5)
        assert sum(part["n"] for part in figures["by_size"].values()) == 1
        assert any(
            said
            == "For 2 only boxes are known: their truth is the ellipse within each, and only figures marked "
            "(boxes) include them."
            for said in wording.about(figures)
        )
        lines = wording.sections(figures)[1].lines
        assert [(line.name, line.images) for line in lines] == [
            ("set", "1"),
            ("set (boxes)", "1"),
            ("other (boxes)", "1"),
        ], "each case is in one of them"
        pairs = compare(told, evaluate(store, "local", "made", SECOND))
        assert [pair.first.id for pair in pairs.pairs] == ["a"]
        assert pairs.left_out == {"with only boxes known": 2}

        drawn = NewVerdict(
            "corrected",
            key="k" * 20,
            after=None,
            mask=square(10, 5),
            beginning="empty",
            seconds=1.0,
        )
        store.save("local", "anna", ids_of(store, project)["c"], drawn)
        by_reader = evaluate(store, "local", "made", FIRST, "reader").figures
        assert (by_reader["weak"], by_reader["lesion"]["n"]) == (1, 2), "c is outlined now"


def test_one_case_without_a_lesion_takes_no_box_out_of_the_figures(tmp_path):
    """A reader says that c holds none, and then outlines b."""
    cases = [replace(made, boxed=True, dataset="boxes") for made in CASES[:4]]

    def corrected(case: str, mask: np.ndarray) -> Evaluation:
        drawn = NewVerdict("corrected", key=f"key of {case}", mask=mask, beginning="empty")
        store.save("local", "anna", ids_of(store, project)[case], drawn)
        return evaluate(store, "local", "made", FIRST, "reader")

    with Store(tmp_path) as store:
        project = fill(store, cases=cases)
        told = corrected("c", square(0, 0))
        assert told.figures["lesion"]["dice_mean"] == pytest.approx((1 + 0.8 + 0) / 3)
        assert (told.figures["normal"]["n"], told.apart) == (1, frozenset())
        assert wording.sections(told.figures)[0].lines[0].name == "All (boxes)"
        others = evaluate(store, "local", "made", SECOND, "reader")
        assert [pair.first.id for pair in compare(told, others).pairs] == ["a", "b", "c", "d"]

        told = corrected("b", square(10, 0))
        assert told.figures["lesion"]["dice_mean"] == pytest.approx(0.8)
        [all_of_them], data_sets, *_ = (part.lines for part in wording.sections(told.figures))
        assert all_of_them.name == "All"
        assert [(line.name, line.only, line.images) for line in data_sets] == [
            ("boxes", ("dataset", "boxes"), "2"),
            ("boxes (boxes)", ("boxes", "boxes"), "2"),
        ], "each case is in one of them"


@pytest.mark.parametrize("boxed", [False, True])
def test_outlines_stay_outlines_and_boxes_boxes_where_a_data_set_has_moved(tmp_path, boxed):
    """There the masks of two are missing, or lie where only boxes were."""
    here, there = tmp_path / "home", tmp_path / "moved"
    there.mkdir()
    cases = [CASES[0], *(replace(made, boxed=boxed) for made in CASES[1:3])]
    with Store(here) as store:
        project = fill(store, cases=cases)
        before = evaluate(store, "local", "made", FIRST).figures
        assert before.get("weak", 0) == 2 * boxed
        shutil.rmtree(here / "scans")
        moved = [replace(made, boxed=not made.boxed) for made in cases[1:]]
        store.add_cases(project.id, [case_of(made, there) for made in (cases[0], *moved)])
        assert all(store.case("local", id).file.exists() for id in ids_of(store, project).values())
        assert evaluate(store, "local", "made", FIRST).figures == before


def test_seen_cases_of_which_only_boxes_are_known_are_called_so(tmp_path):
    seen = next(made for made in CASES if made.name == "seen")
    cases = [*CASES[:2], replace(seen, boxed=True)]
    with Store(tmp_path) as store:
        fill(store, cases=cases)
        figures = evaluate(store, "local", "made", FIRST).figures
    assert wording.sections(figures)[-1].lines[0].name == "Seen cases (boxes)"


def test_where_no_outline_has_a_result_boxes_do_not_stand_apart(tmp_path):
    """The weights have seen the one case that is outlined."""
    seen = next(made for made in CASES if made.name == "seen")
    with Store(tmp_path) as store:
        fill(store, cases=[seen, *(replace(made, boxed=True) for made in CASES[:2])])
        told = evaluate(store, "local", "made", FIRST)
    assert (told.figures["lesion"]["n"], told.apart) == (2, frozenset())
    said = "For 2 only boxes are known: their truth is the ellipse within each, and the headline is of them."
    assert said in wording.about(told.figures)


def test_a_size_belongs_to_the_part_that_begins_with_it():
    assert [size_of(share) for share in (0.0099, 0.01, 0.03, 0.1, 1)] == [
        SIZES[0][0], SIZES[1][0], SIZES[2][0], SIZES[3][0], SIZES[3][0],
    ]  # fmt: skip


def test_uncertainty_is_rated_by_how_it_ranks_the_errors(tmp_path):
    # By their names' lengths the uncertainties are 0.1 to 0.4, the Dice falls as they rise, but for one.
    names = {"a": 0, "bb": 2, "ccc": 1, "dddd": 5}
    made = [
        replace(CASES[0], name=n, group=n, first=Mask(s), second=None) for n, s in names.items()
    ]
    with Store(tmp_path) as store:
        fill(store, cases=made)
        told = evaluate(store, "local", "made").figures["uncertainty"]
    # Ranks 1 2 3 4 against 1 3 2 4: 1 - 6 (0 + 1 + 1 + 0) / (4 (16 - 1)).
    assert (told["n"], told["correlation"]) == (4, pytest.approx(0.8))


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ("a", "1 is unseen"),
        ("a b", "2 are unseen"),
        ("a seen", "1 is unseen, 1 was seen in training, of which 0 are scored out of fold"),
        ("seen carried", "0 are unseen, 2 were seen in training, of which 1 is scored out of fold"),
    ],
)
def test_one_case_is_told_as_one(tmp_path, names, said):
    cases = [made for made in CASES if made.name in names.split()]
    with Store(tmp_path) as store:
        fill(store, cases=cases)
        told = wording.about(evaluate(store, "local", "made", FIRST).figures)[0]
    assert told == f"{len(cases)} of {len(cases)} cases have a score: {said}."


# --- which truth


def test_readers_masks_are_the_truth_only_where_that_was_asked_for(own):
    store, project = own
    ids = ids_of(store, project)
    # b's mask was right all along; it was begun from this revision's own prediction.
    decide(store, ids["b"], "corrected", square(10, 2), beginning="prediction")
    decide(store, ids["f"], "corrected", square(3, 0), beginning="empty", label="benign")
    decide(store, ids["c"], "truth")
    # So was the one of a case that the weights were trained on: no figure is of it.
    decide(store, ids["seen"], "corrected", square(10, 0), beginning="prediction")
    before = evaluate(store, "local", "made", FIRST)
    after = evaluate(store, "local", "made", FIRST, "reader")
    dice = {case.score.id: case.score.dice for case in after.cases}
    assert [case.score.dice for case in before.cases if case.score.id in "bf"] == [0.8, 0]
    assert (dice["b"], dice["f"], dice["c"]) == (1, 1, 0.5)
    figures = after.figures
    assert (figures["by_reader"], figures["begun_from_it"]) == (4, 1)
    assert figures["lesion"]["n"] == before.figures["lesion"]["n"] + 1, "f holds a lesion now"
    assert figures["by_label"]["normal"]["n"] == 1, "and is called benign"
    assert (before.figures["by_reader"], before.figures["begun_from_it"]) == (0, 0)


def test_an_accepted_prediction_is_not_scored_against_itself(own):
    store, project = own
    ids = ids_of(store, project)
    decide(store, ids["c"], "accept")
    decide(store, ids["no truth"], "accept")
    told = {case.score.id: case.score.dice for case in _reader(store).cases}
    assert told["c"] == 0.5 and "no truth" not in told


def test_the_share_accepted_as_drawn_is_of_unseen_cases_decided_on_this_revisions_prediction(own):
    store, project = own
    ids = ids_of(store, project)
    for name in ("c", "no truth", "seen", "fold"):
        decide(store, ids[name], "accept", revision=FOLD if name == "fold" else FIRST)
    decide(store, ids["b"], "corrected", square(10, 2), beginning="prediction")
    decide(store, ids["a"], "truth")
    decide(store, ids["d"], "reject", reason="unreadable")
    decide(store, ids["f"], "unsure")
    decide(store, ids["e"], "accept", revision=SECOND)
    told = evaluate(store, "local", "made", FIRST).figures
    judged = told["judged"]
    assert (judged["n"], judged["groups"], judged["accepted"]) == (5, 4, 0.6), "fold, c, no truth"
    assert judged["decisions"] == {"accept": 3, "corrected": 1, "truth": 1, "reject": 1}
    assert wording.about(told)[1] == (
        "Accepted as drawn: 3 of 5, 60.0%, of the unseen cases that a reader decided on this revision's own prediction "
        "(1 corrected, 1 with the truth kept, 1 more rejected)."
    )
    cell = wording.headline(told)[-1]
    assert (cell.key, cell.value, cell.over) == ("accepted", "60.0%", "Over 5 cases in 4 groups.")
    assert evaluate(store, "local", "made", SECOND).figures["judged"]["decisions"] == {"accept": 1}


def test_without_a_verdict_nothing_is_said_of_what_was_accepted(first):
    assert (first.figures["judged"]["n"], first.figures["judged"]["accepted"]) == (0, None)
    assert not any("Accepted as drawn" in said for said in wording.about(first.figures))
    assert "accepted" not in {cell.key for cell in wording.headline(first.figures)}


def test_figures_of_corrected_cases_alone_say_that_the_weights_do_better_on_the_rest(tmp_path):
    """A clinic's own scans, which came without masks."""
    cases = [replace(CASES[0], name=f"{n}", group=f"{n}", side=None) for n in range(20)]
    better = (
        "Left out as accepted predictions without another truth: 15. What a reader corrected is not left out, so the "
        "weights do better than this on the rest."
    )
    with Store(tmp_path) as store:
        ids = ids_of(store, fill(store, cases=cases))
        for n in range(15):
            decide(store, ids[f"{n}"], "accept")
        told = _reader(store).figures
        assert (told["scored"], better in wording.of_readers(told)) == (0, False)
        for n in range(15, 20):
            decide(store, ids[f"{n}"], "corrected", square(4, 1), beginning="prediction")
        told = _reader(store).figures
        assert wording.of_readers(told).endswith(better)
        low, high = told["judged"]["accepted_ci"]
        assert told["judged"]["accepted"] == 0.75 and 0.5 < low < 0.75 < high < 1
        assert wording.about(told)[1].startswith(
            f"Accepted as drawn: 15 of 20, 75.0% ({100 * low:.1f}%–{100 * high:.1f}%), of the unseen"
        )
        assert better not in " ".join(
            wording.about(evaluate(store, "local", "made", FIRST).figures)
        )
        beside = [evaluate(store, "local", "made", name, "reader") for name in (SECOND, FIRST)]
        assert wording.compared(compare(*beside).figures).endswith(
            "Not among them, for there is no other truth: 15 that were accepted as "
            f"{FIRST} drew them, which is against it."
        )


def test_a_corrected_case_without_a_truth_has_a_score_from_then_on(own):
    store, project = own
    decide(store, ids_of(store, project)["no truth"], "corrected", square(10, 5), beginning="empty")
    # There is no square in "no truth": its prediction is one of three by three pixels.
    told = {case.score.id: case.score.dice for case in _reader(store).cases}
    assert told["no truth"] == 0
    assert "no truth" not in {case.score.id for case in evaluate(store, "local", "made").cases}


def test_what_a_reader_rejected_is_left_out_of_the_readers_truth_alone(own):
    store, project = own
    decide(store, ids_of(store, project)["d"], "reject", reason="unreadable")
    assert _reader(store).left_out["rejected by the reader"] == 1
    assert "rejected by the reader" not in evaluate(store, "local", "made", FIRST).left_out


def test_a_dice_out_of_fold_is_no_score_against_a_corrected_mask(own):
    store, project = own
    decide(store, ids_of(store, project)["carried"], "corrected", square(10, 3), beginning="truth")
    told = {case.score.id: case.headline for case in _reader(store).cases}
    assert told["carried"] is None, "the weights carry a score against the imported truth"


def test_a_verdict_that_was_undone_changes_nothing(own):
    store, project = own
    ids = ids_of(store, project)
    before = _reader(store)
    decide(store, ids["b"], "corrected", square(10, 2), beginning="empty")
    assert _reader(store) != before
    store.undo("local", "ann", store.case("local", ids["b"]).verdict_id, "undo")
    assert _reader(store).figures == before.figures


def _reader(store: Store) -> Evaluation:
    return evaluate(store, "local", "made", FIRST, "reader")


# --- which revision


def test_the_revision_with_the_most_cases_comes_first(store):
    told = revisions(store, "local", "made")
    assert [(one.name, one.cases, one.modality) for one in told] == [
        (SECOND, 11, "ultrasound"),
        (FIRST, 10, "ultrasound"),
    ], "a fold is no choice of its own"
    assert evaluate(store, "local", "made").revision == SECOND


def test_a_revision_that_predicted_nothing_here_is_named_with_those_that_did(store):
    with pytest.raises(
        ReviewError, match=f"no predictions by other; it has those of {FIRST}, {SECOND}"
    ):
        evaluate(store, "local", "made", "other")


def test_folds_stand_in_for_what_the_weights_had_seen(store, first):
    told = {case.score.id: case.score.revision for case in first.cases}
    assert told["fold"] == FOLD and told["a"] == FIRST
    second = {c.score.id: c.score.revision for c in evaluate(store, "local", "made", SECOND).cases}
    assert second["fold"] == SECOND, "these weights had not seen it"


def test_each_revision_has_the_folds_of_its_own_training(tmp_path):
    """Both have seen x; y and z are of one of them alone, and nobody knows whose fold predicted w."""
    first, second = (Mask(2, "out-of-fold", stands_for=(name,)) for name in (FIRST, SECOND))
    both = Made(
        "x", "benign", "1", 10, None, None, fold=first, seconds_fold=replace(second, shift=5)
    )
    cases = [
        both,
        replace(both, name="y", seconds_fold=None),
        replace(both, name="z", fold=None, first=Mask(1)),
        replace(both, name="w", fold=None, seconds_fold=Mask(0, "out-of-fold")),
    ]
    with Store(tmp_path) as store:
        fill(store, cases=cases)
        two = [evaluate(store, "local", "made", name) for name in (FIRST, SECOND)]
    dice = [{case.score.id: case.headline.dice for case in each.headline} for each in two]
    assert dice == [{"x": 0.8, "y": 0.8, "z": 0.9}, {"x": 0.5, "z": 0.5}]
    assert [each.figures["lesion"]["dice_mean"] for each in two] == pytest.approx([2.5 / 3, 0.5])
    told = compare(*two, with_folds=True)
    assert [(pair.first.id, pair.difference) for pair in told.pairs] == [
        ("x", pytest.approx(0.3)),
        ("z", pytest.approx(0.4)),
    ], "each by a fold of its own: two trainings are compared"
    assert told.left_out == {
        f"not predicted by {FIRST}": 1,
        f"not predicted by {SECOND}": 1,
    }


@pytest.mark.parametrize("came", [0, 1])
def test_an_import_of_other_weights_takes_no_score_from_those_that_are_through(tmp_path, came):
    """Wherever it is, or was cancelled, or failed. came: how many cases it has predicted."""
    cases = [
        replace(made, second=made.second if number < came else None)
        for number, made in enumerate(CASES)
        if made.name != "late" or came
    ]
    with Store(tmp_path) as store:
        project = fill(store, cases=cases)
        whole = evaluate(store, "local", "made", FIRST)
        assert "fold" in {case.score.id for case in whole.cases}
        for state in ("importing", "cancelled", "failed"):
            store.set_state(project.id, state)
            assert evaluate(store, "local", "made", FIRST) == whole, state


@pytest.mark.parametrize(
    ("of", "called"), [((FIRST,), FIRST), ((), "ultrasound-out-of-fold")], ids=["known", "nobody's"]
)
def test_folds_alone_are_a_choice(tmp_path, of, called):
    with Store(tmp_path) as store:
        [made] = [made for made in CASES if made.name == "fold"]
        nobodys = replace(made.fold, stands_for=of)
        fill(store, cases=[replace(made, second=None, fold=nobodys)])
        assert [one.name for one in revisions(store, "local", "made")] == [called]
        told = evaluate(store, "local", "made")
    assert told.figures["lesion"]["dice_mean"] == pytest.approx(0.6)
    assert told.figures["out_of_fold"] == 1


def test_a_project_without_predictions_has_no_scores(tmp_path):
    with Store(tmp_path) as store:
        fill(store, cases=[replace(CASES[0], first=None, second=None)])
        with pytest.raises(ReviewError, match="Nothing of made has been predicted yet"):
            evaluate(store, "local", "made")


def test_another_owners_project_does_not_exist(store):
    for ask in (revisions, evaluate):
        with pytest.raises(NotThere):
            ask(store, "ann", "made")


def test_a_mask_that_is_damaged_on_the_disk_is_one_case_less(own):
    store, project = own
    case = ids_of(store, project)["c"]
    file = store.prediction("local", case, FIRST).mask_file
    next(store.home.rglob(file)).write_bytes(b"\x89PNG")
    told = evaluate(store, "local", "made", FIRST)
    assert told.left_out["whose mask is damaged on the disk"] == 1
    assert len(told.cases) == 8
