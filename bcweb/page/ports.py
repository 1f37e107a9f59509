"""Is the port free where the page is to listen, and if not, which is?"""

from __future__ import annotations

import os
import socket

_HERE = "127.0.0.1"  # Gradio wants a port to be free here, wherever it is to listen


class PortError(ValueError):
    """A port or a host that cannot be had; its text names the next port that can."""


def wanted_port(given: int | None, named: str | None = None, host: str | None = None) -> int | None:
    """The port of the command line, else the one that GRADIO_SERVER_PORT names; None leaves it to Gradio.

    host: where to listen; None is this machine alone. Raises `PortError` where the port cannot be had there, and where
    nobody can listen there at all.
    """
    if given is None and named and not named.isdecimal():
        raise PortError(f"GRADIO_SERVER_PORT is {named!r}, which is no port.")
    port = given if given is not None else int(named) if named else None
    if port is not None and not 0 < port < 65536:
        raise PortError(f"{port} is no port: they run from 1 to 65535.")
    host = host or _HERE
    if (problem := _why_unheard(host)) is not None:
        raise PortError(f"The page cannot listen on {host}: {problem}.")
    if port is not None and (problem := _why_not(port, host)) is not None:
        other = next_free(port, host)
        instead = f"{other} is free: add --port {other}" if other else "none above it is free"
        raise PortError(f"{problem}; {instead}.")
    return port


def is_free(port: int, host: str = _HERE) -> bool:
    """Whether all addresses of a host have the port free."""
    return _why_not(port, host) is None


def next_free(port: int, host: str = _HERE) -> int | None:
    """The first free port after this one."""
    return next((other for other in range(port + 1, 65536) if is_free(other, host)), None)


def _why_not(port: int, host: str) -> str | None:
    """Why a port of a host cannot be had."""
    ours = [at for at in _addresses(host) if _refusal(at, 0) is None]
    refusals = [_refusal(at, port) for at in [*_addresses(_HERE), *ours]]
    if any(isinstance(refusal, PermissionError) for refusal in refusals):
        return f"You may not listen on port {port}"
    return f"Port {port} is taken" if any(refusals) else None


def _why_unheard(host: str) -> str | None:
    try:
        addresses = _addresses(host)
    except (OSError, UnicodeError):
        return "there is no host of this name"
    if all(_refusal(at, 0) for at in addresses):
        return "it is no address of this machine"
    return None


def _addresses(host: str) -> set[tuple[int, str]]:
    """The family and the text of each address of a host."""
    found = socket.getaddrinfo(host.strip("[]"), None, type=socket.SOCK_STREAM)
    return {(family, address[0]) for family, _, _, _, address in found}


def _refusal(at: tuple[int, str], port: int) -> OSError | None:
    """What listening on a port of an address fails with; 0 is any port."""
    family, address = at
    try:
        with socket.socket(family) as probe:
            if os.name == "posix":  # Windows would let it share a port that another listens on
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
    except OSError as error:
        return error
    return None
