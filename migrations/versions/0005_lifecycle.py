"""Life cycle of process definitions: drafts, and what each deployed version rests on."""

# pre-deployment: runs before the new code starts; the old code works on the new schema too.

from pathlib import Path
from typing import Any

from alembic import op

revision = "0005_lifecycle"
down_revision = "0004_jobs"
branch_labels = None
depends_on = None

SQL = Path(__file__).resolve().parents[1] / "sql"
PARTS = ("0005_tables", "0005_fence", "0005_access")


def upgrade() -> None:
    for part in PARTS:
        run_script(part)


def downgrade() -> None:
    run_script("0005_down")


def run_script(name: str) -> None:
    """Several statements at once, with percent signs and colons left alone: the bare driver does that."""
    driver: Any = op.get_bind().connection.driver_connection
    driver.execute((SQL / f"{name}.sql").read_text(encoding="utf-8"))
