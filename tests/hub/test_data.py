"""Data sets on the Hub: pushed by the real `datasets`, read by `hf:user/name@revision`."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from contextlib import nullcontext
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bcweb import locks
from bcweb.cases import CasesError, read_cases
from bcweb.cases import hub as cases_hub
from tests.hub.conftest import ROOT

# The client of data sets reads its settings once, when imported: it works in processes of its own.
PUSH = """
import sys, datasets, numpy as np
from PIL import Image
rng = np.random.default_rng(int(sys.argv[2]))
def picture(): return Image.fromarray(rng.integers(0, 255, (48, 64), dtype=np.uint8))
def mask(): return Image.fromarray(np.pad(np.full((10, 12), 255, np.uint8), ((8, 30), (4, 48))))
rows = {
    "image": [picture() for _ in range(7)],
    "mask": [mask(), mask(), mask(), mask(), None, None, None],
    "label": [0, 0, 1, 1, 2, None, -1],  # -1: as data sets for a contest hide their labels
    "group": ["p1", "p1", "p2", "p3", "p4", "p5", "p6"],
    "modality": 7 * ["ultrasound"],
    "energy": ["low", "low", "low", "high", "high", "high", "high"],
}
features = datasets.Features({
    "image": datasets.Image(), "mask": datasets.Image(),
    "label": datasets.ClassLabel(names=["benign", "malignant", "normal"]),
    "group": datasets.Value("string"), "modality": datasets.Value("string"), "energy": datasets.Value("string"),
})
table = datasets.Dataset.from_dict(rows, features=features)
print(table.push_to_hub(sys.argv[1], private=True, embed_external_files=True).oid)
"""
READ = """
import sys, json
from bcweb.cases import read_cases, read_truth, CasesError
from bcweb.scans import read_scan
try:
    found = read_cases(sys.argv[1])
except CasesError as error:
    print(error, file=sys.stderr); sys.exit(1)
def truth(case):
    mask = read_truth(case, read_scan(case.file))
    return None if mask is None else int(mask.sum())
print(json.dumps({"name": found.name, "cases": [
    [c.dataset, c.id, c.label, c.group, c.modality, truth(c)] for c in found.cases],
    "skipped": [[s.file.name, s.reason] for s in found.skipped]}))
assert "torch" not in sys.modules and "tensorflow" not in sys.modules
print("datasets" in sys.modules)
"""


@pytest.fixture
def environment(environment) -> dict[str, str]:
    """Who pushes a data set by its own client may have hf_xet send it, of which the server knows nothing."""
    return environment | {"HF_HUB_DISABLE_XET": "1"}


@pytest.fixture
def pushed(hub, python):
    done = python("-c", PUSH, "ann/scans", "0")
    assert done.returncode == 0, done.stderr
    hub.repository("ann/scans", "dataset").tags["v1"] = done.stdout.split()[-1]
    return done.stdout.split()[-1]


@pytest.fixture
def read(python):
    """What `read_cases` finds; or, where it refuses, its sentence."""

    def run(spec: str, **env) -> tuple[dict, bool] | str:
        done = python("-c", READ, spec, env=env)
        if done.returncode:
            return done.stderr.strip().splitlines()[-1]
        found, loaded = done.stdout.strip().splitlines()
        return json.loads(found), loaded == "True"

    return run


def test_a_data_set_that_was_pushed_is_read_with_its_masks_labels_and_groups(hub, pushed, read):
    assert hub.repository("ann/scans", "dataset").private
    found, loaded = read("hf:ann/scans@v1")
    assert loaded and found["name"] == "ann/scans"
    assert found["cases"] == [
        ["ann/scans", "train-000000", "benign", "p1", "ultrasound", 120],
        ["ann/scans", "train-000001", "benign", "p1", "ultrasound", 120],
        ["ann/scans", "train-000002", "malignant", "p2", "ultrasound", 120],
        ["ann/scans", "train-000003", "malignant", "p3", "ultrasound", 120],
        ["ann/scans", "train-000004", "normal", "p4", "ultrasound", 0],
        ["ann/scans", "train-000005", None, "p5", "ultrasound", None],
        ["ann/scans", "train-000006", None, "p6", "ultrasound", None],
    ]
    chosen, _ = read("hf:ann/scans@v1?energy=low")
    assert [case[1] for case in chosen["cases"]] == [f"train-00000{i}" for i in range(3)]


def test_a_revision_is_its_own_and_once_read_wants_neither_hub_nor_datasets(
    hub, pushed, read, python, environment
):
    first, _ = read("hf:ann/scans@v1")
    assert python("-c", PUSH, "ann/scans", "1").returncode == 0
    assert len(hub.repository("ann/scans", "dataset").history()) == 3
    before = len(hub.requests)
    again, loaded = read("hf:ann/scans@v1")
    assert again == first and not loaded
    assert [r.path for r in hub.requests[before:]] == ["/api/datasets/ann/scans/revision/v1"]
    hub.fail("GET", "/api/", 500, times=99)
    assert read("hf:ann/scans@v1")[0] == first
    assert read("hf:ann/scans@v1", HF_HUB_OFFLINE="1")[0] == first
    assert read("hf:ann/scans", HF_HUB_OFFLINE="1") == "HF_HUB_OFFLINE forbids asking the Hub."
    [known] = Path(environment["HF_HOME"]).rglob("revisions/v1")
    known.write_text("")  # as on a disk that was full
    assert read("hf:ann/scans@v1", HF_HUB_OFFLINE="1") == "HF_HUB_OFFLINE forbids asking the Hub."


def test_a_folder_becomes_a_data_set_by_the_lines_of_the_documents(hub, read, python, tmp_path):
    """Without what is only an accepted prediction, which would be taken for a truth there."""
    text = (ROOT / "docs/hub.md").read_text(encoding="utf-8")
    (lines,) = re.findall(r"^```python\n(.*?)^```", text, re.S | re.M)
    for name in ("drawn", "accepted", "twice", "film", "unread"):
        (tmp_path / f"{name}.png").write_bytes(png(len(name)))
    for name in ("drawn_mask", "accepted_mask", "twice_mask_1", "twice_mask_2"):
        Image.fromarray(np.eye(48, 64, dtype=np.uint8) * 255).save(tmp_path / f"{name}.png")
    (tmp_path / "cases.csv").write_text(
        "file,label,group,modality,findings,decision\ndrawn.png,benign,p1,ultrasound,an oval mass,truth\n"
        "accepted.png,benign,p2,ultrasound,,accept\ntwice.png,benign,p3,ultrasound,,truth\n"
        "film.png,normal,p4,mammogram,,\nunread.png,,p5,mammogram,,\n"
    )
    done = python(
        "-c", lines.replace("PATH", tmp_path.as_posix()).replace("user/name", "ann/scans")
    )
    assert done.returncode == 0, done.stderr
    assert hub.repository("ann/scans", "dataset").private
    found, _ = read("hf:ann/scans?findings=an oval mass")
    assert found["cases"] == [["ann/scans", "drawn", "benign", "p1", "ultrasound", 48]]
    everything, _ = read("hf:ann/scans")
    assert everything["cases"] == [
        *found["cases"],
        ["ann/scans", "film", "normal", "p4", "mammogram", 0],
        ["ann/scans", "unread", None, "p5", "mammogram", None],
    ], "and nothing else"
    local = {case.id: case for case in read_cases(f"folder:{tmp_path}").cases}
    for _, name, label, group, modality, truth in everything["cases"]:
        here = local[name]
        assert (here.label, here.group, here.modality) == (label, group, modality), name
        assert here.has_truth == (truth is not None), name


def png(seed: int) -> bytes:
    file = BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 255, (48, 64), dtype=np.uint8)
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def parquet(rows: list[dict]) -> bytes:
    """A table as whoever publishes one can write it, with whatever paths."""
    import pyarrow
    import pyarrow.parquet

    text = pyarrow.string()
    picture = pyarrow.struct({"bytes": pyarrow.binary(), "path": text})
    kinds = {name: picture if name in ("image", "mask") else text for name in rows[0]}
    features = {
        name: {"_type": "Value", "dtype": "string"} if kind is text else {"_type": "Image"}
        for name, kind in kinds.items()
    }
    said = {"huggingface": json.dumps({"info": {"features": features}})}
    file = BytesIO()
    table = pyarrow.Table.from_pylist(rows, pyarrow.schema(kinds, metadata=said))
    pyarrow.parquet.write_table(table, file)
    return file.getvalue()


def test_a_row_reads_no_file_of_this_machine_and_says_that_it_has_no_picture(
    hub, read, tmp_path, environment
):
    secret = tmp_path / "ward.png"
    secret.write_bytes(png(0))
    cache = Path(environment["HF_HOME"]) / "hub"
    others = cache / "datasets--ben--private" / "blobs" / "scan.png"
    others.parent.mkdir(parents=True)
    others.write_bytes(png(1))
    files = cache / "datasets--ann--scans"
    files.mkdir()
    (files / "link.png").symlink_to(secret)
    os.mkfifo(files / "pipe.png")
    own = {"bytes": png(2), "path": "own.png"}
    named = {
        "a file of the disk": str(secret),
        "another data set": str(others),
        "what never ends": str(files / "pipe.png"),
        "nothing": str(tmp_path / "gone.png"),
        "no name": "a\0b.png",
        "a link": str(files / "link.png"),
        "a way out": f"{files}/../../../ward.png",
    }
    of_the_disk = {"bytes": None, "path": str(secret)}
    pictures = {what: ({"bytes": None, "path": path}, None) for what, path in named.items()}
    pictures |= {"own": (own, None), "a mask of the disk": (own, of_the_disk), "none": (None, None)}
    rows = [
        {"id": what, "image": image, "mask": mask, "group": what, "modality": "mammogram"}
        for what, (image, mask) in pictures.items()
    ]
    hub.add_files("ann/scans", {"data.parquet": parquet(rows)}, kind="dataset")
    found = read("hf:ann/scans")
    assert not isinstance(found, str), found
    found, _ = found
    assert [case[1] for case in found["cases"]] == ["own"], "no other file became a case"
    reasons = {name.rpartition(".")[0]: reason for name, reason in found["skipped"]}
    assert sorted(reasons) == sorted({*pictures} - {"own"}), "each is told"
    assert set(reasons.values()) == {"Its picture or its mask is not in the data set."}


def test_words_of_a_review_that_was_pushed_are_as_they_were(hub, read):
    said = ["-1", "'-1", "'s", "=1"]
    rows = [
        {
            "image": {"bytes": png(seed), "path": f"{seed}.png"}, "label": word, "group": word,
            "modality": "mammogram", "decision": "corrected",
        }
        for seed, word in enumerate(said)
    ]  # fmt: skip
    hub.add_files("ann/review", {"data.parquet": parquet(rows)}, kind="dataset")
    found, _ = read("hf:ann/review")
    assert [case[2:4] for case in found["cases"]] == [[word, word] for word in said]


def test_pictures_that_are_files_of_the_repository_keep_their_names(hub, read):
    table = "file_name,label,modality\na.png,normal,mammogram\nb.png,normal,mammogram\n"
    hub.add_files(
        "ann/files",
        {"a.png": png(0), "b.png": png(1), "metadata.csv": table.encode()},
        kind="dataset",
    )
    found, _ = read("hf:ann/files")
    assert [case[1:3] + case[4:] for case in found["cases"]] == [
        ["a", "normal", "mammogram", 0],
        ["b", "normal", "mammogram", 0],
    ]


def test_a_carriage_return_in_a_row_ends_no_row(hub, read):
    """What stood behind it, label and group, would be lost: a normal's truth, and on which side a patient stands."""
    row = {
        "image": {"bytes": png(0), "path": "a.png"}, "findings": "mass\rno calcification", "label": "normal",
        "group": "p1", "modality": "mammogram",
    }  # fmt: skip
    hub.add_files("ann/findings", {"data.parquet": parquet([row])}, kind="dataset")
    found, _ = read("hf:ann/findings")
    assert found["cases"] == [["ann/findings", "a", "normal", "p1", "mammogram", 0]]
    assert found["skipped"] == []


def test_numbers_from_0_are_names_too(hub, read):
    table = "file_name,id,label,modality\na.png,0,normal,mammogram\nb.png,1,normal,mammogram\n"
    files = {"a.png": png(0), "b.png": png(1), "metadata.csv": table.encode()}
    hub.add_files("ann/numbers", files, kind="dataset")
    found, _ = read("hf:ann/numbers")
    assert [case[1] for case in found["cases"]] == ["0", "1"]


def test_what_cannot_be_read_is_one_sentence(hub, pushed, read):
    assert read("hf:ann/scans@v9") == "The data set ann/scans has no revision v9."
    assert read("hf:ann/none") == (
        "There is no repository datasets/ann/none, or your token may not read it."
    )
    assert "a private one needs a token" in read("hf:ann/scans", HF_TOKEN=None)
    hub.add_files("ann/text", {"data.csv": b"a,b\n1,2\n"}, kind="dataset")
    assert read("hf:ann/text") == (
        "ann/text has no column image of pictures; it has a (Value), b (Value)."
    )
    hub.add_files("ann/empty", {"README.md": b"nothing"}, kind="dataset")
    assert read("hf:ann/empty").startswith("ann/empty cannot be read as a table with pictures: ")
    hub.fail("GET", "/api/datasets", b"<html>Please log in to this network.</html>")
    assert read("hf:ann/scans").startswith(
        f"What answers at {hub.url} is not the Hugging Face Hub;"
    )


# A process that fetches a data set and is half done until it hears that it may go on.
HALF_DONE = """
import sys, huggingface_hub
from pathlib import Path
from bcweb.cases import hub
def write(repo, commit, part):
    (part / "images").mkdir(parents=True)
    print("half done", flush=True)
    sys.stdin.readline()
    (part / "cases.csv").write_text("file\\n")
huggingface_hub.cached_assets_path = lambda *_, **__: sys.argv[1]
hub._commit, hub._write = lambda *_: "c0ffee", write
print((hub.fetch("ann/scans") / "images").stat().st_ino)
"""


@pytest.fixture
def half_done(tmp_path, monkeypatch):
    """Another process in the middle of `fetch`; this one asks for the same revision, with a writer of its own."""

    def write(repo: str, commit: str, part: Path) -> None:
        (part / "images").mkdir(parents=True)
        (part / "cases.csv").write_text("file\n")

    monkeypatch.setattr("huggingface_hub.cached_assets_path", lambda *_, **__: tmp_path)
    monkeypatch.setattr(cases_hub, "_commit", lambda *_: "c0ffee")
    monkeypatch.setattr(cases_hub, "_write", write)
    piped = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": ROOT}
    with subprocess.Popen([sys.executable, "-c", HALF_DONE, str(tmp_path)], **piped) as process:
        assert process.stdout.readline() == "half done\n"
        yield process
        process.kill()


def test_who_wants_a_data_set_that_another_is_writing_waits_for_it(
    half_done, monkeypatch, tmp_path
):
    """What was written once is read by then: it is not written again in its place."""
    told = []

    def let_it_end(*_) -> None:
        told.append(half_done.communicate("go on\n", timeout=60)[0].strip())

    write = cases_hub._write
    monkeypatch.setattr(cases_hub, "_write", lambda *of: (let_it_end(), write(*of)))
    monkeypatch.setattr(cases_hub, "held", lambda file, _: locks.held(file, let_it_end))
    done = cases_hub.fetch("ann/scans")
    assert told == [str((done / "images").stat().st_ino)], "the folder is another"
    assert [file.name for file in tmp_path.iterdir()] == ["c0ffee"], "something is left"


def test_on_a_disk_without_locks_nobody_takes_away_what_another_writes(half_done, monkeypatch):
    monkeypatch.setattr(cases_hub, "held", lambda *_: nullcontext(False))
    done = cases_hub.fetch("ann/scans")
    inode = (done / "images").stat().st_ino
    assert half_done.communicate("go on\n", timeout=60)[0].strip() == str(inode)


def test_what_a_killed_process_had_written_of_a_data_set_is_removed(half_done, tmp_path):
    half_done.kill()
    half_done.wait()
    assert list(tmp_path.glob("*.part")), "it was not half done"
    done = cases_hub.fetch("ann/scans")
    assert (done / "cases.csv").exists() and not list(tmp_path.glob("*.part"))


def test_a_name_of_no_data_set_is_refused():
    with pytest.raises(CasesError, match="is not of the form user/repo@revision"):
        read_cases("hf:scans")


def test_the_app_starts_without_the_client_of_data_sets(python):
    code = "import sys, app, bcweb.page.launch; sys.exit('datasets' in sys.modules)"
    assert python("-c", code).returncode == 0
