"""The tables. Migrations make them; what is here must be what the newest of them leaves, and a test compares.

Everything but masks, maps and thumbnails is in these rows. No row of `verdicts` is ever changed or
deleted: triggers refuse it. What the queue shows of a case is kept beside the case, written in the
transaction that changes it, so that a queue is one query of one table.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

VERSION = "0005"  # the newest of migrations/versions


class Moment(TypeDecorator):
    """A datetime in UTC, also where the database keeps no time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: object) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: object) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


metadata = MetaData()

projects = Table(
    "projects", metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("folder", Text, nullable=False, unique=True),  # of its files; random, never used again
    Column("sources", JSON, nullable=False),  # as `cases.file`, their folders
    Column("weights", JSON, nullable=False),
    Column("created", Moment, nullable=False),
    Column("deleted", Moment),  # its verdicts stay
    Column("state", Text, nullable=False),
    Column("problem", Text),
    Column("notes", JSON, nullable=False),
    Index(
        "one_name", "owner", "name", unique=True,
        sqlite_where=text("deleted IS NULL"), postgresql_where=text("deleted IS NULL"),
    ),
)  # fmt: skip

cases = Table(
    "cases", metadata,
    Column("id", Integer, primary_key=True),
    Column("project_id", ForeignKey("projects.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("dataset", Text, nullable=False),
    Column("case", Text, nullable=False),
    Column("group", Text, nullable=False),
    Column("label", Text),
    Column("modality", Text, nullable=False),
    Column("findings", Text, nullable=False),
    Column("file", JSON, nullable=False),  # JSON, since a file's name may be no text
    Column("truth_files", JSON, nullable=False),
    Column("digest", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("depth", Integer, nullable=False),
    Column("window", JSON, nullable=False),
    Column("spacing", JSON, nullable=False),
    Column("notes", JSON, nullable=False),
    Column("problem", Text),
    Column("truth_file", Text),
    Column("truth_px", Integer),
    Column("thumbnail_file", Text),
    Column("twin", Integer),
    Column("twin_dice", Float),
    # Of the verdicts: the one that stands, the latest (an undo too), and what the first says.
    Column("verdict_id", Integer),
    Column("latest_id", Integer),
    Column("decision", Text),
    Column("reader", Text),
    Column("read_at", Moment),
    # Since 0002, for the queue: of the standing verdict, of the newest prediction, and what is searched.
    Column("seconds", Float),
    Column("label_now", Text),
    Column("prediction_id", Integer),
    Column("how", Text),
    Column("score", Float),
    Column("presence", Float),
    Column("uncertainty", Float),
    Column("suspicion", Float),
    Column("search", Text, nullable=False, server_default=""),
    UniqueConstraint("project_id", "dataset", "case", name="known_case"),
    Index("in_order", "project_id", "position", unique=True),
    Index("decisions", "project_id", "decision", "label_now"),
    Index("times", "project_id", "seconds"),
    Index("predicted", "project_id", "prediction_id"),
)  # fmt: skip

predictions = Table(
    "predictions", metadata,
    Column("id", Integer, primary_key=True),
    Column("project_id", ForeignKey("projects.id"), nullable=False),
    Column("case_id", ForeignKey("cases.id"), nullable=False),
    Column("made", Moment, nullable=False),
    Column("revision", Text, nullable=False),
    Column("how", Text, nullable=False),
    Column("presence", Float),
    Column("threshold", Float, nullable=False),
    Column("gate", Float),
    Column("min_lesion_px", Integer, nullable=False),
    Column("painted_px", Integer, nullable=False),
    Column("dice", Float),
    Column("iou", Float),
    Column("hd95_px", Float),
    Column("carried_dice", Float),
    Column("uncertainty", Float),
    Column("suspicion", Float),
    Column("map_file", Text, nullable=False),
    Column("mask_file", Text, nullable=False),
    Column("stands_for", JSON, nullable=False, server_default="[]"),  # since 0004: revisions
    Column("looked_at", JSON),  # since 0005: a box, nothing for all of the scan
    UniqueConstraint("case_id", "revision", name="one_prediction"),
    Index("by_revision", "project_id", "revision"),
)  # fmt: skip

verdicts = Table(
    "verdicts", metadata,
    Column("id", Integer, primary_key=True),
    Column("project_id", ForeignKey("projects.id"), nullable=False),
    Column("case_id", ForeignKey("cases.id"), nullable=False),
    Column("reader", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("decision", Text, nullable=False),
    Column("reason", Text),
    Column("mask_file", Text),
    Column("painted_px", Integer),
    Column("label", Text),
    Column("difficulty", Integer),
    Column("comment", Text, nullable=False),
    Column("prediction_id", ForeignKey("predictions.id")),
    Column("revision", Text),
    Column("beginning", Text),
    Column("threshold", Float),
    Column("seconds", Float, nullable=False),
    Column("key", Text, nullable=False),
    Column("after", ForeignKey("verdicts.id")),
    Column("undoes", ForeignKey("verdicts.id")),
    UniqueConstraint("case_id", "reader", "key", name="one_key"),
)  # fmt: skip

drafts = Table(
    "drafts", metadata,
    Column("case_id", ForeignKey("cases.id"), primary_key=True),
    Column("reader", Text, primary_key=True),
    Column("project_id", ForeignKey("projects.id"), nullable=False),
    Column("mask_file", Text, nullable=False),
    Column("beginning", Text),
    Column("threshold", Float),
    Column("after", Integer),
    Column("changed", Moment, nullable=False),
    Column("strokes", Integer, nullable=False),
    Column("revision", Text),  # since 0003
    Index("drafts_of", "project_id"),
)  # fmt: skip
