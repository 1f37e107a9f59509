"""A prediction out of fold knows the revisions that it stands in for: each has folds of its own."""

from collections import defaultdict

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column(
        "predictions", sa.Column("stands_for", sa.JSON, nullable=False, server_default="[]")
    )
    _fill()


def _fill() -> None:
    """Of an old one it is known where the project has one revision of that modality that can have seen all that the
    fold predicted."""
    bind = op.get_bind()
    predictions = sa.table(
        "predictions", *map(sa.column, ("project_id", "case_id", "revision", "how")),
        sa.column("stands_for", sa.JSON),
    )  # fmt: skip
    cases = sa.table("cases", sa.column("id"), sa.column("modality"))
    made = predictions.c
    asked = sa.select(made.project_id, cases.c.modality, made.revision, made.how, made.case_id)
    weights, unseen, folds = defaultdict(set), defaultdict(set), defaultdict(set)
    for row in bind.execute(asked.join(cases, cases.c.id == made.case_id)):
        where = row.project_id, row.modality
        if row.how == "out-of-fold":
            folds[where, row.revision].add(row.case_id)
            continue
        weights[where].add(row.revision)
        if row.how == "unseen":
            unseen[where, row.revision].add(row.case_id)
    for (where, fold), held_out in folds.items():
        of = [one for one in weights[where] if not unseen[where, one] & held_out]
        if len(of) == 1:
            mine = made.project_id == where[0], made.revision == fold, made.how == "out-of-fold"
            bind.execute(predictions.update().where(*mine).values(stands_for=of))
