"""What the routes of the running app answer, over HTTP."""

from __future__ import annotations

import gzip
import re
import socket
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
import pytest
from scipy import ndimage

from bcweb import metrics
from bcweb.samples import SAMPLES
from tests.cases.test_truth import pages
from tests.page.drawn import LESION
from tests.page.files import mask_of, png, speckle


def array(visitor, scan: dict, what: str) -> np.ndarray:
    answer = visitor.get(f"/bc/scans/{scan['id']}/{what}")
    assert answer.status_code == 200, answer.text
    kind = np.dtype("<u2") if what == "pixels" and scan["depth"] == 16 else np.uint8
    return np.frombuffer(answer.content, kind).reshape(scan["height"], scan["width"])


def mask(visitor, scan: dict, **asked) -> np.ndarray:
    answer = visitor.get(f"/bc/scans/{scan['id']}/mask.png", params=asked)
    assert answer.status_code == 200, answer.text
    return mask_of(answer.content)


# --- a scan


@pytest.mark.parametrize("shape", [(471, 562), (64, 64), (70, 900)])
def test_pixels_arrive_as_the_file_has_them_and_the_maps_have_their_size(visitor, shape):
    pixels = speckle(*shape)
    scan = visitor.opened(png(pixels), "ward 7/Ünal (1).png")
    assert (scan["name"], scan["path"]) == ("Ünal (1).png", "ward 7/Ünal (1).png")
    assert (scan["height"], scan["width"], scan["depth"]) == (*shape, 8)
    assert np.array_equal(array(visitor, scan, "pixels"), pixels)
    assert scan["segmented"] and scan["revision"] and 0 < scan["threshold"] < 1
    assert array(visitor, scan, "probability").shape == shape
    assert mask(visitor, scan).shape == shape


def test_sixteen_bits_survive_to_the_browser(visitor):
    deep = np.arange(256 * 256, dtype=np.uint16).reshape(256, 256)
    scan = visitor.opened(png(deep), "deep.png")
    assert scan["depth"] == 16
    assert np.array_equal(array(visitor, scan, "pixels"), deep)


def test_the_mask_at_the_operating_point_is_what_the_lesions_count(visitor):
    scan = visitor.opened(png(LESION.scan.pixels), "lesion.png")
    painted = mask(visitor, scan)
    assert painted.any()
    assert painted.sum() == sum(lesion["area_px"] for lesion in scan["lesions"])
    assert np.array_equal(mask(visitor, scan, threshold=scan["threshold"]), painted)


def test_the_mask_at_another_threshold_is_what_is_large_of_the_map_above_it(visitor):
    scan = visitor.opened(png(LESION.scan.pixels), "lesion.png")
    probability = array(visitor, scan, "probability")
    for threshold in (0.0, 0.1, 0.9):
        above = probability >= np.ceil(threshold * 255)
        parts, _ = ndimage.label(above, np.ones((3, 3), bool))  # what touches at a corner is one
        large = np.bincount(parts.ravel())[parts] >= scan["min_lesion_px"]
        assert np.array_equal(mask(visitor, scan, threshold=threshold), above & large)


def test_the_mask_is_named_after_its_scan(visitor):
    scan = visitor.opened(png(speckle(64, 64)), "Ünal.png")
    place = f"/bc/scans/{scan['id']}/mask.png"
    header = visitor.get(place).headers["content-disposition"]
    assert header == "attachment; filename*=UTF-8''%C3%9Cnal_mask.png"
    header = visitor.get(f"{place}?threshold=0.085").headers["content-disposition"]
    assert "%C3%9Cnal_mask_t0.085" in header


@pytest.mark.parametrize("threshold", ["-0.1", "1.1", "nan", "high"])
def test_a_threshold_that_is_none_is_refused(visitor, threshold):
    scan = visitor.opened(png(speckle(64, 64)))
    answer = visitor.get(f"/bc/scans/{scan['id']}/mask.png?threshold={threshold}")
    assert answer.status_code == 400


def test_thumbnails_are_small_pictures_of_the_scan(visitor):
    scan = visitor.opened(png(speckle(900, 1200)))
    answer = visitor.get(f"/bc/scans/{scan['id']}/thumbnail")
    assert answer.headers["content-type"] == "image/png"
    assert len(answer.content) < 40_000


def test_the_modality_is_a_guess_until_the_person_says(visitor):
    scan = visitor.opened(png(LESION.scan.pixels))
    assert scan["modality_source"] == "guess"
    said = visitor.put(f"/bc/scans/{scan['id']}/modality", json={"modality": "mammogram"}).json()
    assert (said["modality"], said["modality_source"]) == ("mammogram", "person")
    assert said["revision"] != scan["revision"], "a mammogram meets a mammogram's weights"
    back = visitor.put(f"/bc/scans/{scan['id']}/modality", json={"modality": "ultrasound"}).json()
    assert (back["revision"], back["lesions"]) == (scan["revision"], scan["lesions"])
    assert (
        visitor.put(f"/bc/scans/{scan['id']}/modality", json={"modality": "x"}).status_code == 400
    )


def test_the_person_may_say_the_modality_with_the_file(visitor):
    scan = visitor.opened(png(LESION.scan.pixels), **{"X-Modality": "mammogram"})
    assert (scan["modality"], scan["modality_source"]) == ("mammogram", "person")


@pytest.mark.parametrize("sample", [SAMPLES[0].name, SAMPLES[7].name])
def test_samples_come_segmented_with_their_truth_and_say_that_they_are_generated(visitor, sample):
    scan = visitor.post(f"/bc/samples/{sample}").json()
    assert scan["kind"] == "generated" and scan["segmented"] and scan["has_truth"]
    assert scan["scores"] is not None
    assert any("Generated" in note for note in scan["notes"])


# --- truth


def test_truth_gives_the_scores_of_the_metrics_at_the_operating_point(visitor):
    scan = visitor.opened(png(LESION.scan.pixels), "a.png")
    told = visitor.truth(scan["id"], png(LESION.truth), "a_mask.png").json()
    expected = metrics.score_case(mask(visitor, scan), LESION.truth)
    for name in ("dice", "iou", "precision", "recall", "hd95_px"):
        assert told["scores"][name] == pytest.approx(getattr(expected, name)), name
    assert told["scores"]["hd95_mm"] is None, "the file gives no spacing"
    assert np.array_equal(array(visitor, told, "truth") == 255, LESION.truth)


def test_several_masks_are_one_truth(visitor):
    scan = visitor.opened(png(speckle(100, 100)), "a.png")
    parts = np.zeros((2, 100, 100), bool)
    parts[0, 10:20, 10:20] = parts[1, 50:60, 50:60] = True
    visitor.truth(scan["id"], png(parts[0]), "a_mask.png")
    told = visitor.truth(scan["id"], png(parts[1]), "a_mask_1.png", add=True).json()
    assert told["truth_names"] == ["a_mask.png", "a_mask_1.png"]
    assert np.array_equal(array(visitor, told, "truth") == 255, parts.any(axis=0))
    before, told = told, visitor.truth(scan["id"], png(parts[1]), "other.png").json()
    assert np.array_equal(array(visitor, told, f"truth?of={told['truth']}") == 255, parts[1])
    other = visitor.get(f"/bc/scans/{scan['id']}/truth?of={before['truth']}")
    assert other.status_code == 404, "a page that knows the truth before has no score of this one"


def test_truth_of_another_size_is_resampled_and_said_so_of_another_shape_refused(visitor):
    scan = visitor.opened(png(speckle(100, 120)), "a.png")
    small = np.zeros((50, 60), bool)
    small[10:20, 10:30] = True
    told = visitor.truth(scan["id"], png(small), "a_mask.png").json()
    assert array(visitor, told, "truth")[30, 40] == 255
    assert any("resampled" in note for note in told["notes"])
    refused = visitor.truth(scan["id"], png(np.zeros((60, 60), bool)), "b_mask.png")
    assert refused.status_code == 400 and "another shape" in refused.json()["error"]
    assert visitor.get(f"/bc/scans/{scan['id']}").json()["truth_names"] == ["a_mask.png"]


def test_an_empty_truth_is_a_truth(visitor):
    scan = visitor.opened(png(speckle(100, 100)), "normal.png")
    told = visitor.truth(scan["id"], png(np.zeros((100, 100), bool)), "normal_mask.png").json()
    assert told["has_truth"]
    assert told["scores"]["dice"] == (0.0 if mask(visitor, scan).any() else 1.0)
    assert told["scores"]["recall"] is None and told["scores"]["hd95_px"] is None


def test_truth_can_be_taken_away(visitor):
    scan = visitor.opened(png(speckle(64, 64)), "a.png")
    visitor.truth(scan["id"], png(np.ones((64, 64), bool)), "a_mask.png")
    told = visitor.delete(f"/bc/scans/{scan['id']}/truth").json()
    assert not told["has_truth"] and told["scores"] is None
    assert visitor.get(f"/bc/scans/{scan['id']}/truth").status_code == 404


def test_names_dropped_together_or_later_are_paired_on_the_server(visitor):
    scan = visitor.opened(png(speckle(64, 64)), "set/one.png")
    pairs = visitor.post("/bc/pair", json={"names": ["one_mask.png", "two.png", "two_mask_1.png"]})
    assert pairs.json() == [
        {"part": "truth", "adds": False, "held": scan["id"], "new": None, "among": []},
        {"part": "scan", "adds": False, "held": None, "new": None, "among": []},
        {"part": "truth", "adds": True, "held": None, "new": 1, "among": []},
    ]


def test_a_truth_finds_its_scan_in_a_folder_that_lies_in_one_called_as_those_of_masks(
    visitor, tmp_path
):
    folder = tmp_path / "gt" / "s"
    folder.mkdir(parents=True)
    (folder / "X.png").write_bytes(png(speckle(64, 64)))
    (scan,) = visitor.post("/bc/folder", json={"path": str(folder)}).json()["scans"]
    (told,) = visitor.post("/bc/pair", json={"names": ["X_mask.png"]}).json()
    assert (told["part"], told["held"]) == ("truth", scan["id"])


def test_a_name_that_nobody_can_see_is_one_all_the_same(visitor):
    (told,) = visitor.post("/bc/pair", json={"names": ["\u200d"]}).json()
    assert told["part"] == "scan"
    assert visitor.opened(png(speckle(64, 64)), "\u200d")["name"] == "scan"


def test_a_truth_is_of_the_scan_that_came_with_it_although_others_end_alike(visitor):
    visitor.opened(png(speckle(64, 64)), "set/img_8.png")
    names = ["Test_Image_8.png", "mask_8.png"]
    told = visitor.post("/bc/pair", json={"names": names}).json()[1]
    assert (told["held"], told["new"], told["among"]) == (None, 0, [])


def test_only_ones_own_pictures_that_are_asked_for_become_truths(visit):
    anna, berta = visit(), visit()
    pictures = {"a.jpg": LESION.scan.pixels, "b.jpg": LESION.scan.pixels, "b.png": speckle(90, 60)}
    scans = {name: anna.opened(png(pixels), name)["id"] for name, pixels in pictures.items()}
    mask = anna.opened(png(LESION.truth), "a.png")
    assert mask["black_and_white"] and any("like a truth mask" in note for note in mask["notes"])
    ids = [*scans.values(), mask["id"]]
    assert berta.post("/bc/truths", json={"ids": ids}).json() == []
    assert anna.post("/bc/truths", json={"ids": ids[1:]}).json() == []
    (found,) = anna.post("/bc/truths", json={"ids": ids}).json()
    assert (found["truth"], found["scan"]["id"]) == (mask["id"], scans["a.jpg"])
    assert found["scan"]["truth_names"] == ["a.png"]
    assert np.array_equal(array(anna, found["scan"], "truth") == 255, LESION.truth)
    assert [scan["id"] for scan in anna.get("/bc/scans").json()] == list(scans.values())
    assert anna.post("/bc/truths", json={"ids": "all"}).status_code == 400


def test_one_patients_black_and_white_picture_is_no_truth_of_anothers_scan(visitor):
    pictures = {"p1/x.png": LESION.scan.pixels, "p2/x.png": np.zeros_like(LESION.truth)}
    ids = [visitor.opened(png(pixels), name)["id"] for name, pixels in pictures.items()]
    assert visitor.post("/bc/truths", json={"ids": ids}).json() == []
    assert [scan["id"] for scan in visitor.get("/bc/scans").json()] == ids


def test_all_pages_of_a_mask_that_came_before_its_scan_are_its_truth(visitor):
    upper = LESION.truth & (np.arange(LESION.truth.shape[0]) < LESION.truth.shape[0] // 2)[:, None]
    parts = [part.astype(np.uint8) * 255 for part in (upper, LESION.truth & ~upper)]
    mask = visitor.opened(pages(*parts), "a.tif")
    scan = visitor.opened(png(LESION.scan.pixels), "a.jpg")
    (found,) = visitor.post("/bc/truths", json={"ids": [mask["id"], scan["id"]]}).json()
    assert found["truth"] == mask["id"] and found["scan"]["truth_names"] == ["a.tif"]
    assert np.array_equal(array(visitor, found["scan"], "truth") == 255, LESION.truth)


def test_many_scans_are_removed_at_once_and_those_gone_already_are_no_failure(visit):
    anna, berta = visit(), visit()
    ids = [anna.opened(png(speckle(64, 64)), f"{place}.png")["id"] for place in range(3)]
    foreign = berta.opened(png(speckle(64, 64)))["id"]
    asked = {"ids": [*ids[:2], "gone", foreign]}
    answer = anna.request("DELETE", "/bc/scans", json=asked)
    assert answer.json() == {"removed": 2}
    assert [scan["id"] for scan in anna.get("/bc/scans").json()] == ids[2:]
    assert len(berta.get("/bc/scans").json()) == 1
    assert anna.request("DELETE", "/bc/scans", json={"ids": "all"}).status_code == 400


# --- bad input

WHOLE = png(speckle(200, 200))


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("text.png", b"this is no picture, whatever its name says\n" * 20),
        ("truncated.png", WHOLE[: len(WHOLE) // 2]),
        ("empty.png", b""),
        ("paper.pdf", b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"),
    ],
)
def test_a_bad_file_gets_one_sentence_and_harms_no_other(visitor, name, file):
    first = visitor.opened(png(speckle(64, 64)), "first.png")
    answer = visitor.hand_in(file, name)
    assert answer.status_code == 400
    sentence = answer.json()["error"]
    assert re.fullmatch(r"[A-Z0-9\"'].{8,300}[.]", sentence), sentence
    assert "Traceback" not in sentence and "Error" not in sentence
    second = visitor.opened(png(speckle(64, 64)), "second.png")
    assert [scan["id"] for scan in visitor.get("/bc/scans").json()] == [first["id"], second["id"]]


@pytest.mark.parametrize("length", [10 << 30, (256 << 20) + 1])
def test_a_file_that_is_too_large_is_refused_before_it_is_read(visitor, length):
    answer = raw_post(visitor, length)
    assert " 413 " in answer and "256 MB" in answer


def raw_post(visitor, length: int) -> str:
    """Announce a body of this length, send one byte of it, and hear the answer."""
    cookie = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
    host, port = visitor.base_url.host, visitor.base_url.port
    with socket.create_connection((host, port), timeout=20) as line:
        head = f"POST /bc/scans HTTP/1.1\r\nHost: {host}:{port}\r\nCookie: {cookie}\r\nContent-Length: {length}\r\n\r\n"
        line.sendall(head.encode() + b"x")
        heard = b""
        while part := line.recv(4096):
            heard += part
            if heard.endswith(b"}"):
                break
        return heard.decode()


def test_a_method_or_path_that_is_none_is_refused_in_words(visitor):
    for answer in (visitor.get("/bc/nothing"), visitor.patch("/bc/scans")):
        assert answer.status_code in (404, 405)
        assert "error" in answer.json()


DEEP = (b"[" * 100_000, b'{"names":' + b"[" * 400 + b"]" * 400 + b"}")


@pytest.mark.parametrize("said", DEEP)
def test_json_that_is_nested_without_end_is_refused_in_words(visitor, said):
    for method, path in (("POST", "pair"), ("POST", "truths"), ("DELETE", "scans")):
        answer = visitor.request(method, f"/bc/{path}", content=said)
        assert (answer.status_code, answer.json()) == (400, {"error": "This is not JSON."}), path


@pytest.mark.parametrize("number", ["9" * 5000, "x", "-1", ""])
def test_a_number_that_no_truth_has_is_none(visitor, number):
    scan = visitor.post(f"/bc/samples/{SAMPLES[0].name}").json()
    answer = visitor.get(f"/bc/scans/{scan['id']}/truth", params={"of": number})
    assert (answer.status_code, answer.json()) == (404, {"error": "There is nothing here."})


# --- apart


def test_nobody_gets_anything_of_another_visitor(visit):
    anna, berta = visit(), visit()
    scan = anna.opened(png(LESION.scan.pixels), "anna.png")
    anna.truth(scan["id"], png(LESION.truth), "anna_mask.png")
    place = f"/bc/scans/{scan['id']}"
    whole = png(LESION.truth)
    attempts = [
        berta.get(place),
        *(berta.get(f"{place}/{what}") for what in ("pixels", "probability", "truth", "thumbnail", "mask.png")),
        berta.put(f"{place}/modality", json={"modality": "mammogram"}),
        berta.put(f"{place}/prediction"),
        berta.put(f"{place}/truth", content=whole),
        berta.post(f"{place}/truth", content=whole),
        berta.delete(f"{place}/truth"),
        berta.delete(place),
    ]  # fmt: skip
    assert [answer.status_code for answer in attempts] == [404] * len(attempts)
    assert all("anna" not in answer.text for answer in attempts)
    assert berta.get("/bc/scans").json() == []
    assert berta.get("/bc/session").json()["scans"] == []
    pairs = berta.post("/bc/pair", json={"names": ["anna_mask.png"]}).json()
    assert pairs[0]["held"] is None, "not even that such a name is open"
    assert anna.get(place).json()["scores"] is not None, "and nothing was changed"


def test_without_a_cookie_there_is_nothing(visit, address):
    scan = visit().opened(png(speckle(64, 64)))
    for path in (
        "/bc/session",
        "/bc/scans",
        f"/bc/scans/{scan['id']}",
        f"/bc/scans/{scan['id']}/pixels",
    ):
        assert httpx.get(address + path).status_code == 401
    assert httpx.post(f"{address}/bc/scans", content=WHOLE).status_code == 401


def test_other_origins_are_refused_on_our_routes_and_on_gradios(visitor):
    scan = visitor.opened(png(speckle(64, 64)))
    foreign = {"Origin": "https://evil.example"}
    for path in (
        "/",
        "/bc/session",
        f"/bc/scans/{scan['id']}/pixels",
        "/config",
        "/gradio_api/info",
    ):
        answer = visitor.get(path, headers=foreign)
        assert answer.status_code == 403, path
    assert visitor.request("DELETE", "/bc/scans", headers=foreign).status_code == 403
    for path in ("/bc/scans", "/gradio_api/upload", "/gradio_api/queue/join"):
        assert visitor.post(path, headers=foreign).status_code == 403, path


def test_answers_are_kept_by_no_cache(visitor):
    scan = visitor.opened(png(LESION.scan.pixels))
    visitor.truth(scan["id"], png(LESION.truth), "m.png")
    place = f"/bc/scans/{scan['id']}"
    paths = ["/bc/session", "/bc/scans", place, f"{place}/none"]
    paths += [
        f"{place}/{what}" for what in ("pixels", "probability", "truth", "thumbnail", "mask.png")
    ]
    for path in paths:
        headers = visitor.get(path).headers
        assert headers["cache-control"] == "private, no-store", path
        assert headers["x-content-type-options"] == "nosniff", path


def test_gradios_file_route_gives_no_file_of_this_machine(visitor, tmp_path):
    scan = visitor.opened(png(speckle(64, 64)), "uploaded.png")
    secret = tmp_path / "secret.png"
    secret.write_bytes(WHOLE)
    for path in (str(secret), "/etc/passwd", "app.py", "uploaded.png", scan["id"]):
        answer = visitor.get(f"/gradio_api/file={path}")
        assert answer.status_code in (403, 404), path


# --- static files, folders


def test_scripts_are_kept_for_ever_under_an_address_of_their_content(visitor):
    place = re.search(r"bc/static/[0-9a-f]{12}", visitor.get("/").text)[0]
    for name in ("canvas/viewer.js", "page/assets/workbench.js", "page/assets/page.css"):
        answer = visitor.get(f"/{place}/{name}")
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    assert visitor.get(f"/{place}/page/assets/../routes.py").status_code == 404
    assert visitor.get(f"/{place}/page/assets/%2e%2e/routes.py").status_code == 404


def test_large_arrays_travel_packed_once_that_is_done(visitor):
    scan = visitor.opened(png(np.zeros((1500, 1500), np.uint8)))
    sizes = set()
    for _ in range(50):
        with visitor.stream("GET", f"/bc/scans/{scan['id']}/pixels") as answer:
            body = b"".join(answer.iter_raw())
        packed = answer.headers.get("content-encoding") == "gzip"
        assert len(gzip.decompress(body) if packed else body) == 1500 * 1500
        sizes.add(len(body))
        if packed:
            break
    assert min(sizes) < 100_000


def test_a_folder_of_this_machine_is_listed_with_its_truths_and_opened_when_looked_at(
    visitor, tmp_path
):
    (tmp_path / "images").mkdir()
    (tmp_path / "masks").mkdir()
    for name in ("scan 10", "scan 9"):
        (tmp_path / "images" / f"{name}.png").write_bytes(png(LESION.scan.pixels))
    (tmp_path / "masks" / "scan 9.png").write_bytes(png(LESION.truth))
    (tmp_path / "notes.txt").write_text("not a scan")
    (tmp_path / "broken.png").write_text("not a scan either")
    (tmp_path / "lost_mask.png").write_bytes(png(LESION.truth))
    answer = visitor.post("/bc/folder", json={"path": str(tmp_path)}).json()
    assert answer["alone"] == ["lost_mask.png"], "a mask without its scan is told of"
    listed = answer["scans"]
    assert [scan["has_truth"] for scan in listed] == [False, True, False], "before any is opened"
    assert [scan["name"] for scan in listed] == ["broken.png", "scan 9.png", "scan 10.png"]
    assert {scan["state"] for scan in listed} == {"closed"}
    broken, nine, ten = (scan["id"] for scan in listed)
    assert visitor.get(f"/bc/scans/{nine}").json()["scores"] is not None
    assert visitor.get(f"/bc/scans/{ten}").json()["has_truth"] is False
    answer = visitor.get(f"/bc/scans/{broken}")
    assert answer.status_code == 400 and answer.json()["error"].endswith(".")
    again = visitor.post("/bc/folder", json={"path": str(tmp_path)}).json()["scans"]
    assert [scan["id"] for scan in again] == [broken, nine, ten]


def test_a_folder_that_is_listed_again_is_as_the_disk_is_now(visitor, tmp_path):
    scan, mask = tmp_path / "a.png", tmp_path / "a_mask.png"

    def listed() -> dict:
        """The one scan that is there: as it is listed, then opened."""
        answer = visitor.post("/bc/folder", json={"path": str(tmp_path)}).json()
        assert answer["alone"] == []
        [told] = answer["scans"]
        opened = visitor.get(f"/bc/scans/{told['id']}").json()
        assert (opened["id"], opened["has_truth"]) == (told["id"], told["has_truth"])
        assert [told["id"]] == [held["id"] for held in visitor.get("/bc/scans").json()], (
            "none twice"
        )
        return opened

    scan.write_bytes(png(LESION.scan.pixels))
    bare = listed()
    assert not bare["has_truth"] and bare["modality_source"] == "guess"
    visitor.put(f"/bc/scans/{bare['id']}/modality", json={"modality": "ultrasound"})

    mask.write_bytes(png(LESION.truth))
    added = listed()
    assert added["truth_names"] == ["a_mask.png"] and added["scores"]["dice"] > 0.5
    assert added["modality_source"] == "person", "a mask more is no reason to forget it"
    assert visitor.get(f"/bc/scans/{bare['id']}").status_code == 404, (
        "what the page had is of before"
    )
    assert listed() == added, "nothing has changed since"

    mask.write_bytes(png(np.zeros_like(LESION.truth)))
    emptied = listed()
    assert emptied["scores"]["dice"] == 0
    assert not array(visitor, emptied, "truth").any()

    scan.write_bytes(png(speckle(80, 60)))
    mask.unlink()
    replaced = listed()
    assert (replaced["height"], replaced["width"], replaced["has_truth"]) == (80, 60, False)


@pytest.mark.parametrize("path", ["", "/no/such/folder", "app.py"])
def test_a_folder_that_is_none_gets_one_sentence(visitor, path):
    answer = visitor.post("/bc/folder", json={"path": path})
    assert answer.status_code == 400
    assert answer.json()["error"].endswith("folder on this machine.")


# --- many at once


def test_two_visitors_who_send_many_scans_at_once_both_get_all_of_theirs(visit):
    anna, berta = visit(), visit()
    files = {
        visitor: [png(speckle(200, 260, seed)) for seed in range(8)] for visitor in (anna, berta)
    }
    with ThreadPoolExecutor(16) as threads:
        sent = [
            threads.submit(visitor.hand_in, file, f"{place}.png")
            for visitor, own in files.items()
            for place, file in enumerate(own)
        ]
        assert [answer.result().status_code for answer in sent] == [201] * 16
    for visitor in (anna, berta):
        scans = visitor.get("/bc/scans").json()
        assert sorted(scan["name"] for scan in scans) == [f"{place}.png" for place in range(8)]
        assert all(scan["segmented"] for scan in scans)


# --- real files


@pytest.mark.data
def test_real_files_as_people_download_them_are_opened_with_their_truths_or_told_off(visitor, data):
    folder = data / "original-files"
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    names = [file.relative_to(folder).as_posix() for file in files]
    pairs = visitor.post("/bc/pair", json={"names": names}).json()
    opened = {}
    for place, (file, told) in enumerate(zip(files, pairs, strict=True)):
        if told["part"] == "scan":
            answer = visitor.hand_in(file.read_bytes(), names[place])
            if file.name == "Info.txt":
                assert answer.status_code == 400
                continue
            assert answer.status_code == 201, f"{file.name}: {answer.text}"
            opened[place] = answer.json()
            assert opened[place]["segmented"] or opened[place]["problem"]
    truths = [(place, told) for place, told in enumerate(pairs) if told["part"] == "truth"]
    assert len(truths) > 8
    for place, told in truths:
        scan = opened[told["new"]]
        answer = visitor.truth(scan["id"], files[place].read_bytes(), names[place], told["adds"])
        assert answer.status_code == 200, f"{names[place]}: {answer.text}"
        assert answer.json()["scores"] is not None
