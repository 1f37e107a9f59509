"""What all routes under /bc have in common: who asks, what they send, and how they are answered."""

from __future__ import annotations

import json
import re
from pathlib import PurePosixPath

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bcweb.names import text
from bcweb.page.guard import visitor
from bcweb.page.settings import MB

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
        f"{PurePosixPath(name).name} is larger than {most // MB} MB, the most that is taken.",
    )
    if int(request.headers.get("content-length", "0")) > most:
        raise too_large
    read = bytearray()
    async for chunk in request.stream():
        read += chunk
        if len(read) > most:
            raise too_large
    return bytes(read)


async def fields(request: Request, most: int = MB) -> dict:
    """The JSON object that the request carries."""
    try:
        given = json.loads(await body(request, most))
    except ValueError:
        raise HTTPException(400, "This is not JSON.") from None
    return given if isinstance(given, dict) else {}


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
