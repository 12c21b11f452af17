"""One room for drafts, of processes and of rules; trials of a rule on past cases; what hits turned out to be."""

# with the new code: tables of drafts get other names, so the old code must have stopped.

from pathlib import Path
from typing import Any

from alembic import op

revision = "0009_rule_drafts"
down_revision = "0008_rules"
branch_labels = None
depends_on = None

SQL = Path(__file__).resolve().parents[1] / "sql"


def upgrade() -> None:
    run_script("0009_drafts")
    run_script("0009_workbench")


def downgrade() -> None:
    run_script("0009_down")


def run_script(name: str) -> None:
    """Several statements at once, with percent signs and colons left alone: the bare driver does that."""
    driver: Any = op.get_bind().connection.driver_connection
    driver.execute((SQL / f"{name}.sql").read_text(encoding="utf-8"))
