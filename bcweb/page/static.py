"""The page's own scripts and styles, under an address that changes with their content."""

from __future__ import annotations

import hashlib
from pathlib import Path

from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

import bcweb

_PACKAGE = Path(bcweb.__file__).parent
# Served as they lie in the package, so that imports between them are right on the disk too.
FOLDERS = {name: _PACKAGE / name for name in ("canvas", "page/assets")}


class _Forever(StaticFiles):
    """Files that a browser need never ask for again: other content has another address."""

    def file_response(self, *args, **kwargs) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


def content_hash() -> str:
    """Of every file in `FOLDERS`, by name and content."""
    digest = hashlib.sha256()
    for folder in FOLDERS.values():
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                digest.update(file.relative_to(folder).as_posix().encode() + b"\0")
                digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def mount(version: str) -> Mount:
    """/static/VERSION/canvas/... and /static/VERSION/page/assets/..."""
    return Mount(
        f"/static/{version}",
        routes=[Mount(f"/{name}", _Forever(directory=path)) for name, path in FOLDERS.items()],
    )
