"""`python -m bcweb.review export --push`: reviewed cases as a data set on the Hub, and back as training data."""

from __future__ import annotations

import json

import pytest

from bcweb.review.export import PushError, export, push_export
from bcweb.review.export.push import check
from bcweb.review.records import ReviewError
from tests.cases.trees import picture, save
from tests.review import decided
from tests.review.decided import OWNER, Decided, blob

NAME = "ann/reviewed"
READ = """
import sys, json
import numpy as np
from bcweb.cases import read_cases, read_truth
from bcweb.scans import read_scan
found = read_cases(sys.argv[1])
def one(case):
    scan = read_scan(case.file)
    truth = np.packbits(read_truth(case, scan)).tobytes().hex() if case.has_truth else None
    return [case.id, case.label, case.group, case.modality, scan.digest, truth]
print(json.dumps({"name": found.name, "skipped": len(found.skipped), "cases": [one(c) for c in found.cases]}))
"""


@pytest.fixture
def made(tmp_path) -> Decided:
    """Three scans, all accepted."""
    made = decided.empty_project(tmp_path)
    for seed, name in enumerate(("one", "two", "three")):
        made.add(name, save(made.folder / f"{name}.png", picture(seed)), label="benign", group=name)
        made.decide(name, "accept")
    return made


@pytest.fixture
def read(python):
    """What `hf:` finds, by a process of its own: the client of data sets reads its settings once."""

    def run(spec: str) -> dict:
        done = python("-c", READ, spec)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run


def refused(made: Decided, repo: str, **options) -> str:
    with pytest.raises(PushError) as caught:
        push_export(made.store, OWNER, made.project.id, repo, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_was_decided_becomes_a_private_data_set_that_training_reads(
    hub, client, read, tmp_path
):
    made = decided.project(tmp_path)
    pushed, exported = push_export(made.store, OWNER, made.project.id, "reviewed")
    assert (pushed.spec, pushed.new, exported.masks) == (f"hf:{NAME}@v1", True, 12)
    repo = hub.repository(NAME, "dataset")
    assert repo.private and repo.tags == {"v1": repo.branches["main"]}
    assert [commit.title for commit in repo.history()] == ["Reviewed cases, v1", "initial commit"]
    assert set(repo.find("v1").files) == {
        ".gitattributes", "README.md", "verdicts.csv", "data/train-00000-of-00001.parquet",
    }  # fmt: skip
    found = read(pushed.spec)
    rows = {row.name: row for row in exported.rows if row.mask}
    assert (found["name"], found["skipped"], len(found["cases"])) == (NAME, 0, 12)
    for name, label, group, modality, digest, truth in found["cases"]:
        row = rows[name]
        mask = made.masks[row.case.case]
        assert truth == decided.packed(mask), f"{row.case.case}: the mask of the database"
        assert digest == row.case.digest and modality == row.case.modality
        assert (label or "", group) == (row.label, f"{row.case.dataset}/{row.case.group}")
    corrected = read(f"{pushed.spec}?decision=corrected")
    assert len(corrected["cases"]) == 6, "the columns select"


def test_the_same_again_changes_nothing_and_a_new_verdict_is_a_new_revision(
    hub, client, read, made
):
    what = made.store, OWNER, made.project.id, NAME
    assert push_export(*what)[0].tag == "v1"
    again, _ = push_export(*what)
    assert (again.tag, again.new) == ("v1", False)
    repo = hub.repository(NAME, "dataset")
    assert len(repo.history()) == 2
    made.decide("two", "corrected", blob(40), beginning="prediction")
    assert push_export(*what)[0].spec == f"hf:{NAME}@v2"
    both = [read(f"hf:{NAME}@{tag}")["cases"] for tag in ("v1", "v2")]
    changed = [old[0] for old, new in zip(*both, strict=True) if old != new]
    assert changed == ["two"], "a revision stays what it was"


def test_fewer_files_leave_none_of_the_last_revision_behind(hub, client, made, monkeypatch):
    what = made.store, OWNER, made.project.id, NAME
    monkeypatch.setattr("bcweb.review.export.dataset._SHARD_ROWS", 1)
    push_export(*what)
    monkeypatch.setattr("bcweb.review.export.dataset._SHARD_ROWS", 9)
    push_export(*what)
    files = hub.repository(NAME, "dataset").find("v2").files
    assert [name for name in files if name.startswith("data/")] == [
        "data/train-00000-of-00001.parquet"
    ]


def test_the_licence_that_somebody_has_added_stays_and_the_card_leads_to_it(hub, client, made):
    what = made.store, OWNER, made.project.id, NAME
    file = save(made.folder / "own.png", picture(9))
    made.add("own", file, dataset="ward 7")
    made.decide("own", "accept")
    push_export(*what)
    hub.add_files(NAME, {"LICENSE": b"Ours."}, kind="dataset")
    made.decide("two", "corrected", blob(40), beginning="prediction")
    assert push_export(*what)[0].tag == "v2"
    files = hub.repository(NAME, "dataset").find("v2").files
    assert files["LICENSE"].data == b"Ours."
    card = files["README.md"].data.decode()
    assert "- ward 7. Licence: whoever pushed this says it in the file LICENSE" in card


def test_what_a_disk_has_of_its_own_is_not_pushed(hub, client, made, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    (disk / ".DS_Store").write_bytes(b"x")
    push_export(made.store, OWNER, made.project.id, NAME, to=disk)
    assert (disk / "verdicts.csv").exists()
    assert ".DS_Store" not in hub.repository(NAME, "dataset").find("v1").files


def test_public_only_where_it_was_said(hub, client, made):
    what = made.store, OWNER, made.project.id
    push_export(*what, "ann/open", public=True)
    assert not hub.repository("ann/open", "dataset").private
    assert refused(made, "ann/open").startswith(
        "ann/open is public: say --public if these cases may be"
    )
    assert check("ann/closed") == "ann/closed"
    assert refused(made, "ann/closed", public=True).startswith(
        f"ann/closed is private, which only its page can change: {hub.url}/datasets/ann/closed/set"
    )


def test_who_may_not_push_learns_why_before_anything_is_written(
    hub, client, made, tmp_path, monkeypatch
):
    to = tmp_path / "out"
    assert refused(made, "bob/cases", to=to) == (
        "bob/cases belongs to bob, and your token to ann: ann/cases would do."
    )
    assert "cannot be the name of a repository" in refused(made, "ann/ca..ses", to=to)
    monkeypatch.setenv("HF_TOKEN", hub.add_user("ann", role="read"))
    assert refused(made, NAME, to=to).startswith("Your token may only read")
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    assert refused(made, NAME, to=to).startswith("The Hub does not accept your token")
    monkeypatch.delenv("HF_TOKEN")
    assert refused(made, NAME, to=to).startswith("There is no Hugging Face token")
    assert not hub.store.repositories and not to.exists()


def test_no_repository_is_made_where_there_is_nothing_to_put_into_it(hub, client, made, tmp_path):
    """Nor one that everybody sees."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine")
    file = save(made.folder / "own.png", picture(9))
    unread = decided.empty_project(tmp_path / "unread")
    unread.add("own", file)
    for of, name, options, said in (
        (made, "no such project", {}, "There is no such project."),
        (made, made.project.id, {"include": ("foo",)}, "'foo' is no decision that gives a mask"),
        (
            made,
            made.project.id,
            {"include": ("corrected",)},
            "has a mask to give, most often: Only",
        ),
        (made, made.project.id, {"to": tmp_path / "full"}, "full holds something already"),
        (unread, unread.project.id, {}, "has a mask to give, none was decided yet."),
    ):
        with pytest.raises(ReviewError, match=said) as caught:
            push_export(of.store, OWNER, name, NAME, public=True, **options)
        assert not isinstance(caught.value, PushError)
        assert not hub.store.repositories, said


def test_no_network_is_one_sentence(client, made, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    assert refused(made, NAME) == "The Hub cannot be reached at http://127.0.0.1:9."


def test_a_repository_of_something_else_is_left_alone(hub, client, made):
    hub.add_files("ann/other", {"data.csv": b"a,b\n1,2\n"}, kind="dataset", private=True)
    said = "holds something else than reviewed cases; name another."
    assert refused(made, "ann/other") == f"ann/other {said}"
    card = b"---\ntags:\n- bcweb\n---\n\n- bcweb-review\n"
    hub.add_files("ann/card", {"README.md": card, "a.csv": b"x"}, kind="dataset", private=True)
    assert refused(made, "ann/card") == f"ann/card {said}"
    assert len(hub.repository("ann/other", "dataset").history()) == 2


@pytest.mark.parametrize(
    ("method", "path", "what", "said"),
    [
        ("PUT", "/upload/", 403, "Your token may not do that to datasets/ann/reviewed"),
        ("POST", "/commit/", "cut", "The transfer of datasets/ann/reviewed broke off"),
        ("POST", "/commit/", "deaf", "The transfer of datasets/ann/reviewed broke off"),
        ("POST", "/tag/", 500, "The Hub is out of order (500)."),
    ],
)
def test_a_push_that_is_cut_goes_on_and_does_not_duplicate(
    hub, client, made, tmp_path, method, path, what, said
):
    hub.fail(method, path, what)
    assert refused(made, NAME, to=tmp_path / "out").startswith(said)
    assert (tmp_path / "out" / "verdicts.csv").exists(), "the export is kept"
    pushed, _ = push_export(made.store, OWNER, made.project.id, NAME)
    repo = hub.repository(NAME, "dataset")
    assert pushed.tag == "v1" and repo.tags == {"v1": repo.branches["main"]}
    assert len(repo.history()) == 2
    sent = [request.path for request in hub.made("PUT", "/upload/") if request.status == 200]
    assert len(sent) == len(set(sent)), "what had arrived was not sent again"


def test_the_command_pushes_and_says_how_to_try_again(hub, python, made, tmp_path):
    made.store.close()
    home = {"BCWEB_HOME": str(made.store.home)}
    command = ("-m", "bcweb.review", "export", made.project.name)
    done = python(*command, "--push", NAME, env=home)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0].startswith("3 of 3 cases with their masks (3 accept)")
    assert done.stdout.splitlines()[-1] == f"Pushed: hf:{NAME}@v1"
    hub.fail("GET", "/refs", 500, times=9)
    done = python(*command, "--push", NAME, "--to", "out", "--include", "accept,truth", env=home)
    assert done.returncode == 1 and (tmp_path / "out" / "README.md").exists()
    assert done.stderr == (
        "The Hub is out of order (500). The export is in out. Push it later: python -m bcweb.review "
        f"export '{made.project.name}' --push {NAME} --include accept,truth\n"
    )


def test_an_older_export_is_not_said_to_be_the_one_that_was_refused(hub, python, made, tmp_path):
    export(made.store, OWNER, made.project.id, tmp_path / "out", "dataset")
    made.store.close()
    command = ("-m", "bcweb.review", "export", made.project.name, "--to", "out")
    done = python(*command, "--push", "bob/cases", env={"BCWEB_HOME": str(made.store.home)})
    assert done.returncode == 1
    assert done.stderr == "out holds something already; name a folder that is not there yet.\n"


def test_a_data_set_in_a_folder_is_read_by_the_client_of_data_sets(python, made, tmp_path):
    export(made.store, OWNER, made.project.id, tmp_path / "out", "dataset")
    code = (
        "import datasets, numpy as np; rows = datasets.load_dataset('out', split='train');"
        "print(rows.column_names[:4], [int((np.asarray(r['mask']) == 255).sum()) for r in rows])"
    )
    done = python("-c", code)
    assert done.returncode == 0, done.stderr
    painted = [int(mask.sum()) for mask in made.masks.values()]
    assert done.stdout == f"['id', 'image', 'mask', 'label'] {painted}\n"
