"""A prediction knows the part of its scan that the network looked at."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("predictions", sa.Column("looked_at", sa.JSON))
