"""The figures of `bcweb.scores.report` as a terminal shows them."""

from __future__ import annotations

from typing import Any

from bcweb.metrics import DETECTED_ABOVE
from bcweb.paired import side_by_side
from bcweb.scores import data_set_parts
from bcweb.terminal import counted, shown

INTERVAL = "95% interval, whole groups resampled"
EXACT = "*"  # behind an interval that is not
_EXACT_IS = (
    f"{EXACT} All agree, so resampling would always give the same figure: the interval is Clopper and Pearson's, for false "
    "alarms Garwood's."
)
_NONE_COUNTS = "No case is unseen, and none has an out-of-fold score against its truth"


def table(result: dict[str, Any]) -> str:
    """The figures of `report` for a person, of each modality by itself."""
    if parts := result.get("by_modality"):
        told = [f"{name.capitalize()}s\n\n{table(part)}" for name, part in parts.items()]
        return "\n\n\n".join(told + _failed(result))
    what = "Masks of" if "masks" in result else "Weights"
    lines = [f"{what} {shown(result['revision']) or '(none)'}", _known(result), *_failed(result)]
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
        by = "what drew the masks, which was" if "masks" in result else "the weights that were"
        told = f"SEEN CASES{_boxes(seen)}, scored by {by} trained on them"
        lines += ["", f"{told}: not a result", *_block(seen)]
    if any(line.endswith((f" {EXACT}", f"{EXACT})")) for line in lines):
        lines += ["", _EXACT_IS]
    if comparison := result.get("comparison"):
        lines += ["", *side_by_side(comparison)]
    return "\n".join(lines)


def _known(result: dict[str, Any]) -> str:
    if result["seen"] is None:
        return f"Cases: {result['masks']}. What it was trained on is not said: --seen names it."
    if not result["seen"]:
        return f"Cases: {result['unseen']} unseen."
    folds = "" if "masks" in result else f", {result['out_of_fold']} of them out of fold"
    return f"Cases: {result['unseen']} unseen; {result['seen']} seen in training{folds}."


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
