"""A folder with a table, which its tests change."""

from __future__ import annotations

import pytest

from tests.cases import trees


@pytest.fixture
def folder(tmp_path):
    """images/ and masks/ for a, b; c is normal; d has no mask; a table with a column energy."""
    for seed, name in enumerate("abcd"):
        trees.save(tmp_path / "images" / f"{name}.jpg", trees.picture(seed))
    trees.save(tmp_path / "masks" / "a.png", trees.box(10, 10, 20, 30))
    trees.save(tmp_path / "masks" / "b_mask.png", trees.box(10, 10, 20, 30))
    trees.save(tmp_path / "masks" / "b_mask_1.png", trees.box(40, 10, 50, 30))
    (tmp_path / "cases.csv").write_text(
        "file,label,group,findings,energy\n"
        "a.jpg,malignant,P1,mass,low\n"
        "b.jpg,benign,P1,,low\n"
        "c.jpg,normal,P2,,high\n"
        "d.jpg,,P3,,high\n"
    )
    return tmp_path
