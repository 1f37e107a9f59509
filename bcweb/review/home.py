"""Where the review workspace keeps its things: `BCWEB_HOME`, `BCWEB_DATABASE` and `BCWEB_BACKUP`."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_data_path

from bcweb.review.records import ReviewError

DATABASE = "review.db"  # the SQLite file in the folder


def home() -> Path:
    """The data folder: BCWEB_HOME, else this platform's place for a program's data; `ReviewError`: there is none."""
    named = os.environ.get("BCWEB_HOME")
    if not named:
        return user_data_path("bcweb", False)
    try:
        return Path(named).expanduser().absolute()
    except RuntimeError as error:  # made where it runs instead, all reviews would seem to be lost
        raise ReviewError(f"BCWEB_HOME={named} names no folder: there is no such user.") from error


def database_url() -> str | None:
    """BCWEB_DATABASE, such as postgresql://user@host/name; None: the SQLite file in the data folder."""
    return os.environ.get("BCWEB_DATABASE") or None


def backup_place() -> str | None:
    """BCWEB_BACKUP, a folder or hf://user/name (see `bcweb.review.vault`); None: there is no backup."""
    return os.environ.get("BCWEB_BACKUP") or None
