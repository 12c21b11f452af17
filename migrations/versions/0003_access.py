"""What each database role may do, and row-level security by region."""

# pre-deployment: runs before the new code starts; the old code works on the new schema too.

from pathlib import Path
from typing import Any

from alembic import op

revision = "0003_access"
down_revision = "0002_fence"
branch_labels = None
depends_on = None

SQL = Path(__file__).resolve().parents[1] / "sql"
PARTS = ("0003_roles", "0003_application", "0003_auditor", "0003_regions")


def upgrade() -> None:
    for part in PARTS:
        run_script(part)


def downgrade() -> None:
    """The roles stay: they belong to the whole server."""
    run_script("0003_down")


def run_script(name: str) -> None:
    """Several statements at once, with percent signs and colons left alone: the bare driver does that."""
    driver: Any = op.get_bind().connection.driver_connection
    driver.execute((SQL / f"{name}.sql").read_text(encoding="utf-8"))
