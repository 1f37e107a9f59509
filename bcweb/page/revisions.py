"""The tags of a repository on the Hub, and which of them are newer than what is in use.

`train.push` tags v1, v2 ... in the order of pushing, and lets `latest` stay where it is when what is
newer scores worse.
"""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass

import anyio.to_thread

from bcweb import hub

_KEPT_SECONDS = 60.0
_MOST = 30


@dataclass(frozen=True)
class Revision:
    """One tag. newer: than what is in use, None where nobody knows. latest: the tag `latest` is on the same commit."""

    tag: str
    commit: str
    in_use: bool
    newer: bool | None
    latest: bool


class Tags:
    """What the Hub says of repositories' tags; each is asked for once a minute at most.

    Whoever wants what is being asked for gets the same answer, and takes no further thread to wait for it.
    """

    def __init__(self):
        self._known: dict[str, tuple[float, dict[str, str]]] = {}
        self._asking: dict[str, asyncio.Task[dict[str, str]]] = {}

    async def of(self, repo: str) -> dict[str, str]:
        """Tag -> commit; `bcweb.hub.HubError` where it cannot be known."""
        at, tags = self._known.get(repo, (float("-inf"), {}))
        if time.monotonic() - at <= _KEPT_SECONDS:
            return tags
        if repo not in self._asking:
            self._asking[repo] = asyncio.create_task(self._ask(repo))
        return await asyncio.shield(self._asking[repo])

    async def _ask(self, repo: str) -> dict[str, str]:
        try:
            tags = await anyio.to_thread.run_sync(hub.tags, repo)
        finally:
            del self._asking[repo]
        self._known[repo] = time.monotonic(), tags
        return tags


def revisions(tags: dict[str, str], commit: str | None, asked: str | None) -> list[Revision]:
    """The tags v1, v2 ..., the newest first; commit, asked: the one in use, and by which name."""
    versions = sorted((_version(tag), tag) for tag in tags if _version(tag) is not None)
    here = [number for number, tag in versions if tags[tag] == commit]
    current = max(here, default=_version(asked or ""))
    return [
        Revision(
            tag=tag,
            commit=tags[tag],
            in_use=tags[tag] == commit,
            newer=None if current is None else number > current and tags[tag] != commit,
            latest=tags.get("latest") == tags[tag],
        )
        for number, tag in reversed(versions[-_MOST:])
    ]


def _version(tag: str) -> int | None:
    found = re.fullmatch(r"v(\d{1,9})", tag)
    return int(found[1]) if found else None
