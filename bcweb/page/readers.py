"""Who reads: whose projects a request may touch, and whose name its verdicts carry."""

from __future__ import annotations

import time
from dataclasses import dataclass
from urllib.parse import unquote

from starlette.exceptions import HTTPException
from starlette.requests import Request

from bcweb.page.answers import owner_of
from bcweb.page.guard import is_local

LOCAL = "local"  # the owner of all that is reviewed where only this machine can reach the page
UNNAMED = "reader"
_LONGEST_NAME = 80


@dataclass(frozen=True)
class Reader:
    """owner: whose projects are theirs to see. name: what a verdict says of who decided."""

    owner: str
    name: str


def reader_of(request: Request) -> Reader:
    """The reader who asks; 401 with a sentence for whoever is none.

    Where only this machine can reach the page, whoever has its cookie is its user, under the name in
    X-Reader (percent-encoded). Elsewhere it is the login of a Hugging Face session that has not ended.
    """
    owner_of(request)
    if is_local(request.scope):
        return Reader(LOCAL, _name(unquote(request.headers.get("x-reader", ""))) or UNNAMED)
    login = request.scope.get("session", {}).get("oauth_info") or {}
    name = _name(str(login.get("userinfo", {}).get("preferred_username") or ""))
    if not name:
        raise HTTPException(401, "Log in to review: this page keeps verdicts under a login.")
    if not login.get("expires_at", 0) > time.time():
        raise HTTPException(
            401, "Your login has ended. What you drew is kept in this browser: log in again."
        )
    return Reader(name, name)


def _name(given: str) -> str:
    return "".join(letter for letter in given if letter.isprintable()).strip()[:_LONGEST_NAME]
