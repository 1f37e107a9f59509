"""The real client against the server: what the other tests build on."""

from __future__ import annotations

from pathlib import Path

import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, hf_hub_download
from huggingface_hub.errors import (
    EntryNotFoundError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

LARGE = bytes(range(256)) * 4096  # one mebibyte


def push(client, repo="ann/model", **files: bytes):
    client.create_repo(repo, private=True, exist_ok=True)
    additions = [
        CommitOperationAdd(name.replace("_", "."), content) for name, content in files.items()
    ]
    return client.create_commit(repo, additions, commit_message="first")


def test_what_is_pushed_comes_back_small_files_by_git_and_large_ones_by_the_storage(hub, client):
    made = push(client, config_json=b"{}", model_safetensors=LARGE)
    assert hub.repository("ann/model").private
    assert [commit.title for commit in hub.repository("ann/model").history()] == [
        "first",
        "initial commit",
    ]
    for name, content in (("config.json", b"{}"), ("model.safetensors", LARGE)):
        path = hf_hub_download("ann/model", name, revision=made.oid)
        assert Path(path).read_bytes() == content
    assert len(hub.made("GET", "/object/")) == 1
    assert not hub.made("GET", "/object/")[0].token, "the storage is not shown the token"


def test_the_same_content_makes_no_second_commit_and_is_not_sent_twice(hub, client):
    first = push(client, config_json=b"{}", model_safetensors=LARGE)
    assert push(client, config_json=b"{}", model_safetensors=LARGE).oid == first.oid
    assert len(hub.made("PUT", "/upload/")) == 1
    assert len(hub.made("POST", "/commit/")) == 1


def test_tags_branches_and_revisions(hub, client):
    first = push(client, a_txt=b"one")
    client.create_tag("ann/model", tag="v1", revision=first.oid)
    second = push(client, a_txt=b"two")
    client.create_branch("ann/model", branch="other", revision="v1")
    refs = client.list_repo_refs("ann/model")
    assert {tag.name: tag.target_commit for tag in refs.tags} == {"v1": first.oid}
    assert {b.name: b.target_commit for b in refs.branches} == {
        "main": second.oid,
        "other": first.oid,
    }
    with pytest.raises(HfHubHTTPError, match="409"):
        client.create_tag("ann/model", tag="v1")
    client.delete_tag("ann/model", tag="v1")
    with pytest.raises(RevisionNotFoundError):
        client.model_info("ann/model", revision="v1")


def test_files_are_listed_deleted_and_missed(hub, client):
    client.create_repo("ann/set", repo_type="dataset")
    where = {"repo_type": "dataset"}
    client.create_commit(
        "ann/set",
        [CommitOperationAdd("a/b.txt", b"x"), CommitOperationAdd("c.txt", b"")],
        commit_message="files", **where,
    )  # fmt: skip
    assert {e.path for e in client.list_repo_tree("ann/set", **where)} == {
        ".gitattributes",
        "a",
        "c.txt",
    }
    assert "a/b.txt" in {e.path for e in client.list_repo_tree("ann/set", recursive=True, **where)}
    client.create_commit("ann/set", [CommitOperationDelete("a/")], commit_message="gone", **where)
    assert client.list_repo_files("ann/set", **where) == [".gitattributes", "c.txt"]
    with pytest.raises(EntryNotFoundError):
        hf_hub_download("ann/set", "a/b.txt", **where)
    assert [e.path for e in client.get_paths_info("ann/set", ["c.txt", "a"], **where)] == ["c.txt"]


def test_who_may_see_and_write_what(hub, client):
    reader, bob = hub.add_user("ann", role="read"), hub.add_user("bob")
    push(client, a_txt=b"one")
    assert client.whoami(token=reader)["auth"]["accessToken"]["role"] == "read"
    for token in (bob, False):
        with pytest.raises((RepositoryNotFoundError, HfHubHTTPError)) as caught:
            client.model_info("ann/model", token=token)
        assert caught.value.response.status_code == (401 if token is False else 404)
    with pytest.raises(HfHubHTTPError, match="403"):
        client.create_commit(
            "ann/model", [CommitOperationAdd("a.txt", b"two")], commit_message="no", token=reader
        )
    with pytest.raises(HfHubHTTPError, match="403"):
        client.create_repo("ann/other", token=bob)
    with pytest.raises(HfHubHTTPError, match="Invalid user token"):
        client.whoami(token="hf_wrong")


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500])
def test_a_status_on_demand(hub, client, status):
    push(client, a_txt=b"one")
    hub.fail("GET", "/api/models/ann/model", status)
    with pytest.raises(HfHubHTTPError) as caught:
        client.model_info("ann/model")
    assert caught.value.response.status_code == status
    assert client.model_info("ann/model").id == "ann/model"


def test_a_download_cut_in_mid_transfer_goes_on_where_it_was(hub, client):
    content = 24 * LARGE  # the client keeps pieces of ten megabytes
    push(client, model_safetensors=content)
    hub.fail("GET", "/object/", "cut")
    assert Path(hf_hub_download("ann/model", "model.safetensors")).read_bytes() == content
    assert [r.status for r in hub.made("GET", "/object/")] == ["cut", 206]


def test_an_upload_cut_in_mid_transfer_is_sent_again(hub, client):
    hub.fail("PUT", "/upload/", "cut")
    push(client, model_safetensors=LARGE)
    assert [r.status for r in hub.made("PUT", "/upload/")] == ["hung up", 200]


def test_a_commit_whose_answer_is_lost_has_happened(hub, client):
    hub.fail("POST", "/commit/", "deaf")
    with pytest.raises(Exception, match="disconnected"):
        push(client, a_txt=b"one")
    assert len(hub.repository("ann/model").history()) == 2


def test_broken_front_matter_is_refused(hub, client):
    with pytest.raises(ValueError, match="Invalid metadata"):
        push(client, README_md=b"---\nmodel-index: [{name: x}]\n---\n")


def test_another_process_reads_its_settings_from_the_environment(hub, client, python):
    push(client, a_txt=b"one")
    code = "from huggingface_hub import snapshot_download as s; print(s('ann/model'))"
    done = python("-c", code)
    assert done.returncode == 0, done.stderr
    assert "/hf/hub/models--ann--model/snapshots/" in done.stdout


def test_an_unknown_route_is_written_down(hub, client):
    with pytest.raises(HfHubHTTPError):
        client.list_repo_commits("ann/model")
    assert hub.unknown == ["GET /api/models/ann/model/commits/main"]
    hub.unknown.clear()
