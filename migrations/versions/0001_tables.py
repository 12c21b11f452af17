"""All tables of the kernel."""

# pre-deployment: runs before the new code starts; the old code works on the new schema too.

from pathlib import Path
from typing import Any

from alembic import op

revision = "0001_tables"
down_revision = None
branch_labels = None
depends_on = None

SQL = Path(__file__).resolve().parents[1] / "sql"
PARTS = ("0001_identity", "0001_posts", "0001_cases", "0001_ledger", "0001_duties")
# Later tables refer to earlier ones.
TABLES = [
    "region",
    "person",
    "account",
    "login_attempt",
    "web_session",
    "api_token",
    "idempotency_key",
    "post",
    "post_exclusion",
    "post_grant",
    "founding",
    "post_hold",
    "conflict_set",
    "conflict_member",
    "process_definition",
    "definition_file",
    "serial_counter",
    "case_chain",
    "case",
    "case_facts",
    "case_state",
    "case_party",
    "material",
    "rule_hit",
    "clock",
    "clock_suspension",
    "calendar_day",
    "calendar_year",
    "task",
    "task_claim",
    "notification",
    "duty_decision",
    "performance",
    "sod_binding",
    "signature",
    "case_risk",
    "case_decision",
    "document",
    "audit_event",
    "controlled_change",
    "person_alias",
    "identity_doubt",
    "chain_link",
    "case_transfer",
    "tenure_rule",
    "grant_request",
    "grant_step",
    "absence",
    "substitution",
    "substitution_request",
    "sod_tie",
    "performance_void",
    "person_interest",
    "recusal",
    "recusal_ruling",
    "sod_violation",
    "violation_case",
    "violation_ruling",
    "rule_override",
    "consultation",
]


def upgrade() -> None:
    for part in PARTS:
        run_script(part)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.execute(f'DROP TABLE "{table}" CASCADE')  # some refer to each other


def run_script(name: str) -> None:
    """Several statements at once, with percent signs and colons left alone: the bare driver does that."""
    driver: Any = op.get_bind().connection.driver_connection
    driver.execute((SQL / f"{name}.sql").read_text(encoding="utf-8"))
