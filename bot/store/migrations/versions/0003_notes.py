"""what people tell a run while it goes on"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from bot.store.tables import Utc

revision: str = "0003"
down_revision: str | Sequence[str] | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "notes",
        sa.Column("run_id", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=96), nullable=False),
        sa.Column("order", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "id", name=op.f("pk_notes")),
    )


def downgrade() -> None:
    op.drop_table("notes")
