"""Life cycle of process definitions: drafts, and what each deployed version rests on."""

# pre-deployment: runs before the new code starts; the old code works on the new schema too.

revision = "0005_lifecycle"
down_revision = "0004_jobs"
branch_labels = None
depends_on = None


def upgrade() -> None: ...


def downgrade() -> None: ...
