"""/segment and /compare for programs: what they answer, whose files they take, and that nothing else is open."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import gradio as gr
import httpx
import pytest
from gradio.routes import App

from bcweb import metrics
from bcweb.page.parcels import KEPT_SECONDS, Parcels
from bcweb.page.settings import MB
from bcweb.page.store import StoreFull
from tests.page.calling import Caller, announced, file
from tests.page.drawn import LESION
from tests.page.files import mask_of, png, speckle
from tests.scans.made import dicom, written

SCAN, TRUTH = png(LESION.scan.pixels), png(LESION.truth)
GONE = "The scan must be a file that you uploaded for this call: it is not here."


@pytest.fixture
def caller(address) -> Iterator[Callable[..., Caller]]:
    made: list[Caller] = []

    def arrive(**options) -> Caller:
        made.append(Caller(address, **options))
        return made[-1]

    yield arrive
    for one in made:
        one.close()


@pytest.fixture
def anna(caller) -> Caller:
    return caller()


def fetch(caller: Caller, answer: dict) -> httpx.Response:
    return caller.get(answer["mask"]["url"])


# --- what they answer


def test_a_scan_is_segmented_as_on_the_page(anna, visitor):
    told = anna.answered("segment", file(anna.hand_in(SCAN)))
    page = visitor.opened(SCAN)
    for key in ("width", "height", "spacing", "modality", "modality_source", "presence", "lesions",
                "looked_at", "revision", "seen", "notes"):  # fmt: skip
        assert told[key] == page[key], key
    assert told["operating_point"] == {
        "mask_threshold": page["threshold"],
        "presence_gate": page["gate"],
        "min_lesion_px": page["min_lesion_px"],
    }
    answer = fetch(anna, told)
    assert answer.content == visitor.get(f"/bc/scans/{page['id']}/mask.png").content
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["cache-control"] == "private, no-store"


def test_a_mask_is_compared_with_a_truth(anna):
    told = anna.answered("compare", file(anna.hand_in(SCAN)), file(anna.hand_in(TRUTH)))
    expected = metrics.score_case(mask_of(fetch(anna, told).content), LESION.truth)
    assert told["scores"].keys() == {"dice", "iou", "precision", "recall", "hd95_px", "hd95_mm"}
    for name in ("dice", "iou", "precision", "recall", "hd95_px"):
        assert told["scores"][name] == pytest.approx(getattr(expected, name)), name
    assert told["scores"]["hd95_mm"] is None, "a PNG gives no spacing"


def test_the_caller_may_say_the_modality(anna):
    told = anna.answered("segment", file(anna.hand_in(SCAN)), "mammogram")
    assert (told["modality"], told["modality_source"]) == ("mammogram", "person")
    assert (
        anna.refused("segment", file(anna.hand_in(SCAN)), "x-ray")
        == "A modality is ultrasound or mammogram."
    )


def test_the_callers_word_does_not_overrule_the_file(anna):
    scan = written(dicom(LESION.scan.pixels, Modality="US"))
    said = anna.refused("segment", file(anna.hand_in(scan)), "mammogram")
    assert said == "Its file says that this is an ultrasound, not a mammogram."
    told = anna.answered("segment", file(anna.hand_in(scan)), "ultrasound")
    assert told["modality_source"] == "file"


def test_what_is_wrong_is_one_sentence(anna):
    text = anna.hand_in(b"only words, no picture at all\n" * 20)
    assert "text file, not an image" in anna.refused("segment", file(text))
    small = file(anna.hand_in(png(speckle(50, 80) > 90)))
    assert "another shape" in anna.refused("compare", file(anna.hand_in(SCAN)), small)
    for nothing in (None, "", 7, {}, [file(anna.hand_in(SCAN))]):
        assert anna.refused("segment", nothing) == GONE
    assert anna.refused("segment") == GONE
    assert anna.post("/gradio_api/call/segment", json={"data": [1, 2, 3]}).status_code == 400
    inside = b"[" * 400 + b"]" * 400
    for said in (b"{", b"[" * 60_000, b'{"data": [%s]}' % inside, b'{"scan": %s}' % inside):
        for call in ("call/segment", "call/v2/segment"):
            answer = anna.post(f"/gradio_api/{call}", content=said)
            assert (answer.status_code, answer.json()["error"]) == (400, "This is not JSON.")
    answer = anna.post("/gradio_api/call/segment", content=b" " * 100_000)
    said = "What is asked is larger than 64 KB, the most that is taken."
    assert (answer.status_code, answer.json()["error"]) == (413, said)


def test_a_call_by_name_is_the_same_call(anna):
    asked = {"scan": file(anna.hand_in(SCAN)), "modality": "ultrasound"}
    answer = anna.post("/gradio_api/call/v2/segment", json=asked)
    stream = anna.get(f"/gradio_api/call/v2/segment/{answer.json()['event_id']}").text
    assert "event: complete" in stream and '"modality_source": "person"' in stream


# --- whose files they take


def test_a_file_serves_one_call_and_is_gone(anna):
    scan = file(anna.hand_in(SCAN))
    anna.answered("segment", scan)
    assert anna.refused("segment", scan) == GONE
    assert anna.get(f"/gradio_api/file={scan['path']}").status_code == 404


def test_a_path_or_an_address_is_no_uploaded_file(anna, tmp_path):
    lying = tmp_path / "scan.png"
    lying.write_bytes(SCAN)
    uploaded = anna.hand_in(SCAN)
    for path in (
        str(lying), "/etc/passwd", "app.py", "https://evil.example/a.png",
        f"{anna.base_url}/favicon.ico", f"file://{lying}", f"/tmp/gradio/{uploaded}/scan.png",
    ):  # fmt: skip
        for given in (file(path), file(path, url=path), {"path": path}, {"url": path}, path):
            assert anna.refused("segment", given) == GONE, given
    anna.answered("segment", file(uploaded, url="https://evil.example/", orig_name="/etc/passwd"))


def test_nobody_gets_a_file_or_a_mask_of_another_visitor(anna, caller):
    scan = file(anna.hand_in(SCAN))
    for stranger in (caller(), caller(cookie=False)):
        assert stranger.refused("segment", scan) == GONE
        assert stranger.refused("compare", file(stranger.hand_in(SCAN)), scan).startswith(
            "The truth"
        )
    told = anna.answered("segment", scan)
    for stranger in (caller(), caller(cookie=False)):
        assert fetch(stranger, told).status_code == 404
        assert stranger.get("/gradio_api/file=" + told["mask"]["path"]).status_code == 404
    assert fetch(anna, told).status_code == 200


def test_a_program_without_a_cookie_has_its_files_by_their_names_alone(caller):
    bare = caller(cookie=False)
    told = bare.answered("segment", file(bare.hand_in(SCAN)))
    assert mask_of(fetch(bare, told).content).any()


def test_files_are_known_by_no_name_of_theirs_and_are_never_on_the_disk(anna, disk):
    name = anna.hand_in(SCAN, "Meyer^Anna 1961-04-02.png")
    assert re.fullmatch(r"[\w-]{43}", name)
    told = anna.answered("segment", file(name, orig_name="Meyer^Anna 1961-04-02.png"))
    assert "Meyer" not in str(told)
    assert Path(told["mask"]["path"]).is_relative_to(disk), "the app writes elsewhere"
    mask = fetch(anna, told).content
    for left in (path for path in disk.rglob("*") if path.is_file()):
        assert not any(file in left.read_bytes() for file in (SCAN, mask)), left
        assert "Meyer" not in str(left.relative_to(disk)), left


def test_delete_now_takes_what_was_handed_in(anna):
    scan, told = file(anna.hand_in(SCAN)), anna.answered("segment", file(anna.hand_in(SCAN)))
    assert anna.delete("/bc/session").status_code == 200
    assert fetch(anna, told).status_code == 404
    assert anna.refused("segment", scan) == GONE


def test_uploads_that_are_none_are_refused(anna):
    place = "/gradio_api/upload"
    assert anna.post(place, content=b"x").status_code == 400
    broken = {"Content-Type": "multipart/form-data"}
    assert anna.post(place, content=b"x", headers=broken).status_code == 400
    for field in ("file", "scan"):
        answer = anna.post(place, files={field: ("a.png", b"x")})
        assert (answer.status_code, answer.json()["error"]) == (
            400, 'No file came: send it in the form field "files".',
        )  # fmt: skip
    capitals = {"Content-Type": "Multipart/Form-Data; boundary=b"}
    form = (
        b'--b\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\nx\r\n--b--\r\n'
    )
    assert anna.post(place, content=form, headers=capitals).status_code == 200
    many = [("files", ("a.png", b"x"))] * 5
    assert anna.post(place, files=many).status_code == 400
    answer = announced(anna, place, 300 << 20)
    assert " 413 " in answer and "256 MB" in answer


def test_parcels_stay_for_minutes_and_within_their_room():
    now = [0.0]
    parcels = Parcels(most_bytes=10, all_bytes=15, clock=lambda: now[0])
    first = parcels.put("anna", b"12345678")
    with pytest.raises(StoreFull):
        parcels.put("anna", b"123")
    with pytest.raises(StoreFull):
        parcels.put("berta", b"12345678")
    assert parcels.look("berta", first) is None and parcels.look(None, first) is None
    assert parcels.take("anna", first) == b"12345678" and parcels.take("anna", first) is None
    old = parcels.put("anna", b"1")
    now[0] = KEPT_SECONDS
    assert parcels.look("anna", old) is None


# --- nothing else


def test_the_page_has_these_two_functions_and_no_other(visitor):
    info = visitor.get("/gradio_api/info").json()
    assert set(info["named_endpoints"]) == {"/segment", "/compare"}
    assert info["unnamed_endpoints"] == {}
    named = [function["api_name"] for function in visitor.get("/config").json()["dependencies"]]
    assert sorted(named) == ["compare", "segment"]


# What Gradio serves to everybody because the page and its clients need it, and what that is.
OPEN = {
    "/": "the page", "/config": "the page", "/gradio_api/info": "the endpoints",
    "/gradio_api/openapi.json": "the endpoints", "/theme.css": "a style",
    "/gradio_api/theme.css": "a style", "/favicon.ico": "a picture", "/pwa_icon": "a picture",
    "/manifest.json": "the page", "/robots.txt": "a constant", "/logout": "ends a session",
    "/static/{path:path}": "Gradio's scripts", "/assets/{path:path}": "Gradio's scripts",
    "/svelte/{path:path}": "Gradio's scripts", "/gradio_api/startup-events": "true or false",
    "/gradio_api/heartbeat/{session_hash}": "a sign of life", "/gradio_api/reset": "a constant",
    "/gradio_api/queue/join": "calls a function", "/gradio_api/call/{api_name}": "calls a function",
    "/gradio_api/call/v2/{api_name}": "calls a function",
    "/gradio_api/queue/data": "a call's answer",
    "/gradio_api/call/{api_name}/{event_id}": "a call's answer",
    "/gradio_api/call/v2/{api_name}/{event_id}": "a call's answer",
    "/gradio_api/cancel": "ends a call", "/gradio_api/upload": "tests above",
    "/gradio_api/file={path_or_url:path}": "tests above",
}  # fmt: skip


def gradio_routes() -> list[tuple[str, str]]:
    """(method, path) of all that this Gradio can serve."""
    with gr.Blocks() as demo:
        pass
    demo.run_history = demo.enable_monitoring = True
    app = App.create_app(demo)
    found = []

    def walk(routes, prefix=""):
        for route in routes:
            for inner in getattr(route, "routes", None) or ():
                walk([inner], prefix)
            if path := getattr(route, "path", None):
                found.extend((method, path) for method in getattr(route, "methods", None) or ())
            if inner := getattr(route, "original_router", None):
                walk(inner.routes, prefix)

    walk(app.routes)
    return sorted(set(found))


def test_no_other_route_of_gradio_does_anything_for_a_stranger(address):
    routes = gradio_routes()
    assert ("POST", "/gradio_api/process_recording") in routes, "the list is Gradio's own"
    for method, path in routes:
        if path.rstrip("/") in OPEN or path == "/":
            continue
        asked = re.sub(r"\{[^}]*\}", "1", path)
        answer = httpx.request(method, address + asked, json={} if method == "POST" else None)
        assert answer.status_code == 404, f"{method} {path} is open: {answer.text[:200]}"


def test_of_what_any_open_route_of_gradio_is_sent_only_words_are_read(anna):
    """Gradio itself reads a body of any size into memory."""
    posts = [path for method, path in gradio_routes() if method == "POST" and path in OPEN]
    assert "/gradio_api/reset" in posts and "/gradio_api/cancel" in posts
    for path in posts:
        if path != "/gradio_api/upload":
            asked = re.sub(r"\{[^}]*\}", "segment", path)
            assert anna.post(asked, content=b" " * MB).status_code == 413, path
    assert anna.post("/gradio_api/reset", json={"event_id": "guessed"}).status_code == 200


def test_functions_that_do_not_exist_are_not_called(anna):
    for call in ("predict", "lambda", "__init__", "open", "delete"):
        answer = anna.post(f"/gradio_api/call/{call}", json={"data": []})
        assert answer.status_code >= 400, call
    for number in (-1, 0.5, 99, "segment"):
        asked = {"data": [], "fn_index": number, "session_hash": "x"}
        assert anna.post("/gradio_api/queue/join", json=asked).status_code >= 400, number
    assert anna.post("/gradio_api/run/segment", json={"data": [None]}).status_code == 404


def test_another_visitor_cannot_hear_or_end_a_call(anna, caller):
    """A call is known by a secret, which its own client has, and by nothing that anybody could guess."""
    berta = caller()
    given = {"data": [file(anna.hand_in(SCAN))]}
    begun = anna.post("/gradio_api/call/segment", json=given).json()["event_id"]
    for path in ("/gradio_api/queue/data?session_hash=guessed", "/gradio_api/call/segment/guessed"):
        with berta.stream("GET", path) as answer:
            first = next(answer.iter_text())
        assert "not found" in first.lower(), first
    guess = {"session_hash": "guessed", "fn_index": 0, "event_id": "guessed"}
    assert berta.post("/gradio_api/cancel", json=guess).status_code == 200
    assert "event: complete" in anna.get(f"/gradio_api/call/segment/{begun}").text
