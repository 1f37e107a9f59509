"""A taken port is said in one sentence, with one that is free."""

from __future__ import annotations

import errno
import os
import re
import socket
import subprocess
import sys

import pytest

from bcweb.page.ports import PortError, is_free, wanted_port
from tests.page.running import NOBODY, ROOT, App, Visitor, free_port


@pytest.fixture
def taken():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


def test_the_command_says_which_port_is_free(taken):
    done = subprocess.run(
        [sys.executable, "app.py", "--port", str(taken)], cwd=ROOT, capture_output=True, text=True
    )
    said = re.fullmatch(r"Port (\d+) is taken; (\d+) is free: add --port \2\.\n", done.stderr)
    assert said and int(said[1]) == taken and is_free(int(said[2])), done.stderr
    assert (done.returncode, done.stdout) == (1, "")


def test_gradios_own_variable_is_followed_after_the_command_line(taken):
    assert wanted_port(None) is wanted_port(None, "") is None
    with pytest.raises(PortError, match=f"Port {taken} is taken"):
        wanted_port(None, str(taken))
    free = next(port for port in range(taken + 1, 65536) if is_free(port))
    assert wanted_port(free, str(taken)) == wanted_port(free, "high") == free


def test_a_port_that_was_taken_while_the_page_began_is_one_sentence(tmp_path):
    """Two started at once: each has asked whether the port is free before one of them listens."""
    port = free_port()
    app = App({"GRADIO_SERVER_PORT": "high", "BCWEB_HOME": str(tmp_path)})
    quicker = f"""
import socket, sys
from app import main
from bcweb.page.segmenters import Segmenters

def begin(_):
    listening.bind(("127.0.0.1", {port}))
    listening.listen()

listening, Segmenters.begin = socket.socket(), begin
sys.argv[1:] = ["--port", "{port}"]
main()
"""
    done = subprocess.run(
        [sys.executable, "-c", quicker],
        cwd=ROOT, env=app.environment, capture_output=True, text=True,
    )  # fmt: skip
    sentence = rf"Port {port} is taken; (\d+) is free: add --port \1\.\n"
    assert re.fullmatch(sentence, done.stderr), done.stderr
    assert (done.returncode, done.stdout) == (1, "")


def refused(port: int) -> str:
    with pytest.raises(PortError) as caught:
        wanted_port(port)
    return str(caught.value)


def test_of_the_last_port_no_next_one_is_named():
    with socket.socket() as listening:
        try:
            listening.bind(("127.0.0.1", 65535))
        except OSError:
            pass  # somebody else has it, which is as good
        else:
            listening.listen()
        assert refused(65535) == "Port 65535 is taken; none above it is free."


def test_a_port_that_the_system_keeps_for_itself_is_not_called_taken(monkeypatch):
    class Guarded(socket.socket):
        def bind(self, address):
            if 0 < address[1] < 1024:
                raise PermissionError(errno.EACCES, "Permission denied")
            super().bind(address)

    free = next(port for port in range(1024, 65536) if is_free(port))
    monkeypatch.setattr(socket, "socket", Guarded)
    assert refused(80) == f"You may not listen on port 80; {free} is free: add --port {free}."


def test_a_taken_port_is_found_where_windows_would_share_it(taken, monkeypatch):
    class OfWindows(socket.socket):
        def setsockopt(self, level, option, value):
            self.shares = option == socket.SO_REUSEADDR

        def bind(self, address):
            if not getattr(self, "shares", False):
                super().bind(address)

    monkeypatch.setattr(socket, "socket", OfWindows)
    with monkeypatch.context() as windows:
        windows.setattr(os, "name", "nt")
        is_taken = not is_free(taken)
    assert is_taken, "two servers would listen on one port"


@pytest.mark.parametrize(
    ("host", "why"),
    [
        ("a" * 64, "there is no host of this name"),  # no resolver need be asked
        ("192.0.2.1", "it is no address of this machine"),  # kept for documents: nobody's
    ],
)
def test_a_host_that_is_not_this_machine_is_one_sentence(host, why):
    done = subprocess.run(
        [sys.executable, "app.py", "--host", host], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (1, f"The page cannot listen on {host}: {why}.\n")


@pytest.mark.skipif(sys.platform == "darwin", reason="only 127.0.0.1 is its own there")
def test_a_port_is_asked_for_where_the_page_is_to_listen():
    with socket.socket() as listening:
        listening.bind(("127.0.0.2", 0))
        listening.listen()
        port = listening.getsockname()[1]
        assert wanted_port(port) == port
        with pytest.raises(PortError, match=f"Port {port} is taken"):
            wanted_port(port, host="127.0.0.2")


def ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.skipif(not ipv6(), reason="this machine has no ::1")
@pytest.mark.parametrize(
    ("place", "more", "environment"),
    [
        ("::", ("--host", "::"), {}),
        ("::1", (), {"GRADIO_SERVER_NAME": "::1"}),
    ],
)
def test_the_page_listens_on_an_address_of_ipv6(place, more, environment):
    app = App(environment | {"HTTP_PROXY": NOBODY}, more=more)
    try:
        app.start()
        visitor = Visitor(f"http://[::1]:{app.port}")
        assert visitor.get("/bc/session").status_code == 200
        visitor.close()
    finally:
        app.stop()
    assert app.address == f"http://[{place}]:{app.port}"


@pytest.mark.parametrize("named", ["high", "0", "70000", "-1", "²"])
def test_what_is_no_port_is_said_so(named):
    with pytest.raises(PortError, match="no port"):
        wanted_port(None, named)
