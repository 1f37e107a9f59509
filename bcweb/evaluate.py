"""Score weights on data whose truth is known:

    python -m bcweb.evaluate --data busi:PATH --data stu:PATH

Masks are scored at the scan's own size, after the operating point. Every figure comes with a 95%
interval for which whole groups (patients, near-duplicate pictures) are resampled. Cases that the
weights were trained on, or whose group they were, never enter the headline as such: it has the unseen
ones and, for seen ones, the scores of the cross-validation that the weights carry in scores.csv
("out of fold": by other weights of the same training, which had not seen the case). What the weights
themselves reach on seen cases is shown apart and marked.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

from bcweb.batch import Choice, over_all_cores, stoppable, worker_count
from bcweb.cases import Case, CasesError, CaseSet, read_cases, read_truth
from bcweb.metrics import DETECTED_ABOVE, lesion_detection, score_case

INTERVAL = "95% interval, whole groups resampled"


@dataclass(frozen=True)
class CaseScore:
    """One case, scored: a line of --csv and of a weights folder's scores.csv.

    lesion: whether the truth holds one. painted: pixels. lesions, found, false_alarms: see
    `bcweb.metrics.lesion_detection`. seen: the weights were trained on it. revision: of the weights that
    made the mask. error: why there is no score; then all others but the first five are None.
    """

    dataset: str
    id: str
    group: str
    label: str
    modality: str
    lesion: bool | None = None
    presence: float | None = None
    dice: float | None = None
    iou: float | None = None
    precision: float | None = None
    recall: float | None = None
    hd95_px: float | None = None
    hd95_mm: float | None = None
    painted: int | None = None
    lesions: int | None = None
    found: int | None = None
    false_alarms: int | None = None
    seen: bool | None = None
    revision: str = ""
    error: str = ""

    @property
    def key(self) -> tuple[str, str]:
        return self.dataset, self.id


NO_TRUTH = "There is no truth to score against."


def score_one(case: Case, choice: Choice) -> CaseScore:
    """Read, segment and score one case; what goes wrong is its error."""
    from bcweb.cases.duplicates import fingerprint
    from bcweb.scans import ScanError, read_scan
    from bcweb.weights import WeightsError

    blank = _blank(case)
    try:
        scan = read_scan(case.file)
        truth = read_truth(case, scan)
        if truth is None:
            return replace(blank, error=NO_TRUTH)
        segmenter = choice.segmenter(case.modality)
        prediction = segmenter.segment(scan)
        seen = segmenter.weights.seen(
            scan.digest, fingerprint(scan.pixels), case.dataset, case.group
        )
    except (ScanError, WeightsError) as error:
        return replace(blank, error=str(error))
    except OSError as error:
        return replace(blank, error=f"{error.filename or case.file}: {error.strerror or error}.")
    scores = score_case(prediction.mask, truth, scan.spacing)
    lesionwise = lesion_detection(prediction.mask, truth)
    return replace(
        blank,
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
        seen=seen,
        revision=prediction.revision,
    )


def _blank(case: Case) -> CaseScore:
    return CaseScore(case.dataset, case.id, case.group, case.label or "", case.modality)


def _score_numbered(numbered: tuple[int, Case], choice: Choice) -> tuple[int, CaseScore]:
    return numbered[0], score_one(numbered[1], choice)


def _crashed(numbered: tuple[int, Case]) -> tuple[int, CaseScore]:
    return numbered[0], replace(_blank(numbered[1]), error="The process that read it died.")


# --- figures ----------------------------------------------------------------------------------------


def summarise(scores: Sequence[CaseScore]) -> dict[str, Any]:
    """Figures over scored cases: `lesion`, `normal`, `lesionwise` and the presence's AUC, as in --json.

    Intervals are [low, high]; None stands for what does not exist (no such cases, or one group).
    """
    from bcweb.statistics import auc_interval

    lesion = [s for s in scores if s.lesion]
    normal = [s for s in scores if not s.lesion]
    result: dict[str, Any] = {"lesion": _lesion_figures(lesion), "normal": _normal_figures(normal)}
    result["lesionwise"] = _lesionwise_figures(lesion)
    rated = [s for s in scores if s.presence is not None]
    if {s.lesion for s in rated} == {True, False}:
        interval = auc_interval(
            [s.presence for s in rated], [s.lesion for s in rated], _groups(rated)
        )
        result |= _with_interval("presence_auc", interval)
    else:
        result |= {"presence_auc": None, "presence_auc_ci": None}
    return result


def _groups(scores: Sequence[CaseScore]) -> list[tuple[str, str]]:
    """A case without a group is one of its own."""
    return [(s.dataset, s.group or f"case {s.id}") for s in scores]


def _lesion_figures(scores: Sequence[CaseScore]) -> dict[str, Any]:
    import numpy as np

    from bcweb.statistics import group_bootstrap, proportion

    figures: dict[str, Any] = {"n": len(scores), "groups": len(set(_groups(scores)))}

    def over(name: str, of: Sequence[CaseScore], statistic: Callable) -> None:
        interval = statistic(of, _groups(of)) if of else None
        figures.update(_with_interval(name, interval))

    over("dice_mean", scores, lambda of, g: group_bootstrap([s.dice for s in of], g))
    over("dice_median", scores, lambda of, g: group_bootstrap([s.dice for s in of], g, np.median))
    over("iou_mean", scores, lambda of, g: group_bootstrap([s.iou for s in of], g))
    painted = [s for s in scores if s.hd95_px is not None]
    over("hd95_mean", painted, lambda of, g: group_bootstrap([s.hd95_px for s in of], g))
    figures["hd95_n"] = len(painted)  # where nothing is painted there is no distance
    over("detected", scores, lambda of, g: proportion([s.dice > DETECTED_ABOVE for s in of], g))
    return figures


def _normal_figures(scores: Sequence[CaseScore]) -> dict[str, Any]:
    from bcweb.statistics import proportion

    painted = proportion([s.painted > 0 for s in scores], _groups(scores)) if scores else None
    figures = {"n": len(scores), "groups": len(set(_groups(scores)))}
    return figures | _with_interval("painted", painted)


def _lesionwise_figures(scores: Sequence[CaseScore]) -> dict[str, Any]:
    """Lesion by lesion, over the images that hold any: share found, and false alarms an image."""
    import numpy as np

    from bcweb.statistics import group_bootstrap

    if not scores:
        return {
            "n": 0,
            "found": None,
            "found_ci": None,
            "false_alarms": None,
            "false_alarms_ci": None,
        }
    counts = np.array([(s.found, s.lesions) for s in scores], float)
    found = group_bootstrap(
        counts, _groups(scores), lambda rows: rows[:, 0].sum() / rows[:, 1].sum()
    )
    alarms = group_bootstrap([s.false_alarms for s in scores], _groups(scores))
    figures = {"n": int(counts[:, 1].sum())} | _with_interval("found", found)
    return figures | _with_interval("false_alarms", alarms)


def _with_interval(name: str, interval: tuple | None) -> dict[str, Any]:
    if interval is None:
        return {name: None, f"{name}_ci": None}
    estimate, low, high = interval[:3]
    return {name: estimate, f"{name}_ci": None if math.isnan(low) else [low, high]}


def report(
    scores: Sequence[CaseScore], out_of_fold: dict[tuple[str, str], CaseScore]
) -> dict[str, Any]:
    """All that --json holds of scored cases; out_of_fold: what the weights carry, by data set and id."""
    scored = [s for s in scores if not s.error]
    seen = [s for s in scored if s.seen]
    carried = [_of_today(out_of_fold[s.key], s) for s in seen if s.key in out_of_fold]
    headline = [s for s in scored if not s.seen] + carried
    result = summarise(headline)
    labels = sorted({s.label for s in headline} - {""})
    result["by_label"] = {
        label: _label_figures([s for s in headline if s.label == label]) for label in labels
    }
    result["seen"] = len(seen)
    result["unseen"] = len(scored) - len(seen)
    result["out_of_fold"] = len(carried)
    result["seen_scores"] = summarise(seen) if seen else None
    datasets = dict.fromkeys(s.dataset for s in scored)
    result["datasets"] = {
        name: summarise([s for s in headline if s.dataset == name]) for name in datasets
    }
    result["revision"] = " + ".join(dict.fromkeys(s.revision for s in scored))
    return result


def _of_today(carried: CaseScore, today: CaseScore) -> CaseScore:
    """A carried score under the group and label that the reader gives the case now."""
    return replace(carried, group=today.group, label=today.label)


def _label_figures(scores: Sequence[CaseScore]) -> dict[str, Any]:
    """A label is of lesions or of normals; where it is of both, `painted` is of its normals."""
    lesion = [s for s in scores if s.lesion]
    normal = [s for s in scores if not s.lesion]
    if not lesion:
        return _normal_figures(normal)
    figures = _lesion_figures(lesion)
    if normal:
        of_normals = _normal_figures(normal)
        figures |= {"normals": of_normals.pop("n")} | {
            key: of_normals[key] for key in ("painted", "painted_ci")
        }
    return figures


# --- tables on the disk -----------------------------------------------------------------------------


def write_scores(file: Path, scores: Sequence[CaseScore]) -> None:
    """Write one line a case; what does not exist is empty, yes and no are 1 and 0."""
    names = [field.name for field in fields(CaseScore)]
    with file.open("w", newline="", encoding="utf-8", errors="surrogateescape") as table:
        writer = csv.writer(table, lineterminator="\n")
        writer.writerow(names)
        for score in scores:
            writer.writerow([_cell(getattr(score, name)) for name in names])


class ScoresError(ValueError):
    """A table that `write_scores` did not write, or no case to score; its text is one sentence."""


def read_scores(file: Path) -> tuple[CaseScore, ...]:
    """Read what `write_scores` wrote; `ScoresError` names the file and the line that is not of it."""
    types = {field.name: str(field.type) for field in fields(CaseScore)}
    scores = []
    with file.open(newline="", encoding="utf-8", errors="surrogateescape") as table:
        for number, line in enumerate(csv.DictReader(table), 2):
            try:
                scores.append(CaseScore(**{n: _value(line[n], kind) for n, kind in types.items()}))
            except (KeyError, ValueError, TypeError) as error:
                raise ScoresError(f"{file}, line {number}: {error} is not a score's.") from None
    return tuple(scores)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _value(text: str, kind: str) -> Any:
    if kind == "str":
        return text
    if text == "":
        return None
    read = {"bool": lambda t: bool(int(t)), "int": int, "float": float}
    return read[kind.split(" ")[0]](text)


# --- the table in the terminal ----------------------------------------------------------------------


def table(result: dict[str, Any]) -> str:
    """The figures of `report` for a person."""
    lines = [f"Weights {result['revision'] or '(none)'}"]
    parts = [f"{result['unseen']} unseen"]
    if result["seen"]:
        parts.append(
            f"{result['seen']} seen in training, {result['out_of_fold']} of them out of fold"
        )
    lines += [f"Cases: {'; '.join(parts)}.", ""]
    if result["lesion"]["n"] + result["normal"]["n"]:
        lines.append(f"{'':36}{'':>8}  {INTERVAL}")
        lines += _block(result)
        if len(result["datasets"]) > 1:
            for name, figures in result["datasets"].items():
                lines += ["", f"{name}", *_block(figures)]
        if result["by_label"]:
            lines += ["", "By label"]
            lines += [f"  {label}: {_label_line(f)}" for label, f in result["by_label"].items()]
    else:
        lines.append("No case is unseen, and the weights carry no out-of-fold scores: no headline.")
    if result["seen_scores"]:
        lines += ["", "SEEN CASES, scored by the weights that were trained on them: not a result"]
        lines += _block(result["seen_scores"])
    return "\n".join(lines)


def _block(figures: dict[str, Any]) -> list[str]:
    lesion, normal, wise = figures["lesion"], figures["normal"], figures["lesionwise"]
    lines = []
    if lesion["n"]:
        lines += [
            f"  Lesion images: {lesion['n']} in {lesion['groups']} groups",
            _line("    Dice, mean", lesion, "dice_mean"),
            _line("    Dice, median", lesion, "dice_median"),
            _line("    IoU, mean", lesion, "iou_mean"),
            _line(f"    HD95, mean, px (of {lesion['hd95_n']} painted)", lesion, "hd95_mean", "px"),
            _line(f"    detected (Dice > {DETECTED_ABOVE:g})", lesion, "detected", "%"),
            _line(f"    of {wise['n']} lesions found", wise, "found", "%"),
            _line("    false alarms an image", wise, "false_alarms"),
        ]
    if normal["n"]:
        lines += [
            f"  Normal images: {normal['n']} in {normal['groups']} groups",
            _line("    with any pixel painted", normal, "painted", "%"),
        ]
    if figures["presence_auc"] is not None:
        lines.append(_line("  Presence, area under the ROC curve", figures, "presence_auc"))
    return lines


def _line(title: str, figures: dict[str, Any], name: str, unit: str = "") -> str:
    return f"{title:<36}{_figure(figures[name], unit):>8}  {_range(figures[f'{name}_ci'], unit)}"


def _label_line(figures: dict[str, Any]) -> str:
    parts = [f"{figures['n']} images"]
    if "dice_mean" in figures:
        mean, median = _figure(figures["dice_mean"]), _figure(figures["dice_median"])
        parts.append(f"Dice mean {mean} ({_range(figures['dice_mean_ci'])}), median {median}")
        parts.append(f"detected {_figure(figures['detected'], '%')}")
    if "painted" in figures:
        share = f"{_figure(figures['painted'], '%')} ({_range(figures['painted_ci'], '%')})"
        parts.append(f"painted {share}")
    return ", ".join(parts)


def _figure(value: float | None, unit: str = "") -> str:
    if value is None:
        return "-"
    return {"%": f"{100 * value:.1f}%", "px": f"{value:.1f}"}.get(unit, f"{value:.3f}")


def _range(interval: list[float] | None, unit: str = "") -> str:
    if interval is None:
        return "no interval"
    return " to ".join(_figure(end, unit) for end in interval)


# --- the command ------------------------------------------------------------------------------------


def evaluate(
    sets: Sequence[CaseSet], choice: Choice, workers: int | None = None
) -> tuple[list[CaseScore], dict[str, Any]]:
    """Score all cases; returns them in the readers' order and the `report`.

    Raises `WeightsError` where the weights for their modality cannot be had, `KeyboardInterrupt` when
    the person stops it.
    """
    cases = [case for each in sets for case in each.cases if case.has_truth]
    carried: dict[tuple[str, str], CaseScore] = {}
    for modality in dict.fromkeys(case.modality for case in cases):
        file = choice.load(modality).folder / "scores.csv"
        if file.exists():
            carried |= {score.key: score for score in read_scores(file) if not score.error}
    count = worker_count(len(cases), workers)
    scores: dict[int, CaseScore] = {}
    with stoppable() as stop, _progress(len(cases)) as progress:
        task = partial(_score_numbered, choice=choice)
        for number, score in over_all_cores(task, list(enumerate(cases)), count, stop, _crashed):
            scores[number] = score
            if progress is not None:
                progress.update()
    if stop.asked:
        raise KeyboardInterrupt
    in_order = [scores[number] for number in range(len(cases))]
    return in_order, report(in_order, carried)


def _progress(total: int):
    if total < 2:
        return nullcontext()
    from tqdm import tqdm

    return tqdm(total=total, unit="case", mininterval=0.2 if sys.stderr.isatty() else 30)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bcweb.evaluate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="KIND is busi, bus-bra, stu, mini-mias or folder.",
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
        metavar="W",
        help='"embedded" (the default), a folder, or hf://user/repo@revision',
    )
    add("--json", type=Path, metavar="FILE", help="write the figures there")
    add("--csv", type=Path, metavar="FILE", help="write one line a case there")
    add("--workers", type=int, metavar="N", help="processes (default: one a core)")
    args = parser.parse_args(argv)
    if args.workers is not None and args.workers < 1:
        parser.error("--workers wants at least 1")
    from bcweb.weights import WeightsError

    try:
        return _run(args)
    except (CasesError, WeightsError, ScoresError) as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.filename}: {error.strerror or error}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped: there are no figures of a part of the cases.", file=sys.stderr)
        return 130


def _run(args: argparse.Namespace) -> int:
    sets = [read_cases(spec) for spec in args.data]
    for each in sets:
        for note in each.notes:
            print(f"{each.name}: {note}", file=sys.stderr)
        for skipped in each.skipped[:10]:
            print(f"{each.name}: left out {skipped.file.name}: {skipped.reason}", file=sys.stderr)
        if len(each.skipped) > 10:
            print(f"{each.name}: ... and {len(each.skipped) - 10} more left out.", file=sys.stderr)
        without = sum(not case.has_truth for case in each.cases)
        if without:
            print(
                f"{each.name}: {without} cases have no truth and are not scored.", file=sys.stderr
            )
    scores, result = evaluate(sets, Choice(args.weights), args.workers)
    if not scores:
        raise ScoresError("There is no case with a truth to score.")
    failed = [score for score in scores if score.error]
    for score in failed[:20]:
        print(f"{score.dataset} {score.id}: {score.error}", file=sys.stderr)
    result["failed"] = len(failed)
    print(table(result))
    if args.csv:
        write_scores(args.csv, scores)
    if args.json:
        args.json.write_text(json.dumps(result, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    # By its own name, so that the workers find its functions where the parent does.
    from bcweb import evaluate as module

    sys.exit(module.main())
