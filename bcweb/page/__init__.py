"""The page: a Gradio app whose canvas, uploads and scans are served by our own routes under /bc."""

import os

# Read when gradio is imported, which else asks two other hosts; every import of the page passes here.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
