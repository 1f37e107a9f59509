"""A review backed up into a private repository: one commit for all that waits, nothing twice, refusals in a sentence."""

from __future__ import annotations

import pytest

from bcweb.review.records import NewVerdict
from bcweb.review.store import Store
from bcweb.review.vault import Vault
from bcweb.review.vault_format import VaultError
from bcweb.review.vault_places import Repository
from tests.review import decided
from tests.review.decided import OWNER
from tests.review.kept import all_steps, holdings
from tests.review.small import ME, corrected, new_case, project

NAME = "ann/backup"


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "home") as store:
        yield store


def vault(store: Store, name: str = NAME) -> Vault:
    return Vault(store, Repository(name))


def repository(hub):
    return hub.repository(NAME, "dataset")


def files(hub) -> set[str]:
    return set(repository(hub).find("main").files) - {".gitattributes", "README.md"}


def refused(store: Store, name: str = NAME) -> str:
    with pytest.raises(VaultError) as caught:
        vault(store, name).step()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_an_empty_disk_gets_everything_back_from_the_hub(hub, client, tmp_path):
    made = decided.project(tmp_path)
    made.store.set_state(made.project.id, "ready")
    all_steps(vault(made.store))
    repo = repository(hub)
    assert repo.private
    assert [commit.title for commit in repo.history()] == ["16 verdicts", "initial commit"]
    with Store(tmp_path / "new") as store:
        all_steps(vault(store))
        assert holdings(store, OWNER) == holdings(made.store, OWNER)
    assert len(repo.history()) == 2, "reading writes nothing"


def test_what_waits_is_one_commit_and_nothing_is_sent_twice(hub, client, store):
    _, ids = project(store, new_case("a"), new_case("b"))
    running = vault(store)
    all_steps(running)
    for id in ids:
        store.save(ME, "ann", id, corrected(f"k{id}", id))
    all_steps(running)
    all_steps(running)
    all_steps(vault(store))  # as after a restart
    titles = [commit.title for commit in repository(hub).history()]
    assert titles == ["2 verdicts", "0 verdicts", "initial commit"]
    assert len(hub.made("POST", "/commit/")) == 2
    assert not hub.made("PUT", "/upload/"), "masks travel inside the commit"


def test_commits_name_no_case_and_no_reader(hub, client, store):
    _, [case] = project(store, new_case("Jane Doe"), name="Ward 7")
    store.save(ME, "ann the reader", case, corrected("k", 1))
    all_steps(vault(store))
    told = " ".join([*files(hub), *(c.title for c in repository(hub).history())])
    assert not [word for word in ("Jane", "Ward", "reader") if word in told]


@pytest.mark.parametrize(
    ("method", "path", "what", "said"),
    [
        ("POST", "/commit/", "cut", "The transfer of datasets/ann/backup broke off."),
        ("POST", "/commit/", "deaf", "The transfer of datasets/ann/backup broke off."),
        ("POST", "/commit/", 500, "The Hub is out of order (500)."),
        ("POST", "/commit/", 403, "Your token may not do that to datasets/ann/backup"),
        ("POST", "/commit/", 429, "The Hub has had too many requests from here"),
        ("GET", "/api/datasets/ann/backup$", 401, "The Hub does not accept your token"),
    ],
)
def test_what_the_hub_does_not_take_goes_later_and_once(
    hub, client, store, method, path, what, said
):
    _, [case] = project(store)
    running = vault(store)
    all_steps(running)
    saved = store.save(ME, "ann", case, corrected("k", 1))
    hub.fail(method, path, what, times=1 if isinstance(what, str) else 9)
    assert running._try() >= running.place.pace
    state = running.state()
    assert state.problem.startswith(said) and state.waiting == 1 and state.again is not None
    assert running.backed_up(ME, [saved.id]) == {}
    hub._faults.clear()
    assert running._try() == running.place.pace
    state = running.state()
    assert (state.problem, state.waiting) == (None, 0)
    assert running.backed_up(ME, [saved.id]).keys() == {saved.id}
    assert len([name for name in files(hub) if name.startswith("verdicts/")]) == 1
    assert len(repository(hub).history()) == 3, "it was not committed twice"


def test_a_hub_that_is_not_there_is_waited_for(client, store, monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    running = vault(store)
    waits = [running._try() for _ in range(5)]
    assert waits == [50.0, 100.0, 200.0, 300.0, 300.0]
    state = running.state()
    assert state.problem == "The Hub cannot be reached at http://127.0.0.1:9."
    assert state.waiting is None, "nobody knows what is there"


def test_no_patients_mask_goes_into_a_public_repository(hub, client, store):
    _, [case] = project(store)
    hub.add_files(NAME, {"README.md": b"# mine"}, kind="dataset", private=False)
    said = (
        f"The repository datasets/{NAME} is public, and no patient's mask goes there: make it private on its "
        "page, or name another in BCWEB_BACKUP."
    )
    assert refused(store) == said
    repository(hub).private = True
    running = vault(store)
    all_steps(running)
    before = files(hub)
    repository(hub).private = False  # later, and by mistake
    store.save(ME, "ann", case, corrected("k", 1))
    running._try()
    assert running.state().problem == said
    assert files(hub) == before


def test_made_public_between_the_look_and_the_commit(hub, client, store, monkeypatch):
    _, [case] = project(store)
    running = vault(store)
    all_steps(running)
    before = files(hub)
    store.save(ME, "ann", case, corrected("k", 1))
    real = running._gather

    def gather():
        repository(hub).private = False
        return real()

    monkeypatch.setattr(running, "_gather", gather)
    running._try()
    assert "is public" in running.state().problem and files(hub) == before


def test_who_may_not_write_there_learns_why(hub, client, store, monkeypatch):
    assert refused(store, "bob/backup").startswith(
        "bob/backup belongs to bob, and your token to ann"
    )
    assert "cannot be the name of a repository" in refused(store, "ann/ba..ckup")
    monkeypatch.setenv("HF_TOKEN", hub.add_user("ann", role="read"))
    assert refused(store).startswith("Your token may only read")
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    assert refused(store).startswith("The Hub does not accept your token")
    monkeypatch.delenv("HF_TOKEN")
    assert refused(store).startswith("There is no Hugging Face token")
    assert not hub.store.repositories


def test_a_repository_of_something_else_is_left_alone(hub, client, store):
    hub.add_files(NAME, {"data/train.parquet": b"x"}, kind="dataset", private=True)
    assert refused(store) == (
        f"The repository {NAME} holds something else than a backup: name an empty one in BCWEB_BACKUP."
    )
    assert len(repository(hub).history()) == 2


def test_two_processes_with_one_repository_lose_nothing_of_each_other(hub, client, tmp_path):
    with Store(tmp_path / "one") as one, Store(tmp_path / "two") as two:
        _, [a, b] = project(one, new_case("a"), new_case("b"))
        one.set_state(1, "ready")
        first, second = vault(one), vault(two)
        all_steps(first)
        all_steps(second)
        one.save(ME, "ann", a, corrected("k1", 1))
        two.save(ME, "bob", b, corrected("k2", 2))
        real = second.place.put

        def put(given):  # the other is quicker by a moment
            second.place.put = real
            first.step()
            real(given)

        second.place.put = put
        for running in (second, second, first):
            running._try()
        assert second.state().problem is None and first.state().problem is None
        names = [name for name in files(hub) if name.startswith("verdicts/")]
        assert len(names) == 2
        for store in (one, two):
            assert [[v.reader for v in store.history(ME, id)] for id in (a, b)] == [
                ["ann"],
                ["bob"],
            ]
        sent = [c.title for c in repository(hub).history() if c.title == "1 verdict"]
        assert len(sent) == 2


def test_reading_that_breaks_off_goes_on_and_brings_all_or_nothing(hub, client, tmp_path):
    with Store(tmp_path / "one") as one:
        _, ids = project(one, *(new_case(str(n)) for n in range(6)))
        for id in ids:
            one.save(ME, "ann", id, NewVerdict("unsure", f"k{id}"))
        all_steps(vault(one))
        with Store(tmp_path / "two") as two:
            hub.fail("HEAD", "/resolve/.*/verdicts/", 403, times=1)
            running = vault(two)
            running._try()
            assert running.state().problem is not None and running.state().waiting is None
            assert two.projects(ME) == [], "a project comes back whole or not at all"
            running._try()
            assert running.state().problem is None
            assert holdings(two, ME)["P"]["verdicts"] == holdings(one, ME)["P"]["verdicts"]
            assert running.place._fetched is None, "nothing of it stays in a cache"


def test_a_token_that_may_only_read_brings_back(hub, client, tmp_path, monkeypatch, capsys):
    from bcweb.review.__main__ import main

    with Store(tmp_path / "one") as one:
        _, [case] = project(one, owner="ann")
        one.save("ann", "ann", case, corrected("k", 1))
        all_steps(vault(one))
    monkeypatch.setenv("HF_TOKEN", hub.add_user("ann", role="read"))
    monkeypatch.setenv("BCWEB_HOME", str(tmp_path / "home"))
    assert main(["restore", f"hf://{NAME}"]) == 0
    assert capsys.readouterr().out.startswith("P: 1 cases, 1 read.")
    assert main(["restore", "hf://ann/nothing"]) == 1
    assert capsys.readouterr().err.startswith("There is no repository datasets/ann/nothing")
