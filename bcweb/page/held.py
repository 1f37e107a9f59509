"""One scan that a visitor has open: its pixels, truth and prediction, and what the browser is told of it."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Literal

import numpy as np
from PIL import Image

from bcweb.cases import fit_mask, read_mask
from bcweb.cases.duplicates import prints_of
from bcweb.cases.looks import Look, may_be_beside
from bcweb.cases.sources import scans_of
from bcweb.cases.truth import mask_in
from bcweb.lesions import drop_small, smallest_lesion_px
from bcweb.masks import mask_png
from bcweb.metrics import Scores, score_case
from bcweb.names import stem, text
from bcweb.page.packed import Packed
from bcweb.page.segmenters import Segmenters
from bcweb.scans import Modality, Scan, ScanError, guess_modality
from bcweb.segmenter import Prediction
from bcweb.weights import WeightsError

Kind = Literal["upload", "file", "generated"]
_A: dict[Modality, str] = {"ultrasound": "an ultrasound", "mammogram": "a mammogram"}
LIKE_TRUTH = "It looks like a truth mask: it is black and white and nothing between."
THUMBNAIL = 144  # pixels of the longer side: 72 on a screen of twice the density


@dataclass(frozen=True)
class _Facts:
    """What stays known of a scan whose pixels were released. said: the modality in its file."""

    height: int
    width: int
    look: Look
    depth: int
    window: tuple[float, float]
    spacing: tuple[float, float] | None
    said: Modality | None
    guess: Modality
    notes: tuple[str, ...]
    cautions: tuple[str, ...]
    digest: str
    prints: Sequence[str]
    frames: int
    picture: tuple[int, int, int, int] | None


@dataclass(frozen=True, eq=False)
class _Finding:
    """A prediction without its arrays, and its map in 8 bits, from which every mask follows."""

    prediction: Prediction
    probability: Packed
    seen: bool
    trained_on: str  # in words


@dataclass(frozen=True, eq=False)
class _Part:
    """One of the masks that are a truth together. path: as it was given. note: how it was made to fit, if it was."""

    path: str
    packed: Packed
    note: str = ""

    @property
    def name(self) -> str:
        return PurePosixPath(self.path).name

    def is_same_file(self, other: _Part) -> bool:
        beside = may_be_beside(PurePosixPath(self.path), PurePosixPath(other.path))
        return self.name == other.name and beside


@dataclass(frozen=True, eq=False)
class _Truth:
    """number: which of a scan's truths, one after the other, it is. packed: all of its parts."""

    number: int
    packed: Packed
    parts: tuple[_Part, ...]

    @property
    def nbytes(self) -> int:
        return sum(one.nbytes for one in {self.packed, *(part.packed for part in self.parts)})

    @property
    def names(self) -> list[str]:
        return [part.name for part in self.parts]

    @property
    def notes(self) -> list[str]:
        return list(dict.fromkeys(part.note for part in self.parts if part.note))


@dataclass(frozen=True)
class FileState:
    """A file and, where it is there, when it was written last and how long it is."""

    path: Path
    mtime_ns: int | None
    size: int | None

    @classmethod
    def of(cls, path: Path) -> FileState:
        try:
            found = path.stat()
        except OSError:  # it went away, or is a link to nothing: opening it will say so
            return cls(path, None, None)
        return cls(path, found.st_mtime_ns, found.st_size)


class Held:
    """A scan with its truth and prediction. Safe to use from several threads.

    kind: "upload" is kept until it is removed; "file" (on this machine's disk) and "generated" are
    opened when first looked at, and may be released and opened again.
    path: the name as given, with folders, by which truths find their scan.
    load, load_truth: read the scan, and the names and masks of its truth; they may raise `ScanError`, and so may
    load_mask, which reads its file as a mask, with all of its pages.
    modality: the person's word for it, which counts where the file does not say.
    files: the state on disk of what load and load_truth read, so that one can tell whether it still is.
    """

    def __init__(
        self,
        path: str,
        kind: Kind,
        load: Callable[[], Scan],
        segmenters: Segmenters,
        modality: Modality | None = None,
        load_truth: Callable[[Scan], list[tuple[str, np.ndarray]]] | None = None,
        files: Sequence[FileState] = (),
        load_mask: Callable[[], np.ndarray] | None = None,
    ):
        self.path, self.kind, self.files = path, kind, tuple(files)
        self.name = PurePosixPath(path).name or path
        self._chosen = modality
        self._load, self._load_truth, self._segmenters = load, load_truth, segmenters
        self._load_mask = load_mask
        self._lock = threading.RLock()
        self._facts: _Facts | None = None
        self._pixels: Packed | None = None
        self._pages: Packed | None = None  # all of them, of what looks like a mask and has several
        self._thumbnail: bytes | None = None
        self._finding: _Finding | None = None
        self._truth: _Truth | None = None
        self._truths = 0
        self._scored: tuple[_Truth, _Finding, Scores] | None = None
        self._problem: str | None = None

    # --- what it holds

    @property
    def chosen(self) -> Modality | None:
        """The person's word for the modality, if there is any."""
        return self._chosen

    @property
    def nbytes(self) -> int:
        finding, truth, pixels, pages = self._finding, self._truth, self._pixels, self._pages
        size = len(self._thumbnail or b"") + (pixels.nbytes if pixels else 0)
        size += (finding.probability.nbytes if finding else 0) + (pages.nbytes if pages else 0)
        return size + (truth.nbytes if truth else 0)

    @property
    def mask_nbytes(self) -> int:
        """What a mask of it takes before it is packed; 0 as long as nobody has looked."""
        facts = self._facts
        return facts.height * facts.width if facts else 0

    def release(self) -> None:
        """Give back what can be opened again. Does nothing while the scan is being worked on."""
        if self.kind != "upload" and self._lock.acquire(blocking=False):
            try:
                self._pixels = self._pages = self._finding = self._scored = None
            finally:
                self._lock.release()

    # --- what is done with it

    def read(self) -> None:
        """Read the scan if its pixels are not at hand; raises `ScanError`."""
        with self._lock:
            if self._pixels is not None:
                return
            try:
                self._compare_files()
                scan = self._load()
            except ScanError as error:
                self._problem = str(error)
                raise
            self._problem = None
            self._facts = _facts(scan)
            self._read_pages()
            if self.kind == "upload":
                self._load, self._load_mask = _never, None  # the pixels are kept, the file is not
            self._pixels = Packed(scan.pixels)
            self._thumbnail = self._thumbnail or _thumbnail(scan)
            if self._load_truth is not None and self._truth is None:
                self._read_truth(scan)

    def _compare_files(self) -> None:
        """What is known of a scan, and what is read of it again, must be of the same files."""
        now = tuple(FileState.of(file.path) for file in self.files)
        if self._facts is None:
            if now != self.files:
                self.files, self._thumbnail = now, None
            return
        # Another truth than that on the disk may have been given since, or none.
        counted = len(now) if self._load_truth is not None else 1
        for file, before in zip(now[:counted], self.files, strict=False):
            is_there = file.size is not None  # of one that went away, opening it says so
            if is_there and file != before:
                name = text(file.path.name)
                raise ScanError(f"{name} has changed since the folder was listed: list it again.")

    def open(self) -> None:
        """Read and segment the scan, what of it is not done yet; raises `ScanError`."""
        with self._lock:
            self.read()
            if self._finding is None:
                self._segment()

    def segment_again(self) -> None:
        """Segment with the weights that are in use now; raises `ScanError`."""
        with self._lock:
            self.read()
            self._segment()

    def set_modality(self, modality: Modality) -> None:
        """Take the person's word for the modality, and segment with its weights.

        Raises `ScanError` where the file says that it is another.
        """
        with self._lock:
            self.read()
            said = self._facts.said
            if said not in (None, modality):
                raise ScanError(f"Its file says that this is {_A[said]}, not {_A[modality]}.")
            self._chosen = modality
            self._finding = self._scored = None
            self._segment()

    def set_truth(self, path: str, data: bytes, add: bool, again: bool = False) -> None:
        """Take a mask's file as the truth, or as one more part of it, in place of a part of its name; raises
        `ScanError`.

        again: where the truth has several parts and it is one of these, it takes that one's place alone.
        """
        with self._lock:
            self.open()  # nobody may have looked at it yet, or its pixels made room for others'
            self._give_truth(path, read_mask(data, self._scan()), add, again)

    def take_truth(self, mask: Held) -> None:
        """Take another picture that was opened as the truth, as `set_truth` takes its file; raises `ScanError`."""
        with self._lock:
            self.read()
            is_clip = self._facts.frames > 1
        with mask._lock:
            mask.read()
            pages = None if is_clip else mask._pages
            drawn = mask_in(mask._scan().pixels) if pages is None else pages.array() > 0
        with self._lock:
            self.read()
            self._give_truth(mask.path, drawn, add=False)

    def drop_truth(self) -> None:
        with self._lock:
            self._truth = self._scored = None
            self._load_truth = None  # it would come back when the scan is opened again
            if self._facts is not None:
                with suppress(ScanError):  # its file has gone away meanwhile: `info` says so
                    self.open()

    # --- what the browser is told

    def look(self) -> Look | None:
        """What it looks like; None where it cannot be read. Pixels that were not at hand are not kept: a file may be
        compared with thousands.
        """
        with self._lock:
            try:
                if self._facts is None:
                    self.read()
                    self.release()
            except ScanError:
                return None
            return self._facts.look

    @property
    def black_and_white(self) -> bool:
        """False as long as nobody has looked."""
        facts = self._facts
        return facts is not None and facts.look.black_and_white

    def info(self, id: str) -> dict:
        """`ScanInfo` as JSON takes it; what is not known yet is absent. Waits for no work under way.

        revision made the prediction; in_use is that of the weights which its modality meets now.
        """
        pixels, truth, finding, scored = self._pixels, self._truth, self._finding, self._scored
        # Work may be under way: a score is told with the two that it is of, or not at all.
        scores = scored[2] if scored and scored[0] is truth and scored[1] is finding else None
        return {
            "id": id,
            "name": self.name,
            "path": self.path,
            "kind": self.kind,
            "state": "open" if pixels else "error" if self._problem else "closed",
            "problem": self._problem,
            # A file that was never opened has the truth that lies beside it.
            "has_truth": truth is not None
            or (self._facts is None and self._load_truth is not None),
            "truth_names": truth.names if truth else [],
            "truth": truth.number if truth else None,
            "scores": dataclasses.asdict(scores) if scores else None,
            **self._told_of_scan(),
            **self._told_of_finding(finding),
        }

    def _told_of_scan(self) -> dict:
        facts, truth = self._facts, self._truth
        if facts is None:
            return {}
        modality, source = self._modality()
        in_use = self._segmenters.now(modality)
        return {
            "width": facts.width,
            "height": facts.height,
            "depth": facts.depth,
            "window": list(facts.window),
            "spacing": list(facts.spacing) if facts.spacing else None,
            "modality": modality,
            "modality_source": source,
            "in_use": in_use.segmenter.weights.revision if in_use else None,
            "black_and_white": facts.look.black_and_white,
            "cautions": list(facts.cautions),
            "notes": [
                *facts.notes,
                *(truth.notes if truth else ()),
                *([LIKE_TRUTH] if facts.look.black_and_white else ()),
            ],
        }

    @staticmethod
    def _told_of_finding(finding: _Finding | None) -> dict:
        if finding is None:
            return {
                "segmented": False, "presence": None, "gate": None, "threshold": None,
                "min_lesion_px": None, "lesions": [], "looked_at": None, "revision": None,
                "seen": None, "trained_on": None,
            }  # fmt: skip
        prediction, point = finding.prediction, finding.prediction.operating_point
        return {
            "segmented": True,
            "presence": prediction.presence,
            "gate": point.presence_gate,
            "threshold": point.mask_threshold,
            "min_lesion_px": smallest_lesion_px(
                finding.probability.shape, point.min_lesion_fraction
            ),
            "lesions": [dataclasses.asdict(lesion) for lesion in prediction.lesions],
            "looked_at": prediction.looked_at,
            "revision": prediction.revision,
            "seen": finding.seen,
            "trained_on": finding.trained_on,
        }

    @property
    def pixels(self) -> Packed | None:
        """None where they were released: `open` brings them back."""
        return self._pixels

    def probability(self, revision: str | None = None) -> Packed | None:
        """The map, if the weights of this revision made it; None stands for any."""
        finding = self._finding
        if finding is None or revision not in (None, finding.prediction.revision):
            return None
        return finding.probability

    def truth(self, number: int | None = None) -> Packed | None:
        """The truth, if it is this one of the scan's truths; None stands for any."""
        truth = self._truth
        return truth.packed if truth and number in (None, truth.number) else None

    def thumbnail(self) -> bytes:
        """A small PNG of the scan through its window."""
        with self._lock:
            if self._thumbnail is None:
                self._thumbnail = _thumbnail(self._load())
            return self._thumbnail

    def mask_png(
        self, threshold: float | None, gated: bool, revision: str | None = None
    ) -> bytes | None:
        """The mask as a PNG of 0 and 255 in the scan's own size; None where there is no prediction.

        revision: of the weights that must have drawn it, else `ScanError`; None stands for any.

        It is what the viewer shows: the map from the threshold on, without small parts. At the
        operating point the presence gate holds, unless the reader asked to see what is behind it
        (gated False).
        """
        with self._lock:
            self.open()
            if self._finding is None:
                return None
            if self.probability(revision) is None:
                drawn = self._finding.prediction.revision
                raise ScanError(
                    f"{self.name} was segmented again since, by {drawn}: look at it first."
                )
            return mask_png(self._mask(threshold, gated))

    def found(self) -> tuple[bytes | None, dict]:
        """`mask_png` at the operating point, None where it cannot be drawn, and the `info` that it goes with."""
        with self._lock:  # or it may be released in between
            try:
                png = self.mask_png(threshold=None, gated=True)
            except ScanError:  # its problem says why
                png = None
            return png, self.info("")

    def mask_name(self, threshold: float | None, gated: bool) -> str:
        """What to call the file of `mask_png`: a mask that is not the operating point's says so.

        Such a name is no truth's (see `bcweb.page.pairing`).
        """
        marks, finding = "", self._finding
        if finding is not None:
            prediction, point = finding.prediction, finding.prediction.operating_point
            if threshold not in (None, point.mask_threshold):
                marks, gated = f"_t{threshold:g}", False
            if not gated and _under_gate(prediction):
                marks += "_no-gate"
        return text(f"{stem(self.name)}_mask{marks}.png")

    # --- inside

    def _modality(self) -> tuple[Modality, Literal["person", "file", "guess"]]:
        facts = self._facts
        if facts.said is not None:
            return facts.said, "file"
        return (self._chosen, "person") if self._chosen else (facts.guess, "guess")

    def _scan(self) -> Scan:
        facts = self._facts
        # Contiguous and in this machine's byte order, as the browser's little-endian bytes are not
        # everywhere.
        pixels = self._pixels.array().astype(
            np.uint8 if facts.depth == 8 else np.uint16, copy=False
        )
        modality = self._modality()[0]
        return Scan(
            pixels, facts.window, facts.spacing, modality, facts.notes, facts.cautions, facts.frames,
            facts.picture,
        )  # fmt: skip

    def _mask(self, threshold: float | None = None, gated: bool = True) -> np.ndarray:
        """(H, W) bool; threshold: None for the operating point's."""
        finding = self._finding
        prediction, point = finding.prediction, finding.prediction.operating_point
        if threshold is None:
            threshold = point.mask_threshold
        held_back = gated and threshold == point.mask_threshold and _under_gate(prediction)
        # The map is in steps of 1/255: this is the comparison that the viewer makes.
        level = 256 if held_back else np.ceil(threshold * 255 - 1e-9)
        return drop_small(finding.probability.array() >= level, point.min_lesion_fraction)

    def _segment(self) -> None:
        try:
            segmenter = self._segmenters.of(self._modality()[0])
            prediction = segmenter.segment(self._scan())
            known = segmenter.weights.seen
            seen = any(known(self._facts.digest, each) for each in self._facts.prints)
        except (ScanError, WeightsError) as error:
            self._problem = str(error)
            return
        self._problem = None
        self._finding = _Finding(
            dataclasses.replace(prediction, probability=None, mask=None),
            Packed(np.rint(prediction.probability * 255).astype(np.uint8)),
            seen,
            scans_of(segmenter.weights.config.trained_on),
        )
        self._score()

    def _read_pages(self) -> None:
        """All pages of what looks like a mask, whose truths they are together. With a picture among them it is none."""
        facts = self._facts
        self._pages = None
        if facts.frames == 1 or not facts.look.black_and_white or self._load_mask is None:
            return
        try:
            self._pages = _packed(self._load_mask())
        except ScanError:
            look = dataclasses.replace(facts.look, black_and_white=False)
            self._facts = dataclasses.replace(facts, look=look)

    def _read_truth(self, scan: Scan) -> None:
        """The truth beside a file on disk. One that does not fit is a note: the scan is still there."""
        try:
            parts = self._load_truth(scan)
        except ScanError as error:
            self._facts = dataclasses.replace(self._facts, notes=(*self._facts.notes, str(error)))
            return
        if parts:
            self._keep_truth([_Part(name, _packed(mask)) for name, mask in parts])

    def _give_truth(self, path: str, mask: np.ndarray, add: bool, again: bool = False) -> None:
        mask, note = fit_mask(mask, self._scan())
        self._load_truth = None  # nor is this one that on the disk any more
        part = _Part(path, _packed(mask), note or "")
        before = self._truth.parts if self._truth else ()
        others = [one for one in before if not one.is_same_file(part)]  # which was corrected
        stay = add or (again and 0 < len(others) < len(before))
        self._keep_truth([*(others if stay else ()), part])

    def _keep_truth(self, parts: Sequence[_Part]) -> None:
        self._truths += 1
        whole = parts[0].packed
        if len(parts) > 1:
            whole = Packed(np.bitwise_or.reduce([part.packed.array() for part in parts]))
        self._truth = _Truth(self._truths, whole, tuple(parts))
        self._score()

    def _score(self) -> None:
        truth, finding = self._truth, self._finding
        if truth is None or finding is None:
            self._scored = None
            return
        scores = score_case(self._mask(), truth.packed.array() > 0, self._facts.spacing)
        self._scored = truth, finding, scores


def _packed(mask: np.ndarray) -> Packed:
    return Packed(mask.astype(np.uint8) * 255)


def _under_gate(prediction: Prediction) -> bool:
    gate = prediction.operating_point.presence_gate
    return prediction.presence is not None and gate is not None and prediction.presence < gate


def _facts(scan: Scan) -> _Facts:
    return _Facts(
        scan.height, scan.width, Look.of(scan.pixels), scan.pixels.dtype.itemsize * 8,
        scan.window, scan.spacing, scan.modality, scan.modality or guess_modality(scan), scan.notes,
        scan.cautions, scan.digest, prints_of(scan), scan.frames, scan.picture,
    )  # fmt: skip


def _never() -> Scan:
    raise AssertionError("An upload's pixels are never released.")


def _thumbnail(scan: Scan) -> bytes:
    # Whole pixels first: the window of a 17-megapixel scan need not be applied to all of them.
    step = max(1, max(scan.pixels.shape) // (4 * THUMBNAIL))
    small = Scan(np.ascontiguousarray(scan.pixels[::step, ::step]), scan.window).unit()
    image = Image.fromarray((small * 255).astype(np.uint8))
    image.thumbnail((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX)
    file = BytesIO()
    image.save(file, "PNG", compress_level=4)
    return file.getvalue()
