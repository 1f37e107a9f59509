"""A draft knows the weights whose prediction it began with: others may have predicted before it is a verdict."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("drafts", sa.Column("revision", sa.Text))
