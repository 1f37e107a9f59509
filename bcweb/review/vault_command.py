"""`python -m bcweb.review restore PLACE`: what a backup holds, as projects of this machine's user."""

from __future__ import annotations

import argparse
import os
from collections import Counter

from bcweb.paths import pasted
from bcweb.review.records import ReviewError
from bcweb.review.store import LOCAL, Store
from bcweb.review.vault import Vault
from bcweb.review.vault_format import key_of
from bcweb.review.vault_places import place_of
from bcweb.terminal import counted, say, shown


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    parser = subparsers.add_parser(
        "restore",
        help="bring projects and verdicts back from what BCWEB_BACKUP has kept, a Space's too",
        description="Bring back the projects and verdicts that a page has kept in the place that its "
        "BCWEB_BACKUP names. What is here already is left as it is, and nothing is written there. The "
        "projects become those of this machine's user.",
    )
    parser.add_argument("place", metavar="PLACE", help="a folder, or hf://user/name")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    named = pasted(arguments.place)
    if not named.startswith("hf://"):
        if not os.path.isdir(named):
            raise ReviewError(f"{named} is not a folder.")
        named = os.path.abspath(named)
    with Store() as store:
        here = {project.number for project in store.ledger.projects()}
        before = store.ledger.verdict_files()
        vault = Vault(store, place_of(named), owner=LOCAL)
        vault.bring_back()
        new = [project for project in store.projects(LOCAL) if project.id not in here]
        came = Counter(
            key_of(file) for id, file in store.ledger.verdict_files().items() if id not in before
        )
        more = [
            f"{project.name}: {counted(came[project.key], 'new verdict')}."
            for project in store.ledger.projects()
            if project.number in here and came[project.key]
        ]
    for line in more:
        print(shown(line))
    for project in reversed(new):
        print(f"{shown(project.name)}: {project.cases} cases, {project.read} read.")
    if new:
        print("Their scans come back when their data sets are imported again.")
    elif any(name.startswith("projects/") for name in vault.left_out):
        print("No project was brought back.")
    elif not more:
        print("Nothing was brought back: all that is in it is here already, or was removed.")
    for name, why in sorted(vault.left_out.items()):
        say(f"{why}: {name}")
    return 1 if vault.left_out else 0
