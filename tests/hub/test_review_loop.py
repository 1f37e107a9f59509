"""The loop: correct, export, fine-tune, push, take the new revision, score the corrected and the untouched apart."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from bcweb.batch import Choice
from bcweb.cases import read_cases
from bcweb.evaluate import evaluate
from bcweb.phantoms import Mass, phantom
from bcweb.review.export import export
from bcweb.review.importing import prepare
from bcweb.review.store import Store
from bcweb.score_table import table
from bcweb.segmenter import Segmenter
from tests import browser
from tests.cases.trees import save
from tests.page.reader import Page, expect, sync_api
from tests.page.running import running
from tests.review.decided import OWNER, Decided

COMMAND = (
    "-m train.transfer --freeze encoder --epochs 1 --size 64 --batch 2 --folds 2 --validation 0.3 "
    "--data folder:reviewed --out run --push"
)
UNTOUCHED = ("scan 6", "scan 7")  # nobody has read them
WEIGHTS = "hf://ann/bcweb-ultrasound@v1"


@pytest.fixture
def scans(tmp_path):
    """Eight generated ultrasounds, one of them normal, as a folder with their truth."""
    for seed in range(8):
        masses = () if seed == 5 else (Mass(0.3),)
        made = phantom("ultrasound", 300 + seed, masses, (160, 200))
        save(tmp_path / "scans" / "images" / f"scan {seed}.png", made.scan.pixels)
        if masses:
            mask = made.truth.astype(np.uint8) * 255
            save(tmp_path / "scans" / "masks" / f"scan {seed}.png", mask)
    lines = ["file,label,modality"]
    for seed in range(8):
        lines.append(f"scan {seed}.png,{'normal' if seed == 5 else 'lesion'},ultrasound")
    (tmp_path / "scans" / "cases.csv").write_text("\n".join(lines) + "\n")
    return tmp_path / "scans"


def reviewed(scans, tmp_path) -> Decided:
    """Imported with the embedded weights; two corrected, one emptied, two kept, one accepted."""
    store = Store(tmp_path / "home")
    imported = prepare(store, OWNER, "the loop", [f"folder:{scans}"], workers=1).run()
    assert imported.state == "ready", imported.problem
    project = store.project(OWNER, "the loop")
    ids = {row.case: row.id for row in store.queue(OWNER, project.id, "listed")}
    made = Decided(store, project, scans, ids=ids)
    for name in ("scan 0", "scan 1"):
        truth = made.store.truth(OWNER, made.ids[name])
        made.decide(name, "corrected", np.roll(truth, 3, axis=1), beginning="prediction")
    made.decide("scan 2", "accept")
    made.decide("scan 3", "truth")
    made.decide("scan 4", "truth")
    made.decide("scan 5", "corrected", np.zeros((160, 200), bool), beginning="empty")
    return made


@pytest.mark.browser
def test_what_was_corrected_teaches_a_revision_that_is_scored_on_it_and_apart_on_the_rest(
    hub, client, python, environment, scans, tmp_path
):
    made = reviewed(scans, tmp_path)
    export(made.store, OWNER, made.project.id, tmp_path / "reviewed")
    done = python(*COMMAND.split())
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("Pushed: hf://ann/bcweb-ultrasound@v1. `latest` is v1.\n")
    taught = {
        case["id"]: case["role"]
        for case in json.loads((tmp_path / "run/run.json").read_text())["cases"]
    }
    assert sorted(taught) == [f"scan {n}" for n in range(6)], "what was decided, and nothing else"

    config = Segmenter.load(WEIGHTS, "ultrasound").weights.config
    assert config.name == "run"
    assert set(config.trained_on) > {"reviewed"}, "and what the source has seen"
    corrections = read_cases(f"folder:{tmp_path / 'reviewed'}?decision=corrected")
    everything = read_cases(f"folder:{scans}")
    untouched = tuple(case for case in everything.cases if case.id in UNTOUCHED)
    choice = Choice(WEIGHTS)
    corrected, apart = evaluate([corrections], choice, 1)
    assert {s.id: s.seen for s in corrected} == {
        name: taught[name] != "test" for name in ("scan 0", "scan 1", "scan 5")
    }, "seen, but for those that the run itself held back"
    assert apart["seen"] == sum(score.seen for score in corrected) > 0
    assert "SEEN CASES" in table(apart), "beside the others, and marked as no result"
    rest, figures = evaluate([replace(everything, cases=untouched)], choice, 1)
    assert [(s.id, s.seen, s.error) for s in rest] == [(name, False, "") for name in UNTOUCHED]
    assert figures["unseen"] == 2 and figures["lesion"]["dice_mean"] is not None

    held_back = {name for name in ("scan 0", "scan 1", "scan 5") if taught[name] == "test"}
    with running({**environment, "BCWEB_HOME": str(tmp_path / "home")}) as address:
        drawn, listed = through_the_page(address)
    assert drawn.startswith("run-"), "the next scan is drawn by what was just taught"
    assert set(listed) == {f"scan {n}" for n in range(8)}
    for name, (dice, training) in listed.items():
        was_taught = taught.get(name) in ("train", "validation")
        assert training == ("seen" if was_taught else "unseen"), name
        assert dice.startswith("(") == was_taught, f"{name}: what was seen is no result"
    assert {name for name, (_, training) in listed.items() if training == "unseen"} == {
        *UNTOUCHED, *held_back, *(name for name, role in taught.items() if role in ("test", "accepted"))
    }  # fmt: skip


def through_the_page(address: str) -> tuple[str, dict[str, tuple[str, str]]]:
    """Switch to the new weights, segment a scan, and score the project with them.

    The revision that drew the scan; of each case its Dice as the Evaluate tab lists it, and what the
    weights knew of it.
    """
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=browser.executable(), args=list(browser.ARGUMENTS)
        )
        page = Page(chromium.new_page(viewport={"width": 1280, "height": 900}), address).open()
        page.page.get_by_role("tab", name="Model").click()
        page.model(".named input").fill(WEIGHTS)
        page.model(".named input").press("Enter")
        expect(page.model(".said")).to_contain_text("run is in use", timeout=60_000)
        page.page.get_by_role("tab", name="Scan").click()
        page.page.keyboard.press("a")
        expect(page.find(".findings .other")).to_have_count(0, timeout=30_000)
        footer = page.find(".findings footer .small").inner_text()

        page.page.get_by_role("tab", name="Evaluate").click()
        evaluate = page.page.locator("bc-evaluate")
        evaluate.locator(".predict summary").click()
        evaluate.locator(".predict input").fill(WEIGHTS)
        evaluate.locator(".predict button").click()
        # Begun from the page, the new weights stand beside those that the project was imported with.
        expect(evaluate.locator(".beside h2")).to_contain_text("run-", timeout=60_000)
        taught = evaluate.locator(".revision option", has_text="run-").get_attribute("value")
        evaluate.locator(".revision select").select_option(taught)
        expect(evaluate.locator(".beside h2")).to_have_count(0)  # alone
        evaluate.get_by_label("As readers left it").check()
        expect(evaluate.locator(".about")).to_contain_text(
            "the mask that a reader left", timeout=30_000
        )
        expect(evaluate.locator(".told.stale")).to_have_count(0)
        rows = evaluate.locator(".list tbody tr").evaluate_all(
            "rows => rows.map(row => [row.querySelector('[data-case]').firstChild.textContent,"
            " ...[...row.cells].map(cell => cell.innerText)])"
        )
        chromium.close()
    assert page.complaints == []
    told = {name: (dice, training) for name, _, _, dice, _, _, training, _ in rows}
    return footer.removeprefix("Weights ").split()[0].rstrip("."), told
