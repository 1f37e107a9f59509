"""`python -m bcweb.cases busi:PATH`: what a data set holds, what was left out, and its duplicates."""

from __future__ import annotations

import argparse
import csv
import sys
from collections import Counter
from io import StringIO

from bcweb.cases import KINDS, CasesError, Skipped, read_cases
from bcweb.cases.duplicates import groups
from bcweb.cases.grouping import find_pairs
from bcweb.names import text
from bcweb.paths import path_argument
from bcweb.tables import why_kept
from bcweb.terminal import (
    command,
    counted,
    say,
    shown,
    why_unwritable,
    write_whole,
)


@command
def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bcweb.cases",
        description=__doc__.split(": ")[1],
        epilog=f"KIND is one of {', '.join(KINDS)}.",
    )
    parser.add_argument(
        "data",
        metavar="KIND:PATH",
        help="such as busi:PATH, folder:PATH?energy=low or hf:user/name@revision",
    )
    parser.add_argument(
        "--duplicates", action="store_true", help="list all pairs of near-duplicates"
    )
    parser.add_argument(
        "--groups", type=path_argument, metavar="FILE",
        help="write the groups of near-duplicates as CSV (image, group); BUSI is grouped by such a "
        "file where it is called groups.csv and lies beside the folders",
    )  # fmt: skip
    chosen = parser.parse_args(arguments)
    problem = why_unwritable(chosen.groups) or why_kept(
        chosen.groups, "groups", "--groups", ["image", "group"].__eq__
    )
    if problem:
        say(problem)
        return 1
    try:
        found = read_cases(chosen.data)
    except CasesError as error:
        say(error)
        return 1
    accepted = sum(case.accepted for case in found.cases)
    labels = Counter(case.label or "no label" for case in found.cases)
    print(
        f"{shown(found.name)}: {counted(len(found.cases), 'case')} in "
        f"{counted(len({c.group for c in found.cases}), 'group')}, "
        f"{sum(case.has_truth and not case.accepted for case in found.cases)} with a known truth"
        + (f" and {accepted} with a prediction that a reader accepted" if accepted else "")
        + "; "
        + ", ".join(f"{n} {shown(label)}" for label, n in labels.most_common())
    )
    for note in found.notes:
        print(f"Note: {shown(note)}")
    for item in found.skipped:
        print(_told(item))
    if not chosen.duplicates and not chosen.groups:
        return 0
    label = {case.id: case.label for case in found.cases}
    pairs, unreadable = find_pairs(found.cases)
    for item in unreadable:
        print(_told(item))
    for pair in pairs if chosen.duplicates else ():
        kind = "same picture" if pair.same_picture else "nearly the same"
        odd = ", two classes" if label[pair.a] != label[pair.b] else ""
        print(shown(f"{pair.score:.3f}  {pair.a} = {pair.b}  {kind}{odd}"))
    if chosen.groups:
        try:
            table = StringIO()
            csv.writer(table).writerows([("image", "group"), *groups(label, pairs).items()])
            write_whole(chosen.groups, text(table.getvalue()).encode())
        except OSError as error:
            say(f"{chosen.groups} cannot be written: {error.strerror}.")
            return 1
    return 0


def _told(item: Skipped) -> str:
    return shown(f"Skipped: {item.file}: {item.reason}")


if __name__ == "__main__":
    sys.exit(main())
