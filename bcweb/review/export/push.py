"""An exported data set -> one revision of a data set on the Hugging Face Hub, v1, v2 ..."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bcweb import hub, publish
from bcweb.review.export.card import MARK
from bcweb.review.files import is_of_the_disk
from bcweb.review.records import ReviewError

if TYPE_CHECKING:
    from huggingface_hub import HfApi

_OURS = "data/"  # gone from the repository when an export has it no more


class PushError(ReviewError):
    """Why nothing was pushed; one sentence."""


@dataclass(frozen=True)
class Pushed:
    """tag: of the revision. new: it was not there before."""

    repo: str
    tag: str
    new: bool

    @property
    def spec(self) -> str:
        """For `--data` of `train.transfer`."""
        return f"hf:{self.repo}@{self.tag}"


def check(repo: str, public: bool = False) -> str:
    """Make sure that a data set can be pushed, before it is written; its full name.

    Creates the repository where there is none. Raises `PushError` for no or a wrong token, one that may
    not write, another owner's name, and a repository that holds something else.
    """
    api, repo = hub.api(), repo.removeprefix("hf:").removeprefix("//")
    try:
        with publish.one_sentence(f"datasets/{repo}"):
            repo, there = publish.claim(api, repo, "dataset", public, "these cases")
            if not _is_ours(api, repo, there):
                raise PushError(f"{repo} holds something else than reviewed cases; name another.")
    except hub.HubError as error:
        raise PushError(str(error)) from None
    return repo


def push(folder: Path, repo: str, public: bool = False) -> Pushed:
    """Push a folder that was exported as a data set; the same again changes nothing.

    What has arrived in a push that was cut off is not sent again. Raises `PushError`.
    """
    repo = check(repo, public)
    inside = {f.relative_to(folder): f for f in folder.rglob("*") if f.is_file()}
    ours = {f: there for f, there in inside.items() if not any(map(is_of_the_disk, f.parts))}
    files = {f.as_posix(): there for f, there in ours.items()}
    try:
        with publish.one_sentence(f"datasets/{repo}"):
            made = publish.publish(
                hub.api(),
                repo,
                "dataset",
                files,
                lambda path: path.startswith(_OURS),
                "Reviewed cases",
            )
    except hub.HubError as error:
        raise PushError(str(error)) from None
    return Pushed(repo, made.tag, made.new)


def _is_ours(api: HfApi, repo: str, files: set[str]) -> bool:
    """Whether a repository is new, or has the mark of an export on its card."""
    if not files - {".gitattributes", "README.md", "LICENSE"}:
        return True
    if "README.md" not in files:
        return False
    text = Path(api.hf_hub_download(repo, "README.md", repo_type="dataset")).read_text("utf-8")
    return f"\n- {MARK}\n" in text.partition("\n---\n")[0] + "\n"
