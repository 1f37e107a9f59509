"""What the hosted app is made of: every file of the Space, taken out of the project.

Of `bcweb` those modules go along that `app.py` imports, now or later, and the files that they read: no
commands, no tests, no training. So the Space is as large as it must be, and nothing on it is dead.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from pathlib import Path

from huggingface_hub import RepoCard

from bcweb.scans import MODALITIES

ROOT = Path(__file__).parents[1]
START = "app.py"
# What a module reads beside it. The rest that lies there is for whoever develops it.
_READ = {".js", ".css", ".svg", ".json", ".csv", ".safetensors", ".md", ".png"}
_SPELLED = re.compile(r"bcweb(\.\w+)+\.?")
_FOR_DEVELOPERS = {"jsconfig.json", "package.json", "node_modules"}


def tree(models: list[str]) -> dict[str, bytes]:
    """Path on the Space -> content. models: of the Hub, that it uses."""
    files = {START: ROOT / START, "LICENSE": ROOT / "LICENSE"}
    files |= {name: ROOT / name for name in (*_modules(), *_scripts(), *_data())}
    contents = {name: file.read_bytes() for name, file in sorted(files.items())}
    contents["requirements.txt"] = (ROOT / "Space" / "requirements.txt").read_bytes()
    contents["README.md"] = _card(models)
    return contents


def sdk_version() -> str:
    """The version of Gradio that the front matter asks for."""
    return RepoCard.load(ROOT / "Space" / "README.md").data.sdk_version


def write(contents: Mapping[str, bytes], folder: Path) -> None:
    for name, content in contents.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


def _card(models: list[str]) -> bytes:
    card = RepoCard.load(ROOT / "Space" / "README.md")
    card.data["models"] = models
    return str(card).encode()


def _modules() -> set[str]:
    """The modules of ours that the app imports, those within functions too."""
    found: set[str] = set()
    waiting = [START]
    while waiting:
        file = waiting.pop()
        if file in found:
            continue
        found.add(file)
        for name in _imported(ROOT / file):
            waiting.extend(_files_of(name))
    return found


def _imported(file: Path) -> set[str]:
    """The names of ours that a file imports, or spells out for somebody who does."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            # What is imported from a package may be a module in it.
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Constant) and _SPELLED.fullmatch(str(node.value)):
            names.add(node.value)
    return {name for name in names if name.split(".")[0] == "bcweb"}


def _files_of(module: str) -> list[str]:
    """Its file and those of the packages around it, as far as they are files."""
    if module.endswith("."):  # the beginning of a name that is put together when it is needed
        folder = Path(*module.split("."))
        return [file.relative_to(ROOT).as_posix() for file in (ROOT / folder).glob("*.py")]
    parts = module.split(".")
    places = [Path(*parts[:depth], "__init__.py") for depth in range(1, len(parts) + 1)]
    places.append(Path(*parts).with_suffix(".py"))
    return [place.as_posix() for place in places if (ROOT / place).is_file()]


def _scripts() -> set[str]:
    """Python files that are no modules, as the migrations: what reads them finds them by their place."""
    return {
        name for name in _lying_there(".py") if not (ROOT / name).with_name("__init__.py").is_file()
    }


def _data() -> set[str]:
    return {name for name in _lying_there(*_READ) if not _is_somebodys(ROOT / name)}


def _lying_there(*suffixes: str) -> set[str]:
    """What lies in our package with one of these endings; nothing hidden, such as an editor's copies."""
    files = (file for file in (ROOT / "bcweb").rglob("*") if file.suffix in suffixes)
    names = (file.relative_to(ROOT) for file in files)
    return {name.as_posix() for name in names if not any(map(_is_of_tools, name.parts))}


def _is_of_tools(part: str) -> bool:
    return part.startswith(".") or part in _FOR_DEVELOPERS


def _is_somebodys(file: Path) -> bool:
    """Whether it is of other weights than the embedded ones, put beside them: they may be a clinic's own, with the names
    of its cases, and the app asks for none of them."""
    embedded = ROOT / "bcweb" / "pretrained"
    return file.is_relative_to(embedded) and file.relative_to(embedded).parts[0] not in MODALITIES
