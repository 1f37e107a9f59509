"""What the documents say is there, and what is there is in the documents."""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from functools import cache
from io import StringIO
from pathlib import Path
from runpy import run_module
from unittest.mock import patch

import pytest

from bcweb.cases import KINDS
from bcweb.metrics import dice
from bcweb.scans import MODALITIES
from bcweb.scores import read_scores, summarise
from bcweb.statistics import group_bootstrap, paired_difference
from bcweb.weights import EMBEDDED, load_weights
from tests.test_imports import LAYERS
from train.failures import draw
from train.tables import read_table
from train.weights_report import Unpadded

# A command is run as one in the tests' own process, which may have its module from before.
pytestmark = pytest.mark.filterwarnings("ignore:.*found in sys.modules:RuntimeWarning")
ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXT = {file.name: file.read_text(encoding="utf-8") for file in DOCUMENTS}
# What tells of a command or a setting in passing, and is no document of it.
BESIDE = [
    ROOT / "SECURITY.md", ROOT / "CHANGELOG.md", ROOT / "Space/README.md",
    *sorted(EMBEDDED.glob("*/README.md")),
]  # fmt: skip
PACKAGES = ("bcweb", "train", "Space")
# One a line: a shell's line, or what stands between two backticks, or in a sentence before its comma.
_COMMAND = re.compile(r"python -m ((?:bcweb|train|Space|bench)[\w.]*)((?:[^\n`#,]|,(?! ))*)")
_HEADING = re.compile(r"^#+ (.+)$", re.M)
_LINK = re.compile(r"\]\((?![a-z]+:)([^)#\s]*)(?:#([^)]*))?\)")
_HAS_SUBCOMMANDS = ("bcweb.review",)


def commands_in(text: str) -> list[tuple[str, str]]:
    """(module, what follows) for every command that a text names."""
    named = _COMMAND.findall(text.replace("\\\n", " "))
    return [(module.rstrip("."), rest) for module, rest in named]


def commands() -> list[tuple[str, str]]:
    """Every command that the documents name."""
    return [command for text in TEXT.values() for command in commands_in(text)]


def written() -> Iterator[str]:
    """What the code says: helps, sentences, cards. What is put in at run time stands as an X."""
    for package in PACKAGES:
        for file in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.JoinedStr):
                    yield "".join(
                        part.value if isinstance(part, ast.Constant) else "X"
                        for part in node.values
                    )
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value


def modules() -> list[str]:
    """Every module that is a command: it has a `main` and runs it."""
    found = []
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            text = file.read_text(encoding="utf-8")
            if "def main(" in text and "__main__" in text:
                parts = file.relative_to(ROOT).with_suffix("").parts
                found.append(".".join(parts[:-1] if parts[-1] == "__main__" else parts))
    return found


@cache
def help_of(module: str, subcommand: str = "") -> str:
    given = [module, *([subcommand] if subcommand else []), "--help"]
    with (
        patch.object(sys, "argv", given),
        redirect_stdout(StringIO()) as said,
        pytest.raises(SystemExit) as ended,
    ):
        run_module(module, run_name="__main__")
    assert not ended.value.code, f"python -m {' '.join(given)}: {ended.value.code}"
    return said.getvalue()


def subcommand_of(module: str, rest: str) -> str:
    first = (rest.split() or [""])[0]
    return first if module in _HAS_SUBCOMMANDS and re.fullmatch(r"[a-z]+", first) else ""


@pytest.mark.parametrize("module", modules())
def test_every_command_is_documented(module):
    assert module in {name for name, _ in commands()}, f"no document tells of python -m {module}"


def test_every_setting_is_documented_and_the_help_of_the_app_lists_them_all():
    code = "\n".join(
        file.read_text(encoding="utf-8")
        for package in PACKAGES
        for file in (ROOT / package).rglob("*.py")
    )
    settings = {name for name in re.findall(r"\bBCWEB_[A-Z_]*[A-Z]\b", code)}
    missing = {name for name in settings if not any(name in text for text in TEXT.values())}
    assert len(settings) >= 5 and not missing, f"no document tells of {sorted(missing)}"
    unlisted = {name for name in settings if name not in help_of("app")}
    assert not unlisted, f"python app.py --help does not list {sorted(unlisted)}"


@pytest.mark.parametrize("module", ["bcweb.cases", "bcweb.evaluate", "train.data", "train.score"])
def test_a_command_that_reads_data_sets_says_which_there_are(module):
    said = help_of(module)
    assert not [
        kind for kind in KINDS if not re.search(rf"\b{kind}\b", said.partition("KIND is")[2])
    ]


@pytest.mark.parametrize(
    ("module", "subcommand", "options"),
    sorted(
        {
            (module, subcommand_of(module, rest), tuple(sorted(re.findall(r"--[a-z-]+", rest))))
            for text in [
                *TEXT.values(),
                *(f.read_text(encoding="utf-8") for f in BESIDE),
                *written(),
            ]
            for module, rest in commands_in(text)
        }
    ),
)
def test_a_command_that_is_named_exists_and_has_the_options_that_are_named(
    module, subcommand, options
):
    """In the documents, and in what the program itself says: its helps, its sentences, the cards that it writes."""
    text = help_of(module, subcommand)
    for option in options:
        # What a command hands on to another, it has from there.
        known = option in text or (
            module == "train.crossval"
            and any(option in help_of(each) for each in ("train.source", "train.transfer"))
        )
        assert known, f"python -m {module} {subcommand} has no {option}"


def test_every_subcommand_is_documented():
    for module in _HAS_SUBCOMMANDS:
        listed = re.search(r"^positional arguments:\n(.*?)\n\n", help_of(module), re.S | re.M)[1]
        names = re.findall(r"^    ([a-z]+)", listed, re.M)
        told = "\n".join(TEXT.values())
        for name in names:
            assert re.search(rf"{module} {name}|`{name} ", told), f"{module} {name} is untold"


def anchors(text: str) -> set[str]:
    """What GitHub makes of the headings."""
    words = (re.sub(r"[^\w -]", "", heading.lower()) for heading in _HEADING.findall(text))
    return {heading.strip().replace(" ", "-") for heading in words}


def test_links_between_the_documents_lead_somewhere():
    for file in [*DOCUMENTS, *BESIDE]:
        for target, anchor in _LINK.findall(file.read_text(encoding="utf-8")):
            there = file.parent / target if target else file
            assert there.exists(), f"{file.name} links to {target}"
            if anchor:
                known = anchors(there.read_text(encoding="utf-8"))
                assert anchor in known, f"{file.name} links to {target}#{anchor}"


def test_what_is_said_to_keep_a_promise_of_security_and_to_hold_it_is_there():
    """Of files in one cell, a name without a folder is of the folder of the one before."""
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    cells = [
        cell for line in re.findall(r"^\| .* \|$", text, re.M) for cell in line.split("|")[2:4]
    ]
    assert len(cells) >= 20
    for cell in cells:
        folder = ROOT
        for name in re.findall(r"`([^`]+)`", cell):
            place = ROOT / name if "/" in name else folder / name
            assert place.exists(), f"SECURITY.md names {place.relative_to(ROOT)}"
            folder = place.parent


def test_a_picture_of_a_generated_scan_is_called_one():
    """Its scores are better than any of a real one."""
    shown = [
        alt for text in TEXT.values() for alt in re.findall(r"!\[(.*?)\]\(\S*-tab\.png\)", text)
    ]
    assert shown and not [alt for alt in shown if "generated" not in alt]


def test_the_layers_in_the_rules_are_those_that_a_test_holds():
    table = TEXT["CONTRIBUTING.md"].partition("| from the top down")[2].partition("\n\n")[0]
    names = [name.rpartition(".")[2] for layer in LAYERS for name in layer]
    missing = [name for name in names if not re.search(rf"[`/]{name}(\.py|/)", table)]
    assert not missing


def test_the_first_commands_are_ones_of_any_shell():
    """Windows PowerShell has no &&, and cmd hands a comment on as arguments."""
    start = TEXT["README.md"].partition("without `make`")[2].partition("\n## ")[0]
    lines = "".join(re.findall(r"^```sh\n(.*?)^```", start, re.S | re.M)).splitlines()
    refused = [line for line in lines if re.search(r"&&|\|\||[;#]", line)]
    assert "python app.py" in lines and not refused, refused


REVIEWING = (
    "bcweb.samples scans",
    "bcweb.cases folder:scans",
    "bcweb.segment scans --out masks --workers 1",
    'bcweb.evaluate --data "folder:scans?modality=ultrasound" --json scores.json --workers 1',
    'bcweb.review import Ward --data "folder:scans?modality=ultrasound" --workers 1',
    "bcweb.review list",
    "bcweb.review show Ward",
    "bcweb.review evaluate Ward --html report.html --csv cases.csv",
    "bcweb.review backup kept",
)
REVIEWED = ("masks/results.csv", "scores.json", "report.html", "cases.csv", "kept")

_TINY = "--size 64 --epochs 1 --batch 2 --folds 2 --validation 0.3"
# train.transfer is walked in tests/hub/test_review_loop.py.
TRAINING = (
    "bcweb.samples scans",
    'train.data --data "folder:scans?modality=ultrasound" --out packed.npz --size 64',
    f"train.source --data packed:packed.npz --out source {_TINY}",
    'train.score source --data "folder:scans?modality=ultrasound"',
    f'train.crossval --data "folder:scans?modality=ultrasound" --out folds {_TINY}',
)
TRAINED = ("source/weights/scores.csv", "folds/fold-1/weights/config.json")
# Of a command that takes minutes: in the place of -m and its name.
_QUICKLY = {
    "train.crossval": "import sys; from tests.train.quick import folds_here; from train.crossval import main\n"
    "with folds_here(): sys.exit(main())",
}


@pytest.mark.parametrize(
    ("road", "left"), [(REVIEWING, REVIEWED), (TRAINING, TRAINED)], ids=["reviewing", "training"]
)
def test_a_road_that_the_documents_show_can_be_walked(road, left, tmp_path):
    """One command after the other, as the documents have them, on generated samples; small, where they train, and folds by a small network."""
    environment = {
        **os.environ, "BCWEB_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT),
        "PYTHONIOENCODING": "utf-8",
    }  # fmt: skip
    environment.pop("BCWEB_DATABASE", None)
    for line in road:
        name, *options = shlex.split(line)
        command = ["-c", _QUICKLY[name]] if name in _QUICKLY else ["-m", name]
        done = subprocess.run(
            [sys.executable, *command, *options],
            capture_output=True, text=True, cwd=tmp_path, env=environment,
        )  # fmt: skip
        assert done.returncode == 0, f"python -m {line}: {done.stdout[-300:]}{done.stderr[-500:]}"
        assert "Traceback" not in done.stderr, line
    for name in left:
        assert (tmp_path / name).exists(), f"{name} was not written"


@pytest.mark.parametrize(
    ("row", "table", "dataset"),
    [
        ("BUS-BRA", "bcweb/pretrained/ultrasound/scores.csv", "bus-bra"),
        ("BUSI", "bcweb/pretrained/ultrasound/scores.csv", "busi"),
        ("STU", "docs/weights/ultrasound/left-out/stu.csv", "stu"),
        ("CDD-CESM", "bcweb/pretrained/mammogram/scores.csv", "cdd-cesm"),
    ],
)
def test_the_scores_in_the_readme_are_those_of_the_tables(row, table, dataset):
    [line] = [line for line in TEXT["README.md"].splitlines() if line.startswith(f"| {row}")]
    scores = [score for score in read_scores(ROOT / table) if score.dataset == dataset]
    lesion, normal = (summarise(scores)[key] for key in ("lesion", "normal"))
    low, high = lesion["dice_mean_ci"]
    painted = "no normals"
    if normal["n"]:
        least, most = normal["painted_ci"]
        share = normal["painted"]
        painted = f"{share * normal['n']:.0f} of {normal['n']}, {share:.0%} ({least * 100:.0f}-{most * 100:.0f}%)"
    assert [cell.strip() for cell in line.split("|")[2:-1]] == [
        f"{lesion['n']:,}",
        f"{lesion['dice_mean']:.2f} ({low:.2f}-{high:.2f})",
        f"{lesion['dice_median']:.2f}",
        f"{lesion['detected']:.0%}",
        painted,
    ]


@pytest.mark.parametrize(
    ("row", "table", "dataset"),
    [
        ("BUS-BRA", "bcweb/pretrained/ultrasound/scores.csv", "bus-bra"),
        ("BUSI", "bcweb/pretrained/ultrasound/scores.csv", "busi"),
        ("CDD-CESM", "bcweb/pretrained/mammogram/scores.csv", "cdd-cesm"),
    ],
)
def test_the_scores_that_the_readme_begins_with_are_those_of_the_tables(row, table, dataset):
    scores = [score for score in read_scores(ROOT / table) if score.dataset == dataset]
    begins = TEXT["README.md"].partition("\n## ")[0]
    assert f"{summarise(scores)['lesion']['dice_mean']:.2f} ({row})" in begins


def test_what_is_said_of_the_generated_samples_is_what_the_weights_draw():
    drawn = {modality: draw(EMBEDDED / modality) for modality in MODALITIES}
    of = {
        each.phantom.name.removeprefix("generated-"): dice(each.mask, each.phantom.truth)
        for both in drawn.values()
        for each in both
    }
    normal = {name: of.pop(name) for name in list(of) if name.endswith("-normal")}
    assert normal == {"ultrasound-normal": 1, "mammogram-normal": 0}, "empty, and painted"
    ultrasound = [value for name, value in of.items() if name.startswith("ultrasound")]
    mass, deep, dense = (of[f"mammogram-{kind}"] for kind in ("mass", "16-bit", "dense"))
    said = " ".join(TEXT["README.md"].split())
    for sentence in (
        f"On the generated samples the Dice is {min(ultrasound):.2f} to {max(ultrasound):.2f}, and the normal one stays empty.",
        f"On the generated samples its Dice is {mass:.2f}, {deep:.2f} (16 bits) and {dense:.2f} (dense), and it paints on the normal one.",
    ):
        assert sentence in said
    card = " ".join((EMBEDDED / "mammogram/README.md").read_text(encoding="utf-8").split())
    assert f"these {mass:.2f}, {deep:.2f} and {dense:.2f}." in card


def test_what_is_said_of_normal_films_is_what_was_measured():
    rows = read_scores(ROOT / "docs/weights/mammogram/left-out/mini-mias.csv")
    assert {row.revision for row in rows} == {load_weights("embedded", "mammogram").revision}
    normal = summarise(rows)["normal"]
    low, high = normal["painted_ci"]
    said = f"it paints on {normal['painted']:.0%} ({low * 100:.0f}-{high * 100:.0f}%) of mini-MIAS's {normal['n']} normal films"
    readme = " ".join(TEXT["README.md"].split())
    assert said in readme
    assert low > 0.5 and "on most mammograms without a lesion it outlines something" in readme
    card = (ROOT / "bcweb/pretrained/mammogram/README.md").read_text(encoding="utf-8")
    assert f"{normal['painted']:.1%}\n({low * 100:.1f}-{high * 100:.1f})" in card


def test_what_is_said_of_films_as_they_are_published_is_what_was_measured():
    rows = read_table(ROOT / "docs/weights/mammogram/unpadded.csv", Unpadded)
    scores = read_scores(ROOT / "bcweb/pretrained/mammogram/scores.csv")
    outlined = [score for score in scores if score.dataset == "cdd-cesm"]
    assert {row.network for row in rows} == {score.revision for score in outlined}
    groups = [row.group for row in rows]
    published = group_bootstrap([row.dice_unpadded for row in rows], groups)
    readme = " ".join(TEXT["README.md"].split())
    assert (
        f"as these {len(rows)} are: as they are published, without the padding, their Dice is "
        f"[{published.estimate:.2f} ({published.low:.2f}-{published.high:.2f})]"
    ) in readme
    lost = paired_difference(
        [row.dice_padded for row in rows], [row.dice_unpadded for row in rows], groups
    )
    assert -0.01 < lost.low < lost.high < 0.01, "it makes a difference"
    assert len(rows) == len(outlined), "some of them have no padding"
