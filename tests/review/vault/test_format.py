"""The files of a backup: each is what its name says, also those of the first version."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from bcweb.review.store import Store
from bcweb.review.vault_format import (
    FORMAT,
    Damaged,
    Newer,
    VaultError,
    read_verdict,
    write_verdict,
)
from tests.review.decided import OWNER
from tests.review.kept import all_steps, files_of, holdings, vault
from tests.review.small import ME, corrected, project

FIXTURE = Path(__file__).parents[1] / "backup-1"


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
            running.state().problem
            == f"Damaged or unreadable in the backup, and left out: {first} and 1 more."
        )


def test_of_a_project_whose_newest_file_is_damaged_the_one_before_it_is_read(tmp_path):
    """It has other weights or data sets; all that was decided is the same."""
    folder = tmp_path / "backup"
    with Store(tmp_path / "home") as store:
        made, [case] = project(store)
        store.save(ME, "ann", case, corrected("k", 1))
        for tag in ("v1", "v2", "v3"):
            store.set_sources(made.id, ["busi:x"], {"ultrasound": f"hf://a/w@{tag}"})
            all_steps(vault(store, folder))
    files = sorted((folder / "projects").iterdir())
    assert len(files) == 3
    for file in files[1:]:
        file.write_bytes(file.read_bytes()[:-9])
    with Store(tmp_path / "new") as store:
        running = vault(store, folder)
        running.bring_back()
        [back] = store.projects(ME)
        assert (back.weights, back.read) == ({"ultrasound": "hf://a/w@v1"}, 1)
        assert running.left_out.keys() == {f"projects/{file.name}" for file in files[1:]}
    newer = json.loads(files[0].read_text()) | {"format": FORMAT + 1}
    files[1].write_text(json.dumps(newer))
    with Store(tmp_path / "later") as store:
        running = vault(store, folder)
        running.bring_back()
        assert store.projects(ME) == [], "what a newer program knows of it is not written over"


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
            where = file.relative_to(place_of_backup).as_posix()
            assert running.state().problem == (
                f"Written by a newer program, and left out until this one is updated: {where}."
            )
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
