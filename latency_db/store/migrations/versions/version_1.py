"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "devices",
        sa.Column("id", _ID, primary_key=True, autoincrement=False),
        sa.Column("device", sa.Text, nullable=False),
        sa.Column("soc", sa.Text, nullable=False),
        sa.UniqueConstraint("device", "soc", name="one_row_a_device"),
    )
    op.create_table(
        "subjects",
        sa.Column("id", _ID, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.UniqueConstraint("key", "kind", name="one_row_a_subject"),
    )
    op.create_table(
        "sources",
        sa.Column("id", _ID, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("licence", sa.Text, nullable=False),
        sa.UniqueConstraint("reference", "kind", "licence", name="one_row_a_source"),
    )
    op.create_table(
        "measurements",
        sa.Column("id", _ID, primary_key=True, autoincrement=False),
        sa.Column("device_id", _ID, sa.ForeignKey("devices.id"), nullable=False),
        sa.Column("subject_id", _ID, sa.ForeignKey("subjects.id"), nullable=False),
        sa.Column("source_id", _ID, sa.ForeignKey("sources.id"), nullable=False),
        sa.Column("runtime", sa.Text),
        sa.Column("unit", sa.Text),
        sa.Column("precision", sa.Text),
        sa.Column("runtime_version", sa.Text, nullable=False),
        sa.Column("delegate", sa.Text, nullable=False),
        sa.Column("os", sa.Text, nullable=False),
        sa.Column("threads", sa.Integer),
        sa.Column("cores", sa.Text, nullable=False),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("p50", sa.Double),
        sa.Column("p90", sa.Double),
        sa.Column("p99", sa.Double),
        sa.Column("mean", sa.Double),
        sa.Column("std", sa.Double),
        sa.Column("figure", sa.Double),
        sa.Column("n", sa.Integer),
        sa.Column("warmup", sa.Integer),
        sa.Column("thermal", sa.Text),
        sa.Column("quality", sa.Text),
        sa.Column("measured_at", _MOMENT),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("added_at", _MOMENT, nullable=False),
        sa.Column("corrects", _ID, sa.ForeignKey("measurements.id")),
    )
    op.create_index("subjects_by_name", "subjects", ["name"])
    op.create_index("measurements_by_device", "measurements", ["device_id", "subject_id"])
    op.create_index("measurements_by_subject", "measurements", ["subject_id"])
    op.create_index(
        "one_correction_a_row",
        "measurements",
        ["corrects"],
        unique=True,
        sqlite_where=sa.text("corrects IS NOT NULL"),
        postgresql_where=sa.text("corrects IS NOT NULL"),
    )
