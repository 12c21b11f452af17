"""What may be tried against the fence, and the lawful twin of each; as functions of a scene."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg

from tests.fence_world import HASH, Staff, World, act, connect, decide, first, put_signature, sign


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
        signed = [
            sign(s.world.owner, case, s.a, duty, n)
            for n, duty in ((1, "initial_review"), (2, "final_review"))
        ]
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
    signed = [
        sign(s.app, case, who, duty, n) for n, (who, duty) in enumerate(zip(people, order, strict=True), 1)
    ]
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
    s.world.stand_in(s.a.person, s.d.person)
    act(s.app, s.case, s.d, "recheck", behalf=s.a.person, task=s.world.task(s.case))


def on_behalf_of_a_stranger(s: Scene) -> None:
    stranger = s.world.person()
    s.world.stand_in(stranger, s.d.person)
    act(s.app, s.case, s.d, "recheck", behalf=stranger, task=s.world.task(s.case))


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
        trickster.execute(
            "INSERT INTO pg_temp.case_risk VALUES (1, %s, 'normal', 1, 'trick', now())", (case,)
        )
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


def void(_: object) -> None:
    """An act whose result doesn't matter."""
