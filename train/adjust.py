"""Choose another operating point for weights, by a hospital's own cases, without a training:

    python -m train.adjust --weights W --data folder:PATH --out DIR

Threshold, presence gate and smallest lesion are chosen as after a training (`train.operating_point`), by cases with a
truth that the weights have not seen. What that gains is told out of fold: for each part of the groups at the point that
the others choose. The weights in DIR are the same but for the point, and have seen these cases: they test them no more.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory

import msgspec
import numpy as np

from bcweb.cases import KINDS, Case, read_cases, read_truth
from bcweb.names import text
from bcweb.paths import path_argument, weights_argument
from bcweb.preprocess import frame
from bcweb.scans import MODALITIES, ScanError, check_contrast, read_scan
from bcweb.scores import CaseScore, groups_of, outlined
from bcweb.segmenter import Segmenter
from bcweb.statistics import Interval, paired_difference, proportion
from bcweb.terminal import command, counted, say, why_unmade
from bcweb.weights import OperatingPoint, Weights, config_text, load_weights
from train import operating_point
from train.card import parted
from train.data import refuse_twice, told_of
from train.ending import exit_status
from train.markdown import with_interval
from train.readings import Answers, choose, look_at, score_at
from train.seen import write_seen

LEAST_LESIONS = 20  # images with one: fewer say little of where a threshold lies
_PARTS = 5

Scores = list[tuple[CaseScore, CaseScore]]


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m train.adjust",
        description="Choose another operating point for weights, by cases of your own, without a training.",
        epilog="What DIR holds is for --weights of every command and of the app.",
    )
    add = parser.add_argument
    add(
        "--weights", required=True, type=weights_argument, metavar="W",
        help="embedded, a folder, or hf://user/repo@revision",
    )  # fmt: skip
    add(
        "--modality", choices=MODALITIES, default="ultrasound",
        help="of the embedded weights (default: ultrasound)",
    )  # fmt: skip
    add(
        "--data", action="append", required=True, metavar="KIND:PATH",
        help=f"cases with truths; may be repeated. KIND is one of {', '.join(KINDS)}",
    )  # fmt: skip
    add("--out", required=True, type=path_argument, metavar="DIR", help="a new folder")
    add(
        "--painted", type=float, default=operating_point.PAINTED_NORMALS, metavar="SHARE",
        help="of the normals that may keep any pixel, by which the gate is chosen "
        f"(default {operating_point.PAINTED_NORMALS})",
    )  # fmt: skip
    return parser.parse_args(argv)


@command
def main(argv: Sequence[str] | None = None) -> int:
    args = parse(argv)
    return exit_status(lambda: adjust(args), lambda: "Stopped: nothing was written.")


def adjust(args: argparse.Namespace) -> None:
    """ValueError where there is nothing to choose by, or nowhere to write to."""
    if not 0 <= args.painted < 1:
        raise ValueError("--painted is a share of the normals, from 0 to 1.")
    if args.out.exists():
        raise ValueError(f"{args.out} is there already: name a new folder.")
    if problem := why_unmade(args.out.parent):
        raise ValueError(problem)
    weights = load_weights(args.weights, args.modality if args.weights == "embedded" else None)
    cases = unseen(weights, args.data)
    answers = look_at(Segmenter(weights), cases, Path(weights.revision)) if cases else None
    lesions = _counts(answers)[0] if answers else 0
    if lesions < LEAST_LESIONS:
        raise ValueError(
            f"An operating point is chosen by {LEAST_LESIONS} images with a lesion or more that the weights have not "
            f"seen; here {'is' if lesions == 1 else 'are'} {lesions}."
        )
    point = chosen(answers, weights, args.painted)
    told = _told(answers, weights, point, out_of_fold(answers, weights, args.painted))
    _write(args.out, weights, point, answers, told)
    print("\n".join([*told, f"{load_weights(str(args.out)).revision}: {args.out}"]))


def unseen(weights: Weights, specs: Sequence[str]) -> list[Case]:
    """The cases that can choose a point for weights: of their modality, with a truth that is no network's, never seen by
    them. What is left out is said.
    """
    found = [(spec, read_cases(spec)) for spec in specs]
    for spec, each in found:
        for line in told_of(each, spec):
            say(line)
    cases = [case for _, each in found for case in each.cases]
    refuse_twice(cases)
    seen = f"that {weights.revision} has seen"
    why_not = [_why_not(case, weights, seen) for case in cases]
    # The one that was seen may be in seen.csv under another name, and its group with it.
    seen_groups = {
        (case.dataset, case.group)
        for case, why in zip(cases, why_not, strict=True)
        if why == seen and case.group
    }
    kept, left = [], Counter[str]()
    for case, why in zip(cases, why_not, strict=True):
        if why := why or (seen if (case.dataset, case.group) in seen_groups else ""):
            left[why] += 1
        else:
            kept.append(case)
    if left:
        say("Left out: " + "; ".join(f"{n:,} {why}" for why, n in left.items()) + ".")
    return kept


def _why_not(case: Case, weights: Weights, seen: str) -> str:
    """Why a case does not choose, "" where it may; one that was seen is `seen` whatever else it is, for its group."""
    if case.modality != weights.config.modality:
        return "of another modality"
    try:
        scan = read_scan(case.file)
        check_contrast(scan.pixels)
    except ScanError:
        return "that cannot be read"
    if weights.has_seen(case, scan):
        return seen
    if not case.has_truth:
        return "without a truth"
    if case.accepted:
        return "that are predictions which a reader accepted"
    try:
        truth = read_truth(case, scan)
    except ScanError:
        return "whose truth cannot be read"
    crop = weights.config.crop
    if truth.any() and not truth[frame(scan, crop).slices].any():  # it would be a normal one
        return f"whose lesion lies beside the {crop or 'picture'}"
    return ""


def chosen(answers: Answers, weights: Weights, painted: float) -> OperatingPoint:
    """See `train.readings.choose`; the gate stays where there are too few normals to choose one."""
    point = choose([answers], painted)
    if _counts(answers)[1] >= operating_point.FEW_NORMALS:
        return point
    gate = weights.config.operating_point.presence_gate
    return msgspec.structs.replace(point, presence_gate=gate)


def _counts(answers: Answers) -> tuple[int, int]:
    """Images with a lesion that have a say, and without one."""
    boxed, lesion = answers.boxed, answers.truths.any(axis=(1, 2))
    if operating_point.leave_boxes_out(boxed, lesion):
        lesion, boxed = lesion[~boxed], boxed[~boxed]
    return int(lesion.sum()), int((~lesion).sum())


def out_of_fold(answers: Answers, weights: Weights, painted: float) -> Scores:
    """Each case scored at the weights' own point, and at the one that the other parts of the groups choose; none where
    there are not so many groups as parts, or one group has all lesions."""
    groups = [(case.dataset, case.group or f"case {case.id}") for case in answers.cases]
    names = sorted(set(groups))
    lesion = answers.truths.any(axis=(1, 2))
    if operating_point.leave_boxes_out(answers.boxed, lesion):
        lesion &= ~answers.boxed
    with_lesion = {groups[number] for number in np.flatnonzero(lesion)}
    if len(names) < _PARTS or len(with_lesion) < 2:
        return []
    order = [names[place] for place in np.random.default_rng(0).permutation(len(names))]
    # Or one part might have all of them, and the others nothing to choose by.
    order.sort(key=lambda group: group not in with_lesion)
    part_of = {group: number % _PARTS for number, group in enumerate(order)}
    member = np.array([part_of[group] for group in groups])
    pairs: Scores = []
    for number in range(_PARTS):
        held, others = (
            answers.take(np.flatnonzero(is_in)) for is_in in (member == number, member != number)
        )
        point = chosen(others, weights, painted)
        before = score_at(held, weights.config.operating_point)
        pairs += zip(before, score_at(held, point), strict=True)
    return pairs


def _told(answers: Answers, weights: Weights, point: OperatingPoint, pairs: Scores) -> list[str]:
    """What was chosen, and what it gains."""
    before = weights.config.operating_point
    lesions, normals = _counts(answers)
    lines = [f"Chosen by {counted(lesions, 'image')} with a lesion and {normals} without."]
    if before.presence_gate is not None and normals < operating_point.FEW_NORMALS:
        lines.append(
            f"The gate stays: to choose one takes {operating_point.FEW_NORMALS} images without a lesion."
        )
    for name in ("mask_threshold", "presence_gate", "min_lesion_fraction"):
        old, new = (
            "none" if value is None else f"{value:g}"
            for value in (getattr(before, name), getattr(point, name))
        )
        lines.append(f"{name}: {new}, before {old}")
    if not pairs:
        return [*lines, "Too few to say on cases that did not choose what that gains."]
    kept = {score.key for score in outlined([old for old, _ in pairs if old.lesion])}
    with_lesion = [pair for pair in pairs if pair[0].key in kept]
    groups = groups_of([old for old, _ in with_lesion])
    old, new = (np.array([pair[which].dice for pair in with_lesion]) for which in (0, 1))
    lines.append(
        f"On cases that did not choose it, mean Dice {new.mean():.3f}, before {old.mean():.3f}: "
        f"{with_interval(paired_difference(new, old, groups), signed=True)}."
    )
    clear = [pair for pair in pairs if not pair[0].lesion]
    if clear:
        shares = [_painted([pair[which] for pair in clear]) for which in (1, 0)]
        lines.append("Normals painted: {}, before {}.".format(*shares))
    return lines


def _painted(scores: Sequence[CaseScore]) -> str:
    return with_interval(
        Interval(*proportion([s.painted > 0 for s in scores], groups_of(scores))[:3])
    )


def _write(
    out: Path, weights: Weights, point: OperatingPoint, answers: Answers, told: Sequence[str]
) -> None:
    """The folder is there whole, or not at all; `OSError` names it."""
    card = _card(weights, answers, told).encode("utf-8", "surrogateescape")
    config = config_text(msgspec.structs.replace(weights.config, operating_point=point))
    out.parent.mkdir(parents=True, exist_ok=True)
    try:
        with TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as place:
            folder = Path(place) / "whole"  # has the rights of any folder, which `place` has not
            folder.mkdir()
            copyfile(weights.folder / "model.safetensors", folder / "model.safetensors")
            write_seen(folder, [*weights.seen_cases, *answers.known])
            (folder / "README.md").write_bytes(card)
            (folder / "config.json").write_bytes(config.encode())
            folder.rename(out)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(out)) from None


def _card(weights: Weights, answers: Answers, told: Sequence[str]) -> str:
    """What was done, above the card of the weights; of its front matter all but its scores, which are at another point."""
    sets = ", ".join(sorted({text(case.dataset) for case in answers.cases}))
    theirs = weights.folder / "README.md"
    # Somebody else's, of any bytes.
    source = theirs.read_text("utf-8", "surrogateescape") if theirs.exists() else ""
    front, body = parted(source)
    return (
        (f"---\n{front}---\n\n" if front else "")
        + f"# {weights.config.name}, with another operating point\n\n"
        f"The network of {weights.revision}, unchanged; how its map becomes a mask was chosen anew, by cases of {sets}.\n\n"
        + "\n".join(f"- {line}" for line in told)
        + (
            f"\n\nWhat follows is the card of {weights.revision}, whose scores are at its own point.\n\n"
            if source
            else "\n"
        )
        + body.lstrip()
    )


if __name__ == "__main__":
    sys.exit(main())
