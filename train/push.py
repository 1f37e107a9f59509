"""Push a run to the Hugging Face Hub:

    python -m train.push RUN [user/repo] [--public] [--force]

One commit on `main` and one tag, v1, v2 ...; without a name the repository is YOU/bcweb-MODALITY, and
it is private unless --public. The app takes `hf://user/repo@v2`, and without a revision the tag `latest`:
it moves to the new revision only if its mean Dice over the lesion images that both revisions have scored
(same data set, same case, same truth, not seen by the network that was scored: for a fit on everything its
folds) is at least that of the revision it is on, and it paints on no more of the normal images that both have
scored; or with --force.
Images of whose lesions only boxes are known count where there are no others. Where there is no lesion image
the two cannot be compared, and `latest` stays.

The same command goes on where it was stopped: what has arrived is not sent again. A revision that is there
already gets no second tag, and `latest` moves back to it only with --force where another has followed it.
"""

from __future__ import annotations

import argparse
import shlex
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bcweb import hub, publish
from bcweb.cases.sources import own_groups
from bcweb.collector import resting
from bcweb.locks import held
from bcweb.paths import path_argument
from bcweb.scans import Modality
from bcweb.scores import ScoresError, read_scores
from bcweb.terminal import command, counted, say
from bcweb.weights import Weights, WeightsError, load_weights, read_config
from train.ending import exit_status, goes_on
from train.markdown import DOCS
from train.record import read_finished, read_record
from train.score import held_out_of_both

if TYPE_CHECKING:
    from huggingface_hub import GitRefInfo, HfApi

STUDY = DOCS / "transfer-study.md"
_OURS = ("pictures/", "study.md", "scores.csv")  # gone from the repository when a run has none


class PushError(ValueError):
    """Why nothing was pushed; one sentence, and from `push` the command that tries again."""


@dataclass(frozen=True)
class Pushed:
    """tag: of the revision. new: it was not there before. latest: whether `latest` is on it, and why."""

    repo: str
    tag: str
    new: bool
    latest: str

    @property
    def name(self) -> str:
        return f"hf://{self.repo}@{self.tag}"


def check(repo: str | None, modality: Modality, public: bool = False) -> str:
    """Make sure that weights of a modality can be pushed, before hours are spent; the full name.

    Creates the repository where there is none. Raises `PushError` for no or a wrong token, one that may
    not write, another owner's name, and a repository that holds something else.
    """
    api, name = hub.api(), repo or f"bcweb-{modality}"
    try:
        with publish.one_sentence(repo or f"your {name}"):
            repo, there = publish.claim(api, name, "model", public, "these weights")
            _same_kind(api, repo, modality, there)
    except hub.HubError as error:
        raise PushError(str(error)) from None
    return repo


def _same_kind(api: HfApi, repo: str, modality: Modality, files: set[str]) -> None:
    if "config.json" not in files:
        if files - {".gitattributes", "README.md", "LICENSE"}:
            raise PushError(f"{repo} holds something else than weights of bcweb; name another.")
        return
    try:
        there = read_config(Path(api.hf_hub_download(repo, "config.json")), repo).modality
    except WeightsError:
        raise PushError(
            f"{repo} holds something else than weights of bcweb; name another."
        ) from None
    if there != modality:
        raise PushError(f"{repo} holds weights for {there}s, and these are for {modality}s.")


def push(run: Path, repo: str | None = None, public: bool = False, force: bool = False) -> Pushed:
    """Push RUN/weights with their record, scores and card; `PushError` ends with the command for later."""
    again = ["python", "-m", "train.push", str(run), *([repo] if repo else [])]
    again += ["--public"] * public + ["--force"] * force
    later = f"The run is kept; push it later: {shlex.join(again)}"
    for file in (run / "run.json", run / "weights" / "config.json"):
        if not file.is_file():
            raise PushError(f"{run} is not a finished run: it has no {file.relative_to(run)}.")
    try:
        weights = load_weights(str(run / "weights"))
        _ = weights.seen_cases  # which nobody could use who cannot tell what they have seen
        read_finished(run, weights)  # before the Hub makes a repository for what will not come
        config = weights.config
        for line in _told_groups(run, weights):
            say(line)
        repo = check(repo, config.modality, public)
        with _packed(run, repo) as files, publish.one_sentence(repo):
            return _publish(hub.api(), repo, files, config.name, force)
    except ValueError as error:
        raise PushError(f"{error} {later}") from None


def _told_groups(run: Path, weights: Weights) -> list[str]:
    """Whose groups go along by name, with the run's record, the scores and what the weights have seen."""
    seen = ((case.dataset, case.group, case.id) for case in weights.seen_cases)
    told = ((c["dataset"], c.get("group", ""), c["id"]) for c in read_record(run)["cases"])
    groups = own_groups([*seen, *told])
    if not groups:
        return []
    whose = " and ".join(sorted({dataset for dataset, _ in groups}))
    return [
        f"What is pushed names {counted(len(groups), 'group')} of {whose} (patients, as you called them; "
        f"{min(groups)[1]} for one), beside your files and their labels."
    ]


@contextmanager
def _packed(run: Path, repo: str) -> Iterator[dict[str, Path]]:
    """What goes to the Hub, beside the run for as long as it takes."""
    folder = run / ".push"
    waiting = f"Another command pushes {run}; this one waits for it."
    with held(run / ".push.lock", lambda: say(waiting)):
        shutil.rmtree(folder, ignore_errors=True)  # of a push that was killed
        try:
            yield _package(run, repo, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _package(run: Path, repo: str, folder: Path) -> dict[str, Path]:
    with resting():  # Keras, which `check` does without
        from train.package import package

    try:
        return package(run, repo, folder, STUDY)
    except OSError as error:
        raise PushError(
            f"What goes to the Hub cannot be written beside the run: {error.strerror or error}."
        ) from None


def _publish(api: HfApi, repo: str, files: dict[str, Path], name: str, force: bool) -> Pushed:
    refs = api.list_repo_refs(repo)
    tags = _commits(refs.tags)
    # Of a move that was cut off between two places, `latest` is nowhere: it was to come to the last.
    before = "latest" if "latest" in tags else f"v{max(publish.versions(tags), default=0)}"
    compared = _not_worse(api, repo, tags[before], files) if before in tags else (True, "")
    made = publish.publish(api, repo, "model", files, lambda path: path.startswith(_OURS), name)
    # One that is there, with none behind it, may be of a push that was cut off before it came to `latest`.
    newest = made.new or made.commit == _commits(refs.branches).get("main")
    latest = _move_latest(api, repo, before, tags.get(before), made, newest, compared, force)
    return Pushed(repo, made.tag, made.new, latest)


def _commits(refs: Sequence[GitRefInfo]) -> dict[str, str]:
    return {ref.name: ref.target_commit for ref in refs}


def _move_latest(
    api: HfApi,
    repo: str,
    before: str,
    there: str | None,
    made: publish.Revision,
    newest: bool,
    compared: tuple[bool, str],
    force: bool,
) -> str:
    """Move the tag `latest` where it may, and say what became of it, in a sentence.

    before: the tag with whose commit, `there` (None: there is no such tag), was compared.
    """
    is_lost = before != "latest"
    better, reason = compared
    if there in (None, made.commit):
        if is_lost:
            api.create_tag(repo, tag="latest", revision=made.commit)
        return f"`latest` is {made.tag}."
    if not (force or (better and (newest or is_lost))):
        why = "these weights were pushed before" if better else reason
        if is_lost:
            api.create_tag(repo, tag="latest", revision=there)
        stays = f"is {before} again" if is_lost else "stays where it was"
        return f"`latest` {stays}: {why}; --force moves it."
    if not is_lost:
        api.delete_tag(repo, tag="latest")  # a tag cannot be moved; cut here, the next push sets it
    api.create_tag(repo, tag="latest", revision=made.commit)
    return f"`latest` is now {made.tag}: {reason if better else f'forced, though {reason}'}."


def _not_worse(api: HfApi, repo: str, revision: str, files: dict[str, Path]) -> tuple[bool, str]:
    from huggingface_hub.errors import RemoteEntryNotFoundError

    try:
        old = read_scores(Path(api.hf_hub_download(repo, "scores.csv", revision=revision)))
    except (RemoteEntryNotFoundError, ScoresError):
        old = ()
    new = read_scores(files["scores.csv"]) if "scores.csv" in files else ()
    lesions, normals = held_out_of_both(new, old)
    if not lesions:
        return (
            False,
            "the two have no held-out lesion image in common, scored against the same truth, so they cannot "
            "be compared",
        )
    ours, theirs = (sum(s.dice for s in side) / len(lesions) for side in zip(*lesions, strict=True))
    reason = f"mean Dice over the {len(lesions)} held-out lesion images of both is {ours:.4f} here, {theirs:.4f} there"
    if not normals:
        return ours >= theirs, f"{reason}, and there is no normal image that both held out"
    painted, before = (sum(s.painted > 0 for s in side) for side in zip(*normals, strict=True))
    reason += (
        f", and of the {len(normals)} normal images {painted} are painted here, {before} there"
    )
    return ours >= theirs and painted <= before, reason


@command
def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m train.push",
        description=__doc__.split("\n\n", 2)[2],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("run", type=path_argument, metavar="RUN", help="the folder of a finished run")
    add("repo", nargs="?", metavar="user/repo", help="default: YOU/bcweb-MODALITY")
    add(
        "--public",
        action="store_true",
        help="everybody may read the repository: in it are the names of your files and of their groups (the patients, "
        "as you called them), and the labels",
    )
    add("--force", action="store_true", help="move `latest` to weights that are worse, too")
    args = parser.parse_args(argv)
    return exit_status(lambda: _work(args), goes_on)


def _work(args: argparse.Namespace) -> None:
    pushed = push(args.run, args.repo, args.public, args.force)
    print(f"{'Pushed' if pushed.new else 'Already there'}: {pushed.name}. {pushed.latest}")


if __name__ == "__main__":
    sys.exit(main())
