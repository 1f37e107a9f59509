"""verdicts.csv: every case that was decided, also those that give no mask; and CSV that spreadsheets may open."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from bcweb.names import harmless
from bcweb.review.export.rows import Row

COLUMNS = (
    "case", "id", "file", "label", "group", "decision", "reason", "reader", "time", "seconds", "revision",
    "beginning", "threshold", "difficulty", "comment", "mask", "painted_px", "area_mm2", "longest_mm",
    "row_mm", "column_mm", "left_out", "dataset", "first_label", "modality", "findings",
)  # fmt: skip


def write_verdicts(rows: Iterable[Row], file: Path) -> None:
    """id: the name of the case in this export. time: ISO 8601, UTC. seconds: how long the decision took. row_mm,
    column_mm: the size of a pixel. first_label: what the data set says. The other columns are those of `Verdict`,
    `CaseRow` and `Row`; what is not known is empty.

    UTF-8 with a byte order mark, without which Excel garbles all names but English ones.
    """
    write_csv(file, COLUMNS, (values(row).values() for row in rows), "utf-8-sig")


def values(row: Row) -> dict[str, str | float | int | None]:
    """The columns of a row; what is not known is None or ""."""
    case, verdict = row.case, row.verdict
    found = (
        case.case, row.name, row.file, row.label, row.group, verdict.decision, verdict.reason, verdict.reader,
        verdict.at.isoformat(), verdict.seconds, verdict.revision, verdict.beginning,
        verdict.threshold, verdict.difficulty, verdict.comment, row.mask, verdict.painted_px,
        row.area_mm2, row.longest_mm, *row.pixel_mm, row.left_out, case.dataset, case.label,
        case.modality, case.findings,
    )  # fmt: skip
    return dict(zip(COLUMNS, found, strict=True))


def write_csv(
    file: Path, columns: Sequence[str], rows: Iterable[Iterable], encoding: str = "utf-8"
) -> None:
    """Cells that a spreadsheet would run are written behind an apostrophe; see `harmless`. `bcweb.cases.folder`
    takes it off again."""
    with file.open("w", newline="", encoding=encoding) as stream:
        table = csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\n")
        table.writerow(columns)
        table.writerows([harmless(cell) for cell in row] for row in rows)
