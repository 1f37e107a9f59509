"""Where two revisions' masks differ, with or without a truth."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bcweb.review import __main__ as program
from bcweb.review.differing import differing
from bcweb.review.revisions import Predicted
from bcweb.review.scorer import Scorer
from bcweb.review.store import Store
from tests.review.scored import CASES, FIRST, SECOND, fill


@pytest.mark.parametrize("has_truth", [True, False])
def test_the_cases_that_another_training_changed_come_with_how_much(tmp_path, has_truth):
    """a 1 pixel, b 2, d none against 4 pixels, e and f one of them paints, carried 2, fold 8 of 20; c alike."""
    cases = (
        CASES if has_truth else [replace(one, side=None) if one.side == 0 else one for one in CASES]
    )
    told = []
    with Store(tmp_path) as store:
        project = fill(store, cases=cases)
        found = differing(
            Predicted(store, "local", project),
            FIRST,
            SECOND,
            Scorer(store),
            lambda *at: told.append(at),
        )
    assert found.both == 10
    assert [(one.case, round(one.dice, 6)) for one in found.cases] == [
        ("d", 0), ("e", 0), ("f", 0), ("fold", 0.6), ("b", 0.8), ("carried", 0.8),
    ]  # fmt: skip
    assert (found.only_first, found.only_second) == (1, 2)
    assert told[0] == (0, 10) and told[-1] == (10, 10)


def test_the_command_and_the_report_say_it_and_the_figures_have_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("BCWEB_HOME", str(tmp_path))
    monkeypatch.delenv("BCWEB_DATABASE", raising=False)
    with Store(tmp_path) as store:
        fill(store)
    files = [f"{tmp_path}/report.html", f"{tmp_path}/figures.json"]
    asked = ["evaluate", "made", "--revision", FIRST, "--against", SECOND]
    assert program.main([*asked, "--html", files[0], "--json", files[1]]) == 0
    said = (
        f"Their masks differ (Dice below 0.9) on 6 of the 10 cases that both segmented; on 1 of these only {FIRST} "
        f"outlines anything; on 2 of these only {SECOND} outlines anything."
    )
    assert said in capsys.readouterr().out
    assert said in Path(files[0]).read_text("utf-8")
    changed = json.loads(Path(files[1]).read_text())["comparison"]["changed"]
    assert changed == {"both": 10, "differ": 6, "only_first": 1, "only_second": 2}


def test_a_mask_that_is_damaged_is_left_out(tmp_path):
    with Store(tmp_path) as store:
        predicted = Predicted(store, "local", fill(store))
        [id] = [one.id for one in predicted.cases.values() if one.case == "fold"]
        [kept] = store.home.rglob(f"{predicted.made[FIRST][id].mask_file}*")
        kept.write_bytes(b"no mask")
        found = differing(predicted, FIRST, SECOND, Scorer(store))
    assert found.both == 9 and "fold" not in [one.case for one in found.cases]
