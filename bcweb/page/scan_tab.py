"""The Scan tab: one element of our own, which does all of its work in the browser and over /bc."""

from __future__ import annotations

import gradio as gr

# The viewer lies in the page itself, so that it is there for whoever looks for it; the rest of the
# workbench is drawn around it.
_HTML = "<bc-workbench><bc-viewer slot='viewer'></bc-viewer></bc-workbench>"


def build(version: str) -> None:
    """Lay out the tab. version: see `bcweb.page.static.content_hash`."""
    with gr.Tab("Scan", id="scan"):
        gr.HTML(
            _HTML,
            js_on_load=f'import(new URL("bc/static/{version}/page/assets/workbench.js", document.baseURI));',
            apply_default_css=False,
            elem_id="scan-workbench",
        )
