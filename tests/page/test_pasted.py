"""What people paste into the page's fields; `tests/test_paths.py` and `cases/test_readers.py` have all the ways."""

from __future__ import annotations

import pytest

from tests import weights_folder
from tests.page.running import Visitor
from tests.review.imported import pictures
from tests.until import until

QUOTED, OF_A_BROWSER = '"{}"', "  file://{}\n"
WAYS = pytest.mark.parametrize("way", [QUOTED, OF_A_BROWSER])


@WAYS
def test_a_folder_of_scans(visitor, tmp_path, way):
    place = pictures(tmp_path / "set", 1)
    listed = visitor.post("/bc/folder", json={"path": way.format(place)})
    assert listed.status_code == 201, listed.text
    assert [scan["path"] for scan in listed.json()["scans"]] == [
        str(place / "images" / "scan 00.png")
    ]
    assert visitor.post("/bc/folder", json={"path": '""'}).json()["error"] == (
        "Name a folder on this machine."
    )


@WAYS
def test_weights_of_the_model_tab(visitor, tmp_path, way):
    weights = weights_folder.write(tmp_path / "weights")
    place = "/bc/models/ultrasound"
    told = visitor.put(place, json={"name": way.format(weights)})
    visitor.put(place, json={"name": "embedded"})  # which all other tests have
    assert told.status_code == 200, told.text
    assert told.json()["weights"] == str(weights)


def test_a_project_its_weights_and_its_export(visitor, tmp_path):
    """One way in each field: a project takes its time, and each field may be the one that was forgotten."""
    place, weights = pictures(tmp_path / "set", 2), weights_folder.write(tmp_path / "weights")
    spec = f" Folder: file://{place} "
    asked = {"name": "pasted", "data": [spec], "weights": QUOTED.format(weights)}
    begun = visitor.post("/bc/review/projects", json=asked)
    assert begun.status_code == 201, begun.text
    project = f"/bc/review/projects/{begun.json()['id']}"
    evaluated = project.replace("review", "evaluate")
    try:
        told = _once_done(visitor, project)
        assert told["sources"] == [f"folder:{place}"], "a data set that is read twice, or lost"
        assert (told["state"], told["cases"], told["predicted"]) == ("ready", 2, 2)
        other = weights_folder.write(tmp_path / "other", name="other")
        more = visitor.post(
            f"{evaluated}/predictions", json={"weights": OF_A_BROWSER.format(other)}
        )
        assert more.status_code == 202, more.text
        assert {one["cases"] for one in _once_done(visitor, evaluated)["revisions"]} == {2}
        out = tmp_path / "out"
        export = {"format": "png", "folder": QUOTED.format(out), "include": ["truth"]}
        assert visitor.post(f"{project}/exports", json=export).status_code == 201
    finally:
        visitor.delete(project)


def _once_done(visitor: Visitor, project: str) -> dict:
    return until(lambda: visitor.get(project).json(), lambda told: told["progress"] is None)
