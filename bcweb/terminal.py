"""What a command prints to, the terminal or a file in its place, and the files that it is asked to write."""

from __future__ import annotations

import errno
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from io import BufferedWriter, FileIO, TextIOWrapper
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

Status = TypeVar("Status")

_NO_READER = (errno.EPIPE, errno.EINVAL)  # the second one's is Windows


def command(main: Callable[..., Status]) -> Callable[..., Status]:
    r"""Of a command's `main`: what it prints may be cut off, and may hold any name.

    Where a reader goes away (`| head -1`) or a disk is full the command ends as programs do, with no traceback: see
    `_Output`. A character that the terminal has not is printed as an escape, 悪性 as \u60aa\u6027: labels and files
    are called what they are called, and a redirected output on Windows knows the letters of one script only.
    Standard error does so by itself, and nobody sees what is wrong with it.
    """

    @wraps(main)
    def ended(*given: Any) -> Status:
        _take_output()
        try:
            return main(*given)
        finally:
            print(end="", flush=True)  # the interpreter would tell of a failure by a traceback

    return ended


def _take_output() -> None:
    out = sys.stdout
    if not isinstance(out, TextIOWrapper):  # a notebook has something else there, or nothing
        return
    raw = getattr(out.buffer, "raw", out.buffer)  # python -u leaves out what lies between
    if out is not sys.__stdout__ or not isinstance(raw, FileIO):  # a test's, or Windows' console
        out.reconfigure(errors="backslashreplace")
        return
    own = _Output(out.fileno(), "wb", closefd=False)
    sys.stdout = TextIOWrapper(
        own if raw is out.buffer else BufferedWriter(own),
        out.encoding,
        "backslashreplace",
        line_buffering=out.line_buffering,
        write_through=out.write_through,
    )


class _Output(FileIO):
    """Standard output, which ends the command where nothing can be printed any more: 141, as shells have it of a
    reader that has gone, and no word of it; else a sentence and 1.

    `SystemExit`, because commands catch an `OSError` for what they read and write.
    """

    def write(self, data: ReadableBuffer) -> int | None:
        try:
            return super().write(data)
        except OSError as error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())  # for what is still to come
            if error.errno in _NO_READER:
                sys.exit(141)
            sys.exit(f"Nothing can be printed: {error.strerror}.")


# They move the cursor, colour or clear what stands there, begin a line or turn one around.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def shown(text: str) -> str:
    r"""A text as a terminal is to show it, in a line: a file's name may hold what is an order to it, which is an
    escape here, \x1b or \n.
    """
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def say(sentence: object) -> None:
    """Tell the person a sentence, or an error that is one, in a line beside what the command prints."""
    print(shown(str(sentence)), file=sys.stderr)


def counted(n: int, what: str) -> str:
    """ "1 scan", "2 scans"."""
    return f"{n} {what}{'s' * (n != 1)}"


def os_sentence(error: OSError) -> str:
    """Why a file, which it names where the error knows it, cannot be had."""
    if not error.strerror:  # one of a library's, or of ours, in its own words
        return str(error)
    named = f"{error.filename}: " if error.filename else ""
    return f"{named}{error.strerror}."


def write_whole(file: Path, content: bytes) -> None:
    """Write a file as `whole` does."""
    with whole(file) as part:
        part.write_bytes(content)


@contextmanager
def whole(file: Path) -> Iterator[Path]:
    """Where to write a file that is then there whole or not at all, or as it was before; `OSError` names it.

    What is no file, such as /dev/stdout, and what a link leads to is written where it is.
    """
    part = file if _in_place(file) else file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        yield part
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
    named = set()
    for file in files:
        if file is None:
            continue
        if (place := os.path.realpath(file)) in named:
            return f"{file} cannot be written twice: name two files."
        named.add(place)
        if not file.parent.is_dir():
            return f"{file} cannot be written: there is no folder {file.parent}."
        if file.is_dir():
            return f"{file} cannot be written: it is a folder."
        if _in_place(file):
            if not os.access(file, os.W_OK):
                return f"{file} cannot be written: {os.strerror(errno.EACCES)}."
        elif (why := _why_refused(file.parent)) is not None:
            return f"{file} cannot be written: {why}."
    return None


def why_other(file: Path | None, what: str, option: str, begins: re.Pattern[bytes]) -> str | None:
    """A sentence where a file that is there does not begin as what is to take its place: it may be a scan, or what a data
    set cannot be read without.

    what: is to be written. option: by which the file was named.
    """
    if file is None or not file.is_file():
        return None
    try:
        with file.open("rb") as there:
            begun = there.read(1000)
    except OSError as error:
        return os_sentence(error)
    if not begun or begins.match(begun):
        return None  # an empty file has nothing to lose
    return f"{file} is there and holds no {what}: name another file for {option}."


def why_unmade(*folders: Path | None) -> str | None:
    """A sentence where one of the folders that are asked for cannot be made, or nothing be written into it: as
    `why_unwritable`.
    """
    for folder in folders:
        if folder is None:
            continue
        places = (folder, *folder.absolute().parents)
        there = next((place for place in places if os.path.lexists(place)), folder)
        why = _why_refused(there) if os.path.isdir(there) else f"{there} is no folder"
        if why is not None:
            return f"Nothing can be written to {folder}: {why}."
    return None


def _why_refused(folder: Path) -> str | None:
    """Why a folder takes no new file, which only trying tells: what rights say, a disk or a system may not."""
    try:
        with TemporaryFile(dir=folder):
            return None
    except OSError as error:
        return error.strerror or str(error)


def _in_place(file: Path) -> bool:
    """Whether `write_whole` writes it where it is."""
    return file.is_symlink() or (file.exists() and not file.is_file())
