"""Putting a folder's files on the Hugging Face Hub: who may, and one commit with one tag, v1, v2 ...

For weights (`train.push`) and for data sets (`bcweb.review`). huggingface_hub is imported when it is needed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bcweb import hub

if TYPE_CHECKING:
    from huggingface_hub import HfApi

Kind = Literal["model", "dataset"]
TOKENS = "https://huggingface.co/settings/tokens"
# How the client begins to say it; the reason follows the last `.
_STORE_REFUSES = "LFS batch API returned errors"


@dataclass(frozen=True)
class Revision:
    """tag: of the revision. new: it was not there before."""

    tag: str
    commit: str
    new: bool


@contextmanager
def one_sentence(what: str) -> Iterator[None]:
    """Whatever the client raises becomes a `HubError` about `what`, one sentence."""
    try:
        yield
    except hub.client_errors() as error:
        raise hub.HubError(hub.explain(error, what)) from None
    except ValueError as error:
        if _STORE_REFUSES not in str(error):
            raise
        raise hub.HubError(
            f"The Hub does not take {what}: {str(error).rpartition('`')[2].rstrip('.')}."
        ) from None
    except RuntimeError as error:
        if error.__cause__ is None:
            raise
        # The upload of a large file fails with its reason inside.
        raise hub.HubError(hub.explain(error.__cause__, what)) from None


def own(api: HfApi, repo: str) -> str:
    """The full name of a repository, "name" or "owner/name", of an owner for whom this token may write.

    Raises `hub.HubError` for no or a wrong token, one that may only read, and another owner's name; and
    what the client raises, for what can be no name before anything else.
    """
    from huggingface_hub import get_token
    from huggingface_hub.utils import validate_repo_id

    validate_repo_id(repo.removeprefix("hf://"))
    if get_token() is None:
        raise hub.HubError(
            f"There is no Hugging Face token: make one that may write at {TOKENS}, then `hf auth login`, "
            "or HF_TOKEN."
        )
    me = api.whoami()
    if me.get("auth", {}).get("accessToken", {}).get("role") == "read":
        raise hub.HubError(f"Your token may only read; make one that may write at {TOKENS}.")
    owner, _, name = repo.removeprefix("hf://").rpartition("/")
    owner = owner or me["name"]
    repo = f"{owner}/{name}"
    mine = [me["name"], *(org["name"] for org in me.get("orgs", ()))]
    if owner not in mine:
        raise hub.HubError(
            f"{repo} belongs to {owner}, and your token to {me['name']}: {me['name']}/{name} would do."
        )
    return repo


def claim(api: HfApi, repo: str, kind: Kind, public: bool, what: str) -> tuple[str, set[str]]:
    """Make sure that this token may write to a repository, "name" or "owner/name"; the full name and its files.

    Creates it where there is none. what: goes into it, such as "these weights". Raises `hub.HubError`
    for no or a wrong token, one that may not write, another owner's name, and a repository that is
    public or private where the other was asked for; and what the client raises.
    """
    from huggingface_hub import CommitOperationAdd

    repo = own(api, repo)
    api.create_repo(repo, repo_type=kind, private=not public, exist_ok=True)
    info = api.repo_info(repo, repo_type=kind)
    if not info.private and not public:
        raise hub.HubError(f"{repo} is public: say --public if {what} may be, or name another.")
    if info.private and public:
        page = repo if kind == "model" else f"datasets/{repo}"
        raise hub.HubError(
            f"{repo} is private, which only its page can change: {api.endpoint}/{page}/settings."
        )
    # Creating what exists proves nothing; asking how a file would be taken wants the right to write it.
    api.preupload_lfs_files(repo, [CommitOperationAdd("README.md", b"?")], repo_type=kind)
    return repo, {file.rfilename for file in info.siblings or ()}


def publish(
    api: HfApi,
    repo: str,
    kind: Kind,
    files: Mapping[str, Path],
    ours: Callable[[str], bool],
    title: str,
) -> Revision:
    """Commit files (path there -> file here) under the next tag; where a tag holds them, that one.

    ours: tells the paths that are taken out of the repository where `files` has them no more. What has
    arrived in a push that was cut off is not sent again. Raises what the client raises.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    tags = {tag.name: tag.target_commit for tag in api.list_repo_refs(repo, repo_type=kind).tags}
    numbers = versions(tags)
    for number in numbers:
        if _holds(api, repo, kind, f"v{number}", files, ours):
            return Revision(f"v{number}", tags[f"v{number}"], False)
    tag = f"v{max(numbers, default=0) + 1}"
    there = api.list_repo_files(repo, repo_type=kind)
    operations = [CommitOperationAdd(path, file) for path, file in files.items()]
    operations += [CommitOperationDelete(p) for p in there if ours(p) and p not in files]
    commit = api.create_commit(
        repo, operations, repo_type=kind, commit_message=f"{title}, {tag}"
    ).oid
    api.create_tag(repo, repo_type=kind, tag=tag, revision=commit)
    return Revision(tag, commit, True)


def versions(tags: Iterable[str]) -> list[int]:
    """The numbers of the tags v1, v2 ..., the newest first; others are somebody's own."""
    return sorted((int(tag[1:]) for tag in tags if re.fullmatch(r"v[1-9]\d*", tag)), reverse=True)


def _holds(
    api: HfApi,
    repo: str,
    kind: Kind,
    revision: str,
    files: Mapping[str, Path],
    ours: Callable[[str], bool],
) -> bool:
    """Whether a revision is made of these files and no others of ours."""
    there = {
        entry.path: entry
        for entry in api.list_repo_tree(repo, recursive=True, revision=revision, repo_type=kind)
        if hasattr(entry, "blob_id")  # a file, not a folder
    }
    if {path for path in there if ours(path)} - set(files):
        return False
    for path, file in files.items():
        entry = there.get(path)
        if entry is None or entry.size != file.stat().st_size:
            return False
        content = file.read_bytes()
        if entry.lfs:
            same = hashlib.sha256(content).hexdigest() == entry.lfs.sha256
        else:  # as git names a file
            same = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest() == entry.blob_id
        if not same:
            return False
    return True
