"""/bc/models: what is told of the weights in use, who may exchange them, and what a stranger's folder can do."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.testclient import TestClient

from bcweb.page.about import About
from bcweb.page.guard import Guard
from bcweb.page.revisions import revisions
from bcweb.page.routes import routes
from bcweb.page.segmenters import InUse, Segmenters
from bcweb.page.settings import settings
from bcweb.page.store import Store
from bcweb.segmenter import Segmenter
from bcweb.weights import EMBEDDED, load_weights
from tests import weights_folder
from tests.page.drawn import LESION
from tests.page.files import png
from tests.page.reader import expect, sync_api

SPACE = {"SPACE_ID": "ann/bcweb", "SPACE_HOST": "127.0.0.1"}
VISITORS = {name: name * 43 for name in "ab"}


@pytest.fixture
def folder(tmp_path) -> Path:
    return weights_folder.write(tmp_path / "folder", name="of-a-folder")


@pytest.fixture
def page() -> Iterator[Callable[..., TestClient]]:
    """Ask a page that was started as `host` in this environment, as a visitor."""
    opened: list[TestClient] = []

    def begin(host=None, environment=None, visitor: str | None = "a", **weights: str) -> TestClient:
        told = settings(host, weights, environment=environment or {})
        segmenters = Segmenters(told.weights)
        store = Store(told.visitor_bytes, told.all_bytes, told.idle_seconds)
        mounted = routes(told, segmenters, store, Mount("/static", routes=[]))
        app = Starlette(routes=[mounted], middleware=[Middleware(Guard, settings=told)])
        scheme = "https" if told.on_space else "http"
        client = TestClient(app, base_url=f"{scheme}://127.0.0.1")
        if visitor:
            name = "__Host-bc-visitor" if told.on_space else "bc-visitor"
            client.headers["Cookie"] = f"{name}={VISITORS[visitor]}"
        opened.append(client)
        return client

    yield begin
    for client in opened:
        client.close()


# --- what is told


def test_the_embedded_weights_are_told_with_card_and_scores(page):
    asking = page()
    told = asking.get("/bc/models").json()
    assert told["may_switch"] is True
    facts = told["models"]["mammogram"]
    assert (facts["name"], facts["source"], facts["seen"]) == ("mammogram-4", "embedded", 1546)
    assert facts["operating_point"]["presence_gate"] is None and facts["licence"] == "apache-2.0"
    described = asking.get("/bc/models/mammogram").json()
    assert described["card"][0] == ["h2", {}, "mammogram-4"]
    assert described["study"][0][0] == "h2" and described["study"][-1][2][1]["path"] == "study.png"
    assert described["names"] == ["embedded"]
    scores = asking.get("/bc/models/mammogram/scores").json()
    lesion = scores["datasets"]["cdd-cesm"]["lesion"]
    assert (scores["cases"], lesion["n"]) == (1546, 315)
    assert round(lesion["dice_mean"], 3) == 0.581, "as its card says"
    assert scores["datasets"]["cbis-ddsm"]["weak"] == 1231, "scored against boxes"
    assert scores["datasets"]["cdd-cesm"]["normal"]["painted"] is None


def test_what_a_folder_has_of_a_study_is_told(page, folder):
    (folder / "study.md").write_text("# Study\n\n![a](pictures/study.png)\n")
    (folder / "transfer-study.md").write_text("# More\n")
    Image.new("L", (8, 8)).save(folder / "study.png")
    told = page(ultrasound=str(folder)).get("/bc/models/ultrasound").json()
    assert [node[:3] for node in told["study"]] == [
        ["h2", {}, "Study"],
        ["p", {}, ["em", {}, "[Picture not shown, no file beside it: a]"]],
        ["h2", {}, "More"],
    ]
    (folder / "study.md").unlink()
    told = page(ultrasound=str(folder)).get("/bc/models/ultrasound").json()
    assert told["study"][-1] == ["img", {"path": "study.png", "alt": "The study's figure"}]
    assert told["card"] is None


def test_a_network_that_is_fed_by_another_is_told_as_such(page, tmp_path):
    folder = weights_folder.write(tmp_path / "stack", feed="mask")
    told = page().put("/bc/models/ultrasound", json={"name": str(folder)}).json()
    assert told["architecture"] == "lite0 fed with the mask of a source network"


def test_a_modality_that_is_none_has_no_model(page):
    assert page().get("/bc/models/x-ray").status_code == 404


# --- who may exchange them


def test_the_user_of_this_machine_exchanges_them_and_may_go_back(page, folder):
    asking = page()
    scan = asking.post("/bc/scans", content=png(LESION.scan.pixels)).json()
    assert scan["revision"] == scan["in_use"]
    told = asking.put("/bc/models/ultrasound", json={"name": f" {folder} "}).json()
    assert (told["name"], told["weights"], told["started_with"]) == (
        "of-a-folder",
        str(folder),
        False,
    )
    assert told["names"] == ["embedded", str(folder)]
    place = f"/bc/scans/{scan['id']}"
    held = asking.get(place).json()
    assert held["revision"] == scan["revision"] and held["in_use"] == told["revision"]
    again = asking.put(f"{place}/prediction").json()
    assert again["revision"] == again["in_use"] == told["revision"]
    for what in ("probability", "mask.png"):
        assert asking.get(f"{place}/{what}?of={again['revision']}").status_code == 200
        assert asking.get(f"{place}/{what}?of={scan['revision']}").status_code in (400, 404), (
            "what other weights drew is not passed off as theirs"
        )
    session = asking.get("/bc/session").json()
    assert session["weights"]["ultrasound"] == {"revision": told["revision"], "notice": None}
    back = asking.put("/bc/models/ultrasound", json={"name": "embedded"}).json()
    assert (back["revision"], back["started_with"]) == (scan["revision"], True)


@pytest.mark.parametrize(
    ("start", "who"),
    [
        (
            {"environment": SPACE},
            "only its owner chooses the weights, by its variables BCWEB_WEIGHTS_",
        ),
        ({"host": "0.0.0.0"}, "only whoever starts it chooses the weights, by BCWEB_WEIGHTS_"),
    ],
    ids=["Space", "network"],
)
def test_elsewhere_nobody_exchanges_them_and_all_are_told_who_can(
    page, folder, tmp_path, start, who
):
    asking = page(ultrasound=str(folder), **start)
    told = asking.get("/bc/models").json()
    assert told["may_switch"] is False and who in told["why"]
    before = asking.get("/bc/models/ultrasound").json()
    assert before["names"] == [] and str(tmp_path) not in str(before), "nor where folders lie"
    for name in ("embedded", str(folder), "hf://ann/weights@v2"):
        answer = asking.put("/bc/models/ultrasound", json={"name": name})
        assert answer.status_code == 403 and answer.json()["error"] == told["why"]
    assert asking.get("/bc/models/ultrasound").json() == before
    assert asking.get("/bc/models/ultrasound/revisions").json()["revisions"] == []


def test_no_route_answers_without_a_cookie_or_to_another_origin(page, folder):
    Image.new("L", (8, 8)).save(folder / "a.png")
    one = "/bc/models/ultrasound"
    paths = ["/bc/models", one, f"{one}/scores", f"{one}/revisions", f"{one}/pictures/a.png"]
    stranger = page(visitor=None, ultrasound=str(folder))
    asking = page(ultrasound=str(folder))
    foreign = {"Origin": "https://evil.example"}
    for path in paths:
        assert stranger.get(path).status_code == 401, path
        assert asking.get(path, headers=foreign).status_code == 403, path
        assert asking.get(path, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403, path
        answer = asking.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["cache-control"] == "private, no-store", path
        assert answer.headers["x-content-type-options"] == "nosniff", path
    wish = {"name": "embedded"}
    assert stranger.put(one, json=wish).status_code == 401
    assert asking.put(one, json=wish, headers=foreign).status_code == 403
    assert asking.get(one).json()["name"] == "of-a-folder"


@pytest.mark.parametrize("name", [None, "", "  ", 7, "x" * 1001])
def test_a_name_that_is_none_is_refused(page, name):
    answer = page().put("/bc/models/ultrasound", json={"name": name})
    assert answer.status_code == 400
    assert answer.json()["error"] == (
        'Weights are named "embedded", a folder, or hf://user/repo@revision.'
    )


def test_weights_that_do_not_fit_are_refused_in_their_sentence(page, folder):
    asking = page(ultrasound=str(folder))
    (folder / "model.safetensors").unlink()
    answer = asking.put("/bc/models/ultrasound", json={"name": str(folder)})
    assert answer.status_code == 400
    assert (
        answer.json()["error"] == f"{folder} is not a weights folder: it has no model.safetensors."
    )


@pytest.mark.browser
def test_all_tabs_hear_of_exchanged_weights_whatever_else_is_asked_meanwhile(browse):
    """The embedded weights are put in their own place, and the server says then that they are others."""
    page = browse()
    page.page.get_by_role("tab", name="Model").click()
    name = page.model(".named input")
    name.fill("embedded")
    page.page.route("**/bc/models**", lambda route: route.abort())
    name.press("Enter")
    expect(page.model(".said"), "the server may be at it all the same").to_have_text(
        "The server does not answer. What is on the screen is still there; try again."
    )
    page.page.unroute("**/bc/models**")
    expect(page.model(".notice"), "it is asked again").to_be_hidden()
    asked: list[sync_api.Route] = []
    page.page.route("**/bc/models", lambda route: asked.append(route))
    with page.page.expect_request("**/bc/models"):
        name.press("Enter")
    with page.page.expect_request("**/bc/models"):
        page.model(".choices").get_by_label("Mammogram").check()
    expect(page.model(".choices :checked")).to_have_value("mammogram")
    for route in asked:
        told = route.fetch().json()
        told["models"]["ultrasound"]["revision"] = "another"
        route.fulfill(json=told)
    expect(page.rows().first).to_contain_text("old weights")


# --- a stranger's folder


def about(folder: Path) -> About:
    return About(InUse(str(folder), Segmenter.load(str(folder))))


def test_pictures_beside_the_card_are_served_and_nothing_else(page, folder, tmp_path):
    (folder / "pictures").mkdir()
    picture = png(np.zeros((8, 8), np.uint8))
    (folder / "pictures" / "a b.png").write_bytes(picture)
    (tmp_path / "secret.png").write_bytes(picture)
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    (folder / "page.png").write_text("<script>alert(1)</script>")
    (folder / "drawing.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (folder / "animated.gif").write_bytes(b"GIF89a")
    asking = page(ultrasound=str(folder))
    place = "/bc/models/ultrasound/pictures"
    answer = asking.get(f"{place}/pictures/a%20b.png")
    assert (answer.content, answer.headers["content-type"]) == (picture, "image/png")
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    now = load_weights(str(folder)).revision
    for of, status in ((now, 200), ("weights-before-1", 404)):
        asked = asking.get(f"{place}/pictures/a%20b.png", params={"of": of})
        assert asked.status_code == status, of
    for path in (
        "..%2Fsecret.png", "pictures%2F..%2F..%2Fsecret.png", "link.png", "page.png", "drawing.svg",
        "animated.gif", "config.json", "seen.csv", "nothing.png", f"%2F{tmp_path}/secret.png",
        "a%00.png", "..%5Csecret.png",
    ):  # fmt: skip
        assert asking.get(f"{place}/{path}").status_code == 404, path


def test_a_picture_that_would_fill_the_browsers_memory_is_not_served(folder):
    Image.new("1", (20_000, 20_000)).save(folder / "large.png")
    assert about(folder).picture("large.png") is None


@pytest.mark.parametrize(
    "table",
    [
        "", "a,b\n1,2\n", "\0\0\0", "dataset,id\n" + "x" * 200_000 + ",1\n",
        "\n".join(["dataset"] * 9), "\ufffd\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    ],
    ids=["empty", "other", "zeros", "long", "rows", "not text"],
)  # fmt: skip
def test_a_table_of_scores_that_is_none_is_said_to_be_none(folder, table):
    (folder / "scores.csv").write_text(table, encoding="latin-1")
    told = about(folder).scores
    assert told["problem"].startswith("scores.csv is not a table of scores: it has no column ")
    assert str(folder) not in str(told)


@pytest.mark.parametrize("column", ["dice", "iou", "hd95_px", "found"])
def test_scores_that_are_no_numbers_are_no_scores(folder, column):
    with (EMBEDDED / "mammogram" / "scores.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    rows[5][column] = "nan"
    with (folder / "scores.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, rows[0])
        table.writeheader()
        table.writerows(rows)
    assert about(folder).scores["problem"].endswith(".")


# --- revisions


def test_newer_is_what_was_tagged_after_what_is_in_use():
    tags = {"v1": "a", "v2": "b", "v10": "c", "latest": "b", "other": "d"}
    told = revisions(tags, commit="b", asked="latest")
    assert [(one.tag, one.in_use, one.newer, one.latest) for one in told] == [
        ("v10", False, True, False),
        ("v2", True, False, True),
        ("v1", False, False, False),
    ]
    assert not any(one.newer for one in revisions(tags, commit="c", asked="v10"))
    moved = revisions(tags, commit="before it moved", asked="v1")
    assert [one.tag for one in moved if one.newer] == ["v10", "v2"]
    assert {one.newer for one in revisions(tags, commit="e", asked="main")} == {None}, (
        "nobody knows"
    )
    assert {one.newer for one in revisions(tags, commit="e", asked="v1.0")} == {None}


def test_a_picture_whose_name_no_disk_can_have_is_none(folder):
    assert not about(folder).has_picture(f"{'a' * 300}.png")
