"""The content security policy that every answer carries: what the page may load, run, and be shown in.

Nothing comes from another host. Scripts are the page's own files and the few that Gradio writes into the
document itself; those are allowed one by one, by their hash, so that markup which somebody smuggles in
later runs nothing. Two things are wider than we would like, because Gradio needs them: its HTML
component makes functions from its template ('unsafe-eval'), and its components style themselves
('unsafe-inline' for styles, not for scripts).
"""

from __future__ import annotations

import base64
import hashlib
import re

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bcweb.page.settings import Settings

HUGGING_FACE = "https://huggingface.co"  # shows a Space in a frame
_GRADIO = b"<script>window.gradio_config"  # in a document that is a page of Gradio's
_INLINE = re.compile(rb"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL | re.IGNORECASE)


def policy(framed: bool, inline: bytes = b"") -> str:
    """The header's value. framed: Hugging Face may show the page in a frame. inline: the document."""
    hashes = [base64.b64encode(hashlib.sha256(s).digest()) for s in _INLINE.findall(inline)]
    scripts = " ".join(f" 'sha256-{digest.decode()}'" for digest in dict.fromkeys(hashes))
    rules = {
        "default-src": "'self'",
        "script-src": f"'self' 'unsafe-eval'{scripts}",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": "'self'",
        "worker-src": "'self'",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": f"'self' {HUGGING_FACE}" if framed else "'self'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


class Policy:
    """Puts the policy on every answer that has none of its own. first: HTML that the page begins with, before Gradio's
    scripts, as Gradio's own `head` does not."""

    def __init__(self, app: ASGIApp, settings: Settings, first: str = ""):
        self.app, self.framed, self.first = app, settings.on_space, first.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        held: Message | None = (
            None  # a document's head waits for its body, whose scripts it must name
        )
        document = bytearray()

        async def with_policy(message: Message) -> None:
            nonlocal held
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("Referrer-Policy", "same-origin")
                headers.setdefault("X-Content-Type-Options", "nosniff")
                if headers.get("content-type", "").startswith("text/html"):
                    held = message
                    return
                headers.setdefault("Content-Security-Policy", policy(self.framed))
            elif held is not None and message["type"] == "http.response.body":
                document.extend(message.get("body", b""))
                if message.get("more_body"):
                    return
                page = bytes(document)
                if _GRADIO in page:
                    page = page.replace(b"<head>", b"<head>" + self.first, 1)
                headers = MutableHeaders(scope=held)
                headers.setdefault("Content-Security-Policy", policy(self.framed, page))
                if len(page) != len(document):
                    headers["Content-Length"] = str(len(page))
                await send(held)
                message = {"type": "http.response.body", "body": page}
            await send(message)

        await self.app(scope, receive, with_policy)
