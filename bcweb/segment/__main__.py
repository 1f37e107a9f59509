"""Segment scans, one or an archive of them:

    python -m bcweb.segment scan.png more/ --out masks

Writes STEM_mask.png for every scan (0 and 255, the scan's own size), a folder's tree mirrored under
--out, and results.csv: file (its whole path), modality, presence, lesions, area (painted pixels), seconds,
error, cautions (why what is drawn may be worth nothing) and notes on how the file was read (a guessed modality, the
first frame of several ...). A file that cannot be segmented, or a folder that cannot be read, is a row with its error;
the others are done and the exit status is 1. A mask that this command has written for such a file before is removed
where the file holds another scan now or is gone, and its row says so. Of a scan that is gone from its folder the row
of an earlier run stays, with its mask, unless it says an error.
Of a folder, masks are left out: names that end in _mask, X_seg or X-gt beside X, and what lies in a folder of
masks; linked folders are followed. Run it again and only what is new, changed, failed, or segmented by other
weights or by another --modality is done. Two scans whose masks would have one name are kept apart: the second
one's is NAME.EXT_mask.png, then STEM-2_mask.png and so on, and no mask that this command did not write is ever
overwritten. A second command with the same --out waits until the first one is done.
"""

from __future__ import annotations

import argparse
import sys

from bcweb.paths import path_argument, weights_argument
from bcweb.segment.run import run
from bcweb.terminal import command, say


@command
def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bcweb.segment",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("paths", nargs="+", type=path_argument, metavar="PATH", help="a scan, or a folder of scans")
    add(
        "--out",
        type=path_argument,
        required=True,
        metavar="DIR",
        help="where masks and results.csv go",
    )
    add(
        "--weights",
        type=weights_argument,
        metavar="W",
        help='"embedded", a folder, or hf://user/repo@revision; without it BCWEB_WEIGHTS_ULTRASOUND '
        "and BCWEB_WEIGHTS_MAMMOGRAM, else embedded",
    )
    add(
        "--modality",
        metavar="M",
        help="ultrasound or mammogram, for files that do not say (else it is guessed)",
    )
    add(
        "--workers",
        type=int,
        metavar="N",
        help="processes (default: one for every 8 scans, at most one a core)",
    )
    args = parser.parse_args(argv)
    if args.workers is not None and args.workers < 1:
        parser.error("--workers wants at least 1")
    if args.modality is not None:
        from bcweb.scans import MODALITIES  # longer to import than all else with which this begins

        if args.modality not in MODALITIES:
            parser.error(f"--modality is {' or '.join(MODALITIES)}, not {args.modality}")
    if args.out.exists() and not args.out.is_dir():
        parser.error(f"--out {args.out} is a file, not a folder")
    try:
        return run(args.paths, args.out, args.weights, args.modality, args.workers)
    except OSError as error:  # --out cannot be written; what a scan's file says is its row's error
        say(f"{error.filename or args.out}: {error.strerror}.")
        return 1
    except KeyboardInterrupt:
        say("Stopped; the same command goes on from here.")
        return 130


if __name__ == "__main__":
    sys.exit(main())
