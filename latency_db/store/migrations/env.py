"""What Alembic runs around the migrations: they get the transaction of `latency_db.store.upgrade`."""

from alembic import context

from latency_db.store.schema import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"], version_table=VERSION_TABLE, transactional_ddl=True
)
context.run_migrations()
