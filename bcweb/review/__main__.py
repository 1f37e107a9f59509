"""Projects of scans that breast radiologists review."""

from __future__ import annotations

import argparse
import sys

from bcweb.review import commands, evaluating, import_command, vault_command
from bcweb.review.export import command as exporting
from bcweb.review.records import ReviewError
from bcweb.terminal import command, say

# Modules with `add_parser(subparsers)`, which adds a command and `set_defaults(run=...)`; run gets the
# parsed arguments, raises `ReviewError` for the person, and returns the exit status.
_COMMANDS = (import_command, commands, evaluating, exporting, vault_command)


@command
def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bcweb.review",
        description=__doc__,
        epilog="Everything is kept in a data folder (BCWEB_HOME names it), or masks there and the rest "
        "in a PostgreSQL (BCWEB_DATABASE, such as postgresql://user@host/name).",
    )
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for module in _COMMANDS:
        module.add_parser(subparsers)
    arguments = parser.parse_args(argv)
    try:
        return arguments.run(arguments)
    except ReviewError as error:
        say(error)
        return 1


if __name__ == "__main__":
    sys.exit(main())
