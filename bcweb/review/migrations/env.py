"""Runs the revisions in versions/ within the transaction of `bcweb.review.database.upgrade`."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    transactional_ddl=True,  # SQLite too, since its transaction is begun by us: all of it or nothing
)
with context.begin_transaction():
    context.run_migrations()
