"""Python's collector of cyclic garbage, which is in the way while large libraries are imported."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def resting() -> Iterator[None]:
    """For imports of Keras, TensorFlow or Gradio: nothing is collected, and what is there at the end never will be.

    Every few hundred objects the collector would look through what such a library brings, hundreds of thousands that
    stay, and through all of them again when the program ends: a quarter of what its import costs.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
