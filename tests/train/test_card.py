"""The card of weights, and to whom they owe what they know."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from bcweb.cases.sources import SOURCES
from bcweb.scans import MODALITIES
from bcweb.weights import load_weights

CITATION = Path(__file__).parents[2] / "CITATION.cff"


@pytest.mark.parametrize("modality", MODALITIES)
def test_every_data_set_that_the_shipped_weights_learned_from_is_cited(modality):
    """CC BY wants it."""
    cited = yaml.safe_load(CITATION.read_text(encoding="utf-8"))["references"]
    told = [f"{each['title']}; {each['notes']}" for each in cited]
    for name in load_weights("embedded", modality).config.trained_on:
        [of_it] = [text for text in told if SOURCES[name].name in text]
        assert f"the {modality} weights were trained on" in of_it
