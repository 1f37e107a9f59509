"""/bc/evaluate: the scores of a project, two revisions side by side, and both as files.

Scoring thousands of masks takes longer than a request should: it goes on in a thread, and the page asks
again until it is done. What was scored once is remembered: all but the first answer only read the project.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import anyio.to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bcweb.page.answers import Refusal, answer, fields, id_of, private
from bcweb.page.imports import Imports
from bcweb.page.named import on_the_hub, weights_named
from bcweb.page.readers import Reader, reader_of
from bcweb.page.settings import Settings
from bcweb.page.workspace import Workspace
from bcweb.review import agreement_wording, report, wording
from bcweb.review.agreement import Agreement, Shared
from bcweb.review.comparison import Comparison, Pair, compare
from bcweb.review.differing import differing
from bcweb.review.evaluation import TRUTHS, Evaluation, evaluate, size_of
from bcweb.review.predicting import fitting
from bcweb.review.records import ReviewError
from bcweb.review.revisions import Predicted, revisions
from bcweb.review.scorer import Scorer
from bcweb.weights import WeightsError

if TYPE_CHECKING:  # it brings SQLAlchemy, which nobody needs who does not review
    from bcweb.review.store import Store

Made = TypeVar("Made", Evaluation, Comparison)

_AT_ONCE = 2
_MOST_HELD = 16
_PATIENCE = 1.0  # seconds that a request waits for what is still being worked out
_MOST_LISTED = 200  # cases on which two readers or revisions differ: a list is read from its top
_FRESH = 10.0  # an answer that nobody has asked for in so many seconds is worked out anew


@dataclass(frozen=True)
class Asked:
    """What is to be evaluated. owner: who asks, and whose the project must be. folds: see `compare`."""

    owner: str
    project: int
    revision: str | None
    against: str | None
    truth: str
    folds: bool = False


@dataclass
class Job:
    """An evaluation in the making: done of total masks are scored."""

    done: int = 0
    total: int = 0
    asked_for: float = 0.0
    future: Future = field(default_factory=Future)


class Evaluations:
    """The routes of the Evaluate tab."""

    def __init__(self, settings: Settings, workspace: Workspace, imports: Imports):
        self.settings, self.workspace, self.imports = settings, workspace, imports
        self._turns = threading.Semaphore(_AT_ONCE)
        self._lock = threading.Lock()
        self._jobs: dict[Asked, Job] = {}
        self._scorer: Scorer | None = None
        self._held: dict[Asked, Evaluation | Comparison] = {}

    def routes(self) -> list[Route]:
        project = "/evaluate/projects/{id}"
        return [
            Route("/evaluate/projects", self.projects),
            Route(project, self.project, methods=["GET"]),
            Route(project + "/predictions", self.predict, methods=["POST"]),
            Route(project + "/scores", self.scores),
            Route(project + "/report.html", self.report),
            Route(project + "/cases.csv", self.table),
        ]

    async def projects(self, request: Request) -> Response:
        """{"projects": [{"id", "name", "cases", "predicted", "state"}]}, the reader's own."""
        reader = reader_of(request)
        found = await self.workspace.ask(lambda store: store.projects(reader.owner))
        names = ("id", "name", "cases", "predicted", "state")
        return answer({"projects": [{n: getattr(one, n) for n in names} for one in found]})

    async def project(self, request: Request) -> Response:
        """{"name", "cases", "revisions": [{"name", "modality", "cases"}], "may_predict", "state",
        "problem", "progress"}: of an import that is under way, as `Imports.progress` has it. ?revisions=false: without them,
        for whoever asks again and again how far it is: every prediction is read to count them."""
        reader, id = reader_of(request), id_of(request)
        counted = request.query_params.get("revisions") != "false"
        return answer(
            await self.workspace.ask(lambda store: self._project(store, reader, id, counted))
        )

    async def predict(self, request: Request) -> Response:
        """{"weights"}: segment the cases of their modality with these too, beside what there is; in the background."""
        reader, id = reader_of(request), id_of(request)
        if not reader.is_host:
            raise HTTPException(404, "There is nothing here.")
        name = await weights_named((await fields(request)).get("weights"))
        if not self.settings.local:
            on_the_hub([], name)
        if self.workspace.is_incomplete():
            # What is new would take the numbers of what comes back.
            raise Refusal(503, "The backup is still being read: predict after that.", again=True)

        def work(store: Store) -> dict[str, Any]:
            project = store.project(reader.owner, id)
            busy = f"{project.name} is being imported; wait until that is done."
            if self.imports.progress(id)["progress"] is not None:
                raise ReviewError(busy)
            # What cannot be had is refused here: an import that failed would stay with the project.
            with store.snapshot(reader.owner, id) as snapshot:
                fitting(name, {each.case.modality for each in snapshot.cases})
            # To fetch weights takes minutes: another import, with other weights, may have begun meanwhile.
            if not self.imports.resume(store, project, name):
                raise ReviewError(busy)
            return self._project(store, reader, id)

        try:
            return answer(await self.workspace.ask(work), 202)
        except WeightsError as error:
            raise HTTPException(400, str(error)) from None

    async def scores(self, request: Request) -> Response:
        """All that the tab shows; 202 with {"done", "total"} while masks are being scored."""
        asked = await self._asked(request)
        job = self.job(asked)
        await anyio.to_thread.run_sync(lambda: wait([job.future], _PATIENCE))
        if not job.future.done():
            return answer({"done": job.done, "total": job.total}, 202)
        evaluation, comparison = await self._taken(asked, job)
        return answer(await anyio.to_thread.run_sync(lambda: shown(evaluation, comparison)))

    async def report(self, request: Request) -> Response:
        """The report, as a file to keep."""
        return await self._file(request, report.html, "html", "text/html; charset=utf-8")

    async def table(self, request: Request) -> Response:
        """One line a case, as a file to keep."""
        return await self._file(request, report.table, "csv", "text/csv; charset=utf-8")

    # --- inside

    def _project(
        self, store: Store, reader: Reader, id: int, counted: bool = True
    ) -> dict[str, Any]:
        # How far it is first: the project says how an import ended before that does.
        progress = self.imports.progress(id)
        found = self.imports.ended(store.project(reader.owner, id))
        told = {
            "name": found.name,
            "cases": found.cases,
            "may_predict": reader.is_host,
            "state": found.state,
            "problem": found.problem,
            **progress,
        }
        if counted:
            told["revisions"] = [
                {"name": one.name, "modality": one.modality, "cases": one.cases}
                for one in revisions(store, reader.owner, id)
            ]
        return told

    async def _file(
        self, request: Request, write: Callable[..., str], ending: str, kind: str
    ) -> Response:
        asked = await self._asked(request)
        job = self.job(asked)
        await anyio.to_thread.run_sync(lambda: wait([job.future]))
        evaluation, comparison = await self._taken(asked, job)
        text = await anyio.to_thread.run_sync(lambda: write(evaluation, comparison))
        name = quote(f"{evaluation.project}-evaluation.{ending}", safe="")
        response = private(Response(text.encode("utf-8", "surrogateescape"), media_type=kind))
        response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'unsafe-inline'; sandbox"
        )
        return response

    async def _asked(self, request: Request) -> Asked:
        """Who asks for what. Another's project does not exist: that is found out before any work begins."""
        reader, id, given = reader_of(request), id_of(request), request.query_params
        await self.workspace.ask(lambda store: store.project(reader.owner, id))
        truth = given.get("truth") or TRUTHS[0]
        if truth not in TRUTHS:
            raise HTTPException(400, f"The truth is {' or '.join(TRUTHS)}.")
        revision, against = given.get("revision") or None, given.get("against") or None
        return Asked(reader.owner, id, revision, against, truth, given.get("folds") == "true")

    def job(self, asked: Asked) -> Job:
        """The one that works on it, begun if there is none. What nobody came back for in time is let go."""
        with self._lock:
            now = time.monotonic()
            self._jobs = {
                key: one for key, one in self._jobs.items()
                if not one.future.done() or now - one.asked_for <= _FRESH
            }  # fmt: skip
            job = self._jobs.get(asked)
            if job is None:
                job = self._jobs[asked] = Job()
                # A daemon: whoever stops the app need not wait for it.
                threading.Thread(target=self._work, args=(asked, job), daemon=True).start()
            job.asked_for = now
            return job

    async def _taken(self, asked: Asked, job: Job) -> tuple[Evaluation, Comparison | None]:
        """What it came to. The next to ask begins anew, for verdicts may have come since."""
        with self._lock:
            if self._jobs.get(asked) is job:
                del self._jobs[asked]
        return await self.workspace.ask(lambda store: job.future.result())

    def _work(self, asked: Asked, job: Job) -> None:
        try:
            with self._turns:
                job.future.set_result(self._evaluated(asked, job))
        except BaseException as error:
            job.future.set_exception(error)

    def _evaluated(self, asked: Asked, job: Job) -> tuple[Evaluation, Comparison | None]:
        store = self.workspace.store()
        with self._lock:
            if self._scorer is None:
                self._scorer = Scorer(store)

        predicted = Predicted(store, asked.owner, store.project(asked.owner, asked.project))
        parts = 3 if asked.against else 1

        def progress_of(part: int) -> Callable[[int, int], None]:
            def progress(done: int, total: int) -> None:
                job.done, job.total = part * total + done, parts * total

            return progress

        def one(revision: str | None, part: int) -> Evaluation:
            return evaluate(
                store, asked.owner, asked.project, revision, asked.truth, self._scorer, progress_of(part),
                with_readers=part == 0, predicted=predicted,
            )  # fmt: skip

        first = one(asked.revision, 0)
        comparison = None
        if asked.against:
            comparison = compare(first, one(asked.against, 1), asked.folds)
            names = comparison.first, comparison.second
            changed = differing(predicted, *names, self._scorer, progress_of(2))
            comparison = self._with_figures(asked, replace(comparison, differing=changed))
        return self._with_figures(replace(asked, against=None, folds=False), first), comparison

    def _with_figures(self, key: Asked, made: Made) -> Made:
        """The same, its figures worked out, or taken from the one before where they must be the same."""
        with self._lock:
            known = self._held.pop(key, None)
        if known == made:
            vars(made)["figures"] = known.figures
        # Here and not where they are shown: resampling thousands of cases takes a while.
        _ = made.figures
        with self._lock:
            self._held[key] = made
            while len(self._held) > _MOST_HELD:
                del self._held[next(iter(self._held))]
        return made


def shown(evaluation: Evaluation, comparison: Comparison | None) -> dict[str, Any]:
    """What the tab draws: figures in words, and the cases as rows."""
    figures = evaluation.figures
    columns = (
        "id", "dataset", "case", "label", "dice", "dice_told", "is_result", "is_lesion", "share", "size",
        "uncertainty", "how", "revision", "decision", "is_apart",
    )  # fmt: skip
    rows = []
    for case in evaluation.cases:
        score = case.headline or case.score
        # The uncertainty is the mask's; it says nothing of a Dice that another mask came to.
        is_of_mask = not case.score.seen or case.carried is None
        uncertainty = case.uncertainty if is_of_mask else None
        rows.append(
            (
                case.id, score.dataset, score.id, score.label, round(score.dice, 6),
                wording.dice(score), case.headline is not None, score.lesion, _rounded(case.share),
                size_of(case.share) if case.share else None, _rounded(uncertainty), case.how,
                score.revision, case.decision, case.id in evaluation.apart,
            )
        )  # fmt: skip
    against_truth = agreement_wording.against_truth(figures)
    return {
        "project": evaluation.project,
        "revision": evaluation.revision,
        "modality": evaluation.modality,
        "truth": evaluation.truth,
        "about": wording.about(figures),
        "has_headline": bool(evaluation.headline),
        "of_boxes": wording.of_boxes(figures),
        "metrics": {
            m.key: {"name": m.name, "meaning": m.meaning, "in_table": m in wording.COLUMNS}
            for m in wording.BY_KEY.values()
        },
        "interval": wording.INTERVAL,
        "clear": wording.CLEAR,
        "headline": [asdict(cell) for cell in wording.headline(figures)],
        "sections": [asdict(section) for section in wording.sections(figures)],
        "correlation": wording.correlation(figures["uncertainty"]),
        "columns": columns,
        "cases": rows,
        "comparison": _compared(comparison) if comparison else None,
        "against_truth": asdict(against_truth) if against_truth else None,
        "readers": [
            asdict(words) | _differing(pair)
            for words, pair in zip(agreement_wording.told(figures), evaluation.readers, strict=True)
        ],
    }


def _differing(pair: Agreement) -> dict[str, Any]:
    """On how many cases they differ, and the first of them."""
    return {
        "names": [pair.first, pair.second],
        "differ": len(pair.differing),
        "differing": [
            {
                "id": one.id,
                "dataset": one.dataset,
                "case": one.case,
                "dice": wording.figure(one.readers.dice)
                if isinstance(one, Shared)
                else wording.DASH,
                "words": ", ".join(one.differences),
            }
            for one in pair.differing[:_MOST_LISTED]
        ],
    }


def _rounded(value: float | None) -> float | None:
    """To what a plot can show: ten thousand cases travel in half the bytes."""
    return None if value is None else round(value, 6)


def _compared(comparison: Comparison) -> dict[str, Any]:
    figures = comparison.figures
    return {
        "first": comparison.first,
        "second": comparison.second,
        "said": wording.compared(figures),
        "left_out": wording.reasons(figures["left_out"]),
        "out_of_fold": comparison.out_of_fold,
        "with_folds": comparison.with_folds,
        "meaning": wording.DIFFERENCE,
        "rows": [asdict(row) for row in wording.differences(figures)],
        "many": wording.MANY,
        "parts": [asdict(part) for part in wording.parts(figures)],
        "better": [_pair(pair) for pair in comparison.better],
        "worse": [_pair(pair) for pair in comparison.worse],
        "changed": wording.changed(figures),
        "differ": len(comparison.differing.cases),
        "differing": [
            {
                "id": one.id, "dataset": one.dataset, "case": one.case,
                "dice": wording.figure(one.dice), "outlined": one.outlined,
            }
            for one in comparison.differing.cases[:_MOST_LISTED]
        ],
    }  # fmt: skip


def _pair(pair: Pair) -> dict[str, Any]:
    return {
        "id": pair.case.id,
        "dataset": pair.first.dataset,
        "case": pair.first.id,
        "revision": pair.first.revision,
        "first": wording.dice(pair.first),
        "second": wording.dice(pair.second),
        "difference": wording.change(pair.difference),
    }
