"""See what a segmentation network drew on breast ultrasounds and mammograms, beside the truth."""

import re
import sys
from pathlib import Path
from types import TracebackType


def _say_stopped(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """In place of `sys.excepthook`: Ctrl-C is a word, all else what it was."""
    if issubclass(kind, KeyboardInterrupt):
        print("Stopped.", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)


def _is_begun() -> bool:
    """Whether what runs is a command of ours or the page, and no other program that imports us.

    Python calls a program "-m" until it has found the module that it is asked to run.
    """
    [program] = sys.argv[:1] or [""]
    if program == "-m":
        asked = re.search(
            r"\0-[A-Za-z]*m\0?([^\0.]*)", "\0".join(sys.orig_argv)
        )  # -m x, -um x, -mx
        return asked is not None and asked[1] in ("bcweb", "train")
    page = Path(program)
    return page.name == "app.py" and page.resolve().parent == Path(__file__).resolve().parents[1]


# A command imports for seconds before it can say what Ctrl-C does, and this is the first of its modules.
if _is_begun():
    sys.excepthook = _say_stopped
