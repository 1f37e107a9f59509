"""`python -m bcweb.review evaluate NAME`: a project's scores, two revisions side by side, a report."""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from bcweb.evaluate import FIGURES
from bcweb.paths import path_argument
from bcweb.review import agreement_wording, report, wording
from bcweb.review.comparison import Comparison, compare
from bcweb.review.differing import differing
from bcweb.review.evaluation import TRUTHS, Evaluation, evaluate
from bcweb.review.records import ReviewError
from bcweb.review.revisions import Predicted
from bcweb.review.scorer import Scorer
from bcweb.review.store import LOCAL, Store
from bcweb.score_table import label_line, table
from bcweb.scores import are_scores
from bcweb.tables import why_kept
from bcweb.terminal import why_other, why_unwritable, write_whole

_REPORT = re.compile(rb"\s*<!doctype html.*?<title>Evaluation of ", re.IGNORECASE | re.DOTALL)


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    parser = subparsers.add_parser(
        "evaluate",
        help="scores of a project's predictions, with 95%% intervals, and of two revisions side by side",
        description="Only cases that the weights had not seen, or that were scored out of fold, make the "
        "headline; two revisions are compared on the cases that both predicted and neither had seen.",
    )
    add = parser.add_argument
    add("name", metavar="NAME")
    add(
        "--revision",
        metavar="R",
        help="of the weights (default: the revision with the most predictions)",
    )
    add("--against", metavar="R2", help="another revision to compare them with")
    add(
        "--out-of-fold",
        action="store_true",
        help="compare on scores out of fold too: they are of other weights of the same training",
    )
    add(
        "--truth",
        choices=TRUTHS,
        default=TRUTHS[0],
        help="imported: as it came (the default); reader: the masks that readers left, where there are any",
    )
    add("--html", type=path_argument, metavar="FILE", help="write a report that opens anywhere")
    add("--csv", type=path_argument, metavar="FILE", help="write one line a case")
    add("--json", type=path_argument, metavar="FILE", help="write the figures")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    if problem := (
        why_unwritable(arguments.html, arguments.csv, arguments.json)
        or why_kept(arguments.csv, "scores", "--csv", are_scores)
        or why_other(arguments.json, "figures", "--json", FIGURES)
        or why_other(arguments.html, "report", "--html", _REPORT)
    ):
        raise ReviewError(problem)
    with Store() as store:
        if arguments.truth == "reader" and not store.project(LOCAL, arguments.name).read:
            raise ReviewError(
                f"Nobody has read {arguments.name} yet: there is no reader's truth to score against."
            )
        scorer = Scorer(store)
        predicted = Predicted(store, LOCAL, store.project(LOCAL, arguments.name))

        def scored(revision: str | None, with_readers: bool) -> Evaluation:
            with _progress() as progress:
                return evaluate(
                    store, LOCAL, arguments.name, revision, arguments.truth, scorer, progress, with_readers,
                    predicted,
                )  # fmt: skip

        evaluation = scored(arguments.revision, with_readers=True)
        comparison = None
        if arguments.against:
            other = scored(arguments.against, with_readers=False)
            comparison = compare(evaluation, other, arguments.out_of_fold)
        if comparison:
            names = comparison.first, comparison.second
            with _progress() as progress:
                comparison = replace(
                    comparison, differing=differing(predicted, *names, scorer, progress)
                )
    figures = evaluation.figures | {"comparison": comparison.figures if comparison else None}
    texts: list[tuple[Path | None, Callable[[], str]]] = [
        (arguments.html, lambda: report.html(evaluation, comparison)),
        (arguments.csv, lambda: report.table(evaluation, comparison)),
        (arguments.json, lambda: json.dumps(figures, indent=1, allow_nan=False) + "\n"),
    ]
    try:  # written before they are shown, and shown where the disk is full: neither loses a run
        for file, text in texts:
            if file:
                _write(file, text())
    finally:
        _show(evaluation, comparison, predicted)
    return 0


def _show(evaluation: Evaluation, comparison: Comparison | None, predicted: Predicted) -> None:
    of_readers = wording.of_readers(evaluation.figures)
    if of_readers:
        print(of_readers + "\n")
    print(table(evaluation.figures))
    if evaluation.headline:
        print("\nBy the truth's share of the image")
        for size, figures in evaluation.figures["by_size"].items():
            print(f"  {size}: {label_line(figures) if figures['n'] else 'none'}")
    print()
    for said in wording.about(evaluation.figures)[1:]:
        if said != of_readers:
            print(said)
    names: dict[str, list[str]] = defaultdict(list)
    for one in predicted.revisions():
        names[one.modality].append(one.name)
    for modality, n in Counter(case.modality for case in predicted.cases.values()).items():
        if modality != evaluation.modality:
            by = names[modality]
            said = f"which --revision {by[0]} scores" if by else "with no prediction"
            print(f"Left aside: {wording.images(n, what=modality)}, {said}.")
    rest = [name for name in names[evaluation.modality] if name != evaluation.revision]
    for told in agreement_wording.tables(evaluation.figures):
        print("\n" + _of_readers(told))
    if comparison:
        print("\n" + _beside(comparison.figures))
    elif rest:
        print(f"To compare: --against {', '.join(rest)}")


def _of_readers(told: agreement_wording.Told) -> str:
    lines = [f"{agreement_wording.TITLE}: {told.title}", *told.said]
    width = max([len(line.name) for line in told.lines], default=0)
    if told.lines:
        names = "".join(f"  {metric.name:>24}" for metric in told.columns)
        lines.append(f"  {'':{width}}  cases{names}")
    for line in told.lines:
        cells = "".join(
            f"  {cell.value + (f' ({cell.interval})' if cell.interval else ''):>24}"
            for cell in line.cells
        )
        lines.append(f"  {line.name:<{width}}  {line.images:>5}{cells}")
    return "\n".join(lines)


def _beside(figures: dict[str, Any]) -> str:
    lines = [f"{figures['first']} beside {figures['second']}", wording.compared(figures)]
    if figures["left_out"]:
        lines.append(f"Left out: {wording.reasons(figures['left_out'])}.")
    if changed := wording.changed(figures):
        lines.append(changed)
    rows = wording.differences(figures)
    if rows:
        lines.append(f"  {'':22}{'first':>8}{'second':>8}  difference, 95% interval")
    lines += [f"  {row.name:<22}{_both(row)}" for row in rows]
    parts = wording.parts(figures)
    if parts:
        lines += ["", f"{wording.PARTS}: {wording.MANY}"]
        width = max(len(name) for part in parts for name, _ in part.lines)
        lines.append(f"    {'':{width + 17}} images   first  second  difference, 95% interval")
    for part in parts:
        lines.append(f"  {part.title}")
        lines += [
            f"    {name:<{width}}  {row.name:<15}{row.images:>7}{_both(row)}"
            for name, row in part.lines
        ]
    return "\n".join(lines)


def _both(row: wording.Difference) -> str:
    ends = f" ({row.interval})" if row.interval else ""
    verdict = f" {row.verdict}" if row.verdict else ""
    return f"{row.first:>8}{row.second:>8}  {row.difference}{ends}{verdict}"


def _write(file: Path, text: str) -> None:
    try:
        write_whole(file, text.encode("utf-8", "surrogateescape"))
    except OSError as error:
        raise ReviewError(f"{file} cannot be written: {error.strerror or error}.") from None


@contextmanager
def _progress():
    """A bar on standard error, which appears only where scoring takes a while."""
    from tqdm import tqdm

    with tqdm(unit="mask", delay=1, mininterval=0.2) as bar:

        def advance(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield advance
