"""From one case to the next while a mask is edited, and masks larger than a texture."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from tests.canvas.conftest import SIZE
from tests.canvas.drawn import HEIGHT, WIDTH, digits, disc, edit, swept
from tests.canvas.opened import Viewer, blobs, opened
from tests.canvas.stub import Shown

pytestmark = pytest.mark.browser


def test_the_next_case_is_shown_without_a_request(viewer: Viewer):
    viewer.run("v => v.setAttribute('kind', 'cases')")
    cases = [
        Shown(
            str(i),
            np.full((90 + i, 80), 50 * i, np.uint8),
            blobs(90 + i, 80),
            blobs(90 + i, 80, 2) > 0.5,
        )
        for i in range(4)
    ]
    viewer.cases.update({case.id: case for case in cases})
    infos = [case.describe() for case in cases]
    viewer.show(cases[0])
    viewer.run("v => Promise.all([v.preload(INFO[1]), v.preload(INFO[2])])", infos)
    asked = list(viewer.asked)
    assert "/bc/cases/1/probability" in asked and "/bc/cases/2/truth" in asked
    viewer.run("v => v.show(INFO[1])", infos)
    assert viewer.asked == asked
    assert viewer.panes() == ["scan", "prediction", "truth", "difference"]
    assert viewer.scores()["painted_px"] == (cases[1].probability >= 0.5).sum()
    viewer.run("async v => { await v.preload(INFO[3]); await v.preload(INFO[0]) }", infos)
    asked = list(viewer.asked)
    viewer.run("v => v.show(INFO[2])", infos)  # two newer ones were kept in its place
    assert viewer.asked.count("/bc/cases/2/pixels") == asked.count("/bc/cases/2/pixels") + 1


def test_a_case_that_could_not_be_fetched_ahead_is_fetched_when_it_is_shown(viewer: Viewer):
    late = Shown("late", np.zeros((50, 60), np.uint8))
    viewer.run("v => v.preload(INFO)", late.describe())
    viewer.show(late)
    assert viewer.panes() == ["scan"]
    assert viewer.asked.count("/bc/scans/late/pixels") == 2


def test_editing_may_begin_before_the_scan_is_there_and_ends_with_another(viewer: Viewer):
    case = Shown("s", np.zeros((HEIGHT, WIDTH), np.uint8), None, disc(80, 60, 30))
    other = Shown("t", np.zeros((50, 60), np.uint8))
    viewer.cases.update(s=case, t=other)
    infos = [case.describe(), digits(disc(80, 60, 20)), other.describe()]
    shown = "async v => { const done = v.show(INFO[0]); v.edit(Uint8Array.from(INFO[1], Number), 'last'); await done }"
    viewer.run(shown, infos)
    assert viewer.panes() == ["mine", "truth", "difference"]
    assert viewer.run("v => v.editedScores.precision") == 1
    assert viewer.run("v => v.beginning") == "last"
    viewer.run("v => v.show(INFO[2])", infos)
    assert viewer.run("v => v.edited") is None and viewer.panes() == ["scan"]


@pytest.fixture
def small(chromium: object) -> Iterator[Viewer]:
    """Of a device whose textures hold 128 pixels in a row."""
    for viewer in opened(chromium, viewport=SIZE):
        viewer.page.add_init_script(
            "const ask = WebGL2RenderingContext.prototype.getParameter;"
            "WebGL2RenderingContext.prototype.getParameter = function (name) {"
            " return name === this.MAX_TEXTURE_SIZE ? 128 : ask.call(this, name) }"
        )
        viewer.page.reload()
        yield viewer


def test_a_mask_larger_than_a_texture_is_drawn_smaller_and_edited_in_full(small: Viewer):
    drawn = edit(small)
    before = small.picture()
    points = drawn.stroke((40, 40), (100, 80))
    assert np.array_equal(drawn.mask, swept(points, 6))
    small.press("o")
    changed = (small.picture() != before).any(axis=2)
    box = small.page.locator("bc-viewer canvas").bounding_box()
    ys, xs = np.nonzero(changed)
    ends = [
        drawn.scan((box["x"] + x, box["y"] + y))
        for x, y in ((xs.min(), ys.min()), (xs.max(), ys.max()))
    ]
    assert ends[0] == pytest.approx((34, 34), abs=2) and ends[1] == pytest.approx((106, 86), abs=2)
    assert changed.sum() == pytest.approx(drawn.mask.sum() * drawn.fitted("mine") ** 2, rel=0.1)
