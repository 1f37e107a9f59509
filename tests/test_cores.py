"""A container has fewer cores than its host, and takes no more threads than it has."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bcweb import cores
from bcweb.batch import worker_count
from bcweb.engine import Engine
from bcweb.weights import load_weights


@pytest.fixture
def group(tmp_path: Path, monkeypatch) -> Path:
    """What a process on a host of 16 cores finds of its container."""
    monkeypatch.setattr(cores, "_GROUP", tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(16)), raising=False)
    (tmp_path / "cpu").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("files", "count"),
    [
        ({"cpu.max": "200000 100000"}, 2),
        ({"cpu.max": "150000 100000"}, 2),
        ({"cpu.max": "20000 100000"}, 1),
        ({"cpu/cpu.cfs_quota_us": "300000", "cpu/cpu.cfs_period_us": "100000"}, 3),
        ({"cpu.max": "3200000 100000"}, 16),
        ({"cpu.max": "max 100000"}, 16),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, 16),
        ({"cpu.max": "what nobody has foreseen"}, 16),
        ({}, 16),
    ],
)
def test_a_containers_cores_are_those_that_it_is_given(group, files, count):
    for name, content in files.items():
        (group / name).write_text(content + "\n")
    assert cores.core_count() == count
    assert worker_count(1000) == count


def threads(engine: Engine) -> int:
    return engine._session.get_session_options().intra_op_num_threads


def test_an_engine_takes_as_many_threads_as_there_are_cores(group):
    weights = load_weights("embedded", "ultrasound")
    made = weights.config, weights.tensors
    assert threads(Engine(*made)) == 0, "by itself it takes the cores that are no other's half"
    (group / "cpu.max").write_text("200000 100000\n")
    assert threads(Engine(*made)) == 2
    assert threads(Engine(*made, threads=1)) == 1
