"""What is installed where: the files agree with each other and with what the code imports."""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
FRAMEWORKS = {"tensorflow", "keras", "jax", "torch"}


def requirements(file: str) -> dict[str, Requirement]:
    lines = [line.partition("#")[0].strip() for line in (ROOT / file).read_text().splitlines()]
    found = [Requirement(line) for line in lines if line and not line.startswith("-r")]
    return {requirement.name: requirement for requirement in found}


def test_the_app_needs_no_training_framework():
    assert not FRAMEWORKS & set(requirements("requirements.txt"))
    assert not FRAMEWORKS & set(requirements("Space/requirements.txt"))


def test_the_space_installs_what_the_app_was_tested_with():
    app = requirements("requirements.txt")
    for name, requirement in requirements("Space/requirements.txt").items():
        assert str(requirement) == str(app[name]), f"{name} differs between Space and app"
    left_out = set(app) - set(requirements("Space/requirements.txt"))
    told = "a Space brings gradio itself, runs no command, and asks no proxy"
    assert left_out == {"gradio", "tqdm", "socksio"}, told


def test_the_space_names_the_gradio_that_these_tests_run():
    front_matter = (ROOT / "Space" / "README.md").read_text()
    named = re.search(r"^sdk_version: (\S+)$", front_matter, re.MULTILINE)[1]
    assert named == version("gradio")


def test_the_other_backend_is_asked_for_as_it_is_tested():
    """It is in no file but that of the tests: whoever trains chooses it, and the kind of GPU."""
    tested = requirements("requirements-dev.txt")["jax"].specifier
    for file in ("requirements-train.txt", "docs/gpu.md", "train/ending.py"):
        named = re.findall(r'"(jax\b[^"]*)"', (ROOT / file).read_text())
        found = [Requirement(each) for each in named if "=" in each]
        assert found, f"{file} does not say how JAX is installed"
        assert {each.specifier for each in found} == {tested}, f"{file} names another range"


def test_every_range_has_an_upper_bound():
    for file in ("requirements.txt", "requirements-train.txt", "requirements-dev.txt"):
        for name, requirement in requirements(file).items():
            operators = {specifier.operator for specifier in requirement.specifier}
            assert operators & {"<", "=="}, f"{name} in {file} may become anything"
