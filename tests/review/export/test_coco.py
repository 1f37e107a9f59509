"""COCO, decoded by pycocotools."""

from __future__ import annotations

import json

import numpy as np

from bcweb.review.export import export
from tests.review import decided
from tests.review.decided import OWNER, WITH_MASK
from tests.review.export.written import pixels


def test_coco_is_decoded_by_pycocotools_to_the_same_masks(made, tmp_path, capsys):
    from pycocotools.coco import COCO

    export(made.store, OWNER, made.project.id, tmp_path / "out", "coco")
    coco = COCO(tmp_path / "out" / "annotations.json")
    images = {image["case"]: image for image in coco.loadImgs(coco.getImgIds())}
    assert list(images) == WITH_MASK, "a rejected scan would be one without a lesion"
    for name, image in images.items():
        mask = made.masks[name]
        assert (image["height"], image["width"]) == mask.shape, name
        found = coco.loadAnns(coco.getAnnIds(imgIds=image["id"]))
        union = np.zeros(mask.shape, bool)
        for annotation in found:
            lesion = coco.annToMask(annotation).astype(bool)
            assert not (union & lesion).any(), f"{name}: no pixel twice"
            union |= lesion
            down, across = np.nonzero(lesion)
            box = [across.min(), down.min(), np.ptp(across) + 1, np.ptp(down) + 1]
            assert annotation["bbox"] == box and annotation["area"] == lesion.sum(), name
            assert annotation["category_id"] == 1 and annotation["iscrowd"] == 0
        assert np.array_equal(union, mask), name
        assert len(found) == (2 if mask.any() else 0), f"{name}: corners touch, 8-connected"
        shown = pixels(tmp_path / "out" / "images" / image["file_name"])
        assert shown.shape == mask.shape, f"{name} lies as its mask does, EXIF or not"
    assert coco.cats == {1: {"id": 1, "name": "lesion", "supercategory": "breast"}}


def test_coco_is_read_alike_in_whatever_encoding_a_machine_has(made, tmp_path):
    """pycocotools names none: on Windows in China it is GBK."""
    export(made.store, OWNER, made.project.id, tmp_path / "out", "coco")
    whole = (tmp_path / "out" / "annotations.json").read_bytes()
    assert whole.isascii()
    assert "肿块 图" in {image["case"] for image in json.loads(whole)["images"]}


def test_coco_says_who_decided_and_under_which_licence(made, tmp_path):
    export(made.store, OWNER, made.project.id, tmp_path / "out", "coco")
    whole = json.loads((tmp_path / "out" / "annotations.json").read_text(encoding="utf-8"))
    images = {image["case"]: image for image in whole["images"]}
    verdict = made.verdicts["a/b"]
    assert images["a/b"]["verdict"] == {
        "decision": "corrected", "reader": "ann", "time": verdict.at.isoformat(), "seconds": 4.5,
        "revision": verdict.revision, "beginning": "threshold", "threshold": 0.35, "difficulty": 3,
        "comment": decided.WICKED,
    }  # fmt: skip
    licences = {licence["id"]: licence["name"] for licence in whole["licenses"]}
    assert licences[images["a/b"]["license"]].startswith("BUSI: none is stated")
    assert licences[images["deep"]["license"]] == "busi 2: not known here"
    assert whole["info"]["contributor"] == "ann, 王^芳"
    assert (images["a_b"]["label"], images["a_b"]["first_label"]) == ("malignant", "benign")
