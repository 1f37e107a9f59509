"""A file's bytes -> `Scan`: everything the project knows of pixels on disk is here."""

from bcweb.scans.cautions import is_caution, told_cautions
from bcweb.scans.modality import guess_modality
from bcweb.scans.read import is_dicom, read_frames, read_scan, scan_size
from bcweb.scans.scan import (
    MODALITIES,
    Modality,
    Scan,
    ScanError,
    check_contrast,
    default_window,
)

__all__ = [
    "MODALITIES",
    "Modality",
    "Scan",
    "ScanError",
    "check_contrast",
    "default_window",
    "guess_modality",
    "is_caution",
    "is_dicom",
    "read_frames",
    "read_scan",
    "scan_size",
    "told_cautions",
]
