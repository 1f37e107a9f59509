"""Builds the tabs and serves them together with our own routes."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import gradio as gr
from starlette.middleware import Middleware

from bcweb.page import evaluate_tab, login, logs, model_tab, review_tab, scan_tab, static, theme
from bcweb.page.backups import Backups
from bcweb.page.counter import Counter
from bcweb.page.endpoints import Endpoints
from bcweb.page.guard import Guard
from bcweb.page.held import Held
from bcweb.page.imports import Imports
from bcweb.page.parcels import Parcels
from bcweb.page.policy import Policy
from bcweb.page.ports import wanted_port
from bcweb.page.routes import routes
from bcweb.page.scans import phantom_of
from bcweb.page.segmenters import Segmenters
from bcweb.page.settings import SWEEP_SECONDS, Settings
from bcweb.page.store import Store
from bcweb.page.workspace import Workspace
from bcweb.samples import SAMPLES

FIRST_PORT = 7860
_WARM_SECONDS = 10


def build(version: str) -> gr.Blocks:
    """The tabs. version: see `bcweb.page.static.content_hash`."""
    with (
        gr.Blocks(
            title="bcweb", fill_width=True, analytics_enabled=False, delete_cache=(3600, 3600)
        ) as demo,
        gr.Tabs(elem_id="tabs"),
    ):
        scan_tab.build(version)
        review_tab.build(version)
        evaluate_tab.build(version)
        model_tab.build(version)
    login.add_to(demo)
    # Gradio would put a widget of another host on top of a Space's page.
    demo.space_id = None
    _look_less_often(demo)
    return demo


def launch(
    settings: Settings, segmenters: Segmenters, host: str | None = None, port: int | None = None
) -> None:
    """Serve until interrupted or terminated. host: None is this machine alone; port: None is the first free one from
    `FIRST_PORT`. Raises `PortError` where the port was free before and is taken now.
    """
    logs.begin()
    warm = threading.Thread(target=_warm, args=(segmenters,), name="warm", daemon=True)
    warm.start()
    store: Store[Held] = Store(settings.visitor_bytes, settings.all_bytes, settings.idle_seconds)
    uploads, masks = Parcels(), Parcels()
    swept = (store, uploads, masks)
    threading.Thread(target=_sweep, args=swept, name="sweep", daemon=True).start()
    backups = Backups(settings, Workspace(), Imports(segmenters))
    backups.begin()
    version = static.content_hash()
    demo = build(version)
    with demo:
        functions = Endpoints(segmenters, uploads, masks).build(demo)
    parts = {
        "routes": [
            routes(settings, segmenters, store, static.mount(version), (uploads, masks), backups)
        ],
        "middleware": [
            Middleware(Policy, settings=settings, first=theme.first(version)),
            Middleware(Guard, settings=settings),
            Middleware(Counter, settings.upload_bytes, uploads, masks, functions),
        ],
    }
    try:
        address = _serve(demo, parts, settings.upload_bytes, version, host, port)
    except OSError:
        # Cut off in the midst of ONNX Runtime it would abort the process; weights may be long on their way from the Hub.
        warm.join(_WARM_SECONDS)
        wanted_port(port or FIRST_PORT, host=host)  # somebody may have been quicker
        raise
    logs.go_on()
    used = demo.server_port
    if used != FIRST_PORT and port is None:
        print(f"Port {FIRST_PORT} is taken; {used} is the next free one.")
    _stop_when_terminated(backups)
    with suppress(KeyboardInterrupt):  # at once, before Gradio waits for it
        print(f"bcweb runs at {address} and stops with Ctrl-C.", flush=True)
        demo.block_thread()
    backups.end()


def _look_less_often(demo: gr.Blocks) -> None:
    """Gradio looks a thousand times a second whether a call waits, and a hundred times for its progress, which takes a
    twentieth of a core: as seldom as it does on Windows a call of a program begins up to so much later.
    """
    demo._queue.sleep_when_free = 0.05  # seconds, both
    demo._queue.progress_update_sleep_when_free = 0.1


def _serve(
    demo: gr.Blocks,
    parts: dict[str, Any],
    upload_bytes: int,
    version: str,
    host: str | None,
    port: int | None,
) -> str:
    """Have Gradio serve the page with our own parts; the page's address."""
    os.environ.pop("GRADIO_DEBUG", None)  # its `launch` would not return
    _, address, _ = demo.launch(
        server_name=host and _bracketed(host),
        server_port=port,
        app_kwargs=parts,
        theme=theme.theme(),
        head=theme.head(version),
        favicon_path=str(Path(static.FOLDERS["page/assets"]) / "favicon.svg"),
        footer_links=[],
        run_history=False,
        show_error=False,
        share=False,  # GRADIO_SHARE, and many a notebook's machine, would have the page shown to everybody
        ssr_mode=False,
        enable_monitoring=False,
        max_file_size=upload_bytes,
        quiet=True,
        prevent_thread_lock=True,
    )
    return address


def _bracketed(host: str) -> str:
    """As an address of IPv6 stands in a URL, which Gradio makes of it: or the first colon would begin the port."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _stop_when_terminated(backups: Backups) -> None:
    """A Space ends with SIGTERM, and soon after by force: then as with Ctrl-C, the backup first."""

    def stop(*_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        backups.hurry()
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)


def _warm(segmenters: Segmenters) -> None:
    """Make ready what the first visitor needs, while Gradio starts."""
    segmenters.warm()
    phantom_of(SAMPLES[0])
    import_module("bcweb.review.store")  # half a second, for whoever opens the Review tab first


def _sweep(*stores: Store[Held] | Parcels) -> None:
    ticks = threading.Event()
    while not ticks.wait(SWEEP_SECONDS):
        for store in stores:
            store.expire()
