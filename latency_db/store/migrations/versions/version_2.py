"""What the service needs: who may post, what was posted, of which manifests, and a device's newest rows."""

import sqlalchemy as sa
from alembic import op

revision = "2"
down_revision = "1"

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "tokens",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("sha256", sa.Text, nullable=False, unique=True),
        sa.Column("added_at", _MOMENT, nullable=False),
        sa.Column("revoked_at", _MOMENT),
    )
    op.create_table(
        "posts",
        sa.Column("sha256", sa.Text, primary_key=True),
        sa.Column("token", sa.Text, sa.ForeignKey("tokens.name"), nullable=False),
        sa.Column("first_id", _ID, sa.ForeignKey("measurements.id"), nullable=False),
        sa.Column("last_id", _ID, sa.ForeignKey("measurements.id"), nullable=False),
        sa.Column("added_at", _MOMENT, nullable=False),
    )
    op.create_table(
        "manifests",
        sa.Column("sha256", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("token", sa.Text, sa.ForeignKey("tokens.name"), nullable=False),
        sa.Column("added_at", _MOMENT, nullable=False),
    )
    op.create_index("measurements_of_device", "measurements", ["device_id", "id"])
