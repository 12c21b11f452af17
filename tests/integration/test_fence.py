"""Raw SQL under the application's role: every way round the fence is refused, its lawful twin goes through."""

import json
from collections.abc import Callable, Iterator

import psycopg
import pytest

from tests import fence_acts as acts
from tests.databases import CopiedDatabase
from tests.fence_acts import (
    Scene,
    case_update,
    in_transaction,
    lawful_decision,
    make_scene,
    own_act,
    statement,
    void,
)
from tests.fence_world import World, decide, world_of

RIGHTS = "42501"
APPEND_ONLY = "SD020"


@pytest.fixture(scope="module")
def world(database: CopiedDatabase) -> Iterator[World]:
    with world_of(database) as made:
        yield made


@pytest.fixture
def scene(world: World) -> Scene:
    return make_scene(world)


LEDGERS = [
    "performance",
    "signature",
    "case_risk",
    "case_decision",
    "duty_decision",
    "audit_event",
    "post_grant",
    "conflict_set",
    "conflict_member",
    "post_exclusion",
    "sod_binding",
    "post_hold",
]
NEW_SET = (
    "INSERT INTO conflict_set (set_id, version, key, scope, maximum, severity, risk_classes, title_zh, title_en,"
    " ground, active_from) SELECT set_id, 99, key, 'case', 9, severity, risk_classes, title_zh, title_en, ground,"
    " active_from FROM conflict_set WHERE set_id = 1"
)
BINDING = "INSERT INTO sod_binding VALUES (1, {case}, {a}, 2, 'recheck', 2, 1)"
LAWFUL_READ = statement("SELECT count(*) FROM performance")
# (what is tried, how, SQLSTATE of the refusal, the lawful twin)
BYPASSES: list[tuple[str, Callable[[Scene], None], str, Callable[[Scene], None]]] = [
    ("two signatures of one person", acts.two_signatures_of_one_person, "SD010", acts.two_people_at_normal_risk),
    ("wrong hash", lambda s: void(decide(s.app, s.case, s.signatures, content=b"x" * 32)), "SD010", lawful_decision),
    ("no recheck at high", lambda s: void(decide(s.app, s.case, s.signatures[::2])), "SD010", lawful_decision),
    ("signature twice", lambda s: void(decide(s.app, s.case, [s.signatures[0]] * 3)), "SD010", lawful_decision),
    ("no signature", lambda s: void(decide(s.app, s.case, [])), "SD010", lawful_decision),
    ("unsorted", lambda s: void(decide(s.app, s.case, s.signatures[::-1])), "SD010", lawful_decision),
    ("surplus", lambda s: void(decide(s.app, s.case, [*s.signatures, 0])), "SD010", lawful_decision),
    ("unknown signature", lambda s: void(decide(s.app, s.case, [0, *s.signatures[1:]])), "SD010", lawful_decision),
    ("foreign case's signature", acts.foreign_signature, "SD010", lawful_decision),
    ("superseded signature", acts.superseded_signature, "SD010", acts.signed_again_after_a_return),
    ("order broken by a new signature", acts.stale_order, "SD010", acts.signed_again_after_a_return),
    ("routed without risk review", acts.routed_without_risk_review, "SD010", acts.routed_with_four_people),
    ("old risk", acts.decide_at_the_old_risk, "SD010", lawful_decision),
    ("risk lowered alone", acts.lower_risk_alone, "SD004", acts.lower_risk_together),
    ("risk lowered unsigned", acts.lower_risk_unsigned, "SD004", acts.lower_risk_together),
    ("somebody else's account", acts.with_somebody_elses_account, "23503", own_act),
    ("machine account", acts.with_a_machine_account, "SD002", own_act),
    ("locked account", acts.with_a_locked_account, "SD002", own_act),
    ("second account", acts.with_the_second_account, "SD001", acts.same_duty_with_the_second_account),
    ("substitute of a reviewer", acts.on_behalf_of_a_reviewer, "SD001", acts.on_behalf_of_a_stranger),
    ("denied decision", acts.against_a_denied_decision, "SD002", own_act),
    ("opening only", acts.opened_only, "SD001", acts.opened_by_another),
    ("unknown risk class", acts.bound_for_unknown_risk, "SD001", own_act),
    ("signing what was opened", acts.sign_what_was_only_opened, "23503", acts.sign_what_was_performed),
    ("signing with another's act", acts.sign_with_anothers_performance, "23503", acts.sign_what_was_performed),
    ("signing out of sequence", acts.sign_out_of_sequence, "SD006", acts.sign_what_was_performed),
    ("signing after the decision", acts.sign_after_the_decision, "SD007", acts.sign_the_next_subject),
    ("a party acts", acts.party_of_the_case, "SD003", acts.not_a_party),
    ("old snapshot", acts.under_an_old_snapshot, "SD005", lawful_decision),
    ("temporary tables", acts.temporary_tables_in_the_way, "SD001", own_act),
    ("document of another case", acts.document_of_another_case, "SD011", acts.document_of_its_case),
    ("moving the case to another chain", case_update("chain_id", "1"), "SD022", LAWFUL_READ),
    ("changing its role", case_update("case_role", "'redo'"), "SD022", case_update("track", "'simple'")),
    ("changing its process", case_update("process_key", "'other'"), RIGHTS, case_update("outcome", "'x'")),
    ("binding by hand", statement(BINDING), RIGHTS, statement("SELECT * FROM sod_binding LIMIT 1")),
    ("holding by hand", statement("INSERT INTO post_hold (grant_id) VALUES (1)"), RIGHTS, LAWFUL_READ),
    ("new conflict set", statement(NEW_SET), "SD014", statement("SELECT * FROM conflict_set")),
    ("new member", statement("INSERT INTO conflict_member VALUES (1, 1, 'x', 'x')"), "SD014", LAWFUL_READ),
    ("person of an account", statement("UPDATE account SET person_id = {a} WHERE id = {account}"), RIGHTS,
     statement("UPDATE account SET locale = 'en' WHERE id = {account}")),
    ("login of an account", statement("UPDATE account SET login = 'x' WHERE id = {account}"), RIGHTS, LAWFUL_READ),
    ("ID of a person", statement("UPDATE person SET id_number_index = 'x' WHERE id = {a}"), RIGHTS,
     statement("UPDATE person SET pinyin = 'x' WHERE id = {a}")),
    ("disable a trigger", statement("ALTER TABLE performance DISABLE TRIGGER performance_bind"), RIGHTS, LAWFUL_READ),
    ("disable all triggers", statement("ALTER TABLE performance DISABLE TRIGGER ALL"), RIGHTS, LAWFUL_READ),
    ("drop a trigger", statement("DROP TRIGGER performance_bind ON performance"), RIGHTS, LAWFUL_READ),
    ("replace a function", statement(
        "CREATE OR REPLACE FUNCTION public.fence_performance_bind() RETURNS trigger LANGUAGE plpgsql"
        " AS 'BEGIN RETURN NULL; END'"), RIGHTS, LAWFUL_READ),
    ("function of the caller's own", statement(
        "CREATE FUNCTION public.fence_current_risk(text) RETURNS text LANGUAGE sql AS 'SELECT 1'"), RIGHTS,
     LAWFUL_READ),
    ("call the fence", statement("SELECT public.fence_rebind(ARRAY[1])"), RIGHTS, LAWFUL_READ),
    ("drop a constraint", statement("ALTER TABLE sod_binding DROP CONSTRAINT pk_sod_binding"), RIGHTS, LAWFUL_READ),
    ("a trigger of one's own", statement(
        "CREATE TRIGGER a BEFORE INSERT ON performance FOR EACH ROW EXECUTE FUNCTION fence_append_only()"),
     RIGHTS, LAWFUL_READ),
    ("become the owner", statement("SET ROLE sanshen_owner"), RIGHTS, statement("SET ROLE sanshen_app")),
    ("replica mode", statement("SET session_replication_role = replica"), RIGHTS, LAWFUL_READ),
    ("table in public", statement("CREATE TABLE public.t (i int)"), RIGHTS, LAWFUL_READ),
    ("new schema", statement("CREATE SCHEMA s"), RIGHTS, LAWFUL_READ),
    ("defer constraints", in_transaction("SET CONSTRAINTS ALL DEFERRED",
        "INSERT INTO signature (case_id, subject, seq, duty, person_id, performance_id, content_hash, verdict, at)"
        " VALUES ({case}, 'draft', 4, 'recheck', {a}, {performance}, 'h', 'agree', now())"), "23503", LAWFUL_READ),
    ("overriding the number", statement(
        "INSERT INTO case_risk (id, case_id, risk, reason, at) VALUES (999999, {case}, 'high', '', now())"), "428C9",
     statement("INSERT INTO case_risk (case_id, risk, reason, at) VALUES ({case}, 'high', '', now())")),
    *[(f"delete from {t}", statement(f"DELETE FROM {t}"), RIGHTS, statement(f"SELECT * FROM {t} LIMIT 1"))
      for t in LEDGERS],
    *[(f"truncate {t}", statement(f"TRUNCATE {t} CASCADE"), RIGHTS, LAWFUL_READ) for t in LEDGERS],
]  # fmt: skip
UPDATES = [
    ("performance", "duty = 'serve'"), ("signature", "verdict = 'agree'"), ("case_risk", "risk = 'normal'"),
    ("case_decision", "outcome = 'x'"), ("duty_decision", "verdict = 'allow'"), ("audit_event", "payload = ''"),
    ("post_grant", "valid_to = NULL"), ("conflict_set", "maximum = 9"), ("sod_binding", "member = 'x'"),
    ("post_hold", "period = 'empty'"),
]  # fmt: skip
BYPASSES += [(f"update {t}", statement(f"UPDATE {t} SET {what}"), RIGHTS, LAWFUL_READ) for t, what in UPDATES]


@pytest.mark.parametrize(("unlawful", "sqlstate"), [pytest.param(b[1], b[2], id=b[0]) for b in BYPASSES])
def test_bypass_is_refused(scene: Scene, unlawful: Callable[[Scene], None], sqlstate: str) -> None:
    with pytest.raises(psycopg.Error) as refused:
        unlawful(scene)
    assert refused.value.sqlstate == sqlstate, refused.value


@pytest.mark.parametrize("lawful", [pytest.param(b[3], id=b[0]) for b in BYPASSES if b[3] is not LAWFUL_READ])
def test_lawful_twin_goes_through(scene: Scene, lawful: Callable[[Scene], None]) -> None:
    lawful(scene)


def test_refused_decision_names_every_problem(scene: Scene) -> None:
    surplus = [scene.signatures[0], scene.signatures[2], scene.signatures[2]]
    with pytest.raises(psycopg.Error) as refused:
        decide(scene.app, scene.case, surplus)
    detail = json.loads(refused.value.diag.message_detail or "")
    assert (detail["case_id"], detail["subject"], detail["risk"]) == (scene.case, "draft", "high")
    assert detail["required"] == ["initial_review", "recheck", "final_review"]
    assert detail["problems"] == [
        {"problem": "wrong_duty", "duty": "recheck", "signature_id": scene.signatures[2]},
        {"problem": "order"},
    ]


@pytest.mark.parametrize("table", [t for t in LEDGERS if t not in ("post_hold", "audit_event", "post_grant")])
@pytest.mark.parametrize("verb", ["DELETE FROM", "TRUNCATE"])
def test_even_the_owner_only_adds_to_a_ledger(scene: Scene, table: str, verb: str) -> None:
    lawful_decision(scene)
    with pytest.raises(psycopg.Error) as refused:
        scene.world.owner.execute(f"{verb} {table}" + (" CASCADE" if verb == "TRUNCATE" else ""))
    assert refused.value.sqlstate == APPEND_ONLY


def test_owner_cannot_give_an_account_to_another_person(scene: Scene) -> None:
    with pytest.raises(psycopg.Error) as refused:
        scene.world.owner.execute(
            "UPDATE account SET person_id = %s WHERE id = %s",
            (scene.b.person, scene.world.account(scene.d.person)),
        )
    assert refused.value.sqlstate == "SD021"
