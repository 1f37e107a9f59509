"""docs/review-scores.md and its figures, from what `python -m train.doubt_study PROJECT` measured; another
measurement has another name in the place of "review-scores".

docs/review-scores/cases.csv      every case: its error, every uncertainty and every suspicion
docs/review-scores/damaged.csv    every suspicion of the same cases' truths, damaged on purpose
docs/review-scores/pairs.csv      pairs of cases of one picture whose truths contradict each other
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import comb
from pathlib import Path

import numpy as np

from bcweb.statistics import Interval, auc, group_bootstrap, rank_correlation
from train.markdown import DOCS, with_interval
from train.tables import PREFIX, read_table

NAME = "review-scores"  # of the measurement on which the two scores were chosen
FIRST = 20  # of the queue, for precision
FIRST_PAIRS = 50  # and for pairs
OF_A_KIND = 10  # masks damaged in each way, in one draw
DRAWS = 200
WRONG = 0.5  # an error above this is a mask that a reader has to draw anew

UNCERTAINTY, SUSPICION = "agreement", "worst half"  # those that bcweb.review.doubt has


@dataclass(frozen=True)
class Rated:
    """A case: error is 1 - Dice, and 1 where a normal is painted."""

    dataset: str
    case: str
    group: str
    modality: str
    how: str
    revision: str
    lesion: bool
    error: float
    uncertainty: dict[str, float] = field(metadata={PREFIX: "uncertainty: "})
    suspicion: dict[str, float] = field(metadata={PREFIX: "suspicion: "})

    @property
    def key(self) -> tuple[str, str]:
        return self.dataset, self.case


@dataclass(frozen=True)
class Damaged:
    """A case whose truth was damaged. dice: of the damaged truth and the truth."""

    dataset: str
    case: str
    kind: str
    dice: float
    suspicion: dict[str, float] = field(metadata={PREFIX: "suspicion: "})


@dataclass(frozen=True)
class Pair:
    """Two cases of one picture. dice: of their truths."""

    dataset: str
    first: str
    second: str
    dice: float


@dataclass(frozen=True, eq=False)
class Study:
    """What was measured; `cases` are those that the weights had not seen, `seen` the others."""

    rated: list[Rated]
    damaged: list[Damaged]
    pairs: list[Pair]

    @classmethod
    def read(cls, folder: Path) -> Study:
        files = {"cases": Rated, "damaged": Damaged, "pairs": Pair}
        return cls(*(read_table(folder / f"{name}.csv", kind) for name, kind in files.items()))

    @property
    def cases(self) -> list[Rated]:
        return [case for case in self.rated if case.how != "seen"]

    @cached_property
    def worse(self) -> dict[tuple[str, str], dict[str, Damaged]]:
        """The damaged truths of a case, by the kind of damage."""
        found: dict[tuple[str, str], dict[str, Damaged]] = {}
        for each in self.damaged:
            found.setdefault((each.dataset, each.case), {})[each.kind] = each
        return found

    @property
    def parts(self) -> dict[str, list[Rated]]:
        """By modality, and by data set where a modality has several."""
        found = {}
        for modality in dict.fromkeys(case.modality for case in self.cases):
            mine = [case for case in self.cases if case.modality == modality]
            names = list(dict.fromkeys(case.dataset for case in mine))
            if len(names) > 1:
                found[f"{modality}s"] = mine
            for name in names:
                found[f"{modality}s, {name}"] = [case for case in mine if case.dataset == name]
        return found


def correlation(
    cases: Sequence[Rated], name: str, of: Callable[[Rated], bool] = lambda case: True
) -> Interval | None:
    """Spearman's, of an uncertainty with the error; None where either does not vary."""
    columns = np.array([(c.uncertainty[name], c.error) for c in cases if of(c)])
    if len(columns) < 3 or any(len(np.unique(column)) < 2 for column in columns.T):
        return None
    return group_bootstrap(
        columns, [(c.dataset, c.group) for c in cases if of(c)], rank_correlation
    )


def finds_wrong(cases: Sequence[Rated], name: str) -> float | None:
    """The chance that a case whose error is above `WRONG` is more uncertain than one whose is not."""
    wrong = [case.error > WRONG for case in cases]
    if len(set(wrong)) < 2:
        return None
    return auc([case.uncertainty[name] for case in cases], wrong)


def precision(
    study: Study, cases: Sequence[Rated], name: str, kinds: Sequence[str], each: int
) -> Interval | None:
    """Share of damaged truths among the first 20, when `each` of every kind are damaged: its mean over
    200 draws of which they are, and the range that holds 95% of the draws. None with too few cases."""
    lesions = [i for i, case in enumerate(cases) if case.key in study.worse]
    if len(lesions) < each * len(kinds):
        return None
    good = np.array([case.suspicion[name] for case in cases])
    bad = {
        kind: {i: study.worse[cases[i].key][kind].suspicion[name] for i in lesions}
        for kind in kinds
    }
    shares = []
    for seed in range(DRAWS):
        rng = np.random.default_rng(seed)
        drawn = rng.permutation(lesions)[: each * len(kinds)]
        scores, is_bad = good.copy(), np.zeros(len(good), bool)
        for place, i in enumerate(drawn):
            scores[i], is_bad[i] = bad[kinds[place // each]][i], True
        first = np.lexsort((rng.random(len(scores)), -scores))[:FIRST]  # equals in any order
        shares.append(is_bad[first].mean())
    low, high = np.percentile(shares, [2.5, 97.5])
    return Interval(float(np.mean(shares)), float(low), float(high))


def places(cases: Sequence[Rated], pairs: Sequence[Pair], name: str) -> list[int]:
    """Where the first case of each pair stands among the suspect ones, from 1."""
    order = sorted(cases, key=lambda case: -case.suspicion[name])
    place = {case.key: number for number, case in enumerate(order, 1)}
    return sorted(
        min(place[pair.dataset, case] for case in (pair.first, pair.second)) for pair in pairs
    )


def by_chance(cases: int, pairs: int) -> float:
    """How many pairs the first 50 in a random order are expected to hold a case of."""
    if cases <= FIRST_PAIRS:
        return float(pairs)
    return pairs * (1 - comb(cases - 2, FIRST_PAIRS) / comb(cases, FIRST_PAIRS))


# --- the report -------------------------------------------------------------------------------------


def write_report(docs: Path = DOCS, name: str = NAME) -> Path:
    """Write DOCS/NAME.md and its figures from what lies under DOCS/NAME."""
    folder = docs / name
    if not (folder / "cases.csv").exists():
        raise ValueError(f"{folder} holds no measurement: python -m train.doubt_study PROJECT")
    study = Study.read(folder)
    path = docs / f"{name}.md"
    path.write_text(text(study, name), encoding="utf-8")
    figures(study, folder)
    return path


def text(study: Study, name: str = NAME) -> str:
    """The report, of the measurement alone."""
    parts = study.parts
    hows = [f"{n} {how}" for how in ("unseen", "out-of-fold") if (n := _count(study.cases, how))]
    revisions = dict.fromkeys(case.revision for case in study.cases)
    option = "" if name == NAME else f" --name {name}"
    chosen = (
        "The two scores were chosen among the others below on these very cases, so that their lead over the "
        "next ones is partly luck; all that were tried are shown."
        if name == NAME
        else f"The two scores were chosen before, on what [{NAME}.md]({NAME}.md) has."
    )
    lines = [
        "# What uncertainty and suspicion are worth" + ("" if name == NAME else f": {name}"),
        "",
        *[f"- {sentence}" for sentence in _short(study)],
        "",
        f"Generated by `python -m train.doubt_study --report{option}` from the scores of every case in "
        f"`{name}/`; `python -m train.doubt_study PROJECT{option}` measures them on a project of the review.",
        "",
        f"Every result is of cases that the weights which predicted them had not seen ({' and '.join(hows)}; "
        f"weights {', '.join(f'`{name}`' for name in revisions)}); what is of seen cases is marked. In brackets: the 95% interval when whole groups are drawn again. "
        f"{chosen}",
        "",
        "## Uncertainty",
        "",
        "**1 - presence x agreement**, where agreement is the mean Dice of the mask with the map's masks at 19 "
        "thresholds, 0.05 to 0.95; for an empty mask the presence. It is the error to expect if the truth is "
        "one of the map's own masks, its threshold drawn at random: a pixel is then in it with the probability "
        "that the map says. (The soft Dice confidence of Borges et al. 2024, arXiv 2402.10665, expects pixels "
        "that are drawn independently.) See `bcweb/review/doubt.py`.",
        "",
        *_uncertainty(parts),
        "",
        f"![Uncertainty and error of every case]({name}/uncertainty.png)",
        "",
        "## Suspicion",
        "",
        "**The mean contradiction of the worst pixels, half as many as the lesion has**: a pixel's contradiction "
        "is the probability that the map gives to the other answer than the truth's, and the lesion's size is "
        "the truth's or the thresholded map's, whichever is larger. It is 0 where mask and truth are both "
        "empty. To look at the worst pixels, not at all, is the idea of the softmin label quality of Lad and "
        "Mueller 2023 (arXiv 2307.05080; in cleanlab); softmin weighs them by a temperature, and an edge that is "
        "drawn two pixels further out on a large lesion then weighs as much as a wrong lesion.",
        "",
        *_suspicion(study, parts),
        "",
        f"![Precision at 20 of every suspicion]({name}/suspicion.png)",
        *_pairs(study),
    ]
    return "\n".join(lines) + "\n"


def _short(study: Study) -> list[str]:
    """The results of the modality with the most cases, in a sentence each."""
    (title, cases), *_ = sorted(study.parts.items(), key=lambda part: -len(part[1]))
    kinds = list(dict.fromkeys(each.kind for each in study.damaged))
    sentences = []
    if told := correlation(cases, UNCERTAINTY):
        sentences.append(
            f"Uncertainty, {len(cases)} {title}: rank correlation with the error {with_interval(told, 2)}."
        )
    if told := precision(study, cases, SUSPICION, kinds, OF_A_KIND):
        sentences.append(
            f"Suspicion, the same cases, {OF_A_KIND * len(kinds)} truths damaged: {FIRST * told.estimate:.1f} of "
            f"the {FIRST} most suspect ones are damaged ({FIRST * told.low:.0f} to {FIRST * told.high:.0f})."
        )
    for dataset, (pairs, tested, unseen) in _pairs_of(study).items():
        found = places(unseen, tested, SUSPICION)
        sentences.append(
            f"Suspicion, {len(pairs)} pairs of one picture in {dataset} whose truths contradict each other: "
            f"{len(tested)} of them were not seen in training, and of {sum(p <= FIRST_PAIRS for p in found)} of these a case is among "
            f"the {FIRST_PAIRS} most suspect of {len(unseen)} (by chance: {by_chance(len(unseen), len(tested)):.1f})."
        )
    return sentences


def _pairs_of(study: Study) -> dict[str, tuple[list[Pair], list[Pair], list[Rated]]]:
    """By data set: its pairs, those of them that were not seen, and the cases that were not seen."""
    found = {}
    for dataset in dict.fromkeys(pair.dataset for pair in study.pairs):
        pairs = [pair for pair in study.pairs if pair.dataset == dataset]
        unseen = [case for case in study.cases if case.dataset == dataset]
        keys = {case.case for case in unseen}
        found[dataset] = (
            pairs,
            [pair for pair in pairs if {pair.first, pair.second} <= keys],
            unseen,
        )
    return found


def _count(cases: Sequence[Rated], how: str) -> int:
    return sum(case.how == how for case in cases)


def _uncertainty(parts: dict[str, list[Rated]]) -> list[str]:
    lines = [
        "Spearman's correlation with the error, which is 1 - Dice, and 1 where a normal is painted; and the "
        f"chance that a mask with an error above {WRONG:g} is more uncertain than one without (AUC).",
    ]
    for title, cases in parts.items():
        lesions = sum(case.lesion for case in cases)
        wrong = sum(case.error > WRONG for case in cases)
        groups = len({(case.dataset, case.group) for case in cases})
        lines += [
            "",
            f"**{title[0].upper()}{title[1:]}**: {len(cases)} cases in {groups} groups, {lesions} with a lesion; "
            f"{wrong} with an error above {WRONG:g}.",
            "",
            "| uncertainty | all cases | with a lesion | AUC |",
            "| --- | --- | --- | --- |",
        ]
        for name in cases[0].uncertainty:
            every = correlation(cases, name)
            lesion = correlation(cases, name, lambda case: case.lesion)
            if every is None:
                continue
            auc = finds_wrong(cases, name)
            lines.append(
                f"| {_bold(name, UNCERTAINTY)} | {with_interval(every)} | {with_interval(lesion)} | "
                f"{'-' if auc is None else f'{auc:.2f}'} |"
            )
    return lines


def _suspicion(study: Study, parts: dict[str, list[Rated]]) -> list[str]:
    kinds = list(dict.fromkeys(each.kind for each in study.damaged))
    dice = {
        kind: np.mean([each.dice for each in study.damaged if each.kind == kind]) for kind in kinds
    }
    lines = [
        "Masks damaged on purpose: moved by half the side of a square of its area "
        f"(Dice with the truth {dice.get('shifted', 0):.2f} in the mean), emptied, or swapped with that of "
        f"another case of the data set, of another group ({dice.get('swapped', 0):.2f}). Precision at {FIRST}: "
        f"how many of the {FIRST} most suspect ones are damaged; the mean over {DRAWS} draws of which cases are, "
        "in brackets the range of 95% of the draws. Undamaged truths that are wrong as they come count against "
        "it.",
    ]
    for title, cases in parts.items():
        of_a_kind = OF_A_KIND
        every = precision(study, cases, SUSPICION, kinds, of_a_kind)
        if every is None:
            continue
        damaged = of_a_kind * len(kinds)
        lines += [
            "",
            f"**{title[0].upper()}{title[1:]}**: {damaged} of {len(cases)} damaged, {of_a_kind} in each way "
            f"(a random order: {damaged / len(cases):.2f}); in the further columns {damaged} in one way.",
            "",
            f"| suspicion | all | {' | '.join(kinds)} |",
            f"| --- | {' | '.join('---' for _ in range(len(kinds) + 1))} |",
        ]
        for name in cases[0].suspicion:
            cells = [with_interval(precision(study, cases, name, kinds, of_a_kind), 2)]
            for kind in kinds:
                one = precision(study, cases, name, [kind], damaged)
                cells.append("-" if one is None else f"{one.estimate:.2f}")
            lines.append(f"| {_bold(name, SUSPICION)} | {' | '.join(cells)} |")
    return lines


def _pairs(study: Study) -> list[str]:
    lines: list[str] = []
    for dataset, (pairs, tested, unseen) in _pairs_of(study).items():
        every = [case for case in study.rated if case.dataset == dataset]
        lines += [
            "",
            f"### Pairs of one picture in {dataset}",
            "",
            f"{len(pairs)} pairs of cases show one picture with truths whose Dice is below 0.5: at least one of "
            f"the two is wrong. How many of them have a case among the {FIRST_PAIRS} most suspect ones:",
            "",
            f"- {len(tested)} of the {len(pairs)} pairs lie among the {len(unseen)} cases that were not seen "
            f"(a random order would bring {by_chance(len(unseen), len(tested)):.1f} of them).",
        ]
        marked = len(unseen) < len(every)
        if marked:
            lines.append(
                f"- **Seen, not a result**: all {len(pairs)} among all {len(every)} cases, of which the weights "
                f"had been trained on {len(every) - len(unseen)}, both cases of a pair alike (a random order: "
                f"{by_chance(len(every), len(pairs)):.1f})."
            )
        head = f"of {len(tested)} among {len(unseen)}"
        lines += [
            "",
            f"| suspicion | {head} | places |"
            + (" seen: of all, among all | places |" if marked else ""),
            "| --- | --- | --- |" + (" --- | --- |" if marked else ""),
        ]
        for name in every[0].suspicion:
            cells = [_bold(name, SUSPICION)]
            for cases, some in ((unseen, tested), (every, pairs))[: 2 if marked else 1]:
                found = places(cases, some, name)
                cells.append(str(sum(place <= FIRST_PAIRS for place in found)))
                cells.append(", ".join(map(str, found)))
            lines.append("| " + " | ".join(cells) + " |")
    return lines


def _bold(name: str, chosen: str) -> str:
    return f"**{name}**" if name == chosen else name


# --- its figures ------------------------------------------------------------------------------------

_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
_MARKERS = "os^D"


def figures(study: Study, folder: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    shown, axes = plt.subplots(figsize=(6.5, 4.5), layout="constrained")
    for colour, marker, name in zip(
        _COLOURS, _MARKERS, dict.fromkeys(case.dataset for case in study.cases), strict=False
    ):
        for lesion in (True, False):
            some = [c for c in study.cases if c.dataset == name and c.lesion == lesion]
            if some:
                axes.scatter(
                    [c.uncertainty[UNCERTAINTY] for c in some], [c.error for c in some], 14,
                    marker=marker, linewidths=0.8, edgecolors=colour,
                    facecolors=colour if lesion else "none", alpha=0.6,
                    label=f"{name}, {'lesion' if lesion else 'normal'}",
                )  # fmt: skip
    axes.set(xlabel="uncertainty", ylabel="error (1 - Dice; 1: a normal is painted)")
    axes.grid(color="#dddddd")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    shown.legend(frameon=False, loc="outside upper center", ncols=4, fontsize="small")
    shown.savefig(folder / "uncertainty.png", dpi=130, metadata={"Software": None})
    plt.close(shown)

    kinds = list(dict.fromkeys(each.kind for each in study.damaged))
    rated = {}
    for title, cases in study.parts.items():
        found = {
            name: precision(study, cases, name, kinds, OF_A_KIND) for name in cases[0].suspicion
        }
        if all(found.values()):
            rated[title] = found
    names = list(study.cases[0].suspicion)
    shown, axes = plt.subplots(figsize=(7, 1.4 + 0.5 * len(names)), layout="constrained")
    for place, (title, found) in enumerate(rated.items()):
        colour, marker = _COLOURS[place % 4], _MARKERS[place % 4]
        for row, name in enumerate(reversed(names)):
            y, interval = row + 0.24 - 0.16 * place, found[name]
            axes.plot([interval.low, interval.high], [y, y], color=colour, linewidth=2)
            axes.plot(
                interval.estimate, y, marker, color=colour, markersize=5,
                label=title if row == 0 else None,
            )  # fmt: skip
    axes.set(yticks=range(len(names)), yticklabels=list(reversed(names)), xlim=(0, 1.02))
    axes.set_xlabel(f"share of damaged truths among the {FIRST} most suspect, 95% of the draws")
    axes.grid(axis="x", color="#dddddd")
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    shown.legend(frameon=False, loc="outside upper center", ncols=2, fontsize="small")
    shown.savefig(folder / "suspicion.png", dpi=130, metadata={"Software": None})
    plt.close(shown)
