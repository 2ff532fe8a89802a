"""The tables, as the newest migration leaves them.

Devices, subjects and sources have a row each, which measurements name; no measurement is ever changed or removed. What
a column means is said beside the field of `latency_db.measurement` that it holds. The last three tables are the
service's: who may post, what was posted, and the manifests that it is of.
"""

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

VERSION = 3
"""Of the tables and of the words in them: older code would not know a new word. The newest migration is of this."""

VERSION_TABLE = "latency_db_version"
"""Where Alembic writes the version"""

metadata = MetaData()


class Moment(TypeDecorator[datetime]):
    """A time in UTC; SQLite forgets zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


_Id = BigInteger().with_variant(Integer, "sqlite")
"""SQLite finds rows fastest by an INTEGER, which has 64 bits there."""

devices = Table(
    "devices",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=False),
    Column("device", Text, nullable=False),
    Column("soc", Text, nullable=False),
    UniqueConstraint("device", "soc", name="one_row_a_device"),
)

subjects = Table(
    "subjects",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("name", Text, nullable=False),
    UniqueConstraint("key", "kind", name="one_row_a_subject"),
    Index("subjects_by_name", "name"),
)

sources = Table(
    "sources",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("licence", Text, nullable=False),
    UniqueConstraint("reference", "kind", "licence", name="one_row_a_source"),
)

_FILTERED = ("id", "runtime", "unit", "precision", "quality", "source_id")
"""What pages are filtered by: rows that do not agree are passed over in the index."""

measurements = Table(
    "measurements",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=False),
    Column("device_id", _Id, ForeignKey(devices.c.id), nullable=False),
    Column("subject_id", _Id, ForeignKey(subjects.c.id), nullable=False),
    Column("source_id", _Id, ForeignKey(sources.c.id), nullable=False),
    # Conditions
    Column("runtime", Text),
    Column("unit", Text),
    Column("precision", Text),
    Column("runtime_version", Text, nullable=False),
    Column("delegate", Text, nullable=False),
    Column("os", Text, nullable=False),
    Column("threads", Integer),
    Column("cores", Text, nullable=False),
    Column("method", Text, nullable=False),
    # Latency
    Column("p50", Double),
    Column("p90", Double),
    Column("p99", Double),
    Column("mean", Double),
    Column("std", Double),
    Column("figure", Double),
    Column("n", Integer),
    Column("warmup", Integer),
    # What else there is to know
    Column("thermal", Text),
    Column("quality", Text),
    Column("measured_at", Moment),
    Column("note", Text, nullable=False),
    Column("added_at", Moment, nullable=False),
    Column("corrects", _Id, ForeignKey("measurements.id")),
    Index("measurements_by_device", "device_id", "subject_id"),
    Index("measurements_by_subject", "subject_id", *_FILTERED),
    Index("measurements_of_device", "device_id", *_FILTERED),
)

tokens = Table(
    "tokens",
    metadata,
    Column("name", Text, primary_key=True),
    Column("sha256", Text, nullable=False, unique=True),
    Column("added_at", Moment, nullable=False),
    Column("revoked_at", Moment),
)
"""The token itself is nowhere."""

posts = Table(
    "posts",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("token", Text, ForeignKey(tokens.c.name), nullable=False),
    Column("first_id", _Id, ForeignKey(measurements.c.id), nullable=False),
    Column("last_id", _Id, ForeignKey(measurements.c.id), nullable=False),
    Column("added_at", Moment, nullable=False),
)
"""Measurements of one post have ids without a gap."""

manifests = Table(
    "manifests",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("token", Text, ForeignKey(tokens.c.name), nullable=False),
    Column("added_at", Moment, nullable=False),
)

Index(
    "one_correction_a_row",
    measurements.c.corrects,
    unique=True,
    sqlite_where=measurements.c.corrects.is_not(None),
    postgresql_where=measurements.c.corrects.is_not(None),
)
