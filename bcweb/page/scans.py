"""/bc/scans and what goes with it: what a visitor has open on the Scan tab, and no other visitor's.

The model runs in the POST itself, not in a Gradio event. From file to drawn mask a request of our own
took 86-106 ms, the way through Gradio's queue 205-358 (600x500, model excluded), the bytes never touch
the disk, and there is no endpoint that a stranger could call with somebody else's id. What the queue
would add is here too: `_DESKS` bounds how many scans are worked on at once, the others wait their turn
and the page shows so, and a scan that fails fails alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import PurePosixPath
from typing import TypeVar
from urllib.parse import quote, unquote

import anyio.to_thread
import numpy as np
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from bcweb.cases import read_mask
from bcweb.cases.looks import alike, scan_of
from bcweb.cores import core_count
from bcweb.names import visible
from bcweb.page.answers import answer, body, fields, number_of, owner_of, private
from bcweb.page.desks import Desks
from bcweb.page.folder import FolderError, Listed, list_folder
from bcweb.page.held import FileState, Held
from bcweb.page.masks_zip import MasksZip
from bcweb.page.packed import Packed
from bcweb.page.pairing import Pair, pair
from bcweb.page.parcels import Parcels
from bcweb.page.segmenters import Segmenters
from bcweb.page.settings import MB, Settings
from bcweb.page.store import Forgotten, Store, StoreFull
from bcweb.phantoms import Phantom
from bcweb.samples import SAMPLES, Sample
from bcweb.scans import MODALITIES, Modality, Scan, ScanError, read_scan

_DESKS = max(2, min(4, core_count()))
_MOST_NAMES = 20_000

R = TypeVar("R")


class Scans:
    """The routes of the Scan tab. parcels: what a visitor handed in over the API, to be dropped with the scans."""

    def __init__(
        self,
        settings: Settings,
        segmenters: Segmenters,
        store: Store[Held],
        parcels: Sequence[Parcels],
    ):
        self.settings, self.segmenters, self.store = settings, segmenters, store
        self.parcels = parcels
        self._desks = Desks(_DESKS)
        self._listing = threading.Lock()

    def routes(self) -> list[Route]:
        one = "/scans/{id}"
        return [
            Route("/session", self.session, methods=["GET"]),
            Route("/session", self.forget, methods=["DELETE"]),
            Route("/line", self.line, methods=["GET"]),
            Route("/pair", self.pair, methods=["POST"]),
            Route("/truths", self.find_truths, methods=["POST"]),
            Route("/masks", self.masks, methods=["POST"]),
            Route("/folder", self.folder, methods=["POST"]),
            Route("/samples/{name}", self.sample, methods=["POST"]),
            Route("/scans", self.scans, methods=["GET"]),
            Route("/scans", self.upload, methods=["POST"]),
            Route("/scans", self.remove_many, methods=["DELETE"]),
            Route(one, self.open, methods=["GET"]),
            Route(one, self.remove, methods=["DELETE"]),
            Route(one + "/modality", self.set_modality, methods=["PUT"]),
            Route(one + "/prediction", self.segment_again, methods=["PUT"]),
            Route(one + "/truth", self.set_truth, methods=["PUT", "POST"]),
            Route(one + "/truth", self.drop_truth, methods=["DELETE"]),
            Route(one + "/truth", self.truth, methods=["GET"]),
            Route(one + "/pixels", self.pixels),
            Route(one + "/probability", self.probability),
            Route(one + "/thumbnail", self.thumbnail),
            Route(one + "/mask.png", self.mask),
        ]

    # --- lists

    async def session(self, request: Request) -> Response:
        """What the page starts from, in one answer."""
        return answer(
            {
                "scans": self._infos(request),
                "samples": [
                    {"name": s.name, "description": s.description, "modality": s.modality}
                    for s in SAMPLES
                ],
                "modalities": list(MODALITIES),
                "weights": {modality: self._weights(modality) for modality in MODALITIES},
                "folders": self.settings.local,
                "may_switch": self.settings.local,
                "upload_bytes": self.settings.upload_bytes,
                "at_once": max(3, _DESKS),  # one uploads while others are segmented
            }
        )

    async def forget(self, request: Request) -> Response:
        """Drop all scans of the visitor at once, and what they handed in over the API."""
        owner = owner_of(request)
        for parcels in self.parcels:
            parcels.forget(owner)
        return answer({"removed": self.store.forget(owner)})

    async def line(self, request: Request) -> Response:
        """{"before"}: how many scans of others are worked on before the visitor's own that wait."""
        return answer({"before": self._desks.before(owner_of(request))})

    async def scans(self, request: Request) -> Response:
        return answer(self._infos(request))

    async def pair(self, request: Request) -> Response:
        """For each of {"names"}: {"part": "scan"|"truth", "adds", "held": id} or {"new": place}, and "among": the
        names of the scans that a truth may be of, where it is not told of which.
        """
        owner = owner_of(request)
        names = (await fields(request, 4 * MB)).get("names")
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise HTTPException(400, "Names are a list of texts.")
        if len(names) > _MOST_NAMES:
            raise HTTPException(
                400, f"These are more than {_MOST_NAMES:,} files: drop fewer at once."
            )
        return await self._at_desk(request, lambda: answer(self._pairs(owner, names)))

    def _pairs(self, owner: str, names: list[str]) -> list[dict]:
        held = self.store.all_of(owner)
        paths = [*(item.path for item in held.values()), *map(_readable, names)]
        ids, places = dict(enumerate(held)), {len(held) + n: n for n in range(len(names))}
        return [
            {
                "part": told.part,
                "adds": told.adds,
                "held": ids.get(told.scan),
                "new": places.get(told.scan),
                "among": [PurePosixPath(paths[scan]).name for scan in told.among],
            }
            for told in (
                _of_one_drop(told, len(held)) for told in pair(paths, len(held))[len(held) :]
            )
        ]

    async def find_truths(self, request: Request) -> Response:
        """Of the visitor's scans of {"ids"}, those that by their look are truths of others become these, and are
        scans no more: [{"truth": id, "scan": its scan}].
        """
        owner = owner_of(request)
        ids = set(await _ids(request, 4 * MB))
        held = {id: item for id, item in self.store.all_of(owner).items() if id in ids}
        found = await self._at_desk(request, lambda: list(self._truths(owner, held)))
        return answer([{"truth": id, "scan": held[scan].info(scan)} for id, scan in found])

    def _truths(self, owner: str, held: dict[str, Held]) -> Iterator[tuple[str, str]]:
        ids, items = list(held), list(held.values())
        for place, among in enumerate(alike([item.path for item in items])):
            mask = items[place]
            if len(among) == 1 or not mask.black_and_white or mask.truth() is not None:
                continue
            scan = _scan_of([items[one] for one in among], among.index(place))
            if scan is None:
                continue
            scan = among[scan]
            try:
                items[scan].take_truth(mask)
            except ScanError:  # its file went away: its own row says so
                continue
            self.store.remove(owner, ids[place])  # not before: it is kept until its scan has it
            yield ids[place], ids[scan]

    async def masks(self, request: Request) -> Response:
        """The masks of the visitor's scans of {"ids"} at the operating point, and a table of them, as a ZIP file;
        those that are gone already are not in it. X-Scans: of how many scans it tells. X-Masks: how many masks it holds.
        """
        owner = owner_of(request)
        ids, held = await _ids(request, 4 * MB), self.store.all_of(owner)
        scans = [held[id] for id in dict.fromkeys(ids) if id in held]
        if not scans:
            raise HTTPException(404, "None of these scans is here any more: open them again.")
        made = MasksZip(scans)
        for scan in scans:  # one by one, so that nobody else waits for all of them
            if await request.is_disconnected():
                raise ClientDisconnect
            await self._at_desk(request, partial(made.add, scan))
        counted = {"X-Scans": str(len(scans)), "X-Masks": str(made.masks)}
        return private(Response(made.done(), headers=counted, media_type="application/zip"))

    async def folder(self, request: Request) -> Response:
        """List a folder of this machine's disk: only where nobody but its user can ask.

        A scan that is listed already keeps its id unless its file, or its truths' files, are others by now: then
        it gets a new one, and all that was read from the old files is forgotten.
        "alone": the names of masks whose scan is not in it. "unclear": of those that may be of several scans.
        """
        if not self.settings.local:
            raise HTTPException(404, "There is nothing here.")
        owner = owner_of(request)
        visit = self.store.visit(owner)
        path = (await fields(request)).get("path")

        def listing() -> Response:
            listed, alone, unclear = _list(str(path or ""))
            with self._listing:  # or of two that list one folder at once each would add all of it
                ids = self._taken_in(owner, visit, listed)
            items = self.store.all_of(owner)
            scans = [items[id].info(id) for id in ids if id in items]
            return answer({"scans": scans, "alone": alone, "unclear": unclear}, 201)

        try:
            return await self._at_desk(request, listing)
        except (FolderError, OSError) as error:
            raise HTTPException(400, str(error)) from None

    def _taken_in(
        self, owner: str, visit: int, listed: Sequence[tuple[Listed, tuple[FileState, ...]]]
    ) -> list[str]:
        """The ids of the scans of a folder, of those that are not there yet new ones."""
        known = {
            held.path: (id, held)
            for id, held in self.store.all_of(owner).items()
            if held.kind == "file"
        }
        ids, new = [], []
        for scan, files in listed:
            id, before = known.get(str(scan.file), (None, None))
            if before is not None and before.files != files:
                self.store.remove(owner, id)
                id = None
            if id is None:
                # The person's word stays: a mask more is no reason to ask again.
                modality = before.chosen if before is not None else None
                new.append(_on_disk(scan, files, self.segmenters, modality))
            ids.append(id)
        added = iter(self.store.add_all(owner, new, visit))
        return [id or next(added) for id in ids]

    # --- one scan

    async def upload(self, request: Request) -> Response:
        visit = self.store.visit(owner_of(request))
        name = _file_name(request)
        modality = request.headers.get("x-modality") or None
        if modality is not None and modality not in MODALITIES:
            raise HTTPException(400, f"A modality is {' or '.join(MODALITIES)}, not {modality}.")
        data = await body(request, self.settings.upload_bytes, name)

        held = Held(
            name, "upload", lambda: read_scan(data), self.segmenters, modality,
            load_mask=lambda: read_mask(data),
        )  # fmt: skip
        return await self._opened(request, visit, held)

    async def sample(self, request: Request) -> Response:
        visit = self.store.visit(owner_of(request))
        name = request.path_params["name"]
        sample = next((sample for sample in SAMPLES if sample.name == name), None)
        if sample is None:
            raise HTTPException(404, "There is no such sample.")
        return await self._opened(request, visit, _generated(sample, self.segmenters))

    async def _opened(self, request: Request, visit: int, held: Held) -> Response:
        """A scan that is new, opened before it is stored: what cannot be read is not kept. visit: it was begun in."""
        owner = owner_of(request)

        def take() -> str:
            held.read()
            # Its map takes a byte a pixel too. Where there is no room for both, nobody segments it in vain.
            self.store.want(owner, held.nbytes + held.mask_nbytes)
            held.open()
            return self.store.add(owner, held, visit)

        id = await self._at_desk(request, take)
        return answer(held.info(id), 201)

    async def open(self, request: Request) -> Response:
        id, held = self._held(request)
        await self._at_desk(request, held.open)
        return answer(held.info(id))

    async def remove(self, request: Request) -> Response:
        self._held(request)
        self.store.remove(owner_of(request), request.path_params["id"])
        return answer({})

    async def remove_many(self, request: Request) -> Response:
        """Remove the visitor's scans of {"ids"}; those that are gone already are no failure."""
        owner = owner_of(request)
        ids = await _ids(request)
        return answer({"removed": sum(self.store.remove(owner, id) for id in ids)})

    async def set_modality(self, request: Request) -> Response:
        id, held = self._held(request)
        modality = (await fields(request)).get("modality")
        if modality not in MODALITIES:
            raise HTTPException(400, f"A modality is {' or '.join(MODALITIES)}.")
        await self._at_desk(request, lambda: held.set_modality(modality))
        return answer(held.info(id))

    async def segment_again(self, request: Request) -> Response:
        """With the weights that are in use now: others may have been when the scan was opened."""
        id, held = self._held(request)
        await self._at_desk(request, held.segment_again)
        return answer(held.info(id))

    async def set_truth(self, request: Request) -> Response:
        """PUT: this mask is the truth, with ?again in the place of the part that it was. POST: one more part of it."""
        id, held = self._held(request)
        name = _file_name(request)
        data = await body(request, self.settings.upload_bytes, name)
        add, again = request.method == "POST", "again" in request.query_params

        def take() -> None:
            held.read()
            masks = 2 if add or again else 1  # a part, and all of them together
            self.store.want(owner_of(request), masks * held.mask_nbytes)  # it is never released
            held.set_truth(name, data, add, again)

        await self._at_desk(request, take)
        return answer(held.info(id))

    async def drop_truth(self, request: Request) -> Response:
        id, held = self._held(request)
        await self._at_desk(request, held.drop_truth)
        return answer(held.info(id))

    # --- its pictures

    async def pixels(self, request: Request) -> Response:
        return await self._array(request, lambda held: held.pixels)

    async def probability(self, request: Request) -> Response:
        """?of=REVISION: only if these weights made it, as the page has it from the scan's description."""
        of = request.query_params.get("of")
        return await self._array(request, lambda held: held.probability(of))

    async def truth(self, request: Request) -> Response:
        """?of=NUMBER: only if it is this one, as the page has it from the scan's description."""
        of = request.query_params.get("of")
        number = None if of is None else number_of(of)
        return await self._array(request, lambda held: held.truth(number))

    async def thumbnail(self, request: Request) -> Response:
        _, held = self._held(request)
        return private(
            Response(await self._at_desk(request, held.thumbnail), media_type="image/png")
        )

    async def mask(self, request: Request) -> Response:
        _, held = self._held(request)
        asked = request.query_params
        try:
            threshold = float(asked["threshold"]) if "threshold" in asked else None
        except ValueError:
            threshold = float("nan")
        if threshold is not None and not 0 <= threshold <= 1:
            raise HTTPException(400, "A threshold is a number from 0 to 1.")
        gated = asked.get("gated", "true") != "false"
        png = await self._at_desk(request, lambda: held.mask_png(threshold, gated, asked.get("of")))
        if png is None:
            raise HTTPException(404, "This scan has no prediction.")
        name = f"attachment; filename*=UTF-8''{quote(held.mask_name(threshold, gated))}"
        headers = {"Content-Disposition": name}
        return private(Response(png, media_type="image/png", headers=headers))

    # --- shared

    def _held(self, request: Request) -> tuple[str, Held]:
        """The visitor's own scan of the id in the path; to all others it does not exist."""
        id = request.path_params["id"]
        held = self.store.get(owner_of(request), id)
        if held is None:
            raise HTTPException(404, "This scan is not here any more: open it again.")
        return id, held

    def _weights(self, modality: Modality) -> dict[str, str | None]:
        in_use = self.segmenters.now(modality)
        if in_use is None:
            return {"revision": None, "notice": None}
        return {"revision": in_use.segmenter.weights.revision, "notice": in_use.notice}

    def _infos(self, request: Request) -> list[dict]:
        return [held.info(id) for id, held in self.store.all_of(owner_of(request)).items()]

    async def _array(self, request: Request, get: Callable[[Held], Packed | None]) -> Response:
        _, held = self._held(request)

        def opened() -> Packed | None:
            held.open()
            return get(held)

        # What was released to make room is opened again, and may be released before this is sent.
        packed = get(held) or await self._at_desk(request, opened)
        if packed is None:
            raise HTTPException(404, "This scan has none, or another by now.")
        wait = not self.settings.local
        body, headers = await anyio.to_thread.run_sync(lambda: packed.body(wait))
        return private(Response(body, headers=headers, media_type="application/octet-stream"))

    async def _at_desk(self, request: Request, work: Callable[[], R]) -> R:
        """Do what takes long in a thread, a few at a time, and make room for what it opened; a bad file, or too little
        room, becomes its sentence.
        """
        owner = owner_of(request)

        def within_room() -> R:
            try:
                return work()
            finally:
                self.store.make_room(owner)

        try:
            return await self._desks.work(owner, within_room)
        except ScanError as error:
            raise HTTPException(400, str(error)) from None
        except StoreFull as error:
            raise HTTPException(507, str(error)) from None
        except Forgotten as error:
            raise HTTPException(410, str(error)) from None


@cache
def phantom_of(sample: Sample) -> Phantom:
    """A sample's pixels, made once for all visitors."""
    return sample.phantom()


def _generated(sample: Sample, segmenters: Segmenters) -> Held:
    def load_truth(scan: Scan) -> list[tuple[str, np.ndarray]]:
        return [("generated with the scan", phantom_of(sample).truth)]

    return Held(
        sample.name, "generated", lambda: phantom_of(sample).scan, segmenters, None, load_truth
    )


def _on_disk(
    scan: Listed, files: tuple[FileState, ...], segmenters: Segmenters, modality: Modality | None
) -> Held:
    load_truth = scan.load_truth if scan.truths else None
    return Held(
        str(scan.file), "file", partial(read_scan, scan.file), segmenters, modality, load_truth,
        files, partial(read_mask, scan.file),
    )  # fmt: skip


def _list(path: str) -> tuple[list[tuple[Listed, tuple[FileState, ...]]], list[str], list[str]]:
    """`list_folder`, each scan with the state of its files: before any is read, so that none changes unseen."""
    listed, alone, unclear = list_folder(path)
    states = [tuple(map(FileState.of, (scan.file, *scan.truths))) for scan in listed]
    return list(zip(listed, states, strict=True)), alone, unclear


async def _ids(request: Request, limit: int = MB) -> list[str]:
    ids = (await fields(request, limit)).get("ids")
    if not isinstance(ids, list) or not all(isinstance(id, str) for id in ids):
        raise HTTPException(400, "Ids are a list of texts.")
    return ids


def _scan_of(items: Sequence[Held], mask: int) -> int | None:
    return scan_of([item.path for item in items], mask, lambda at: items[at].look())


def _file_name(request: Request) -> str:
    return _readable(unquote(request.headers.get("x-file-name", "")))


def _of_one_drop(told: Pair, held: int) -> Pair:
    """Of the scans that a truth may be of, that which came with it, where one did. held: how many were there."""
    came = [scan for scan in told.among if scan >= held]
    return replace(told, scan=came[0], among=()) if len(came) == 1 else told


def _readable(path: str) -> str:
    """A file's path as it came, without what nobody can see in it; spaces of every kind stay.

    Of a scan and of what is to be paired with it alike, or their names would part.
    """
    return visible(path.replace("\\", "/").strip("/"))[-400:] or "scan"
