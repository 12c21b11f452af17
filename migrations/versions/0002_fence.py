"""The fence: functions and triggers that make conflicting duties impossible to commit."""

# pre-deployment: runs before the new code starts; the old code works on the new schema too.

from pathlib import Path
from typing import Any

from alembic import op

revision = "0002_fence"
down_revision = "0001_tables"
branch_labels = None
depends_on = None

SQL = Path(__file__).resolve().parents[1] / "sql"
PARTS = (
    "0002_common",
    "0002_changes",
    "0002_recusal",
    "0002_absences",
    "0002_binding",
    "0002_collisions",
    "0002_gate",
    "0002_posts",
    "0002_people",
    "0002_chains",
    "0002_views",
    "0002_triggers",
)


def upgrade() -> None:
    for part in PARTS:
        run_script(part)


def downgrade() -> None:
    run_script("0002_down")


def run_script(name: str) -> None:
    """Several statements at once, with percent signs and colons left alone: the bare driver does that."""
    driver: Any = op.get_bind().connection.driver_connection
    driver.execute((SQL / f"{name}.sql").read_text(encoding="utf-8"))
