"""A run's folder is one training's at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bcweb.locks import held


@contextmanager
def claimed(run: Path) -> Iterator[None]:
    """Within, a run's folder, which is made, is this training's; ValueError where another's is at work there.

    Where there are no locks (see `bcweb.locks`) nothing is refused.
    """
    run.mkdir(parents=True, exist_ok=True)

    def refuse() -> None:
        raise ValueError(
            f"Another training is at work in {run}: let it end, or choose another --out."
        )

    with held(run / "training.lock", refuse):
        yield
