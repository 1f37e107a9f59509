"""One revision of a repository on the Hugging Face Hub, in the client's cache; and what went wrong, in words.

Without a revision the tag `latest` is meant, which `train.push` moves only to weights that are not worse,
and where a repository has no such tag, its branch `main`. What is in the cache is used where the Hub cannot
be reached. huggingface_hub is imported when it is needed: it takes half a second.
"""

from __future__ import annotations

import errno
import json
import re
import threading
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from huggingface_hub import HfApi
    from huggingface_hub.hf_api import ModelInfo

# What a card begins with for the Hub to read, YAML between two lines; the first group is the YAML.
FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)", re.DOTALL)

WITHOUT_REVISION = ("latest", "main")
PICKLES = (".bin", ".ckpt", ".joblib", ".pickle", ".pkl", ".pt", ".pth")
_NAME = re.compile(r"(?P<repo>[\w.-]+/[\w.-]+)(@(?P<revision>[\w./-]+))?")
# By name: the client's HTTP library is httpx before huggingface_hub 2, and httpx2 from then on.
_BROKEN_OFF = ("ReadError", "RemoteProtocolError", "WriteError")
_NO_JSON = (json.JSONDecodeError, UnicodeDecodeError)  # a page of something else on the way
_NOT_STORED = (
    errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR,
)  # fmt: skip
_PATIENCE = 10  # seconds without a word, for an answer
_AT_WORK = 60  # the same where the Hub first does what it is sent, as a commit
_AT_ONCE = 8  # downloads
_LIMITING = threading.Lock()


class HubError(ValueError):
    """Something that the Hub does not give or take; its text is one sentence."""


def parse(name: str) -> tuple[str, str | None]:
    """ "user/repo@revision" -> repository and revision; `HubError` for anything else."""
    found = _NAME.fullmatch(name)
    if found is None:
        raise HubError(f"{name or 'An empty name'} is not of the form user/repo@revision.")
    return found["repo"], found["revision"]


def snapshot(
    repo: str, revision: str | None, patterns: Sequence[str], needed: Sequence[str], limit: int
) -> Path:
    """The files of a model repository that match the patterns, as a folder.

    needed: files without which nothing is downloaded, a small one first. limit: bytes, of all these files together; the
    repository says beforehand what they weigh. Raises `HubError`.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        revision, info = _ask(repo, revision)
    except client_errors() as error:
        if not is_absent(error):
            raise HubError(explain(error, repo)) from None
        for candidate in [revision] if revision else WITHOUT_REVISION:
            try:
                return Path(
                    snapshot_download(
                        repo, revision=candidate, allow_patterns=patterns, local_files_only=True
                    )
                )
            except LocalEntryNotFoundError:
                continue
        what = f"{repo}@{revision}" if revision else repo
        raise HubError(f"{what} is not in the cache, and {_absence(error)}.") from None
    wanted = _inspect(f"{repo}@{revision}", info, patterns, needed, limit)
    try:
        # A small file, and with it a list of all there is: what is cut off is then not taken for whole.
        folder = Path(snapshot_download(repo, revision=revision, allow_patterns=needed[0]))
        _fetch(repo, folder.name, wanted)
    except client_errors() as error:
        raise HubError(explain(error, f"{repo}@{revision}")) from None
    return folder


def _fetch(repo: str, commit: str, names: Iterable[str]) -> None:
    """Download files of a commit into the cache, several at once; Ctrl-C, and the end of the process, wait for none.

    They would for `snapshot_download`: Python does not end before the threads of an executor do.
    """
    from huggingface_hub import hf_hub_download

    waiting = iter(names)
    errors: list[Exception] = []

    def work() -> None:
        for name in waiting:
            if errors:
                return
            try:
                hf_hub_download(repo, name, revision=commit)
            except Exception as error:
                errors.append(error)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(_AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            thread.join(1)  # on Windows, Ctrl-C does not end a wait that has no end of its own
    if errors:
        raise errors[0]


def tags(repo: str) -> dict[str, str]:
    """The commit of each tag of a model repository; `HubError` where the Hub does not say."""
    try:
        return {tag.name: tag.target_commit for tag in api().list_repo_refs(repo).tags}
    except client_errors() as error:
        raise HubError(explain(error, repo)) from None


def api() -> HfApi:
    """The client, whose requests all come to an end: most of them would wait for ever for a Hub that is silent."""
    from huggingface_hub import HfApi

    with _LIMITING:  # a second time would close the connections of whoever asks already
        _limit_waiting()
    return HfApi()


@cache
def _limit_waiting() -> None:
    """Give the limits to each connection that the client makes: it takes another after some errors.

    hf_xet, which it has for large files where that is installed, knows none, and says of a full disk what nobody can
    tell from a fault. Ours are not so large.
    """
    from huggingface_hub import constants, set_client_factory
    from huggingface_hub.utils._http import default_client_factory

    def limited() -> Any:
        connection = default_client_factory()
        connection.event_hooks["request"].append(_end_waiting)
        return connection

    set_client_factory(limited)
    constants.HF_HUB_DISABLE_XET = True


def _end_waiting(request: Any) -> None:
    """Set the limits that the client leaves open. The HTTP library finds them with the request."""
    seconds = _PATIENCE if request.method in ("GET", "HEAD") else _AT_WORK
    limits = request.extensions["timeout"]
    for kind, limit in limits.items():
        limits[kind] = seconds if limit is None else limit


def _ask(repo: str, revision: str | None) -> tuple[str, ModelInfo]:
    """The revision that is meant, and what the Hub says of its files."""
    from huggingface_hub.errors import RevisionNotFoundError

    client = api()
    for candidate in [revision] if revision else WITHOUT_REVISION:
        try:
            return candidate, client.model_info(repo, revision=candidate, files_metadata=True)
        except RevisionNotFoundError:
            continue
    refs = client.list_repo_refs(repo)
    there = ", ".join(ref.name for ref in (*refs.tags, *refs.branches))
    raise HubError(f"{repo} has no revision {revision}; it has {there}.")


def _inspect(
    what: str, info: ModelInfo, patterns: Sequence[str], needed: Sequence[str], limit: int
) -> list[str]:
    """The names of the files that match; `HubError` where they are not to be downloaded."""
    from huggingface_hub.utils import filter_repo_objects

    sizes = {file.rfilename: file.size or 0 for file in info.siblings or ()}
    for name in needed:
        if name not in sizes:
            pickle = next((file for file in sizes if file.endswith(PICKLES)), None)
            never = f", and pickles such as its {pickle} are never read" if pickle else ""
            raise HubError(f"{what} holds no weights: it has no {name}{never}.")
    wanted = list(filter_repo_objects(sizes, allow_patterns=patterns))
    total = sum(sizes[name] for name in wanted)
    if total > limit:
        largest = max(wanted, key=sizes.__getitem__)
        is_it = sizes[largest] > limit
        size = (
            f"{largest} alone is {sizes[largest] / 1e6:,.0f}"
            if is_it
            else f"it is {total / 1e6:,.0f}"
        )
        raise HubError(
            f"{what} is not downloaded: {size} MB, and no weights of ours are above {limit / 1e6:,.0f} MB."
        )
    return wanted


def client_errors() -> tuple[type[Exception], ...]:
    """What the client raises for a request that failed; see `explain`."""
    from huggingface_hub.errors import HFValidationError, HTTPError

    return HTTPError, OSError, HFValidationError, *_NO_JSON


def is_absent(error: Exception) -> bool:
    """Whether the Hub is not there, or not able, rather than unwilling."""
    from huggingface_hub.errors import HTTPError, OfflineModeIsEnabled

    if isinstance(error, (OfflineModeIsEnabled, *_NO_JSON)):
        return True
    status = _status(error)
    return status == 429 or status >= 500 if status else isinstance(error, HTTPError)


def _status(error: Exception) -> int | None:
    return getattr(getattr(error, "response", None), "status_code", None)


def _absence(error: Exception) -> str:
    from huggingface_hub import constants
    from huggingface_hub.errors import OfflineModeIsEnabled

    if isinstance(error, OfflineModeIsEnabled):
        return "HF_HUB_OFFLINE forbids asking the Hub"
    if isinstance(error, _NO_JSON):
        return (
            f"what answers at {constants.ENDPOINT} is not the Hugging Face Hub; a network may want you "
            "to log in first"
        )
    status = _status(error)
    if status == 429:
        return "the Hub has had too many requests from here and wants some minutes"
    if status:
        return f"the Hub is out of order ({status})"
    return f"the Hub cannot be reached at {constants.ENDPOINT}"


def explain(error: Exception, what: str) -> str:
    """One sentence for a failed request about a repository, with what to do where something can be done."""
    from huggingface_hub import constants, get_token
    from huggingface_hub.errors import GatedRepoError, HFValidationError, RepositoryNotFoundError

    if isinstance(error, HFValidationError):
        return f"{what} cannot be the name of a repository."
    status = _status(error)
    if isinstance(error, GatedRepoError):  # a kind of the next one
        place = f"{constants.ENDPOINT}/{what.partition('@')[0]}"
        return (
            f"{what} is gated: ask for access at {place}, then name a token of that account by "
            "`hf auth login`, or HF_TOKEN."
        )
    if isinstance(error, RepositoryNotFoundError):
        if get_token() is None:
            return f"There is no public repository {what}; a private one needs a token: `hf auth login`, or HF_TOKEN."
        return f"There is no repository {what}, or your token may not read it."
    if status == 401:
        return (
            "The Hub does not accept your token: make one at https://huggingface.co/settings/tokens, then "
            "`hf auth login`, or HF_TOKEN."
        )
    if status == 403:
        return f"Your token may not do that to {what}: it wants the permission to write there."
    if is_absent(error) and type(error).__name__ not in _BROKEN_OFF:
        sentence = _absence(error)
        return f"{sentence[0].upper()}{sentence[1:]}."
    if status:
        return f"The Hub refuses {what} ({status})."
    if isinstance(error, OSError) and error.errno in _NOT_STORED:
        place = error.filename or constants.HF_HOME
        cache = Path(constants.HF_HOME), Path(constants.HF_HUB_CACHE)
        if not any(Path(place).is_relative_to(folder) for folder in cache):  # what was to be sent
            return f"{place}: {error.strerror}."
        return (
            f"{what} cannot be stored in {place}: {error.strerror}; HF_HOME names another folder."
        )
    return f"The transfer of {what} broke off."
