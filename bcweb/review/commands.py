"""The commands that need nothing but the store: list, show, delete, backup."""

from __future__ import annotations

import argparse

from bcweb.paths import path_argument
from bcweb.review.records import Project
from bcweb.review.store import LOCAL, Store
from bcweb.terminal import say, shown


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    parser = subparsers.add_parser("list", help="all projects")
    parser.set_defaults(run=list_projects)
    parser = subparsers.add_parser("show", help="how far a project is")
    parser.add_argument("name", metavar="NAME")
    parser.set_defaults(run=show)
    parser = subparsers.add_parser(
        "delete",
        help="hide a project and remove its files for good, the masks that readers drew among them; "
        "who decided what stays in the database",
    )
    parser.add_argument("name", metavar="NAME")
    parser.set_defaults(run=delete)
    parser = subparsers.add_parser(
        "backup",
        help="copy everything into a new folder while others read; BCWEB_HOME=DIR opens the copy",
        epilog="Exit status: 0; 1 if there is no backup, or if files were missing, without which it was made.",
    )
    parser.add_argument("folder", type=path_argument, metavar="DIR")
    parser.set_defaults(run=backup)


def list_projects(arguments: argparse.Namespace) -> int:
    with Store() as store:
        projects = store.projects(LOCAL)
    for project in projects:
        print(_line(project))
    if not projects:
        print("There is no project yet: python -m bcweb.review import NAME --data busi:PATH")
    return 0


def show(arguments: argparse.Namespace) -> int:
    with Store() as store:
        project = store.project(LOCAL, arguments.name)
        counts = store.counts(LOCAL, project.id)
    print(_line(project))
    for source in project.sources:
        print(f"Data: {shown(source)}")
    for modality, weights in project.weights.items():
        print(f"Weights for {modality}s: {shown(weights)}")
    for title, numbers in (("Labels", counts["labels"]), ("Verdicts", counts["decisions"])):
        if numbers:
            told = ", ".join(f"{n} {shown(name or 'without')}" for name, n in numbers.items())
            print(f"{title}: {told}")
    if counts["readers"]:
        print(f"Readers: {', '.join(map(shown, counts['readers']))}")
    if counts["seconds"] is not None:
        print(f"Median time of a verdict: {counts['seconds']:.0f} s")
    if counts["drafts"]:
        print(f"Unfinished corrections: {counts['drafts']}")
    if counts["problems"]:
        print(f"Cases that cannot be read: {counts['problems']}")
    for note in project.notes:
        print(f"Note: {shown(note)}")
    return 0


def delete(arguments: argparse.Namespace) -> int:
    with Store() as store:
        project = store.project(LOCAL, arguments.name)
        store.delete(LOCAL, project.id)
    print(
        f"{shown(project.name)} is deleted, the masks of its readers too; who decided what (on {project.read} cases) stays "
        "in the database."
    )
    return 0


def backup(arguments: argparse.Namespace) -> int:
    with Store() as store:
        copied = store.backup(arguments.folder)
    print(copied.said)
    if copied.missing:
        one, number = copied.missing[0], len(copied.missing)
        files = f"{one} is" if number == 1 else f"{number} files are"
        more = "." if number == 1 else f": {one}, for one."
        say(f"{files} missing or unreadable here, and missing in the backup{more}")
    return 1 if copied.missing else 0


def _line(project: Project) -> str:
    state = "" if project.state == "ready" else f", {project.state}"
    problem = f" ({shown(project.problem)})" if project.problem else ""
    return (
        f"{shown(project.name)}: {project.cases} cases, {project.predicted} with a prediction, "
        f"{project.read} read{state}{problem}"
    )
