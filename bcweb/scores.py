"""Scores of cases: one case's, a table of them on the disk, and the figures over many.

Every figure comes with a 95% interval for which whole groups (patients, near-duplicate pictures) are
resampled.
"""

from __future__ import annotations

import csv
import hashlib
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from io import StringIO
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from bcweb.lesions import label
from bcweb.metrics import DETECTED_ABOVE
from bcweb.tables import write_rows
from bcweb.terminal import write_whole

_Told = tuple[float | None, ...]  # what figures tell of a truth

_MOST = 1e15  # of a count and a length: sums of more are not finite, or not exact
_SHARES = {"presence", "dice", "iou", "precision", "recall"}  # of which 1 is the most
_LATER = ("weak", "truth_digest")  # columns that a table from before has not

_MASS = re.compile(r"\bmass(es)?\b(?![\s-]like\b)", re.IGNORECASE)
_ASIDE = re.compile(r"\(([a-z]+)\)(?=\s+mass)", re.IGNORECASE)  # "no measurable (solid) mass"
_SENTENCES = re.compile(
    r"[.;()\n]|\s[-\u2013\u2014]\s(?!no(?:ne)?\s*(?:[.;,()\n]|$))|\bbut\b", re.IGNORECASE
)
_CLAUSES = re.compile(r",|\s/\s|\band\b", re.IGNORECASE)
_OR = re.compile(r"\bn?or\b", re.IGNORECASE)
# A clause that is a member of a list: what is denied before it denies it too.
_LISTED = re.compile(
    r"(?:.*\bn?or\b)?\s*(?:(?:any|definite|discrete|dominant|focal|suspicious|obvious|significant|solid|new|other)\s+)*"
    r"mass(?:es)?(?:\s+lesions?)?\s*(?:\bn?or\b.*)?|\s*n?or\s.*",
    re.IGNORECASE,
)
_ANSWER = re.compile(r"\bno\s*$", re.IGNORECASE)  # "nodes: no" denies nothing that stands behind it
_WORD = re.compile(r"[a-z]+")
# What denies a mass that stands behind it in its clause: "no evidence of a mass".
_DENIALS = {"no", "without", "neither", "nor"}
_DENIALS_OF_TWO = {("negative", "for"), ("free", "of"), ("absence", "of")}
# With these behind it another thing is denied: "no calcification in the mass", "no associated mass" ...
_OF_ELSE = {"the", "this", "in", "within", "inside", "on", "to", "with", "around", "associated"}
# ... or nothing is: "no change of mass", "no doubt a mass".
_NO_DENIAL = {
    "change", "doubt", "prior", "previous", "other", "longer", "comparison", "contrast"
}  # fmt: skip
# ... or it ends where another thing was denied and a mass that has a shape stands behind: "no nodes irregular mass".
_THINGS = re.compile(
    r"(?:nod(?:e|ule)|(?:lymph)?adenopath(?:y|ie)|(?:micro)?calcification|distortion|asymmetr(?:y|ie)|thickening"
    r"|retraction|enhancement)s?"
)
_SHAPES = {
    "irregular", "spiculated", "oval", "round", "rounded", "lobulated", "microlobulated", "lobular", "circumscribed",
    "indistinct", "obscured", "defined",
}  # fmt: skip
# What denies a mass right behind it: "masses: none", "mass in the left breast is not seen", "mass has resolved". What
# is not excluded, or was not seen before, is there.
_DENIED_BEHIND = re.compile(
    r"[\s:\u2013\u2014-]*(?:\b(?:is|are|was|were|has|have|been|now|in|the|this|left|right|either|breasts?)\b\s*)*"
    r"(?:\b(?:absent|excluded|resolved|ruled\s+out)\b|\b(?:none|no)\s*$"
    r"|\b(?:not|no\s+longer)\s+(?:seen|identified|visible|visuali[sz]ed|detected|present|evident|demonstrated"
    r"|appreciated|found|noted)\b(?!\s+(?:before|previously|on|at)\b))",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class CaseScore:
    """One case, scored: a line of --csv and of a weights folder's scores.csv.

    lesion: whether the truth holds one. painted: pixels. lesions, found (of these), false_alarms: see
    `bcweb.metrics.lesion_detection`. seen: the weights were trained on it. revision: of the weights that
    made the mask. error: why there is no score; then all others but the first five are None. weak: only a box is
    known of its lesion, and the ellipse within it is what it was scored against. truth_digest: of the truth that it was
    scored against; empty where nobody took it.
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
    weak: bool = False
    truth_digest: str = ""

    @property
    def key(self) -> tuple[str, str]:
        return self.dataset, self.id


def write_scores(file: Path, scores: Sequence[CaseScore]) -> None:
    """Write one line a case; what does not exist is empty, yes and no are 1 and 0."""
    names = [field.name for field in fields(CaseScore)]
    table = StringIO()
    write_rows(table, [names, *map(score_cells, scores)])
    write_whole(file, table.getvalue().encode("utf-8", "surrogateescape"))


def score_cells(score: CaseScore) -> list[str]:
    """A line of `write_scores`, in the order of the fields."""
    return [_cell(getattr(score, field.name)) for field in fields(CaseScore)]


def are_scores(columns: Sequence[str]) -> bool:
    """Whether a table begins with the columns of `write_scores`, or of one from before."""
    names = [field.name for field in fields(CaseScore) if field.name not in _LATER]
    return list(columns[: len(names)]) == names


class ScoresError(ValueError):
    """A table that `write_scores` did not write, or no case to score; its text is one sentence."""


def read_scores(file: Path) -> tuple[CaseScore, ...]:
    """Read what `write_scores` wrote; `ScoresError` names the file and the line that is not of it.

    Weights bring such a table along, and come from anybody: every number that is given is one that there may be, what
    `summarise` counts on is given, and no case is there twice.
    """
    types = {field.name: str(field.type) for field in fields(CaseScore)}
    scores: dict[tuple[str, str], CaseScore] = {}
    try:
        with file.open(newline="", encoding="utf-8", errors="surrogateescape") as table:
            rows = csv.DictReader(table)
            named = rows.fieldnames or ()
            for name in _LATER:
                if name not in named:
                    del types[name]
            if missing := [name for name in types if name not in named]:
                raise ScoresError(
                    f"{file} is not a table of scores: it has no column {missing[0]}."
                )
            for number, line in enumerate(rows, 2):
                try:
                    score = CaseScore(**{n: _value(n, line[n], kind) for n, kind in types.items()})
                except ValueError as error:
                    raise ScoresError(f"{file}, line {number}: {error}.") from None
                if lacking := _lacking(score):
                    raise ScoresError(f"{file}, line {number}: it has no {lacking}.")
                if None not in (score.found, score.lesions) and score.found > score.lesions:
                    raise ScoresError(
                        f"{file}, line {number}: it has found {score.found} of {score.lesions} lesions."
                    )
                if score.key in scores:
                    raise ScoresError(f"{file}, line {number}: {score.id} is there twice.")
                scores[score.key] = score
    except csv.Error as error:
        raise ScoresError(f"{file} is not a table of scores: {error}.") from None
    return tuple(scores.values())


def _lacking(score: CaseScore) -> str | None:
    """A figure that a scored case has, and this one has not."""
    if score.error:
        return None
    wanted = ["lesion", *(("dice", "iou") if score.lesion else ("painted",))]
    wanted += ["found", "false_alarms"] if score.lesions is not None else []
    return next((name for name in wanted if getattr(score, name) is None), None)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _value(name: str, text: str | None, kind: str) -> Any:
    """ValueError is a sentence: the text cannot be that. None: the line ends before it."""
    if text is None:
        raise ValueError(f"it has no {name}")
    if kind == "str":
        return text
    if text == "":
        return None
    read = {"bool": lambda t: bool(int(t)), "int": int, "float": float}
    try:
        value = read[kind.split(" ")[0]](text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= (1 if name in _SHARES else _MOST):  # nor is what is no number
        raise ValueError(f"{name} cannot be {text[:40]}")
    return value


def mark_seen_groups(scores: Sequence[CaseScore]) -> list[CaseScore]:
    """Mark a case as seen where any member of its group is.

    The weights know the groups as they were called in training; here a reader may have found and named
    them anew (a BUSI without its groups.csv), and only the pictures tell that they are the same.
    """
    groups = {(s.dataset, s.group) for s in scores if s.seen and s.group}
    return [
        replace(s, seen=True) if s.seen is False and (s.dataset, s.group) in groups else s
        for s in scores
    ]


def summarise(scores: Sequence[CaseScore]) -> dict[str, Any]:
    """Figures over scored cases: `lesion`, `normal`, `lesionwise` and the presence's AUC, as in --json; `weak`, how
    many lesion images there are, where only boxes are known of each of them.

    Intervals are [low, high]; None stands for what does not exist (no such cases, or too few groups, or groups that
    are all alike; see `bcweb.statistics.group_bootstrap`).
    """
    from bcweb.statistics import auc_interval

    lesion = [s for s in scores if s.lesion]
    normal = [s for s in scores if not s.lesion]
    result: dict[str, Any] = {"lesion": lesion_figures(lesion), "normal": _normal_figures(normal)}
    result["lesionwise"] = _lesionwise_figures([s for s in lesion if s.lesions is not None])
    rated = [s for s in scores if s.presence is not None]
    result["presence_n"] = len(rated)
    if {s.lesion for s in rated} == {True, False}:
        interval = auc_interval(
            [s.presence for s in rated], [s.lesion for s in rated], groups_of(rated),
            [s.revision for s in rated],
        )  # fmt: skip
        result |= with_interval("presence_auc", interval)
    else:
        result |= {"presence_auc": None, "presence_auc_ci": None}
    if lesion and all(s.weak for s in lesion):
        result["weak"] = len(lesion)
    return result


def groups_of(scores: Sequence[CaseScore]) -> list[tuple[str, str]]:
    """A case without a group is one of its own."""
    return [(s.dataset, s.group or f"case {s.id}") for s in scores]


def lesion_figures(scores: Sequence[CaseScore]) -> dict[str, Any]:
    """The figures of `summarise` over lesion images alone. detected: the share of them that is found. dice_only: of how
    many no more is known, as the weights may carry it, than the Dice and what follows from it."""
    import numpy as np

    from bcweb.statistics import group_bootstrap, proportion

    figures: dict[str, Any] = _counts(scores)

    def over(name: str, of: Sequence[CaseScore], statistic: Callable) -> None:
        interval = statistic(of, groups_of(of)) if of else None
        figures.update(with_interval(name, interval))

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

    painted = proportion([s.painted > 0 for s in scores], groups_of(scores)) if scores else None
    return _counts(scores) | with_interval("painted", painted)


def _counts(scores: Sequence[CaseScore]) -> dict[str, Any]:
    dice_only = sum({s.lesions, s.hd95_px, s.presence} == {None} for s in scores)
    return {"n": len(scores), "groups": len(set(groups_of(scores))), "dice_only": dice_only}


def _lesionwise_figures(scores: Sequence[CaseScore]) -> dict[str, Any]:
    """Lesion by lesion, over the images that hold any and whose mask is known: n lesions, share found, and false alarms an
    image; alike: all images have as many, which makes their interval another (see `mean_count`)."""
    import numpy as np

    from bcweb.statistics import group_bootstrap, mean_count, proportion, ratio

    if not scores:
        return {
            "n": 0,
            "images": 0,
            "found": None,
            "found_ci": None,
            "false_alarms": None,
            "false_alarms_ci": None,
        }
    counts = np.array([(s.found, s.lesions) for s in scores], float)
    if (counts[:, 0] == counts[:, 1]).all() or not counts[:, 0].any():
        # All or none: a bootstrap would be certain of it.
        found = proportion(counts[:, 0] > 0, groups_of(scores))
    else:
        found = group_bootstrap(counts, groups_of(scores), ratio)
    alarms = [s.false_alarms for s in scores]
    figures = {"n": int(counts[:, 1].sum()), "images": len(scores)}
    figures |= with_interval("found", found)
    figures |= with_interval("false_alarms", mean_count(alarms, groups_of(scores)))
    return figures | {"false_alarms_alike": len(set(alarms)) == 1}


def with_interval(name: str, interval: tuple | None) -> dict[str, Any]:
    """The estimate, None where there is none, and [low, high] or None beside it."""
    if interval is None or math.isnan(interval[0]):
        return {name: None, f"{name}_ci": None}
    estimate, low, high = interval[:3]
    return {name: estimate, f"{name}_ci": None if math.isnan(low) else [low, high]}


def report(
    scores: Sequence[CaseScore],
    out_of_fold: dict[tuple[str, str], CaseScore],
    findings: Mapping[tuple[str, str], str] = MappingProxyType({}),
) -> dict[str, Any]:
    """All that --json holds of scored cases; by data set and id: out_of_fold, what the weights carry, and
    findings, what is written of a case. Mammograms of which something is have figures of their own for masses;
    what is outlined on an ultrasound is one. weak: of how many cases only boxes are known, and apart: how many of them
    are beside outlined ones, and so in no figure but their data set's; where that has outlines too, in its `boxes`.
    other_truth: how many have a score out of fold against another truth than today's, which is in no figure. Where
    there are both modalities, by_modality has the same of each: their masks are of two networks."""
    scored = [s for s in scores if not s.error]
    seen = [s for s in scored if s.seen]
    known = [(out_of_fold[s.key], s) for s in seen if s.key in out_of_fold]
    carried = [_of_today(then, now) for then, now in known if are_of_one_truth(then, now)]
    unseen = [s for s in scored if not s.seen] + carried
    headline = outlined(unseen)
    result = summarise(headline)
    labels = sorted({s.label for s in headline} - {""})
    result["by_label"] = {
        label: _label_figures([s for s in headline if s.label == label]) for label in labels
    }
    written = [s for s in headline if s.modality == "mammogram" and s.key in findings]
    masses = {s.key for s in written if _names_mass(findings[s.key])}
    result["by_finding"] = {
        name: _label_figures(part)
        for name, part in (
            ("mass", [s for s in written if s.key in masses]),
            ("no mass", [s for s in written if s.key not in masses]),
        )
        if part
    }
    if weak := sum(s.weak for s in scored):
        result["weak"] = weak
        result["apart"] = 0 if any(s.weak for s in outlined(unseen or seen)) else weak
    result["seen"] = len(seen)
    result["unseen"] = len(scored) - len(seen)
    result["out_of_fold"] = len(carried)
    if others := len(known) - len(carried):
        result["other_truth"] = others
    result["seen_scores"] = summarise(outlined(seen)) if seen else None
    datasets = dict.fromkeys(s.dataset for s in scored)
    result["datasets"] = {
        name: _data_set_figures([s for s in unseen if s.dataset == name]) for name in datasets
    }
    result["revision"] = " + ".join(dict.fromkeys(s.revision for s in scored))
    modalities = dict.fromkeys(s.modality for s in scored)
    if len(modalities) > 1:
        result["by_modality"] = {
            modality: report([s for s in scored if s.modality == modality], out_of_fold, findings)
            for modality in modalities
        }
    return result


def _data_set_figures(scores: Sequence[CaseScore]) -> dict[str, Any]:
    together = outlined(scores)
    figures = summarise(together)
    if len(together) < len(scores):
        figures["boxes"] = summarise([s for s in scores if s.weak])
    return figures


def data_set_parts(figures: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The lines that the data sets of a `report` have, each with what it is of: "dataset", or the "boxes" of one that
    has outlines too."""
    for name, part in figures["datasets"].items():
        yield "dataset", name, part
        if "boxes" in part:
            yield "boxes", name, part["boxes"]


def _names_mass(findings: str) -> bool:
    """Whether a report names a mass that no clause of it denies."""
    return any(
        not in_list
        and not _is_denied(clause[: mass.start()], clause[mass.end() :])
        and not _DENIED_BEHIND.match(clause, mass.end())
        for sentence in _SENTENCES.split(_ASIDE.sub(r"\1", findings))
        for clause, in_list in _clauses(sentence)
        for mass in _MASS.finditer(clause)
    )


def _clauses(sentence: str) -> Iterator[tuple[str, bool]]:
    """The clauses of a sentence, and whether each is a mass in a list that another denies: "no calcifications, masses
    or distortion"."""
    # Without an "or" commas make no list: "no calcification, mass".
    for listed in [sentence] if _OR.search(sentence) else sentence.split(","):
        clauses = _CLAUSES.split(listed)
        denied = [_is_denied(each, "") and not _ANSWER.search(each) for each in clauses]
        first = denied.index(True) if any(denied) else len(clauses)
        # The list ends with its last "or": "no nodes or calcifications, mass".
        last = max((n for n, each in enumerate(clauses) if _OR.search(each)), default=len(clauses))
        behind = _WORD.findall(" ".join(clauses[first + 1 :]).lower())
        # A mass that has a shape is there: "no nodes, mass, spiculated or irregular".
        is_plain = _SHAPES.isdisjoint(behind)
        for n, clause in enumerate(clauses):
            yield clause, first < n <= last and is_plain and bool(_LISTED.fullmatch(clause))


def _is_denied(before: str, behind: str) -> bool:
    """Whether a mass is denied by what its clause says before it; behind: the rest of the clause."""
    words = _WORD.findall(before.rpartition(":")[2].lower())
    if (
        words and words[-1] == "non"
    ):  # a "non mass enhancement" is none, a "non enhancing mass" is one
        return True
    for at in reversed(range(len(words))):
        if words[at] in _DENIALS or tuple(words[at - 1 : at + 1]) in _DENIALS_OF_TWO:
            said = words[at + 1 :]
            if not _NO_DENIAL.isdisjoint(said[:2]):
                return False
            if "or" in said:  # "no distortion in the left breast or mass"
                said = said[len(said) - said[::-1].index("or") :]
            thing = next((n for n, word in enumerate(said) if _THINGS.fullmatch(word)), len(said))
            # Where it goes on with "or" all of it is one list: "no calcification round mass or distortion".
            is_list = not {"or", "nor"}.isdisjoint(_WORD.findall(behind.lower()))
            return _OF_ELSE.isdisjoint(said) and (is_list or _SHAPES.isdisjoint(said[thing:]))
    return False


def outlined(scores: Sequence[CaseScore]) -> list[CaseScore]:
    """The cases of which not only boxes are known; all where no lesion was outlined.

    A Dice against a box and one against an outline have no mean that says anything. What holds no lesion has nothing
    to outline, and goes with either.
    """
    if any(s.lesion and not s.weak for s in scores):
        return [s for s in scores if not s.weak]
    return list(scores)


def digest_of(truth: np.ndarray) -> str:
    """Of a truth's size and pixels, (H, W) bool, by which it is known again."""
    pixels = np.packbits(truth).tobytes()
    return hashlib.sha256(str(truth.shape).encode() + pixels).hexdigest()[:16]


def is_against(score: CaseScore, truth: np.ndarray, weak: bool) -> bool:
    """Whether a score is against this truth, (H, W) bool: where it has no digest of it, as far as it tells. weak: see
    `CaseScore`."""
    if score.truth_digest:
        return score.truth_digest == digest_of(truth)
    pixels = int(truth.sum())
    return _agree(_told_of_truth(score), (pixels > 0, weak, label(truth)[1], pixels))


def are_of_one_truth(then: CaseScore, now: CaseScore) -> bool:
    """Whether two scores of a case are against the same truth: where one has no digest of it, as far as both tell."""
    if then.truth_digest and now.truth_digest:
        return then.truth_digest == now.truth_digest
    return _agree(_told_of_truth(then), _told_of_truth(now))


def _agree(then: _Told, now: _Told) -> bool:
    # A table keeps six digits of each figure.
    told = zip(then, now, strict=True)
    return all(None in pair or math.isclose(*pair, rel_tol=1e-4) for pair in told)


def _told_of_truth(score: CaseScore) -> _Told:
    """Whether it holds a lesion, and a weak one; how many; and its pixels, where any of them was painted."""
    pixels = None
    if score.recall and None not in (score.painted, score.precision):
        pixels = score.painted * score.precision / score.recall
    return score.lesion, score.weak, score.lesions, pixels


def _of_today(carried: CaseScore, today: CaseScore) -> CaseScore:
    """A carried score under the group and label that the reader gives the case now."""
    return replace(carried, group=today.group, label=today.label)


def _label_figures(scores: Sequence[CaseScore]) -> dict[str, Any]:
    """A label is of lesions or of normals; where it is of both, `painted` is of its normals."""
    lesion = [s for s in scores if s.lesion]
    normal = [s for s in scores if not s.lesion]
    if not lesion:
        return _normal_figures(normal)
    figures = lesion_figures(lesion)
    if normal:
        of_normals = _normal_figures(normal)
        figures |= {"normals": of_normals.pop("n")} | {
            key: of_normals[key] for key in ("painted", "painted_ci")
        }
    return figures
