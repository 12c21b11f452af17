"""Who sits on the panel of a case, as `decide` reads it."""

from pathlib import Path
from typing import Any

from alembic import op

revision = "0019_panel"
down_revision = "0018_computed_reports"
branch_labels = None
depends_on = None

SQL = Path(__file__).resolve().parents[1] / "sql"


def upgrade() -> None:
    run_script("0019_panel")


def downgrade() -> None:
    run_script("0019_down")


def run_script(name: str) -> None:
    """Several statements at once, with percent signs and colons left alone: the bare driver does that."""
    driver: Any = op.get_bind().connection.driver_connection
    driver.execute((SQL / f"{name}.sql").read_text(encoding="utf-8"))
