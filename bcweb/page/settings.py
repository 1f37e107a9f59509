"""What one start of the page is told: by the command line, by the environment, by the place it runs in."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from bcweb.scans import MODALITIES, Modality
from bcweb.weights import resolve_name

MB = 1 << 20
GB = 1 << 30
SWEEP_SECONDS = 60  # between two looks for what is to be dropped
# A name, an address, or one of IPv6, which has colons of its own and then no port without brackets.
_HOST = re.compile(
    r"(?:(?P<scheme>https?)://)?"
    r"(?P<name>[a-z0-9._-]+|\[[0-9a-f:.]+\]|[0-9a-f]*:[0-9a-f:.]*:[0-9a-f:.]*)"
    r"(?::(?P<port>[0-9]{1,5}))?/?"
)
# Browsers leave them out of what they send.
_OWN_PORTS = {"": (None, "80", "443"), "http": (None, "80"), "https": (None, "443")}


class SettingsError(ValueError):
    """What the page was told at its start cannot be meant; its text is one sentence."""


@dataclass(frozen=True)
class Settings:
    """weights: the name of the weights by modality (see `bcweb.weights.load_weights`).

    local: only this machine can reach the page, so that it may list folders of the disk and exchange
    the weights for all who look at it.
    on_space: it runs on a Hugging Face Space, behind https and inside a frame of another site.
    hosts: names under which it may be asked, without port; empty: any. A page that only this machine
    can reach must not answer to a stranger's name that resolves to 127.0.0.1 (DNS rebinding).
    origins: names of the page, with their port where it is not https's or http's own, that its proxy may replace
    before it is asked: those of a Space, and those that its start names.
    upload_bytes, visitor_bytes, all_bytes: one file, one visitor's scans, everybody's scans.
    idle_seconds: a visitor's scans are dropped after this long without a request, at the next sweep.
    """

    weights: Mapping[Modality, str]
    local: bool
    on_space: bool
    hosts: frozenset[str]
    origins: frozenset[str]
    upload_bytes: int
    visitor_bytes: int
    all_bytes: int
    idle_seconds: float


def settings(
    host: str | None = None,
    weights: Mapping[Modality, str] | None = None,
    allow_hosts: tuple[str, ...] = (),
    environment: Mapping[str, str] = os.environ,
) -> Settings:
    """Put together what the command line gave (host, weights by modality, other host names) and the rest.

    allow_hosts: names under which a proxy shows the page, with their port where it is a special one, and http:// or
    https:// or not. Raises `SettingsError` for what names no host.
    """
    on_space = bool(environment.get("SPACE_ID"))
    host = host or "127.0.0.1"
    local = is_loopback(host) and not on_space and not allow_hosts
    allowed = [_named(said) for said in allow_hosts]
    hosts, origins = frozenset(), frozenset(place for _, place in allowed)
    if on_space:
        origins |= frozenset(environment.get("SPACE_HOST", "").lower().split(",")) - {""}
    elif is_loopback(host):
        names = (name for name, _ in allowed)
        hosts = frozenset((*LOOPBACK_NAMES, host.lower().strip("[]"), *names))
    given = weights or {}
    return Settings(
        weights={modality: resolve_name(modality, given.get(modality)) for modality in MODALITIES},
        local=local,
        on_space=on_space,
        hosts=hosts,
        origins=origins,
        upload_bytes=(256 if local else 64) * MB,
        visitor_bytes=4 * GB if local else 512 * MB,
        all_bytes=4 * GB,
        idle_seconds=(12 if local else 1 if on_space else 2) * 3600 - SWEEP_SECONDS,
    )


def _named(said: str) -> tuple[str, str]:
    """A host as `--allow-host` says it: its name or address alone, and with its port, as browsers send an Origin."""
    found = _HOST.fullmatch(said.strip().lower())
    scheme, name, port = found.group("scheme", "name", "port") if found else ("", "", None)
    is_address = ":" in name
    try:
        name = str(ipaddress.IPv6Address(name.strip("[]"))) if is_address else name
    except ValueError:
        name = ""
    if not name or int(port or 0) > 65535:
        raise SettingsError(
            f"--allow-host {said} names no host: write it as browsers ask for it, bcweb.clinic.example or "
            "bcweb.clinic.example:8443."
        )
    shown = f"[{name}]" if is_address else name
    return name, shown if port in _OWN_PORTS[scheme or ""] else f"{shown}:{int(port)}"


LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")


def is_loopback(host: str) -> bool:
    """Whether a server that listens on this name or address is reached from this machine only."""
    host = host.strip("[]")
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
