"""Which weights segment, and that nobody is harmed when they are exchanged."""

from __future__ import annotations

import json
import pickle
import threading
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from bcweb.page.segmenters import Busy, Segmenters
from bcweb.scans import Scan
from bcweb.segmenter import Segmenter
from bcweb.weights import WeightsError
from tests import weights_folder
from tests.page.files import speckle

SCAN = Scan(speckle(80, 60), (0.0, 255.0))


@pytest.fixture
def folders(tmp_path) -> list[Path]:
    """Two weights folders for ultrasounds."""
    return [weights_folder.write(tmp_path / f"v{seed}", seed=seed) for seed in (1, 2)]


@pytest.fixture
def segmenters(folders) -> Segmenters:
    made = Segmenters({"ultrasound": str(folders[0]), "mammogram": "embedded"})
    made.begin()
    return made


def test_the_next_scan_meets_the_new_weights_and_a_scan_under_way_ends_with_the_old(
    segmenters, folders
):
    old = segmenters.of("ultrasound")
    before = old.segment(SCAN)
    segmenters.switch("ultrasound", str(folders[1]))
    under_way = old.segment(SCAN)
    assert np.array_equal(under_way.probability, before.probability)
    after = segmenters.of("ultrasound").segment(SCAN)
    assert after.revision == Segmenter.load(str(folders[1])).weights.revision != before.revision
    assert segmenters.names("ultrasound") == ["embedded", str(folders[0]), str(folders[1])]
    assert segmenters.now("mammogram") is None, "the other modality was not even loaded"


def test_a_folder_is_listed_once_however_it_is_spelled(folders, monkeypatch):
    monkeypatch.chdir(folders[0].parent)
    segmenters = Segmenters({"ultrasound": f"{folders[0]}/", "mammogram": "embedded"})
    segmenters.begin()
    for spelled in (folders[0], folders[0].name, f"./{folders[1].name}//", f"{folders[1]}/."):
        segmenters.switch("ultrasound", str(spelled))
    assert segmenters.names("ultrasound") == ["embedded", str(folders[0]), str(folders[1])]
    segmenters.switch("ultrasound", f"{folders[0]}/")
    assert segmenters.now("ultrasound").name == segmenters.weights["ultrasound"], (
        "the page says that these are not what it was started with"
    )
    link = folders[0].parent / "newest"
    link.symlink_to(folders[1])
    segmenters.switch("ultrasound", str(link))
    assert str(link) in segmenters.names("ultrasound"), "a link may lead elsewhere tomorrow"


def broken(folder: Path, how: str) -> Path:
    """A copy of good weights, with one thing wrong."""
    weights_folder.write(folder)
    config = json.loads((folder / "config.json").read_text())
    tensors = weights_folder.random_tensors("lite0")
    file = folder / "model.safetensors"
    match how:
        case "schema":
            (folder / "config.json").write_text(json.dumps(config | {"size": "large"}))
        case "modality":
            (folder / "config.json").write_text(json.dumps(config | {"modality": "mammogram"}))
        case "shapes":
            (folder / "config.json").write_text(json.dumps(config | {"architecture": "unet"}))
        case "pickle":
            file.write_bytes(pickle.dumps(tensors))
        case "numbers":
            first = next(iter(tensors))
            save_file(tensors | {first: np.full_like(tensors[first], np.nan)}, file)
        case "presence":
            head = {
                name: np.full_like(t, np.nan) for name, t in tensors.items() if "presence" in name
            }
            assert head
            save_file(tensors | head, file)
        case "size":
            with file.open("r+b") as sparse:
                sparse.truncate(2_000_000_000)  # zeros, and not on the disk
        case "type":
            header = b'{"a":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4]}}'
            file.write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
        case "seen":
            (folder / "seen.csv").write_text("case\n1\n")
    return folder


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ("schema", "config.json of .* is not valid: size"),
        ("modality", "trained on mammograms and is not used on ultrasounds"),
        ("shapes", "The weights have no tensor"),
        ("pickle", "model.safetensors of .* cannot be read"),
        ("numbers", "is broken: it answers without numbers"),
        ("presence", "is broken: it answers without numbers"),
        ("size", "is 2,000 MB, and no weights of ours are above 512 MB"),
        ("type", "holds numbers that are not floats of 16 or 32 bits"),
        ("seen", "seen.csv of .* is not a table"),
    ],
)
def test_weights_that_do_not_fit_are_refused_and_nothing_changes(
    segmenters, tmp_path, how, sentence
):
    before = segmenters.now("ultrasound")
    with pytest.raises(WeightsError, match=sentence) as refused:
        segmenters.switch("ultrasound", str(broken(tmp_path / how, how)))
    assert str(refused.value).endswith(".") and "\n" not in str(refused.value)
    assert segmenters.now("ultrasound") is before
    assert len(segmenters.names("ultrasound")) == 2, "nobody is offered them again"


@pytest.mark.parametrize("name", ["/no/such/folder", "~nobody-of-this-name/w", "a\0b", "hf://a"])
def test_a_name_that_leads_nowhere_is_refused_in_a_sentence(segmenters, name):
    with pytest.raises(WeightsError, match=r"\.$"):
        segmenters.switch("ultrasound", name)


def test_a_switch_during_a_switch_waits_for_nobody_and_scans_do_not_wait_for_it(
    segmenters, folders, monkeypatch
):
    reached, go_on = threading.Event(), threading.Event()
    load = Segmenter.load

    def slow(*arguments):
        reached.set()
        assert go_on.wait(30)
        return load(*arguments)

    monkeypatch.setattr(Segmenter, "load", slow)
    switching = threading.Thread(
        target=segmenters.switch, args=("ultrasound", str(folders[1])), daemon=True
    )
    switching.start()
    assert reached.wait(30)
    before = segmenters.of("ultrasound").segment(SCAN).revision
    with pytest.raises(Busy, match="Other weights for ultrasounds are being loaded"):
        segmenters.switch("ultrasound", str(folders[0]))
    go_on.set()
    switching.join(30)
    assert segmenters.of("ultrasound").segment(SCAN).revision != before


@pytest.fixture
def no_hub(monkeypatch, tmp_path):
    """No Hub answers, and nothing is in the cache."""
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("huggingface_hub.hf_api.api.endpoint", "http://127.0.0.1:9")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def test_without_the_hub_a_page_begins_with_the_embedded_weights_and_a_notice(no_hub):
    segmenters = Segmenters({"ultrasound": "hf://ann/weights@v1", "mammogram": "embedded"})
    segmenters.begin()
    in_use = segmenters.in_use("ultrasound")
    assert (in_use.name, in_use.wanted) == ("embedded", "hf://ann/weights@v1")
    assert (
        in_use.segmenter.weights.revision
        == Segmenter.load("embedded", "ultrasound").weights.revision
    )
    assert in_use.notice == (
        "Ultrasounds are segmented with the embedded weights, not with hf://ann/weights@v1: "
        "ann/weights@v1 is not in the cache, and the Hub cannot be reached at http://127.0.0.1:9."
    )
    assert "hf://ann/weights@v1" in segmenters.names("ultrasound"), "to be tried again"


def test_without_the_hub_a_switch_changes_nothing_and_only_who_asked_hears_of_it(
    no_hub, segmenters
):
    before = segmenters.in_use("ultrasound")
    with pytest.raises(WeightsError, match="the Hub cannot be reached"):
        segmenters.switch("ultrasound", "hf://ann/weights@v2")
    assert segmenters.in_use("ultrasound").notice is None, "all readers are told of a failed try"
    assert segmenters.in_use("ultrasound") is before


def test_the_notice_of_a_start_without_the_hub_stays_until_other_weights_are_chosen(
    no_hub, folders
):
    segmenters = Segmenters({"ultrasound": "hf://ann/weights@v1", "mammogram": "embedded"})
    segmenters.begin()
    before = segmenters.in_use("ultrasound")
    with pytest.raises(WeightsError, match="the Hub cannot be reached"):
        segmenters.switch("ultrasound", "hf://ann/weights@v1")
    assert segmenters.in_use("ultrasound") is before and before.notice
    segmenters.switch("ultrasound", str(folders[1]))
    assert segmenters.in_use("ultrasound").notice is None


def test_a_folder_that_a_person_named_and_that_is_not_there_ends_the_start():
    segmenters = Segmenters({"ultrasound": "embedded", "mammogram": "/no/such/weights"})
    with pytest.raises(WeightsError, match="There are no weights at /no/such/weights"):
        segmenters.begin()
