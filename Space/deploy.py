"""Put the app on a Hugging Face Space:

    python -m Space.deploy user/name [--private] [--hardware FLAVOR]
        [--weights-ultrasound hf://user/repo@v1] [--weights-mammogram ...]
        [--bucket user/name] [--variable NAME=VALUE]... [--secret NAME]...
    python -m Space.deploy user/name --dry-run DIR

One commit brings the Space to exactly the files that the app is made of (see `Space.tree`): what is gone
here goes there, and the same again makes no commit. Settings that are not named stay as they are. With
--dry-run the files are written to a folder instead, and nobody is asked for anything.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bcweb import hub, publish
from bcweb.paths import path_argument, weights_argument
from bcweb.scans import MODALITIES, Modality
from bcweb.terminal import command, say, shown

if TYPE_CHECKING:
    from huggingface_hub import HfApi

FREE = "cpu-basic"
ZERO = "zero-a10g"
BACKUP = "/backup"  # where a bucket is attached
EMBEDDED, HUB = "embedded", "hf://"
NEEDS = (
    f"A Gradio Space on {FREE} wants a paid plan: PRO for a person, Team or Enterprise for an "
    "organisation (https://huggingface.co/pricing); hardware that is paid for by the hour wants a "
    "payment method and credits. The ZeroGPU Spaces of free accounts are for functions on a GPU, which "
    "this app has none of."
)
_FULL_NAME = re.compile(r"[\w.-]+/[\w.-]+")
_OURS = "bcweb/page/launch.py"  # tells a Space of this app from others
_FROM_THE_BEGINNING = {".gitattributes", "README.md"}  # of a Space that is made on the Hub's page


class DeployError(ValueError):
    """Why nothing was deployed; one sentence."""


@dataclass(frozen=True)
class Wanted:
    """What a Space is to be. hardware: None for what it has, and for a new one what is free.

    variables, secrets: by name; everybody who duplicates the Space sees the variables, nobody the secrets.
    bucket: a private Storage Bucket of the Hub to keep verdicts in.
    """

    repo: str
    private: bool = False
    hardware: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    bucket: str | None = None

    @property
    def all_variables(self) -> dict[str, str]:
        return ({"BCWEB_BACKUP": BACKUP} if self.bucket else {}) | dict(self.variables)


@dataclass(frozen=True)
class Deployed:
    """page: of the Space. new: whether it was a commit, and not the same as before. set: whether settings were."""

    repo: str
    page: str
    new: bool
    set: bool


def dry_run(wanted: Wanted, folder: Path) -> int:
    """Write the Space's files into an empty or new folder; how many there are."""
    from Space.tree import write

    try:
        if folder.exists() and any(folder.iterdir()):
            raise DeployError(f"{folder} is not empty; name a new folder.")
        contents = _contents(wanted.all_variables)
        write(contents, folder)
    except OSError as error:
        raise DeployError(f"{folder} cannot be written: {error.strerror or error}.") from None
    return len(contents)


def deploy(wanted: Wanted) -> Deployed:
    """Bring a Space to what is wanted, which it may be already. Raises `DeployError`."""
    from bcweb.weights import WeightsError, look_up

    api = hub.api()
    try:
        with publish.one_sentence(wanted.repo):
            repo = publish.own(api, wanted.repo)
            for modality, name in _on_hub(wanted.all_variables).items():
                look_up(name, modality)
            if wanted.bucket:
                _private_bucket(api, wanted.bucket)
            _claim(api, repo, wanted)
            there = {name: one.value for name, one in api.get_space_variables(repo).items()}
            contents = _contents(there | wanted.all_variables)
            changed = _set(api, repo, wanted, there)
            new = _commit(api, repo, contents)
    except (hub.HubError, WeightsError) as error:
        raise DeployError(str(error)) from None
    return Deployed(repo, f"{api.endpoint}/spaces/{repo}", new, changed)


def _variable(modality: Modality) -> str:
    return f"BCWEB_WEIGHTS_{modality.upper()}"


def _on_hub(variables: Mapping[str, str]) -> dict[Modality, str]:
    """The weights of the Hub that a Space begins with, by modality."""
    named = {modality: variables.get(_variable(modality), "") for modality in MODALITIES}
    return {modality: name for modality, name in named.items() if name.startswith(HUB)}


def _contents(variables: Mapping[str, str]) -> dict[str, bytes]:
    from Space.tree import tree

    names = _on_hub(variables).values()
    return tree([hub.parse(name.removeprefix(HUB))[0] for name in names])


def _claim(api: HfApi, repo: str, wanted: Wanted) -> None:
    """Create the Space where there is none, and make sure that this one is ours."""
    from huggingface_hub.errors import HTTPError

    # Unless it is said to be public or private the Hub makes it what its owner has for new ones.
    private = wanted.private or None
    try:
        api.create_repo(
            repo, repo_type="space", space_sdk="gradio", private=private, exist_ok=True,
            space_hardware=wanted.hardware or FREE,
        )  # fmt: skip
    except HTTPError as error:
        if getattr(getattr(error, "response", None), "status_code", None) == 402:
            reason = str(getattr(error, "server_message", None) or error).strip().rstrip(".")
            raise DeployError(f"The Hub does not create {repo}: {reason}. {NEEDS}") from None
        raise
    info = api.space_info(repo)
    there = {file.rfilename for file in info.siblings or ()}
    if there - _FROM_THE_BEGINNING and _OURS not in there:
        raise DeployError(f"{repo} holds something else than this app; name another.")
    if wanted.private and not info.private:
        raise DeployError(
            f"{repo} is public, which only its page can change: {api.endpoint}/spaces/{repo}/settings."
        )


def _private_bucket(api: HfApi, bucket: str) -> None:
    with publish.one_sentence(bucket):
        publish.own(api, bucket)
        api.create_bucket(bucket, private=True, exist_ok=True)
        private = api.bucket_info(bucket).private
    if not private:
        raise DeployError(f"The bucket {bucket} is public, and verdicts are not; name another.")


def _set(api: HfApi, repo: str, wanted: Wanted, there: Mapping[str, str]) -> bool:
    """Settings come before the files, which the Space is then built with; each change is a restart. Whether there was one:
    nobody knows of a secret whether it is another.

    there: the variables that it has.
    """
    from huggingface_hub import Volume

    wished = wanted.all_variables.items()
    differ = {name: value for name, value in wished if there.get(name) != value}
    for name, value in differ.items():
        api.add_space_variable(repo, name, value)
    for name, value in wanted.secrets.items():
        api.add_space_secret(repo, name, value)
    changed = bool(differ or wanted.secrets)
    runtime = api.get_space_runtime(repo)
    if wanted.bucket:
        others = [one for one in runtime.volumes or () if one.mount_path != BACKUP]
        backup = Volume(type="bucket", source=wanted.bucket, mount_path=BACKUP)
        if [one.source for one in runtime.volumes or ()] != [
            one.source for one in (*others, backup)
        ]:
            api.set_space_volumes(repo, [*others, backup])
            changed = True
    if wanted.hardware not in (None, runtime.requested_hardware or runtime.hardware):
        api.request_space_hardware(repo, wanted.hardware)
        changed = True
    return changed


def _commit(api: HfApi, repo: str, contents: Mapping[str, bytes]) -> bool:
    """One commit that adds what is new, replaces what differs, removes what is gone; False where nothing is."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    info = api.space_info(repo)
    gone = {file.rfilename for file in info.siblings or ()} - {".gitattributes", *contents}
    made = api.create_commit(
        repo,
        [
            *(CommitOperationAdd(name, content) for name, content in contents.items()),
            *(CommitOperationDelete(name) for name in sorted(gone)),
        ],
        repo_type="space",
        commit_message="The app as it is now",
    )
    return made.oid != info.sha


def _wanted(args: argparse.Namespace) -> Wanted:
    repo = _full_name(args.repo)
    bucket = None if args.bucket is None else _full_name(args.bucket)
    if args.hardware == ZERO:
        raise DeployError(f"{ZERO} is for functions on a GPU, which this app has none of.")
    variables = {}
    for modality in MODALITIES:
        if name := getattr(args, f"weights_{modality}"):
            variables[_variable(modality)] = name
    for given in args.variable:
        name, found, value = given.partition("=")
        if not found or not name:
            raise DeployError(f"A variable is named NAME=VALUE, not {given}.")
        variables[name] = value
    for modality in MODALITIES:
        _check_name(variables.get(_variable(modality)) or EMBEDDED)
    place = variables.get("BCWEB_BACKUP", BACKUP)
    if bucket and place != BACKUP and not place.startswith(f"{BACKUP}/"):
        raise DeployError(
            f"The bucket is attached at {BACKUP}, so BCWEB_BACKUP names that or a folder below it, not {place or 'nothing'}."
        )
    missing = [name for name in args.secret if not os.environ.get(name)]
    if missing:
        raise DeployError(
            f"The value of the secret {missing[0]} is taken from the environment, which has none."
        )
    secrets = {name: os.environ[name] for name in args.secret}
    return Wanted(repo, args.private, args.hardware, variables, secrets, bucket)


def _full_name(said: str) -> str:
    """Of a Space or a bucket, with its owner's."""
    name = said.removeprefix(HUB)
    if not _FULL_NAME.fullmatch(name):
        raise DeployError(f"{said or 'An empty name'} is not of the form user/name.")
    return name


def _check_name(name: str) -> None:
    """Refuse what no Space can begin with, before anybody is asked."""
    if name.startswith(HUB):
        hub.parse(name.removeprefix(HUB))
    elif name != EMBEDDED:
        raise DeployError(
            f"A Space takes its weights from the Hub, hf://user/repo@v1, and not from {name}."
        )


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m Space.deploy",
        description=__doc__.split("\n\n", 2)[2],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = made.add_argument
    add("repo", metavar="user/name", help="the Space; it is created where there is none")
    add("--private", action="store_true", help="a new Space is seen by nobody but its owner")
    add(
        "--dry-run",
        type=path_argument,
        metavar="DIR",
        help="write the Space's files there, and upload none",
    )
    add(
        "--hardware",
        metavar="FLAVOR",
        help=f"as the Hub calls it, such as cpu-upgrade; default: what it has, {FREE} for a new one",
    )
    for modality in MODALITIES:
        add(
            f"--weights-{modality}",
            type=weights_argument,
            metavar="W",
            help='hf://user/repo@revision, or "embedded"; default: what it has, embedded for a new one',
        )
    add(
        "--bucket",
        metavar="user/name",
        help=f"a private Storage Bucket to keep verdicts in, created where there is none; at {BACKUP}",
    )
    add(
        "--variable",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a setting that everybody may read",
    )
    add(
        "--secret",
        action="append",
        default=[],
        metavar="NAME",
        help="a setting that nobody may read; its value is that of this variable here",
    )
    return made


@command
def main(argv: list[str] | None = None) -> int:
    args = parser().parse_args(argv)
    try:
        wanted = _wanted(args)
        if args.dry_run:
            count = dry_run(wanted, args.dry_run)
            print(
                f"{count} files of the Space are in {shown(str(args.dry_run))}. {_told(wanted)}{NEEDS}"
            )
            return 0
        deployed = deploy(wanted)
    except ModuleNotFoundError as error:
        say(f"{error.name} is missing: pip install -r requirements.txt")
        return 1
    except (DeployError, hub.HubError) as error:
        say(error)
        return 1
    except KeyboardInterrupt:
        say("Stopped; the same command goes on.")
        return 130
    if deployed.new:
        print(f"Deployed: {deployed.page}, which takes some minutes to build. {NEEDS}")
    elif deployed.set:
        print(f"Its settings are set, its files are the same: {deployed.page}, which starts again.")
    else:
        print(f"Nothing has changed: {deployed.page}")
    return 0


def _told(wanted: Wanted) -> str:
    """What would be set besides."""
    told = [f"{name}={value}" for name, value in wanted.all_variables.items()]
    told += [f"the secret {name}" for name in wanted.secrets]
    return f"To be set: {', '.join(told)}. " if told else ""


if __name__ == "__main__":
    sys.exit(main())
