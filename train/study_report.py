"""docs/transfer-study.md and its figures, from the scores of every case under docs/transfer-study/, and
of each direction what the shipped weights of its target tell of it.

    docs/transfer-study/DIRECTION/study.json      what was compared, and how
    docs/transfer-study/DIRECTION/TRIAL.csv       the cases' scores, all folds of one trial

A trial is an arm on a part of the training data with one seed, named ARM-PERCENT-sSEED.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np

from bcweb.metrics import DETECTED_ABOVE
from bcweb.scores import CaseScore, groups_of, read_scores
from bcweb.statistics import (
    Interval,
    group_bootstrap,
    proportion,
    repeated_difference,
    repeated_mean,
)
from bcweb.terminal import write_whole
from bcweb.weights import STUDIES, STUDY_PICTURE
from train.arms import ARMS
from train.docs import of_part, read_settings, refuse_two_truths
from train.markdown import DOCS, with_interval

CONTROL = "imagenet"
RESAMPLES = (
    20_000  # of a difference: with 2,000 an end is out by 0.001, and by that it may tell arms apart
)
_SETTINGS = ("data", "source", "architecture", "folds", "epochs", "size", "note")
OWN = "each network's own validation"  # where a study does not say on what its points were chosen
_TRIAL = re.compile(r"(?P<arm>[a-z]+)-(?P<percent>\d+)-s(?P<seed>\d+)")


@dataclass(frozen=True, order=True)
class Trial:
    """arm: a name in `train.arms`. percent: of the training groups. seed: of weights, order and views."""

    arm: str
    percent: int
    seed: int

    @property
    def name(self) -> str:
        return f"{self.arm}-{self.percent}-s{self.seed}"

    @classmethod
    def from_name(cls, name: str) -> Trial:
        found = _TRIAL.fullmatch(name)
        if found is None:
            raise ValueError(f"{name} is not the name of a trial (ARM-PERCENT-sSEED).")
        return cls(found["arm"], int(found["percent"]), int(found["seed"]))


@dataclass(frozen=True)
class Direction:
    """One direction of transfer, as it lies on the disk."""

    name: str
    settings: dict[str, Any]
    scores: dict[Trial, tuple[CaseScore, ...]]


@dataclass(frozen=True, eq=False)
class ArmScores:
    """An arm on a part of the data.

    seeds: of its trainings. dice: (seeds,) of every lesion image that each of them has a score of, by case.
    distances: how many of them have an HD95, which wants something painted. figures: by name, each an interval
    of the mean over the seeds; missing ones do not exist.
    """

    arm: str
    percent: int
    seeds: tuple[int, ...]
    dice: dict[tuple[str, str], np.ndarray]
    groups: dict[tuple[str, str], tuple[str, str]]
    distances: int
    figures: dict[str, Interval]


def read_direction(folder: Path) -> Direction:
    settings = read_settings(folder / "study.json", _SETTINGS)
    tables = {file: read_scores(file) for file in sorted(folder.glob("*-s*.csv"))}
    scores = {Trial.from_name(file.stem): table for file, table in tables.items()}
    refuse_two_truths(tables)
    return Direction(folder.name, settings, scores)


def read_directions(docs: Path) -> list[Direction]:
    folders = sorted(f.parent for f in (docs / "transfer-study").glob("*/study.json"))
    if not folders:
        raise ValueError(f"{docs / 'transfer-study'} holds no scores of a study.")
    return [read_direction(folder) for folder in folders]


def arms_of(direction: Direction) -> list[ArmScores]:
    """The arms, each part of the data for itself, the best mean Dice first."""
    trials = defaultdict(list)
    for trial in sorted(direction.scores):
        trials[trial.arm, trial.percent].append(trial)
    found = [
        _arm(arm, percent, {trial.seed: direction.scores[trial] for trial in of})
        for (arm, percent), of in trials.items()
    ]
    return sorted(found, key=lambda a: (-a.percent, -a.figures["dice"].estimate))


def _arm(arm: str, percent: int, seeds: Mapping[int, Sequence[CaseScore]]) -> ArmScores:
    cases: dict[tuple[str, str], list[CaseScore]] = defaultdict(list)
    for scores in seeds.values():
        for score in scores:
            if score.seen:
                raise ValueError(
                    f"{score.revision} was trained on {score.id}: its score is no result."
                )
            if not score.error:
                cases[score.key].append(score)
    cases = {key: scores for key, scores in cases.items() if len(scores) == len(seeds)}
    groups = dict(zip(cases, groups_of([s[0] for s in cases.values()]), strict=True))
    lesion = {key: s for key, s in cases.items() if s[0].lesion}
    normal = {key: s for key, s in cases.items() if not s[0].lesion}

    def mean(of: dict, value: Callable[[CaseScore], float | None]) -> dict[tuple, float]:
        known = {
            key: [v for s in scores if (v := value(s)) is not None] for key, scores in of.items()
        }
        return {key: float(np.mean(values)) for key, values in known.items() if values}

    def interval(values: dict[tuple, float]) -> Interval:
        return group_bootstrap(list(values.values()), [groups[key] for key in values])

    def share(values: dict[tuple, float]) -> Interval:
        """An interval of yes and no, or of the share of the seeds that say yes."""
        if set(values.values()) <= {0.0, 1.0}:
            flags = [value > 0 for value in values.values()]
            return Interval(*proportion(flags, [groups[key] for key in values])[:3])
        return interval(values)

    dice = {key: np.array([s.dice for s in scores]) for key, scores in lesion.items()}
    by_seed = np.stack(list(dice.values()), axis=1)
    figures = {
        "dice": repeated_mean(by_seed, [groups[key] for key in dice]),
        "iou": interval(mean(lesion, lambda s: s.iou)),
    }
    figures["detected"] = share(mean(lesion, lambda s: float(s.dice > DETECTED_ABOVE)))
    if hd95 := mean(lesion, lambda s: s.hd95_px):
        figures["hd95"] = interval(hd95)
    if painted := mean(normal, lambda s: float(s.painted > 0)):
        figures["painted"] = share(painted)
    return ArmScores(arm, percent, tuple(seeds), dice, groups, len(hd95), figures)


@dataclass(frozen=True)
class Difference:
    """An arm's mean Dice less the control's, on the lesion images and by the seeds that both have.

    by_seed: of each of these seeds. A single one's chance is not in the interval.
    """

    interval: Interval
    by_seed: dict[int, float]

    @property
    def side(self) -> int:
        """1 where the arm is told apart from the control as the better one, -1 as the worse, else 0.

        By the ends as they are printed: what begins at 0.000 is told apart by luck of the draws. One seed tells
        nothing apart.
        """
        if len(self.by_seed) < 2:
            return 0
        low, high = round(self.interval.low, 3), round(self.interval.high, 3)
        return int(low > 0) - int(high < 0)


@lru_cache(
    maxsize=64
)  # a report asks it of each pair three times: for the table, the answer and the verdict
def difference(arm: ArmScores, control: ArmScores) -> Difference | None:
    """None where the two have no lesion image or no seed in common."""
    both = [key for key in arm.dice if key in control.dice]
    shared = [seed for seed in arm.seeds if seed in control.seeds]
    if not both or not shared:
        return None
    first, second = (
        np.stack([of.dice[key] for key in both], axis=1)[[of.seeds.index(s) for s in shared]]
        for of in (arm, control)
    )
    interval = repeated_difference(first, second, [arm.groups[k] for k in both], RESAMPLES)
    means = (float(mean) for mean in (first - second).mean(axis=1))
    return Difference(interval, dict(zip(shared, means, strict=True)))


def write_report(docs: Path = DOCS) -> Path:
    """Write DOCS/transfer-study.md and a figure a direction from what lies under DOCS/transfer-study."""
    directions = read_directions(docs)
    lines = [
        "# Does transfer between the modalities help?",
        "",
        "Generated by `python -m train.study --report` from the scores of every case in `transfer-study/`.",
        "Every arm has the same folds, by group, and the same number of steps; every score is of a case "
        "that its weights had not seen. In brackets: the 95% interval from resampling whole groups and, for "
        "Dice, the seeds too where there are several. "
        f"The difference is from `{CONTROL}` (the same network trained from ImageNet straight on the target, without "
        "the source), paired by case, over the seeds that both have; beside it is that of each seed, by its number. The "
        "intervals cover which patients happened to be in the data; they do not cover the chance of another training "
        "where there is one seed, nor another part of the training data (it is the same for every arm and seed), nor another hospital.",
    ]
    run = {trial.arm for direction in directions for trial in direction.scores}
    lines += ["", *[f"- `{arm.name}`: {arm.summary}." for arm in ARMS.values() if arm.name in run]]
    for direction in directions:
        arms = arms_of(direction)
        figure(direction, arms, docs / "transfer-study" / f"{direction.name}.png")
        lines += ["", *_section(direction, arms)]
    path = docs / "transfer-study.md"
    write_whole(path, ("\n".join(lines) + "\n").encode())
    return path


def tell_weights(docs: Path, pretrained: Path) -> None:
    """Give the shipped weights of each direction's target its verdict and figure, for the Model tab.

    pretrained: holds a weights folder a modality.
    """
    for direction in read_directions(docs):
        source, target = direction.name.split("-to-")
        arms = arms_of(direction)
        run = {arm.arm for arm in arms}
        lines = [
            f"# Does what was learnt on {source}s help on {target}s?",
            "",
            *_answered(arms),
            *[f"- {sentence}" for sentence in verdict(arms)],
            "",
            *([direction.settings["note"], ""] if direction.settings["note"] else []),
            f"{_settings(direction)} In brackets: the 95% interval from resampling whole groups of cases, and the "
            "trainings too where an arm has several; where it has one, that training's chance is not covered.",
            "",
            *[f"- `{arm.name}`: {arm.summary}." for arm in ARMS.values() if arm.name in run],
            "",
            f"![Dice by arm, {source} to {target}]({STUDY_PICTURE})",
        ]
        folder = pretrained / target
        write_whole(folder / STUDIES[0], ("\n".join(lines) + "\n").encode())
        figure(direction, arms, folder / STUDY_PICTURE)


def _settings(direction: Direction) -> str:
    settings = direction.settings
    return (
        f"Target: {', '.join(settings['data'])}; {settings['folds']} folds, {settings['epochs']} epochs at "
        f"{settings['size']}x{settings['size']}{of_part(settings)}, `{settings['architecture']}`. Source: {settings['source']}. "
        f"Operating points are chosen on {settings.get('operating_point', OWN)}."
    )


def _section(direction: Direction, arms: Sequence[ArmScores]) -> list[str]:
    source, target = direction.name.split("-to-")
    note = direction.settings["note"]
    lines = [
        f"## From {source} to {target}",
        "",
        _settings(direction),
        *(["", note] if note else []),
        "",
        *_answered(arms),
        *[f"- {sentence}" for sentence in verdict(arms)],
        "",
        f"![Dice by arm, {source} to {target}](transfer-study/{direction.name}.png)",
    ]
    for percent in sorted({a.percent for a in arms}, reverse=True):
        of = [a for a in arms if a.percent == percent]
        control = next((a for a in of if a.arm == CONTROL), None)
        lines += [
            "",
            f"### {percent}% of the training data",
            "",
            "| arm | seeds | images | Dice, mean | difference | by seed | IoU | HD95, px | found | normals painted |",
            "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        ]
        for arm in of:
            against = difference(arm, control) if control and arm is not control else None
            by_seed = against.by_seed.items() if against else ()
            seeds = ", ".join(f"{seed}: {mean:+.3f}" for seed, mean in by_seed) or "-"
            cells = [
                f"`{arm.arm}`", str(len(arm.seeds)), str(len(arm.dice)), with_interval(arm.figures["dice"]),
                with_interval(against and against.interval, signed=True), seeds, with_interval(arm.figures["iou"]), f"{with_interval(arm.figures.get('hd95'), 1)} of {arm.distances}",
                with_interval(arm.figures["detected"]), with_interval(arm.figures.get("painted")),
            ]  # fmt: skip
            lines.append("| " + " | ".join(cells) + " |")
    return lines


def _answered(arms: Sequence[ArmScores]) -> list[str]:
    """The answer as a paragraph of its own, where there is one."""
    return [said, ""] if (said := answer(arms)) else []


def answer(arms: Sequence[ArmScores]) -> str:
    """The verdict in plain words: whether going on from the source, in the best of its ways, helps; empty where
    nothing was compared yet."""
    parts: dict[str, list[str]] = {}
    for percent in sorted({a.percent for a in arms}, reverse=True):
        of = {a.arm: a for a in arms if a.percent == percent}
        ways = [a for a in of.values() if ARMS[a.arm].begins == "source"]
        if CONTROL not in of or not ways:
            continue
        against = {a.arm: against for a in ways if (against := difference(a, of[CONTROL]))}
        if not against:
            continue
        better = {arm: one for arm, one in against.items() if one.side > 0}
        name, best = max((better or against).items(), key=lambda way: way[1].interval.estimate)
        if better:
            what = f"transfer helps, by {best.interval.estimate:.3f} Dice at best (`{name}`)"
        elif all(one.side < 0 for one in against.values()):
            what = f"transfer costs {-best.interval.estimate:.3f} Dice at best (`{name}`)"
        else:
            what = "no way of transfer is known to help"
        how_much = "all" if percent == 100 else f"{percent}%"
        parts.setdefault(what, []).append(f"with {how_much} of the training data")
    said = "; ".join(f"{' and '.join(when)}, {what}" for what, when in parts.items())
    return f"{said[:1].upper()}{said[1:]}." if said else ""


def verdict(arms: Sequence[ArmScores]) -> list[str]:
    """A sentence for each part of the data: by how much the arms differ from the control, and which by more
    than which patients there were, and the chance of a training, explains."""
    sentences = []
    for percent in sorted({a.percent for a in arms}, reverse=True):
        of = [a for a in arms if a.percent == percent]
        control = next((a for a in of if a.arm == CONTROL), None)
        if control is None:
            sentences.append(
                f"At {percent}% of the training data the control `{CONTROL}` has not been run yet."
            )
            continue
        better, worse, open_, once = [], [], [], []
        for arm in of:
            against = difference(arm, control) if arm is not control else None
            if against is None:
                continue
            of_kind = (open_, better, worse)[against.side] if len(against.by_seed) > 1 else once
            of_kind.append(f"`{arm.arm}` {with_interval(against.interval, signed=True)}")
        parts = [
            f"{what}: {', '.join(arms_told)}"
            for arms_told, what in (
                (better, f"better than `{CONTROL}`"),
                (worse, f"worse than `{CONTROL}`"),
                (open_, f"not clearly different from `{CONTROL}`"),
                (once, "with one seed each, whose chance the interval leaves out"),
            )
            if arms_told
        ]
        if parts:
            sentences.append(f"In Dice, at {percent}% of the training data, {'; '.join(parts)}.")
    return sentences


def figure(direction: Direction, arms: Sequence[ArmScores], file: Path) -> None:
    """Mean Dice of every arm with its interval, a row an arm, a colour a part of the data."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    names = list(dict.fromkeys(a.arm for a in arms))[::-1]  # the best on top
    percents = sorted({a.percent for a in arms}, reverse=True)
    shown, axes = plt.subplots(figsize=(7, 1.2 + 0.45 * len(names)), layout="constrained")
    apart = min(0.16, 0.8 / len(percents))
    looks = zip(cycle(("#0072b2", "#d55e00", "#009e73", "#cc79a7")), cycle("os^"), strict=True)
    for percent, (colour, marker) in zip(percents, looks, strict=False):
        shift = apart * percents.index(percent)
        for arm in (a for a in arms if a.percent == percent):
            dice = arm.figures["dice"]
            y = names.index(arm.arm) - shift
            axes.plot([dice.low, dice.high], [y, y], color=colour, linewidth=2)
            first = arm is next(a for a in arms if a.percent == percent)
            axes.plot(
                dice.estimate, y, marker, color=colour,
                label=f"{percent}% of the training data" if first else None,
            )  # fmt: skip
    axes.set(
        yticks=range(len(names)),
        yticklabels=names,
        xlabel="mean Dice over lesion images, 95% interval",
    )
    axes.set_ylim(-0.7, len(names) - 0.3)
    axes.grid(axis="x", color="#dddddd")
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.legend(frameon=False, loc="best")
    shown.savefig(file, dpi=130, metadata={"Software": None})
    plt.close(shown)
