"""Raw SQL under the application's role: every way round the fence is refused, its lawful twin goes through."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from tests.databases import CopiedDatabase
from tests.fence_world import HASH, Staff, World, act, connect, decide, first, put_signature, sign, world_of

RIGHTS = "42501"
APPEND_ONLY = "SD020"


@dataclass
class Scene:
    """A high-risk case with the agreeing signatures of its three reviewers; `d` has not acted."""

    world: World
    case: int
    a: Staff
    b: Staff
    c: Staff
    d: Staff
    signatures: list[int]

    @property
    def app(self) -> psycopg.Connection[Any]:
        return self.world.app

    def sql(self, statement: str, *values: Any) -> None:
        self.app.execute(statement, values)


@pytest.fixture(scope="module")
def world(database: CopiedDatabase) -> Iterator[World]:
    with world_of(database) as made:
        yield made


@pytest.fixture
def scene(world: World) -> Scene:
    return make_scene(world)


def make_scene(world: World) -> Scene:
    a, b, c, d = world.staff(4)
    case = world.case("high")
    duties = ("initial_review", "recheck", "final_review")
    signed = [
        sign(world.app, case, who, duty, seq)
        for seq, (who, duty) in enumerate(zip((a, b, c), duties, strict=True), start=1)
    ]
    return Scene(world, case, a, b, c, d, signed)


def lawful_decision(s: Scene) -> None:
    decide(s.app, s.case, s.signatures)


def two_signatures_of_one_person(s: Scene) -> None:
    """The fence refuses the second duty already; so the gate is asked with the bindings' trigger switched off."""
    case = s.world.case("normal")
    with s.world.owner.transaction():
        s.world.owner.execute("ALTER TABLE performance DISABLE TRIGGER performance_bind")
        signed = [sign(s.world.owner, case, s.a, duty, n) for n, duty in ((1, "initial_review"), (2, "final_review"))]
        s.world.owner.execute("ALTER TABLE performance ENABLE TRIGGER performance_bind")
    decide(s.app, case, signed, risk="normal")


def two_people_at_normal_risk(s: Scene) -> None:
    case = s.world.case("normal")
    signed = [sign(s.app, case, s.a, "initial_review", 1), sign(s.app, case, s.b, "final_review", 2)]
    decide(s.app, case, signed, risk="normal")


def foreign_signature(s: Scene) -> None:
    decide(s.app, s.case, [s.signatures[0], make_scene(s.world).signatures[1], s.signatures[2]])


def superseded_signature(s: Scene) -> None:
    sign(s.app, s.case, s.c, "final_review", 4, verdict="return")
    decide(s.app, s.case, s.signatures)


def signed_again_after_a_return(s: Scene) -> None:
    sign(s.app, s.case, s.c, "final_review", 4, verdict="return")
    again = [sign(s.app, s.case, who, duty, seq, content=b"2" * 32) for who, duty, seq in (
        (s.a, "initial_review", 5), (s.b, "recheck", 6), (s.c, "final_review", 7))]  # fmt: skip
    decide(s.app, s.case, again, content=b"2" * 32)


def stale_order(s: Scene) -> None:
    """The initial review was signed anew after the recheck."""
    first_again = sign(s.app, s.case, s.a, "initial_review", 4)
    decide(s.app, s.case, [first_again, *s.signatures[1:]])


def routed_without_risk_review(s: Scene) -> None:
    s.world.risk(s.app, s.case, "routed")
    decide(s.app, s.case, s.signatures, risk="routed")


def routed_with_four_people(s: Scene) -> None:
    case = s.world.case("routed")
    order = ("initial_review", "recheck", "risk_review", "final_review")
    people = (s.a, s.b, s.c, s.d)
    signed = [sign(s.app, case, who, duty, n) for n, (who, duty) in enumerate(zip(people, order, strict=True), 1)]
    decide(s.app, case, signed, risk="routed")


def decide_at_the_old_risk(s: Scene) -> None:
    s.world.risk(s.app, s.case, "routed")
    decide(s.app, s.case, s.signatures, risk="high")


def lower_risk_alone(s: Scene) -> None:
    s.world.risk(s.app, s.case, "normal", (s.a.person, s.a.person))


def lower_risk_unsigned(s: Scene) -> None:
    s.world.risk(s.app, s.case, "normal")


def lower_risk_together(s: Scene) -> None:
    s.world.risk(s.app, s.case, "normal", (s.a.person, s.b.person))


def with_somebody_elses_account(s: Scene) -> None:
    act(s.app, s.case, Staff(s.d.person, s.b.account), "assign")


def with_a_machine_account(s: Scene) -> None:
    act(s.app, s.case, Staff(s.d.person, s.world.account(None, "machine")), "assign")


def with_a_locked_account(s: Scene) -> None:
    act(s.app, s.case, Staff(s.d.person, s.world.account(s.d.person, state="locked")), "assign")


def with_the_second_account(s: Scene) -> None:
    act(s.app, s.case, Staff(s.a.person, s.world.account(s.a.person)), "recheck")


def same_duty_with_the_second_account(s: Scene) -> None:
    act(s.app, s.case, Staff(s.a.person, s.world.account(s.a.person)), "initial_review")


def own_act(s: Scene) -> None:
    act(s.app, s.case, s.d, "recheck")


def on_behalf_of_a_reviewer(s: Scene) -> None:
    act(s.app, s.case, s.d, "recheck", behalf=s.a.person)


def on_behalf_of_a_stranger(s: Scene) -> None:
    act(s.app, s.case, s.d, "recheck", behalf=s.world.person())


def against_a_denied_decision(s: Scene) -> None:
    act(s.app, s.case, s.d, "assign", verdict="deny")


def opened_only(s: Scene) -> None:
    """Opening binds as performing does."""
    act(s.app, s.case, s.a, "final_review", state="opened")


def opened_by_another(s: Scene) -> None:
    act(s.app, s.case, s.d, "final_review", state="opened")


def sign_what_was_only_opened(s: Scene) -> None:
    performance = act(s.app, s.case, s.d, "recheck", state="opened")
    put_signature(s.app, s.case, s.d, "recheck", 4, performance)


def sign_what_was_performed(s: Scene) -> None:
    put_signature(s.app, s.case, s.d, "recheck", 4, act(s.app, s.case, s.d, "recheck"))


def sign_with_anothers_performance(s: Scene) -> None:
    put_signature(s.app, s.case, s.c, "recheck", 4, act(s.app, s.case, s.d, "recheck"))


def sign_out_of_sequence(s: Scene) -> None:
    sign(s.app, s.case, s.d, "recheck", 9)


def sign_after_the_decision(s: Scene) -> None:
    lawful_decision(s)
    sign(s.app, s.case, s.d, "recheck", 4)


def sign_the_next_subject(s: Scene) -> None:
    lawful_decision(s)
    sign(s.app, s.case, s.d, "recheck", 1, subject="suspension")


def party_of_the_case(s: Scene) -> None:
    index = first(s.world.owner, "SELECT id_number_index FROM person WHERE id = %s", s.d.person)
    s.sql("INSERT INTO case_party (case_id, id_number_index, role) VALUES (%s, %s, 'worker')", s.case, index)
    act(s.app, s.case, s.d, "assign")


def not_a_party(s: Scene) -> None:
    s.sql("INSERT INTO case_party (case_id, id_number_index, role) VALUES (%s, 'x', 'worker')", s.case)
    act(s.app, s.case, s.d, "assign")


def under_an_old_snapshot(s: Scene) -> None:
    with s.app.transaction():
        s.sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        decide(s.app, s.case, s.signatures)


def temporary_tables_in_the_way(s: Scene) -> None:
    """Even with the right to make temporary tables, none of them can stand in for ours."""
    database = s.world.owner.info.dbname
    s.world.owner.execute(f'GRANT TEMPORARY ON DATABASE "{database}" TO sanshen_app')
    case = s.world.case("high")
    with connect(s.world.app_url) as trickster:
        trickster.execute("CREATE TEMP TABLE case_risk AS SELECT * FROM public.case_risk WHERE false")
        trickster.execute("INSERT INTO pg_temp.case_risk VALUES (1, %s, 'normal', 'trick', now())", (case,))
        trickster.execute("CREATE TEMP TABLE conflict_set AS SELECT * FROM public.conflict_set WHERE false")
        trickster.execute("CREATE TEMP TABLE sod_binding AS SELECT * FROM public.sod_binding WHERE false")
        trickster.execute("SET search_path = pg_temp, public")
        act(trickster, case, s.a, "initial_review")
        act(trickster, case, s.a, "final_review")


def bound_for_unknown_risk(s: Scene) -> None:
    """A case without any risk row is in every set: the fence fails closed."""
    case = s.world.case(None)
    act(s.app, case, s.a, "initial_review")
    act(s.app, case, s.a, "recheck")


def document_of_another_case(s: Scene) -> None:
    put_document(s, make_scene(s.world))


def document_of_its_case(s: Scene) -> None:
    put_document(s, s)


def put_document(s: Scene, decided: Scene) -> None:
    decision = decide(decided.app, decided.case, decided.signatures)
    with s.app.transaction():
        s.sql("SELECT set_config('app.regions', '640100', true)")
        s.sql(
            "INSERT INTO document (uid, case_id, region_code, template, title_zh, title_en, number, docx_digest,"
            " print_digest, decision_id, state, issued_on, issued_at) VALUES (gen_random_uuid(), %s, '640100', 't',"
            " 't', 't', gen_random_uuid()::text, '', '', %s, 'issued', now(), now())",
            s.case,
            decision,
        )


def case_update(column: str, value: str) -> Callable[[Scene], None]:
    def run(s: Scene) -> None:
        with s.app.transaction():
            s.sql("SELECT set_config('app.regions', '*', true)")
            s.sql(f'UPDATE "case" SET {column} = {value} WHERE id = %s', s.case)

    return run


def chain_before_any_act(s: Scene) -> None:
    case_update("chain_id", str(s.world.chain()))(Scene(s.world, s.world.case(), s.a, s.b, s.c, s.d, []))


def statement(sql: str) -> Callable[[Scene], None]:
    """`{case}`, `{a}`, `{account}`, `{signature}`, `{performance}` are filled in."""

    def run(s: Scene) -> None:
        performance = "(SELECT min(id) FROM performance)"
        s.app.execute(
            sql.format(case=s.case, a=s.a.person, account=s.a.account, signature=s.signatures[0],
                       performance=performance, hash=HASH.hex()).encode()
        )  # fmt: skip

    return run


def in_transaction(*parts: str) -> Callable[[Scene], None]:
    def run(s: Scene) -> None:
        with s.app.transaction():
            for part in parts:
                statement(part)(s)

    return run


LEDGERS = (
    "performance signature case_risk case_decision duty_decision audit_event post_grant conflict_set conflict_member"
    " post_exclusion sod_binding post_hold"
).split()
BINDING = "INSERT INTO sod_binding VALUES (1, {case}, {a}, 2, 'recheck', 2, 1)"
LAWFUL_READ = statement("SELECT count(*) FROM performance")
# (what is tried, how, SQLSTATE of the refusal, the lawful twin)
BYPASSES: list[tuple[str, Callable[[Scene], None], str, Callable[[Scene], None]]] = [
    ("two signatures of one person", two_signatures_of_one_person, "SD010", two_people_at_normal_risk),
    ("wrong hash", lambda s: void(decide(s.app, s.case, s.signatures, content=b"x" * 32)), "SD010", lawful_decision),
    ("no recheck at high", lambda s: void(decide(s.app, s.case, s.signatures[::2])), "SD010", lawful_decision),
    ("signature twice", lambda s: void(decide(s.app, s.case, [s.signatures[0]] * 3)), "SD010", lawful_decision),
    ("no signature", lambda s: void(decide(s.app, s.case, [])), "SD010", lawful_decision),
    ("unsorted", lambda s: void(decide(s.app, s.case, s.signatures[::-1])), "SD010", lawful_decision),
    ("surplus", lambda s: void(decide(s.app, s.case, [*s.signatures, 0])), "SD010", lawful_decision),
    ("unknown signature", lambda s: void(decide(s.app, s.case, [0, *s.signatures[1:]])), "SD010", lawful_decision),
    ("foreign case's signature", foreign_signature, "SD010", lawful_decision),
    ("superseded signature", superseded_signature, "SD010", signed_again_after_a_return),
    ("order broken by a new signature", stale_order, "SD010", signed_again_after_a_return),
    ("routed without risk review", routed_without_risk_review, "SD010", routed_with_four_people),
    ("old risk", decide_at_the_old_risk, "SD010", lawful_decision),
    ("risk lowered alone", lower_risk_alone, "SD004", lower_risk_together),
    ("risk lowered unsigned", lower_risk_unsigned, "SD004", lower_risk_together),
    ("somebody else's account", with_somebody_elses_account, "23503", own_act),
    ("machine account", with_a_machine_account, "SD002", own_act),
    ("locked account", with_a_locked_account, "SD002", own_act),
    ("second account", with_the_second_account, "SD001", same_duty_with_the_second_account),
    ("substitute of a reviewer", on_behalf_of_a_reviewer, "SD001", on_behalf_of_a_stranger),
    ("denied decision", against_a_denied_decision, "SD002", own_act),
    ("opening only", opened_only, "SD001", opened_by_another),
    ("unknown risk class", bound_for_unknown_risk, "SD001", own_act),
    ("signing what was opened", sign_what_was_only_opened, "23503", sign_what_was_performed),
    ("signing with another's act", sign_with_anothers_performance, "23503", sign_what_was_performed),
    ("signing out of sequence", sign_out_of_sequence, "SD006", sign_what_was_performed),
    ("signing after the decision", sign_after_the_decision, "SD007", sign_the_next_subject),
    ("a party acts", party_of_the_case, "SD003", not_a_party),
    ("old snapshot", under_an_old_snapshot, "SD005", lawful_decision),
    ("temporary tables", temporary_tables_in_the_way, "SD001", own_act),
    ("document of another case", document_of_another_case, "SD011", document_of_its_case),
    ("moving the case to another chain", case_update("chain_id", "1"), "SD022", chain_before_any_act),
    ("changing its role", case_update("case_role", "'redo'"), "SD022", case_update("track", "'simple'")),
    ("changing its process", case_update("process_key", "'other'"), RIGHTS, case_update("outcome", "'x'")),
    ("binding by hand", statement(BINDING), RIGHTS, statement("SELECT * FROM sod_binding LIMIT 1")),
    ("holding by hand", statement("INSERT INTO post_hold (grant_id) VALUES (1)"), RIGHTS, LAWFUL_READ),
    ("new conflict set", statement(
        "INSERT INTO conflict_set SELECT set_id, 99, key, scope, 9, severity, risk_classes, title_zh, title_en,"
        " ground, active_from FROM conflict_set"), RIGHTS, statement("SELECT * FROM conflict_set")),
    ("new member", statement("INSERT INTO conflict_member VALUES (1, 1, 'x', 'x')"), RIGHTS, LAWFUL_READ),
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
        "CREATE FUNCTION public.fence_current_risk(text) RETURNS text LANGUAGE sql AS 'SELECT 1'"), RIGHTS, LAWFUL_READ),
    ("call the fence", statement("SELECT public.fence_rebind()"), RIGHTS, LAWFUL_READ),
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


def void(_: object) -> None:
    """An act whose result doesn't matter."""


@pytest.mark.parametrize(("unlawful", "sqlstate"), [pytest.param(b[1], b[2], id=b[0]) for b in BYPASSES])
def test_bypass_is_refused(scene: Scene, unlawful: Callable[[Scene], None], sqlstate: str) -> None:
    with pytest.raises(psycopg.Error) as refused:
        unlawful(scene)
    assert refused.value.sqlstate == sqlstate, refused.value


@pytest.mark.parametrize("lawful", [pytest.param(b[3], id=b[0]) for b in BYPASSES if b[3] is not LAWFUL_READ])
def test_lawful_twin_goes_through(scene: Scene, lawful: Callable[[Scene], None]) -> None:
    lawful(scene)


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
            "UPDATE account SET person_id = %s WHERE id = %s", (scene.b.person, scene.world.account(scene.d.person))
        )
    assert refused.value.sqlstate == "SD021"
