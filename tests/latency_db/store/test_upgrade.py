"""Opening a database makes its tables, once, and refuses what this version cannot know."""

from datetime import UTC, datetime

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from latency_db import store
from latency_db.store.connection import engine_of, insert_rows
from latency_db.store.location import location
from latency_db.store.rows import rows_of
from latency_db.store.schema import VERSION, VERSION_TABLE, measurements, metadata
from tests.latency_db.samples import FULL


@pytest.fixture
def engine(url):
    engine = engine_of(location(url))
    yield engine
    engine.dispose()


def test_the_migrations_make_the_tables_that_the_code_knows(url, engine):
    store.open(url).close()
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, metadata) == []


def test_the_newest_migration_is_of_the_version_that_the_code_knows():
    config = Config()
    config.set_main_option("script_location", "latency_db.store:migrations")
    assert ScriptDirectory.from_config(config).get_current_head() == str(VERSION)


def test_what_a_database_of_the_first_version_has_is_there_after_it_was_brought_up_to_date(url, engine):
    store.open(url).close()
    with engine.begin() as connection:
        for table in ("posts", "manifests", "tokens"):
            connection.execute(text(f"DROP TABLE {table}"))
        for index in ("measurements_of_device", "measurements_by_subject"):
            connection.execute(text(f"DROP INDEX {index}"))
        connection.execute(text("CREATE INDEX measurements_by_subject ON measurements (subject_id)"))
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '1'"))
        rows = rows_of(connection, [FULL], datetime.now(UTC))
        insert_rows(connection, measurements, rows)
    with store.open(url) as opened:
        assert [record.measurement for record in opened.measurements()] == [FULL]
        assert opened.tokens.holder(opened.tokens.add("tests")) == "tests"


def test_a_database_of_a_newer_version_is_refused(url, engine):
    store.open(url).close()
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '{VERSION + 1}'"))
    with pytest.raises(store.StoreError, match=f"is of version {VERSION + 1}, made by a newer vitexport"):
        store.open(url)


def test_tables_of_something_else_are_left_alone(url, engine):
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE devices (serial TEXT)"))
    with pytest.raises(store.StoreError, match=r"has tables of something else \(devices\)"):
        store.open(url)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT serial FROM devices")).all() == []


def test_other_tables_in_a_database_do_not_disturb(url, engine):
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE recipes (name TEXT)"))
    with store.open(url) as opened:
        assert opened.add([FULL]) == [1]
