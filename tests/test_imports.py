"""Who may import whom, and what an import may load."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# The layers from the top down; a module imports from its own layer and those below it.
LAYERS = [
    ("app", "Space"),
    ("bcweb.page",),
    ("bcweb.review",),
    ("bcweb.segment", "bcweb.evaluate", "bcweb.batch"),
    ("bcweb.segmenter",),
    ("bcweb.engine",),
    (
        "bcweb.network", "bcweb.weights", "bcweb.cases", "bcweb.lesions", "bcweb.metrics", "bcweb.statistics",
        "bcweb.preprocess", "bcweb.phantoms", "bcweb.scores",
        "bcweb.samples", "bcweb.presence", "bcweb.paired", "bcweb.score_table",
    ),
    ("bcweb.scans", "bcweb.masks", "bcweb.names", "bcweb.paths", "bcweb.folders", "bcweb.locks", "bcweb.terminal", "bcweb.hub", "bcweb.publish",
     "bcweb.tables", "bcweb.cores", "bcweb.collector"),
]  # fmt: skip
ONLY = {
    "gradio": "bcweb.page",
    "sqlalchemy": "bcweb.review",
    "alembic": "bcweb.review",
    "onnxruntime": "bcweb.engine",
}
FRAMEWORKS = ("tensorflow", "keras", "jax", "torch")


def sources() -> dict[str, Path]:
    files = [ROOT / "app.py", *(ROOT / "bcweb").rglob("*.py"), *(ROOT / "Space").rglob("*.py")]
    names = {}
    for file in files:
        parts = file.relative_to(ROOT).with_suffix("").parts
        names[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return names


def imports(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import; write the whole name"
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def layer(module: str) -> int | None:
    for depth, names in enumerate(LAYERS):
        if any(module == name or module.startswith(name + ".") for name in names):
            return depth
    return None


@pytest.mark.parametrize("module", [m for m in sources() if m != "bcweb"])
def test_imports_go_one_way(module):
    depth = layer(module)
    assert depth is not None, f"{module} has no layer: add it to LAYERS where it belongs"
    for name in imports(sources()[module]):
        assert not name.startswith("train"), f"{module} imports {name}: bcweb never imports train"
        below = layer(name)
        assert below is None or below >= depth, f"{module} imports {name}, which lies above it"


@pytest.mark.parametrize(("package", "owner"), ONLY.items())
def test_only_its_owner_imports(package, owner):
    for module, file in sources().items():
        if any(n == package or n.startswith(package + ".") for n in imports(file)):
            assert module.startswith((owner, "app")), (
                f"{module} imports {package}; only {owner} may"
            )


def test_train_does_not_import_the_page():
    for file in (ROOT / "train").rglob("*.py"):
        bad = {name for name in imports(file) if name.startswith("bcweb.page") or name == "gradio"}
        assert not bad, f"{file.name} imports {bad}"


@pytest.mark.parametrize(
    "module",
    [
        "bcweb.scans",
        "bcweb.cases",
        "bcweb.metrics",
        "bcweb.segmenter",
        "bcweb.segment",
        "bcweb.evaluate",
    ],
)
def test_importing_loads_no_training_framework(module):
    code = f"import sys, {module}; print([m for m in {FRAMEWORKS!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "[]", f"{module} loads {done.stdout}{done.stderr}"


def test_scipy_is_not_loaded_before_a_lesion_is_found():
    """It takes a quarter of the processor time of a command for one file."""
    code = "import sys, bcweb.segment.run, bcweb.segmenter; print('scipy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "False", f"scipy is loaded: {done.stdout}{done.stderr}"


def test_the_workers_of_a_folder_are_begun_before_numpy_is_loaded():
    """They load it meanwhile: one after the other it would be a tenth of the time for two hundred scans."""
    code = """if True:
        import sys
        from pathlib import Path
        from bcweb.segment import run
        run.find_scans([Path("docs")], Path("masks"))
        print([m for m in ("numpy", "PIL", "bcweb.scans", "bcweb.weights") if m in sys.modules])
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "[]", f"loaded too early: {done.stdout}{done.stderr}"


def test_the_page_leaves_out_what_gradio_writes_for_editors():
    code = """if True:
        import sys
        stubs = []
        sys.addaudithook(lambda name, args: name == "open" and str(args[0]).endswith(".pyi") and stubs.append(args[0]))
        import bcweb.page.launch
        print(len(stubs))
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "0", f"stubs that were opened: {done.stdout}{done.stderr}"
