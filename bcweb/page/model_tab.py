"""The Model tab: one element of our own, as on the Scan tab."""

from __future__ import annotations

import gradio as gr


def build(version: str) -> None:
    """Lay out the tab. version: see `bcweb.page.static.content_hash`."""
    with gr.Tab("Model", id="model"):
        gr.HTML(
            "<bc-models></bc-models>",
            js_on_load=f'import(new URL("bc/static/{version}/page/assets/models.js", document.baseURI));',
            apply_default_css=False,
            elem_id="model-workbench",
        )
