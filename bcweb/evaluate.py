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
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from bcweb.batch import Choice, fault, over_all_cores, stoppable, worker_count
from bcweb.cases import KINDS, Case, CasesError, CaseSet, read_cases, read_truth, told_accepted
from bcweb.metrics import DETECTED_ABOVE, lesion_detection, score_case
from bcweb.paths import path_argument, weights_argument
from bcweb.scores import (
    CaseScore,
    ScoresError,
    are_scores,
    data_set_parts,
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
    shown,
    why_other,
    why_unwritable,
    write_whole,
)

if TYPE_CHECKING:
    import numpy as np

    from bcweb.segmenter import Prediction

INTERVAL = "95% interval, whole groups resampled"
EXACT = "*"  # behind an interval that is not
_EXACT_IS = (
    f"{EXACT} All agree, so resampling would always give the same figure: the interval is Clopper and Pearson's, for false "
    "alarms Garwood's."
)
_NONE_COUNTS = "No case is unseen, and none has an out-of-fold score against its truth"
NO_TRUTH = "There is no truth to score against."
NOT_SCORED = "and are not scored: a mask scored against itself says nothing."  # see `told_accepted`

# How the JSON of this command begins, and that of a project, formatted anew too.
FIGURES = re.compile(rb'\s*\{\s*"(lesion|project)"\s*:')


def score_one(case: Case, choice: Choice) -> tuple[CaseScore, bool]:
    """Read, segment and score one case, and whether the weights have seen it under its name; what goes wrong is
    the score's error.
    """
    from bcweb.cases.duplicates import prints
    from bcweb.scans import ScanError, read_scan
    from bcweb.weights import WeightsError

    blank = _blank(case)
    try:
        scan = read_scan(case.file)
        truth = read_truth(case, scan)
        if truth is None:
            return replace(blank, error=NO_TRUTH), False
        segmenter = choice.segmenter(case.modality)
        prediction = segmenter.segment(scan)
        weights, known_by = segmenter.weights, prints(scan.pixels)
        seen = any(weights.seen(scan.digest, p, case.dataset, case.group) for p in known_by)
        by_name = any(weights.seen_as(case.dataset, case.id, scan.digest, p) for p in known_by)
        score = score_prediction(case, prediction, truth, scan.spacing)
    except (ScanError, WeightsError) as error:
        return replace(blank, error=str(error)), False
    except OSError as error:
        return replace(blank, error=os_sentence(error)), False
    except Exception as error:
        return replace(blank, error=fault(error)), False
    return replace(score, seen=seen), by_name


def score_prediction(
    case: Case,
    prediction: Prediction,
    truth: np.ndarray,
    spacing: tuple[float, float] | None = None,
) -> CaseScore:
    """The scores of what was painted against the truth, (H, W) bool; whether it was seen is not said."""
    scores = score_case(prediction.mask, truth, spacing)
    lesionwise = lesion_detection(prediction.mask, truth)
    return replace(
        _blank(case),
        lesion=bool(truth.any()),
        presence=prediction.presence,
        dice=scores.dice,
        iou=scores.iou,
        precision=scores.precision,
        recall=scores.recall,
        hd95_px=scores.hd95_px,
        hd95_mm=scores.hd95_mm,
        painted=int(prediction.mask.sum()),
        lesions=lesionwise.lesions,
        found=lesionwise.found,
        false_alarms=lesionwise.false_alarms,
        revision=prediction.revision,
        truth_digest=digest_of(truth),
    )


def _blank(case: Case) -> CaseScore:
    return CaseScore(
        case.dataset, case.id, case.group, case.label or "", case.modality, weak=bool(case.boxes)
    )  # fmt: skip


def _score_numbered(numbered: tuple[int, Case], choice: Choice) -> tuple[int, CaseScore, bool]:
    return numbered[0], *score_one(numbered[1], choice)


def _crashed(numbered: tuple[int, Case]) -> tuple[int, CaseScore, bool]:
    died = replace(_blank(numbered[1]), error="The process that read it died.")
    return numbered[0], died, False


def table(result: dict[str, Any]) -> str:
    """The figures of `report` for a person, of each modality by itself."""
    if parts := result.get("by_modality"):
        told = [f"{name.capitalize()}s\n\n{table(part)}" for name, part in parts.items()]
        return "\n\n\n".join(told + _failed(result))
    lines = [f"Weights {result['revision'] or '(none)'}"]
    parts = [f"{result['unseen']} unseen"]
    if result["seen"]:
        parts.append(
            f"{result['seen']} seen in training, {result['out_of_fold']} of them out of fold"
        )
    lines += [f"Cases: {'; '.join(parts)}.", *_failed(result)]
    if others := result.get("other_truth"):
        lines.append(
            f"For {others} of them the weights' out-of-fold score is against another truth: that score is left out."
        )
    if weak := result.get("weak"):
        apart = " and stand apart" if result["apart"] else ""
        lines.append(
            f"WEAK: of {weak} of them only boxes are known; scores against boxes are not scores against "
            f"masks{apart}."
        )
    lines.append("")
    if result["lesion"]["n"] + result["normal"]["n"]:
        title = "HEADLINE (boxes)" if result.get("weak") and not result["apart"] else ""
        lines.append(f"{title:36}{'':>8}  {INTERVAL}")
        lines += _block(result)
        parts = list(data_set_parts(result))
        if len(parts) > 1:
            for _, name, figures in parts:
                block = _block(figures) or [f"  {_NONE_COUNTS}."]
                lines += ["", f"{shown(name)}{_boxes(figures)}", *block]
        if result["by_label"]:
            lines += ["", "By label"]
            lines += [
                f"  {shown(label)}: {label_line(f)}" for label, f in result["by_label"].items()
            ]
        if result["by_finding"]:
            lines += ["", "By finding"]
            lines += [
                f"  {shown(name)}: {label_line(f)}" for name, f in result["by_finding"].items()
            ]
    elif not result["seen_scores"]:
        lines.append("No case has a score: no headline.")
    else:
        lines.append(f"{_NONE_COUNTS}: no headline.")
    if seen := result["seen_scores"]:
        told = f"SEEN CASES{_boxes(seen)}, scored by the weights that were trained on them"
        lines += ["", f"{told}: not a result", *_block(seen)]
    if any(line.endswith((f" {EXACT}", f"{EXACT})")) for line in lines):
        lines += ["", _EXACT_IS]
    return "\n".join(lines)


def _failed(result: dict[str, Any]) -> list[str]:
    if not (failed := result.get("failed")):
        return []
    is_in = "is" if failed == 1 else "are"
    return [f"{counted(failed, 'case')} could not be scored and {is_in} in no figure."]


def _boxes(figures: dict[str, Any]) -> str:
    return " (boxes)" if figures.get("weak") else ""


def _block(figures: dict[str, Any]) -> list[str]:
    lesion, normal, wise = figures["lesion"], figures["normal"], figures["lesionwise"]
    lines = []
    if lesion["n"]:
        some = f" (over {wise['images']})" if wise["images"] < lesion["n"] else ""
        lines += [
            f"  Lesion images: {lesion['n']} in {counted(lesion['groups'], 'group')}",
            _line("    Dice, mean", lesion, "dice_mean"),
            _line("    Dice, median", lesion, "dice_median"),
            _line("    IoU, mean", lesion, "iou_mean"),
            _line(f"    HD95, mean, px (over {lesion['hd95_n']})", lesion, "hd95_mean", "px"),
            _line(f"    found (Dice > {DETECTED_ABOVE:g})", lesion, "detected", "%"),
            _line(f"    lesions found, of {wise['n']}", wise, "found", "%"),
            _line(f"    false alarms an image{some}", wise, "false_alarms"),
        ]
    if normal["n"]:
        lines += [
            f"  Normal images: {normal['n']} in {counted(normal['groups'], 'group')}",
            _line("    with any pixel painted", normal, "painted", "%"),
        ]
    if figures["presence_auc"] is not None:
        rated = figures["presence_n"]
        is_of_all = rated == lesion["n"] + normal["n"]
        title = "area under the ROC curve" if is_of_all else f"AUC (over {rated})"
        lines.append(_line(f"  Presence, {title}", figures, "presence_auc"))
    return lines


def _line(title: str, figures: dict[str, Any], name: str, unit: str = "") -> str:
    ends = _range(figures[f"{name}_ci"], unit)
    mark = f" {EXACT}" if _is_exact(figures, name) else ""
    return f"{title:<36}{_figure(figures[name], unit):>8}  {ends}{mark}"


def _is_exact(figures: dict[str, Any], name: str) -> bool:
    """Whether the interval is not of resampled groups: see `proportion`, `mean_count` and `auc_interval`."""
    if figures[f"{name}_ci"] is None:
        return False
    if name == "false_alarms":
        return figures["false_alarms_alike"]
    return name in ("detected", "found", "painted", "presence_auc") and figures[name] in (0, 1)


def label_line(figures: dict[str, Any]) -> str:
    """The figures of one label, or of another group, in a line."""
    parts = [counted(figures["n"], "lesion image" if "normals" in figures else "image")]
    if "dice_mean" in figures:
        mean, median = _figure(figures["dice_mean"]), _figure(figures["dice_median"])
        parts.append(f"Dice mean {mean} ({_range(figures['dice_mean_ci'])}), median {median}")
        parts.append(f"found {_figure(figures['detected'], '%')}")
    if "painted" in figures:
        ends = _range(figures["painted_ci"], "%") + EXACT * _is_exact(figures, "painted")
        of = f" of {counted(figures['normals'], 'normal')}" if "normals" in figures else ""
        parts.append(f"painted {_figure(figures['painted'], '%')}{of} ({ends})")
    return ", ".join(parts)


def _figure(value: float | None, unit: str = "") -> str:
    if value is None:
        return "-"
    return {"%": f"{100 * value:.1f}%", "px": f"{value:.1f}"}.get(unit, f"{value:.3f}")


def _range(interval: list[float] | None, unit: str = "") -> str:
    if interval is None:
        return "no interval"
    return " to ".join(_figure(end, unit) for end in interval)


def evaluate(
    sets: Sequence[CaseSet], choice: Choice, workers: int | None = None
) -> tuple[list[CaseScore], dict[str, Any]]:
    """Score all cases; returns them in the readers' order and the `report`.

    Raises `CasesError` where two of the sets hold one case, `WeightsError` where the weights for their modality
    cannot be had or do not tell what they have seen, `KeyboardInterrupt` when the person stops it.
    """
    cases = [case for each in sets for case in each.cases if case.has_truth]
    _check_each_is_there_once(cases)
    carried: dict[tuple[str, str], CaseScore] = {}
    for modality in dict.fromkeys(case.modality for case in cases):
        weights = choice.load(modality)
        _ = weights.seen_cases  # a seen.csv that is broken is told once, and not of every case
        file = weights.folder / "scores.csv"
        if file.exists():
            found = read_scores(file)
            carried |= {score.key: score for score in found if not score.error and not score.seen}
    count = worker_count(len(cases), workers)
    scores: dict[int, CaseScore] = {}
    by_name: set[tuple[str, str]] = set()
    with stoppable() as stop, _progress(len(cases)) as progress:
        task = partial(_score_numbered, choice=choice)
        numbered = list(enumerate(cases))
        for number, score, own in over_all_cores(task, numbered, count, stop, _crashed):
            scores[number] = score
            if own:
                by_name.add(score.key)
            if progress is not None:
                progress.update()
    if stop.asked:
        raise KeyboardInterrupt
    in_order = mark_seen_groups([scores[number] for number in range(len(cases))])
    findings = {(case.dataset, case.id): case.findings for case in cases if case.findings}
    carried = {key: score for key, score in carried.items() if key in by_name}
    return in_order, report(in_order, carried, findings)


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
    add("--json", type=path_argument, metavar="FILE", help="write the figures there")
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
    from bcweb.weights import WeightsError

    try:
        return _run(args)
    except (CasesError, WeightsError, ScoresError) as error:
        say(error)
        return 1
    except OSError as error:
        say(os_sentence(error))
        return 1
    except KeyboardInterrupt:
        say("Stopped: there are no figures of a part of the cases.")
        return 130


def _run(args: argparse.Namespace) -> int:
    if problem := (
        why_unwritable(args.csv, args.json)
        or why_kept(args.csv, "scores", "--csv", are_scores)
        or why_other(args.json, "figures", "--json", FIGURES)
    ):
        raise ScoresError(problem)
    sets = [read_cases(spec) for spec in args.data]
    for each in sets:
        for note in each.notes:
            say(f"{each.name}: {note}")
        for skipped in each.skipped[:10]:
            say(f"{each.name}: left out {skipped.file.name}: {skipped.reason}")
        if len(each.skipped) > 10:
            say(f"{each.name}: ... and {len(each.skipped) - 10} more left out.")
        without = sum(not case.has_truth for case in each.cases)
        if without:
            say(f"{each.name}: {counted(without, 'case')} without a truth, not scored.")
        if accepted := told_accepted(each.cases):
            say(f"{each.name}: {accepted} {NOT_SCORED}")
    sets = [replace(s, cases=tuple(c for c in s.cases if not c.accepted)) for s in sets]
    scores, result = evaluate(sets, Choice(args.weights), args.workers)
    if not scores:
        raise ScoresError("There is no case with a truth to score.")
    failed = [score for score in scores if score.error]
    result["failed"] = len(failed)
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


if __name__ == "__main__":
    # By its own name, so that the workers find its functions where the parent does.
    from bcweb import evaluate as module

    sys.exit(module.main())
