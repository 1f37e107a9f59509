"""A project as readers leave it: every decision, odd names, all kinds of files; without weights and without a page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image
from pydicom.uid import UltrasoundImageStorage, UltrasoundMultiFrameImageStorage

from bcweb.review.records import NewCase, NewPrediction, NewVerdict, Project, Verdict
from bcweb.review.store import Store
from bcweb.scans import read_scan
from tests.cases.trees import picture, save
from tests.scans.made import dicom, written

OWNER = "local"
HEIGHT, WIDTH = 60, 80
# Cases of `project` whose verdict gives a mask, in its order.
WITH_MASK = [
    "benign (1)", "a/b", "a_b", "A_B", "normal (1)", "肿块 图", "scan_mask_1", "turned", "deep",
    "1.2.840.7", "clip", "not wanted",
]  # fmt: skip
WICKED = '=cmd|"/C calc"!A1\nline two, with "quotes"; and 中文\r\nthird'


def blob(seed: int, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """(height, width) bool: two lesions, one of them touching itself only at a corner."""
    mask = np.zeros((height, width), bool)
    top, left = 5 + seed % 7, 8 + seed % 11
    mask[top : top + 10, left : left + 14] = True
    mask[top + 10 : top + 14, left + 14 : left + 20] = True  # 8-connected to the first
    mask[height - 12 : height - 6, width - 20 : width - 9] = True
    return mask


def dicom_file(file: Path, pixels: np.ndarray, **elements) -> Path:
    """A breast ultrasound, or with (frames, H, W) a clip; elements by their DICOM keywords."""
    said = {
        "SOPClassUID": UltrasoundImageStorage, "StudyInstanceUID": "1.2.3.1",
        "SeriesInstanceUID": "1.2.3.2", "SOPInstanceUID": f"1.2.3.3.{sum(map(ord, file.name))}",
        "PatientID": "p-7", "PatientName": "Doe^Jane", "Modality": "US",
    }  # fmt: skip
    if pixels.ndim == 3:
        said |= {"SOPClassUID": UltrasoundMultiFrameImageStorage, "NumberOfFrames": len(pixels)}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(written(dicom(pixels, **said | elements)))
    return file


@dataclass
class Decided:
    """A project and what the database is known to hold of it: case id text -> the mask, or None."""

    store: Store
    project: Project
    folder: Path
    masks: dict[str, np.ndarray | None] = field(default_factory=dict)
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)

    def add(
        self, case: str, file: Path, truth: np.ndarray | None = None, dataset="busi", **more
    ) -> int:
        """Add a case with a prediction; its id in the database."""
        scan = read_scan(file)
        modality = more.pop("modality", scan.modality or "ultrasound")
        drawn = more.pop("truth_files", (file,))
        new = NewCase(
            dataset, case, file, modality, more.pop("group", case), digest=scan.digest,
            width=scan.width, height=scan.height, depth=8 * scan.pixels.itemsize,
            window=scan.window, spacing=scan.spacing, truth=truth, truth_files=drawn, **more,
        )  # fmt: skip
        self.store.add_cases(self.project.id, [new])
        rows = self.store.queue(OWNER, self.project.id, "listed")
        self.ids[case] = next(r.id for r in rows if (r.dataset, r.case) == (dataset, case))
        mask = blob(len(self.ids), scan.height, scan.width)
        self.predict(case, mask)
        return self.ids[case]

    def predict(self, case: str, mask: np.ndarray, revision: str = "ultrasound-1-abc") -> None:
        self.store.add_prediction(
            self.ids[case],
            NewPrediction(
                revision, "unseen", 0.9, 0.5, 0.1, 20, mask.astype(np.uint8) * 200, mask,
                int(mask.sum()),
            ),
        )  # fmt: skip

    def decide(
        self, case: str, decision: str, mask: np.ndarray | None = None, reader: str = "ann", **more
    ) -> Verdict:
        """Save a verdict, and write down which mask it stands for."""
        found = self.store.case(OWNER, self.ids[case])
        prediction = self.store.prediction(OWNER, found.id)
        key = f"{case}-{len(self.store.history(OWNER, found.id))}"
        new = NewVerdict(
            decision,
            key,
            found.latest_id,
            mask=mask,
            prediction_id=prediction.id,
            seconds=4.5,
            **more,
        )
        saved = self.store.save(OWNER, reader, found.id, new)
        stands: Callable[[], np.ndarray | None] = {
            "accept": lambda: self.store.mask(self.project.id, prediction.mask_file),
            "truth": lambda: self.store.truth(OWNER, found.id),
            "corrected": lambda: mask,
        }.get(decision, lambda: None)
        self.masks[case], self.verdicts[case] = stands(), saved
        return saved


def empty_project(tmp_path: Path, store: Store | None = None, name: str = "复核 1") -> Decided:
    """Without a store in one of its own, in tmp_path/home."""
    store = store or Store(tmp_path / "home")
    project = store.create(OWNER, name, ["busi:somewhere"], {"ultrasound": "embedded"})
    return Decided(store, project, tmp_path / "scans")


def accepted(tmp_path: Path, store: Store | None = None) -> Decided:
    """Three scans, all accepted."""
    made = empty_project(tmp_path, store)
    for seed, name in enumerate(("one", "two", "three")):
        made.add(name, save(made.folder / f"{name}.png", picture(seed)), label="benign")
        made.decide(name, "accept")
    return made


def project(tmp_path: Path, store: Store | None = None) -> Decided:
    """Every decision, on pictures of every kind, with the names that go wrong."""
    made = empty_project(tmp_path, store)
    scans = made.folder

    def png(name: str, seed: int) -> Path:
        return save(scans / name, picture(seed))

    made.add("benign (1)", png("1.png", 1), blob(3), label="benign", group="p1")
    made.add("a/b", png("2.png", 2), label="malignant", group="p1", findings="- mass")
    made.add("a_b", png("3.png", 3), blob(5), label="benign", group="p2")
    made.add("A_B", png("4.png", 4), blob(6), group="p2")
    made.add("normal (1)", png("5.png", 5), blob(1), label="normal", group="p3")
    made.add("肿块 图", png("6.png", 6), blob(2), label="benign", group="=p4")
    made.add("scan_mask_1", png("7.png", 7), label="benign", group="p5")
    turned = scans / "8.jpg"
    Image.fromarray(picture(8)).save(turned, quality=95, exif=_exif(6))
    made.add("turned", turned, label="benign", group="p6")
    deep = picture(9).astype(np.uint16) * 211 + 37
    made.add("deep", save(scans / "9.tif", deep), label="malignant", dataset="busi 2", group="p1",
             modality="mammogram")  # fmt: skip
    made.add(
        "1.2.840.7", dicom_file(scans / "1.2.840.7", picture(10)), dataset="busi 2", group="p7"
    )
    clip = np.stack([picture(11), picture(12), picture(13)])
    made.add("clip", dicom_file(scans / "clip", clip), dataset="busi 2", group="p7")
    for number, name in enumerate(("wrong", "unclear", "unread", "undone", "not wanted"), 12):
        made.add(name, png(f"{number}.png", number), blob(number), label="normal", group=name)

    made.decide("benign (1)", "accept", difficulty=1)
    made.decide("a/b", "corrected", blob(40), beginning="threshold", threshold=0.35, comment=WICKED,
                difficulty=3)  # fmt: skip
    made.decide("a_b", "truth", label="malignant")
    made.decide("A_B", "accept", comment="'quoted'")
    made.decide("normal (1)", "corrected", np.zeros((HEIGHT, WIDTH), bool), beginning="empty")
    made.decide("肿块 图", "corrected", blob(41), beginning="prediction", comment="@SUM(1)")
    made.decide("scan_mask_1", "corrected", blob(42), beginning="last")
    made.decide("turned", "corrected", blob(43, WIDTH, HEIGHT), beginning="prediction")
    made.decide("deep", "accept")
    made.decide("1.2.840.7", "corrected", blob(44), beginning="prediction", reader="王^芳")
    made.decide("clip", "accept")
    made.decide("wrong", "reject", reason="wrong label", label="benign", comment="a cyst")
    made.decide("unclear", "unsure")
    undone = made.decide("undone", "corrected", blob(45), beginning="prediction")
    made.store.undo(OWNER, "ann", undone.id, "undo-1")
    made.store.save_draft(OWNER, "ann", made.ids["unread"], blob(46), "prediction", None, None, 3)
    made.decide("not wanted", "truth")
    del made.masks["undone"], made.verdicts["undone"]
    return made


def _exif(orientation: int) -> Image.Exif:
    found = Image.Exif()
    found[0x0112] = orientation
    return found


def packed(mask: np.ndarray) -> str:
    """A mask as text, to compare it with one of another process."""
    return np.packbits(mask).tobytes().hex()
