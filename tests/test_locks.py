"""What is held by one process is not by another, which is told so."""

from __future__ import annotations

import pytest

from bcweb.locks import held


def never() -> None:
    pytest.fail("nobody else holds it")


def test_what_is_held_is_told_to_the_next_and_free_after(tmp_path):
    file = tmp_path / "one.lock"

    def refuse() -> None:
        raise BrokenPipeError("nobody reads what is told")

    with held(file, never), pytest.raises(BrokenPipeError), held(file, refuse):
        pytest.fail("two hold it")
    with held(file, never):
        assert file.exists()
    assert not file.exists(), "the folder is somebody's: nothing stays in it"


def test_where_there_can_be_no_lock_one_goes_on(tmp_path):
    with held(tmp_path / "not there" / "one.lock", never):
        pass
    (tmp_path / "one.lock").mkdir()
    with held(tmp_path / "one.lock", never):
        pass
