"""What a command prints to, the terminal or a file in its place, and the files that it is asked to write."""

from __future__ import annotations

import sys
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path


def show_every_name() -> None:
    r"""From now on a character that the terminal has not is printed as an escape: 悪性 as \u60aa\u6027.

    Labels and files are called what they are called, and a redirected output on Windows knows the letters
    of one script only. Standard error does so by itself.
    """
    if isinstance(sys.stdout, TextIOWrapper):  # a notebook has something else there, or nothing
        sys.stdout.reconfigure(errors="backslashreplace")


def os_sentence(error: OSError) -> str:
    """Why a file, which it names where the error knows it, cannot be had."""
    named = f"{error.filename}: " if error.filename else ""
    return f"{named}{error.strerror or error}."


def write_whole(file: Path, content: bytes) -> None:
    """Write a file that is there whole or not at all, or as it was before; `OSError` names it.

    What is no file, such as /dev/stdout, and what a link leads to is written where it is.
    """
    in_place = file.is_symlink() or (file.exists() and not file.is_file())
    part = file if in_place else file.with_name(f".{file.name}.part")
    try:
        part.write_bytes(content)
        if part != file:
            part.replace(file)
    except BaseException as error:
        if part != file:
            with suppress(OSError):
                part.unlink()
        if isinstance(error, OSError):
            raise OSError(error.errno, error.strerror, str(file)) from None
        raise


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
