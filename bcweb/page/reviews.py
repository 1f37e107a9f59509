"""/bc/review: projects and their queues, cases, drafts and verdicts.

Every route looks in the asking reader's own projects: what is another's does not exist.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import anyio.to_thread
import numpy as np
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from bcweb.cases import KINDS, CasesError, parse_spec
from bcweb.page import blinded, told
from bcweb.page.answers import Refusal, answer, body, fields, id_of, json_of, private
from bcweb.page.decoded import Decoded
from bcweb.page.exports import Exports
from bcweb.page.imports import Imports
from bcweb.page.named import on_the_hub
from bcweb.page.packed import Packed
from bcweb.page.readers import Reader, reader_of
from bcweb.page.settings import MB, Settings
from bcweb.page.wire import WireError, unpack
from bcweb.page.workspace import Workspace
from bcweb.paths import pasted
from bcweb.review.records import (
    BEGINNINGS,
    CaseRow,
    Draft,
    NewVerdict,
    NotThere,
    Prediction,
    ReviewError,
    Verdict,
)
from bcweb.scans import ScanError, read_scan

if TYPE_CHECKING:
    from bcweb.review.store import Store

# A bit for each pixel of the largest scan that is read, should gzip save nothing.
_MASK_BYTES = 9 * MB
# What is said besides: its longest texts take less, though each of their letters were escaped.
_SAID_BYTES = MB // 16
_LONGEST_COMMENT = 2000

V = TypeVar("V")


class Reviews:
    """The routes of the Review tab."""

    def __init__(self, settings: Settings, workspace: Workspace, imports: Imports):
        self.settings, self.workspace, self.imports = settings, workspace, imports
        self.exports = Exports()
        self._decoded = Decoded()

    def routes(self) -> list[Route]:
        projects, case = "/review/projects", "/review/cases/{id}"
        project = projects + "/{id}"
        return [
            Route("/review/session", self.session),
            Route(projects, self.create, methods=["POST"]),
            Route(project, self.project, methods=["GET"]),
            Route(project, self.remove, methods=["DELETE"]),
            Route(project + "/cancel", self.cancel, methods=["POST"]),
            Route(project + "/resume", self.resume, methods=["POST"]),
            Route(project + "/queue", self.queue),
            Route(project + "/exports", self.export, methods=["POST"]),
            Route("/review/exports/{id}", self.exported, methods=["GET"]),
            Route("/review/exports/{id}", self.stop_export, methods=["DELETE"]),
            Route("/review/exports/{id}/file", self.export_file),
            Route(case, self.case),
            Route(case + "/pixels", self.pixels),
            Route(case + "/probability", self.probability),
            Route(case + "/truth", self.truth),
            Route(case + "/thumbnail", self.thumbnail),
            Route(case + "/mask", self.mask),
            Route(case + "/draft", self.keep_draft, methods=["PUT"]),
            Route(case + "/draft", self.drop_draft, methods=["DELETE"]),
            Route(case + "/verdicts", self.history, methods=["GET"]),
            Route(case + "/verdicts", self.decide, methods=["POST"]),
            Route("/review/verdicts/{id}/undo", self.undo, methods=["POST"]),
        ]

    # --- projects

    async def session(self, request: Request) -> Response:
        """{"reader", "may", "why", "projects", ...}: may: begin and remove projects, write to folders."""
        from bcweb.review.export import FORMATS

        reader = reader_of(request)
        projects = await self.workspace.ask(lambda store: self._all(store, reader))
        formats = [{"format": n, "title": f.title, "words": f.words} for n, f in FORMATS.items()]
        return answer(
            {
                "reader": reader.name,
                "owner": reader.owner,
                "may": reader.is_host,
                "why": None if reader.is_host else _ONLY_HOST,
                "projects": projects,
                "kinds": list(KINDS),
                "formats": formats,
            }
        )

    async def create(self, request: Request) -> Response:
        """{"name", "data": [KIND:PATH], "weights"?}: begin a project, and import into it meanwhile."""
        reader = self._may(request)
        given = await fields(request)
        name, data, weights = (given.get(key) for key in ("name", "data", "weights"))
        if not isinstance(name, str) or not name.strip():
            raise HTTPException(400, "A project has a name.")
        if not (isinstance(data, list) and data and all(isinstance(one, str) for one in data)):
            raise HTTPException(400, "Name at least one data set as KIND:PATH.")
        if not isinstance(weights, str | None):
            raise HTTPException(400, "Weights are named by a text.")
        if self.workspace.is_incomplete():
            # It would take the numbers of what comes back, which open pages go by.
            raise Refusal(
                503, "The backup is still being read: begin a project after that.", again=True
            )
        # On the disk of a server that is away this takes long, or for ever: in a thread, and in none of the workspace's,
        # so that verdicts are saved meanwhile.
        data, weights = await anyio.to_thread.run_sync(self._named, data, weights or "")

        def work(store):
            begun = self.imports.begin(store, reader.owner, name.strip(), data, weights or None)
            return self._one(store, reader.owner, begun.id)

        return answer(await self.workspace.ask(work), 201)

    async def project(self, request: Request) -> Response:
        """The project with its counts, and how far its import is."""
        reader, id = reader_of(request), id_of(request)

        def work(store):
            counts = store.counts(reader.owner, id, reader.name if reader.is_blinded else None)
            return self._one(store, reader.owner, id) | {"counts": counts, "read": counts["read"]}

        return answer(await self.workspace.ask(work))

    async def remove(self, request: Request) -> Response:
        reader, id = self._may(request), id_of(request)

        def work(store):
            store.project(reader.owner, id)
            self.imports.cancel(id)
            store.delete(reader.owner, id)

        await self.workspace.ask(work)
        return answer({})

    async def cancel(self, request: Request) -> Response:
        reader, id = self._may(request), id_of(request)

        def work(store):
            store.project(reader.owner, id)
            self.imports.cancel(id)
            return self._one(store, reader.owner, id)

        return answer(await self.workspace.ask(work))

    async def resume(self, request: Request) -> Response:
        reader, id = self._may(request), id_of(request)
        if self.workspace.is_incomplete():
            # As with a new project.
            raise Refusal(503, "The backup is still being read: import after that.", again=True)

        def work(store):
            self.imports.resume(store, store.project(reader.owner, id))
            return self._one(store, reader.owner, id)

        return answer(await self.workspace.ask(work))

    async def queue(self, request: Request) -> Response:
        """?order=&label=&decision=&text=&low=&high=&seed=: all rows at once, as arrays. An empty label is none."""
        reader, id = reader_of(request), id_of(request)
        asked = request.query_params
        order: Any = asked.get("order") or "worst"
        wanted: dict[str, Any] = {
            "label": asked.get("label"),
            "decision": asked.get("decision") or None,
            "text": asked.get("text", ""),
            "dice": (_number(asked.get("low")), _number(asked.get("high"))),
            "seed": _whole(asked.get("seed")) or 0,
            "reader": reader.name,
            "blinded": reader.is_blinded,
        }
        rows = await self.workspace.ask(
            lambda store: told.queue(store.queue(reader.owner, id, order, **wanted))
        )
        return private(Response(rows, media_type="application/json"))

    # --- out of it

    async def export(self, request: Request) -> Response:
        """{"format", "folder"?, "include"?, "reader"?}: begin to write masks and verdicts out; a folder only of this
        machine's user. include: the decisions whose masks are wanted, a list; without it all. reader: whose verdicts;
        without it those that stand. A blinded reader has their own."""
        reader, id = reader_of(request), id_of(request)
        given = await fields(request)
        format, folder, include = given.get("format"), given.get("folder"), given.get("include")
        if folder is not None and not (self.settings.local and isinstance(folder, str)):
            raise HTTPException(404, "There is nothing here.")
        if include is not None and not isinstance(include, list):
            raise HTTPException(400, "What an export includes is a list of decisions.")
        whose = reader.name if reader.is_blinded else given.get("reader")
        if not isinstance(whose, str | None):
            raise HTTPException(400, "A reader is named by a text.")

        def work(store):
            project = store.project(reader.owner, id)
            if reader.is_blinded and not store.read_by(reader.owner, id, reader.name):
                # The export would name those who have.
                raise ReviewError(f"You have decided nothing in {project.name} yet.")
            begun = self.exports.begin(
                store, reader.owner, project, str(format), folder, include, whose
            )
            return self.exports.told(reader.owner, begun)

        return answer(await self.workspace.ask(work), 201)

    async def exported(self, request: Request) -> Response:
        """How far it is, and in the end what came out."""
        reader, id = reader_of(request), request.path_params["id"]
        return answer(await self.workspace.ask(lambda store: self.exports.told(reader.owner, id)))

    async def stop_export(self, request: Request) -> Response:
        reader, id = reader_of(request), request.path_params["id"]
        await self.workspace.ask(lambda store: self.exports.stop(reader.owner, id))
        return answer({})

    async def export_file(self, request: Request) -> Response:
        reader, id = reader_of(request), request.path_params["id"]
        file, name = await self.workspace.ask(lambda store: self.exports.file(reader.owner, id))
        headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
        return private(FileResponse(file, media_type="application/zip", headers=headers))

    # --- one case

    async def case(self, request: Request) -> Response:
        """What the viewer and the panel beside it show; "verdict" is the one that stands.

        ?of=REVISION: with the prediction by these weights, where there is one. ?rather=REVISION, also of several: too,
        if the reader has begun with no other's and accepted none. Else with the newest. "revisions": whose predictions
        there are, the newest first.
        """
        reader, id, asked = reader_of(request), id_of(request), request.query_params

        def work(store):
            row = store.case(reader.owner, id)
            history = blinded.history(store, reader, id) if row.latest_id is not None else []
            beside, count = store.same_group(reader.owner, id)
            if reader.is_blinded:
                row = blinded.case(row, history, reader)
                beside = [blinded.beside(store, reader, one) for one in beside]
            stands = next((one for one in history if one.id == row.verdict_id), None)
            draft = store.draft(reader.owner, reader.name, id)
            made = store.predictions_of(reader.owner, id)
            shown = _in_view(made, asked, draft, stands)
            return told.case(row, shown, self.settings.local) | {
                "revisions": list(reversed(made)),
                "verdict": told.verdict(stands) if stands else None,
                "draft": told.draft(draft),
                "history": len(history),
                **told.same_group(beside, count),
            }

        return answer(await self.workspace.ask(work))

    async def pixels(self, request: Request) -> Response:
        reader, id = reader_of(request), id_of(request)
        return await self._array(
            lambda store: self._pixels(store.case(reader.owner, id)),
        )

    async def probability(self, request: Request) -> Response:
        """?of=REVISION: of these weights, as the page has it from the case's description."""
        reader, id, of = reader_of(request), id_of(request), request.query_params.get("of")

        def work(store):
            found = store.prediction(reader.owner, id, of)
            if found is None:
                raise NotThere("This case has no such prediction.")
            return self._decoded.get(found.map_file, lambda: Packed(store.map(found)))

        return await self._array(work)

    async def truth(self, request: Request) -> Response:
        reader, id = reader_of(request), id_of(request)

        def work(store):
            truth = store.truth(reader.owner, id)
            if truth is None:
                raise NotThere("This case has no truth.")
            return Packed(truth.astype(np.uint8) * 255)

        return await self._array(work)

    async def thumbnail(self, request: Request) -> Response:
        reader, id = reader_of(request), id_of(request)
        picture = await self.workspace.ask(lambda store: store.thumbnail(reader.owner, id))
        return private(Response(picture, media_type="image/webp"))

    async def mask(self, request: Request) -> Response:
        """?of=draft, or of the id of a verdict."""
        reader, id, of = reader_of(request), id_of(request), request.query_params.get("of", "")

        def work(store):
            row = store.case(reader.owner, id)
            if of == "draft":
                kept = store.draft(reader.owner, reader.name, id)
            else:
                kept = next(
                    (v for v in blinded.history(store, reader, id) if str(v.id) == of), None
                )
            if kept is None or kept.mask_file is None:
                raise NotThere("There is no such mask.")
            return Packed(store.mask(row.project_id, kept.mask_file).astype(np.uint8) * 255)

        return await self._array(work)

    # --- what the reader says of it

    async def keep_draft(self, request: Request) -> Response:
        """?case=&beginning=&threshold=&revision=&after=&strokes=, the mask as `bcweb.page.wire` has it."""
        reader, id = reader_of(request), id_of(request)
        asked = request.query_params
        data = await body(request, _MASK_BYTES, "The mask")
        beginning: Any = _one_of(asked.get("beginning") or None, BEGINNINGS)
        threshold, after = _number(asked.get("threshold")), _whole(asked.get("after"))
        strokes = _whole(asked.get("strokes")) or 0
        revision = _maybe(asked.get("revision"), 200, "A revision")
        case = _maybe(asked.get("case"), 1000, "A case")

        def work(store):
            row = _seen(store.case(reader.owner, id), case)
            mask = _unpacked(data, row)
            return store.save_draft(
                reader.owner, reader.name, id, mask, beginning, threshold, after, strokes, revision
            )

        return answer(told.draft(await self.workspace.ask(work)))

    async def drop_draft(self, request: Request) -> Response:
        reader, id = reader_of(request), id_of(request)
        await self.workspace.ask(lambda store: store.drop_draft(reader.owner, reader.name, id))
        return answer({})

    async def history(self, request: Request) -> Response:
        """All verdicts of the case that the reader may know, the oldest first."""
        reader, id = reader_of(request), id_of(request)
        verdicts = await self.workspace.ask(lambda store: blinded.history(store, reader, id))
        return answer([told.verdict(verdict) for verdict in verdicts])

    async def decide(self, request: Request) -> Response:
        """The verdict as a line of JSON, then its mask, where it has one. It is on disk when this answers."""
        reader, id = reader_of(request), id_of(request)
        sent = await body(request, _SAID_BYTES + _MASK_BYTES, "The verdict")
        said, _, data = sent.partition(b"\n")
        given = _verdict(said)
        case, revision = given.pop("case"), given.pop("revision")

        def work(store):
            row = _seen(store.case(reader.owner, id), case)
            if revision is not None:
                given["prediction_id"] = _shown(store, reader, id, revision, given["decision"])
            mask = _unpacked(data, row) if data else None
            saved = blinded.save(store, reader, id, NewVerdict(mask=mask, **given))
            now = store.case(reader.owner, id)
            if reader.is_blinded:
                now = blinded.case(now, blinded.history(store, reader, id), reader)
            return told.saved(saved, now)

        return answer(await self.workspace.ask(work), 201)

    async def undo(self, request: Request) -> Response:
        """{"key", "at"?}: the verdict, which was said then, no longer stands; what stood before it does."""
        reader, id = reader_of(request), id_of(request)
        given = await fields(request)
        key, at = _text(given.get("key"), 100, "A key"), _maybe(given.get("at"), 100, "A moment")

        def work(store):
            meant = _meant(store.verdict(reader.owner, id), at)
            return blinded.undo(store, reader, meant, key)

        return answer(told.verdict(await self.workspace.ask(work)), 201)

    # --- inside

    def _may(self, request: Request) -> Reader:
        """Whoever may begin and remove projects: this machine's user, or whose Space it is."""
        reader = reader_of(request)
        if not reader.is_host:
            raise HTTPException(404, "There is nothing here.")
        return reader

    def _named(self, data: list[str], weights: str) -> tuple[list[str], str]:
        """Data sets and weights by their names as somebody pastes them; 400 for what is none of either."""
        data, weights = [pasted(one) for one in data], pasted(weights)
        if not self.settings.local:
            on_the_hub(data, weights)
        try:
            for spec in data:
                parse_spec(spec)
        except CasesError as error:
            raise HTTPException(400, str(error)) from error
        return data, weights

    def _one(self, store, owner: str, id: int) -> dict[str, Any]:
        """A project as the page is told of it: how far its import is first, for it leaves its state and ends then."""
        progress = self.imports.progress(id)
        newest = store.newest_predictions(owner).get(id)
        project = self.imports.ended(store.project(owner, id))
        return told.project(project, newest, self.settings.local) | progress

    def _all(self, store, reader: Reader) -> list[dict[str, Any]]:
        under_way = self.imports.under_way()
        none, newest = {"progress": None}, store.newest_predictions(reader.owner)
        projects = [self.imports.ended(one) for one in store.projects(reader.owner)]
        if reader.is_blinded:
            projects = [
                replace(one, read=store.read_by(reader.owner, one.id, reader.name))
                for one in projects
            ]
        return [
            told.project(project, newest.get(project.id), self.settings.local)
            | under_way.get(project.id, none)
            for project in projects
        ]

    def _pixels(self, row: CaseRow) -> Packed:
        """The scan as its file has it now; a sentence where that is not what was imported."""
        if row.problem and not row.width:
            raise ReviewError(row.problem)

        def decode() -> Packed:
            scan = read_scan(row.file)
            if scan.digest != row.digest:
                raise ScanError(
                    f"{row.file.name} holds another picture now than when it was imported: "
                    "put the old file back, or import it as a project of its own."
                )
            return Packed(scan.pixels)

        try:
            told_by = row.file.stat()
        except OSError:
            place = row.file if self.settings.local else row.file.name
            raise ScanError(
                f"{place} is not there any more: put it back where it was imported from."
            ) from None
        return self._decoded.get((row.digest, row.file, told_by.st_mtime_ns), decode)

    async def _array(self, work) -> Response:
        packed = await self.workspace.ask(work)
        wait = not self.settings.local
        content, headers = await anyio.to_thread.run_sync(lambda: packed.body(wait))
        return private(Response(content, headers=headers, media_type="application/octet-stream"))


_ONLY_HOST = (
    "Other machines can reach this page, so only its owner begins projects: on the page of their own Space, "
    "elsewhere by python -m bcweb.review import."
)


def _seen(row: CaseRow, case: str | None) -> CaseRow:
    """The case that the reader saw, who told its name: in another database its number is another's."""
    if case not in (None, row.case):
        raise NotThere(f"This number is another case's now, not {case}'s: reload the page.")
    return row


def _meant(verdict: Verdict, at: str | None) -> Verdict:
    """The verdict, if it is the one that the reader saw, who told its moment: see `_seen`."""
    if at not in (None, told.verdict(verdict)["at"]):
        raise NotThere("This number is another verdict's now: reload the page.")
    return verdict


def _unpacked(data: bytes, row: CaseRow) -> np.ndarray:
    try:
        return unpack(data, row.height, row.width)
    except WireError as error:
        raise ReviewError(str(error)) from None


def _verdict(said: bytes) -> dict[str, Any]:
    """The fields of a `NewVerdict` but its mask, and the case that the reader saw; the store judges them."""
    if len(said) > _SAID_BYTES:
        raise HTTPException(400, "The verdict says more than any does: nothing was saved.")
    torn = "The verdict did not arrive whole: nothing was saved."
    given = json_of(said, torn)
    if not isinstance(given, dict):
        raise HTTPException(400, torn)
    seconds = _number(given.get("seconds"))
    return {
        "case": _maybe(given.get("case"), 1000, "A case"),
        "revision": _maybe(given.get("revision"), 200, "A revision"),
        "decision": _text(given.get("decision"), 20, "A decision"),
        "key": _text(given.get("key"), 100, "A key"),
        "after": _whole(given.get("after")),
        "reason": _maybe(given.get("reason"), 100, "A reason"),
        "label": _maybe(given.get("label"), 200, "A label"),
        "difficulty": _whole(given.get("difficulty")),
        "comment": _maybe(given.get("comment"), _LONGEST_COMMENT, "A comment") or "",
        "prediction_id": _whole(given.get("prediction")),
        "beginning": _one_of(given.get("beginning") or None, BEGINNINGS),
        "threshold": _number(given.get("threshold")),
        "seconds": max(seconds or 0.0, 0.0),
    }


def _in_view(
    made: dict[str, Prediction], asked: QueryParams, draft: Draft | None, stands: Verdict | None
) -> Prediction | None:
    """Which of a case's predictions is shown: under a drawing that which it began with, beside "accepted" that which
    was, unless another is asked for. made: by revision, the newest last."""
    accepted = stands.revision if stands and stands.decision == "accept" else None
    wanted = [asked.get("of"), draft and draft.revision, accepted, *asked.getlist("rather")]
    return next((made[name] for name in [*wanted, *reversed(made)] if name in made), None)


def _shown(store: Store, reader: Reader, id: int, revision: str, decision: str) -> int | None:
    """The prediction that the reader saw or began with, whose number may be another since the case came from a backup;
    None where there is none by its weights: the number that was told is another's by now."""
    found = store.prediction(reader.owner, id, revision)
    if found is None and decision == "accept":
        raise ReviewError(
            "The prediction that you saw must be made again first: accept it after that."
            if store.prediction(reader.owner, id) is None
            else "The prediction that you saw was made by other weights: look at the one that is here."
        )
    return found and found.id


def _text(given: object, longest: int, what: str) -> str:
    if not isinstance(given, str) or not given:
        raise HTTPException(400, f"{what} is a text.")
    if len(given) > longest:
        raise HTTPException(400, f"{what} has at most {longest} letters.")
    return given


def _maybe(given: object, longest: int, what: str) -> str | None:
    return None if given in (None, "") else _text(given, longest, what)


def _one_of(given: Any, known: tuple[V, ...]) -> V | None:
    if given is not None and given not in known:
        raise HTTPException(400, f"{given} is none of {', '.join(map(str, known))}.")
    return given


def _number(given: Any) -> float | None:
    """None and "" stand for none."""
    if given is None or given == "":
        return None
    try:
        number = float(given)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise HTTPException(400, f"{given!r} is not a number.")
    return number


def _whole(given: Any) -> int | None:
    number = _number(given)
    if number is not None and (number != int(number) or abs(number) > 2**53):
        raise HTTPException(400, f"{given!r} is not a whole number.")
    return None if number is None else int(number)
