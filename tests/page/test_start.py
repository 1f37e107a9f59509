"""What the environment says of proxies, and to Gradio, does not change what is promised of the page."""

from __future__ import annotations

import os
from urllib.request import getproxies_environment, proxy_bypass

from bcweb.page import proxies
from tests.page.running import NOBODY, App


def test_neither_a_proxy_nor_gradios_own_variables_change_how_it_starts_and_ends(tmp_path):
    """A house's proxy knows nothing of 127.0.0.1, and no tunnel is opened to a page that nobody else may see."""
    said = {
        "HTTP_PROXY": NOBODY,
        "HTTPS_PROXY": NOBODY,
        "ALL_PROXY": NOBODY.replace("http", "socks5"),
        "GRADIO_SHARE": "True",
        "KAGGLE_KERNEL_RUN_TYPE": "Interactive",  # there Gradio shares the page by itself
        "GRADIO_DEBUG": "1",
        "GRADIO_SERVER_PORT": "",
        "BCWEB_HOME": str(tmp_path),
    }
    app = App(said).start()
    app.stop()
    first, *more = app.heard
    assert first == f"bcweb runs at {app.address}/ and stops with Ctrl-C.\n", (
        f"Gradio did something of its own, such as a tunnel, before: {app.heard}"
    )
    assert app.process.returncode == 0, f"it ended without its last backup: {more}"


def test_the_systems_proxies_hold_for_all_but_this_machine(monkeypatch):
    """macOS and Windows name them where the environment says nothing of any."""
    names = [name for name in os.environ if name.lower().endswith("_proxy")]
    for name in (*names, "http_proxy", "https_proxy", "no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "")  # and back again after the test
    monkeypatch.setattr(proxies, "getproxies", dict)
    proxies.bypass(None)
    assert not getproxies_environment(), "where there is no proxy, nothing is said of any"
    house = {"http": "http://proxy.house:3128", "https": "http://proxy.house:3128"}
    monkeypatch.setattr(proxies, "getproxies", lambda: house | {"no": ".house"})
    proxies.bypass("[fe80::1]")
    assert {scheme: getproxies_environment()[scheme] for scheme in house} == house
    past = ("pc.house", "localhost", "127.0.0.1", "::1", "fe80::1")
    assert all(proxy_bypass(host) for host in past) and not proxy_bypass("huggingface.co")


def test_who_has_no_proxy_asked_for_anything_has_none_asked_later_either(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://proxy.house:3128")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "*")
    proxies.bypass(None)
    assert proxy_bypass("huggingface.co"), os.environ["no_proxy"]
