"""The Evaluate tab: one element of our own, as on the other tabs."""

from __future__ import annotations

import gradio as gr


def build(version: str) -> None:
    """Lay out the tab. version: see `bcweb.page.static.content_hash`."""
    with gr.Tab("Evaluate", id="evaluate"):
        gr.HTML(
            "<bc-evaluate></bc-evaluate>",
            js_on_load=f'import(new URL("bc/static/{version}/page/assets/evaluate.js", document.baseURI));',
            apply_default_css=False,
            elem_id="evaluate-workbench",
        )
