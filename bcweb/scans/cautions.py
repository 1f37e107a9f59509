"""The cautions of a scan: sentences that say why what a network draws there may be worth nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable

# A case that was kept long ago is known to have a caution by these words alone: they stay as they are.
_NOT_ORDINARY = "This is a {}, not an ordinary mammogram."
_OTHER_MODALITY = "The file gives its modality as {}, not as ultrasound (US) or mammography (MG)."
MAY_BE_SUBTRACTED = (
    "It was taken with a contrast agent, and the file does not say whether it is the ordinary view or the subtracted "
    "one."
)
_SEVERAL = "It shows {} pictures beside one another, and what is drawn takes them for one."
DOPPLER = "Colour Doppler lies over a part of it and hides the tissue there."

_CAUTION = re.compile(
    "|".join(
        re.escape(sentence).replace(re.escape("{}"), ".+")
        for sentence in (_NOT_ORDINARY, _OTHER_MODALITY, MAY_BE_SUBTRACTED, _SEVERAL, DOPPLER)
    ),
    re.DOTALL,  # a file's own words are among them
)


def not_ordinary(kind: str) -> str:
    """Of a view from a mammography unit: what it is instead of an ordinary one."""
    return _NOT_ORDINARY.format(kind)


def other_modality(said: str) -> str:
    """Of a file that says a modality which is neither of the two."""
    return _OTHER_MODALITY.format(said)


def several_pictures(number: int) -> str:
    """Of an ultrasound's screen with more than one."""
    return _SEVERAL.format(number)


def is_caution(note: str) -> bool:
    """Whether a note of a scan was one of its cautions: where a case is kept, all are notes."""
    return _CAUTION.fullmatch(note) is not None


def told_cautions(found: Iterable[tuple[str, str]]) -> list[str]:
    """Names of scans, each with a caution -> a sentence for each caution: how many have it, and one of them."""
    named: dict[str, list[str]] = {}
    for name, caution in found:
        named.setdefault(caution, []).append(name)
    return [
        f"{f'{len(names)} scans, {names[0]} for one' if len(names) > 1 else names[0]}: {caution}"
        for caution, names in named.items()
    ]
