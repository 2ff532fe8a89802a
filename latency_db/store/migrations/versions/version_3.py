"""Indices by which a page of filtered rows is found without a look at rows that are not on it."""

from alembic import op

revision = "3"
down_revision = "2"

_FILTERED = ["id", "runtime", "unit", "precision", "quality", "source_id"]


def upgrade() -> None:
    for name, column in (("measurements_by_subject", "subject_id"), ("measurements_of_device", "device_id")):
        op.drop_index(name, "measurements")
        op.create_index(name, "measurements", [column, *_FILTERED])
