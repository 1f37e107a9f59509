"""Where the review workspace keeps its things: `BCWEB_HOME`, `BCWEB_DATABASE` and `BCWEB_BACKUP`."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_data_path

DATABASE = "review.db"  # the SQLite file in the folder


def home() -> Path:
    """The data folder: BCWEB_HOME, else this platform's place for a program's data."""
    named = os.environ.get("BCWEB_HOME")
    return Path(named).expanduser().absolute() if named else user_data_path("bcweb", False)


def database_url() -> str | None:
    """BCWEB_DATABASE, such as postgresql://user@host/name; None: the SQLite file in the data folder."""
    return os.environ.get("BCWEB_DATABASE") or None


def backup_place() -> str | None:
    """BCWEB_BACKUP, a folder or hf://user/name (see `bcweb.review.vault`); None: there is no backup."""
    return os.environ.get("BCWEB_BACKUP") or None
