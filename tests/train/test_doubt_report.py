"""What the review's scores are worth: the report's figures by hand, and the committed one from its tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bcweb.review.records import NewCase, NewPrediction
from bcweb.review.store import LOCAL, Store
from train import doubt_report, doubt_study
from train.doubt_report import text, write_report
from train.doubt_results import (
    SUSPICION,
    UNCERTAINTY,
    Damaged,
    Pair,
    Rated,
    Study,
    by_chance,
    correlation,
    finds_wrong,
    places,
    precision,
    wrong_first,
)
from train.markdown import DOCS
from train.tables import write_table


def rated(number: int, error: float, uncertainty: float, suspicion: float = 0.0, **more) -> Rated:
    made = Rated(
        "busi", f"case {number}", f"group {number}", "ultrasound", "unseen", "r", True, error,
        {UNCERTAINTY: uncertainty}, {SUSPICION: suspicion},
    )  # fmt: skip
    return replace(made, **more)


def damaged(number: int, kind: str, suspicion: float) -> Damaged:
    return Damaged("busi", f"case {number}", kind, 0.2, {SUSPICION: suspicion})


def test_correlation_is_of_ranks():
    cases = [rated(i, i / 10, i**3) for i in range(9)]
    assert correlation(cases, UNCERTAINTY).estimate == pytest.approx(1)
    assert correlation([rated(i, i / 10, -i) for i in range(9)], UNCERTAINTY).estimate == -1
    assert correlation([rated(i, 0.5, i) for i in range(9)], UNCERTAINTY) is None, (
        "no error differs"
    )


def test_cases_of_one_group_are_drawn_together():
    cases = [rated(i, i / 20, i % 7) for i in range(20)]
    together = [replace(case, group=f"group {i // 5}") for i, case in enumerate(cases)]
    alone, grouped = (correlation(some, UNCERTAINTY) for some in (cases, together))
    assert alone.estimate == grouped.estimate and alone != grouped


def test_the_chance_that_a_wrong_mask_is_more_uncertain():
    cases = [rated(0, 0.9, 0.8), rated(1, 0.6, 0.3), rated(2, 0.1, 0.5), rated(3, 0.0, 0.1)]
    assert finds_wrong(cases, UNCERTAINTY) == 0.75, "three of four pairs are in order"
    assert finds_wrong(cases[2:], UNCERTAINTY) is None


def test_wrong_masks_among_the_most_uncertain():
    errors = (0.9, 0.1, 0.6, 0.2, 1.0)
    cases = [rated(i, error, 1 - i / 10) for i, error in enumerate(errors)]
    assert wrong_first(cases, UNCERTAINTY, 0.2) == (1, 3), "the first case alone is a fifth"
    assert wrong_first(cases, UNCERTAINTY, 0.5) == (2, 3), "half of five cases are three"
    assert wrong_first(cases[1:2], UNCERTAINTY, 0.2) == (0, 0), "an error of 0.1 is not wrong"


def test_precision_counts_damaged_truths_among_the_first_twenty():
    cases = [rated(i, 0, 0, suspicion=0.5 if i < 12 else 0.1) for i in range(60)]

    def study(suspicion: float) -> Study:
        return Study(cases, [damaged(i, "dropped", suspicion) for i in range(60)], [])

    found = precision(study(0.9), cases, SUSPICION, ["dropped"], 10)
    assert found == (0.5, 0.5, 0.5), "all ten that are damaged are in front"
    found = precision(study(0.0), cases, SUSPICION, ["dropped"], 10)
    assert found.estimate == 0, "an undamaged one stands before each"
    equal = precision(study(0.1), cases, SUSPICION, ["dropped"], 10)
    assert equal.low < equal.estimate < equal.high, "equals come in any order"
    assert precision(study(0.9), cases, SUSPICION, ["dropped"], 61) is None, "too few cases"


def test_a_pair_stands_where_its_first_case_does():
    cases = [rated(i, 0, 0, suspicion=1 - i / 100) for i in range(100)]
    pairs = [Pair("busi", "case 60", "case 4", 0.1), Pair("busi", "case 70", "case 80", 0.3)]
    assert places(cases, pairs, SUSPICION) == [5, 71]


def test_what_a_random_order_would_bring():
    # Of 100 cases 50 are shown: a pair is missed with 50/100 x 49/99.
    assert by_chance(100, 1) == pytest.approx(1 - 50 / 100 * 49 / 99)
    assert by_chance(30, 4) == 4


def test_seen_cases_enter_no_result():
    cases = [rated(i, i / 10, i) for i in range(9)]
    study = Study([*cases, rated(10, 0.0, 9, how="seen")], [], [])
    assert study.cases == cases


def test_tables_are_read_as_they_were_written(tmp_path):
    study = Study(
        [rated(0, 0.25, 0.5, 0.125), rated(1, 1, 0, how="seen", lesion=False)],
        [damaged(0, "dropped", 0.75)],
        [Pair("busi", "a", "b", 0.5)],
    )
    for name, rows in (("cases", study.rated), ("damaged", study.damaged), ("pairs", study.pairs)):
        write_table(tmp_path / f"{name}.csv", rows)
    read = Study.read(tmp_path)
    assert (read.rated, read.damaged, read.pairs) == (study.rated, study.damaged, study.pairs)


@pytest.mark.parametrize("name", [folder.name for folder in DOCS.glob("review-scores*/")])
def test_the_committed_report_is_what_its_tables_say(name):
    assert (DOCS / f"{name}.md").read_text(encoding="utf-8") == text(
        Study.read(DOCS / name), name
    ), f"write it again: python -m train.doubt_study --report --name {name}"


def test_the_names_in_the_report_are_those_that_the_review_uses():
    assert next(iter(doubt_study.UNCERTAINTIES)) == UNCERTAINTY
    assert next(iter(doubt_study.SUSPICIONS)) == SUSPICION


# --- measuring


def disc(row: int, column: int, radius: int) -> np.ndarray:
    rows, columns = np.ogrid[:60, :80]
    return (rows - row) ** 2 + (columns - column) ** 2 <= radius**2


def test_damage_keeps_what_it_should():
    truth, rng = disc(30, 40, 10), np.random.default_rng(0)
    moved = doubt_study.shifted(truth, rng)
    assert moved.sum() == truth.sum()
    distance = np.hypot(*(np.mean(np.nonzero(moved), axis=1) - np.mean(np.nonzero(truth), axis=1)))
    assert distance == pytest.approx(0.5 * np.sqrt(truth.sum()), abs=1)
    assert doubt_study.resampled(truth, (30, 40)).sum() == pytest.approx(truth.sum() / 4, rel=0.1)


def a_project(home: Path, hows: Sequence[str], twins: Sequence[tuple[int, int, float]]) -> None:
    """P, of a case for each way to have been predicted. twins: of their places, with the Dice of their truths."""
    with Store(home) as store:
        project = store.create(LOCAL, "P")
        for i in range(len(hows)):
            truth = disc(20 + i, 30 + 2 * i, 8)
            store.add_cases(
                project.id,
                [
                    NewCase(
                        "busi", f"case {i}", home / f"{i}.png", "ultrasound", f"g{i}", "benign",
                        width=80, height=60, truth=truth, digest=str(i), fingerprint="0",
                    )
                ],
            )  # fmt: skip
        ids = [row.id for row in store.queue(LOCAL, project.id, "listed")]
        for i, (case, how) in enumerate(zip(ids, hows, strict=True)):
            mask = disc(20 + i, 30 + 2 * i, 4 + i % 5)
            store.add_prediction(
                case,
                NewPrediction(
                    "r", how, 0.9, 0.5, 0.5, 3,
                    (mask * 200 + disc(20 + i, 30 + 2 * i, 11) * 30).astype(np.uint8), mask,
                    int(mask.sum()), dice=i / 12,
                ),
            )  # fmt: skip
        store.set_twins(project.id, [(ids[one], ids[other], dice) for one, other, dice in twins])


def test_a_project_is_measured_and_reported(tmp_path, monkeypatch, capsys):
    """Twelve cases, two of them pairs of one picture with truths that contradict each other."""
    a_project(tmp_path / "home", ["unseen"] * 11 + ["seen"], [(0, 1, 0.2), (2, 11, 0.4)])
    monkeypatch.setattr(doubt_report, "OF_A_KIND", 2)
    asked = ["P", "--home", str(tmp_path / "home"), "--docs", str(tmp_path), "--workers", "1"]
    assert doubt_study.main(asked) == 0, capsys.readouterr().err
    study = Study.read(tmp_path / "review-scores")
    assert len(study.rated) == 12 and len(study.cases) == 11
    assert [case.error for case in study.rated] == pytest.approx(
        [1 - i / 12 for i in range(12)], abs=1e-4
    )
    assert len(study.damaged) == 3 * 11, "a case that was seen is not damaged"
    assert [(p.first, p.second) for p in study.pairs] == [
        ("case 0", "case 1"), ("case 2", "case 11"),
    ]  # fmt: skip
    report = (tmp_path / "review-scores.md").read_text()
    assert "(11 unseen; weights `r`)" in report
    assert "1 of the 2 pairs lie among the 11 cases that were not seen" in report
    assert "**Seen, not a result**: all 2 among all 12 cases" in report
    assert (tmp_path / "review-scores" / "uncertainty.png").stat().st_size > 1000
    assert (tmp_path / "review-scores" / "suspicion.png").stat().st_size > 1000
    assert doubt_study.main([*asked, "--name", "again"]) == 0, capsys.readouterr().err
    again = (tmp_path / "again.md").read_text()
    capsys.readouterr()

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(doubt_study, "write_report", stop)
    assert doubt_study.main([*asked, "--name", "third"]) == 130
    assert (tmp_path / "third" / "cases.csv").exists()
    said = "Stopped; what was measured is kept, and --report writes the report of it."
    assert capsys.readouterr().err.splitlines()[-1] == said
    monkeypatch.setattr(doubt_study, "measure", stop)
    assert doubt_study.main([*asked, "--name", "fourth"]) == 130
    assert capsys.readouterr().err.splitlines()[-1] == "Stopped; nothing was written."
    assert "(again/suspicion.png)" in again and "were chosen earlier" in again


def test_the_figure_of_uncertainty_shows_every_data_set_and_no_two_alike():
    from matplotlib import pyplot

    names = [f"ward {i}" for i in range(6)]
    cases = [rated(i, 0.1, 0.2, dataset=name) for i, name in enumerate(names)]
    figure = doubt_report._draw_uncertainty(Study(cases, [], []))
    shown, labels = figure.axes[0].get_legend_handles_labels()
    pyplot.close(figure)
    assert labels == [f"{name}, lesion" for name in names]
    looks = {
        (tuple(some.get_edgecolor()[0]), some.get_paths()[0].vertices.tobytes()) for some in shown
    }
    assert len(looks) == 6


def test_twins_that_were_all_seen_leave_what_was_measured_before(tmp_path, capsys):
    """Truths that contradict each other are rated of seen cases too, but beside a result."""
    a_project(tmp_path / "home", ["seen", "seen"], [(0, 1, 0.2)])
    asked = ["P", "--home", str(tmp_path / "home"), "--docs", str(tmp_path), "--workers", "1"]
    assert doubt_study.main(asked) == 1
    said = "P has no prediction by weights that had not seen the case.\n"
    assert capsys.readouterr().err == said
    assert not (tmp_path / "review-scores").exists(), "a result would have been replaced"


def test_a_measurement_of_nothing_but_seen_cases_is_none(tmp_path):
    (tmp_path / "review-scores").mkdir()
    for name in ("damaged", "pairs"):
        write_table(tmp_path / "review-scores" / f"{name}.csv", [])
    for cases in ([], [rated(0, 0.25, 0.5, how="seen")]):
        write_table(tmp_path / "review-scores" / "cases.csv", cases)
        with pytest.raises(ValueError, match="holds no measurement of cases that"):
            write_report(tmp_path)


def test_what_cannot_be_measured_is_told(tmp_path, capsys):
    with Store(tmp_path / "home") as store:
        store.create(LOCAL, "P")
    for name, said in (
        ("P", "P has no prediction by weights that had not seen the case.\n"),
        ("Q", "There is no such project.\n"),
    ):
        assert (
            doubt_study.main([name, "--home", str(tmp_path / "home"), "--docs", str(tmp_path)]) == 1
        )
        assert capsys.readouterr().err == said
    with pytest.raises(ValueError, match="holds no measurement"):
        write_report(tmp_path)


def test_every_rating_lies_where_it_should():
    """On made-up maps: what is worse is rated higher by all that are worth the name."""
    truth = disc(30, 40, 10)
    sure = doubt_study.Shown(
        (truth * 255).astype(np.uint8), 1.0, truth,
        doubt_study.OperatingPoint(
            mask_threshold=0.5, presence_gate=0.5, min_lesion_fraction=0.0
        ),
    )  # fmt: skip
    soft = np.clip(255 - 12 * np.abs(np.hypot(*np.ogrid[-30:30, -40:40])), 0, 255)
    doubtful = replace(sure, probability=soft.astype(np.uint8), presence=0.6, mask=soft >= 128)
    for name, rate in doubt_study.UNCERTAINTIES.items():
        assert rate(doubtful) > rate(sure), name
    elsewhere = disc(30, 10, 8)
    for name, rate in doubt_study.SUSPICIONS.items():
        assert rate(sure, elsewhere) > rate(sure, truth), name
        assert rate(sure, np.zeros_like(truth)) > rate(sure, truth), name
