"""Paths as people type and paste them."""

from __future__ import annotations

import os
import re
from argparse import ArgumentTypeError
from pathlib import Path
from urllib.parse import unquote

# Unseen: Windows puts the mark of a direction before a path that is copied from a file's properties.
_AROUND = " \t\r\n\u202a\u202c\ufeff"
_QUOTES = "\"'"
_URL = re.compile(r"file:(?://(?:localhost)?)?(?=/)", re.IGNORECASE)
_OF_WINDOWS = re.compile(r"/[a-z]:", re.IGNORECASE)  # file:///C:/scans


def pasted(said: str) -> str:
    """What somebody means who types or pastes a path, or another name, in which there is nothing to change.

    Without spaces and quotes around it, as Windows' "Copy as path" and a shell have them; a file:// of a file manager
    or a browser is its path, and ~ the home folder. What is there as it was typed stays.
    """
    if os.path.lexists(said):
        return said
    path = said.strip(_AROUND)
    if len(path) > 1 and path[0] == path[-1] and path[0] in _QUOTES:
        path = path[1:-1].strip(_AROUND)
    if url := _URL.match(path):
        path = unquote(path[url.end() :])
        path = path[1:] if _OF_WINDOWS.match(path) else path
    return os.path.expanduser(path)


def path_argument(said: str) -> Path:
    """The `type` of a command's argument that is a file or a folder: `Path` would take an empty one for the folder in
    which the command is given.
    """
    return Path(_filled(said, "file or folder"))


def weights_argument(said: str) -> str:
    """The `type` of a command's argument that names weights (see `bcweb.weights.load_weights`): an empty one would be
    taken for none, and other weights used than were meant.
    """
    return _filled(said, "weights")


def _filled(said: str, what: str) -> str:
    """A shell makes an argument empty of a variable that is not set; nothing is meant by it."""
    if not said.strip():
        raise ArgumentTypeError(f"this is empty, and names no {what}")
    return said
