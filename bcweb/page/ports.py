"""Is the port free where the page is to listen, and if not, which is?"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

_HERE = "127.0.0.1"  # Gradio wants a port to be free here, wherever it is to listen


class PortError(ValueError):
    """A port or a host that cannot be had; its text names a port that can."""


def wanted_port(
    given: int | None, environment: Mapping[str, str] = os.environ, host: str | None = None
) -> int | None:
    """The port of the command line, else of GRADIO_SERVER_PORT; None leaves it to Gradio.

    host: where to listen; None is this machine alone. Raises `PortError` where the port is taken there, and where
    nobody can listen there at all.
    """
    named = environment.get("GRADIO_SERVER_PORT", "")
    if given is None and named and not named.isdigit():
        raise PortError(f"GRADIO_SERVER_PORT is {named!r}, which is no port.")
    port = given if given is not None else int(named) if named else None
    if port is not None and not 0 < port < 65536:
        raise PortError(f"{port} is no port: they run from 1 to 65535.")
    host = host or _HERE
    if (problem := _why_unheard(host)) is not None:
        raise PortError(f"The page cannot listen on {host}: {problem}.")
    if port is not None and not is_free(port, host):
        other = next_free(port, host)
        raise PortError(f"Port {port} is taken; {other} is free: add --port {other}.")
    return port


def is_free(port: int, host: str = _HERE) -> bool:
    """Whether all addresses of a host have the port free."""
    ours = [at for at in _addresses(host) if _binds(at, 0)]
    return all(_binds(at, port) for at in [*_addresses(_HERE), *ours])


def next_free(port: int, host: str = _HERE) -> int:
    """The first free port after this one; 0 (any) where there is none."""
    return next((other for other in range(port + 1, 65536) if is_free(other, host)), 0)


def _why_unheard(host: str) -> str | None:
    try:
        addresses = _addresses(host)
    except (OSError, UnicodeError):
        return "there is no host of this name"
    if not any(_binds(at, 0) for at in addresses):
        return "it is no address of this machine"
    return None


def _addresses(host: str) -> set[tuple[int, str]]:
    """The family and the text of each address of a host."""
    found = socket.getaddrinfo(host.strip("[]"), None, type=socket.SOCK_STREAM)
    return {(family, address[0]) for family, _, _, _, address in found}


def _binds(at: tuple[int, str], port: int) -> bool:
    family, address = at
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
    except OSError:
        return False
    return True
