"""Of several weights' predictions of a case: whose is seen and accepted, and which one a correction began with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from bcweb.review.records import NewVerdict, Project
from tests.page.review_reader import BAR, ReviewPage
from tests.page.reviewing import REVISION, case_of, ids, prediction_of, scans, stands

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect

pytestmark = pytest.mark.browser

NEWER = "ultrasound-test-2"


def predict_again(store, project: Project, *names: str) -> None:
    """Other weights predict these cases, too."""
    for name, made in zip(ids(store, project), scans(6), strict=True):
        if name in names:
            other = replace(prediction_of(made.truth, 40), revision=NEWER)
            store.add_prediction(ids(store, project)[name], other)


def go_to(page: ReviewPage, name: str) -> None:
    page.find(f'.queue .row[aria-label^="{name}, "]').click()
    page.shows(name)


def by(page: ReviewPage) -> sync_api.Locator:
    return page.find(".case").get_by_label("Prediction by")


@pytest.fixture
def twice(browse, project: Project, store) -> ReviewPage:
    """Case 1 was accepted, and after that cases 1 and 2 were predicted by other weights too."""
    numbers = ids(store, project)
    seen = store.prediction("local", numbers["case 1"])
    store.save("local", "ANNA", numbers["case 1"], NewVerdict("accept", "k", prediction_id=seen.id))
    predict_again(store, project, "case 1", "case 2")
    return browse().open(numbers["case 2"]).shows("case 2")


# --- which one is seen


def test_where_several_weights_predicted_one_chooses_whose_is_seen_and_accepted(
    twice, project, store
):
    page, accept = twice, twice.find(".decide.accept")
    expect(by(page)).to_have_value(NEWER)
    expect(by(page).locator("option")).to_have_text([f"{NEWER} (newest)", REVISION])
    of = {
        name: store.prediction("local", ids(store, project)["case 2"], name)
        for name in (REVISION, NEWER)
    }
    page.press("e")
    by(page).select_option(REVISION)
    expect(page.find(".case")).to_contain_text(f"Weights {REVISION}.")
    page.ready()
    expect(page.find(".scores tr").filter(has_text="Dice").locator("td")).to_have_text(
        f"{of[REVISION].dice:.3f}"
    )
    seen = store.mask(project.id, of[REVISION].mask_file)
    assert np.array_equal(page.edited(), seen), "the pen has the mask of the other weights in hand"
    page.press("Shift+E", "1")
    page.says("case 2, prediction accepted")
    verdict = stands(store, project, "case 2")
    assert (verdict.prediction_id, verdict.revision) == (of[REVISION].id, REVISION)
    assert np.array_equal(store.mask(project.id, verdict.mask_file), seen)
    page.shows("case 4")
    expect(by(page)).to_have_count(0)  # one prediction is no choice
    go_to(page, "case 2")
    expect(by(page)).to_have_value(REVISION)
    expect(accept).to_have_attribute("aria-pressed", "true")


def test_accepted_stands_beside_no_mask_but_the_one_that_was(twice, project, store):
    page, accept = twice, twice.find(".decide.accept")
    go_to(page, "case 1")
    expect(by(page)).to_have_value(REVISION)
    expect(accept).to_have_attribute("aria-pressed", "true")
    by(page).select_option(NEWER)
    expect(page.find(".case")).to_contain_text(f"Weights {NEWER}.")
    page.ready()
    expect(accept).to_have_attribute("aria-pressed", "false")
    expect(page.find(".history .stands")).to_contain_text(f"prediction by {REVISION} accepted")
    go_to(page, "case 3")
    go_to(page, "case 1")
    expect(by(page)).to_have_value(REVISION)
    page.press("e")
    page.stroke(*BAR)
    by(page).select_option(NEWER)
    page.says("Save or undo your drawing before you choose another prediction.")
    expect(by(page)).to_have_value(REVISION)


def test_no_other_prediction_is_chosen_while_a_drawing_is_in_hand_or_waits(twice):
    page = twice
    refused = "Save or undo your drawing before you choose another prediction."
    page.press("e")
    page.stroke(*BAR)
    by(page).select_option(REVISION)
    page.says(refused)
    expect(by(page)).to_have_value(NEWER)
    page.press("Shift+E", "j")
    page.shows("case 4")
    page.press("k")
    page.shows("case 2")
    expect(page.find(".offer")).to_have_count(1)
    by(page).select_option(REVISION)
    page.says(refused)
    expect(by(page)).to_have_value(NEWER)
    page.find(".offer").get_by_text("Drop").click()
    by(page).select_option(REVISION)
    expect(page.find(".case")).to_contain_text(f"Weights {REVISION}.")


def test_the_queue_has_the_scores_of_weights_that_have_predicted_while_another_tab_was_in_front(
    page, project, store
):
    row = page.find('.queue .row[aria-label^="case 1, "]')
    before, tab = row.inner_text(), page.page.get_by_role("tab", name="Evaluate")
    tab.click()
    expect(tab).to_have_attribute("aria-selected", "true")
    predict_again(store, project, "case 1")
    dice = store.prediction("local", ids(store, project)["case 1"], NEWER).dice
    assert f"Dice {dice:.2f}" not in before
    page.page.get_by_role("tab", name="Review").click()
    expect(row).to_contain_text(f"Dice {dice:.2f}")


OTHERS = ("mammogram-test-1", "mammogram-test-2")


@pytest.fixture
def mixed(store, tmp_path) -> Iterator[Project]:
    """Two ultrasounds and two mammograms, each predicted by two weights of its modality."""
    made = store.create("local", "Mixed", ["folder:/nowhere"], {"ultrasound": "embedded"})
    for place, scan in enumerate(scans(4)):
        file, name = tmp_path / f"{place}.png", f"case {place + 1}"
        Image.fromarray(scan.scan.pixels).save(file)
        modality = ("ultrasound", "mammogram")[place % 2]
        store.add_cases(made.id, [replace(case_of(file, scan, name, None), modality=modality)])
        for revision in OTHERS if modality == "mammogram" else (REVISION, NEWER):
            by_these = replace(prediction_of(scan.truth, 12 - 3 * place), revision=revision)
            store.add_prediction(ids(store, made)[name], by_these)
    store.set_state(made.id, "ready")
    yield store.project("local", made.id)
    store.delete("local", made.id)


def test_each_modality_has_a_choice_of_its_own(browse, mixed, store):
    page = browse().open(case=ids(store, mixed)["case 1"]).shows("case 1")
    by(page).select_option(REVISION)
    expect(page.find(".case")).to_contain_text(f"Weights {REVISION}.")
    go_to(page, "case 2")
    expect(by(page)).to_have_value(OTHERS[1])
    by(page).select_option(OTHERS[0])
    expect(page.find(".case")).to_contain_text(f"Weights {OTHERS[0]}.")
    go_to(page, "case 3")
    expect(by(page)).to_have_value(REVISION)
    go_to(page, "case 4")
    expect(by(page)).to_have_value(OTHERS[0])


def test_the_address_names_whose_prediction_was_chosen_and_no_other_cases(twice, project, store):
    page, number = twice, ids(store, project)["case 2"]
    by(page).select_option(REVISION)
    expect(page.find(".case")).to_contain_text(f"Weights {REVISION}.")
    page.addressed(f"?case={number}&of={REVISION}")
    page.page.reload()
    page.shows("case 2")
    expect(by(page)).to_have_value(REVISION)
    page.press("j")
    page.shows("case 4")
    page.addressed(f"?case={ids(store, project)['case 4']}")
    page.page.goto(f"{page.address}/?case={number}&of=gone")
    page.shows("case 2")
    expect(by(page)).to_have_value(NEWER)


# --- which one a correction began with


BEGUN = "v => [v.beginning, v.beginningThreshold, v.beginningRevision]"


def begun_with(store, project: Project, name: str) -> tuple:
    verdict = stands(store, project, name)
    prediction = store.prediction("local", verdict.case_id, verdict.revision)
    assert verdict.prediction_id == prediction.id
    return (verdict.decision, verdict.beginning, verdict.threshold, verdict.revision)


def test_a_drawing_that_is_gone_on_with_began_where_it_did_whatever_was_chosen_since(
    twice, project, store
):
    page = twice
    by(page).select_option(REVISION)
    expect(page.find(".case")).to_contain_text(f"Weights {REVISION}.")
    page.ready()
    page.press("e")
    page.stroke(*BAR)
    drawn = page.edited()
    page.press("Shift+E")
    page.says("Drawing kept")
    go_to(page, "case 1")
    by(page).select_option(NEWER)
    expect(page.find(".case")).to_contain_text(f"Weights {NEWER}.")
    go_to(page, "case 2")
    expect(by(page)).to_have_value(REVISION)  # under the drawing lies what it began with
    page.press("e")
    expect(page.find(".decide.corrected")).to_be_enabled()
    page.press("3")
    page.says("case 2, corrected")
    assert begun_with(store, project, "case 2") == ("corrected", "prediction", None, REVISION)
    assert np.array_equal(store.mask(project.id, stands(store, project, "case 2").mask_file), drawn)


@pytest.mark.parametrize("kept", ["in this browser", "on the server"])
def test_a_drawing_that_newer_weights_have_come_after_began_with_those_before(
    page, project, store, kept
):
    if kept == "in this browser":
        page.refuse("/draft?")
    page.press(*"]]]]]]]]]]")
    page.press("e")
    page.stroke(*BAR)
    page.says(
        "Drawing kept"
        if kept == "on the server"
        else "NOT saved on the server, but kept in this browser"
    )
    if kept == "on the server":
        page.forget()
    predict_again(store, project, "case 1")
    page.page.reload()
    page.shows("case 1")
    expect(by(page)).to_have_value(REVISION if kept == "on the server" else NEWER)
    page.answer()
    page.press("e")
    expect(page.find(".decide.corrected")).to_be_enabled()
    page.press("3")
    page.says("case 1, corrected")
    assert begun_with(store, project, "case 1") == ("corrected", "threshold", 0.6, REVISION)


def test_a_correction_that_is_corrected_again_began_with_the_same_weights(page, project, store):
    page.press("e")
    page.stroke(*BAR)
    page.press("3")
    page.says("case 1, corrected")
    predict_again(store, project, "case 1")
    page.press("Shift+E")
    page.page.reload()
    page.shows("case 2")
    go_to(page, "case 1")
    expect(by(page)).to_have_value(NEWER)
    page.press("e")
    page.stroke((0.3, 0.7), (0.6, 0.7))
    page.press("3")
    page.says("Saved")
    assert len(store.history("local", ids(store, project)["case 1"])) == 2
    assert begun_with(store, project, "case 1") == ("corrected", "prediction", None, REVISION)


def test_a_mask_that_is_brought_back_still_began_with_what_it_began_with(page, project, store):
    """By the menu's "my last mask", and from the history of the case."""
    page.press(*"]]]]]]]]]]")
    page.press("e")
    page.stroke(*BAR)
    page.press("3")
    page.shows("case 2")
    go_to(page, "case 1")
    expect(page.find('[data-action="beginLast"]')).to_be_enabled()  # the next frame is drawn
    page.press("q", "t")
    assert page.viewer(BEGUN) == ["truth", None, None]
    page.press("q", "l", "3")
    page.shows("case 2")
    corrected = ("corrected", "threshold", 0.6, REVISION)
    history = store.history("local", ids(store, project)["case 1"])
    assert [verdict.decision for verdict in history] == ["corrected", "corrected"]
    assert begun_with(store, project, "case 1") == corrected
    page.press("Shift+E", "1")
    page.says("case 2, prediction accepted")
    number = ids(store, project)["case 2"]
    accepted = stands(store, project, "case 2")
    store.save("local", "BERTA", number, NewVerdict("truth", "b", accepted.id))
    predict_again(store, project, "case 2")
    page.page.reload()
    page.ready()
    go_to(page, "case 2")
    expect(by(page)).to_have_value(NEWER)
    page.find(".toggle").click()
    for decision, said in (
        ("truth kept", ["truth", None, None]),
        ("prediction accepted", ["prediction", None, REVISION]),
    ):
        said_so = page.find(".verdicts li").filter(has_text=decision)
        said_so.get_by_text("Draw from its mask").click()
        page.page.wait_for_function(
            f"said => String(({BEGUN})(document.querySelector('bc-review bc-viewer'))) === String(said)",
            arg=said,
        )
    page.press("3")
    page.says("case 2, corrected")
    assert begun_with(store, project, "case 2") == ("corrected", "prediction", None, REVISION)
