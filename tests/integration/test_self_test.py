"""The start-up self-test: silent on an intact fence, and every breach is named."""

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from app.storage.fence import verify_fence
from tests.databases import CopiedDatabase


def findings(url: str) -> list[str]:
    with create_engine(url, poolclass=NullPool).connect() as connection:
        return verify_fence(connection)


def test_intact_fence_is_silent_for_every_role(database: CopiedDatabase) -> None:
    assert findings(database.app_url) == []
    assert findings(database.owner_url) == []
    assert findings(database.auditor_url) == []


BREACHES = [
    ("DROP TRIGGER performance_bind ON performance", "trigger performance.performance_bind"),
    ("ALTER TABLE performance DISABLE TRIGGER performance_bind", "trigger performance.performance_bind"),
    ("ALTER TABLE case_decision DISABLE TRIGGER USER", "trigger case_decision.case_decision_lawful"),
    ("ALTER TABLE sod_binding DROP CONSTRAINT pk_sod_binding", "constraint sod_binding.pk_sod_binding"),
    ("ALTER TABLE post_hold DROP CONSTRAINT post_hold_static_exclusion", "post_hold_static_exclusion"),
    ("DROP INDEX uq_task_claim_open", "unique-index uq_task_claim_open"),
    (
        "CREATE OR REPLACE FUNCTION fence_performance_bind() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER"
        " SET search_path = pg_catalog, public, pg_temp AS 'BEGIN RETURN NULL; END'",
        "function fence_performance_bind()",
    ),
    ("ALTER FUNCTION fence_decision_lawful() SECURITY INVOKER", "function fence_decision_lawful()"),
    ("ALTER FUNCTION fence_decision_lawful() RESET search_path", "function fence_decision_lawful()"),
    ("GRANT DELETE ON performance TO sanshen_app", "rights-sanshen_app performance"),
    ("GRANT UPDATE (maximum) ON sod_binding TO PUBLIC", "rights-sanshen_app sod_binding"),
    ("REVOKE INSERT ON audit_event FROM sanshen_app", "rights-sanshen_app audit_event"),
    ("GRANT SELECT ON account TO sanshen_auditor", "rights-sanshen_auditor account"),
    ("GRANT EXECUTE ON FUNCTION fence_rebind(integer[]) TO PUBLIC", "function fence_rebind(of_sets integer[])"),
    ("GRANT CREATE ON SCHEMA public TO sanshen_app", "role sanshen_app"),
    ("ALTER TABLE \"case\" DISABLE ROW LEVEL SECURITY", "table case"),
    ("ALTER TABLE performance ENABLE ROW LEVEL SECURITY", "table performance"),
    ("CREATE POLICY open ON task TO sanshen_app USING (true)", "policy task.open"),
    ("ALTER POLICY region_scope ON document USING (true)", "policy document.region_scope"),
]  # fmt: skip


@pytest.mark.parametrize(("breach", "named"), BREACHES, ids=[breach for breach, _ in BREACHES])
def test_breach_is_named(database: CopiedDatabase, breach: str, named: str) -> None:
    """The breach is made and looked at in one transaction, then undone."""
    engine = create_engine(database.owner_url, poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(breach))
        found = verify_fence(connection)
        connection.rollback()
    assert any(named in line for line in found), found
    assert findings(database.app_url) == []


@pytest.mark.parametrize(
    ("breach", "named"),
    [
        ("ALTER FUNCTION fence_decision_lawful() OWNER TO CURRENT_USER", "function fence_decision_lawful()"),
        ("ALTER TABLE performance OWNER TO CURRENT_USER", "table performance"),
    ],
)
def test_foreign_owner_is_named(fresh_database: CopiedDatabase, breach: str, named: str) -> None:
    with fresh_database.admin() as admin:
        admin.execute(breach)
    assert any(named in line for line in findings(fresh_database.app_url))
