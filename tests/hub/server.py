"""A server that speaks the Hub's wire protocol to the real huggingface_hub and datasets clients.

The contract is written from the source of huggingface_hub 2.4 (and datasets 5.2); each route names the
client function that calls it:

    GET    /api/whoami-v2                               HfApi.whoami
    GET    /api/agent-harnesses                         utils._detect_agent (once a day, for the user agent)
    POST   /api/validate-yaml                           HfApi._validate_yaml (in create_commit, of README.md)
    POST   /api/repos/create                            HfApi.create_repo
    GET    /api/KINDs/ID[/revision/REV]                 HfApi.model_info, dataset_info, repo_info
    GET    /api/KINDs/ID/refs                           HfApi.list_repo_refs
    GET    /api/KINDs/ID/tree/REV[/PATH]                HfApi.list_repo_tree, in snapshot_download and HfFileSystem
    POST   /api/KINDs/ID/paths-info/REV                 HfApi.get_paths_info, in HfFileSystem.info
    POST   /api/KINDs/ID/preupload/REV                  _commit_api._fetch_upload_modes
    POST   /api/KINDs/ID/commit/REV                     _commit_api._send_commit (newline-delimited JSON)
    POST   /api/KINDs/ID/branch/NAME                    HfApi.create_branch
    POST   /api/KINDs/ID/tag/REV, DELETE .../tag/NAME   HfApi.create_tag, delete_tag
    GET    /api/spaces/ID/variables, runtime            HfApi.get_space_variables, get_space_runtime
    POST   /api/spaces/ID/variables, secrets, hardware  HfApi.add_space_variable, add_space_secret, request_space_hardware
    PUT    /api/spaces/ID/volumes                       HfApi.set_space_volumes
    POST, GET /api/buckets/ID                           HfApi.create_bucket, bucket_info
    POST   /[KINDs/]ID.git/info/lfs/objects/batch       lfs.post_lfs_batch_info
    HEAD, GET /[KINDs/]ID/resolve/REV/PATH              file_download.get_hf_file_metadata, http_get; HfFileSystem

and, on a second port, as the storage that the Hub redirects to, which must never see a token:

    PUT    /upload/SHA256                               lfs._upload_single_part
    GET    /object/SHA256                               file_download.http_get

Models have no KINDs/ before their ID in the two routes outside of /api. Xet is a protocol of its own, in
a compiled client: `bcweb.hub` keeps it off for uploads, and for downloads X-Xet-Hash is never sent. A request
that no route answers is written down in `unknown`.

What can go wrong is asked for with `fail`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

import yaml

from tests.hub.store import Blob, Commit, Repository, Space, Store, User, git_oid, is_large

CUT = "cut"  # the connection ends half-way through the body, on either side
_FREE = "cpu-basic"
DEAF = "deaf"  # the request is carried out, and its answer never arrives
STALLS = "stalls"  # the body stops half-way through, until the server ends; `stalled` is set then


class Refused(Exception):
    """An answer that is not a success, as the Hub words it."""

    def __init__(self, status: int, message: str, code: str | None = None):
        self.status, self.message, self.code = status, message, code


@dataclass
class Fault:
    method: str
    path: re.Pattern[str]
    what: int | str | bytes
    times: int


@dataclass(frozen=True)
class Request:
    """One that was made, for tests to look at. token: what came as the bearer, if anything."""

    method: str
    path: str
    token: str | None
    status: int | str


class HubServer:
    """Use as a context. `store` may be filled and read at any time; `requests` are in order."""

    def __init__(self):
        self.store = Store()
        self.requests: list[Request] = []
        self.unknown: list[str] = []
        self.stalled, self.ended = threading.Event(), threading.Event()
        self._faults: list[Fault] = []
        self._servers = [self._listen(_hub_routes()), self._listen(_storage_routes())]
        self.url, self.storage_url = (f"http://127.0.0.1:{s.server_port}" for s in self._servers)

    def _listen(self, routes) -> ThreadingHTTPServer:
        handler = type("Handler", (_Handler,), {"hub": self, "routes": routes})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        return server

    def __enter__(self) -> HubServer:
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.ended.set()
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def add_user(
        self, name: str, role: str = "write", orgs: tuple[str, ...] = (), pays: bool = True
    ) -> str:
        """Returns the user's token."""
        token = f"hf_{name}_{role}"
        self.store.users[token] = User(name, role, orgs, pays)
        return token

    def add_files(
        self, repo: str, files: dict[str, bytes], kind="model", private=False, sizes=None
    ) -> Commit:
        """Commit files to main without a client. sizes: what a file is said to weigh, where not what it does."""
        with self.store.lock:
            there = self.store.repositories.get((kind, repo)) or self.store.create(
                kind, repo, private
            )
            made = {
                path: Blob(
                    data,
                    is_large(path, len(data), data[:512]),
                    (sizes or {}).get(path, len(data)),
                )
                for path, data in files.items()
            }
            for blob in made.values():
                self.store.objects[blob.sha256] = blob.data
            return there.commit("main", "put there", there.find("main").files | made)

    def repository(self, name: str, kind: str = "model") -> Repository:
        return self.store.repositories[kind, name]

    def fail(self, method: str, path: str, what: int | str | bytes, times: int = 1) -> None:
        """The next `times` requests whose path holds the pattern get a status, or are CUT, DEAF or STALLS;
        bytes are a page that something else on the way answers with, as if all were well."""
        self._faults.append(Fault(method, re.compile(path), what, times))

    def take_fault(self, method: str, path: str) -> int | str | bytes | None:
        with self.store.lock:
            for fault in self._faults:
                if fault.times and fault.method == method and fault.path.search(path):
                    fault.times -= 1
                    return fault.what
        return None

    def made(self, method: str, path: str) -> list[Request]:
        """The requests of a method whose path holds the pattern."""
        return [r for r in self.requests if r.method == method and re.search(path, r.path)]


@dataclass
class Answer:
    """What a route answers with."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] | None = None


def _json(value, status: int = 200) -> Answer:
    return Answer(json.dumps(value).encode(), status, {"Content-Type": "application/json"})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet: the client would wait for the second one
    hub: HubServer
    routes: list[tuple[str, re.Pattern[str], Callable]]

    def log_message(self, *_):
        pass

    def _serve(self):
        url = urlsplit(self.path)
        path, self.query = unquote(url.path), parse_qs(url.query)
        bearer = self.headers.get("Authorization", "").removeprefix("Bearer ") or None
        fault = self.hub.take_fault(self.command, path)
        length = int(self.headers.get("Content-Length") or 0)
        if fault == CUT and length:
            self.rfile.read(min(length // 2, 65536))
            return self._hang_up(path, bearer)
        self.body = (
            self._chunks() if "Transfer-Encoding" in self.headers else self.rfile.read(length)
        )
        try:
            if isinstance(fault, bytes):
                answer, fault = Answer(fault, 200, {"Content-Type": "text/html"}), None
            else:
                answer = (
                    self._refusal(fault) if isinstance(fault, int) else self._answer(path, bearer)
                )
        except Refused as no:
            headers = {"X-Error-Message": no.message, "Content-Type": "application/json"}
            if no.code:
                headers["X-Error-Code"] = no.code
            answer = Answer(json.dumps({"error": no.message}).encode(), no.status, headers)
        if fault == DEAF:
            return self._hang_up(path, bearer)
        self.hub.requests.append(Request(self.command, path, bearer, fault or answer.status))
        self._send(answer, fault)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _serve

    def _refusal(self, status: int) -> Answer:
        words = {401: "Invalid username or password.", 403: "Forbidden", 404: "Not Found"}
        raise Refused(status, words.get(status, "The Hub is out of order."))

    def _answer(self, path: str, bearer: str | None) -> Answer:
        for method, pattern, function in self.routes:
            found = pattern.fullmatch(path)
            if found and method == self.command:
                with self.hub.store.lock:
                    return function(_Call(self, bearer), **found.groupdict())
        self.hub.unknown.append(f"{self.command} {self.path}")
        raise Refused(404, f"No route for {self.command} {self.path}")

    def _chunks(self) -> bytes:
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _send(self, answer: Answer, fault: int | str | None) -> None:
        body = answer.body
        cut = fault in (CUT, STALLS)
        self.send_response(answer.status)
        headers = {"Content-Length": str(len(body))} | (answer.headers or {})
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        self.wfile.write(body[: len(body) // 2] if cut else body)
        if fault == STALLS:
            self.wfile.flush()
            self.hub.stalled.set()
            self.hub.ended.wait()
        if cut:
            self._end()

    def _hang_up(self, path: str, bearer: str | None) -> None:
        self.hub.requests.append(Request(self.command, path, bearer, "hung up"))
        self._end()

    def _end(self) -> None:
        self.wfile.flush()
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)


class _Call:
    """One request on its way through a route."""

    def __init__(self, handler: _Handler, bearer: str | None):
        self.handler, self.bearer = handler, bearer
        self.hub, self.store = handler.hub, handler.hub.store
        self.body, self.headers, self.query = handler.body, handler.headers, handler.query

    @property
    def user(self) -> User | None:
        if self.bearer is None:
            return None
        if self.bearer not in self.store.users:
            raise Refused(401, "Invalid credentials in Authorization header")
        return self.store.users[self.bearer]

    def json(self):
        return json.loads(self.body)

    def repository(self, kind: str, name: str, write: bool = False) -> Repository:
        """The repository, where this caller may see it; to others it does not exist."""
        user, there = self.user, self.store.repositories.get((kind, name))
        owner = name.split("/")[0]
        visible = there and (not there.private or (user and owner in (user.name, *user.orgs)))
        if not visible:
            raise Refused(404 if user else 401, "Repository not found", "RepoNotFound")
        if write and not (user and user.may_write(owner)):
            raise Refused(403, "You don't have the rights to write to this repository")
        return there

    def commit(self, repo: Repository, revision: str) -> Commit:
        found = repo.find(revision)
        if not found:
            raise Refused(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        return found


def _hub_routes():
    identity = r"(?P<name>[\w.-]+/[\w.-]+)"
    repo = rf"/api/(?P<kind>model|dataset|space)s/{identity}"
    rev, path = r"(?P<revision>[^/]+)", r"(?P<path>.+)"
    outside = rf"/(?:(?P<kind>dataset|space)s/)?{identity}"
    space = rf"/api/spaces/{identity}"
    routes = [
        ("GET", "/api/whoami-v2", _whoami),
        ("GET", "/api/agent-harnesses", lambda call: _json({"standardEnvVars": [], "harnesses": {}})),
        ("POST", "/api/validate-yaml", _validate_yaml),
        ("POST", "/api/repos/create", _create),
        ("GET", rf"{space}/variables", _variables),
        ("POST", rf"{space}/variables", _set_variable),
        ("POST", rf"{space}/secrets", _set_secret),
        ("GET", rf"{space}/runtime", _runtime),
        ("POST", rf"{space}/hardware", _hardware),
        ("PUT", rf"{space}/volumes", _volumes),
        ("POST", rf"/api/buckets/{identity}", _create_bucket),
        ("GET", rf"/api/buckets/{identity}", _bucket),
        ("GET", rf"{repo}", _info),
        ("GET", rf"{repo}/revision/{rev}", _info),
        ("GET", rf"{repo}/refs", _refs),
        ("GET", rf"{repo}/tree/{rev}", _tree),
        ("GET", rf"{repo}/tree/{rev}/{path}", _tree),
        ("POST", rf"{repo}/paths-info/{rev}", _paths_info),
        ("POST", rf"{repo}/preupload/{rev}", _preupload),
        ("POST", rf"{repo}/commit/{rev}", _commit),
        ("POST", rf"{repo}/branch/{rev}", _branch),
        ("POST", rf"{repo}/tag/{rev}", _tag),
        ("DELETE", rf"{repo}/tag/{rev}", _untag),
        ("POST", rf"{outside}\.git/info/lfs/objects/batch", _batch),
        ("HEAD", rf"{outside}/resolve/{rev}/{path}", _resolve),
        ("GET", rf"{outside}/resolve/{rev}/{path}", _resolve),
    ]  # fmt: skip
    return [(method, re.compile(pattern), function) for method, pattern, function in routes]


def _storage_routes():
    sha = r"(?P<sha256>[0-9a-f]{64})"
    return [
        ("PUT", re.compile(f"/upload/{sha}"), _upload),
        ("GET", re.compile(f"/object/{sha}"), _object),
    ]


def _whoami(call: _Call) -> Answer:
    user = call.user
    if user is None:
        raise Refused(401, "Invalid username or password.")
    orgs = [{"type": "org", "name": name, "roleInOrg": "write"} for name in user.orgs]
    access = {"displayName": "test", "role": user.role}
    return _json(
        {
            "type": "user",
            "name": user.name,
            "orgs": orgs,
            "auth": {"type": "access_token", "accessToken": access},
        }
    )


def _validate_yaml(call: _Call) -> Answer:
    """The front matter must be YAML, and a model-index of the form that the Hub reads."""
    content = call.json()["content"]
    found = re.match(r"---\n(.*?)\n---\n", content, re.DOTALL)
    if not found:
        return _json({"errors": [], "warnings": [{"message": "empty or missing yaml metadata"}]})
    try:
        data = yaml.safe_load(found[1])
        for model in data.get("model-index", []):
            assert model["name"]
            for result in model["results"]:
                assert result["task"]["type"] and result["dataset"]["type"]
                assert result["dataset"]["name"]
                for metric in result["metrics"]:
                    assert metric["type"] and isinstance(metric["value"], float)
    except (yaml.YAMLError, AssertionError, KeyError, TypeError, AttributeError) as error:
        return _json({"errors": [{"message": repr(error)}], "warnings": []}, 400)
    return _json({"errors": [], "warnings": []})


def _create(call: _Call) -> Answer:
    asked, user = call.json(), call.user
    if user is None:
        raise Refused(401, "Invalid username or password.")
    namespace = asked["organization"] or user.name
    name, kind = f"{namespace}/{asked['name']}", asked.get("type", "model")
    url = f"{call.hub.url}/{'' if kind == 'model' else f'{kind}s/'}{name}"
    if not user.may_write(namespace):
        raise Refused(403, f'You don\'t have the rights to create a {kind} under "{namespace}"')
    if (kind, name) in call.store.repositories:
        return _json({"error": "You already created this repo", "url": url}, 409)
    private = asked.get("visibility") == "private" or bool(asked.get("private"))
    if not asked.keys() & {"visibility", "private"}:
        private = namespace in call.store.closed
    space = None
    if kind == "space":
        space = Space(asked["sdk"], asked.get("hardware") or _FREE)
        if space.hardware == _FREE and space.sdk != "static" and not user.pays:
            raise Refused(402, "Subscribe to PRO to create a Gradio Space on this hardware")
    call.store.create(kind, name, private).space = space
    return _json({"url": url, "name": name})


def _space(call: _Call, name: str) -> Space:
    return call.repository("space", name, write=True).space


def _variables(call: _Call, name: str) -> Answer:
    told = _space(call, name).variables
    return _json({key: {"key": key, "value": value} for key, value in told.items()})


def _set_variable(call: _Call, name: str) -> Answer:
    asked = call.json()
    _space(call, name).variables[asked["key"]] = asked["value"]
    return _variables(call, name)


def _set_secret(call: _Call, name: str) -> Answer:
    asked = call.json()
    _space(call, name).secrets[asked["key"]] = asked["value"]
    return _json({})


def _runtime(call: _Call, name: str) -> Answer:
    space = _space(call, name)
    hardware = {"current": None, "requested": space.hardware}
    return _json({"stage": "BUILDING", "hardware": hardware, "volumes": space.volumes})


def _hardware(call: _Call, name: str) -> Answer:
    _space(call, name).hardware = call.json()["flavor"]
    return _runtime(call, name)


def _volumes(call: _Call, name: str) -> Answer:
    _space(call, name).volumes = call.json()["volumes"]
    return _json({})


def _create_bucket(call: _Call, name: str) -> Answer:
    user, owner = call.user, name.split("/")[0]
    if not (user and user.may_write(owner)):
        raise Refused(403, "You don't have the rights to create a bucket there")
    url = f"{call.hub.url}/buckets/{name}"
    if name in call.store.buckets:
        return _json({"error": "You already created this bucket", "url": url}, 409)
    call.store.buckets[name] = call.json().get("visibility") == "private"
    return _json({"url": url})


def _bucket(call: _Call, name: str) -> Answer:
    if name not in call.store.buckets or not call.user:
        raise Refused(404, "Bucket not found")
    made = "2026-01-01T00:00:00.000Z"
    private = call.store.buckets[name]
    return _json({"id": name, "private": private, "createdAt": made, "size": 0, "totalFiles": 0})


def _info(call: _Call, kind: str, name: str, revision: str = "main") -> Answer:
    repo = call.repository(kind, name)
    commit = call.commit(repo, revision)
    siblings = []
    for path, blob in sorted(commit.files.items()):
        sibling = {"rfilename": path}
        if "blobs" in call.query:
            sibling |= {"size": blob.size, "blobId": blob.oid}
            if blob.large:
                sibling["lfs"] = _lfs(blob, "sha256")
        siblings.append(sibling)
    return _json(
        {
            "_id": git_oid(name.encode())[:24],
            "id": name,
            "author": name.split("/")[0],
            "sha": commit.oid,
            "lastModified": "2026-01-01T00:00:00.000Z",
            "private": repo.private,
            "gated": False,
            "disabled": False,
            "tags": [],
            "downloads": 0,
            "siblings": siblings,
        }
    )


def _lfs(blob: Blob, key: str) -> dict:
    return {key: blob.sha256, "size": blob.size, "pointerSize": 135}


def _refs(call: _Call, kind: str, name: str) -> Answer:
    repo = call.repository(kind, name)

    def refs(of: dict[str, str], where: str) -> list[dict[str, str]]:
        return [{"name": n, "ref": f"refs/{where}/{n}", "targetCommit": c} for n, c in of.items()]

    heads, tags = refs(repo.branches, "heads"), refs(repo.tags, "tags")
    return _json({"branches": heads, "tags": tags, "converts": []})


def _entry(path: str, blob: Blob) -> dict:
    entry = {"type": "file", "oid": blob.oid, "size": blob.size, "path": path}
    return entry | {"lfs": _lfs(blob, "oid")} if blob.large else entry


def _folder(path: str) -> dict:
    return {"type": "directory", "oid": git_oid(path.encode(), "tree"), "size": 0, "path": path}


def _tree(call: _Call, kind: str, name: str, revision: str, path: str = "") -> Answer:
    files = call.commit(call.repository(kind, name), revision).files
    deep = call.query.get("recursive", ["false"])[0].lower() == "true"
    inside = f"{path}/" if path else ""
    found, folders = [], set()
    for file, blob in sorted(files.items()):
        if not file.startswith(inside):
            continue
        steps = file[len(inside) :].split("/")
        folders |= {
            inside + "/".join(steps[:n]) for n in range(1, len(steps))[: None if deep else 1]
        }
        if deep or len(steps) == 1:
            found.append(_entry(file, blob))
    if path and not found and not folders:
        raise Refused(404, f"{path} does not exist", "EntryNotFound")
    return _json([_folder(folder) for folder in sorted(folders)] + found)


def _paths_info(call: _Call, kind: str, name: str, revision: str) -> Answer:
    files = call.commit(call.repository(kind, name), revision).files
    if "json" in call.headers.get("Content-Type", ""):
        paths = call.json()["paths"]
    else:
        paths = parse_qs(call.body.decode()).get("paths", [])
    found = []
    for path in paths:
        if path in files:
            found.append(_entry(path, files[path]))
        elif any(file.startswith(f"{path}/") for file in files):
            found.append(_folder(path))
    return _json(found)


def _preupload(call: _Call, kind: str, name: str, revision: str) -> Answer:
    files = call.commit(call.repository(kind, name, write=True), revision).files
    answers = []
    for file in call.json()["files"]:
        large = is_large(file["path"], file["size"], base64.b64decode(file["sample"]))
        mode = "lfs" if large else "regular"
        there = files.get(file["path"])
        oid = there.etag if there else None
        answers.append(
            {"path": file["path"], "uploadMode": mode, "shouldIgnore": False, "oid": oid}
        )
    return _json({"files": answers})


def _batch(call: _Call, name: str, kind: str | None) -> Answer:
    call.repository(kind or "model", name, write=True)
    objects = []
    for asked in call.json()["objects"]:
        answer = {"oid": asked["oid"], "size": asked["size"]}
        if asked["oid"] not in call.store.objects:
            href = f"{call.hub.storage_url}/upload/{asked['oid']}"
            answer["actions"] = {"upload": {"href": href}}
        objects.append(answer)
    return _json({"transfer": "basic", "objects": objects})


def _commit(call: _Call, kind: str, name: str, revision: str) -> Answer:
    repo = call.repository(kind, name, write=True)
    head = call.commit(repo, revision)
    lines = [json.loads(line) for line in call.body.splitlines()]
    header = lines[0]["value"]
    if header.get("parentCommit") not in (None, head.oid):
        raise Refused(412, "A commit has happened since. Please refresh and try again.")
    files = dict(head.files)
    for line in lines[1:]:
        value = line["value"]
        path = value["path"]
        if line["key"] == "file":
            data = base64.b64decode(value["content"])
            files[path] = Blob(data, False, len(data))
        elif line["key"] == "lfsFile":
            data = call.store.objects.get(value["oid"])
            if data is None:
                raise Refused(400, f"LFS pointer of {path} points to a file that was not uploaded")
            files[path] = Blob(data, True, len(data))
        elif line["key"] == "deletedFile":
            del files[path]
        elif line["key"] == "deletedFolder":
            files = {
                f: blob for f, blob in files.items() if not f.startswith(path.rstrip("/") + "/")
            }
        else:
            raise Refused(400, f"No operation is called {line['key']}")
    made = repo.commit(revision, header["summary"], files)
    url = f"{call.hub.url}/{name}/commit/{made.oid}"
    return _json({"success": True, "commitOid": made.oid, "commitUrl": url, "hookOutput": ""})


def _branch(call: _Call, kind: str, name: str, revision: str) -> Answer:
    repo = call.repository(kind, name, write=True)
    if revision in repo.branches:
        raise Refused(409, "Reference already exists")
    start = call.json().get("startingPoint", "main") if call.body else "main"
    repo.branches[revision] = call.commit(repo, start).oid
    return _json({})


def _tag(call: _Call, kind: str, name: str, revision: str) -> Answer:
    repo = call.repository(kind, name, write=True)
    commit, tag = call.commit(repo, revision), call.json()["tag"]
    if tag in repo.tags:
        raise Refused(409, "Tag reference exists already")
    repo.tags[tag] = commit.oid
    return _json({})


def _untag(call: _Call, kind: str, name: str, revision: str) -> Answer:
    repo = call.repository(kind, name, write=True)
    if repo.tags.pop(revision, None) is None:
        raise Refused(404, f"Invalid rev id: {revision}", "RevisionNotFound")
    return _json({})


def _resolve(call: _Call, name: str, kind: str | None, revision: str, path: str) -> Answer:
    """A file from git, or for a large one the way to the storage, with what the client must know of it."""
    repo = call.repository(kind or "model", name)
    if repo.gated and not (call.user and call.user.may_write(name.split("/")[0])):
        sentence = f"Access to {name} is restricted and you are not in the authorized list."
        raise Refused(403 if call.user else 401, sentence, "GatedRepo")
    commit = call.commit(repo, revision)
    if path not in commit.files:
        raise Refused(404, "Entry not found", "EntryNotFound")
    blob = commit.files[path]
    headers = {"X-Repo-Commit": commit.oid, "ETag": f'"{blob.etag}"', "Accept-Ranges": "bytes"}
    if blob.large:
        headers |= {"X-Linked-Size": str(blob.size), "X-Linked-ETag": f'"{blob.sha256}"'}
        headers["Location"] = f"{call.hub.storage_url}/object/{blob.sha256}"
        return Answer(b"", 302, headers)
    return _ranged(call, blob.data, headers)


def _ranged(call: _Call, data: bytes, headers: dict[str, str]) -> Answer:
    asked = re.fullmatch(r"bytes=(\d*)-(\d*)", call.headers.get("Range", ""))
    if not asked:
        return Answer(data, 200, headers)
    first, last = asked.groups()
    start = int(first) if first else max(len(data) - int(last), 0)
    end = min(int(last), len(data) - 1) if first and last else len(data) - 1
    if start >= len(data):
        return Answer(b"", 416, headers | {"Content-Range": f"bytes */{len(data)}"})
    headers = headers | {"Content-Range": f"bytes {start}-{end}/{len(data)}"}
    return Answer(data[start : end + 1], 206, headers)


def _upload(call: _Call, sha256: str) -> Answer:
    _no_token(call)
    if hashlib.sha256(call.body).hexdigest() != sha256:
        raise Refused(400, "The content does not have the sha256 that was promised")
    call.store.objects[sha256] = call.body
    return Answer(headers={"ETag": f'"{sha256}"'})


def _object(call: _Call, sha256: str) -> Answer:
    _no_token(call)
    if sha256 not in call.store.objects:
        raise Refused(404, "No such object")
    return _ranged(call, call.store.objects[sha256], {"ETag": f'"{sha256}"'})


def _no_token(call: _Call) -> None:
    if call.bearer:
        call.hub.unknown.append(f"a token was sent to the storage with {call.handler.path}")
        raise Refused(400, "Only one auth mechanism allowed")
