"""Gradio without what it does for editors at each import.

It parses the source of each of its components, and writes a stub beside it (`create_or_modify_pyi` in
`gradio.component_meta`). That is two fifths of the time that its import takes, and writes into a folder of others.
"""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

_MODULE = "gradio.component_meta"


class _Finder(MetaPathFinder):
    def find_spec(self, name: str, path, target: ModuleType | None = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path, target) if name == _MODULE else None
        if spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def execute_without(module: ModuleType) -> None:
            execute(module)
            module.create_or_modify_pyi = lambda *_, **__: None

        spec.loader.exec_module = execute_without
        return spec


def leave_out() -> None:
    """From now on an import of Gradio writes no stubs; one that is imported already is left as it is."""
    sys.meta_path.insert(0, _Finder())
