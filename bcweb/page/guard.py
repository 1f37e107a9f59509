"""Who may ask: the page's own browser tabs, each known by a cookie that scripts cannot read.

Gradio lets any other site read its answers (it reflects every Origin on hosts other than localhost, on
added routes too), so what asks from elsewhere is refused here, before Gradio sees it.
"""

from __future__ import annotations

import re
import secrets
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bcweb.page.settings import Settings

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_FIRST = ("", "/", "/config")  # what a browser asks for first, and what Gradio's Python client does


def visitor(scope: Scope) -> str | None:
    """The visitor that a request comes from: a secret of theirs alone; None before the first page."""
    return scope.get("bcweb.visitor")


def is_local(scope: Scope) -> bool:
    """Whether only this machine can reach the page that is asked (see `Settings.local`)."""
    return scope.get("bcweb.local", False)


class Guard:
    """Refuses what does not come from the page itself, and tells visitors apart."""

    def __init__(self, app: ASGIApp, settings: Settings):
        self.app = app
        self.hosts, self.origins = settings.hosts, settings.origins
        self.local = settings.local
        # A Space is shown in a frame of huggingface.co: there the cookie is a third party's, which
        # browsers keep only if it says so, apart for each outer site.
        self.framed = settings.on_space
        self.cookie = "__Host-bc-visitor" if self.framed else "bc-visitor"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(headers, scope["path"])
        if refusal is not None:
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            else:
                await JSONResponse({"error": refusal}, 403)(scope, receive, send)
            return
        token = self._token(headers)
        scope["bcweb.visitor"] = token
        scope["bcweb.local"] = self.local
        if scope["type"] == "http" and token is None and scope["path"] in _FIRST:
            send = self._introduce(send)
        await self.app(scope, receive, send)

    def _refusal(self, headers: Headers, path: str) -> str | None:
        host = headers.get("host", "")
        if self.hosts and _name(host) not in self.hosts:
            return f"This page does not answer to the name {_name(host) or '(none)'}."
        origin = headers.get("origin")
        if origin is not None and not self._is_own(origin, host):
            return "This page takes no requests from other sites."
        # Requests that carry no Origin (a picture, a link) still say where they come from. A link, or
        # a frame of Hugging Face's, may lead to the page, and to nothing behind it.
        own_site = headers.get("sec-fetch-site", "none") in ("same-origin", "none")
        leads_here = headers.get("sec-fetch-mode") == "navigate" and not path.startswith("/bc/")
        if not own_site and not leads_here:
            return "This page takes no requests from other sites."
        return None

    def _is_own(self, origin: str, host: str) -> bool:
        """Whether it is of the page as its browser asked for it, or by a name that its proxy keeps to itself. What
        answers at another port of such a name may be anybody's.
        """
        try:
            place = urlsplit(origin)
        except ValueError:  # no address at all
            return False
        if place.scheme not in ("http", "https"):
            return False
        return place.netloc.lower() in (host.lower(), *self.origins)

    def _token(self, headers: Headers) -> str | None:
        value = cookie_parser(headers.get("cookie", "")).get(self.cookie, "")
        return value if _TOKEN.fullmatch(value) else None

    def _introduce(self, send: Send) -> Send:
        """Give whoever loads the page a secret. It ends with the browser session."""
        place = "Secure; SameSite=None; Partitioned" if self.framed else "SameSite=Lax"
        cookie = f"{self.cookie}={secrets.token_urlsafe(32)}; Path=/; HttpOnly; {place}"

        async def with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                headers = MutableHeaders(scope=message)
                headers.append("Set-Cookie", cookie)
                headers["Cache-Control"] = "no-store"  # or a cache would hand one secret to many
            await send(message)

        return with_cookie


def _name(host: str) -> str:
    """A Host header's or netloc's name without port and brackets."""
    host = host.lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]
