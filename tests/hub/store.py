"""What the server keeps: repositories with commits, branches, tags; large objects by their sha256."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, field

# What .gitattributes of a new repository on the Hub sends to large-file storage.
_LARGE = tuple(
    """.7z .arrow .bin .bz2 .ckpt .ftz .gz .h5 .joblib .keras .mlmodel .model .msgpack .npy .npz .onnx
    .ot .parquet .pb .pickle .pkl .pt .pth .rar .safetensors .tar .tflite .tgz .wasm .xz .zip
    .zst""".split()  # noqa: SIM905
)
ATTRIBUTES = "".join(f"*{end} filter=lfs diff=lfs merge=lfs -text\n" for end in _LARGE).encode()


def git_oid(data: bytes, kind: str = "blob") -> str:
    return hashlib.sha1(f"{kind} {len(data)}\0".encode() + data).hexdigest()


@dataclass(frozen=True)
class Blob:
    """A file. large: kept by sha256, as LFS does. size may be more than there is, to pretend."""

    data: bytes
    large: bool
    size: int

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @property
    def oid(self) -> str:
        """What git stores: the file, or the pointer to a large one."""
        if not self.large:
            return git_oid(self.data)
        return git_oid(
            f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.sha256}\nsize {self.size}\n".encode()
        )

    @property
    def etag(self) -> str:
        return self.sha256 if self.large else self.oid


@dataclass(frozen=True)
class Commit:
    oid: str
    title: str
    files: dict[str, Blob]
    parent: str | None


@dataclass
class Space:
    """What runs a Space's files. variables, secrets: by name; volumes: as the client has put them."""

    sdk: str
    hardware: str
    variables: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    volumes: list[dict] = field(default_factory=list)


@dataclass
class Repository:
    kind: str
    id: str
    private: bool
    gated: bool = False  # everybody sees what there is, and nobody but its owner gets it
    space: Space | None = None
    commits: dict[str, Commit] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    def commit(self, branch: str, title: str, files: dict[str, Blob]) -> Commit:
        parent = self.branches.get(branch)
        listing = "\n".join(f"{blob.etag} {path}" for path, blob in sorted(files.items()))
        text = f"{parent}\n{title}\n{len(self.commits)}\n{listing}".encode()
        made = Commit(git_oid(text, "commit"), title, files, parent)
        self.commits[made.oid] = made
        self.branches[branch] = made.oid
        return made

    def find(self, revision: str) -> Commit | None:
        oid = self.branches.get(revision) or self.tags.get(revision) or revision
        return self.commits.get(oid)

    def history(self, revision: str = "main") -> list[Commit]:
        """From the newest to the first."""
        found, commit = [], self.find(revision)
        while commit:
            found.append(commit)
            commit = self.commits.get(commit.parent or "")
        return found


@dataclass(frozen=True)
class User:
    """name owns its namespace and may write in `orgs`; role: "write" or "read"; pays: has a paid plan."""

    name: str
    role: str = "write"
    orgs: tuple[str, ...] = ()
    pays: bool = True

    def may_write(self, namespace: str) -> bool:
        return self.role == "write" and namespace in (self.name, *self.orgs)


class Store:
    """All that the server knows; one lock for all of it."""

    def __init__(self):
        self.lock = threading.RLock()
        self.users: dict[str, User] = {}
        self.repositories: dict[tuple[str, str], Repository] = {}
        self.objects: dict[str, bytes] = {}
        self.buckets: dict[str, bool] = {}  # id -> private
        self.closed: set[str] = set()  # namespaces of which all is private unless it says else

    def create(self, kind: str, name: str, private: bool) -> Repository:
        made = Repository(kind, name, private)
        made.commit("main", "initial commit", {".gitattributes": Blob(ATTRIBUTES, False, 0)})
        self.repositories[kind, name] = made
        return made


def is_large(path: str, size: int, sample: bytes) -> bool:
    """Whether the Hub would take this file into large-file storage."""
    return path.endswith(_LARGE) or size > 10_000_000 or b"\0" in sample
