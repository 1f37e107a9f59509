"""Who gets at a review: every route is played, as the routing table has it, by whoever should get nothing."""

from __future__ import annotations

import asyncio
import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from starlette.routing import Mount, Route

from bcweb.page.guard import Guard
from bcweb.page.readers import LOCAL
from bcweb.page.routes import routes
from bcweb.page.segmenters import Segmenters
from bcweb.page.settings import settings
from bcweb.page.store import Store as Held
from bcweb.page.wire import pack
from bcweb.review.records import NewVerdict
from bcweb.review.store import Store
from tests.page.reviewing import fill, scans
from tests.until import until

# What needs no login: scans in memory, which `test_apart.py` has, and the weights. All other routes are played.
VISITORS = re.compile(r"/(session|line|pair|truths|masks|folder|samples|scans|models)\b")
ONE_OF = re.compile(r"(\w+)/\{\w+\}")  # what is named after its collection in a path
COOKIE = "bc-visitor=" + "a" * 43
TRUTH = scans(3)[0].truth


def login(name: str, seconds: float = 3600) -> dict:
    """A session of Hugging Face's that ends in so many seconds."""
    return {"oauth_info": {"userinfo": {"preferred_username": name}, "expires_at": time.time() + seconds}}  # fmt: skip


class Server:
    """The routes of a page that other machines reach, asked in this process."""

    def __init__(self, host: str = "0.0.0.0"):
        chosen = settings(host, environment={})
        self.mount: Mount = routes(
            chosen, Segmenters(chosen.weights), Held(1, 1, 1), Mount("/static", routes=[])
        )
        self.session: dict = {}
        guarded = Guard(self.mount, chosen)

        async def with_session(scope, receive, send):
            await guarded(scope | {"session": self.session}, receive, send)

        self.app = with_session

    def ask(self, method: str, path: str, session: dict, **request) -> httpx.Response:
        self.session = session
        headers = {"Cookie": COOKIE} | request.pop("headers", {})

        async def call() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://127.0.0.1"
            ) as client:
                return await client.request(method, path, headers=headers, **request)

        # In a loop of its own: a browser may be driven by one in this thread.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(lambda: asyncio.run(call())).result()

    def table(self) -> list[tuple[str, str]]:
        """(method, path) of all routes for which a visitor is a reader, with things of their own on the disk."""
        return [
            (method, f"/bc{route.path}")
            for route in self.mount.routes
            if isinstance(route, Route) and not VISITORS.match(route.path)
            for method in sorted(route.methods - {"HEAD"})
        ]


@pytest.fixture
def server(home: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    monkeypatch.setenv("BCWEB_HOME", str(home))
    monkeypatch.delenv("BCWEB_DATABASE", raising=False)
    return Server()


@pytest.fixture(scope="module")
def stored(store: Store, tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """What Anna has: a project, a case of it with a verdict and a draft."""
    project = fill(store, tmp_path_factory.mktemp("scans"), 3, owner="anna")
    case = store.queue("anna", project.id, "listed")[0].id
    verdict = store.save("anna", "anna", case, NewVerdict("truth", "k"))
    store.save_draft("anna", "anna", case, TRUTH, "truth", None, verdict.id, 2)
    return {"projects": project.id, "cases": case, "verdicts": verdict.id}


@pytest.fixture
def ids(server: Server, stored: dict[str, int]) -> dict[str, int | str]:
    """And an export, which the server has until it ends."""
    begin = f"/bc/review/projects/{stored['projects']}/exports"
    begun = server.ask("POST", begin, login("anna"), json={"format": "png"}).json()["id"]
    whole = f"/bc/review/exports/{begun}"
    until(lambda: server.ask("GET", whole, login("anna")).json(), lambda told: told["isDone"])
    return stored | {"exports": begun}


SAYS = json.dumps({"decision": "truth", "key": "berta", "after": None}).encode()
FIELDS = {"key": "berta", "format": "png", "name": "mine", "data": ["folder:/"]}


def play(server: Server, method: str, path: str, session: dict) -> httpx.Response:
    request: dict = {"headers": {"X-Reader": "anna"}}
    if path.endswith("/draft"):
        request["content"] = pack(TRUTH)
    elif path.endswith("/verdicts"):
        request["content"] = SAYS
    elif method == "POST":
        request["json"] = FIELDS
    return server.ask(method, f"{path}?of=draft", session, **request)


def placed(path: str, ids: dict[str, int | str]) -> str:
    """A route's path with these ids in the place of its parameters."""
    return ONE_OF.sub(lambda m: f"{m[1]}/{ids[m[1]]}", path)


def test_the_table_has_the_routes_that_it_should(server):
    table = server.table()
    assert len(table) > 20, "the introspection finds the routes"
    for route in (("POST", "/bc/review/cases/{id}/verdicts"), ("GET", "/bc/review/session"),
                  ("GET", "/bc/review/cases/{id}/pixels")):  # fmt: skip
        assert route in table


def test_anna_has_one_of_all_that_routes_have_ids_of(server, ids):
    named = {collection for _, path in server.table() for collection in ONE_OF.findall(path)}
    assert named == set(ids), "what nobody has is refused to everybody"


def test_another_reader_gets_of_each_route_what_one_gets_of_nothing(server, store, ids):
    """Berta knows Anna's ids: for her they are as good as any number."""
    before = store.history("anna", ids["cases"])
    for method, path in server.table():
        if "{" not in path:
            continue
        hers = play(server, method, placed(path, ids), login("berta"))
        nothing = dict.fromkeys(ids, 999_999)
        none = play(server, method, placed(path, nothing), login("berta"))
        assert hers.status_code == 404, f"{method} {path}: {hers.text[:200]}"
        assert (hers.status_code, hers.text) == (none.status_code, none.text), f"{method} {path}"
    assert store.history("anna", ids["cases"]) == before, "and nothing was changed"
    assert store.draft("anna", "anna", ids["cases"]).strokes == 2
    assert store.project("anna", ids["projects"]).read == 1
    file = server.ask("GET", f"/bc/review/exports/{ids['exports']}/file", login("anna"))
    assert file.status_code == 200, "her export is there as before"


def test_another_reader_gets_of_a_route_without_an_id_what_anybody_gets(server, ids):
    """Berta and Cleo have nothing: whatever tells more than their names tells of Anna."""
    asked = [path for method, path in server.table() if method == "GET" and "{" not in path]
    tells = {}
    for path in asked:
        berta = server.ask("GET", path, login("berta")).text
        cleo = server.ask("GET", path, login("cleo")).text
        assert berta.replace("berta", "cleo") == cleo, path
        anna = server.ask("GET", path, login("anna")).text
        assert "Ward 7" not in berta, path
        tells[path] = anna.replace("anna", "berta") != berta
    assert tells["/bc/review/session"] and tells["/bc/evaluate/projects"], (
        "Anna has something there"
    )


@pytest.mark.parametrize("id", ["9" * 5000, "9" * 19, "-1", "x"])
def test_an_id_that_nothing_can_have_is_answered_as_what_is_not_there(server, ids, id):
    for path in ("projects/{}", "cases/{}", "cases/{}/mask?of=draft"):
        answer = server.ask("GET", f"/bc/review/{path.format(id)}", login("anna"))
        assert (answer.status_code, answer.json()) == (404, {"error": "There is nothing here."})


@pytest.mark.parametrize(
    ("says", "sentence"),
    [
        ("[" * 20_000, "The verdict did not arrive whole: nothing was saved."),
        ('{"seconds": ' + "9" * 5000 + "}", "The verdict did not arrive whole: nothing was saved."),
        ('{"seconds": ' + "9" * 400 + "}", f"{'9' * 400} is not a number."),
        ('{"seconds": 1e400}', "inf is not a number."),
        ('{"seconds": 1, "decision": "truth", "key": "k", "after": 1e30}', "1e+30 is not a whole number."),
    ],
)  # fmt: skip
def test_a_verdict_that_cannot_be_meant_is_refused_in_words(server, ids, says, sentence):
    case = f"/bc/review/cases/{ids['cases']}/verdicts"
    answer = server.ask("POST", case, login("anna"), content=says.encode())
    assert (answer.status_code, answer.json()["error"]) == (400, sentence)


def test_another_reader_sees_no_project_and_begins_none(server, ids):
    told = server.ask("GET", "/bc/review/session", login("berta")).json()
    assert (told["reader"], told["projects"], told["may"]) == ("berta", [], False)
    assert told["why"].endswith(".")
    assert play(server, "POST", "/bc/review/projects", login("berta")).status_code == 404


def test_the_owner_gets_what_is_hers(server, ids):
    for path in ("projects/{}", "cases/{}", "cases/{}/pixels", "cases/{}/mask?of=draft"):
        answer = server.ask(
            "GET", f"/bc/review/{path.format(ids[path.split('/')[0]])}", login("anna")
        )
        assert answer.status_code == 200, answer.text
    told = server.ask("GET", f"/bc/review/cases/{ids['cases']}", login("anna")).json()
    assert told["path"] == "1.png", "where the file lies on the server is nobody's business"
    [project] = server.ask("GET", "/bc/review/session", login("anna")).json()["projects"]
    assert project["sources"] == ["folder"]


@pytest.mark.parametrize(
    ("session", "says"),
    [({}, "Log in"), (login("anna", -1), "login has ended"), ({"oauth_info": {}}, "Log in"),
     ({"oauth_info": {"userinfo": {"preferred_username": "anna"}}}, "login has ended")],
)  # fmt: skip
def test_without_a_login_that_lasts_there_is_nothing_of_any_route(server, ids, session, says):
    for method, path in server.table():
        answer = play(server, method, placed(path, ids), session)
        assert answer.status_code == 401, f"{method} {path}: {answer.text[:200]}"
        assert says in answer.json()["error"], f"{method} {path}"


def test_a_login_that_is_called_as_the_local_user_is_owns_nothing_of_hers(server, ids):
    """A Space may bring back what was reviewed on a machine."""
    for method, path in server.table():
        answer = play(server, method, placed(path, ids), login(LOCAL))
        assert answer.status_code == 403, f"{method} {path}: {answer.text[:200]}"
        assert answer.json()["error"] == (
            "The name local stands for the user of a machine: log in under another to review here."
        )


def test_without_the_pages_cookie_there_is_nothing_on_a_local_page_either(home, ids, monkeypatch):
    monkeypatch.setenv("BCWEB_HOME", str(home))
    server = Server("127.0.0.1")
    for method, path in server.table():
        answer = server.ask(method, placed(path, ids), login("anna"), headers={"Cookie": ""})
        assert answer.status_code == 401, f"{method} {path}"
    local = server.ask("GET", "/bc/review/session", login("anna"), headers={"X-Reader": "eve"})
    assert local.json()["projects"] == [], "the local user is no login's"
    assert local.json()["reader"] == "eve"


def test_a_database_that_cannot_be_opened_is_a_sentence_and_is_tried_again(tmp_path, monkeypatch):
    (tmp_path / "review.db").write_bytes(b"no database at all, whatever its name says" * 100)
    monkeypatch.setenv("BCWEB_HOME", str(tmp_path))
    server = Server("127.0.0.1")
    answer = server.ask("GET", "/bc/review/session", {})
    assert answer.status_code == 503 and answer.json()["again"]
    assert answer.json()["error"].endswith("."), answer.text
    assert server.ask("GET", "/bc/session", {}).status_code == 200, "the rest of the page works"
    (tmp_path / "review.db").unlink()
    assert server.ask("GET", "/bc/review/session", {}).status_code == 200
