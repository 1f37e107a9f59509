"""The page: a Gradio app whose canvas, uploads and scans are served by our own routes under /bc."""

import os

from bcweb.page import stubs

# Every import of the page passes here before it imports gradio, which else asks two other hosts.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
# A download's bar is titled with the file's name, and a Space has bars drawn into its log.
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
stubs.leave_out()
