"""`python -m bcweb.cases busi:PATH`: what a data set holds, what was left out, and its duplicates."""

from __future__ import annotations

import argparse
import csv
import sys
from collections import Counter
from io import StringIO
from pathlib import Path

from bcweb.cases import KINDS, CasesError, Skipped, parse_spec, read_cases
from bcweb.cases.duplicates import groups
from bcweb.cases.grouping import contradict, find_pairs
from bcweb.cases.spreadsheet import columns_of, from_names, from_table
from bcweb.names import text
from bcweb.paths import path_argument
from bcweb.tables import why_kept
from bcweb.terminal import (
    command,
    counted,
    os_sentence,
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
    making = parser.add_argument_group("to write the cases.csv of a folder:PATH, and no more")
    source = making.add_mutually_exclusive_group()
    source.add_argument(
        "--table",
        type=path_argument,
        metavar="FILE",
        help="from a CSV whose columns --columns names",
    )
    source.add_argument(
        "--group-from", metavar="PATTERN",
        help=r"from the names of the scans: a regular expression with the patient in brackets, '^(P\d+)_'",
    )  # fmt: skip
    making.add_argument(
        "--columns", metavar="COLUMN=NAME,...",
        help="what the table calls the columns of cases.csv: file=Image,group=PatientID,label=Pathology",
    )  # fmt: skip
    making.add_argument(
        "--to", type=path_argument, metavar="FILE", help="in place of PATH/cases.csv"
    )
    chosen = parser.parse_args(arguments)
    makes = chosen.table or chosen.group_from is not None
    if bool(chosen.table) != (chosen.columns is not None):
        parser.error("--table and --columns go together")
    if chosen.to and not makes:
        parser.error("--to goes with --table or --group-from")
    if makes and (chosen.duplicates or chosen.groups):
        parser.error("--table and --group-from write a cases.csv and no more")
    if makes:
        return _make_table(chosen)
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
        odd = ", two classes" if contradict((label[pair.a], label[pair.b])) else ""
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


def _make_table(chosen: argparse.Namespace) -> int:
    try:
        kind, place, select = parse_spec(chosen.data)
        if kind != "folder" or select:
            raise CasesError("A cases.csv is written for folder:PATH alone.")
        path = Path(place)
        file = chosen.to or path / "cases.csv"
        if problem := why_unwritable(file):
            raise CasesError(problem)
        if file.is_file():
            raise CasesError(f"{file} is there already: name another file by --to.")
        if chosen.table:
            table = from_table(path, chosen.table, columns_of(chosen.columns))
        else:
            table = from_names(path, chosen.group_from)
        write_whole(file, table.content())
    except CasesError as error:
        say(error)
        return 1
    except OSError as error:
        say(os_sentence(error))
        return 1
    for note in table.notes:
        say(text(note))
    print(f"{shown(str(file))} names {table.told()}.")
    return 0


def _told(item: Skipped) -> str:
    return shown(f"Skipped: {item.file}: {item.reason}")


if __name__ == "__main__":
    sys.exit(main())
