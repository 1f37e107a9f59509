"""The card of an exported data set: what is in it, who decided, under which licences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from bcweb.cases.sources import SOURCES
from bcweb.review.export.rows import Row

MARK = "bcweb-review"  # tells a repository of ours from another

_DECISIONS = {
    "accept": "the prediction was accepted",
    "truth": "the data set's own mask was kept",
    "corrected": "the mask was drawn or corrected by the reader",
}


def card(rows: Sequence[Row]) -> str:
    """Markdown with the Hub's front matter. rows: those of the table, at least one.

    It depends on the rows alone: the same verdicts give the same card.
    """
    modalities = sorted({row.case.modality for row in rows})
    first, last = (function(row.verdict.at for row in rows) for function in (min, max))
    readers = Counter(row.verdict.reader for row in rows)
    lines = [
        "---", _front_matter(rows, modalities), "---", "",
        "# Breast lesions, reviewed", "",
        f"{len(rows)} scans ({_both(modalities)}) with the outline of every lesion, each decided by a reader: "
        f"{_counted(readers)}. {first:%Y-%m-%d} to {last:%Y-%m-%d}. For research; not a medical device.", "",
        "| data set | decision | scans | without a lesion | labels |",
        "| --- | --- | ---: | ---: | --- |",
        *_counts(rows), "",
        *[f"- `{name}`: {_DECISIONS[name]}" for name in _DECISIONS], "",
        "## Where they come from", "",
        *[_source(name) for name in sorted({row.case.dataset for row in rows})], "",
        "## Columns", "",
        "`id`: its name here; "
        "`image`: as it was reviewed (DICOM files, and pictures that carry EXIF, a comment or other text, as a PNG of "
        "their pixels); `mask`: of the same size, 0 and 255, all 0 where there is no lesion; `label`: what the reader "
        "said, else the data set, whose label is `first_label`; `group`: what must stay on one side of a split; "
        "`modality`, `findings`, `dataset`, `case`: from the data set; `decision`, `reader`, `time` (UTC), `seconds` it took, "
        "`difficulty` (1 easy, 2 medium, 3 hard), `comment`: the verdict; `revision`: the weights whose "
        "prediction was looked at; `beginning`, `threshold`: what a correction began with; `width`, `height`: in pixels; `row_mm`, "
        "`column_mm`: the size of a pixel in millimetres; `area_mm2`, `longest_mm`: of all lesions together, and the longest "
        "diameter of the largest one, where that size is known; `digest`: SHA-256 of the pixels.", "",
        "Cases that were rejected, or that the reader was unsure of, have no mask and are not in the table; "
        "`verdicts.csv` lists them with the reason. There, an apostrophe stands before whatever a spreadsheet "
        "would take for a formula.", "",
        "Names of cases and readers, and comments, are as they were given: check them before you make this "
        "public.", "",
        "## How to read it", "",
        "In the folder of bcweb; each modality trains its own weights further (add `--fold all` if they have seen all of it). "
        "VERSION is the tag that is meant: v1, v2 and so on.", "",
        "```sh",
        *[_teach(modality) for modality in modalities],
        "```", "",
        "or `datasets.load_dataset(\"USER/NAME\")`.",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _front_matter(rows: Sequence[Row], modalities: Sequence[str]) -> str:
    from huggingface_hub import DatasetCardData

    size = next(
        (name for most, name in ((1000, "n<1K"), (10_000, "1K<n<10K")) if len(rows) < most),
        "10K<n<100K",
    )
    data = DatasetCardData(
        license="other",
        license_name="see-card",
        pretty_name="Breast lesions, reviewed",
        task_categories=["image-segmentation"],
        size_categories=[size],
        tags=["medical", "breast", *modalities, "bcweb", MARK],
        configs=[
            {
                "config_name": "default",
                "data_files": [{"split": "train", "path": "data/train-*.parquet"}],
            }
        ],
    )
    return data.to_yaml().strip()


def _counts(rows: Sequence[Row]) -> list[str]:
    kinds: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        kinds.setdefault((row.case.dataset, row.verdict.decision), []).append(row)
    lines = []
    for (dataset, decision), some in sorted(kinds.items()):
        empty = sum(row.verdict.painted_px == 0 for row in some)
        labels = Counter(row.label or "no label" for row in some)
        lines.append(
            f"| {_cell(dataset)} | {decision} | {len(some)} | {empty} | {_cell(_counted(labels))} |"
        )
    return lines


def _source(name: str) -> str:
    if name not in SOURCES:
        return f"- {name}. Licence: whoever pushed this says it in the file LICENSE, which later pushes leave as it is."
    source = SOURCES[name]
    return f"- {source.name}, {source.text}. Licence: {source.licence}."


def _teach(modality: str) -> str:
    """By itself the command would begin with the other modality's weights, and freeze what they look at first."""
    return (
        f'python -m train.transfer --source bcweb/pretrained/{modality} --data "hf:USER/NAME@VERSION?modality={modality}" '
        f"--freeze all --out runs/reviewed-{modality}"
    )


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {number}" for name, number in sorted(counts.items()))


def _both(modalities: Sequence[str]) -> str:
    return " and ".join(modalities)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
