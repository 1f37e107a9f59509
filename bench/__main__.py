"""`make bench`: figures beside those of a peer measured in the same run, on made-up scans.

Absolute times depend on the machine and what else runs on it; the bars are on ratios, and on
processor seconds where the bar is a time. `app` has no peer and no bar: nothing else starts this page.
"""

from __future__ import annotations

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import argparse
import sys

from bcweb.terminal import command, say
from bench import (
    app_start,
    load,
    review,
    review_page,
    scan_to_mask,
    segment_command,
    stroke,
    threshold_drag,
    training,
)

PARTS = {
    "scan": ("From a PNG's bytes to its mask", scan_to_mask.run),
    "command": ("python -m bcweb.segment", segment_command.run),
    "app": ("python app.py", app_start.run),
    "drag": ("Threshold drag on a 3328x2560 map", threshold_drag.run),
    "stroke": ("A brush on a 3328x2560 mask", stroke.run),
    "review": ("The review store, 10,000 cases", review.run),
    "review-page": ("The Review tab, 10,000 cases", review_page.run),
    "load": ("20 visitors at once, two minutes", load.run),
    "training": ("Training on processors, 256x256", training.run),
}


@command
def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "parts", nargs="*", metavar="PART", choices=[*PARTS, []],
        help=f"which parts: {', '.join(PARTS)} (default: all)",
    )  # fmt: skip
    chosen = parser.parse_args().parts or list(PARTS)
    try:
        return _measure(chosen)
    except KeyboardInterrupt:
        say("Stopped.")
        return 130


def _measure(chosen: list[str]) -> int:
    missed = 0
    for part in chosen:
        title, run = PARTS[part]
        print(f"\n{title}")
        for row in run():
            print(f"  {row}")
            missed += row.missed
    if missed:
        print(f"\n{missed} bar(s) missed.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
