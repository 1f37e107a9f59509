"""What a command prints to, the terminal or a file in its place, and the files that it is asked to write."""

from __future__ import annotations

import sys
from io import TextIOWrapper
from pathlib import Path


def show_every_name() -> None:
    r"""From now on a character that the terminal has not is printed as an escape: 悪性 as \u60aa\u6027.

    Labels and files are called what they are called, and a redirected output on Windows knows the letters
    of one script only. Standard error does so by itself.
    """
    if isinstance(sys.stdout, TextIOWrapper):  # a notebook has something else there, or nothing
        sys.stdout.reconfigure(errors="backslashreplace")


def why_unwritable(*files: Path | None) -> str | None:
    """A sentence where one of the files that are asked for cannot be there: for before the work, which may
    take hours, not after it.
    """
    for file in files:
        if file and not file.parent.is_dir():
            return f"{file} cannot be written: there is no folder {file.parent}."
        if file and file.is_dir():
            return f"{file} cannot be written: it is a folder."
    return None
