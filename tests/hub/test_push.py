"""`python -m train.push`: one commit, one tag, the same again changes nothing, and clear refusals."""

from __future__ import annotations

import json
import re
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from bcweb import publish
from bcweb.scores import read_scores, write_scores
from bcweb.weights import Weights, load_weights
from tests.hub import finished
from tests.limits import no_file_above
from train import package as packing
from train.package import package as pack
from train.push import PushError, check, main, push

NAME = "ann/bcweb-ultrasound"
# What the store answers where it takes no more.
FULL = json.dumps(
    {
        "objects": [
            {"oid": "0" * 64, "size": 1, "error": {"code": 403, "message": "no room is left"}}
        ]
    }
).encode()


@pytest.fixture(autouse=True)
def without_a_study(monkeypatch, tmp_path):
    """The project's own may be there or not."""
    monkeypatch.setattr("train.push.STUDY", tmp_path / "none.md")


@pytest.fixture(scope="session")
def packed(tmp_path_factory) -> tuple[Path, dict]:
    return tmp_path_factory.mktemp("packed"), {}


@pytest.fixture(autouse=True)
def pack_the_same_run_once(monkeypatch, packed):
    """Most tests push the same run, whose packing takes two seconds and always gives the same bytes."""
    store, made = packed

    def package(run: Path, repo: str, folder: Path, study: Path) -> dict[str, Path]:
        files = [file for file in (study, *sorted(run.rglob("*"))) if file.is_file()]
        key = repo, *((file.name, file.read_bytes()) for file in files)
        if key not in made:
            made[key] = store / str(len(made))
            pack(run, repo, made[key], study)
        shutil.copytree(made[key], folder)
        return {f.relative_to(folder).as_posix(): f for f in folder.rglob("*") if f.is_file()}

    monkeypatch.setattr("train.package.package", package)


@pytest.fixture(scope="session")
def saved(tmp_path_factory) -> tuple[Path, dict]:
    return tmp_path_factory.mktemp("saved"), {}


@pytest.fixture(autouse=True)
def save_networks_of_a_shape_once(monkeypatch, saved):
    """Nothing here loads them, and Keras takes seconds to write one; tests/hub/test_keras.py loads what was pushed."""
    store, made = saved
    write = packing._write_keras

    def copied(weights: Weights, date: str, folder: Path) -> None:
        config = weights.config
        shape = config.architecture, config.size, config.presence, config.feed, date
        if shape not in made:
            of_shape = store / str(len(made))
            of_shape.mkdir()
            write(weights, date, of_shape)
            made[shape] = of_shape
        shutil.copytree(made[shape], folder, dirs_exist_ok=True)
        for_readers = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        for_readers |= packing._for_readers(weights)
        (folder / "config.json").write_text(
            json.dumps(for_readers, ensure_ascii=False) + "\n", "utf-8"
        )

    monkeypatch.setattr(packing, "_write_keras", copied)


def refused(*arguments, **options) -> str:
    with pytest.raises(PushError) as caught:
        push(*arguments, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_run_becomes_a_private_repository_with_one_commit_and_a_tag(hub, client, tmp_path):
    run = finished.run(tmp_path / "run")
    pushed = push(run)
    assert (pushed.name, pushed.new) == (f"hf://{NAME}@v1", True)
    repo = hub.repository(NAME)
    assert repo.private
    assert [commit.title for commit in repo.history()] == ["made-up-0, v1", "initial commit"]
    assert repo.tags == {"v1": repo.branches["main"], "latest": repo.branches["main"]}
    assert set(repo.find("v1").files) == {
        ".gitattributes", "README.md", "config.json", "model.keras", "model.safetensors",
        "model.weights.h5", "pictures/generated-scans.png", "pictures/learning-curve.png", "run.json",
        "scores.csv", "seen.csv",
    }  # fmt: skip
    assert sorted(path.name for path in run.iterdir()) == [
        "learning-curve.png",
        "run.json",
        "weights",
    ]


def test_what_was_pushed_is_pulled_as_the_same_revision(hub, client, tmp_path):
    run = finished.run(tmp_path / "run")
    file = run / "weights" / "config.json"
    config = json.loads(file.read_text())
    config.pop("format")  # as if written before there was this field, and with spaces of its own
    file.write_text(json.dumps(config, indent=4))
    pulled = load_weights(push(run).name, "ultrasound")
    local = load_weights(str(run / "weights"))
    assert (pulled.revision, pulled.config) == (local.revision, local.config)


def test_pushing_again_changes_nothing(hub, client, tmp_path):
    run = finished.run(tmp_path / "run")
    push(run)
    again = push(run)
    assert (again.tag, again.new) == ("v1", False)
    assert len(hub.repository(NAME).history()) == 2
    assert len(hub.made("POST", "/commit/")) == 1


def test_latest_moves_to_what_is_not_worse_and_otherwise_only_by_force(hub, client, tmp_path):
    tags = hub.repository(push(finished.run(tmp_path / "a", 1, (0.5, 0.7))).repo).tags
    better = push(finished.run(tmp_path / "b", 2, (0.6, 0.7)))
    assert tags["latest"] == tags["v2"]
    assert better.latest == (
        "`latest` is now v2: mean Dice over the 2 held-out lesion images of both is 0.6500 here, 0.6000 there, and of "
        "the 1 normal images 0 are painted here, 0 there."
    )
    worse = finished.run(tmp_path / "c", 3, (0.6, 0.1, 0.9))
    assert "0.3500 here, 0.6500 there" in push(worse).latest
    assert tags["latest"] == tags["v2"] != tags["v3"]
    forced = push(worse, force=True)
    assert (forced.tag, forced.new) == ("v3", False)
    assert tags["latest"] == tags["v3"]
    elsewhere = push(finished.run(tmp_path / "d", 4, (0.9, 0.9), dataset="bus-bra"))
    assert "no held-out lesion image in common" in elsewhere.latest
    assert tags["latest"] == tags["v3"]


def test_scores_against_another_truth_say_nothing_of_which_is_better(hub, client, tmp_path):
    """As where masks were corrected between the two trainings: the third lesion's was not."""
    runs = [
        finished.run(tmp_path / str(n), n, dice)
        for n, dice in enumerate([(0.3, 0.3, 0.7), (0.9, 0.9, 0.6)])
    ]
    for run, digest in zip(runs, ("before", "after"), strict=True):
        file = run / "weights" / "scores.csv"
        scores = [
            replace(s, truth_digest="same" if s.id == "lesion 2" else digest)
            for s in read_scores(file)
        ]
        write_scores(file, scores)
    push(runs[0])
    assert (
        "over the 1 held-out lesion images of both is 0.6000 here, 0.7000 there"
        in push(runs[1]).latest
    )
    assert hub.repository(NAME).tags["latest"] == hub.repository(NAME).tags["v1"]


def with_normals(run: Path, painted: int, seen: bool = False, truth: str = "") -> Path:
    """A run's table with ten normals, of which so many are painted."""
    file = run / "weights" / "scores.csv"
    *lesions, normal = read_scores(file)
    normals = [
        replace(normal, id=f"normal {i}", painted=9 * (i < painted), seen=seen, truth_digest=truth)
        for i in range(10)
    ]
    write_scores(file, [*lesions, *normals])
    return run


def test_latest_does_not_move_to_what_paints_on_more_normals(hub, client, tmp_path):
    """As weights do whose gate is open: they draw lesions that were held back before, and on normals."""
    tags = hub.repository(push(with_normals(finished.run(tmp_path / "a", 1), 1)).repo).tags
    opened = with_normals(finished.run(tmp_path / "b", 2, (0.6, 0.8)), 8)
    assert push(opened).latest == (
        "`latest` stays where it was: mean Dice over the 2 held-out lesion images of both is 0.7000 here, 0.6000 "
        "there, and of the 10 normal images 8 are painted here, 1 there; --force moves it."
    )
    assert tags["latest"] == tags["v1"] != tags["v2"]
    as_before = with_normals(finished.run(tmp_path / "c", 3, (0.6, 0.8)), 1)
    assert push(as_before).latest.startswith("`latest` is now v3: ")
    assert tags["latest"] == tags["v3"]


@pytest.mark.parametrize("how", [{"seen": True}, {"truth": "another"}])
def test_normals_that_say_nothing_of_which_is_better_keep_no_latest(hub, client, tmp_path, how):
    push(with_normals(finished.run(tmp_path / "a", 1), 1, truth="one"))
    said = push(with_normals(finished.run(tmp_path / "b", 2), 8, **how)).latest
    assert said == (
        "`latest` is now v2: mean Dice over the 2 held-out lesion images of both is 0.6000 here, 0.6000 there, and "
        "there is no normal image that both held out."
    )


def test_latest_does_not_go_back_to_what_was_pushed_before(hub, client, tmp_path):
    first, second = (
        finished.run(tmp_path / str(n), n, dice) for n, dice in enumerate([(0.6, 0.6), (0.3, 0.4)])
    )
    tags = hub.repository(push(first).repo).tags
    push(second, force=True)
    again = push(first)
    assert (again.tag, again.new) == ("v1", False)
    assert tags["latest"] == tags["v2"], "pushing the same run again has moved it"
    assert again.latest == (
        "`latest` stays where it was: these weights were pushed before; --force moves it."
    )
    push(first, force=True)
    assert tags["latest"] == tags["v1"]


def test_a_push_that_cannot_compare_has_moved_nothing_and_the_next_one_does(hub, client, tmp_path):
    tags = hub.repository(push(finished.run(tmp_path / "a", 1, (0.5, 0.7))).repo).tags
    better = finished.run(tmp_path / "b", 2, (0.6, 0.7))
    hub.fail("HEAD", "/scores.csv", 403)
    assert "The run is kept; push it later" in refused(better)
    assert push(better).latest.startswith("`latest` is now v2")
    assert tags["latest"] == tags["v2"]


def test_a_push_that_is_cut_before_it_moves_latest_goes_on_to_it(hub, client, tmp_path):
    tags = hub.repository(push(finished.run(tmp_path / "a", 1, (0.5, 0.7))).repo).tags
    better = finished.run(tmp_path / "b", 2, (0.6, 0.7))
    hub.fail("DELETE", "/tag/latest", 403)
    refused(better)
    assert tags["latest"] == tags["v1"] != tags["v2"]
    again = push(better)
    assert (again.tag, again.new) == ("v2", False)
    assert tags["latest"] == tags["v2"], f"it was left where the push was cut: {again.latest}"


def test_what_is_worse_does_not_get_latest_by_a_second_push(hub, client, tmp_path):
    tags = hub.repository(push(finished.run(tmp_path / "a", 1, (0.5, 0.7))).repo).tags
    worse = finished.run(tmp_path / "b", 2, (0.4, 0.7))
    push(worse)
    said = push(worse).latest
    assert "0.5500 here, 0.6000 there" in said and said.endswith("; --force moves it.")
    assert tags["latest"] == tags["v1"] != tags["v2"]


def test_latest_is_not_moved_by_boxes_to_what_outlines_worse(hub, client, tmp_path):
    """Two outlined lesions and six of which only boxes are known: over all eight the second would be better."""

    def pushed(number: int, outlines: float, boxes: float) -> str:
        run = finished.run(tmp_path / str(number), number, (outlines,) * 2)
        file = run / "weights" / "scores.csv"
        of_outlines = read_scores(file)
        boxed = [
            replace(of_outlines[0], dataset="films", id=f"box {i}", dice=boxes, weak=True)
            for i in range(6)
        ]
        write_scores(file, [*of_outlines, *boxed])
        return push(run).latest

    pushed(1, 0.6, 0.4)
    assert "2 held-out lesion images of both is 0.5000 here, 0.6000 there" in pushed(2, 0.5, 0.5)


def test_boxes_alone_can_be_compared(hub, client, tmp_path):
    for number, dice in ((1, 0.4), (2, 0.5)):
        run = finished.run(tmp_path / str(number), number, (dice,) * 2)
        file = run / "weights" / "scores.csv"
        write_scores(file, [replace(score, weak=True) for score in read_scores(file)])
        said = push(run).latest
    assert said.startswith("`latest` is now v2: mean Dice over the 2 held-out")


@pytest.mark.parametrize(
    ("method", "path", "what"),
    [
        ("PUT", "/upload/", 403),
        ("POST", "/commit/", "cut"),
        ("POST", "/commit/", "deaf"),
        ("POST", "/tag/", 500),
        ("POST", "/objects/batch", FULL),
    ],
)
def test_a_push_that_is_cut_goes_on_and_does_not_duplicate(
    hub, client, tmp_path, method, path, what
):
    run = finished.run(tmp_path / "run")
    hub.fail(method, path, what)
    sentence = refused(run)
    assert sentence.endswith(f"The run is kept; push it later: python -m train.push {run}")
    if what is FULL:
        assert sentence.startswith(f"The Hub does not take {NAME}: no room is left. The run")
    pushed = push(run)
    repo = hub.repository(NAME)
    assert pushed.tag == "v1"
    assert len(repo.history()) == 2
    assert repo.tags == {"v1": repo.branches["main"], "latest": repo.branches["main"]}
    sent = [request.path for request in hub.made("PUT", "/upload/") if request.status == 200]
    assert len(sent) == len(set(sent)), "what had arrived was not sent again"


def test_a_run_that_is_pushed_already_is_waited_for(hub, client, tmp_path, monkeypatch):
    run = finished.run(tmp_path / "run")
    before = sorted(run.rglob("*"))
    waits, really = threading.Event(), publish.publish
    monkeypatch.setattr("train.push.say", lambda sentence: waits.set())
    with ThreadPoolExecutor(1) as other:
        begun = []

        def publishing(*given):
            if not begun:  # what goes up is there: another push of it begins
                begun.append(other.submit(push, run))
                assert waits.wait(60), "the second push has not waited"
            return really(*given)

        monkeypatch.setattr(publish, "publish", publishing)
        first, second = push(run), begun[0].result()
    assert (first.tag, first.new) == ("v1", True)
    assert (second.tag, second.new, second.latest) == ("v1", False, "`latest` is v1.")
    assert sorted(run.rglob("*")) == before


def test_an_upload_cut_in_mid_transfer_is_sent_again_by_itself(hub, client, tmp_path):
    hub.fail("PUT", "/upload/", "cut")
    assert push(finished.run(tmp_path / "run")).tag == "v1"


def test_tags_that_somebody_made_are_no_obstacle(hub, client, tmp_path):
    """A date is a number, too, and goes on from there; nobody counts down to it."""
    tags = hub.repository(push(finished.run(tmp_path / "a", 1)).repo).tags
    tags |= {"v01": tags["v1"], "v20261130123456": tags["v1"]}
    better = finished.run(tmp_path / "b", 2, (0.9, 0.9))
    assert push(better).tag == "v20261130123457"
    assert not push(better).new


def test_latest_lost_between_two_places_is_set_by_the_next_push(hub, client, tmp_path):
    push(finished.run(tmp_path / "a", 1))
    run = finished.run(tmp_path / "b", 2, (0.9, 0.9))
    push(run)
    tags = hub.repository(NAME).tags
    del tags["latest"]
    assert push(run).latest == "`latest` is v2."
    del tags["latest"]
    assert push(finished.run(tmp_path / "c", 3, (0.1, 0.1))).latest == (
        "`latest` is v2 again: mean Dice over the 2 held-out lesion images of both is 0.1000 here, 0.9000 there, and "
        "of the 1 normal images 0 are painted here, 0 there; --force moves it."
    )
    assert tags["latest"] == tags["v2"]
    del tags["latest"]
    assert push(run).latest.startswith("`latest` is now v2: mean Dice over the 2 held-out")


def test_the_study_goes_along_with_its_figures_and_does_not_stay_when_it_is_gone(
    hub, client, tmp_path, monkeypatch
):
    docs = tmp_path / "docs"
    (docs / "figures").mkdir(parents=True)
    (docs / "figures" / "a.png").write_bytes(b"\x89PNG")
    (docs / "study.md").write_text("![by arm](figures/a.png) and [more](https://x.org/b.png)")
    monkeypatch.setattr("train.push.STUDY", docs / "study.md")
    run = finished.run(tmp_path / "run")
    push(run)
    first = hub.repository(NAME).find("v1").files
    assert first["study.md"].data == b"![by arm](pictures/a.png) and [more](https://x.org/b.png)"
    assert "pictures/a.png" in first
    told = "A study of ways to train, of other networks than this one: [study.md](study.md)."
    assert told in first["README.md"].data.decode()
    monkeypatch.setattr("train.push.STUDY", docs / "none.md")
    push(run)
    assert not {"study.md", "pictures/a.png"} & set(hub.repository(NAME).find("v2").files)


def test_the_card_says_where_it_comes_from_and_how_well_it_does(hub, client, tmp_path):
    push(finished.run(tmp_path / "run", dice=(0.5, 0.7)))
    text = hub.repository(NAME).find("v1").files["README.md"].data.decode()
    data = yaml.safe_load(text.split("---\n")[1])
    assert data["library_name"] == "keras" and data["license"] == "apache-2.0"
    assert "ultrasound" in data["tags"]
    result = data["model-index"][0]["results"][0]
    assert result["dataset"] == {"type": "busi", "name": "BUSI"}
    metrics = {metric["type"]: metric["value"] for metric in result["metrics"]}
    assert metrics["dice"] == 0.6 and metrics["false_positive_rate"] == 0.0
    for heading in ("Intended use", "How to load it", "Trained on", "Scores", "Known failures"):
        assert f"\n## {heading}\n" in text
    assert "Licence: none is stated with the data" in text
    picture = re.search(r"!\[.+\]\((.+)\)", text)[1]
    assert hub.repository(NAME).find("v1").files[picture].data.startswith(b"\x89PNG")


def test_the_card_of_a_transfer_names_what_it_began_with_and_how(hub, client, tmp_path):
    run = finished.run(tmp_path / "run")
    record = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(
        json.dumps(record | {"arm": "encoder", "source": "mammogram-1-abc"})
    )
    push(run)
    text = hub.repository(NAME).find("v1").files["README.md"].data.decode()
    assert "Began with `mammogram-1-abc`, arm `encoder`: the method: encoder and bottleneck" in text
    assert "and those of the weights that these began with." in text


def test_weights_of_unknown_data_do_not_claim_a_licence(hub, client, tmp_path):
    push(finished.run(tmp_path / "run", dataset="our clinic"))
    text = hub.repository(NAME).find("v1").files["README.md"].data.decode()
    data = yaml.safe_load(text.split("---\n")[1])
    assert data["license"] == "other" and "datasets" not in data


def test_public_only_where_it_was_said(hub, client, tmp_path):
    run = finished.run(tmp_path / "run")
    assert push(run, "ann/open", public=True).repo == "ann/open"
    assert not hub.repository("ann/open").private
    assert refused(run, "ann/open").startswith("ann/open is public: say --public")
    assert check("ann/closed", "ultrasound") == "ann/closed"
    assert refused(run, "ann/closed", public=True).startswith("ann/closed is private, which only")


def test_an_organisation_may_be_the_owner(hub, client, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", hub.add_user("eve", orgs=("clinic",)))
    assert check("clinic/breast", "ultrasound") == "clinic/breast"
    assert check(None, "mammogram") == "eve/bcweb-mammogram"
    assert check("mine", "mammogram") == "eve/mine"


def test_who_may_not_push_learns_why(hub, client, tmp_path, monkeypatch):
    run = finished.run(tmp_path / "run")
    later = f" The run is kept; push it later: python -m train.push {run} "
    sentence = refused(run, "bob/weights")
    assert sentence == (
        "bob/weights belongs to bob, and your token to ann: ann/weights would do."
        + later
        + "bob/weights"
    )
    assert "cannot be the name of a repository" in refused(run, "ann/we..ights")
    monkeypatch.setenv("HF_TOKEN", hub.add_user("ann", role="read"))
    assert refused(run).startswith("Your token may only read")
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    assert refused(run).startswith("The Hub does not accept your token")
    monkeypatch.delenv("HF_TOKEN")
    assert refused(run).startswith("There is no Hugging Face token")
    assert refused(run, "bad name").startswith("bad name cannot be the name of a repository.")
    assert not hub.store.repositories


def test_no_network_is_one_sentence(client, tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    assert refused(finished.run(tmp_path / "run")).startswith(
        "The Hub cannot be reached at http://127.0.0.1:9. The run is kept"
    )


def test_a_networks_login_page_is_not_taken_for_the_hub(hub, client):
    hub.fail("GET", "", b"<html>Please log in to this network.</html>", times=99)
    with pytest.raises(PushError, match=r"^What answers at .* is not the Hugging Face Hub; "):
        check(None, "ultrasound")


def test_a_repository_of_something_else_is_left_alone(hub, client, tmp_path):
    run = finished.run(tmp_path / "run")
    hub.add_files("ann/other", {"config.json": b'{"model_type": "bert"}'}, private=True)
    assert "holds something else" in refused(run, "ann/other")
    hub.add_files("ann/pickle", {"model.bin": b"x"}, private=True)
    assert "holds something else" in refused(run, "ann/pickle")
    push(run)
    assert "holds weights for ultrasounds, and these are for mammograms" in refused(
        finished.run(tmp_path / "m", modality="mammogram"), NAME
    )


def test_a_repository_of_a_hospital_with_an_umlaut_is_known_where_utf_8_is_not_the_default(
    hub, python, tmp_path
):
    folder = finished.run(tmp_path / "run") / "weights"
    config = json.loads((folder / "config.json").read_text()) | {"trained_on": ["Klinikum Köln"]}
    stored = json.dumps({"bcweb": config}, ensure_ascii=False).encode()
    hub.add_files("ann/cologne", {"config.json": stored}, private=True)
    code = "from train.push import check; print(check('ann/cologne', 'ultrasound'))"
    elsewhere = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = python("-c", code, env=elsewhere)
    assert done.stdout == "ann/cologne\n", done.stderr


def test_weights_that_were_uploaded_by_hand_are_pushed_onto(hub, client, tmp_path):
    """The app loads them: their config.json is that of the folder, with nothing of Keras around it."""
    folder = finished.run(tmp_path / "run") / "weights"
    there = {file.name: file.read_bytes() for file in folder.iterdir()}
    hub.add_files("ann/hand", there, private=True)
    assert load_weights("hf://ann/hand").config.modality == "ultrasound"
    assert check("ann/hand", "ultrasound") == "ann/hand"
    with pytest.raises(
        PushError, match="ann/hand holds weights for ultrasounds, and these are for"
    ):
        check("ann/hand", "mammogram")


@pytest.mark.parametrize(
    "config",
    [b"[]", b"\xff\xfe{", b'{"bcweb": "x"}', b'{"bcweb": {"modality": "x-ray"}}', b"7", b""],
)
def test_a_config_that_is_no_ones_of_weights_is_something_else(hub, client, config):
    hub.add_files("ann/odd", {"config.json": config}, private=True)
    with pytest.raises(PushError, match="ann/odd holds something else than weights of bcweb"):
        check("ann/odd", "ultrasound")


def test_an_unfinished_run_is_not_pushed(hub, client, tmp_path):
    assert "is not a finished run: it has no run.json" in refused(tmp_path)


def test_scores_of_another_network_are_not_pushed(hub, client, tmp_path):
    """Of one that was stopped and has gone on since, or that is trained at this moment."""
    run = finished.run(tmp_path / "run")
    file = run / "weights" / "scores.csv"
    revision = load_weights(str(run / "weights")).revision
    write_scores(file, [replace(s, revision="made-up-0-before") for s in read_scores(file)])
    told = f"{run} has the scores of made-up-0-before, and its weights are {revision}: score them first"
    assert refused(run).startswith(told)
    write_scores(file, [replace(s, revision=revision) for s in read_scores(file)])
    record = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps(record | {"epochs_done": 0}))
    assert refused(run).startswith(f"{run} has not finished")
    assert not hub.store.repositories, "nothing would come into it"


def test_weights_that_do_not_tell_what_they_have_seen_are_not_pushed(hub, client, tmp_path):
    run = finished.run(tmp_path / "run")
    (run / "weights" / "seen.csv").unlink()
    told = "was trained on busi, and has no seen.csv, which names the cases. The run is kept;"
    assert told in refused(run)


def test_a_full_disk_is_one_sentence_and_leaves_the_run_as_it_was(
    hub, client, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(packing, "package", pack)
    run = finished.run(tmp_path / "run")
    before = sorted(run.rglob("*"))
    with no_file_above(1_000_000):
        assert main([str(run)]) == 1
    sentence = capsys.readouterr().err.strip().splitlines()[-1]
    assert sentence == (
        "What goes to the Hub cannot be written beside the run: File too large. "
        f"The run is kept; push it later: python -m train.push {run}"
    )
    assert sorted(run.rglob("*")) == before


def test_the_command_says_what_it_did(hub, client, tmp_path, capsys):
    run = finished.run(tmp_path / "run")
    assert main([str(run), "ann/weights"]) == 0
    assert main([str(run), "ann/weights"]) == 0
    assert capsys.readouterr().out == (
        "Pushed: hf://ann/weights@v1. `latest` is v1.\n"
        "Already there: hf://ann/weights@v1. `latest` is v1.\n"
    )
    assert main([str(run), "bob/weights"]) == 1


def test_it_says_whose_names_go_along(hub, client, tmp_path, capsys):
    """A group is a patient, by the name that somebody has given them; of a published data set they are known."""
    run = finished.run(tmp_path / "run", dataset="ward 7")
    record = json.loads((run / "run.json").read_text())
    of_one = {"dataset": "ward 7", "digest": "", "role": "train"}
    record["cases"] += [
        of_one | {"id": f"s{i}", "group": group}
        for i, group in enumerate(("Maria Müller", "Maria Müller", "Ida", "s3", "s3"))
    ]
    (run / "run.json").write_text(json.dumps(record))
    assert main([str(run), "ann/weights"]) == 0
    assert capsys.readouterr().err.startswith(
        "What is pushed names 2 groups of ward 7 (patients, as you called them; Ida for one), beside your files and "
        "their labels.\n"
    )
    names = hub.repository("ann/weights").find("v1").files["run.json"].data.decode()
    assert "Maria M" in names
    assert main([str(finished.run(tmp_path / "published")), "ann/other"]) == 0
    assert "What is pushed names" not in capsys.readouterr().err


def test_without_the_training_packages_the_command_says_what_to_install(hub, python, tmp_path):
    run = finished.run(tmp_path / "run")
    code = f"import sys; sys.modules['keras'] = None; from train.push import main; sys.exit(main([{str(run)!r}]))"
    done = python("-c", code)
    assert done.stderr.endswith("keras is missing: pip install -r requirements-train.txt\n")
