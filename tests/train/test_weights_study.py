"""docs/weights.md: its parts by hand, the road from a finished run to it, and the committed one."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bcweb.cases import Case, read_cases
from bcweb.metrics import dice
from bcweb.phantoms import Mass, phantom
from bcweb.scores import CaseScore, read_scores, write_scores
from bcweb.segmenter import Segmenter
from bcweb.statistics import calibration_error
from bcweb.weights import EMBEDDED, load_weights
from tests.hub import finished
from tests.train.squares import draw_squares
from train import weights_study
from train.tables import read_table, write_table
from train.weights_report import (
    DOCS,
    Cost,
    Elsewhere,
    Findings,
    Map,
    Series,
    Unpadded,
    _ships,
    evenly,
    failures,
    lesion_sizes,
    presence_rows,
    write_report,
)
from train.weights_study import generated, strips, write_left_out


def truth(left: int, right: int, width: int = 100) -> np.ndarray:
    """A lesion over the columns left to right."""
    found = np.zeros((60, width), bool)
    found[20:40, left:right] = True
    return found


def test_strips_beside_a_lesion_and_around_it_are_as_wide_as_each_other():
    free, around = strips(truth(10, 30))  # kept from its edge by two columns
    assert (free.start, free.stop) == (32, 100)
    assert (around.start, around.stop) == (0, 68), "as near to its middle as the scan allows"
    free, around = strips(truth(60, 80))
    assert (free.start, free.stop) == (0, 58)
    assert around.stop - around.start == 58 and around.start <= 60 and around.stop >= 80


def test_a_lesion_without_room_beside_it_has_no_strips():
    assert strips(truth(30, 75)) is None, "29 and 24 columns are left, 30 are wanted"
    assert strips(np.zeros((60, 100), bool)) is None, "a normal"


def test_of_a_machines_screen_parts_are_of_its_picture():
    """Its letters and bars are no parts of a scan, and beside a part is no picture any more."""
    made = phantom("ultrasound", 3, (Mass(0.25, 1.0),), (120, 160))
    lesion = np.roll(made.truth, 30 - int(np.flatnonzero(made.truth.any(axis=0))[0]), axis=1)
    case = Case("ward", "1", Path(), "ultrasound")
    segmenter = Segmenter.load("embedded", "ultrasound")
    alone = list(weights_study._parts(case, made.scan, lesion, segmenter))
    assert [part.lesion for part in alone] == [False, True]
    around = ((50, 30), (400, 60))
    screen = replace(
        made.scan,
        pixels=np.pad(made.scan.pixels, around, constant_values=255),
        picture=(50, 170, 400, 560),
    )
    assert list(weights_study._parts(case, screen, np.pad(lesion, around), segmenter)) == alone


def test_a_padded_scan_is_scored_without_its_bands_too():
    made = phantom("ultrasound", 3, (Mass(0.25, 1.0),), (120, 160))
    segmenter = Segmenter.load("embedded", "ultrasound")
    score = CaseScore("ward", "1", "P1", "", "ultrasound", lesion=True, dice=0.5)
    assert not list(weights_study._without_bands(score, made.scan, made.truth, segmenter))
    bands = ((20, 20), (0, 0))
    padded = replace(made.scan, pixels=np.pad(made.scan.pixels, bands))
    (row,) = weights_study._without_bands(score, padded, np.pad(made.truth, bands), segmenter)
    alone = dice(segmenter.segment(made.scan).mask, made.truth)
    assert row == Unpadded("ward", "1", "P1", 0.5, alone, segmenter.weights.revision)


def test_what_bands_change_stands_in_the_report(studied, tmp_path):
    docs = tmp_path / "docs"
    shutil.copytree(studied, docs)
    assert "### Without the bands" not in write_report(docs).read_text(), "no square has any"
    rows = [Unpadded("ward", str(i), f"P{i}", 0.5, 0.5 + i / 10, "net") for i in range(3)]
    write_table(docs / "weights" / "ultrasound" / "unpadded.csv", rows)
    text = write_report(docs).read_text()
    assert "### Without the bands that pad their files to squares" in text
    assert "| ward | 3 | 0.500 | 0.600 | +0.100 |" in text, "three groups are too few for intervals"


def test_generated_scans_are_half_with_a_mass_and_the_same_each_time(monkeypatch):
    monkeypatch.setattr(weights_study, "PHANTOMS", 2)
    first, second = generated("ultrasound"), generated("ultrasound")
    assert [made.truth.any() for made in first] == [False, True, False, True]
    assert all(
        np.array_equal(a.scan.pixels, b.scan.pixels) for a, b in zip(first, second, strict=True)
    )


def test_failures_are_sorted_by_what_went_wrong():
    blank = CaseScore("busi", "1", "", "", "ultrasound", lesion=True, dice=0.0, painted=0)
    none = Map("busi", "1", "", 0.1, 0.0, 0.5, {})
    cases = [
        (blank, replace(none, ungated=0.8)),
        *[(blank, none)] * 3,
        *[(replace(blank, painted=50), none)] * 2,
        (replace(blank, painted=50, dice=0.9), replace(none, ungated=0.9)),
        (replace(blank, lesion=False, painted=9), none),
        (replace(blank, lesion=False, dice=1.0), none),
    ]
    scores, maps = zip(*cases, strict=True)
    assert failures(scores, maps) == {
        "found, but held back by the gate": 1,
        "painted, but hardly on it": 2,
        "not found": 3,
        "normal painted": 1,
    }


@pytest.fixture(scope="module")
def studied(run, folder, tmp_path_factory):
    """The report of one run on made-up scans, of another data set left out, and of a cost."""
    docs = tmp_path_factory.mktemp("docs")
    arguments = ["--run", str(run), "--docs", str(docs)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(weights_study, "PHANTOMS", 3)
        patch.setattr(weights_study, "SERIES", 1)
        data = f"folder:{folder}?modality=ultrasound"
        assert weights_study.main([*arguments, "--data", data]) == 0
    other = draw_squares(tmp_path_factory.mktemp("parent") / "elsewhere", seed=1)
    data = f"folder:{other}?modality=ultrasound"
    assert weights_study.main([*arguments, "--data", data, "--left-out"]) == 0
    cost = Cost("lite0", "2 cores", 3.92, 7.8, 30, 10.5)
    write_table(docs / "weights" / "cost.csv", [cost])
    assert weights_study.main(["--report", "--docs", str(docs)]) == 0
    return docs


def test_lesions_and_normals_can_weigh_the_same_in_a_calibration_error():
    # Three lesions and a normal, each called 0.5: right where there are as many of the one as of the other.
    said = [
        CaseScore("d", str(i), str(i), "", "ultrasound", lesion=i < 3, presence=0.5)
        for i in range(4)
    ]
    rows, lesion = presence_rows(said), [s.lesion for s in said]
    assert calibration_error(rows) == pytest.approx(0.25), "three of four hold a lesion"
    assert calibration_error(evenly(rows, lesion)) == pytest.approx(0)
    assert evenly(rows[:3], lesion[:3]) is None, "there is no normal"


def test_a_run_is_measured_on_the_cases_that_it_held_out(studied, run):
    folder = studied / "weights" / "ultrasound"
    scores = read_scores(folder / "cases.csv")
    held_out = {s.key: s.dice for s in read_scores(run / "weights" / "scores.csv")}
    assert {s.key: s.dice for s in scores} == pytest.approx(held_out), "as train.source scored them"
    maps = read_table(folder / "maps.csv", Map)
    for line in maps:
        counts, said, true = line.row.reshape(3, -1)
        assert counts.sum() == 60 * 80 and (said <= counts).all() and (true <= counts).all()
        assert true.sum() == pytest.approx(line.share * 60 * 80, abs=0.1)
    elsewhere = read_table(folder / "elsewhere.csv", Elsewhere)
    assert sum(e.source == "generated scans" for e in elsewhere) == 6
    parts = [e for e in elsewhere if e.source.startswith("parts of")]
    assert sum(e.lesion for e in parts) == sum(not e.lesion for e in parts) > 0


def test_lesion_images_are_sorted_by_the_part_that_their_lesions_cover(studied):
    # The squares are 18 of 60 rows and of 80 columns, 6.75%.
    weights = Findings.read(studied / "weights" / "ultrasound")
    lesions = sum(bool(s.lesion) for s in weights.scores)
    assert {name: len(part) for name, part in lesion_sizes(weights).items()} == {
        "3 to 10% (of the image)": lesions
    }


def test_a_lesion_on_the_border_of_two_sizes_is_where_the_review_has_it():
    shares = {"a": 0.03, "b": 0.1, "c": 1.0, "no lesion": 0.0}
    scores = [
        CaseScore("d", case, case, "", "ultrasound", lesion=share > 0)
        for case, share in shares.items()
    ]
    maps = [Map("d", case, "", share, 0.5, 0.5, {}) for case, share in shares.items()]
    parts = lesion_sizes(Findings(scores, maps, [], [], [], {}))
    assert {name: [s.id for s in part] for name, part in parts.items()} == {
        "3 to 10% (of the image)": ["a"],
        "10% and over (of the image)": ["b", "c"],
    }


def test_cases_of_which_only_boxes_are_known_have_a_row_and_no_other_part(studied, tmp_path):
    docs = tmp_path / "docs"
    shutil.copytree(studied, docs)
    folder = docs / "weights" / "ultrasound"
    boxed = {"dataset": "boxes", "weak": True}
    scores, maps = read_scores(folder / "cases.csv"), read_table(folder / "maps.csv", Map)
    lesions = [(s, m) for s, m in zip(scores, maps, strict=True) if s.lesion]
    write_scores(folder / "cases.csv", [*scores, *(replace(s, **boxed) for s, _ in lesions)])
    write_table(folder / "maps.csv", [*maps, *(replace(m, dataset="boxes") for _, m in lesions)])
    before, now = (write_report(each).read_text().split("\n") for each in (studied, docs))
    told = [line for line in now if line not in before]
    (row,) = (line for line in told if line.startswith("| "))  # another table holds none of them
    assert row.startswith(f"| boxes (boxes) | {len(lesions)} |")
    assert any("only boxes are known for these lesions" in line for line in told)


def test_the_report_has_all_its_parts(studied):
    text = (studied / "weights.md").read_text()
    for part in ("## Ultrasound", "### By size of the lesion", "### What is missed", "### Small and faint", "### Do the probabilities", "## Cost",
                 "### Does the uncertainty", "### Presence on other", "### A whole data set left out"):  # fmt: skip
        assert part in text
    assert "### By device" not in text, "this data does not say what made its scans"
    assert "| `lite0` | 3.9 million | 7.8 | 30 | 10.5 | 2 cores |" in text
    assert "shown all of elsewhere:" in text and "| elsewhere | 30 |" in text
    assert (studied / "weights" / "ultrasound" / "calibration.png").stat().st_size > 5000


def test_every_link_of_a_report_leads_to_something_also_where_it_is_written_elsewhere(studied):
    text = (studied / "weights.md").read_text()
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert "weights/ultrasound/calibration.png" in links
    assert [link for link in links if not (studied / link).exists()] == []
    assert "whose scores are on their card" in text


def test_what_cannot_be_measured_gets_a_sentence(run, folder, tmp_path, monkeypatch, capsys):
    data = f"folder:{folder}?modality=ultrasound"
    arguments = ["--data", data, "--docs", str(tmp_path)]
    assert weights_study.main([*arguments, "--run", str(tmp_path)]) == 1
    assert "There are no weights at" in capsys.readouterr().err
    assert weights_study.main([*arguments, "--run", str(run), "--left-out"]) == 1
    assert "First measure the runs of the data set's own folds" in capsys.readouterr().err
    monkeypatch.setattr(weights_study, "measure", lambda *_: pytest.fail("it has begun"))
    assert weights_study.main([*arguments, "--run", str(run), "--run", str(run)]) == 1
    assert "Two of the runs held out the same case" in capsys.readouterr().err
    assert weights_study.main(["--report", "--docs", str(tmp_path)]) == 1
    assert "nothing that was measured" in capsys.readouterr().err


def test_what_a_network_has_seen_is_not_left_out_under_another_name(
    studied, run, folder, tmp_path, capsys
):
    arguments = ["--run", str(run), "--docs", str(studied), "--left-out", "--data"]
    assert weights_study.main([*arguments, f"folder:{folder}?modality=ultrasound"]) == 1
    assert "has not been left out" in capsys.readouterr().err
    ward = draw_squares(tmp_path / "ward", seed=3)
    both = [f"folder:{of}?modality=ultrasound" for of in (ward, folder)]
    assert weights_study.main([*arguments, both[0], "--data", both[1]]) == 1
    assert "has not been left out" in capsys.readouterr().err
    left_out = studied / "weights" / "ultrasound" / "left-out"
    assert not (left_out / "ward.csv").exists(), "it was scored first"
    shutil.copytree(folder, tmp_path / "copy")
    assert weights_study.main([*arguments, f"folder:{tmp_path / 'copy'}?modality=ultrasound"]) == 1
    assert "was trained on case" in capsys.readouterr().err
    assert not (left_out / "copy.csv").exists()


def test_what_a_reader_accepted_of_a_data_set_left_out_is_not_scored(
    studied, run, tmp_path, capsys
):
    """The network would be scored by what it, or another, drew."""
    docs = shutil.copytree(studied, tmp_path / "docs")
    data = draw_squares(tmp_path / "ward", seed=2)
    arguments = ["--run", str(run), "--docs", str(docs), "--left-out"]
    arguments += ["--data", f"folder:{data}?modality=ultrasound"]
    head, *lines = (data / "cases.csv").read_text().splitlines()
    for truths, status in ((3, 0), (0, 1)):
        told = [
            f"{line},{'accept' if i >= truths else 'corrected'}" for i, line in enumerate(lines)
        ]
        (data / "cases.csv").write_text("\n".join([f"{head},decision", *told]))
        assert weights_study.main(arguments) == status
        said = capsys.readouterr()
        assert (
            f"{40 - truths} of 40 cases are predictions that a reader accepted and are" in said.out
        )
        scored = read_scores(docs / "weights" / "ultrasound" / "left-out" / "ward.csv")
        assert [score.id for score in scored] == ["case0", "case1", "case2"]
    assert said.err.splitlines()[-1] == "There is no other case to score."


def test_of_a_fit_that_ended_early_the_epochs_are_told_that_it_had(folder, tmp_path):
    run = finished.run(tmp_path / "run")
    record = json.loads((run / "run.json").read_text())
    record["recipe"] |= {"epochs": 50, "until": 29}
    (run / "run.json").write_text(json.dumps(record | {"epochs_done": 29}))
    case = read_cases(f"folder:{folder}?modality=ultrasound").cases[0]
    write_left_out(run, [case], tmp_path / "docs")
    told = tmp_path / "docs" / "weights" / "ultrasound" / "left-out" / f"{case.dataset}.json"
    assert json.loads(told.read_text())["epochs"] == 29


def test_of_a_data_set_of_the_hub_all_that_can_be_read_is_scored(studied, run, tmp_path, capsys):
    """Its name holds a slash; one scan of it is all of one value, and one is no image."""
    docs = shutil.copytree(studied, tmp_path / "docs")
    data = draw_squares(tmp_path / "ward", seed=3)
    found = read_cases(f"folder:{data}?modality=ultrasound").cases
    cases = [replace(case, dataset="user/ward") for case in found]
    flat, broken, good = cases[:3]
    Image.new("L", (80, 60), 7).save(flat.file)
    broken.file.write_bytes(b"no image")
    write_left_out(run, [flat, broken, good], docs)
    of = docs / "weights" / "ultrasound"
    scores = read_scores(of / "left-out" / "user--ward.csv")
    assert [(s.dataset, s.id, bool(s.error)) for s in scores] == [
        ("user/ward", flat.id, True),
        ("user/ward", broken.id, True),
        ("user/ward", good.id, False),
    ]
    said = capsys.readouterr().err.splitlines()
    assert f"user/ward {flat.id}: {scores[0].error}" in said
    assert f"user/ward {broken.id}: {scores[1].error}" in said
    told, known = Findings.read(of).left_out["user/ward"]
    assert (told.dataset, [s.id for s in known]) == ("user/ward", [good.id])
    with pytest.raises(ValueError, match=f"^None of the 2 cases of user/ward .* {flat.id} "):
        write_left_out(run, [flat, broken], docs)


def test_what_is_damaged_of_a_measurement_is_named(studied, tmp_path):
    docs = shutil.copytree(studied, tmp_path / "docs")
    of = docs / "weights" / "ultrasound"
    left_out = of / "left-out" / "elsewhere.json"
    for file, cut in (
        (of / "maps.csv", "".join((of / "maps.csv").read_text().splitlines(True)[:-1])),
        (of / "series.csv", ""),
        (left_out, left_out.read_text()[:20]),
        (left_out, "[]"),
        (left_out, "{}"),
    ):
        whole = file.read_text()
        file.write_text(cut)
        with pytest.raises(ValueError) as told:
            Findings.read(of)
        assert str(told.value).startswith(f"{file} is damaged: delete it")
        file.write_text(whole)
    Findings.read(of)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ([], "No part below measures the shipped weights themselves."),
        (["small and faint lesions"],
         "Only one part below measures the shipped weights themselves: small and faint lesions."),
        (["small and faint lesions", "a, left out as a whole", "b, left out as a whole"],
         "Only 3 parts below measure the shipped weights themselves: small and faint lesions, and a, left out as a whole, "
         "and b, left out as a whole."),
    ],
)  # fmt: skip
def test_which_parts_are_of_the_weights_that_ship_is_told(parts, said):
    for networks in ({"another"}, {s.revision for s in read_scores(EMBEDDED / "ultrasound" / "scores.csv")}):  # fmt: skip
        [told] = _ships(DOCS / "weights" / "ultrasound", networks, parts)
        assert told.endswith(f" {said}")


def test_what_others_drew_is_not_said_of_the_weights_that_ship(studied, run, tmp_path):
    """Weights that shipped before leave their tables when others ship."""
    text = (studied / "weights.md").read_text()
    ships = load_weights("embedded", "ultrasound").revision
    assert f"The weights that ship, `{ships}`, on generated scans with one mass" in text
    assert "Only one part below measures the shipped weights themselves: small and faint" in text
    left_out = load_weights(str(run / "weights")).revision
    assert f"\n`{left_out}`, trained on squares0 (64x64, 2 epochs), shown all of elsewhere:" in text
    docs = shutil.copytree(studied, tmp_path / "docs")
    file = docs / "weights" / "ultrasound" / "series.csv"
    rows = [replace(row, network="ultrasound-1-0123456789") for row in read_table(file, Series)]
    write_table(file, rows)
    text = write_report(docs).read_text()
    assert "\n`ultrasound-1-0123456789`, on generated scans with one mass" in text
    assert "No part below measures the shipped weights themselves." in text


@pytest.mark.parametrize(
    "arguments",
    [
        ["--report", "--cost"],
        ["--report", "--run", "x", "--data", "busi:y"],
        ["--run", "x"],
        ["--left-out"],
        ["--run", "x", "--run", "y", "--data", "busi:z", "--left-out"],
    ],
)
def test_one_thing_is_measured_at_a_time(arguments):
    with pytest.raises(SystemExit):
        weights_study.parse(arguments)


def test_the_committed_report_is_what_its_tables_say(tmp_path):
    if not (DOCS / "weights").exists():
        pytest.skip("Nothing has been measured yet.")
    docs = tmp_path / DOCS.name
    shutil.copytree(DOCS / "weights", docs / "weights")
    for linked in [*DOCS.glob("review-scores*.md"), *EMBEDDED.glob("*/README.md")]:
        copy = tmp_path / linked.relative_to(DOCS.parent)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(linked, copy)
    assert write_report(docs).read_text() == (DOCS / "weights.md").read_text()


def test_the_two_reports_of_the_same_cases_have_the_same_rank_correlation():
    """One lists them as the folds had them, the other as the review does: both draw the same groups."""
    tables = [(DOCS / f"{name}.md").read_text() for name in ("weights", "review-scores-folds")]
    for name, cases in (("busi", 778), ("bus-bra", 1875)):
        told = re.search(rf"\| {name} \| {cases} \| ([^|]*) \|\n", tables[0])[1]
        part = tables[1].split(f"**Ultrasounds, {name}**: {cases} cases")[1]
        assert re.search(r"\| \*\*agreement\*\* \| (.*?) \|", part)[1] == told, name
