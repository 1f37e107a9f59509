"""Where callers of the API hand in files and fetch theirs, and which of Gradio's own routes are open.

Gradio would write an upload to the disk under a name that its content and the sender's file name give,
hand it to whoever knows that name, and fetch any address of the web that a caller names in place of a
file. Here a file is in memory only, is known by a random name and by its visitor, and is gone after one
use: `/gradio_api/upload` and `/gradio_api/file=` are answered by this module, and what a caller says of a
file is cut down to that name before Gradio, its state or its log sees it. Of Gradio's other routes those
are open that the page and the two endpoints need; nothing is behind the rest.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bcweb.page.answers import answer, body, json_of, private
from bcweb.page.guard import visitor
from bcweb.page.parcels import Parcels
from bcweb.page.settings import MB
from bcweb.page.store import StoreFull

_API = "/gradio_api/"
_OPEN = {
    "", "/", "/config", "/theme.css", "/favicon.ico", "/manifest.json", "/pwa_icon", "/robots.txt",
    "/login/huggingface", "/login/callback", "/logout",
    *(_API + name for name in (
        "cancel", "info", "openapi.json", "queue/data", "queue/join", "reset", "startup-events",
        "theme.css",
    )),
}  # fmt: skip
_OPEN_BELOW = ("/bc/", "/assets/", "/static/", "/svelte/", f"{_API}call/", f"{_API}heartbeat/")
_MOST_FILES = 4  # in one upload
_MOST_WORDS = 64 * 1024  # bytes of what Gradio is asked, files not counted
_UNDER_WAY, _ALL_UNDER_WAY = 8, 32  # the largest files at once, of one visitor and of all
_FEW = 1_000_000  # bytes of a verdict, a drawing: however much is on its way, they are heard
_PATIENCE = 60  # seconds for the next part of a body
_FORM = 64 * 1024  # what surrounds the files of an upload
_MASK = re.compile(r"[\\/]([\w-]{43})[\\/]mask\.png")
_NAME = re.compile(r"[\w-]{43}")


class Counter:
    """functions: those that may be called, by name or number: what each takes, None where it is no matter."""

    def __init__(
        self,
        app: ASGIApp,
        upload_bytes: int,
        uploads: Parcels,
        masks: Parcels,
        functions: Mapping[str | int, Sequence[str] | None],
    ):
        self.app, self.upload_bytes = app, upload_bytes
        self.uploads, self.masks, self.functions = uploads, masks, functions
        # Bytes by visitor; those without a cookie are one.
        self._under_way: dict[str | None, int] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        owner, mine, is_coming = visitor(scope), 0, True

        async def counted() -> Message:
            nonlocal mine, is_coming
            if not is_coming:
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), _PATIENCE)
            except TimeoutError:  # a laptop that sleeps would hold its bytes for ever
                late = "Nothing more of this came for a minute: send it again."
                raise HTTPException(408, late) from None
            is_coming = message.get("more_body", False)
            read = len(message.get("body", b""))
            self._take(owner, read, mine + read > _FEW)
            mine += read
            return message

        try:
            await self._serve(scope, counted, send)
        finally:
            self._take(owner, -mine, may_be_refused=False)

    def _take(self, owner: str | None, read: int, may_be_refused: bool) -> None:
        """Count what a request has brought, until it is answered: no store has counted it by then."""
        mine = self._under_way.get(owner, 0) + read
        most = self.upload_bytes
        if may_be_refused and mine > _UNDER_WAY * most:
            raise HTTPException(507, "You are sending too much at once: try again later.")
        if may_be_refused and sum(self._under_way.values()) + read > _ALL_UNDER_WAY * most:
            raise HTTPException(507, "The server has no room for more now: try again later.")
        self._under_way[owner] = mine
        if not mine:
            del self._under_way[owner]

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, method = scope["path"], scope["method"]
        try:
            if path == f"{_API}upload" and method == "POST":
                response = await self._hand_in(Request(scope, receive))
            elif path.startswith(f"{_API}file=") and method in ("GET", "HEAD"):
                response = self._hand_out(Request(scope, receive), path)
            elif path.rstrip("/") not in _OPEN and not path.startswith(_OPEN_BELOW):
                raise HTTPException(404, "There is nothing here.")
            else:
                if method == "POST" and not path.startswith("/bc/"):
                    receive = await self._heard(Request(scope, receive), path)
                await self.app(scope, receive, send)
                return
        except HTTPException as error:
            # Gradio's clients read "detail", the page's scripts "error".
            told = {"error": error.detail, "detail": error.detail}
            response = answer(told, error.status_code)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _hand_in(self, request: Request) -> Response:
        """The names under which the files of a form are kept."""
        owner = visitor(request.scope)
        files = [file async for file in _files(request, self.upload_bytes)]
        if not files:
            raise HTTPException(400, 'No file came: send it in the form field "files".')
        try:
            return answer([self.uploads.put(owner, file) for file in files])
        except StoreFull as error:
            raise HTTPException(507, str(error)) from None

    def _hand_out(self, request: Request, path: str) -> Response:
        named = _MASK.search(path)
        mask = self.masks.look(visitor(request.scope), named[1]) if named else None
        if mask is None:
            raise HTTPException(404, "There is no such file, or not any more.")
        headers = {"Content-Disposition": 'attachment; filename="mask.png"'}
        return private(Response(mask, media_type="image/png", headers=headers))

    async def _heard(self, request: Request, path: str) -> Receive:
        """What Gradio, which reads a body of any size into memory, gets to hear of what is asked: few words, and of a
        call what it takes.
        """
        words = await body(request, _MOST_WORDS, "What is asked")
        if path.startswith((f"{_API}call/", f"{_API}queue/join")):
            words = self._call(words, path)
        return _saying(words)

    def _call(self, words: bytes, path: str) -> bytes:
        said = json_of(words)
        if not isinstance(said, dict):
            raise HTTPException(400, "A call is a JSON object.")
        named = path.rstrip("/").removeprefix(f"{_API}call/").removeprefix("v2/")
        called = said.get("fn_index") if named == f"{_API}queue/join" else named
        if not isinstance(called, str | int) or called not in self.functions:
            raise HTTPException(404, "There is no such function.")
        takes = self.functions[called]
        if takes is not None and "v2/" in path:
            if said.keys() - set(takes):
                raise HTTPException(400, f"This takes {', '.join(takes)}, and nothing else.")
            said = {name: said.get(name) for name in takes}
        elif takes is not None and isinstance(data := said.get("data"), list):
            if len(data) > len(takes):
                raise HTTPException(400, f"This takes {', '.join(takes)}, and nothing else.")
            said["data"] = [*data, *[None] * (len(takes) - len(data))]
        return json.dumps(_reduced(said)).encode()


async def _files(request: Request, most: int) -> AsyncIterator[bytes]:
    """The files of a form, read into memory; `HTTPException` where they are too large or no form."""
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise HTTPException(400, "Files are handed in as a form (multipart/form-data).")

    async def stream() -> AsyncIterator[bytes]:
        read = 0
        async for chunk in request.stream():
            read += len(chunk)
            if read > most + _FORM:
                raise HTTPException(
                    413, f"This is larger than {most // MB} MB, the most that is taken."
                )
            yield chunk

    if int(request.headers.get("content-length", "0")) > most + _FORM:
        raise HTTPException(413, f"This is larger than {most // MB} MB, the most that is taken.")
    parser = MultiPartParser(request.headers, stream(), max_files=_MOST_FILES, max_fields=8)
    parser.spool_max_size = most + _FORM  # never on the disk
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError):  # KeyError: a form without a boundary
        raise HTTPException(400, f"This is no form with up to {_MOST_FILES} files.") from None
    try:
        for part in form.getlist("files"):
            if not isinstance(part, str):
                yield await part.read()
    finally:
        await form.close()


def _reduced(said: Any) -> Any:
    """The same, of every file only the name that it got here: no path, no address, no name of its own."""
    if isinstance(said, list):
        return [_reduced(one) for one in said]
    if not isinstance(said, dict):
        return said
    if "path" in said or "meta" in said:
        name = said.get("path")
        known = isinstance(name, str) and _NAME.fullmatch(name)
        return {"path": name if known else None}
    return {key: _reduced(value) for key, value in said.items()}


def _saying(content: bytes) -> Receive:
    """A request's body that is this one."""
    heard = False

    async def receive() -> Message:
        nonlocal heard
        if heard:
            return {"type": "http.disconnect"}
        heard = True
        return {"type": "http.request", "body": content, "more_body": False}

    return receive
