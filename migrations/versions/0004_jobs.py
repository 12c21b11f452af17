"""The job queue (the library's own schema, in `jobs`) and the outbox."""

# pre-deployment: runs before the new code starts; the old code works on the new schema too.

from pathlib import Path
from typing import Any

from alembic import op

from app.storage.jobs import install_procrastinate_schema, remove_procrastinate_schema

revision = "0004_jobs"
down_revision = "0003_access"
branch_labels = None
depends_on = None

SQL = Path(__file__).resolve().parents[1] / "sql"


def upgrade() -> None:
    install_procrastinate_schema(op.get_bind())
    run_script("0004_outbox")


def downgrade() -> None:
    op.drop_table("outbox")
    remove_procrastinate_schema(op.get_bind())


def run_script(name: str) -> None:
    """Several statements at once, with percent signs and colons left alone: the bare driver does that."""
    driver: Any = op.get_bind().connection.driver_connection
    driver.execute((SQL / f"{name}.sql").read_text(encoding="utf-8"))
