"""Who reads: whose projects a request may touch, and whose name its verdicts carry."""

from __future__ import annotations

import time
import unicodedata
from dataclasses import dataclass
from urllib.parse import unquote

from starlette.exceptions import HTTPException
from starlette.requests import Request

from bcweb.names import visible
from bcweb.page import login
from bcweb.page.answers import Refusal, owner_of
from bcweb.page.guard import is_local

LOCAL = "local"  # the owner of all that is reviewed where only this machine can reach the page
UNNAMED = "reader"
_LONGEST_NAME = 80


@dataclass(frozen=True)
class Reader:
    """owner: whose projects are theirs to see. name: what a verdict says of who decided.

    is_host: it is their machine, or their Space, so that they may begin and remove projects there. is_blinded: what
    others decided is kept from them, so that what they say is independent.
    """

    owner: str
    name: str
    is_host: bool = False
    is_blinded: bool = False


def reader_of(request: Request) -> Reader:
    """The reader who asks; 401 with a sentence for whoever is none.

    Where only this machine can reach the page, whoever has its cookie is its user, under the name in
    X-Reader (percent-encoded), and blinded where X-Blinded is true. Elsewhere it is the login of a Hugging Face session
    that has not ended, and nobody else reads what is theirs.
    """
    owner_of(request)
    if is_local(request.scope):
        name = _name(unquote(request.headers.get("x-reader", ""))) or UNNAMED
        return Reader(LOCAL, name, True, request.headers.get("x-blinded") == "true")
    session = request.scope.get("session", {}).get("oauth_info") or {}
    user = session.get("userinfo", {})
    name = _name(str(user.get("preferred_username") or ""))
    if not name:
        raise _logged_out("Log in to review: this page keeps verdicts under a login.")
    if not session.get("expires_at", 0) > time.time():
        raise _logged_out(
            "Your login has ended. What you drew is kept in this browser: log in again."
        )
    if name == LOCAL:  # a Space may bring back what was reviewed on a machine
        raise HTTPException(
            403,
            f"The name {LOCAL} stands for the user of a machine: log in under another to review here.",
        )
    return Reader(name, name, login.is_host(user))


def _logged_out(sentence: str) -> Refusal:
    """With "login": whether one can log in, so that the page shows how."""
    if not login.is_possible():
        sentence += " Nobody can log in here: review on the machine that the page runs on, or on a Space with hf_oauth."
    return Refusal(401, sentence, login=login.is_possible())


def _name(given: str) -> str:
    # As `bcweb.review.decide.words` has it: of one name two spellings look the same.
    return unicodedata.normalize("NFC", visible(given).strip())[:_LONGEST_NAME]
