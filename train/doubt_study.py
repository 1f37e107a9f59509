"""What the review's uncertainty and suspicion are worth, beside others that were tried:

    python -m bcweb.review import study --data busi:PATH --data bus-bra:PATH [--folds DIR]
    python -m train.doubt_study study --docs mine
    python -m train.doubt_study --report --docs mine

The second measures on a project's predictions and truths: its scores of every case go to
mine/review-scores (or another `--name`; without `--docs`, in the place of this project's own), and from there the
report and its figures are written; `--report` does only that. Cases that the weights had seen enter no
result; of a project with `--folds` there are none. What seen cases of a data set with pairs of the same
picture give is kept apart, and marked.
"""

from __future__ import annotations

import argparse
import sys
import zlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

from bcweb.batch import over_all_cores, stoppable, worker_count
from bcweb.lesions import smallest_lesion_px
from bcweb.metrics import dice
from bcweb.paths import path_argument
from bcweb.review import doubt
from bcweb.review.files import Files
from bcweb.review.records import ReviewError, SnapshotCase
from bcweb.review.store import LOCAL, Store
from bcweb.terminal import command
from bcweb.weights import OperatingPoint
from train.docs import add_docs, refuse_unmade
from train.doubt_report import NAME, write_report
from train.doubt_results import Damaged, Pair, Rated
from train.ending import exit_status
from train.markdown import DOCS
from train.tables import write_table

DIFFERENT = 0.5  # Dice of two truths of one picture below which they contradict each other

# --- what was tried ---------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Shown:
    """A prediction to be rated: probability (H, W) uint8, 255 is 1; mask (H, W) bool."""

    probability: np.ndarray
    presence: float | None
    mask: np.ndarray
    point: OperatingPoint

    @property
    def p(self) -> np.ndarray:
        return self.probability.astype(np.float64) / 255

    @property
    def q(self) -> float:
        """The presence, or what stands for it."""
        return float(self.p.max()) if self.presence is None else self.presence

    @property
    def thresholded(self) -> np.ndarray:
        return self.probability >= self.point.mask_threshold * 255


def entropy(shown: Shown) -> float:
    """Mean entropy of the pixels in the mask and within 2% of the image's longer side around it."""
    p = np.clip(shown.p, 1e-6, 1 - 1e-6)
    bits = -(p * np.log2(p) + (1 - p) * np.log2(1 - p))
    where = shown.mask if shown.mask.any() else shown.thresholded
    if not where.any():
        return float(bits.mean())
    reach = max(1, round(0.02 * max(p.shape)))
    return float(bits[ndimage.binary_dilation(where, iterations=reach)].mean())


def soft_dice(shown: Shown, mask: np.ndarray) -> float:
    """2 sum(p m) / (sum(p) + sum(m)), the soft Dice confidence of Borges et al. 2024."""
    both = float(shown.p[mask].sum())
    either = float(shown.p.sum()) + np.count_nonzero(mask)
    return 2 * both / either if either else 1.0


def by_presence_alone(shown: Shown) -> float:
    """`doubt.uncertainty` where there are as many normals as lesions, for which presence is told."""
    if not shown.mask.any():
        return shown.q
    presence = 1.0 if shown.presence is None else shown.presence
    return 1 - presence * doubt.agreement(shown.probability, shown.mask)


def expected_soft(shown: Shown) -> float:
    return 1 - shown.q * soft_dice(shown, shown.mask) if shown.mask.any() else shown.q


def map_alone(shown: Shown) -> float:
    return 1 - soft_dice(shown, shown.mask if shown.mask.any() else shown.thresholded)


def two_thresholds(shown: Shown) -> float:
    return 1 - dice(shown.probability >= 0.1 * 255, shown.probability >= 0.9 * 255)


def margin(shown: Shown) -> float:
    if shown.presence is None or shown.point.presence_gate is None:
        return 0.0
    return -abs(shown.presence - shown.point.presence_gate)


UNCERTAINTIES: dict[str, Callable[[Shown], float]] = {
    "agreement": lambda shown: doubt.uncertainty(shown.probability, shown.presence, shown.mask),
    "agreement by presence alone": by_presence_alone,
    "soft Dice": expected_soft,
    "soft Dice of the map alone": map_alone,
    "two thresholds": two_thresholds,
    "entropy": entropy,
    "margin to the gate": margin,
}


def contradiction(shown: Shown, truth: np.ndarray) -> np.ndarray:
    return np.where(truth, 255 - shown.probability, shown.probability)


def worst(share: float) -> Callable[[Shown, np.ndarray], float]:
    """`doubt.suspicion` with another share of the lesion's pixels than a half."""

    def rate(shown: Shown, truth: np.ndarray) -> float:
        if not (shown.mask.any() or truth.any()):
            return 0.0
        size = max(np.count_nonzero(truth), np.count_nonzero(shown.thresholded))
        smallest = smallest_lesion_px(truth.shape, shown.point.min_lesion_fraction)
        pixels = min(max(int(share * size), smallest, 1), truth.size)
        return doubt.mean_of_worst(contradiction(shown, truth), pixels)

    return rate


def softmin(shown: Shown, truth: np.ndarray, temperature: float = 0.1) -> float:
    """1 - the label quality of Lad and Mueller 2023, softmin over the pixels."""
    count = np.bincount(contradiction(shown, truth).ravel(), minlength=256)
    against = np.arange(256) / 255
    weight = count * np.exp((against - 1) / temperature)
    return float(weight @ against / weight.sum())


def confident(shown: Shown, truth: np.ndarray) -> float:
    """1 - soft Dice in which a contradiction counts by its 8th power: doubtful pixels hardly do."""
    against = contradiction(shown, truth) / 255
    either = shown.p.sum() + np.count_nonzero(truth)
    return float((against**8).sum() / either) if either else 0.0


def regret(shown: Shown, truth: np.ndarray) -> float:
    """How much worse than its own mask the map expects the truth to be."""

    def expected(mask: np.ndarray) -> float:
        return shown.q * soft_dice(shown, mask) if mask.any() else 1 - shown.q

    return expected(shown.mask) - expected(truth)


SUSPICIONS: dict[str, Callable[[Shown, np.ndarray], float]] = {
    "worst half": lambda shown, t: doubt.suspicion(shown.probability, shown.mask, t, shown.point),
    "worst fifth": worst(0.2),
    "worst four fifths": worst(0.8),
    "softmin": softmin,
    "confident soft Dice": confident,
    "regret": regret,
    "1 - Dice": lambda shown, t: 1 - dice(shown.mask, t),
}

# --- damage -----------------------------------------------------------------------------------------


def shifted(truth: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Moved by half the side of a square of its area, in any direction that keeps 90% of it inside."""
    rows, columns = np.nonzero(truth)
    reach = 0.5 * np.sqrt(len(rows))
    for _ in range(50):
        angle = rng.uniform(0, 2 * np.pi)
        down, across = round(reach * np.sin(angle)), round(reach * np.cos(angle))
        y, x = rows + down, columns + across
        inside = (y >= 0) & (y < truth.shape[0]) & (x >= 0) & (x < truth.shape[1])
        if inside.mean() > 0.9:
            break
    moved = np.zeros_like(truth)
    moved[y[inside], x[inside]] = True
    return moved


def resampled(mask: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    soft = Image.fromarray(mask.astype(np.uint8) * 255)
    return np.asarray(soft.resize(shape[::-1], Image.Resampling.BILINEAR)) >= 128


# --- a project --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Task:
    """A case to rate. other: the truth of another case, which it is swapped with; None: no damage."""

    each: SnapshotCase
    other: str | None


def rate(task: Task, files: Files, folder: str) -> tuple[Rated, list[Damaged]]:
    case, prediction = task.each.case, task.each.prediction
    truth = files.mask(folder, case.truth_file)
    point = OperatingPoint(
        mask_threshold=prediction.threshold,
        presence_gate=prediction.gate,
        min_lesion_fraction=prediction.min_lesion_px / truth.size,
    )
    shown = Shown(
        files.map(folder, prediction.map_file),
        prediction.presence,
        files.mask(folder, prediction.mask_file),
        point,
    )

    def suspicions(of: np.ndarray) -> dict[str, float]:
        return {name: f(shown, of) for name, f in SUSPICIONS.items()}

    rated = Rated(
        case.dataset, case.case, case.group, case.modality, prediction.how, prediction.revision,
        bool(truth.any()), 1 - prediction.dice, {name: f(shown) for name, f in UNCERTAINTIES.items()}, suspicions(truth),
    )  # fmt: skip
    if task.other is None:
        return rated, []
    rng = np.random.default_rng(zlib.crc32(f"{case.dataset} {case.case}".encode()))
    damage = {
        "shifted": shifted(truth, rng),
        "dropped": np.zeros_like(truth),
        "swapped": resampled(files.mask(folder, task.other), truth.shape),
    }
    return rated, [
        Damaged(case.dataset, case.case, kind, dice(mask, truth), suspicions(mask))
        for kind, mask in damage.items()
    ]


def tasks(cases: Sequence[SnapshotCase]) -> tuple[list[Task], list[Pair]]:
    """What to rate: all cases that were not seen, and all of data sets in which truths of one picture
    contradict each other; and those pairs."""
    known = [
        each
        for each in cases
        if each.prediction is not None and each.case.has_truth and each.prediction.dice is not None
    ]
    by_id = {each.case.id: each.case for each in known}
    pairs = {}
    for each in known:
        case, twin = each.case, by_id.get(each.case.twin)
        if twin is None or case.twin_dice is None or case.twin_dice >= DIFFERENT:
            continue
        if case.truth_px and twin.truth_px:
            first, second = sorted((case, twin), key=lambda c: c.position)
            pairs[first.id, second.id] = Pair(case.dataset, first.case, second.case, case.twin_dice)
    with_pairs = {pair.dataset for pair in pairs.values()}
    lesions = defaultdict(list)
    for each in known:
        if each.case.truth_px:
            lesions[each.case.dataset].append(each.case)
    found = []
    for each in known:
        unseen = each.prediction.how != "seen"
        if not unseen and each.case.dataset not in with_pairs:
            continue
        others = [c for c in lesions[each.case.dataset] if c.group != each.case.group]
        other = None
        if unseen and each.case.truth_px and others:
            rng = np.random.default_rng(zlib.crc32(f"swap {each.case.case}".encode()))
            other = others[rng.integers(len(others))].truth_file
        found.append(Task(each, other))
    return found, list(pairs.values())


def measure(
    store: Store, project: str, workers: int | None = None, name: str = NAME, docs: Path = DOCS
) -> None:
    """Rate a project's predictions into DOCS/NAME."""
    found = store.project(LOCAL, project)
    with store.snapshot(LOCAL, found.id) as snapshot:
        to_do, pairs = tasks(snapshot.cases)
    if all(task.each.prediction.how == "seen" for task in to_do):
        raise ReviewError(f"{project} has no prediction by weights that had not seen the case.")
    files, folder = store.shelf(found.id)
    from tqdm import tqdm

    rated, damaged = {}, []
    task = partial(_numbered, files=files, folder=folder)
    numbered = list(enumerate(to_do))
    with stoppable() as stop:
        results = over_all_cores(task, numbered, worker_count(len(to_do), workers), stop, _died)
        for number, case, worse in tqdm(results, "Rating", len(to_do), unit="case", delay=1):
            rated[number] = case
            damaged += [(number, each) for each in worse]
    if stop.asked:
        raise KeyboardInterrupt
    folder = docs / name
    folder.mkdir(parents=True, exist_ok=True)
    write_table(folder / "cases.csv", [rated[number] for number in sorted(rated)])
    write_table(folder / "damaged.csv", [d for _, d in sorted(damaged, key=lambda pair: pair[0])])
    write_table(folder / "pairs.csv", pairs)


def _numbered(
    numbered: tuple[int, Task], files: Files, folder: str
) -> tuple[int, Rated, list[Damaged]]:
    return numbered[0], *rate(numbered[1], files, folder)


def _died(numbered: tuple[int, Task]) -> tuple[int, Rated, list[Damaged]]:
    raise ReviewError(f"The process that rated {numbered[1].each.case.case} died.")


_KEPT = "Stopped; what was measured is kept, and --report writes the report of it."


@command
def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m train.doubt_study",
        description=__doc__.split("\n\n", 1)[1],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("project", nargs="?", metavar="PROJECT", help="of the review, with predictions and truths")
    add(
        "--home",
        type=path_argument,
        metavar="DIR",
        help="the review's data folder, in place of BCWEB_HOME",
    )
    add(
        "--workers",
        type=int,
        metavar="N",
        help="processes (default: one for every 8 cases, at most one a core)",
    )
    add_docs(parser)
    add("--report", action="store_true", help="only write the report, from DIR/NAME")
    add("--name", default=NAME, help=f"of the measurement under DIR (default: {NAME})")
    args = parser.parse_args(argv)
    if args.report == bool(args.project):
        parser.error("name a project, or ask for --report alone")
    if args.project and (
        status := exit_status(lambda: _measure(args), lambda: "Stopped; nothing was written.")
    ):
        return status
    return exit_status(lambda: _report(args), lambda: _KEPT)


def _measure(args: argparse.Namespace) -> None:
    refuse_unmade(args.docs)
    with Store(args.home) as store:
        measure(store, args.project, args.workers, args.name, args.docs)


def _report(args: argparse.Namespace) -> None:
    refuse_unmade(args.docs)
    print(f"The report is {write_report(args.docs, args.name)}.")


if __name__ == "__main__":
    # By its own name, so that the workers find its functions where the parent does.
    from train import doubt_study

    sys.exit(doubt_study.main())
