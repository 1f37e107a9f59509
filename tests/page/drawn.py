"""Two generated scans with their truth, of those that a visitor can choose."""

from __future__ import annotations

from bcweb.samples import SAMPLES

LESION, OTHER = SAMPLES[0].phantom(), SAMPLES[1].phantom()
