"""What a request names to be read: weights, and where others than this machine's user may ask, only what is on the Hub."""

from __future__ import annotations

from collections.abc import Sequence

import anyio.to_thread
from starlette.exceptions import HTTPException

from bcweb.paths import pasted

_LONGEST = 1000


async def weights_named(given: object) -> str:
    """The name of weights as somebody pastes it; 400 for what is none.

    In a thread: whether it is a path is looked up on the disk, and that of a server that is away answers late or never.
    """
    name = await anyio.to_thread.run_sync(pasted, given) if isinstance(given, str) else ""
    if not name or len(name) > _LONGEST:
        raise HTTPException(
            400, 'Weights are named "embedded", a folder, or hf://user/repo@revision.'
        )
    return name


def on_the_hub(data: Sequence[str], weights: str | None) -> None:
    """Refuse what lies on the server's disk: those who log in are not its users."""
    if not all(one.startswith("hf:") for one in data):
        raise HTTPException(400, "On a Space a data set comes from the Hub: hf:user/name@revision.")
    if weights and weights != "embedded" and not weights.startswith("hf://"):
        raise HTTPException(400, "On a Space weights are embedded, or hf://user/repo@revision.")
