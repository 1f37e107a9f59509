"""What weights are worth, where they fail, and whether their probabilities mean what they say:

    python -m train.weights_study --run runs/ultrasound/fold-0 --run runs/ultrasound/fold-1 --data busi:PATH
    python -m train.weights_study --run runs/busi-alone --data bus-bra:PATH --left-out
    python -m train.weights_study --cost
    python -m train.weights_study --report

Every finished run segments its own test, so that each case is segmented by a network that had not seen
it, at that run's operating point; with `--left-out` they segment data sets that their training left out
altogether. `--cost` measures what the networks cost on the machine at hand. All of it goes to
docs/weights, and from there docs/weights.md and its figures are written; `--report` does only that.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from bcweb.cases import Case, read_cases, read_truth, told_accepted
from bcweb.cases.duplicates import unpadded
from bcweb.collector import resting
from bcweb.evaluate import NOT_SCORED, score_prediction
from bcweb.metrics import DETECTED_ABOVE, dice
from bcweb.names import text
from bcweb.paths import path_argument
from bcweb.phantoms import Mass, Phantom, phantom
from bcweb.preprocess import frame, square
from bcweb.review.doubt import uncertainty
from bcweb.scans import Modality, Scan, ScanError, read_scan
from bcweb.scores import CaseScore, write_scores
from bcweb.segmenter import Prediction, Segmenter, apply_operating_point
from bcweb.statistics import calibration_bins
from bcweb.terminal import command, say
from bcweb.weights import load_weights
from train.docs import add_docs, refuse_unmade
from train.ending import exit_status
from train.failures import Drawn, sheet
from train.recipe import epochs_of
from train.record import read_record
from train.score import held_out_by, refuse_seen, write_json
from train.tables import read_table, write_table
from train.weights_report import BINS, Cost, Elsewhere, LeftOut, Map, Series, Unpadded, write_report

PHANTOMS = 100  # with a mass, and as many without
SERIES = 8  # scans of each size and contrast of the mass
DIAMETERS, CONTRASTS = (0.05, 0.1, 0.2, 0.4), (1.0, 0.5, 0.25, 0.12)
STRIP = 0.3  # of the width: a narrower part of a scan is not looked at
_MARGIN = 0.02  # of the width that is kept from a lesion's edge


@dataclass(frozen=True, eq=False)
class Measured:
    """What the networks said: scores and maps of cases, Dice without the bands of their files, presences of what no
    training has seen."""

    scores: list[CaseScore]
    maps: list[Map]
    unpadded: list[Unpadded]
    elsewhere: list[Elsewhere]


def modality_of(runs: Sequence[Path]) -> Modality:
    """What all runs were trained on; ValueError where it is not the same."""
    found = {load_weights(str(run / "weights")).config.modality for run in runs}
    if len(found) > 1:
        raise ValueError("The runs are of two modalities: measure each for itself.")
    return found.pop()


def refuse_tested_twice(runs: Sequence[Path], cases: Sequence[Case]) -> None:
    """ValueError where two runs tested the same case."""
    tested = [(case.dataset, case.id) for run in runs for case in held_out_by(run, cases)]
    if len(set(tested)) < len(tested):
        raise ValueError("Two of the runs held out the same case: name the folds of one split.")


def measure(run: Path, cases: Sequence[Case], generated: Sequence[Phantom]) -> Measured:
    """Let a run's network look at its test, at parts of it, and at generated scans."""
    segmenter = Segmenter.load(str(run / "weights"))
    tells_presence = segmenter.weights.config.presence
    result = Measured([], [], [], [])
    for case in tqdm(held_out_by(run, cases), run.name, unit="case"):
        scan = read_scan(case.file)
        refuse_seen(segmenter.weights, case, scan)
        truth = read_truth(case, scan)
        prediction = segmenter.segment(scan)
        score = score_prediction(case, prediction, truth, scan.spacing)
        result.scores.append(replace(score, seen=False))
        result.maps.append(_map(case, prediction, truth))
        if score.lesion and not score.weak:
            result.unpadded.extend(_without_bands(score, scan, truth, segmenter))
        if tells_presence:
            result.elsewhere.extend(_parts(case, scan, truth, segmenter))
    for number, made in enumerate(generated if tells_presence else ()):
        result.elsewhere.append(_generated(number, made, segmenter))
    return result


def _generated(number: int, made: Phantom, segmenter: Segmenter) -> Elsewhere:
    presence, name = segmenter.segment(made.scan).presence, str(number)
    return Elsewhere(
        "generated scans", name, name, bool(made.truth.any()), presence, segmenter.weights.revision
    )


def _map(case: Case, prediction: Prediction, truth: np.ndarray) -> Map:
    steps = np.rint(prediction.probability * 255).astype(np.uint8)
    bins = calibration_bins(prediction.probability, truth, BINS)
    point = prediction.operating_point
    ungated = dice(apply_operating_point(prediction.probability, None, point), truth)
    return Map(
        case.dataset, case.id, case.device, float(truth.mean()), ungated,
        uncertainty(steps, prediction.presence, prediction.mask),
        {f"{kind}{place}": value for (kind, place), value in zip(Map.columns(), bins, strict=True)},
    )  # fmt: skip


def _without_bands(
    score: CaseScore, scan: Scan, truth: np.ndarray, segmenter: Segmenter
) -> Iterator[Unpadded]:
    """The Dice of the same scan without the bands that make a square of its file, where there are any: films are published
    and shown without."""
    within = unpadded(scan.pixels)
    if within is None:
        return
    alone = replace(scan, pixels=np.ascontiguousarray(scan.pixels[within]), picture=None)
    mask = segmenter.segment(alone).mask
    yield Unpadded(
        score.dataset, score.id, score.group, score.dice, dice(mask, truth[within]),
        segmenter.weights.revision,
    )  # fmt: skip


def strips(truth: np.ndarray) -> tuple[slice, slice] | None:
    """Columns of a scan without its lesions, and as many columns that hold them; None if there is no room.

    truth: (H, W) bool. The first are the wider side of the lesions, the second lie around them.
    """
    columns = np.flatnonzero(truth.any(axis=0))
    width, least = truth.shape[1], STRIP * truth.shape[1]
    if not len(columns):
        return None
    margin = round(_MARGIN * width)
    left, right = max(columns[0] - margin, 0), min(columns[-1] + 1 + margin, width)
    free = slice(0, left) if left >= width - right else slice(right, width)
    room = free.stop - free.start
    if room < max(least, right - left):
        return None
    start = int(np.clip((left + right - room) // 2, 0, width - room))
    return free, slice(start, start + room)


def _parts(case: Case, scan: Scan, truth: np.ndarray, segmenter: Segmenter) -> Iterator[Elsewhere]:
    """Presences of the part of a lesion scan that holds none, and of one as wide that does; of a machine's screen they are
    parts of its picture."""
    picture = frame(scan, None).slices
    for lesion, columns in zip((False, True), strips(truth[picture]) or (), strict=False):
        pixels = np.ascontiguousarray(scan.pixels[picture][:, columns])
        part = replace(scan, pixels=pixels, picture=None)
        # `segment` refuses a part of nothing but background.
        config = segmenter.weights.config
        _, presences = segmenter.answer(square(part, config.size, config.crop)[None])
        yield Elsewhere(
            f"parts of {case.dataset}", case.id, case.group, lesion, float(presences[0]),
            segmenter.weights.revision,
        )  # fmt: skip


def generated(modality: Modality) -> list[Phantom]:
    """Generated scans, every second one with a mass of some size and contrast."""
    made = []
    for seed in range(2 * PHANTOMS):
        rng = np.random.default_rng(seed)
        masses = (Mass(rng.uniform(0.12, 0.35), rng.uniform(0.5, 1.3)),) if seed % 2 else ()
        made.append(phantom(modality, seed, masses))
    return made


def series(modality: Modality) -> tuple[list[Series], Image.Image]:
    """The weights that ship, on generated scans with a mass of every size and contrast; and one of each."""
    segmenter = Segmenter.load("embedded", modality)
    found, pictures = [], []
    for contrast in CONTRASTS:
        for diameter in DIAMETERS:
            drawn = []
            for seed in range(SERIES):
                made = phantom(modality, seed, (Mass(diameter, contrast),))
                drawn.append(Drawn(made, segmenter.segment(made.scan).mask))
            dices = np.array([dice(each.mask, each.phantom.truth) for each in drawn])
            share = float((dices > DETECTED_ABOVE).mean())
            network = segmenter.weights.revision
            found.append(
                Series(diameter, contrast, float(SERIES), float(dices.mean()), share, network)
            )
            pictures.append(drawn[0])
    return found, sheet(pictures, len(DIAMETERS))


def write(
    measured: Sequence[Measured], small_and_faint: tuple[list[Series], Image.Image],
    modality: Modality, docs: Path,
) -> None:  # fmt: skip
    """Write docs/weights/MODALITY."""
    scores = [score for each in measured for score in each.scores]
    folder = docs / "weights" / modality
    folder.mkdir(parents=True, exist_ok=True)
    write_scores(folder / "cases.csv", scores)
    write_table(folder / "maps.csv", [m for each in measured for m in each.maps])
    write_table(folder / "unpadded.csv", [u for each in measured for u in each.unpadded])
    write_table(folder / "elsewhere.csv", [e for each in measured for e in each.elsewhere])
    rows, picture = small_and_faint
    write_table(folder / "series.csv", rows)
    picture.save(folder / "series.png", optimize=True)


def write_left_out(run: Path, cases: Sequence[Case], docs: Path) -> None:
    """Score whole data sets with a run that was trained on others, into docs/weights/MODALITY/left-out."""
    segmenter = Segmenter.load(str(run / "weights"))
    config = segmenter.weights.config
    epochs, _ = epochs_of(read_record(run))
    folder = docs / "weights" / config.modality / "left-out"
    folder.mkdir(parents=True, exist_ok=True)
    datasets = dict.fromkeys(case.dataset for case in cases)
    for dataset in datasets:
        if text(dataset) in config.trained_on:
            raise ValueError(f"{run} was trained on {dataset}: it has not been left out.")
    for dataset in datasets:
        of_it = [case for case in cases if case.dataset == dataset]
        scores = [
            _score_left_out(case, segmenter) for case in tqdm(of_it, text(dataset), unit="case")
        ]
        failed = [score for score in scores if score.error]
        if len(failed) == len(scores):
            raise ValueError(
                f"None of the {len(scores)} cases of {dataset} could be scored, {failed[0].id} for one: {failed[0].error}"
            )
        for score in failed:
            say(f"{dataset} {score.id}: {score.error}")
        name = dataset.replace("/", "--")  # one of the Hub is user/name
        write_scores(folder / f"{name}.csv", scores)
        told = LeftOut(text(dataset), list(config.trained_on), config.size, epochs)
        write_json(folder / f"{name}.json", asdict(told))


def _score_left_out(case: Case, segmenter: Segmenter) -> CaseScore:
    """What cannot be read or segmented is the score's error; ValueError where the network has seen the case."""
    try:
        scan = read_scan(case.file)
        refuse_seen(segmenter.weights, case, scan)
        truth = read_truth(case, scan)
        prediction = segmenter.segment(scan)
    except ScanError as error:
        label = case.label or ""
        return CaseScore(case.dataset, case.id, case.group, label, case.modality, error=str(error))
    return replace(score_prediction(case, prediction, truth, scan.spacing), seen=False)


def write_cost(docs: Path) -> None:
    """Measure here, in place of what was measured on the same hardware before, into docs/weights/cost.csv."""
    with resting():
        from train.cost import hardware, measure

    file = docs / "weights" / "cost.csv"
    file.parent.mkdir(parents=True, exist_ok=True)
    before = (
        [c for c in read_table(file, Cost) if c.hardware != hardware()] if file.exists() else []
    )
    write_table(file, before + measure())


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m train.weights_study",
        description=__doc__.split("\n\n", 1)[1],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        "--run",
        action="append",
        type=path_argument,
        metavar="RUN",
        help="a finished run; may be repeated",
    )
    add("--data", action="append", metavar="KIND:PATH", help="its data; may be repeated")
    add(
        "--left-out",
        action="store_true",
        help="score all of the data with the runs, which have never seen any of it",
    )
    add("--cost", action="store_true", help="measure size and speed, on a machine that is quiet")
    add_docs(parser)
    add("--report", action="store_true", help="only write the report, from DIR/weights")
    args = parser.parse_args(argv)
    of_runs = bool(args.run or args.data or args.left_out)
    if [args.report, args.cost, of_runs].count(True) != 1 or of_runs != bool(
        args.run and args.data
    ):
        parser.error("name runs and their data, or ask for --cost or --report alone")
    if args.left_out and len(args.run) > 1:
        parser.error(
            "--left-out takes one --run: what it says of a data set has one place in the report"
        )
    return args


@command
def main(argv: list[str] | None = None) -> int:
    args = parse(argv)
    return exit_status(lambda: _work(args))


def _work(args: argparse.Namespace) -> None:
    refuse_unmade(args.docs)
    if args.cost:
        write_cost(args.docs)
    elif not args.report:
        cases = [c for spec in args.data for c in read_cases(spec).cases if c.has_truth]
        modality = modality_of(args.run)
        if args.left_out:
            if not (args.docs / "weights" / modality / "cases.csv").exists():
                raise ValueError(
                    "First measure the runs of the data set's own folds, without --left-out."
                )
            if accepted := told_accepted(cases):
                print(f"{accepted} {NOT_SCORED}")
            truths = [case for case in cases if not case.accepted]
            if not truths:
                raise ValueError("There is no other case to score.")
            write_left_out(args.run[0], truths, args.docs)
        else:
            refuse_tested_twice(args.run, cases)
            made = generated(modality)
            measured = [measure(run, cases, made) for run in args.run]
            write(measured, series(modality), modality, args.docs)
    print(f"The report is {write_report(args.docs)}.")


if __name__ == "__main__":
    sys.exit(main())
