"""The Review tab: one element of our own, as on the Scan tab."""

from __future__ import annotations

import gradio as gr

# The viewer lies in the page itself, as the Scan tab's does.
_HTML = "<bc-review><bc-viewer slot='viewer' kind='cases'></bc-viewer></bc-review>"


def build(version: str) -> None:
    """Lay out the tab. version: see `bcweb.page.static.content_hash`."""
    with gr.Tab("Review", id="review"):
        gr.HTML(
            _HTML,
            js_on_load=f'import(new URL("bc/static/{version}/page/assets/review.js", document.baseURI));',
            apply_default_css=False,
            elem_id="review-workbench",
        )
