"""A Hub that takes a question and says nothing: whoever asked gets a sentence, and nobody else waits with them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from huggingface_hub import close_session

from bcweb import hub as asking
from bcweb.page.revisions import Tags
from bcweb.weights import WeightsError, load_weights
from tests import weights_folder
from tests.hub.server import STALLS

ROOT = Path(__file__).parents[2]
ONE, OTHER = "ann/silent", "ann/other"


@pytest.fixture(autouse=True)
def two(hub, client, tmp_path) -> None:
    """Weights of two repositories, tagged v1."""
    folder = weights_folder.write(tmp_path / "weights")
    files = {file.name: file.read_bytes() for file in folder.iterdir()}
    for name in (ONE, OTHER):
        hub.repository(name).tags["v1"] = hub.add_files(name, files).oid


@pytest.fixture
def limit(hub, monkeypatch) -> Iterator[Callable[..., None]]:
    """Set the seconds that are waited. For whoever waits all the same, the connection breaks off after a minute."""

    def set_to(patience: float, at_work: float = 3600) -> None:
        monkeypatch.setattr(asking, "_PATIENCE", patience)
        monkeypatch.setattr(asking, "_AT_WORK", at_work)

    end = threading.Timer(60, hub.ended.set)
    end.start()
    yield set_to
    end.cancel()


def test_the_hub_is_waited_for_as_long_as_its_document_says():
    said = " ".join((ROOT / "docs/hub.md").read_text(encoding="utf-8").split())
    assert "says nothing for ten seconds" in said and asking._PATIENCE == 10


def test_all_who_wait_for_tags_get_one_sentence_and_who_asks_later_gets_the_tags(hub, limit):
    limit(1)
    hub.fail("GET", f"{ONE}/refs", STALLS)

    async def ask():
        tags = Tags()
        waiting = [tags.of(ONE) for _ in range(3)]
        refused = await asyncio.gather(*waiting, return_exceptions=True)
        return refused, await tags.of(ONE), await tags.of(ONE)

    refused, *answers = asyncio.run(ask())
    assert [str(one) for one in refused] == [f"The Hub cannot be reached at {hub.url}."] * 3
    assert answers == [{"v1": hub.repository(ONE).tags["v1"]}] * 2
    assert len(hub.made("GET", "/refs")) == 2, "three wait for one question; an answer is kept"


def test_a_large_file_goes_by_the_client_that_has_limits():
    """hf_xet, where it is installed, waits for ever for a store that is silent."""
    from huggingface_hub.utils._runtime import is_xet_available

    asking.api()
    assert not is_xet_available()


def test_nobody_waits_for_the_tags_of_another_repository(hub, limit):
    limit(3600)
    hub.fail("GET", f"{ONE}/refs", STALLS)

    async def ask():
        tags = Tags()
        silent = asyncio.create_task(tags.of(ONE))
        await asyncio.to_thread(hub.stalled.wait)
        told = await tags.of(OTHER)
        assert not silent.done(), "it was answered only when the other was"
        hub.ended.set()
        await asyncio.wait([silent])
        return told, str(silent.exception())

    told, said = asyncio.run(ask())
    assert told == {"v1": hub.repository(OTHER).tags["v1"]}
    assert said.startswith(f"The transfer of {ONE} broke off")


def test_a_list_of_files_that_stalls_is_asked_for_again(hub, limit, monkeypatch):
    limit(1)
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda seconds: None)
    hub.fail("GET", "/tree/", STALLS)
    assert load_weights(f"hf://{ONE}@v1")
    assert len(hub.made("GET", "/tree/")) == 2
    assert not hub.ended.is_set(), "it was waited for until the connection broke off"


@pytest.mark.parametrize("question", ["/revision/v9", "/refs"])
def test_whether_a_revision_is_there_and_which_ones_are_is_not_waited_for(hub, limit, question):
    limit(1)
    hub.fail("GET", question, STALLS)
    with pytest.raises(WeightsError) as caught:
        load_weights(f"hf://{ONE}@v9")
    assert str(caught.value) == (
        f"{ONE}@v9 is not in the cache, and the Hub cannot be reached at {hub.url}."
    )
    assert not hub.ended.is_set(), "it was waited for until the connection broke off"


def test_a_connection_that_is_made_anew_is_not_waited_on_either(hub, limit):
    """The client closes its own where the Hub could not be reached, and goes on with another."""
    limit(1)
    api = asking.api()
    close_session()
    hub.fail("GET", f"{ONE}/refs", STALLS)
    with pytest.raises(asking.client_errors()):
        api.list_repo_refs(ONE)
    assert not hub.ended.is_set(), "it was waited for until the connection broke off"


def test_what_the_hub_works_on_may_take_longer_and_comes_to_an_end_too(hub, limit):
    limit(3600, at_work=1)
    hub.fail("POST", "/repos/create", STALLS)
    with pytest.raises(asking.client_errors()) as caught:
        asking.api().create_repo("ann/new")
    said = asking.explain(caught.value, "ann/new")
    assert said == f"The Hub cannot be reached at {hub.url}."
