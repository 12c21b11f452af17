"""Running cases under change: migrations, modifications, suspensions, incidents."""

# pre-deployment: runs before the new code starts; the old code works on the new schema too.

revision = "0006_running"
down_revision = "0005_lifecycle"
branch_labels = None
depends_on = None


def upgrade() -> None: ...


def downgrade() -> None: ...
