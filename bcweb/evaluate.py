"""Score weights on data whose truth is known:

    python -m bcweb.evaluate --data busi:PATH --data stu:PATH

Masks are scored at the scan's own size, after the operating point. Every figure comes with a 95%
interval for which whole groups (patients, near-duplicate pictures) are resampled. Cases that the
weights were trained on, or whose group they were, never enter the headline as such: it has the unseen
ones and, for seen ones, the scores of the cross-validation that the weights carry in scores.csv
("out of fold": by other weights of the same training, which had not seen the case), as far as they are
of the truth that the case has now. What the weights themselves reach on seen cases is shown apart and
marked. Each modality has figures of its own (in --json below "by_modality"), for each is segmented by
weights of its own.

Masks that another program drew are scored alike, with the interval of what sets them apart from weights or from a
table that --csv wrote, on the same cases:

    python -m bcweb.evaluate --data busi:PATH --masks DIR --against bcweb/pretrained/ultrasound/scores.csv
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Sequence, Set
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from bcweb.batch import Choice, fault, over_all_cores, stoppable, worker_count
from bcweb.cases import (
    KINDS,
    Case,
    CasesError,
    CaseSet,
    Skipped,
    read_cases,
    read_truth,
    told_accepted,
)
from bcweb.cases.drawn import drawn_masks, trained_on
from bcweb.metrics import lesion_detection, score_case
from bcweb.paired import beside
from bcweb.paths import pasted, path_argument, weights_argument
from bcweb.score_table import table
from bcweb.scores import (
    CaseScore,
    ScoresError,
    are_scores,
    digest_of,
    mark_seen_groups,
    read_scores,
    report,
    write_scores,
)
from bcweb.tables import why_kept
from bcweb.terminal import (
    command,
    counted,
    os_sentence,
    say,
    why_other,
    why_unwritable,
    write_whole,
)

if TYPE_CHECKING:
    import numpy as np

    from bcweb.scans import Modality, Scan
    from bcweb.segmenter import Prediction

Item = TypeVar("Item")
Scored = tuple[CaseScore, bool]  # and whether the weights have seen it under its name

NO_TRUTH = "There is no truth to score against."
NOT_SCORED = "and are not scored: a mask scored against itself says nothing."  # see `told_accepted`

# How the JSON of this command begins, and that of a project, formatted anew too.
FIGURES = re.compile(rb'\s*\{\s*"(lesion|project)"\s*:')


def score_one(case: Case, choice: Choice) -> Scored:
    """Read, segment and score one case; what goes wrong is the score's error."""
    from bcweb.cases.duplicates import prints_of

    def painted(scan: Scan, truth: np.ndarray) -> Scored:
        segmenter = choice.segmenter(case.modality)
        prediction = segmenter.segment(scan)
        weights = segmenter.weights
        seen = weights.has_seen(case, scan)
        # What they have not seen at all is not looked for by its name.
        known_by = prints_of(scan) if seen else ()
        by_name = any(weights.seen_as(case.dataset, case.id, scan.digest, p) for p in known_by)
        score = score_prediction(case, prediction, truth, scan.spacing)
        return replace(score, seen=seen), by_name

    return _scored(case, painted)


def look_up(case: Case, choice: Choice) -> Scored:
    """Whether the weights have seen a case, without any score of it; None where it cannot be read."""
    from bcweb.scans import read_scan

    try:
        seen = choice.load(case.modality).has_seen(case, read_scan(case.file))
    except Exception:  # as in `_scored`: it must not cost the others
        seen = None
    return replace(_blank(case), seen=seen), False


def score_drawn(both: tuple[Case, Case]) -> Scored:
    """Read and score one case whose mask another program drew. both: see `bcweb.cases.drawn.drawn_masks`."""
    case, drawn = both

    def painted(scan: Scan, truth: np.ndarray) -> Scored:
        return score_mask(case, read_truth(drawn, scan), truth, scan.spacing), False

    return _scored(case, painted)


def _scored(case: Case, painted: Callable[[Scan, np.ndarray], Scored]) -> Scored:
    """Read a case and score what is painted on it. painted: gives the score, by the scan and the truth, (H, W) bool."""
    from bcweb.scans import ScanError, read_scan
    from bcweb.weights import WeightsError

    blank = _blank(case)
    try:
        scan = read_scan(case.file)
        truth = read_truth(case, scan)
        if truth is None:
            return replace(blank, error=NO_TRUTH), False
        return painted(scan, truth)
    except (ScanError, WeightsError) as error:
        return replace(blank, error=str(error)), False
    except OSError as error:
        return replace(blank, error=os_sentence(error)), False
    except Exception as error:
        return replace(blank, error=fault(error)), False


def score_prediction(
    case: Case,
    prediction: Prediction,
    truth: np.ndarray,
    spacing: tuple[float, float] | None = None,
) -> CaseScore:
    """`score_mask` of what weights painted, with their revision and presence."""
    score = score_mask(case, prediction.mask, truth, spacing)
    return replace(score, presence=prediction.presence, revision=prediction.revision)


def score_mask(
    case: Case,
    mask: np.ndarray,
    truth: np.ndarray,
    spacing: tuple[float, float] | None = None,
) -> CaseScore:
    """The scores of what was painted against the truth, (H, W) bool; whether it was seen is not said."""
    scores = score_case(mask, truth, spacing)
    lesionwise = lesion_detection(mask, truth)
    return replace(
        _blank(case),
        lesion=bool(truth.any()),
        dice=scores.dice,
        iou=scores.iou,
        precision=scores.precision,
        recall=scores.recall,
        hd95_px=scores.hd95_px,
        hd95_mm=scores.hd95_mm,
        painted=int(mask.sum()),
        lesions=lesionwise.lesions,
        found=lesionwise.found,
        false_alarms=lesionwise.false_alarms,
        truth_digest=digest_of(truth),
    )


def _blank(case: Case) -> CaseScore:
    return CaseScore(
        case.dataset, case.id, case.group, case.label or "", case.modality, weak=bool(case.boxes)
    )  # fmt: skip


def _numbered(numbered: tuple[int, Item], task: Callable[[Item], Scored]) -> tuple[int, Scored]:
    return numbered[0], task(numbered[1])


def _crashed(item: Case | tuple[Case, Case]) -> Scored:
    case = item if isinstance(item, Case) else item[0]
    return replace(_blank(case), error="The process that read it died."), False


def evaluate(
    sets: Sequence[CaseSet],
    choice: Choice,
    workers: int | None = None,
    beside: Sequence[Case] = (),
) -> tuple[list[CaseScore], dict[str, Any]]:
    """Score all cases; returns them in the readers' order and the `report`.

    beside: cases of these data sets that are not to be scored, and others: where the weights have seen one, they have
    seen its group.

    Raises `CasesError` where two of the sets hold one case, `WeightsError` where the weights for their modality
    cannot be had or do not tell what they have seen, `KeyboardInterrupt` when the person stops it.
    """
    cases = _with_truth(sets)
    carried: dict[tuple[str, str], CaseScore] = {}
    for modality in dict.fromkeys(case.modality for case in cases):
        weights = choice.load(modality)
        _ = weights.seen_cases  # a seen.csv that is broken is told once, and not of every case
        file = weights.folder / "scores.csv"
        if file.exists():
            found = read_scores(file)
            carried |= {score.key: score for score in found if not score.error and not score.seen}
    scored = _over(cases, partial(score_one, choice=choice), workers)
    by_name = {score.key for score, own in scored if own}
    scores = [score for score, _ in scored]
    mates = _unscored_mates(cases, scores, beside)
    looked_up = [mate for mate, _ in _over(mates, partial(look_up, choice=choice), workers)]
    in_order = mark_seen_groups([*scores, *looked_up])[: len(scores)]
    carried = {key: score for key, score in carried.items() if key in by_name}
    return in_order, report(in_order, carried, _findings(cases))


def evaluate_masks(
    drawn: Sequence[tuple[Case, Case]],
    name: str,
    seen: Set[tuple[str, str]] | None = None,
    workers: int | None = None,
) -> tuple[list[CaseScore], dict[str, Any]]:
    """`evaluate` of masks that another program drew. drawn: see `bcweb.cases.drawn.drawn_masks`. name: what drew them.
    seen: the cases that it was trained on, or a member of whose group; None where nobody says.

    "masks", in the report and in that of each modality, is how many have a score; without `seen` neither
    "seen" nor "unseen" is known.
    """
    scored = _over(drawn, score_drawn, workers)
    scores = [
        score if score.error else
        replace(score, revision=name, seen=None if seen is None else score.key in seen)
        for score, _ in scored
    ]  # fmt: skip
    result = report(scores, {}, _findings([case for case, _ in drawn]))
    for part in (result, *result.get("by_modality", {}).values()):
        part["masks"] = part["seen"] + part["unseen"]
        if seen is None:
            part["seen"] = part["unseen"] = None
    return scores, result


def _unscored_mates(
    cases: Sequence[Case], scores: Sequence[CaseScore], beside: Sequence[Case]
) -> list[Case]:
    """The cases that have no score, and in whose group another has one, as unseen. scores: those of `cases`."""
    unseen = {(s.modality, s.dataset, s.group) for s in scores if s.seen is False and s.group}
    scored = {case for case, s in zip(cases, scores, strict=True) if s.seen is not None}
    return [
        case
        for case in dict.fromkeys([*cases, *beside])
        if case not in scored and (case.modality, case.dataset, case.group) in unseen
    ]


def _with_truth(sets: Sequence[CaseSet]) -> list[Case]:
    cases = [case for each in sets for case in each.cases if case.has_truth]
    _check_each_is_there_once(cases)
    return cases


def _findings(cases: Sequence[Case]) -> dict[tuple[str, str], str]:
    return {(case.dataset, case.id): case.findings for case in cases if case.findings}


def _over(
    items: Sequence[Item], task: Callable[[Item], Scored], workers: int | None
) -> list[Scored]:
    """What the task gives for each, in their order."""
    scored: dict[int, Scored] = {}
    count = worker_count(len(items), workers)
    of_numbered, crashed = partial(_numbered, task=task), partial(_numbered, task=_crashed)
    with stoppable() as stop, _progress(len(items)) as progress:
        for number, each in over_all_cores(
            of_numbered, list(enumerate(items)), count, stop, crashed
        ):
            scored[number] = each
            if progress is not None:
                progress.update()
    if stop.asked:
        raise KeyboardInterrupt
    return [scored[number] for number in range(len(items))]


def _check_each_is_there_once(cases: Sequence[Case]) -> None:
    """A case is known by its data set and id: two would be one to the table, the findings and what is carried."""
    there: set[tuple[str, str]] = set()
    for case in cases:
        if (case.dataset, case.id) in there:
            raise CasesError(
                f"Two of the data sets hold a case {case.id} of {case.dataset}: name each once, and call the "
                "folders of two hospitals differently."
            )
        there.add((case.dataset, case.id))


def _progress(total: int):
    if total < 2:
        return nullcontext()
    from tqdm import tqdm

    return tqdm(total=total, unit="case", mininterval=0.2 if sys.stderr.isatty() else 30)


@command
def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bcweb.evaluate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"KIND is one of {', '.join(KINDS)}.",
    )
    add = parser.add_argument
    add(
        "--data",
        action="append",
        required=True,
        metavar="KIND:PATH",
        help="a data set; may be repeated",
    )
    add(
        "--weights",
        type=weights_argument,
        metavar="W",
        help='"embedded", a folder, or hf://user/repo@revision; without it BCWEB_WEIGHTS_ULTRASOUND '
        "and BCWEB_WEIGHTS_MAMMOGRAM, else embedded",
    )
    add(
        "--masks",
        type=path_argument,
        metavar="DIR",
        help="score masks that another program drew in place of weights: files called as their case, or "
        "NAME_mask, in this folder or below it",
    )
    add("--name", help="what drew the masks (default: the name of their folder)")
    add(
        "--seen",
        type=path_argument,
        metavar="FILE",
        help="a CSV of the cases that what drew the masks was trained on: a column id, which may be the case's file, and "
        "a column dataset where there are several",
    )
    add(
        "--against",
        type=weights_argument,
        metavar="SCORES|W",
        help="a table that --csv wrote, a weights folder's scores.csv, or weights: how far apart the two are on the same "
        "cases, those that neither is known to have seen",
    )
    add(
        "--json",
        type=path_argument,
        metavar="FILE",
        help='write the figures there, and below "made" how they came about',
    )
    add("--csv", type=path_argument, metavar="FILE", help="write one line a case there")
    add(
        "--workers",
        type=int,
        metavar="N",
        help="processes (default: one for every 8 cases, at most one a core)",
    )
    args = parser.parse_args(argv)
    if args.workers is not None and args.workers < 1:
        parser.error("--workers wants at least 1")
    if args.masks is not None and args.weights is not None:
        parser.error("--masks are in place of --weights: name one of them")
    if args.masks is None and (args.name or args.seen):
        parser.error("--name and --seen tell of --masks, which are not there")
    from bcweb.weights import WeightsError

    try:
        return _run(args, sys.argv[1:] if argv is None else argv)
    except (CasesError, WeightsError, ScoresError) as error:
        say(error)
        return 1
    except OSError as error:
        say(os_sentence(error))
        return 1
    except KeyboardInterrupt:
        say("Stopped: there are no figures of a part of the cases.")
        return 130


def _run(args: argparse.Namespace, given: Sequence[str]) -> int:
    if problem := (
        why_unwritable(args.csv, args.json)
        or why_kept(args.csv, "scores", "--csv", are_scores)
        or why_other(args.json, "figures", "--json", FIGURES)
    ):
        raise ScoresError(problem)
    against = Path(pasted(args.against)) if args.against else None
    if args.csv and against and against.exists() and against.resolve() == args.csv.resolve():
        raise ScoresError(f"{args.csv} is what is compared with: name another file for --csv.")
    everyone, left_out = _read(args.data)
    cases = [case for case in everyone if case.has_truth and not case.accepted]
    _check_each_is_there_once(cases)
    choice, drawn, seen = Choice(args.weights), [], None
    if args.masks:
        drawn = _drawn(args.masks, cases)
        seen = _seen(args.seen, everyone) if args.seen else None
        left_out["without a mask"] = len(cases) - len(drawn)
        cases = [case for case, _ in drawn]
    else:
        for modality in dict.fromkeys(case.modality for case in cases):
            choice.load(modality)  # what cannot be had is told before others are scored
    others = _others(against, cases, everyone, args) if against else ()
    if args.masks:
        name = args.name or args.masks.resolve().name
        scores, result = evaluate_masks(drawn, name, seen, args.workers)
    else:
        scores, result = evaluate([CaseSet("", tuple(cases))], choice, args.workers, everyone)
    if not scores:
        raise ScoresError("There is no case with a truth to score.")
    failed = [score for score in scores if score.error]
    result["failed"] = left_out["without a score"] = len(failed)
    modalities = dict.fromkeys(score.modality for score in scores)
    if against:
        _compare(scores, result, others, args.against, against.is_file())
    result["made"] = {
        "by": "python -m bcweb.evaluate",
        "arguments": list(given),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "operating_point": None if args.masks else {m: _point(choice, m) for m in modalities},
        "left_out": {why: n for why, n in left_out.items() if n},
    }
    try:  # written before they are shown, and shown where the disk is full: neither loses a run
        if args.csv:
            write_scores(args.csv, scores)
        if args.json:
            text = json.dumps(result, indent=1, allow_nan=False) + "\n"
            write_whole(args.json, text.encode())
    finally:
        for score in failed[:20]:
            say(f"{score.dataset} {score.id}: {score.error}")
        if (more := len(failed) - 20) > 0:
            say(f"... and {more} more {'has' if more == 1 else 'have'} no score.")
        print(table(result))
    return 1 if failed else 0


def _read(specs: Sequence[str]) -> tuple[list[Case], Counter[str]]:
    """The cases of the data sets, and how many are not scored, by why; both are told."""
    cases, left_out = [], Counter()
    for each in map(read_cases, specs):
        for note in each.notes:
            say(f"{each.name}: {note}")
        _tell_skipped(each.name, each.skipped)
        left_out["files that were left out"] += len(each.skipped)
        if without := sum(not case.has_truth for case in each.cases):
            left_out["without a truth"] += without
            say(f"{each.name}: {counted(without, 'case')} without a truth, not scored.")
        if accepted := told_accepted(each.cases):
            left_out["accepted predictions"] += sum(case.accepted for case in each.cases)
            say(f"{each.name}: {accepted} {NOT_SCORED}")
        cases += each.cases
    return cases, left_out


def _tell_skipped(where: str, skipped: Sequence[Skipped]) -> None:
    for item in skipped[:10]:
        say(f"{where}: left out {item.file.name}: {item.reason}")
    if len(skipped) > 10:
        say(f"{where}: ... and {len(skipped) - 10} more left out.")


def _drawn(folder: Path, cases: Sequence[Case]) -> list[tuple[Case, Case]]:
    """See `drawn_masks`; what is of no case, and which cases have none, is told."""
    drawn, skipped = drawn_masks(folder, cases)
    _tell_skipped(str(folder), skipped)
    if cases and not drawn:
        raise CasesError(f"No file in {folder} is called as a case, {cases[0].id} for one.")
    there = {(case.dataset, case.id) for case, _ in drawn}
    if without := [case.id for case in cases if (case.dataset, case.id) not in there]:
        have = "has" if len(without) == 1 else "have"
        say(f"{folder}: {counted(len(without), 'case')} {have} no mask, {without[0]} for one.")
    return drawn


def _seen(file: Path, cases: Sequence[Case]) -> set[tuple[str, str]]:
    seen, rows, of_cases = trained_on(file, cases)
    say(f"{file}: {of_cases} of its {counted(rows, 'row')} name a case here.")
    return seen


def _others(
    against: Path, cases: Sequence[Case], everyone: Sequence[Case], args: argparse.Namespace
) -> list[CaseScore]:
    """The scores to compare with: of a table, else of weights on these cases of everyone."""
    if against.is_file():
        return list(read_scores(against))
    choice = Choice(args.against)
    return evaluate([CaseSet("", tuple(cases))], choice, args.workers, everyone)[0]


def _compare(
    scores: Sequence[CaseScore],
    result: dict[str, Any],
    others: Sequence[CaseScore],
    named: str,
    is_table: bool,
) -> None:
    """Put "comparison" into the figures, of each modality where there are both. others: of the table or the weights that
    are named so."""
    [only, *_] = [*(score.modality for score in scores if not score.error), scores[0].modality]
    for modality, part in (result.get("by_modality") or {only: result}).items():
        mine = [score for score in scores if score.modality == modality]
        made_by = [o.revision for o in others if o.modality == modality and not o.error]
        second = named if is_table or not made_by else " + ".join(dict.fromkeys(made_by))
        part["comparison"] = beside(part["revision"] or "(none)", mine, second, others)
        if is_table or not any(other.seen for other in others):
            continue
        folds = Choice(named).load(modality).folder / "scores.csv"
        if folds.exists():
            say(
                f"{folds} may hold scores of seen cases out of fold: --against it compares with them."
            )


def _point(choice: Choice, modality: Modality) -> dict[str, Any]:
    import msgspec

    return msgspec.to_builtins(choice.load(modality).config.operating_point)


if __name__ == "__main__":
    # By its own name, so that the workers find its functions where the parent does.
    from bcweb import evaluate as module

    sys.exit(module.main())
