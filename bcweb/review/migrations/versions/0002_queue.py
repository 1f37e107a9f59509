"""What the queue shows is kept beside the case, so that it is one query of one table."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

# Of the verdict that stands, and of the newest prediction.
_FILL = """
UPDATE cases SET
    seconds = (SELECT seconds FROM verdicts WHERE verdicts.id = cases.verdict_id),
    label_now = COALESCE((SELECT label FROM verdicts WHERE verdicts.id = cases.verdict_id), label),
    prediction_id = (SELECT max(id) FROM predictions WHERE case_id = cases.id)
"""
_SCORES = """
UPDATE cases SET
    (how, score, presence, uncertainty, suspicion) = (
        SELECT how, CASE WHEN how = 'seen' THEN carried_dice ELSE dice END,
            presence, uncertainty, suspicion
        FROM predictions WHERE predictions.id = cases.prediction_id
    )
"""


def upgrade() -> None:
    for column in (
        sa.Column("seconds", sa.Float),
        sa.Column("label_now", sa.Text),
        sa.Column("prediction_id", sa.Integer),
        sa.Column("how", sa.Text),
        sa.Column("score", sa.Float),
        sa.Column("presence", sa.Float),
        sa.Column("uncertainty", sa.Float),
        sa.Column("suspicion", sa.Float),
        sa.Column("search", sa.Text, nullable=False, server_default=""),
    ):
        op.add_column("cases", column)
    op.execute(_FILL)
    op.execute(_SCORES)
    _fill_search()
    op.create_index("decisions", "cases", ["project_id", "decision", "label_now"])
    op.create_index("times", "cases", ["project_id", "seconds"])
    op.create_index("predicted", "cases", ["project_id", "prediction_id"])


def _fill_search() -> None:
    """In Python: SQLite folds no letters but ASCII."""
    bind = op.get_bind()
    names = ("id", "dataset", "case", "group", "label", "findings", "search")
    cases = sa.table("cases", *(sa.column(name) for name in names))
    rows = bind.execute(sa.select(*(cases.c[name] for name in names[:-1]))).all()
    for row in rows:
        words = " ".join(filter(None, row[1:])).casefold()
        bind.execute(cases.update().where(cases.c.id == row.id).values(search=words))
