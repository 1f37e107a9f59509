"""docs/weights.md and its figures, from what `python -m train.weights_study` measured.

docs/weights/MODALITY/cases.csv      the scores of every case, out of fold
docs/weights/MODALITY/maps.csv       what made its scan, how large its lesion is, what its map said
docs/weights/MODALITY/unpadded.csv   the Dice of scans whose files are padded to squares, with and without the bands
docs/weights/MODALITY/elsewhere.csv  presences of pictures that are of no data set
docs/weights/MODALITY/series.csv     what the weights that shipped then make of generated scans, small and faint
docs/weights/MODALITY/left-out/      scores of whole data sets by networks that had seen none of them
docs/weights/cost.csv                what a network costs, by hardware
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

import numpy as np

from bcweb.metrics import DETECTED_ABOVE
from bcweb.review.evaluation import SIZES, size_of
from bcweb.scans import MODALITIES
from bcweb.scores import CaseScore, groups_of, read_scores, summarise
from bcweb.statistics import (
    auc_interval,
    calibration_bins,
    calibration_error,
    group_bootstrap,
    paired_difference,
    rank_correlation,
)
from bcweb.terminal import write_whole
from bcweb.weights import load_weights
from train.docs import damaged, read_settings
from train.figures import reliability
from train.markdown import DOCS, score_table, with_interval
from train.tables import PREFIX, read_table

BINS = 10
FAILURES = (
    "found, but held back by the gate",
    "painted, but hardly on it",
    "not found",
    "normal painted",
)
_BOXES = "only boxes are known for these lesions, taken as ellipses"
_DOUBT_FROM = 1  # the bin from which a map no longer says "background"


@dataclass(frozen=True)
class Map:
    """What a network's map says of a case. share: of the image that the truth covers. ungated: the Dice of
    what it would have painted without the presence gate.

    bins: how many pixels lie in each tenth of probability, the sum of them, how many of them are lesion.
    """

    dataset: str
    case: str
    device: str
    share: float
    ungated: float
    uncertainty: float
    bins: dict[str, float] = field(metadata={PREFIX: "pixels: "})

    @staticmethod
    def columns() -> list[tuple[str, int]]:
        return [(kind, place) for kind in ("n", "p", "t") for place in range(BINS)]

    @property
    def row(self) -> np.ndarray:
        """As `calibration_error` takes it."""
        return np.array([self.bins[f"{kind}{place}"] for kind, place in self.columns()])


@dataclass(frozen=True)
class Unpadded:
    """The Dice of a lesion image whose file is padded to a square, as it is and without the bands. network: the revision
    that drew both."""

    dataset: str
    case: str
    group: str
    dice_padded: float
    dice_unpadded: float
    network: str


@dataclass(frozen=True)
class Elsewhere:
    """The presence of a picture that is of no data set. source: what kind of picture it is. network: the
    revision that looked at it."""

    source: str
    case: str
    group: str
    lesion: bool
    presence: float
    network: str


@dataclass(frozen=True)
class Series:
    """Generated scans of one size and contrast of the mass: the mean Dice, and the share that is found (Dice > 0.1).
    diameter: as a part of the image's shorter side. network: the revision that drew them, which shipped then."""

    diameter: float
    contrast: float
    scans: float
    dice: float
    found: float
    network: str


@dataclass(frozen=True)
class LeftOut:
    """A data set, and how a network was trained that is to segment it and has not seen it."""

    dataset: str
    trained_on: list[str]
    size: int
    epochs: int


@dataclass(frozen=True)
class Cost:
    """millions: of parameters, with the presence head. megabytes: in half precision, as they are shipped. milliseconds:
    median from a scan of 600x480 to its mask, on the processor. trained: images a second."""

    architecture: str
    hardware: str
    millions: float
    megabytes: float
    milliseconds: float
    trained: float


@dataclass(frozen=True, eq=False)
class Findings:
    """What was measured of one modality's; scores and maps in the same order."""

    scores: list[CaseScore]
    maps: list[Map]
    unpadded: list[Unpadded]
    elsewhere: list[Elsewhere]
    series: list[Series]
    left_out: dict[str, tuple[LeftOut, list[CaseScore]]]

    @classmethod
    def read(cls, folder: Path) -> Findings:
        scores = [s for s in read_scores(folder / "cases.csv") if not s.error]
        maps = {(m.dataset, m.case): m for m in read_table(folder / "maps.csv", Map)}
        left_out = {}
        for file in sorted((folder / "left-out").glob("*.json")):
            known = [s for s in read_scores(file.with_suffix(".csv")) if not s.error]
            told = _read_left_out(file)
            left_out[told.dataset] = told, known
        if not all(score.key in maps for score in scores):
            raise damaged(folder / "maps.csv")
        series = read_table(folder / "series.csv", Series)
        if not series:
            raise damaged(folder / "series.csv")
        elsewhere = read_table(folder / "elsewhere.csv", Elsewhere)
        bands = folder / "unpadded.csv"  # which was not measured from the beginning on
        unpadded = read_table(bands, Unpadded) if bands.exists() else []
        maps = [maps[score.key] for score in scores]
        return cls(scores, maps, unpadded, elsewhere, series, left_out)

    def without_boxes(self) -> Findings:
        """The same without the cases of which only boxes are known."""
        kept = [(s, m) for s, m in zip(self.scores, self.maps, strict=True) if not s.weak]
        return replace(self, scores=[s for s, _ in kept], maps=[m for _, m in kept])

    def where(self, holds: Callable[[CaseScore, Map], bool]) -> list[CaseScore]:
        return [s for s, m in zip(self.scores, self.maps, strict=True) if holds(s, m)]


def _read_left_out(file: Path) -> LeftOut:
    names = [each.name for each in fields(LeftOut)]
    told = read_settings(file, set(names) - {"dataset"})
    told.setdefault("dataset", file.stem)  # files from before it was told are called like it
    return LeftOut(*(told[name] for name in names))


def by_label(findings: Findings) -> dict[str, list[CaseScore]]:
    """The lesion images of each label, each data set for itself."""
    parts: dict[str, list[CaseScore]] = {}
    for score in findings.scores:
        if score.lesion and score.label:
            parts.setdefault(f"{score.dataset}, {score.label}", []).append(score)
    return parts


def devices(findings: Findings) -> dict[str, list[CaseScore]]:
    names = sorted({m.device for m in findings.maps} - {""})
    return {name: findings.where(lambda s, m, name=name: m.device == name) for name in names}


def lesion_sizes(findings: Findings) -> dict[str, list[CaseScore]]:
    """Lesion images by the part of the image that their lesions cover, as the review has them."""
    parts = {
        f"{name} (of the image)": findings.where(
            lambda s, m, name=name: bool(s.lesion) and size_of(m.share) == name
        )
        for name, _ in SIZES
    }
    return {name: part for name, part in parts.items() if part}


def presence_rows(scores: Sequence[CaseScore]) -> np.ndarray:
    """(N, 3 * BINS), a row a case, as `calibration_error` takes them."""
    return np.array(
        [calibration_bins(np.array([s.presence]), np.array([s.lesion]), BINS) for s in scores]
    )


def evenly(rows: np.ndarray, lesion: Sequence[bool]) -> np.ndarray | None:
    """Rows (N, K) of which lesions and normals weigh the same; None where there are none of either."""
    share = np.mean(lesion)
    if share in (0, 1):
        return None
    return rows / np.where(lesion, share, 1 - share)[:, None]


def without_background(rows: np.ndarray) -> np.ndarray:
    """The bins of pixels without the lowest, which nearly all pixels are in and hardly any is doubted."""
    kept = rows.reshape(len(rows), 3, BINS)[:, :, _DOUBT_FROM:]
    return kept.reshape(len(rows), -1)


def errors(findings: Findings) -> np.ndarray:
    """(N,) 1 - Dice of what was painted; of a normal it is 1 where anything was, else 0."""
    return np.array([1 - s.dice for s in findings.scores], float)


def write_report(docs: Path = DOCS) -> Path:
    """Write DOCS/weights.md and its figures from what lies under DOCS/weights."""
    folders = sorted(f.parent for f in (docs / "weights").glob("*/cases.csv"))
    costs = docs / "weights" / "cost.csv"
    if not folders and not costs.exists():
        raise ValueError(f"{docs / 'weights'} holds nothing that was measured.")
    lines = [
        "# How good the weights are",
        "",
        "Generated by `python -m train.weights_study --report` from the tables in `weights/`, one line per case. Every "
        "case was segmented by a network that had seen neither it nor another picture of its group (patient, "
        "near-duplicates), and is scored at the scan's own size, after that network's operating point. In brackets: the "
        "95% interval from resampling whole groups (for a share where all cases agree, Clopper and Pearson's, with each "
        "group counted as one case). The intervals cover which patients happened to be in the data; they do not cover the "
        "chance of another training, nor another hospital. Presence AUC only compares lesions and normals seen by the "
        "same network.",
    ]
    for folder in folders:
        findings = Findings.read(folder)
        lines += ["", f"## {folder.name.capitalize()}", "", *_modality(findings, folder)]
    if costs.exists():
        lines += ["", "## Cost", "", *_cost(read_table(costs, Cost))]
    path = docs / "weights.md"
    write_whole(path, ("\n".join(lines) + "\n").encode())
    return path


def _linked(text: str, target: str, docs: Path) -> str:
    """A link to a file of this project, from a report in DOCS; the text alone where the report lies elsewhere."""
    return f"[{text}]({target})" if (docs / target).exists() else text


def _ships(folder: Path, revisions: set[str], parts: Sequence[str]) -> Iterator[str]:
    """What these networks have to do with the weights that ship.

    parts: of the report, that measure the shipped weights themselves.
    """
    ships = load_weights("embedded", folder.name)
    card = _linked("card", f"../bcweb/pretrained/{folder.name}/README.md", folder.parents[1])
    if ships.revision in revisions:
        return
    few = {1: "one part below measures", 2: "two parts below measure"}
    measure = few.get(len(parts), f"{len(parts)} parts below measure")
    of_itself = f"Only {measure} the shipped weights themselves: {', and '.join(parts)}."
    if not parts:
        of_itself = "No part below measures the shipped weights themselves."
    if revisions == {score.revision for score in read_scores(ships.folder / "scores.csv")}:
        yield (
            f"The weights that ship, `{ships.revision}`, were fitted on all of these cases by the same recipe ({card}): no "
            f"case is left to score them on, so these networks' scores are those of the recipe. {of_itself}"
        )
    else:
        yield (
            f"None of these networks ships: they were trained by another recipe than the weights that do, `{ships.revision}`, "
            f"whose scores are on their {card}. {of_itself}"
        )


def _modality(findings: Findings, folder: Path) -> Iterator[str]:
    datasets = list(dict.fromkeys(s.dataset for s in findings.scores))
    of = {name: findings.where(lambda s, m, name=name: s.dataset == name) for name in datasets}
    revisions = list(dict.fromkeys(s.revision for s in findings.scores))
    yield (
        f"{len(findings.scores):,} cases, by {len(revisions)} networks: "
        + ", ".join(f"`{revision}`" for revision in revisions)
        + "."
    )
    own = load_weights("embedded", folder.name).revision
    of_itself = ["small and faint lesions"] * (findings.series[0].network == own)
    of_itself += [
        f"{name}, left out as a whole"
        for name, (_, rows) in findings.left_out.items()
        if rows[0].revision == own
    ]
    yield from _ships(folder, set(revisions), of_itself)
    yield ""
    yield from _scores("data", of)
    weak = [name for name, scores in of.items() if any(s.weak for s in scores)]
    if 0 < len(weak) < len(of):
        yield ""
        yield (
            f"{' and '.join(weak)}: {_BOXES}. A Dice against an ellipse is not one against an outline, so the parts below "
            "leave these cases out."
        )
        findings = findings.without_boxes()
        of = {name: scores for name, scores in of.items() if name not in weak}
        datasets = list(of)
    if len(parts := by_label(findings)) > 1:
        yield from ("", "### By label", "")
        yield from _scores("data and label", parts)
    if parts := devices(findings):
        yield from ("", "### By device", "")
        yield from _scores("device", parts)
    yield from ("", "### By size of the lesion", "")
    yield from _scores("lesions cover", lesion_sizes(findings))
    if findings.unpadded:
        yield from ("", "### Without the bands that pad their files to squares", "")
        yield from _unpadded(findings.unpadded)
    yield from ("", "### What is missed, and which normals are painted", "")
    yield from _failures(findings, of)
    yield from ("", "### Small and faint: generated scans", "")
    yield from _series(findings, folder, own)
    yield from ("", "### Do the probabilities mean what they say?", "")
    yield from _calibration(findings, of, folder)
    yield from ("", "### Does the uncertainty predict the error?", "")
    yield from _uncertainty(findings, datasets, folder.parents[1])
    if findings.elsewhere:
        yield from ("", "### Presence on other pictures", "")
        yield from _elsewhere(findings)
    if findings.left_out:
        yield from ("", "### A whole data set left out", "")
        yield from _left_out(findings)


def _scores(of: str, parts: dict[str, list[CaseScore]]) -> list[str]:
    return score_table(of, [(name, summarise(part)) for name, part in parts.items()])


def _unpadded(rows: Sequence[Unpadded]) -> Iterator[str]:
    yield (
        "The same networks on the same lesion images, as their files are and without the black bands on two sides that "
        "make squares of them: as films are published, and come from a hospital."
    )
    yield ""
    yield "| data | lesion images with bands | Dice, mean, with bands | without | difference |"
    yield "| --- | --- | --- | --- | --- |"
    for dataset in dict.fromkeys(row.dataset for row in rows):
        mine = [row for row in rows if row.dataset == dataset]
        groups = [row.group for row in mine]
        padded, without = ([getattr(r, f"dice_{n}") for r in mine] for n in ("padded", "unpadded"))
        cells = [with_interval(group_bootstrap(each, groups)) for each in (padded, without)]
        cells.append(with_interval(paired_difference(without, padded, groups), signed=True))
        yield f"| {dataset} | {len(mine)} | {' | '.join(cells)} |"


def failures(scores: Sequence[CaseScore], maps: Sequence[Map]) -> dict[str, int]:
    """How many lesion images are missed (Dice of at most 0.1), by what went wrong; and painted normals."""
    found = dict.fromkeys(FAILURES, 0)
    for score, each in zip(scores, maps, strict=True):
        if not score.lesion:
            found["normal painted"] += score.painted > 0
        elif score.dice <= DETECTED_ABOVE:
            if score.painted:
                found["painted, but hardly on it"] += 1
            else:
                held_back = each.ungated > DETECTED_ABOVE
                found["found, but held back by the gate" if held_back else "not found"] += 1
    return found


def _failures(findings: Findings, of: dict[str, list[CaseScore]]) -> Iterator[str]:
    yield (
        f"Lesion images whose Dice is at most {DETECTED_ABOVE:g}, by what went wrong: the map had the lesion but the "
        "presence gate held it back; something was painted, but hardly on the lesion; the map had nothing there."
    )
    yield ""
    yield f"| data | lesion images | {' | '.join(FAILURES[:-1])} | normals | painted |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for name, scores in of.items():
        maps = [m for m in findings.maps if m.dataset == name]
        *missed, painted = failures(scores, maps).values()
        lesions = sum(bool(s.lesion) for s in scores)
        cells = [name, lesions, *missed, len(scores) - lesions, painted]
        yield "| " + " | ".join(str(cell) for cell in cells) + " |"


def _series(findings: Findings, folder: Path, ships: str) -> Iterator[str]:
    network = findings.series[0].network
    whose = f"The weights that ship, `{network}`" if network == ships else f"`{network}`"
    diameters = sorted({s.diameter for s in findings.series})
    contrasts = sorted({s.contrast for s in findings.series}, reverse=True)
    of = {(s.diameter, s.contrast): s for s in findings.series}
    yield (
        f"{whose}, on generated scans with one mass, {findings.series[0].scans:.0f} of each kind: mean "
        "Dice, and the share that is found. They show what makes a lesion hard, not how often that happens. A contrast "
        "of 1 is that of a plainly visible mass, 0 is no contrast at all. The picture shows one scan of each kind, in the "
        "rows and columns of the table: the truth is outlined in blue, the prediction in orange."
    )
    yield ""
    yield f"| contrast | {' | '.join(f'diameter {d:g} of the side' for d in diameters)} |"
    yield f"| --- |{' --- |' * len(diameters)}"
    for contrast in contrasts:
        row = [of[diameter, contrast] for diameter in diameters]
        yield f"| {contrast:g} | " + " | ".join(f"{s.dice:.2f}, {s.found:.0%}" for s in row) + " |"
    yield ""
    yield f"![Generated scans with outlines of truth and prediction](weights/{folder.name}/series.png)"


def _calibration(findings: Findings, of: dict[str, list[CaseScore]], folder: Path) -> Iterator[str]:
    with_presence = [s for s in findings.scores if s.presence is not None]
    panels = {"pixels": np.array([m.row for m in findings.maps])}
    if with_presence:
        panels = {"presence": presence_rows(with_presence)} | panels
    reliability(panels, folder / "calibration.png")
    yield (
        "Expected calibration error: over ten bins of probability, how far the share of lesions is from the mean "
        "probability, weighted by how many are in the bin. Presence is per image; pixels are those of the map, at the "
        "scan's own size, before any gate. A calibrated presence is meant for as many normals as lesions, and the column "
        "of that name weights them so: where there are more lesions, presence is too low. Nearly all pixels are "
        "background that the map is certain of, so the last column leaves out those below 0.1."
    )
    yield ""
    yield "| data | cases | presence | as many normals as lesions | all pixels | pixels from 0.1 on |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for name, scores in of.items():
        maps = np.array([m.row for m in findings.maps if m.dataset == name])
        groups = groups_of(scores)
        cells = [name, str(len(scores))]
        presences = presence_rows(scores) if all(s.presence is not None for s in scores) else None
        even = None if presences is None else evenly(presences, [s.lesion for s in scores])
        for rows in (presences, even, maps, without_background(maps)):
            found = None if rows is None else group_bootstrap(rows, groups, calibration_error)
            cells.append(with_interval(found))
        yield "| " + " | ".join(cells) + " |"
    yield ""
    yield f"![Reliability of presence and of pixels](weights/{folder.name}/calibration.png)"


def _uncertainty(findings: Findings, datasets: Sequence[str], docs: Path) -> Iterator[str]:
    """By the names of the cases, the order of `train.doubt_study`: of the same cases both then draw the same groups."""
    tried = _linked("docs/review-scores.md", "review-scores.md", docs)
    yield (
        "Spearman's rank correlation of the review's uncertainty with the error (1 - Dice; for a normal, 1 if "
        f"anything is painted). What else was tried is in {tried}."
    )
    yield ""
    yield "| data | cases | rank correlation |"
    yield "| --- | --- | --- |"
    columns = np.column_stack([[m.uncertainty for m in findings.maps], errors(findings)])
    rated = {score.key: row for score, row in zip(findings.scores, columns, strict=True)}
    for name in datasets:
        mine = sorted((s for s in findings.scores if s.dataset == name), key=lambda s: s.id)
        found = group_bootstrap([rated[s.key] for s in mine], groups_of(mine), rank_correlation)
        yield f"| {name} | {len(mine)} | {with_interval(found)} |"


def _elsewhere(findings: Findings) -> Iterator[str]:
    yield (
        "Area under the ROC curve of presence on pictures that belong to no data set: the part of a held-out scan "
        "beside its lesion, against an equally wide part that holds it; and generated scans, which no network has seen, "
        "shown to all of them. The second column says how many hold a lesion."
    )
    yield ""
    yield "| pictures | with a lesion | presence AUC |"
    yield "| --- | --- | --- |"
    for source in dict.fromkeys(e.source for e in findings.elsewhere):
        some = [e for e in findings.elsewhere if e.source == source]
        found = auc_interval(
            [e.presence for e in some], [e.lesion for e in some], [e.group for e in some],
            [e.network for e in some],
        )  # fmt: skip
        yield f"| {source} | {sum(e.lesion for e in some)} of {len(some)} | {with_interval(found)} |"


def _left_out(findings: Findings) -> Iterator[str]:
    yield "Each data set here is scored by a network that was trained on other data sets only."
    for dataset, (told, scores) in findings.left_out.items():
        yield ""
        yield (
            f"`{scores[0].revision}`, trained on {', '.join(told.trained_on)} ({told.size}x{told.size}, {told.epochs} epochs), shown "
            f"all of {dataset}" + (f" ({_BOXES}):" if any(score.weak for score in scores) else ":")
        )
        yield ""
        yield from _scores("data", {dataset: scores})


def _cost(costs: Sequence[Cost]) -> Iterator[str]:
    yield (
        "All architectures in one run at 256x256, with the presence head; `unet` is the original U-Net. Megabytes are in "
        "half precision, as weights ship (the batch statistics, about a hundredth, are in single precision); milliseconds "
        "are from a scan of 600x480 to its mask, on the CPU; training is in batches of 8, on the GPU where one is named."
    )
    twice = [m for m in MODALITIES if load_weights("embedded", m).config.reading.mirrored]
    if twice:
        yield f"The {' and '.join(twice)} weights that ship look at a scan's mirror image too, which takes twice the milliseconds."
    yield ""
    yield "| network | parameters | MB | ms a scan | images a second in training | on |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for cost in costs:
        yield (
            f"| `{cost.architecture}` | {cost.millions:.1f} million | {cost.megabytes:.1f} | {cost.milliseconds:.0f} | "
            f"{cost.trained:.3g} | {cost.hardware} |"
        )
