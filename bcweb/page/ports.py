"""Is the port free, and if not, which is?"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping


class PortError(ValueError):
    """A port that cannot be had; its text names one that can."""


def wanted_port(given: int | None, environment: Mapping[str, str] = os.environ) -> int | None:
    """The port of the command line, else of GRADIO_SERVER_PORT; None leaves it to Gradio.

    Raises `PortError` where it is taken.
    """
    named = environment.get("GRADIO_SERVER_PORT", "")
    if given is None and named and not named.isdigit():
        raise PortError(f"GRADIO_SERVER_PORT is {named!r}, which is no port.")
    port = given if given is not None else int(named) if named else None
    if port is not None and not 0 < port < 65536:
        raise PortError(f"{port} is no port: they run from 1 to 65535.")
    if port is not None and not is_free(port):
        other = next_free(port)
        raise PortError(f"Port {port} is taken; {other} is free: add --port {other}.")
    return port


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def next_free(port: int) -> int:
    """The first free port after this one; 0 (any) where there is none."""
    return next((other for other in range(port + 1, 65536) if is_free(other)), 0)
