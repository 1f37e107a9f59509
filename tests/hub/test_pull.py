"""Weights by `hf://user/repo@revision`, and every way in which they are not to be had."""

from __future__ import annotations

import errno
import json
import pickle
import re
import resource
import signal
import subprocess
import sys

import numpy as np
import pytest
from huggingface_hub import constants
from PIL import Image

from bcweb.engine import write_onnx
from bcweb.hub import HubError, explain, tags
from bcweb.weights import WeightsError, load_weights
from tests import weights_folder
from tests.hub.server import STALLS


def files(folder, **more: bytes) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()} | more


@pytest.fixture
def two(hub, client, tmp_path):
    """ann/weights: v1 with seed 1, v2 with seed 2; public."""
    made = []
    for seed in (1, 2):
        folder = weights_folder.write(tmp_path / f"v{seed}", seed=seed)
        made.append(hub.add_files("ann/weights", files(folder)))
        hub.repository("ann/weights").tags[f"v{seed}"] = made[-1].oid
    return made


def refused(name: str, modality=None) -> str:
    with pytest.raises(WeightsError) as caught:
        load_weights(name, modality)
    sentence = str(caught.value)
    assert sentence.endswith(".") and "\n" not in sentence
    return sentence


def test_a_revision_is_a_tag_or_a_commit_and_gives_its_own_numbers(two, tmp_path):
    for seed, commit in enumerate(two, 1):
        local = load_weights(str(tmp_path / f"v{seed}"))
        for revision in (f"v{seed}", commit.oid):
            pulled = load_weights(f"hf://ann/weights@{revision}", "ultrasound")
            assert pulled.revision == local.revision
            assert all(np.array_equal(pulled.tensors[k], v) for k, v in local.tensors.items())


def test_without_a_revision_latest_is_meant_and_main_where_there_is_none(hub, two):
    assert load_weights("hf://ann/weights").revision == load_weights("hf://ann/weights@v2").revision
    hub.repository("ann/weights").tags["latest"] = two[0].oid
    assert load_weights("hf://ann/weights").revision == load_weights("hf://ann/weights@v1").revision


def test_only_what_weights_need_is_downloaded(hub, client, tmp_path):
    folder = weights_folder.write(tmp_path / "w")
    more = {"model.keras": b"zip", "model.weights.h5": b"h5", "pictures/a.png": b"png"}
    hub.add_files("ann/weights", files(folder) | more)
    pulled = load_weights("hf://ann/weights")
    assert (pulled.folder / "pictures" / "a.png").read_bytes() == b"png"
    assert not hub.made("GET", r"model\.(keras|weights)")


def test_a_revision_in_the_cache_works_without_the_hub(hub, two, monkeypatch):
    names = ["hf://ann/weights@v1", f"hf://ann/weights@{two[1].oid}", "hf://ann/weights"]
    there = [load_weights(name).revision for name in names]
    hub.fail("GET", "/api/", 500, times=9)
    assert [load_weights(name).revision for name in names] == there
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert [load_weights(name).revision for name in names] == there
    assert refused("hf://ann/weights@v3") == (
        "ann/weights@v3 is not in the cache, and HF_HUB_OFFLINE forbids asking the Hub."
    )


def test_no_network_is_one_sentence(client, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    assert refused("hf://ann/weights@v1") == (
        "ann/weights@v1 is not in the cache, and the Hub cannot be reached at http://127.0.0.1:9."
    )


LOGIN = {
    "words": b"<html>Please log in to this network.</html>",
    "Latin-1": "<html>Bitte melden Sie sich f\xfcr dieses Netz an.</html>".encode("latin-1"),
}


@pytest.mark.parametrize("page", LOGIN.values(), ids=LOGIN)
def test_a_networks_login_page_is_not_taken_for_the_hub_and_the_cache_works_behind_it(
    hub, two, page
):
    there = load_weights("hf://ann/weights@v1").revision
    hub.fail("GET", "", page, times=99)
    assert load_weights("hf://ann/weights@v1").revision == there
    said = f"hat answers at {hub.url} is not the Hugging Face Hub; a network may want you to log in first."
    assert refused("hf://ann/weights@v2") == f"ann/weights@v2 is not in the cache, and w{said}"
    with pytest.raises(HubError) as caught:
        tags("ann/weights")
    assert str(caught.value) == f"W{said}"


@pytest.mark.parametrize(
    ("status", "sentence"),
    [(500, "is out of order \\(500\\)"), (429, "too many requests"), (403, "may not do that")],
)
def test_a_hub_that_does_not_answer_well_is_one_sentence(hub, two, status, sentence):
    hub.fail("GET", "/api/models", status, times=3)
    with pytest.raises(WeightsError, match=sentence):
        load_weights("hf://ann/weights@v1")


def test_a_private_repository_wants_a_token_that_may_read_it(hub, two, monkeypatch):
    hub.repository("ann/weights").private = True
    assert load_weights("hf://ann/weights@v1")
    monkeypatch.setenv("HF_TOKEN", hub.add_user("bob"))
    assert refused("hf://ann/weights@v2") == (
        "There is no repository ann/weights, or your token may not read it."
    )
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    assert "does not accept your token" in refused("hf://ann/weights@v2")
    monkeypatch.delenv("HF_TOKEN")
    assert "a private one needs a token: `hf auth login`" in refused("hf://ann/weights@v2")


def test_a_gated_repository_is_there_and_it_is_said_where_to_ask(hub, two, monkeypatch):
    hub.repository("ann/weights").gated = True
    sentence = (
        f"ann/weights@v1 is gated: ask for access at {hub.url}/ann/weights, then name a token of that "
        "account by `hf auth login`, or HF_TOKEN."
    )
    monkeypatch.setenv("HF_TOKEN", hub.add_user("bob"))
    assert refused("hf://ann/weights@v1") == sentence
    monkeypatch.delenv("HF_TOKEN")
    assert refused("hf://ann/weights@v1") == sentence
    monkeypatch.setenv("HF_TOKEN", hub.token)
    assert load_weights("hf://ann/weights@v1")


def test_what_is_not_there_is_said(hub, two):
    assert refused("hf://ann/weights@v9") == "ann/weights has no revision v9; it has v1, v2, main."
    assert "There is no repository ann/other" in refused("hf://ann/other")
    assert "cannot be the name of a repository" in refused("hf://ann/we..ights")
    for name in ("hf://ann", "hf://ann/weights@", "hf://a/b/c"):
        assert "is not of the form user/repo@revision" in refused(name)
    assert refused("hf://") == "An empty name is not of the form user/repo@revision."


def test_pickles_are_not_weights(hub, client, tmp_path):
    folder = files(weights_folder.write(tmp_path / "w"))
    hub.add_files("ann/pickled", {"config.json": b"{}", "pytorch_model.bin": pickle.dumps({})})
    assert refused("hf://ann/pickled") == (
        "ann/pickled@main holds no weights: it has no model.safetensors, and pickles such as its "
        "pytorch_model.bin are never read."
    )
    hub.add_files("ann/renamed", folder | {"model.safetensors": pickle.dumps({"a": 1})})
    assert "model.safetensors of hf://ann/renamed cannot be read" in refused("hf://ann/renamed")


def test_two_gigabytes_of_zeros_are_refused_before_they_are_downloaded(hub, client, tmp_path):
    folder = files(weights_folder.write(tmp_path / "w"), **{"model.safetensors": bytes(100)})
    hub.add_files("ann/zeros", folder, sizes={"model.safetensors": 2_000_000_000})
    assert refused("hf://ann/zeros") == (
        "ann/zeros@main is not downloaded: model.safetensors alone is 2,000 MB, and no weights of ours "
        "are above 512 MB."
    )
    pictures = {f"pictures/{i}.png": b"" for i in range(10)}
    sizes = dict.fromkeys(pictures, 60_000_000)
    hub.add_files("ann/pictures", folder | pictures, sizes=sizes)
    assert refused("hf://ann/pictures").startswith(
        "ann/pictures@main is not downloaded: it is 600 MB, and no weights of ours are above 512 MB."
    )
    assert not hub.made("GET", "/resolve/|/object/")


def test_a_schema_shapes_or_modality_that_do_not_fit_are_refused(hub, client, tmp_path):
    folder = files(weights_folder.write(tmp_path / "w"))
    config = json.loads(folder["config.json"])
    changed = json.dumps(config | {"size": "large"}).encode()
    hub.add_files("ann/schema", folder | {"config.json": changed})
    assert "config.json of hf://ann/schema is not valid: size" in refused("hf://ann/schema")
    hub.add_files("ann/ultrasound", folder)
    assert "is not used on mammograms" in refused("hf://ann/ultrasound", "mammogram")
    hub.add_files(
        "ann/shapes",
        folder | {"config.json": json.dumps(config | {"architecture": "unet"}).encode()},
    )
    weights = load_weights("hf://ann/shapes")
    with pytest.raises(WeightsError, match="The weights have no tensor"):
        write_onnx(weights.config, weights.tensors)


def test_a_download_that_is_cut_goes_on_and_one_that_is_cut_for_good_is_one_sentence(
    hub, two, monkeypatch
):
    hub.fail("GET", "/object/", "cut")
    assert load_weights("hf://ann/weights@v1")
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda seconds: None)
    hub.fail("GET", "/object/", "cut", times=99)
    assert refused("hf://ann/weights@v2") == "The transfer of ann/weights@v2 broke off."


LOAD = (
    "from bcweb.weights import load_weights, WeightsError\n"
    "try: print(load_weights('hf://ann/weights@v1').revision)\n"
    "except WeightsError as error: print(error)"
)


SEGMENT = ["-m", "bcweb.segment", "scan.png", "--out", "o", "--weights", "hf://ann/weights@v1"]


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to another process there")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-c", LOAD], "KeyboardInterrupt\n"),
        (SEGMENT, "Stopped; the same command goes on from here.\n"),
    ],
    ids=["loading", "segment"],
)
def test_ctrl_c_ends_a_download_at_once_and_what_it_leaves_is_not_taken_for_whole(
    hub, two, python, environment, tmp_path, arguments, said
):
    Image.new("L", (80, 60)).save(tmp_path / "scan.png")
    hub.fail("GET", "/object/", STALLS)
    process = subprocess.Popen(
        [sys.executable, *arguments],
        env=environment | {"HF_HUB_DOWNLOAD_TIMEOUT": "3600"},
        cwd=tmp_path, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    assert hub.stalled.wait(60)
    process.send_signal(signal.SIGINT)
    try:
        assert process.communicate(timeout=60)[1].endswith(said)
    finally:
        process.kill()
    offline = python("-c", LOAD, env={"HF_HUB_OFFLINE": "1"})
    assert offline.stdout.startswith("ann/weights@v1 is not in the cache"), offline
    again = python("-c", LOAD)
    assert again.stdout.strip() == load_weights(str(tmp_path / "v1")).revision, again
    offline = python("-c", LOAD, env={"HF_HUB_OFFLINE": "1"})
    assert offline.stdout == again.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="nobody may write to /sys there")
@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("file/hf", "Not a directory"),
        ("/sys/fs/hf", "Operation not permitted|Permission denied|Read-only.*"),
    ],
)
def test_a_cache_that_cannot_be_written_is_one_sentence(two, python, tmp_path, place, why):
    (tmp_path / "file").touch()
    home = tmp_path / place
    done = python("-c", LOAD, env={"HF_HOME": str(home)})
    sentence = (
        rf"ann/weights@v1 cannot be stored in {home}: ({why}); HF_HOME names another folder\.\n"
    )
    assert re.fullmatch(sentence, done.stdout), done


def test_a_file_that_cannot_be_read_to_be_sent_is_no_fault_of_the_cache(tmp_path):
    file = tmp_path / "run" / "model.safetensors"
    error = PermissionError(errno.EACCES, "Permission denied", str(file))
    assert explain(error, "ann/weights") == f"{file}: Permission denied."


def test_a_full_disk_is_one_sentence(two, python, tmp_path):

    def no_file_above_a_megabyte():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))

    done = python("-c", LOAD, preexec_fn=no_file_above_a_megabyte)
    assert done.stdout == (
        f"ann/weights@v1 cannot be stored in {tmp_path / 'hf'}: File too large; HF_HOME names another folder.\n"
    ), done
