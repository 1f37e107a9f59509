"""`python -m bcweb.review import NAME --data KIND:PATH`: data sets into a project, with predictions."""

from __future__ import annotations

import argparse
import shlex
import sys

from bcweb.batch import stoppable
from bcweb.cases import KINDS
from bcweb.paths import path_argument, weights_argument
from bcweb.review.importing import Import, Progress, prepare
from bcweb.review.records import Project, ReviewError
from bcweb.review.store import LOCAL, Store
from bcweb.terminal import say

_MOST_TOLD = 20  # notes


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    parser = subparsers.add_parser(
        "import",
        help="make a project of data sets, segment its cases and score them",
        description="Read data sets into a project, segment every case and score it where the truth is known. "
        "The same command goes on with what an earlier one left; other weights predict once more, beside "
        "the first.",
        epilog=f"KIND is one of {', '.join(KINDS)}. Exit status: 0; 1 if a file "
        "could not be used (the project's notes say which, see show); 130 if it was stopped.",
    )
    add = parser.add_argument
    add("name", metavar="NAME")
    add(
        "--data",
        action="append",
        default=[],
        metavar="KIND:PATH",
        help="a data set; may be repeated; a project remembers its own; for one that has moved, its new place",
    )
    add(
        "--weights",
        type=weights_argument,
        metavar="W",
        help='"embedded", a folder, or hf://user/repo@revision, for the cases of their modality; without it, '
        "and for the others, those of the project, else "
        "BCWEB_WEIGHTS_ULTRASOUND and BCWEB_WEIGHTS_MAMMOGRAM, else embedded",
    )
    add(
        "--folds",
        type=path_argument,
        metavar="DIR",
        help="the folder of a python -m train.crossval: its weights predict the cases that the others were "
        "trained on, each case by a fold that was not; remembered for these weights, and for no others",
    )
    add(
        "--workers",
        type=int,
        metavar="N",
        help="processes (default: one for every 8 cases, at most one a core)",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    if arguments.workers is not None and arguments.workers < 1:
        raise ReviewError("--workers wants at least 1.")
    with Store() as store, stoppable() as stop, _Bar() as bar:
        made = prepare(
            store,
            LOCAL,
            arguments.name,
            arguments.data,
            arguments.weights,
            arguments.folds,
            workers=arguments.workers,
            stop=stop,
            told=bar.show,
        )
        try:
            project = made.run()
        except KeyboardInterrupt:
            say("Stopped; the same command goes on from here.")
            return 130
        if made.error and made.is_new and not project.cases:
            store.delete(LOCAL, project.id)  # nothing came of it: the name is free again
        elif made.error and not made.changed:  # a name that was mistyped: no fault of the project
            store.set_state(project.id, made.project.state, made.project.problem)
    return _tell(made, project)


def _tell(made: Import, project: Project) -> int:
    if made.error:
        say(made.error)
        return 1
    for note in project.notes[:_MOST_TOLD]:
        say(note)
    if len(project.notes) > _MOST_TOLD:
        more = len(project.notes) - _MOST_TOLD
        say(f"... and {more} more: python -m bcweb.review show {shlex.quote(project.name)}")
    print(f"{project.name}: {project.cases} cases, {project.predicted} with a prediction.")
    if project.state == "cancelled":
        say("Stopped; the same command goes on from here.")
        return 130
    return 1 if made.failures else 0


class _Bar:
    """A bar for each phase of an import, on standard error."""

    def __init__(self):
        self._phase = ""
        self._bar = None

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def show(self, progress: Progress) -> None:
        from tqdm import tqdm

        if progress.phase != self._phase:
            self.__exit__()
            self._phase = progress.phase
            # A log gets a line now and then, a terminal a bar that moves.
            every = 0.2 if sys.stderr.isatty() else 30
            self._bar = tqdm(
                desc=progress.phase, total=progress.total, unit=progress.unit, mininterval=every
            )
        self._bar.total = progress.total
        self._bar.update(progress.done - self._bar.n)
