"""Figures in words, for the page and the report alike: what each means, and why one does not exist."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bcweb.metrics import DETECTED_ABOVE
from bcweb.paired import SAME, verdict
from bcweb.review.differing import CLEARLY
from bcweb.scores import CaseScore, data_set_parts
from bcweb.statistics import LEAST_GROUPS, LEAST_OF_A_KIND

DASH = "–"
INTERVAL = (
    "95% interval: whole groups (patients, near-duplicate pictures) are drawn 2,000 times with "
    "replacement, and 95 of 100 such figures lie between its ends."
)
# `bcweb.statistics.proportion`, `mean_count`, `auc_interval` and `auc_gain`.
_ALIKE = "95% interval: all of them are alike, so drawing groups again would always give the same figure. It is instead that of "
ALIKE_SHARE = f"{_ALIKE}Clopper and Pearson (1934), of a share of as many independent cases as there are groups."
_COUNT = f"{_ALIKE}Garwood (1936), of a count in as many independent cases as there are groups."
_UNCHANGED = (
    "95% interval: no case differs between the two, so drawing groups again would always give 0. It is instead how far the share of "
    "groups that differ may be from 0, by Clopper and Pearson (1934), for as many independent cases as there are groups."
)
_PAIRS = (
    "95% interval: every pair says the same, so drawing groups again would always give the same figure. It is instead that of Clopper "
    "and Pearson (1934), of a share of as many independent pairs as the groups make."
)
_UNCHANGED_PAIRS = (
    "95% interval: both rank every pair alike, so drawing groups again would always give 0. It is instead how far the "
    "share of pairs that differ may be from 0, by Clopper and Pearson (1934), for as many independent pairs as the groups "
    "make."
)
CLEAR = "The truth holds no lesion: the Dice is 1 where nothing is painted (clear), else 0."
_NO_LESIONS = "There is no lesion image among them."
_NO_NORMALS = "There is no normal image among them."
_DICE_ONLY = "Only the Dice out of fold is known of them, which the weights carry: this does not follow from it."
NO_INTERVAL = (
    f"There is no interval: it takes {LEAST_GROUPS} groups or more that are not all alike."
)
_NO_PAIRS = f"{NO_INTERVAL[:-1]}, {LEAST_OF_A_KIND} or more of them with a lesion image and as many with a normal one."


@dataclass(frozen=True)
class Metric:
    """block, key: where `bcweb.scores.report` has it. unit: "", "%" or "px"."""

    key: str
    block: str
    name: str
    unit: str
    meaning: str
    why_not: str


METRICS = (
    Metric(
        "dice_mean", "lesion", "Dice, mean", "",
        "Dice is 2 × overlap / (painted + truth): 1 is the same mask, 0 is no overlap. "
        "The mean over the lesion images.",
        _NO_LESIONS,
    ),
    Metric(
        "dice_median", "lesion", "Dice, median", "",
        "Half of the lesion images have a higher Dice. A few missed lesions hardly move it.",
        _NO_LESIONS,
    ),
    Metric(
        "iou_mean", "lesion", "IoU, mean", "",
        "Intersection over union: overlap / all that is painted or truth. Never above the Dice.",
        _NO_LESIONS,
    ),
    Metric(
        "hd95_mean", "lesion", "HD95, px", "px",
        "95 of 100 points of one border lie nearer than this to the other border, taken in the worse "
        "of the two directions, in pixels of the scan. The mean over the lesion images on which "
        "anything is painted: a missed lesion has no distance.",
        "A distance needs a mask and a truth that both hold a lesion.",
    ),
    Metric(
        "detected", "lesion", "Found", "%",
        f"Share of the lesion images with a Dice above {DETECTED_ABOVE:g}.",
        _NO_LESIONS,
    ),
    Metric(
        "found", "lesionwise", "Lesions found", "%",
        "Lesion by lesion, where an image holds several: the share whose Dice with what touches it is "
        f"above {DETECTED_ABOVE:g}.",
        "It needs masks of lesion images.",
    ),
    Metric(
        "false_alarms", "lesionwise", "False alarms", "",
        "Painted parts that touch no found lesion: how many an image, over the lesion images.",
        "It needs masks of lesion images.",
    ),
    Metric(
        "painted", "normal", "Normals painted", "%",
        "Share of the normal images on which anything is painted: less is better.",
        _NO_NORMALS,
    ),
    Metric(
        "presence_auc", "", "Presence, AUC", "",
        "How well presence tells lesion images from normal ones: the chance that the lesion image of "
        "two, looked at by the same weights, has the higher one. 0.5 is a guess, 1 is never wrong.",
        "It needs lesion and normal images, and weights that say how likely a lesion is present.",
    ),
)  # fmt: skip
ACCEPTED = Metric(
    "accepted", "judged", "Accepted", "%",
    "Share of the unseen cases that a reader decided on this revision's own prediction and accepted as it was drawn; "
    "else it was corrected, or the truth was kept. Rejected scans are not among them.",
    "No unseen case was decided on this revision's own prediction.",
)  # fmt: skip
BY_KEY = {metric.key: metric for metric in (*METRICS, ACCEPTED)}
# What a table of groups has in its columns; the headline has all of `METRICS`.
COLUMNS = tuple(
    BY_KEY[key]
    for key in ("dice_mean", "dice_median", "iou_mean", "hd95_mean", "detected", "painted")
)


@dataclass(frozen=True)
class Cell:
    """One figure. over: of what, in words. why: there is no figure, or no interval, or not one as `INTERVAL` says."""

    key: str
    value: str
    interval: str = ""
    over: str = ""
    why: str = ""


@dataclass(frozen=True)
class Line:
    """A group of cases with its figures. only: what its cases have in common, as (field, value)."""

    name: str
    images: str
    groups: str
    only: tuple[str, str] | None
    cells: tuple[Cell, ...]


SIZE = "Truth's share of the image"


@dataclass(frozen=True)
class Section:
    title: str
    lines: tuple[Line, ...]


def figure(value: float, unit: str = "") -> str:
    """A value as it is shown everywhere."""
    return {"%": f"{100 * value:.1f}%", "px": f"{value:.1f}"}.get(unit, f"{value:.3f}")


def interval(ends: list[float] | None, unit: str = "") -> str:
    return "" if ends is None else DASH.join(figure(end, unit) for end in ends)


def change(value: float, unit: str = "") -> str:
    """A difference with its sign; of shares in points, since a percentage of what would be asked."""
    text = {"%": f"{100 * value:+.1f}", "px": f"{value:+.1f}"}.get(unit, f"{value:+.3f}")
    return "0" if float(text) == 0 else text.replace("-", "\N{MINUS SIGN}")


def change_interval(ends: list[float] | None, unit: str = "") -> str:
    return "" if ends is None else " to ".join(change(end, unit) for end in ends)


def images(n: int, groups: int | None = None, what: str = "image") -> str:
    counted = f"{n:,} {what}{'s' * (n != 1)}"
    return counted if groups is None else f"{counted} in {groups:,} group{'s' * (groups != 1)}"


def cell(figures: dict[str, Any], metric: Metric) -> Cell:
    """One figure of `bcweb.scores.summarise`."""
    block = figures.get(metric.block) if metric.block else figures
    value = block.get(metric.key) if block else None
    if value is None:
        return Cell(metric.key, DASH, why=_why_not(figures, metric))
    ends = block[f"{metric.key}_ci"]
    why = "" if ends else _no_interval(metric)
    if ends and metric.unit == "%" and value in (0, 1):
        why = ALIKE_SHARE
    if ends and metric.key == "false_alarms" and block["false_alarms_alike"]:
        why = _COUNT
    if ends and metric.key == "presence_auc" and value in (0, 1):
        why = _PAIRS
    return Cell(
        metric.key,
        figure(value, metric.unit),
        interval(ends, metric.unit),
        _over(block, metric),
        why,
    )


def _why_not(figures: dict[str, Any], metric: Metric) -> str:
    if metric.key not in ("hd95_mean", "found", "false_alarms", "presence_auc"):
        return metric.why_not
    lesion, normal = figures.get("lesion") or {}, figures.get("normal") or {}
    if _is_of_dice_only(lesion) or (metric.key == "presence_auc" and _is_of_dice_only(normal)):
        return _DICE_ONLY
    return _NO_LESIONS if metric.key == "hd95_mean" and not lesion.get("n") else metric.why_not


def _is_of_dice_only(block: dict[str, Any]) -> bool:
    """Of a mixed label's normals it is not told, nor asked: their line has no AUC."""
    return bool(block.get("n")) and block.get("dice_only") == block["n"]


def _no_interval(metric: Metric) -> str:
    return _NO_PAIRS if metric.key == "presence_auc" else NO_INTERVAL


def _over(block: dict[str, Any], metric: Metric) -> str:
    if metric.key == "hd95_mean":
        return f"Over {images(block['hd95_n'])} of {block['n']:,}."
    if metric.key == "found":
        return f"Over {images(block['n'], what='lesion')} on {images(block['images'])}."
    if metric.key == "false_alarms":
        return f"Over {images(block['images'])}."
    if metric.key == "presence_auc":
        return f"Over {images(block['presence_n'])}."
    kind = {"lesion": "lesion image", "normal": "normal image", "judged": "case"}[metric.block]
    return f"Over {images(block['n'], block['groups'], kind)}."


def headline(figures: dict[str, Any]) -> tuple[Cell, ...]:
    """`METRICS`, and how much of what was drawn was accepted where anything was decided."""
    metrics = (*METRICS, ACCEPTED) if figures["judged"]["n"] else METRICS
    return tuple(cell(figures, metric) for metric in metrics)


def sections(figures: dict[str, Any]) -> tuple[Section, ...]:
    """`COLUMNS` over all cases, then by data set, label, finding and size, where there is more than one."""
    made = [Section("", (_line(f"All{' (boxes)' * of_boxes(figures)}", figures, None),))]
    data_sets = tuple(
        _line(f"{name}{_boxes(part)}", part, (field, name))
        for field, name, part in data_set_parts(figures)
    )
    if len(data_sets) > 1:
        made.append(Section("Data set", data_sets))
    for title, field, parts in (
        ("Label", "label", figures["by_label"]),
        ("Finding", "finding", figures["by_finding"]),
        (SIZE, "size", figures["by_size"]),
    ):
        if len(parts) > 1 and (field != "size" or figures["lesion"]["n"]):
            lines = tuple(_line(n, _apart(part), (field, n)) for n, part in parts.items())
            made.append(Section(title, lines))
    if figures["seen_scores"]:
        seen = figures["seen_scores"]
        made.append(Section(SEEN, (_line(f"Seen cases{_boxes(seen)}", seen, ("how", "seen")),)))
    return tuple(made)


def of_boxes(figures: dict[str, Any]) -> bool:
    """Whether the headline is of what only boxes are known of."""
    return bool(figures.get("weak")) and not figures["apart"] and figures["lesion"]["n"] > 0


def _boxes(figures: dict[str, Any]) -> str:
    return " (boxes)" if figures.get("weak") else ""


SEEN = "Not a result: cases that these weights were trained on"


def _line(name: str, figures: dict[str, Any], only: tuple[str, str] | None) -> Line:
    lesion, normal = figures.get("lesion") or {}, figures.get("normal") or {}
    n = lesion.get("n", 0) + normal.get("n", 0)
    kinds = [
        images(block["n"], block["groups"], what)
        for block, what in ((lesion, "lesion image"), (normal, "normal image"))
        if block.get("n")
    ]
    cells = tuple(cell(figures, metric) for metric in COLUMNS)
    return Line(name, f"{n:,}", ", ".join(kinds) or "No case.", only, cells)


def _apart(figures: dict[str, Any]) -> dict[str, Any]:
    """A label's figures, which are of lesion images or of normal ones or of both in one."""
    if "dice_mean" not in figures:
        return {"normal": figures}
    blocks = {"lesion": figures}
    if "painted" in figures:
        # How many groups the normals of a mixed label make is not told.
        blocks["normal"] = {
            "n": figures["normals"],
            "groups": None,
            "painted": figures["painted"],
            "painted_ci": figures["painted_ci"],
        }
    return blocks


def about(figures: dict[str, Any]) -> list[str]:
    """What the figures are over, and what is not in them: sentences."""
    some = f"{figures['scored']:,} of {figures['cases']:,} cases have a score: {_told(figures)}."
    said = [some if figures["scored"] else "No case has a score."]
    if figures["judged"]["n"]:
        said.append(_accepted(figures["judged"]))
    if figures["left_out"]:
        said.append(f"Left out: {reasons(figures['left_out'])}.")
    if weak := figures.get("weak"):
        apart = ", and only figures marked (boxes) include them" if figures["apart"] else ""
        if of_boxes(figures):
            apart = ", and the headline is of them"
        said.append(
            f"For {weak:,} only boxes are known: their truth is the ellipse within each{apart}."
        )
    if figures["carried"]:
        said.append(
            f"For {figures['carried']:,} only the Dice out of fold is known, which the weights carry: the IoU, what was found "
            "and which normals were painted follow from it, but not the HD95, single lesions or presence."
        )
    if truth := of_readers(figures):
        said.append(truth)
    if figures["begun_from_it"]:
        said.append(
            f"{figures['begun_from_it']:,} of the readers' masks began from this revision's own prediction, "
            "which favours it."
        )
    return said


_BETTER = (
    " Left out as accepted predictions without another truth: {}. What a reader corrected is not left out, so the weights do "
    "better than this on the rest."
)
_NOT_ACCEPTED = {
    "corrected": "corrected",
    "truth": "with the truth kept",
    "reject": "more rejected",
}


def _accepted(judged: dict[str, Any]) -> str:
    """How often a reader accepted what was drawn, and what became of the rest."""
    decisions = judged["decisions"]
    ends = f" ({interval(judged['accepted_ci'], '%')})" if judged["accepted_ci"] else ""
    rest = [
        f"{decisions[name]:,} {said}" for name, said in _NOT_ACCEPTED.items() if name in decisions
    ]
    return (
        f"Accepted as drawn: {decisions.get('accept', 0):,} of {judged['n']:,}, {figure(judged['accepted'], '%')}{ends}, "
        "of the unseen cases that a reader decided on this revision's own prediction"
        + (f" ({', '.join(rest)})." if rest else ".")
    )


def of_readers(figures: dict[str, Any]) -> str:
    """Of how many the truth is a reader's; empty where the imported one was asked for."""
    if figures["truth"] != "reader":
        return ""
    rest = figures["scored"] - figures["by_reader"]
    judged = figures["judged"]
    is_of_failures = judged["accepted_without_truth"] and judged["decisions"].get("corrected")
    return (
        f"For {figures['by_reader']:,} the truth is the mask that a reader left. "
        + (f"For the other {rest:,} it is the imported one. " if rest else "")
        + "Accepted predictions are no truth: a mask scored against itself says nothing."
        + (_BETTER.format(f"{judged['accepted_without_truth']:,}") if is_of_failures else "")
    )


def _told(figures: dict[str, Any]) -> str:
    unseen, seen, folds = (figures[name] for name in ("unseen", "seen", "out_of_fold"))
    told = f"{unseen:,} {_is(unseen)} unseen"
    if not seen:
        return told
    was = "was" if seen == 1 else "were"
    return f"{told}, {seen:,} {was} seen in training, of which {folds:,} {_is(folds)} scored out of fold"


def _is(n: int) -> str:
    return "is" if n == 1 else "are"


def reasons(left_out: dict[str, int]) -> str:
    return "; ".join(f"{n:,} {why}" for why, n in left_out.items())


# --- two revisions


@dataclass(frozen=True)
class Difference:
    """One figure of both, and how far apart they are. images: of how many. verdict: better or worse, where the interval
    says so."""

    key: str
    name: str
    meaning: str
    images: str
    first: str
    second: str
    difference: str
    interval: str
    over: str
    why: str
    verdict: str


def differences(compared: dict[str, Any]) -> tuple[Difference, ...]:
    """The figures of both; none where no case is compared: a table would hold nothing but dashes."""
    rows = compared["rows"].items() if compared["pairs"] else ()
    return tuple(_difference(key, row) for key, row in rows)


@dataclass(frozen=True)
class Part:
    """A section of what both reach by group of cases. kind: which of "dataset", "label", "size" its lines are of, each a
    name with a figure."""

    title: str
    kind: str
    lines: tuple[tuple[str, Difference], ...]


def parts(compared: dict[str, Any]) -> tuple[Part, ...]:
    """The differences by data set, label and size, where there is more than one, as in `sections`."""
    made = []
    for title, kind, of in (
        ("Data set", "dataset", compared["datasets"]),
        ("Label", "label", compared["by_label"]),
        (SIZE, "size", compared["by_size"]),
    ):
        told = {name: {k: row for k, row in rows.items() if row["n"]} for name, rows in of.items()}
        lines = [
            (name, _difference(k, row)) for name, rows in told.items() for k, row in rows.items()
        ]
        if sum(map(bool, told.values())) > 1:
            made.append(Part(title, kind, tuple(lines)))
    return tuple(made)


def _difference(key: str, row: dict[str, Any]) -> Difference:
    metric, n = BY_KEY[key], f"{row['n']:,}"
    meaning = metric.meaning
    if key == "dice_median":
        meaning = "The median Dice of each, and the median of the differences case by case."
    if key == "hd95_mean":
        meaning += " Only where both painted something."
    if row["difference"] is None:
        return Difference(
            key, metric.name, meaning, n, DASH, DASH, DASH, "", "", metric.why_not, ""
        )
    ends = row["difference_ci"]
    why = "" if ends else _no_interval(metric)
    if ends and row.get("alike"):
        why = _UNCHANGED_PAIRS if key == "presence_auc" else _UNCHANGED
    return Difference(
        key,
        metric.name,
        meaning,
        n,
        figure(row["first"], metric.unit),
        figure(row["second"], metric.unit),
        change(row["difference"], metric.unit) + (" points" if metric.unit == "%" else ""),
        change_interval(ends, metric.unit),
        f"Over {images(row['n'], row['groups'])}.",
        why,
        verdict(key, ends),
    )


DIFFERENCE = (
    "The first weights' figure minus the second's on the same cases. Its interval is of the paired "
    "difference: groups are drawn with both scores of each case, so that hard cases, which are hard for "
    "both, do not widen it. Where no case differs, the row says which interval it has instead. Where it excludes 0, "
    "the row says better or worse."
)
PARTS = "By group of cases"
MANY = "Many lines are looked at here: where nothing differs, one in twenty still leaves 0 out by chance."
MORE = [
    (
        "Interval",
        f"{INTERVAL} Where all cases are alike, as at 0% or 100%, it is the one of Clopper and Pearson (1934), of as "
        "many independent cases as there are groups, and at an AUC of 0 or 1 of as many independent pairs as they make; of "
        "false alarms, where every image has the same number, that of Garwood (1936). Every other interval needs "
        f"{LEAST_GROUPS} groups or more, and that of an AUC {LEAST_OF_A_KIND} or more of either kind: from fewer it would be too "
        "narrow.",
    ),
    ("Difference", DIFFERENCE),
    (
        "Seen",
        "The weights were trained on this case or a member of its group. Such scores show what was "
        "remembered, and stand apart.",
    ),
    (
        "Out of fold",
        "Scored by other weights of the same training, made without this case and its group.",
    ),
    ("Group", "Cases of one patient, or near-duplicate pictures."),
    (DASH, "The figure does not exist; hovering over it says why."),
]


def compared(figures: dict[str, Any]) -> str:
    """Which cases two revisions are compared on, on how many one is better, and what favours either; sentences."""
    folds, with_folds = figures["out_of_fold"], figures["with_folds"]
    which = "that both predicted and neither had seen"
    if folds and with_folds:
        which = f"scored by weights that had not seen them, {folds:,} of them out of fold"
    said = f"There is no case {which}."
    if figures["pairs"]:
        said = (
            f"{images(figures['pairs'], what='case')} {which}: "
            f"{figures['better']:,} better with {figures['first']}, {figures['worse']:,} worse, "
            f"{figures['same']:,} less than {SAME:g} apart."
        )
    for which in ("first", "second"):
        if begun := figures[f"begun_from_{which}"]:
            said += f" The truth of {begun:,} of them began from {figures[which]}'s own prediction, which favours it."
        if accepted := figures[f"accepted_of_{which}"]:
            said += (
                f" Not among them, for there is no other truth: {accepted:,} that were accepted as {figures[which]} drew "
                "them, which is against it."
            )
    if folds and not with_folds:
        have = "has" if folds == 1 else "have"
        said += f" {images(folds, what='more case')} {have} scores out of fold."
    return said


def changed(compared: dict[str, Any]) -> str:
    """On how many cases the masks of two revisions are not alike, whatever the truth; empty where nobody looked."""
    told = compared["changed"]
    if not told or not told["both"]:
        return ""
    both = "one case" if told["both"] == 1 else f"{told['both']:,} cases"
    if not told["differ"]:
        return f"Their masks are alike (Dice of {CLEARLY:g} or more) on all of the {both} that both segmented."
    of = "" if told["both"] == 1 else f"{told['differ']:,} of "
    said = f"Their masks differ (Dice below {CLEARLY:g}) on {of}the {both} that both segmented"
    only = [
        f"on {told[f'only_{which}']:,} of these only {compared[which]} outlines anything"
        for which in ("first", "second")
        if told[f"only_{which}"]
    ]
    return "; ".join([said, *only]) + "."


def correlation(figures: dict[str, Any]) -> str:
    """How well uncertainty finds what is wrong, in a sentence."""
    if figures["correlation"] is None:
        return "There are too few cases to say how uncertainty goes with error."
    ends = change_interval(figures["correlation_ci"]) or "no interval"
    return (
        f"The rank correlation of uncertainty with 1 − Dice is {change(figures['correlation'])} ({ends}) "
        f"over {images(figures['n'], what='lesion image')}: 1 would put the worst first, 0 is no use."
    )


def dice(score: CaseScore) -> str:
    """A case's Dice; of an image without a lesion whether anything is painted on it: see `CLEAR`."""
    if score.lesion:
        return figure(score.dice)
    return "painted" if score.dice < 1 else "clear"


def share(value: float | None) -> str:
    return DASH if value is None else f"{float(f'{100 * value:.2g}'):g}%"
