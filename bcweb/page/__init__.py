"""The page: a Gradio app whose canvas, uploads and scans are served by our own routes under /bc."""

import os

from bcweb.page import stubs

# Every import of the page passes here before it imports gradio, which else asks two other hosts.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
stubs.leave_out()
