"""One import a project, whoever asks for it, and however often."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime

from bcweb.page.imports import Imports
from bcweb.review.records import Project
from tests.page import begun as fake

PROJECT = Project(7, "Ward 7", "local", (), {}, datetime(2026, 1, 1), 4, 0, 0, "cancelled")
# An import that is begun twice is so at once; one that is not has to be waited for in vain.
MOMENT = 0.5


def test_who_asks_twice_begins_one_import_that_can_be_cancelled(monkeypatch):
    said, clicks = [], []

    def click(imports: Imports) -> None:
        said.append(imports.resume(None, PROJECT))

    def click_again(imports: Imports) -> None:
        if not clicks:
            clicks.append(threading.Thread(target=click, args=(imports,)))
            clicks[0].start()
            clicks[0].join(MOMENT)

    imports, begun = fake.of_nothing(monkeypatch, click_again)
    click(imports)
    clicks[0].join()
    assert len(begun) == 1, "a second import of one project began"
    assert sorted(said) == [False, True], "each is told whether it began one"
    imports.cancel(PROJECT.id)
    assert not any(one.running for one in begun)
    assert imports.resume(None, PROJECT) is True, "what was cancelled goes on"


def test_why_one_failed_is_told_where_the_project_could_not_keep_it(monkeypatch):
    imports, begun = fake.of_nothing(monkeypatch)
    imports.resume(None, PROJECT)
    [failed] = begun
    failed.cancel()
    assert imports.progress(PROJECT.id) == {"progress": None} and imports.under_way() == {}
    left = replace(PROJECT, state="importing")
    assert imports.ended(left) == left
    failed.untold = "Not saved: the disk is full."
    assert imports.ended(left) == replace(left, state="failed", problem=failed.untold)
    assert imports.ended(PROJECT) == PROJECT, "somebody else has gone on with it"
    imports.resume(None, PROJECT)
    assert imports.ended(left) == left, "it goes on"


def test_the_page_is_told_how_far_imports_are_while_another_begins(monkeypatch):
    told = []

    def ask(imports: Imports) -> None:
        asking = threading.Thread(target=lambda: told.append(imports.under_way()), daemon=True)
        asking.start()
        asking.join(30)

    imports, _ = fake.of_nothing(monkeypatch, ask)
    imports.resume(None, PROJECT)
    assert told == [{}], "it waited for the beginning"
