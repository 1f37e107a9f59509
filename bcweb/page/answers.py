"""What all routes under /bc have in common: who asks, what they send, and how they are answered."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bcweb.names import text
from bcweb.page.guard import visitor
from bcweb.page.settings import MB

_ID = re.compile(r"[0-9]{1,18}")  # no database has larger ones
_DEEPEST = 16  # lists and objects in one another: far more than anything takes
_NO_TEXT = re.compile(r"[\ud800-\udfff]")  # what stands for a byte of a name that is none


class Refusal(HTTPException):
    """Why not, in one sentence, and what the page needs to know besides."""

    def __init__(self, status: int, sentence: str, **besides: object):
        super().__init__(status, sentence)
        self.besides = besides


def owner_of(request: Request) -> str:
    """The visitor who asks; nobody gets anything without being one."""
    asking = visitor(request.scope)
    if asking is None:
        raise Refusal(
            401,
            "The browser keeps no cookie for this page: reload it, or open it in a tab of its own.",
            cookie=False,
        )
    return asking


async def body(request: Request, most: int, name: str = "This") -> bytes:
    """What the request carries, up to `most` bytes; name: of the file, for the sentence."""
    too_large = HTTPException(
        413,
        f"{PurePosixPath(name).name} is larger than {_size(most)}, the most that is taken.",
    )
    if int(request.headers.get("content-length", "0")) > most:
        raise too_large
    read = bytearray()
    async for chunk in request.stream():
        read += chunk
        if len(read) > most:
            raise too_large
    return bytes(read)


def _size(nbytes: int) -> str:
    return f"{nbytes // MB} MB" if nbytes >= MB else f"{nbytes // 1024} KB"


async def fields(request: Request, most: int = MB) -> dict:
    """The JSON object that the request carries."""
    given = json_of(await body(request, most))
    return given if isinstance(given, dict) else {}


def json_of(said: str | bytes, refused: str = "This is not JSON.") -> Any:
    """What this JSON says. 400 with this sentence where it is none, or so deep that whoever goes into it may not return."""
    try:
        given = json.loads(said)
    except (ValueError, RecursionError):
        raise HTTPException(400, refused) from None
    inside = [given]
    for _ in range(_DEEPEST):
        inside = [one for part in inside if isinstance(part, dict | list) for one in _parts(part)]
        if not inside:
            return given
    raise HTTPException(400, refused)


def _parts(of: dict | list) -> Iterable[Any]:
    return of.values() if isinstance(of, dict) else of


def id_of(request: Request) -> int:
    """The id in the path, see `number_of`."""
    return number_of(request.path_params["id"])


def number_of(said: str) -> int:
    """An id as an address has it; 404 for what can be nobody's."""
    if not _ID.fullmatch(said):
        raise HTTPException(404, "There is nothing here.")
    return int(said)


def answer(content: object, status: int = 200) -> Response:
    """JSON, in which all that is told is text: so one file's odd name does not take the others along."""
    said = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    said = _NO_TEXT.sub(lambda found: "\\" + text(found[0]), said)  # in JSON a backslash is two
    return private(Response(said, status, media_type="application/json"))


def private(response: Response) -> Response:
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


async def refusal(request: Request, error: Exception) -> Response:
    """An `HTTPException` as the page reads it."""
    besides = getattr(error, "besides", {})
    return answer({"error": error.detail} | besides, error.status_code)
