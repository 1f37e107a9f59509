"""The terminal that a command prints to, or the file in its place."""

from __future__ import annotations

import sys
from io import TextIOWrapper


def show_every_name() -> None:
    r"""From now on a character that the terminal has not is printed as an escape: 悪性 as \u60aa\u6027.

    Labels and files are called what they are called, and a redirected output on Windows knows the letters
    of one script only. Standard error does so by itself.
    """
    if isinstance(sys.stdout, TextIOWrapper):  # a notebook has something else there, or nothing
        sys.stdout.reconfigure(errors="backslashreplace")
