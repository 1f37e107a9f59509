"""How a command ends: whatever cuts it short is one sentence and an exit status, never a traceback."""

from __future__ import annotations

import os
from collections.abc import Callable

from bcweb.terminal import os_sentence, say
from train import BACKENDS

# What no file of requirements installs: whoever trains on it chooses it, and the kind of GPU.
_ASIDE = {"jax": '"jax>=0.8,<0.11" (on a GPU "jax[cuda12]>=0.8,<0.11")'}


def goes_on() -> str:
    """What a command says after Ctrl-C that keeps what is done."""
    return "Stopped; the same command goes on."


def exit_status(
    work: Callable[[], int | None], stopped: Callable[[], str] = lambda: "Stopped."
) -> int:
    """Do a command's work: the status that it returns, 0 where that is None; 1 after an error, 130 after Ctrl-C.

    stopped: gives what is said after Ctrl-C.
    """
    backend = os.environ["KERAS_BACKEND"]
    if backend not in BACKENDS:
        say(f"KERAS_BACKEND is {backend!r}: it is {' or '.join(BACKENDS)}.")
        return 1
    try:
        return work() or 0
    except ModuleNotFoundError as error:
        wanted = _ASIDE.get(error.name, "-r requirements-train.txt")
        say(f"{error.name} is missing: pip install {wanted}")
        return 1
    except OSError as error:
        say(os_sentence(error))
        return 1
    except (ValueError, FloatingPointError) as error:
        say(error)
        return 1
    except MemoryError:
        say("There is not enough memory: free some, and give the command again.")
        return 1
    except KeyboardInterrupt:
        say(stopped())
        return 130
