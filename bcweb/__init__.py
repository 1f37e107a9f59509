"""See what a segmentation network drew on breast ultrasounds and mammograms, beside the truth."""

import sys
from pathlib import PurePath
from types import TracebackType


def _say_stopped(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """In place of `sys.excepthook`: Ctrl-C is a word, all else what it was."""
    if issubclass(kind, KeyboardInterrupt):
        print("Stopped.", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)


# A command imports for seconds before it can say what Ctrl-C does, and this is the first of its modules. Python
# calls a program "-m" until it has found the module that it is asked to run: who imports us otherwise is no command.
if sys.argv[0] == "-m" or PurePath(sys.argv[0]).name == "app.py":
    sys.excepthook = _say_stopped
