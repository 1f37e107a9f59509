"""Nothing of a patient reaches the log, a file's name least of all; nor is any of it left on the disk."""

from __future__ import annotations

import io
import logging
import random
import socket
from functools import cache
from pathlib import Path
from urllib.parse import quote

import httpx
import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    UltrasoundImageStorage,
    generate_uid,
)

from bcweb.page import launch
from bcweb.page.logs import Reticent
from bcweb.page.segmenters import Segmenters
from bcweb.page.settings import settings
from tests.page.calling import Caller, file
from tests.page.files import png, speckle
from tests.page.running import Visitor, running

TELLING = ("Meyer", "Anna", "19610402", "0815-4711", "Knoten links")
NAME = "Meyer^Anna 19610402 0815-4711 Knoten links"
WHOLE = png(speckle(200, 200))


def dicom(**elements: object) -> bytes:
    """An ultrasound of Anna Meyer's."""
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = elements.pop("syntax", ExplicitVRLittleEndian)
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = UltrasoundImageStorage
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID = generate_uid()
    data.PatientName, data.PatientID = "Meyer^Anna", "0815-4711"
    data.PatientBirthDate, data.StudyDescription = "19610402", "Knoten links"
    data.Modality, data.PhotometricInterpretation = "US", "MONOCHROME2"
    data.Rows = data.Columns = 200
    data.SamplesPerPixel, data.PixelRepresentation = 1, 0
    data.BitsAllocated = data.BitsStored = 8
    data.HighBit = 7
    data.PixelData = speckle(200, 200).tobytes()
    for name, value in elements.items():
        setattr(data, name, value)
    into = io.BytesIO()
    data.save_as(into, enforce_file_format=True)
    return into.getvalue()


def damaged(whole: bytes, count: int) -> list[bytes]:
    """The file with some of its bytes changed, in so many ways."""
    dice, made = random.Random(7), []
    for _ in range(count):
        bytes_ = bytearray(whole)
        for place in dice.sample(range(132, 900), 6):
            bytes_[place] = dice.randrange(256)
        made.append(bytes(bytes_))
    return made


@cache
def files() -> dict[str, bytes]:
    return {
    "good.png": WHOLE,
    "text": NAME.encode() * 20,
    "cut off": WHOLE[: len(WHOLE) // 2],
    "empty": b"",
    "tiny": png(np.zeros((4, 4), np.uint8)),
    "dicom": dicom(),
    "dicom cut off": dicom()[:3000],
    "dicom of odd elements": dicom(
        SpecificCharacterSet=NAME, WindowCenter="1", WindowWidth="0", PixelSpacing=["1", "2"]
    ),
    "dicom without pixels": dicom(PixelData=b""),
    "dicom of another size": dicom(Rows=5000),
    "dicom that lies of its pixels": dicom(
        syntax=JPEG2000Lossless, PixelData=encapsulate([NAME.encode()])
    ),
    **{f"damaged {n}": data for n, data in enumerate(damaged(dicom(), 40))},
}  # fmt: skip


def scan_tab(address: str) -> None:
    visitor = Visitor(address)
    for data in files().values():
        visitor.hand_in(data, f"{NAME}/{NAME}.png")
    scan = visitor.opened(WHOLE, f"{NAME}.png")
    for data in files().values():
        visitor.truth(scan["id"], data, f"{NAME}_mask.png")
    visitor.post("/bc/pair", json={"names": [f"{NAME}.png", NAME]})
    visitor.get(f"/bc/scans/{quote(NAME)}/pixels")
    visitor.get(f"/bc/models/ultrasound/pictures/{quote(NAME)}.png")
    visitor.post(f"/bc/samples/{quote(NAME)}")
    visitor.put(f"/bc/scans/{scan['id']}/modality", json={"modality": NAME})
    visitor.get(f"/bc/scans/{scan['id']}/mask.png?threshold={quote(NAME)}")
    visitor.request("DELETE", "/bc/scans", json={"ids": [NAME]})
    visitor.put("/bc/models/ultrasound", json={"name": f"/{NAME}"})
    visitor.close()


def folder(address: str, place: Path) -> None:
    """Files of the disk that are damaged, or gone once they were listed."""
    place.mkdir()
    for name, data in files().items():
        (place / f"{NAME} {name}.png").write_bytes(data)
    (place / f"{NAME} gone_mask.png").write_bytes(WHOLE)
    (place / f"{NAME} gone.png").write_bytes(WHOLE)
    visitor = Visitor(address)
    listed = visitor.post("/bc/folder", json={"path": str(place)}).json()["scans"]
    assert len(listed) == len(files()) + 1
    for lying in place.glob("*gone*"):
        lying.unlink()
    for scan in listed:
        visitor.get(f"/bc/scans/{scan['id']}")
        visitor.get(f"/bc/scans/{scan['id']}/thumbnail")
    visitor.post("/bc/folder", json={"path": str(place / NAME)})
    visitor.close()


def api(address: str) -> None:
    caller = Caller(address)
    for data in files().values():
        caller.call("segment", file(caller.hand_in(data, f"{NAME}.dcm"), orig_name=f"{NAME}.dcm"))
    for given in ([], [NAME], [f"/home/{NAME}.png"], [file(f"/home/{NAME}.png")], [None] * 9):
        caller.post("/gradio_api/call/compare", json={"data": given})
        asked = {"data": given, "fn_index": 0, "session_hash": NAME, "event_data": NAME}
        caller.post("/gradio_api/queue/join", json=asked)
        caller.post("/gradio_api/queue/join", json=asked | {"fn_index": 1, "trigger_id": NAME})
    caller.post("/gradio_api/call/v2/segment", json={NAME: NAME})
    caller.post(f"/gradio_api/call/{quote(NAME)}", json={"data": [NAME]})
    caller.get(f"/gradio_api/file=/home/{quote(NAME)}.png")
    caller.get(f"/gradio_api/custom_component/{quote(NAME)}/client/x/y")
    caller.post("/gradio_api/upload", content=NAME.encode())
    caller.close()


def broken_off(address: str) -> None:
    """Uploads whose sender goes away."""
    url = httpx.URL(address)
    for path in ("/bc/scans", "/gradio_api/upload"):
        with socket.create_connection((url.host, url.port), timeout=20) as line:
            head = (
                f"POST {path} HTTP/1.1\r\nHost: {url.host}:{url.port}\r\nContent-Length: 100000\r\n"
                f"Cookie: bc-visitor={'a' * 43}\r\nX-File-Name: {quote(NAME)}.png\r\n"
                f"Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\nContent-Disposition: "
                f'form-data; name="files"; filename="{NAME}.png"\r\n\r\n'
            )
            line.sendall(head.encode())


@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
def test_no_word_of_a_patient_is_logged_or_left_on_the_disk_whatever_fails(tmp_path):
    heard: list[str] = []
    home = tmp_path / "home"
    home.mkdir()
    own = {name: str(home) for name in ("HOME", "TMPDIR", "GRADIO_TEMP_DIR", "BCWEB_HOME")}
    with running(own, heard) as address:
        scan_tab(address)
        folder(address, tmp_path / NAME)
        api(address)
        broken_off(address)
        httpx.get(address)  # and all of that is through
    said = "".join(heard)
    assert "runs at" in said
    for word in TELLING:
        assert word.lower() not in said.lower(), said
    assert "Traceback" not in said, "none of it is unforeseen"
    for left in (path for path in home.rglob("*") if path.is_file()):
        content = left.read_bytes()
        assert not any(word.encode() in content for word in TELLING), left
        assert not any(word in str(left.relative_to(home)) for word in TELLING), left


def test_what_fails_before_the_server_is_there_is_logged_so_too(monkeypatch):
    """The backup, which begins first, asks a database: what that says quotes what it was asked."""

    root, speaking = logging.getLogger(), []

    class Begun(Exception):
        pass

    def begin(_: launch.Backups) -> None:
        speaking.extend(handler.formatter for handler in root.handlers)
        raise Begun

    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(launch, "_warm", lambda _: None)
    monkeypatch.setattr(launch, "_sweep", lambda *_: None)
    monkeypatch.setattr(launch.Backups, "begin", begin)
    chosen = settings("127.0.0.1", environment={})
    with pytest.raises(Begun):
        launch.launch(chosen, Segmenters(chosen.weights))
    assert [type(formatter) for formatter in speaking] == [Reticent]


def test_an_exception_is_logged_by_its_kind_and_place_without_its_message():
    def fail() -> None:
        try:
            raise FileNotFoundError(2, "No such file", f"/data/{NAME}.png")
        except OSError as error:
            raise RuntimeError(f"{NAME} failed") from error

    spoken = io.StringIO()
    handler = logging.StreamHandler(spoken)
    handler.setFormatter(Reticent("%(levelname)s: %(message)s"))
    log = logging.Logger("bcweb.test")
    log.addHandler(handler)
    try:
        fail()
    except RuntimeError:
        log.exception("It failed")
    told = spoken.getvalue()
    assert told.startswith("ERROR: It failed\n")
    assert "builtins.FileNotFoundError\nthen\n" in told and told.endswith("builtins.RuntimeError\n")
    assert "test_logs.py" in told, "the place"
    assert NAME not in told
