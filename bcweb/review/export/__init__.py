"""What readers decided, out of the store and into files that other programs read.

    from bcweb.review.export import export, export_zip, push_export

Every export is of one moment, also while readers go on, and is there whole or not at all. It has
verdicts.csv: every case that was decided, with the reason where it gives no mask. A case that was rejected,
or of which the reader was unsure, gives none; neither does a draft.
"""

from bcweb.review.export.push import Pushed, PushError
from bcweb.review.export.rows import WITH_MASK
from bcweb.review.export.whole import (
    FORMATS,
    Exported,
    ExportError,
    Progress,
    export,
    export_zip,
    push_export,
)

__all__ = [
    "FORMATS",
    "WITH_MASK",
    "ExportError",
    "Exported",
    "Progress",
    "PushError",
    "Pushed",
    "export",
    "export_zip",
    "push_export",
]
