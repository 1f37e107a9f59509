"""A taken port is said in one sentence, with one that is free."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bcweb.page.ports import PortError, is_free, wanted_port
from tests.page.running import App, Visitor

ROOT = Path(__file__).parents[2]


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


def test_gradios_own_environment_is_followed_after_the_command_line(taken):
    assert wanted_port(None, {}) is None
    with pytest.raises(PortError, match=f"Port {taken} is taken"):
        wanted_port(None, {"GRADIO_SERVER_PORT": str(taken)})
    free = next(port for port in range(taken + 1, 65536) if is_free(port))
    assert wanted_port(free, {"GRADIO_SERVER_PORT": str(taken)}) == free


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
        assert wanted_port(port, {}) == port
        with pytest.raises(PortError, match=f"Port {port} is taken"):
            wanted_port(port, {}, host="127.0.0.2")


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
        ("::1", ("--host", "::1"), {}),
        ("::", ("--host", "::"), {}),
        ("::1", (), {"GRADIO_SERVER_NAME": "::1"}),
    ],
)
def test_the_page_listens_on_an_address_of_ipv6(place, more, environment):
    app = App(environment, more=more)
    try:
        app.start()
        visitor = Visitor(f"http://[::1]:{app.port}")
        assert visitor.get("/bc/session").status_code == 200
        visitor.close()
    finally:
        app.stop()
    assert app.address == f"http://[{place}]:{app.port}"


@pytest.mark.parametrize("named", ["high", "0", "70000", "-1"])
def test_what_is_no_port_is_said_so(named):
    with pytest.raises(PortError, match="no port"):
        wanted_port(None, {"GRADIO_SERVER_PORT": named})
