"""/segment and /compare: the page's work for programs, through Gradio's queue (see docs/api.md)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import FileData

from bcweb.page.guard import visitor
from bcweb.page.held import Held
from bcweb.page.parcels import Parcels
from bcweb.page.segmenters import Segmenters
from bcweb.page.store import StoreFull
from bcweb.scans import MODALITIES, Modality, ScanError, read_scan

_log = logging.getLogger(__name__)
_AT_ONCE = 2
_GROUP = "segment"  # both endpoints wait in one line
_TOLD = (
    "width", "height", "spacing", "modality", "modality_source", "presence", "lesions", "looked_at",
    "revision", "seen", "notes",
)  # fmt: skip


class Endpoints:
    """Both take files that were uploaded by the same caller, and each of them once."""

    def __init__(self, segmenters: Segmenters, uploads: Parcels, masks: Parcels):
        self.segmenters, self.uploads, self.masks = segmenters, uploads, masks
        self._masks_place = ""

    def build(self, demo: gr.Blocks) -> dict[str | int, tuple[str, ...] | None]:
        """Add them to the page; what may be called of it then, see `bcweb.page.counter.Counter`."""
        # Gradio hands out files of this folder only; nothing is written there.
        self._masks_place = Path(demo.GRADIO_CACHE).as_posix()

        def segment(
            scan: FileData, modality: Modality | None = None, request: gr.Request | None = None
        ) -> dict:
            """Segment one uploaded scan: modality, presence, lesions, mask, and the weights that drew it."""
            return _told(lambda: self._answer(self._open(scan, modality, request), request))

        def compare(
            scan: FileData,
            truth: FileData,
            modality: Modality | None = None,
            request: gr.Request | None = None,
        ) -> dict:
            """Segment one uploaded scan and score the mask against an uploaded truth."""

            def work() -> dict[str, Any]:
                data = self._take(truth, request, "truth")
                held = self._open(scan, modality, request)
                held.set_truth("truth", data, add=False)
                told = self._answer(held, request)
                return told | {"scores": held.info("")["scores"]}

            return _told(work)

        for function in (segment, compare):
            gr.api(
                function,
                api_name=function.__name__,
                concurrency_limit=_AT_ONCE,
                concurrency_id=_GROUP,
            )
        takes = {"segment": ("scan", "modality"), "compare": ("scan", "truth", "modality")}
        return takes | {number: takes.get(one.api_name) for number, one in demo.fns.items()}

    def _take(self, file: Any, request: gr.Request | None, what: str) -> bytes:
        name = file.get("path") if isinstance(file, dict) else None
        data = self.uploads.take(_asking(request), name) if isinstance(name, str) else None
        if data is None:
            raise ScanError(
                f"The {what} must be a file that you uploaded for this call: it is not here."
            )
        return data

    def _open(self, scan: Any, modality: Any, request: gr.Request | None) -> Held:
        data = self._take(scan, request, "scan")
        if modality not in (None, *MODALITIES):
            raise ScanError(f"A modality is {' or '.join(MODALITIES)}.")
        held = Held("scan", "upload", lambda: read_scan(data), self.segmenters)
        if modality is None:
            held.open()
        else:
            held.set_modality(modality)
        return held

    def _answer(self, held: Held, request: gr.Request | None) -> dict[str, Any]:
        told = held.info("")
        if not told["segmented"]:
            raise ScanError(told["problem"])
        name = self.masks.put(_asking(request), held.mask_png(None, True))
        return {key: told[key] for key in _TOLD} | {
            "operating_point": {
                "mask_threshold": told["threshold"],
                "presence_gate": told["gate"],
                "min_lesion_px": told["min_lesion_px"],
            },
            "mask": {
                "path": f"{self._masks_place}/{name}/mask.png",
                "orig_name": "mask.png",
                "mime_type": "image/png",
                "meta": {"_type": "gradio.FileData"},
            },
        }


def _asking(request: gr.Request | None) -> str | None:
    return visitor(request.request.scope) if request is not None and request.request else None


def _told(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What the work gives; whatever is wrong becomes one sentence for the caller."""
    try:
        return work()
    except (ScanError, StoreFull) as error:
        sentence = str(error)
    except Exception:
        _log.exception("A call of the API failed")
        sentence = "Something went wrong on the server; its log says what."
    raise gr.Error(sentence, print_exception=False)
