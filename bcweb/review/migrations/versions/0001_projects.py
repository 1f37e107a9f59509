"""Projects, cases, predictions, verdicts that nobody changes, drafts."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_MOMENT = sa.DateTime(timezone=True)
_REFUSAL = "a verdict is never changed or deleted"

_SQLITE = [
    *(
        f"CREATE TRIGGER verdicts_no_{what} BEFORE {what} ON verdicts "
        f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
        for what in ("update", "delete")
    ),
    # INSERT OR REPLACE deletes without asking the trigger above.
    f"""CREATE TRIGGER verdicts_no_replace BEFORE INSERT ON verdicts
    WHEN EXISTS (
        SELECT 1 FROM verdicts WHERE id = NEW.id
        OR (case_id = NEW.case_id AND reader = NEW.reader AND "key" = NEW."key")
    )
    BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END""",
]
_POSTGRESQL = [
    f"""CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$""",
    "CREATE TRIGGER verdicts_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON verdicts "
    "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
]


def upgrade() -> None:
    op.create_table(
        "projects",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("folder", sa.Text, nullable=False, unique=True),
        sa.Column("sources", sa.JSON, nullable=False),
        sa.Column("weights", sa.JSON, nullable=False),
        sa.Column("created", _MOMENT, nullable=False),
        sa.Column("deleted", _MOMENT),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("problem", sa.Text),
        sa.Column("notes", sa.JSON, nullable=False),
    )
    op.create_index(
        "one_name", "projects", ["owner", "name"], unique=True,
        sqlite_where=sa.text("deleted IS NULL"), postgresql_where=sa.text("deleted IS NULL"),
    )  # fmt: skip
    op.create_table(
        "cases",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("project_id", sa.Integer, sa.ForeignKey("projects.id"), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("dataset", sa.Text, nullable=False),
        sa.Column("case", sa.Text, nullable=False),
        sa.Column("group", sa.Text, nullable=False),
        sa.Column("label", sa.Text),
        sa.Column("modality", sa.Text, nullable=False),
        sa.Column("findings", sa.Text, nullable=False),
        sa.Column("file", sa.JSON, nullable=False),
        sa.Column("truth_files", sa.JSON, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("depth", sa.Integer, nullable=False),
        sa.Column("window", sa.JSON, nullable=False),
        sa.Column("spacing", sa.JSON, nullable=False),
        sa.Column("notes", sa.JSON, nullable=False),
        sa.Column("problem", sa.Text),
        sa.Column("truth_file", sa.Text),
        sa.Column("truth_px", sa.Integer),
        sa.Column("thumbnail_file", sa.Text),
        sa.Column("twin", sa.Integer),
        sa.Column("twin_dice", sa.Float),
        sa.Column("verdict_id", sa.Integer),
        sa.Column("latest_id", sa.Integer),
        sa.Column("decision", sa.Text),
        sa.Column("reader", sa.Text),
        sa.Column("read_at", _MOMENT),
        sa.UniqueConstraint("project_id", "dataset", "case", name="known_case"),
    )
    op.create_index("in_order", "cases", ["project_id", "position"], unique=True)
    op.create_table(
        "predictions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("project_id", sa.Integer, sa.ForeignKey("projects.id"), nullable=False),
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), nullable=False),
        sa.Column("made", _MOMENT, nullable=False),
        sa.Column("revision", sa.Text, nullable=False),
        sa.Column("how", sa.Text, nullable=False),
        sa.Column("presence", sa.Float),
        sa.Column("threshold", sa.Float, nullable=False),
        sa.Column("gate", sa.Float),
        sa.Column("min_lesion_px", sa.Integer, nullable=False),
        sa.Column("painted_px", sa.Integer, nullable=False),
        sa.Column("dice", sa.Float),
        sa.Column("iou", sa.Float),
        sa.Column("hd95_px", sa.Float),
        sa.Column("carried_dice", sa.Float),
        sa.Column("uncertainty", sa.Float),
        sa.Column("suspicion", sa.Float),
        sa.Column("map_file", sa.Text, nullable=False),
        sa.Column("mask_file", sa.Text, nullable=False),
        sa.UniqueConstraint("case_id", "revision", name="one_prediction"),
    )
    op.create_index("by_revision", "predictions", ["project_id", "revision"])
    op.create_table(
        "verdicts",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("project_id", sa.Integer, sa.ForeignKey("projects.id"), nullable=False),
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), nullable=False),
        sa.Column("reader", sa.Text, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("decision", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("mask_file", sa.Text),
        sa.Column("painted_px", sa.Integer),
        sa.Column("label", sa.Text),
        sa.Column("difficulty", sa.Integer),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("prediction_id", sa.Integer, sa.ForeignKey("predictions.id")),
        sa.Column("revision", sa.Text),
        sa.Column("beginning", sa.Text),
        sa.Column("threshold", sa.Float),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("after", sa.Integer, sa.ForeignKey("verdicts.id")),
        sa.Column("undoes", sa.Integer, sa.ForeignKey("verdicts.id")),
        sa.UniqueConstraint("case_id", "reader", "key", name="one_key"),
    )
    op.create_table(
        "drafts",
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), primary_key=True),
        sa.Column("reader", sa.Text, primary_key=True),
        sa.Column("project_id", sa.Integer, sa.ForeignKey("projects.id"), nullable=False),
        sa.Column("mask_file", sa.Text, nullable=False),
        sa.Column("beginning", sa.Text),
        sa.Column("threshold", sa.Float),
        sa.Column("after", sa.Integer),
        sa.Column("changed", _MOMENT, nullable=False),
        sa.Column("strokes", sa.Integer, nullable=False),
    )
    op.create_index("drafts_of", "drafts", ["project_id"])
    for trigger in _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRESQL:
        op.execute(trigger)
