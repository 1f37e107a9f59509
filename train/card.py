"""The card of a weights folder: what a person must know before trusting a mask."""

from __future__ import annotations

from collections import Counter
from typing import Any

from bcweb.weights import Config

_SOURCES = {
    "busi": "BUSI, breast ultrasound, Cairo (Al-Dhabyani et al. 2020), near-duplicates grouped",
    "bus-bra": "BUS-BRA, breast ultrasound, Brazil, four devices (Gomez-Flores et al. 2024), by patient",
    "cdd-cesm": "CDD-CESM, digital mammograms, Egypt (Khaled et al. 2022), CC BY 4.0, by patient",
}


def card(config: Config, record: dict[str, Any], result: dict[str, Any] | None) -> str:
    """Markdown with a Hub's front matter.

    record: the run's `run.json`. result: `bcweb.scores.report` over cases that the scoring weights had not
    seen (their own test, or a cross-validation's folds); None after a fit on everything alone.
    """
    roles = Counter(case["role"] for case in record["cases"])
    sources = [_SOURCES.get(name, name) for name in config.trained_on]
    point, recipe = config.operating_point, record["recipe"]
    gate = (
        f"nothing is painted below a presence of {point.presence_gate:g}"
        if point.presence_gate is not None
        else "there is no presence head (the data had no scan without a lesion), so normal scans are painted too"
    )
    lines = [
        "---", "license: apache-2.0", "library_name: keras", "pipeline_tag: image-segmentation",
        f"tags: [medical, breast, {config.modality}]", "---", "",
        f"# {config.name}", "",
        f"Outlines lesions on a breast {config.modality}. Research software: not a medical device, not for diagnosis.",
        "", "## Trained on", "",
        *[f"- {source}" for source in sources], "",
        f"{roles['train']} cases to train, {roles['validation']} to choose the epoch and the operating point; "
        "splits are by group. `seen.csv` lists every one of them.",
        "", "## Scores", "",
        *_scores(record, result, roles), "",
        "## Operating point", "",
        f"A pixel is painted from {point.mask_threshold:g} on; connected parts below "
        f"{100 * point.min_lesion_fraction:g}% of the image are dropped; {gate}. Chosen on validation cases.",
        "", "## Recipe", "",
        f"`{config.architecture}`, {config.size}x{config.size}; the scan's window brought to 0..1, stretched to a "
        f"square, minus {config.mean:g}, over {config.std:g}. {recipe['epochs']} epochs, batch {recipe['batch']}, "
        f"AdamW {recipe['learning_rate']:g} with warm-up and cosine, averaged weights (EMA {recipe['ema']:g}), seed "
        f"{recipe['seed']}. Loss: cross-entropy, soft Dice on lesion images"
        + (f", {recipe['presence_weight']:g} x presence." if recipe["presence"] else "."),
        "Versions: " + ", ".join(f"{k} {v}" for k, v in record["versions"].items()) + f". {record['date']}.",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _scores(record: dict[str, Any], result: dict[str, Any] | None, roles: Counter) -> list[str]:
    if result is None:
        return [
            "Trained on all cases: no scores of this file exist. Those of its procedure are in its study."
        ]
    if roles["test"]:
        whose = (
            f"On {roles['test']} held-out cases (fold {record['fold']} of {record['folds']}, by group), "
            "which these weights have not seen"
        )
    else:
        whose = (
            f"By cross-validation over {record['folds']} folds by group: each case is scored by a network of "
            "the same recipe that had not seen it, at an operating point chosen on the other folds. These "
            "weights themselves were fitted on all cases"
        )
    lines = [
        f"{whose}; at the scan's own size, after the operating point; in brackets the 95% interval of a "
        "bootstrap over groups. Per case: `scores.csv`.",
        "",
        "| data | lesion images | Dice, mean | Dice, median | IoU, mean | HD95, px | found (Dice > 0.1) | normals | painted normals | presence AUC |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, figures in result["datasets"].items():
        lesion, normal = figures["lesion"], figures["normal"]
        cells = [
            name, str(lesion["n"]), _cell(lesion, "dice_mean"), _cell(lesion, "dice_median"),
            _cell(lesion, "iou_mean"), _cell(lesion, "hd95_mean", 1), _cell(lesion, "detected"),
            str(normal["n"]), _cell(normal, "painted"), _cell(figures, "presence_auc"),
        ]  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _cell(figures: dict[str, Any], name: str, digits: int = 3) -> str:
    value, interval = figures[name], figures[f"{name}_ci"]
    if value is None:
        return "-"
    text = f"{value:.{digits}f}"
    if interval is None:
        return text
    return f"{text} ({interval[0]:.{digits}f}-{interval[1]:.{digits}f})"
