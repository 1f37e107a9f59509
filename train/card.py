"""The card of a weights folder: what a person must know before trusting a mask."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

from bcweb.cases.sources import SOURCES
from bcweb.hub import FRONT_MATTER
from bcweb.names import text
from bcweb.scores import data_set_parts
from bcweb.weights import Config, Reading
from train.arms import ARMS
from train.markdown import cell, score_table
from train.operating_point import FEW_NORMALS
from train.recipe import epochs_of

_CHOSEN = {  # by a record's "point_from"
    "validation": "Chosen on validation cases",
    "nothing": "Not chosen on any case: each value is the middle of its scale",
    "source": "Not chosen on any case: each value is that of the weights that these began with",
    "source but for the gate": "Not chosen on any case: each value is that of the weights that these began with, but "
    "for the gate, which is the middle of its scale",
    "other folds": "Chosen on the test cases of the other folds",
    "all folds": "Chosen on the test cases of all folds",
}
_ON_CASES = {"validation", "other folds", "all folds"}
_RESULTS = re.compile(r"^model-index:.*\n(?:(?:[ \t-].*)?\n)*", re.MULTILINE)
WITHOUT_BOXES = ", without boxes"  # behind a record's "point_from", where boxes had no say
_ACCEPTED = "predictions that a reader accepted"
# A data set of the Hub has an owner; a folder that is called like one would be linked to somebody else's.
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")


@dataclass(frozen=True)
class Published:
    """What a card on the Hub says beyond one that lies beside its weights.

    failures: Markdown on generated scans, with their picture. study: whether study.md goes along.
    """

    repo: str
    failures: list[str]
    study: bool


def card(
    config: Config,
    record: dict[str, Any],
    result: dict[str, Any] | None,
    published: Published | None = None,
) -> str:
    """Markdown with a Hub's front matter.

    record: the run's `run.json`. result: `bcweb.scores.report` over cases that the scoring weights had not
    seen (their own test, or a cross-validation's folds); None after a fit on everything alone.
    """
    roles = Counter(case["role"] for case in record["cases"])
    point, recipe = config.operating_point, record["recipe"]
    gate = (
        f"nothing is painted below a presence of {point.presence_gate:g}"
        if point.presence_gate is not None
        else f"there is no gate (there were fewer than {FEW_NORMALS} scans without a lesion to choose it by), so normal "
        "scans are painted too"
        if config.presence
        else "there is no presence head (the training had no scan without a lesion), so normal scans are painted too"
    )
    cut = "" if config.crop is None else f"cut to the {config.crop} and "
    lines = [
        "---", front_matter(config, result), "---", "",
        f"# {config.name}", "",
        f"Outlines lesions on a breast {config.modality}. Research software: not a medical device, not for diagnosis.",
        "", *(_use(config, published) if published else []),
        "## Trained on", "",
        *[_source(name) for name in config.trained_on], "",
        f"{roles['train']} cases to train{_beside(record, roles)}; splits are by group. `seen.csv` lists every one of them"
        f"{_seen_before(record)}.",
        "", "## Scores", "",
        *_scores(record, result, roles), "",
        *(_failures(config, result, published) if published else []),
        "## Operating point", "",
        *_reading(config.reading),
        f"A pixel is painted from a probability of {point.mask_threshold:g} on; connected parts below "
        f"{100 * point.min_lesion_fraction:g}% of the {'frame' if config.crop else 'image'} are dropped; {gate}. {_chosen(record, result)}",
        *_no_normals(config, record),
        "", "## Recipe", "",
        *_beginning(record),
        f"`{config.architecture}`, {config.size}x{config.size}; the scan's window scaled to 0..1, {cut}"
        f"stretched to a square, minus {config.mean:g}, divided by {config.std:g}. {_epochs(record)}, batch {recipe['batch']}, "
        f"AdamW {recipe['learning_rate']:g} with warm-up and cosine, averaged weights (EMA {recipe['ema']:g}), seed "
        f"{recipe['seed']}. Loss: cross-entropy, soft Dice on lesion images"
        + (f", {recipe['presence_weight']:g} x presence." if recipe["presence"] else "."),
        *_set_otherwise(record),
        *_taught(record),
        "Versions: " + ", ".join(f"{k} {v}" for k, v in record["versions"].items()) + f". {record['date']}.",
    ]  # fmt: skip
    return text("\n".join(lines) + "\n")


def parted(written: str) -> tuple[str, str]:
    """A card's front matter without its results, "" where it has none, and the Markdown below it."""
    front = FRONT_MATTER.match(written)
    if not front:
        return "", written
    return _RESULTS.sub("", front[1] + "\n"), written[front.end() :]


def _reading(reading: Reading) -> list[str]:
    """What is made of the network's answer first, a paragraph each."""
    lines = []
    if reading.mirrored:
        lines += [
            "The network looks at the scan and its mirror image, and the two answers are averaged.",
            "",
        ]
    if reading.calibration:
        head, sure, constant = reading.calibration
        lines += [
            f"Presence is the logistic function of {head:g} x the logit of the network's presence + {sure:g} x the logit of "
            "the map's mean probability over the pixels of at least 0.5 (its highest probability if none reaches 0.5) "
            f"{'+' if constant >= 0 else '-'} {abs(constant):g}. It is a probability where there are as many normals as "
            "lesions.", "",
        ]  # fmt: skip
    return lines


def _chosen(record: dict[str, Any], result: dict[str, Any] | None) -> str:
    """By which cases the operating point was chosen: folds and validations have of every data set."""
    by, without_boxes = _point_from(record)
    boxes = by in _ON_CASES and result is not None and result.get("weak")
    which = "leaving out those of which only boxes are known"
    which = which if without_boxes else "including boxes (taken as ellipses)"
    return f"{_CHOSEN[by]}{f', {which}' if boxes else ''}."


def _point_from(record: dict[str, Any]) -> tuple[str, bool]:
    """Where the operating point is from, and whether boxes had no say in it."""
    by, without_boxes, _ = record.get("point_from", "validation").partition(WITHOUT_BOXES)
    return by, bool(without_boxes)


def _epochs(record: dict[str, Any]) -> str:
    done, whole = epochs_of(record)
    epochs = record["recipe"]["epochs"]
    if done < whole:
        return f"Stopped after {done} of {whole} epochs"
    if whole < epochs:
        return f"The first {whole} of {epochs} epochs"
    return f"{whole} epochs"


def _beside(record: dict[str, Any], roles: Counter[str]) -> str:
    """How many cases chose the epoch, and how many might have trained and did not, and why."""
    chose = "the epoch"
    if _point_from(record)[0] == "validation":
        chose += " and the operating point"
    beside = f", {roles['validation']} to choose {chose}" if roles["validation"] else ""
    if accepted := roles["accepted"]:
        beside += f", {accepted} held out and not scored ({_ACCEPTED})"
    if (known := record.get("known")) and record["fold"] != "all":
        beside += (
            f"; {known} of all cases (or their groups) were known to the weights that these began with, and are "
            "used neither to test nor to choose"
        )
    if not roles["left out"]:
        return beside
    part = record.get("part", 100)
    why = ["of groups that stand in two classes"] * record.get("without_contradictions", False)
    why += [f"only {part}% of the groups were to train"] * (part < 100)
    return f"{beside}, {roles['left out']} left out ({', '.join(why)})"


def _seen_before(record: dict[str, Any]) -> str:
    """Whose cases `seen.csv` has besides."""
    whose = ["these began with"] * bool(record.get("source"))
    whose += ["taught these"] * bool(record.get("teachers"))
    return f", and those of the weights that {' or that '.join(whose)}" if whose else ""


def _set_otherwise(record: dict[str, Any]) -> list[str]:
    """The numbers of the recipe that this run was given by `--set`."""
    numbers = ", ".join(f"`{name}` {number:g}" for name, number in record.get("set", {}).items())
    return [f"Set differently from the recipe: {numbers}."] if numbers else []


def _taught(record: dict[str, Any]) -> list[str]:
    """Whose answers this run learned beside the truth."""
    teachers = ", ".join(f"`{revision}`" for revision in record.get("teachers", ()))
    if not teachers:
        return []
    return [
        f"{record['recipe']['teaching']:.0%} of the mask that was learned is the mean answer of {teachers}."
    ]


def _no_normals(config: Config, record: dict[str, Any]) -> list[str]:
    """What a presence is worth that was learned without a scan that has no lesion."""
    if record.get("normals") != 0 or not record["recipe"]["presence"]:
        return []
    is_chosen = _point_from(record)[0] in _ON_CASES
    has_gate = config.operating_point.presence_gate is not None
    gate = ", and its gate chosen," if has_gate and is_chosen else ""
    return [
        "", f"The training had no scan without a lesion: presence was learned{gate} on views of lesion scans "
        "that show none: parts beside the lesion, and whole views with tissue of the same breast laid over it.",
    ]  # fmt: skip


def front_matter(config: Config, result: dict[str, Any] | None) -> str:
    """The card's YAML, with the scores as the Hub's model-index."""
    from huggingface_hub import EvalResult, ModelCardData

    known = all(name in SOURCES and SOURCES[name].free for name in config.trained_on)
    licence = (
        {"license": "apache-2.0"} if known else {"license": "other", "license_name": "see-card"}
    )
    data = ModelCardData(
        **licence,
        library_name="keras",
        pipeline_tag="image-segmentation",
        tags=["medical", "breast", config.modality, "bcweb"],
        datasets=[name for name in config.trained_on if _HUB_ID.fullmatch(name)] or None,
        model_name=config.name,
        eval_results=[
            EvalResult(
                task_type="image-segmentation", dataset_type=name,
                dataset_name=SOURCES[name].name if name in SOURCES else name,
                metric_type=kind, metric_name=text, metric_value=round(float(value), 4),
            )
            for name, figures in (result["datasets"] if result else {}).items()
            for kind, text, value in _metrics(figures)
            if value is not None and not figures.get("weak")
        ] or None,
    )  # fmt: skip
    return data.to_yaml().strip()


def _metrics(figures: dict[str, Any]) -> list[tuple[str, str, float | None]]:
    lesion = figures["lesion"]
    return [
        ("dice", "Dice, mean over lesion images", lesion["dice_mean"]),
        ("iou", "IoU, mean over lesion images", lesion["iou_mean"]),
        (
            "hd95",
            f"HD95 in pixels, mean over the {lesion['hd95_n']} of {lesion['n']} lesion images that are painted",
            lesion["hd95_mean"],
        ),
        ("recall", "lesion images found (Dice > 0.1)", lesion["detected"]),
        ("false_positive_rate", "normal images painted", figures["normal"]["painted"]),
        ("roc_auc", "presence", figures["presence_auc"]),
    ]


def _source(name: str) -> str:
    if name not in SOURCES:
        return f"- {name}. Licence: whoever pushed these weights says it in the file LICENSE, which later pushes leave as it is."
    source = SOURCES[name]
    return f"- {source.name}, {source.text}. Licence: {source.licence}."


def _beginning(record: dict[str, Any]) -> list[str]:
    """With which weights a run began, and how it went on with another network's."""
    if not record.get("arm"):
        return []  # a run of before arms had names
    arm = ARMS[record["arm"]]
    if arm.begins == "source":
        return [f"Began with `{record['source']}`, arm `{arm.name}`: {arm.summary}.", ""]
    if arm.begins == "imagenet":
        return ["Encoder and bottleneck began with ImageNet's weights, the rest at random.", ""]
    return ["Began with random weights.", ""]


def _use(config: Config, published: Published) -> list[str]:
    mean, std, size = f"{config.mean:g}", f"{config.std:g}", config.size
    threshold = f"{config.operating_point.mask_threshold:g}"
    return [
        "## Intended use", "",
        f"Research and teaching on breast {config.modality}s: a first outline for a person who looks at the scan "
        "and decides. Not for finding, ruling out or grading disease; not for scans of another kind; and not before you "
        "have checked how it does on your own devices: published ultrasound networks that reach a Dice of 0.91 at the "
        "hospital they know reach 0.56 at another.",
        "", "## How to load it", "",
        "In the app, which applies the operating point, measures and lets you correct:", "",
        "```sh",
        f"BCWEB_WEIGHTS_{config.modality.upper()}=hf://{published.repo} python app.py",
        "```", "",
        "With Keras alone (which takes no revision: you get the newest weights, on the branch `main`; the app takes the "
        "tag `latest`, which only moves to weights that are not worse, or `@v1` and so on):", "",
        "```python",
        "import keras, numpy as np",
        "from PIL import Image",
        f'model = keras.saving.load_model("hf://{published.repo}")',
        f'scan = np.asarray(Image.open("scan.png").convert("L").resize(({size}, {size}), 2), "float32") / 255',
        f'mask = keras.ops.sigmoid(model(np.stack(3 * [(scan - {mean}) / {std}], -1)[None])["mask"])[0, ..., 0] >= {threshold}',
        "```", "",
        *_beyond(config),
        "`model.keras` is the same model as one file. The app reads `model.safetensors` and what `config.json` says under "
        "`bcweb`; nothing in them can be executed.",
        "",
    ]  # fmt: skip


def _beyond(config: Config) -> list[str]:
    """What the app does with the network's answer and Keras alone does not."""
    gate, reading = config.operating_point.presence_gate, config.reading
    presence = (
        "calibrated presence" if reading.calibration else "output `presence`, as a probability,"
    )
    told = [
        f"Cut the scan to the {config.crop} first, as the app does (`bcweb.preprocess.frame`)."
    ] * (config.crop is not None)
    told += ["The app looks at the mirrored scan too, and averages the two."] * reading.mirrored
    if gate is not None:
        told.append(f"Where the {presence} is below {gate:g}, the app paints nothing.")
    return [" ".join(told), ""] if told else []


def _boxed(field: str, name: str, _: dict[str, Any]) -> str:
    """Cases of which only boxes are known, by a part of `data_set_parts`."""
    return name if field == "dataset" else f"some cases of {name}"


def _failures(config: Config, result: dict[str, Any] | None, published: Published) -> list[str]:
    known = []
    for _, name, figures in data_set_parts(result) if result else ():
        lesion, normal = figures["lesion"], figures["normal"]
        truth = " against the ellipse in a box" if figures.get("weak") else ""
        if lesion["detected"] is not None:
            known.append(
                f"- {name}: {100 * (1 - lesion['detected']):.0f}% of the {lesion['n']} lesion images are missed "
                f"(Dice of at most 0.1{truth})."
            )
        if normal["painted"] is not None:
            known.append(
                f"- {name}: {100 * normal['painted']:.0f}% of the {normal['n']} normal images are painted."
            )
    if not config.presence:
        known.append(
            "- These weights have seen no scan without a lesion, and paint on most scans, normal ones too."
        )
    study = ["", "A study of ways to train, of other networks than this one: [study.md](study.md)."]
    return [
        "## Known failures", "", *known, "", *published.failures,
        *(study if published.study else []), "",
    ]  # fmt: skip


def _scores(record: dict[str, Any], result: dict[str, Any] | None, roles: Counter) -> list[str]:
    but_left_out = f" but {left} that were left out" if (left := roles["left out"]) else ""
    if result is None and record.get("fold", "all") != "all":
        if tests := roles["test"]:
            return [f"No scores exist yet: none of the {tests} held-out cases was scored."]
        why = f"all held-out cases are {_ACCEPTED}" if roles["accepted"] else "no case was held out"
        return [f"No scores exist: {why}."]
    if result is None:
        return [f"Trained on all cases{but_left_out}: no scores of these weights exist."]
    itself = ""
    if roles["test"]:
        if not result["unseen"]:
            return [
                f"No scores exist: these weights have seen all {roles['test']} held-out cases, their pictures or their "
                "groups."
            ]
        whose = (
            f"On {roles['test'] - result['seen']} held-out cases (fold {record['fold']} of {record['folds']}, by "
            "group), which these weights have not seen"
        )
        if result["seen"]:
            itself = f"{result['seen']} more were held out, but seen as another picture or by their group. "
    else:
        but = f" but {accepted} {_ACCEPTED}" if (accepted := record.get("accepted")) else ""
        whose = (
            f"By cross-validation over {record['folds']} folds by group: each case{but} is scored by a network of "
            "the same recipe that had not seen it, at an operating point chosen on the other folds"
        )
        itself = f"These weights themselves were fitted on all cases{but_left_out}. "
    parts = list(data_set_parts(result))
    lines = [
        f"{whose}. Scores are at the scan's own size, after the operating point; in brackets is the 95% interval of a "
        f"bootstrap over groups (for a share where all cases agree, Clopper and Pearson's). {itself}`scores.csv` has every "
        "case.",
        "",
        *score_table("data", [(name, part) for _, name, part in parts]),
    ]
    if weak := [_boxed(*part) for part in parts if part[-1].get("weak")]:
        lines += [
            "", f"Only boxes are known for {' and '.join(weak)}: scored against the ellipse in each box, which is not a score "
            "against an outline.",
        ]  # fmt: skip
    for name, figures in result.get("by_finding", {}).items():
        if "dice_mean" in figures:
            lines += [
                "", f"Images whose written findings name {'a mass' if name == 'mass' else 'no mass'}: {figures['n']}, Dice mean "
                f"{cell(figures, 'dice_mean')}, median {cell(figures, 'dice_median')}, found "
                f"{cell(figures, 'detected')}.",
            ]  # fmt: skip
    return lines
