"""`python -m bcweb.segment` as a command: weights, modality, workers, Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from bcweb.segment.__main__ import main
from tests import weights_folder
from tests.scans.made import dicom, written
from tests.segment.made import masks, pixels, rows, scan, segment

ROOT = Path(__file__).parents[2]


def test_weights_of_the_other_modality_are_refused_before_any_work(tmp_path, weights, capsys):
    file = scan(tmp_path / "a.png")
    status = segment(file, "--out", tmp_path / "out", weights=weights, modality="mammogram")
    assert status == 1 and not (tmp_path / "out").exists()
    assert "ultrasound" in capsys.readouterr().err


def test_weights_that_are_not_there_are_one_sentence(tmp_path, capsys):
    file = scan(tmp_path / "a.png")
    assert segment(file, "--out", tmp_path / "out", weights=tmp_path / "nothing") == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_a_guess_never_overrules_weights_that_were_named(tmp_path, weights, monkeypatch):
    file, out = scan(tmp_path / "a.png"), tmp_path / "out"
    monkeypatch.setattr("bcweb.scans.guess_modality", lambda scan: "mammogram")
    assert main([str(file), "--out", str(out), "--weights", str(weights)]) == 1
    assert "say --modality ultrasound" in rows(out)[0]["error"]


def test_a_file_of_the_other_modality_is_refused_in_one_sentence(tmp_path, weights, monkeypatch):
    out = tmp_path / "out"
    (tmp_path / "a.dcm").write_bytes(written(dicom(Modality="MG")))
    file = scan(tmp_path / "b.png")
    assert segment(tmp_path / "a.dcm", "--out", out, weights=weights) == 1
    monkeypatch.setattr("bcweb.scans.guess_modality", lambda scan: "ultrasound")
    other = weights_folder.write(tmp_path / "mammogram", modality="mammogram")
    assert main([str(file), "--out", str(out), "--weights", str(other)]) == 1
    one, two = (row["error"] for row in rows(out))
    assert one == "The file says that this is a mammogram, not an ultrasound."
    assert two.startswith("This looks like an ultrasound, and ")


def test_a_modality_that_is_none_is_refused_with_those_that_there_are(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main([str(tmp_path), "--out", str(tmp_path / "out"), "--modality", "MRI"])
    assert "--modality is ultrasound or mammogram, not MRI" in capsys.readouterr().err


def test_weights_may_come_from_the_environment(tmp_path, weights, monkeypatch):
    monkeypatch.setenv("BCWEB_WEIGHTS_ULTRASOUND", str(weights))
    file, out, named = scan(tmp_path / "a.png"), tmp_path / "out", tmp_path / "named"
    assert main([str(file), "--out", str(out), "--modality", "ultrasound"]) == 0
    assert segment(file, "--out", named, weights=weights) == 0
    [mine], [same] = ([{**r, "seconds": ""} for r in rows(each)] for each in (out, named))
    assert mine == same, "other weights answered"


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path, weights, capsys):
    file = scan(tmp_path / "a.png")
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(SystemExit):
        segment(file, "--out", tmp_path / "taken", weights=weights)
    assert segment(file, "--out", tmp_path / "taken" / "out", weights=weights) == 1
    assert "Traceback" not in capsys.readouterr().err


def test_workers_give_what_one_process_gives(tmp_path, weights):
    folder = tmp_path / "in"
    for i in range(12):
        scan(folder / f"{i}.png", seed=i)
    (folder / "bad.png").write_bytes(b"bad")
    assert segment(folder, "--out", tmp_path / "one", "--workers", 1, weights=weights) == 1
    assert segment(folder, "--out", tmp_path / "two", "--workers", 2, weights=weights) == 1
    one, two = ([{**r, "seconds": ""} for r in rows(tmp_path / name)] for name in ("one", "two"))
    assert one == two
    assert masks(tmp_path / "one") == masks(tmp_path / "two") and len(masks(tmp_path / "one")) == 12
    for name in masks(tmp_path / "one"):
        assert np.array_equal(pixels(tmp_path / "one" / name), pixels(tmp_path / "two" / name))


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's here")
@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_leaves_rows_and_masks_that_agree_and_the_rest_for_later(tmp_path, weights, workers):
    folder, out = tmp_path / "in", tmp_path / "out"
    picture = scan(folder / "0.png", 900, 700).read_bytes()
    for i in range(1, 400):
        (folder / f"{i}.png").write_bytes(picture)
    command = [sys.executable, "-m", "bcweb.segment", str(folder), "--out", str(out), "--modality",
               "ultrasound", "--weights", str(weights), "--workers", str(workers)]  # fmt: skip
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while len(list(out.glob("*_mask.png"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=600)
    assert process.returncode == 130, said
    assert "goes on from here" in said and "Traceback" not in said
    done = rows(out)
    assert 3 <= len(done) < 400 and not any(row["error"] for row in done)
    assert [f"{Path(row['file']).stem}_mask.png" for row in done] == sorted(
        masks(out), key=lambda name: int(name.split("_")[0])
    )
    assert not list(out.glob(".*"))


def test_two_commands_at_once_keep_each_others_rows(tmp_path, weights, monkeypatch):
    from bcweb.segment import run

    out = tmp_path / "out"
    command = [sys.executable, "-m", "bcweb.segment", str(scan(tmp_path / "b" / "scan.png", seed=1)),
               "--out", str(out), "--modality", "ultrasound", "--weights", str(weights)]  # fmt: skip
    segment_file, second, said = run.segment_file, [], []

    def meanwhile(*given, **named):
        second.append(subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True))
        said.append(second[0].stderr.readline())  # it waits, or it has ended
        return segment_file(*given, **named)

    monkeypatch.setattr(run, "segment_file", meanwhile)
    assert segment(scan(tmp_path / "a" / "scan.png"), "--out", out, weights=weights) == 0
    said.append(second[0].communicate(timeout=600)[1])
    assert second[0].returncode == 0
    assert [Path(row["file"]).parent.name for row in rows(out)] == ["a", "b"]
    assert said[0] == f"Another command writes to {out}; this one waits for it.\n"
    assert len(masks(out)) == 2
    assert not list(out.glob(".*")) or sys.platform == "win32"


def test_help_says_what_is_written(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert "results.csv" in said and "--workers" in said and "hf://" in said
