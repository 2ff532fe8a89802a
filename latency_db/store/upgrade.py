"""Brings a database up to this version of the tables, whoever else is opening it at the same moment."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, inspect, text

from latency_db.store.connection import writing
from latency_db.store.errors import StoreError
from latency_db.store.schema import VERSION, VERSION_TABLE, metadata


def upgrade(engine: Engine) -> None:
    """Apply the migrations that a database lacks, all or none of them.

    Raises `StoreError` for one that is newer than this code, or whose tables are of something else.
    """
    with engine.connect() as connection:
        if _version(connection) == VERSION:
            return
    with writing(engine) as connection:
        found = _version(connection)  # again: another process may have been quicker
        if found is None and (others := metadata.tables.keys() & set(inspect(connection).get_table_names())):
            raise StoreError(
                f"{_place(engine)} has tables of something else ({', '.join(sorted(others))}): "
                "pass a database of its own as --db URL."
            )
        if found is not None and found > VERSION:
            raise StoreError(
                f"{_place(engine)} is of version {found}, made by a newer vitexport than this, which knows {VERSION}: "
                "upgrade it, or pass another database as --db URL."
            )
        if found != VERSION:
            _migrate(connection)


def _version(connection: Connection) -> int | None:
    """Of a database's tables; None where it has none of ours."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    return int(connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar_one())


def _migrate(connection: Connection) -> None:
    from alembic import command  # takes as long to import as SQLAlchemy, and most databases need none
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", "latency_db.store:migrations")
    command.upgrade(config, "head")


def _place(engine: Engine) -> str:
    return f"The latency database {engine.url.render_as_string(hide_password=True)}"
