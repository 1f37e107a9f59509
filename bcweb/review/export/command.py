"""`python -m bcweb.review export NAME --to DIR`."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bcweb.paths import path_argument
from bcweb.review.export import (
    FORMATS,
    WITH_MASK,
    ExportError,
    Progress,
    PushError,
    export,
    push_export,
)
from bcweb.review.store import LOCAL, Store
from bcweb.terminal import say


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    formats = "\n".join(f"  {name:<8} {each.title}: {each.words}" for name, each in FORMATS.items())
    parser = subparsers.add_parser(
        "export",
        help="write what was decided into files: masks, tables, COCO, DICOM SEG, a data set",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Write the masks and verdicts of one moment into a new folder, all or nothing.",
        epilog=f"formats:\n{formats}\n\n"
        + "\n".join(
            textwrap.wrap(
                "Every export has verdicts.csv: each case that was decided, and why it gives no mask where "
                "it does not (rejected, unsure, no DICOM ...). Pictures are copied.", 90,
            )
        ),
    )  # fmt: skip
    add = parser.add_argument
    add("name", metavar="NAME", help="of the project")
    add("--to", type=path_argument, metavar="DIR", help="a folder that is not there yet, or empty")
    add(
        "--format",
        choices=FORMATS,
        metavar="FORMAT",
        help="png (the default) or another, see below",
    )
    add(
        "--include",
        type=lambda text: tuple(text.split(",")),
        default=WITH_MASK,
        metavar="DECISION,...",
        help=f"only the masks of these decisions (default: {','.join(WITH_MASK)})",
    )
    add(
        "--reader",
        metavar="READER",
        help="what this reader said last, whatever others have said since (default: the verdicts that stand)",
    )
    add("--push", metavar="user/name", help="push the data set to the Hugging Face Hub, private")
    add(
        "--public",
        action="store_true",
        help="let everybody read what is pushed, the names of cases and readers in it included",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    _check(arguments)
    had_one = _has_export(arguments.to)
    try:
        with Store() as store, _progress() as progress:
            what = store, LOCAL, arguments.name
            if not arguments.push:
                done = export(
                    *what, arguments.to, arguments.format or "png", arguments.include,
                    arguments.reader, progress,
                )  # fmt: skip
                pushed = None
            else:
                pushed, done = push_export(
                    *what, arguments.push, arguments.public, arguments.to, arguments.include,
                    arguments.reader, progress,
                )  # fmt: skip
    except PushError as error:
        kept = _kept(arguments, had_one)
        raise PushError(f"{error} {kept}Push it later: {_again(arguments)}") from None
    except KeyboardInterrupt:
        kept = _kept(arguments, had_one) or "Nothing of the export is kept."
        say(f"Stopped. {kept.strip()}")
        return 130
    for line in done.lines():
        print(line)
    if pushed:
        print(f"{'Pushed' if pushed.new else 'Already there'}: {pushed.spec}")
    return 0


def _check(arguments: argparse.Namespace) -> None:
    if arguments.push and arguments.format not in (None, "dataset"):
        raise ExportError(f"Only the format dataset can be pushed, not {arguments.format}.")
    if arguments.public and not arguments.push:
        raise ExportError("--public is only for what is pushed: add --push.")
    if arguments.to is None and not arguments.push:
        raise ExportError("Say where: --to DIR, or --push user/name.")


def _has_export(folder: Path | None) -> bool:
    return folder is not None and os.path.isfile(
        folder / "verdicts.csv"
    )  # one that cannot be looked at has none


def _kept(arguments: argparse.Namespace, had_one: bool) -> str:
    """Where the export is, if it was written before something went wrong. had_one: there was one before, an older one,
    and none is written over another."""
    written = not had_one and _has_export(arguments.to)
    return f"The export is in {arguments.to}. " if written else ""


def _again(arguments: argparse.Namespace) -> str:
    command = ["python", "-m", "bcweb.review", "export", arguments.name, "--push", arguments.push]
    if tuple(arguments.include) != WITH_MASK:
        command += ["--include", ",".join(arguments.include)]
    if arguments.reader is not None:
        command += ["--reader", arguments.reader]
    return shlex.join(command + ["--public"] * arguments.public)


@contextmanager
def _progress() -> Iterator[Progress | None]:
    """A bar where somebody watches."""
    if not sys.stderr.isatty():
        yield None
        return
    from tqdm import tqdm

    with tqdm(unit="case", leave=False) as bar:

        def show(done: int, whole: int) -> None:
            bar.total = whole
            bar.update(done - bar.n)

        yield show
