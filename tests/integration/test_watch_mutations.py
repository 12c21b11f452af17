"""The watch finds each kind of violation, and nothing else: planted with the triggers of the fence asleep."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import CopiedDatabase
from tests.fence_world import HASH, Staff, act, decide, put_signature, sign
from tests.watch_world import HIGH, Watched, new_set, watched


@pytest.fixture
def site(fresh_database: CopiedDatabase, tmp_path: Path) -> Iterator[Watched]:
    with watched(fresh_database, tmp_path / "data") as opened:
        opened.decided_case()  # there is always something that is right
        yield opened


def test_clean_history_with_merge_link_and_rise_finds_nothing(site: Watched) -> None:
    world = site.world
    case, staff, _, _ = site.decided_case()
    other = world.case("normal")
    act(world.app, other, staff[0], "initial_review")
    world.risk(world.owner, other, "high")
    site.link(other, world.one('SELECT chain_id FROM "case" WHERE id = %s', case))
    site.merge(world.staff(1)[0].person, staff[1].person)
    assert site.look() == ()
    assert site.revealed() == ()


def test_two_reviews_of_one_case_by_one_person(site: Watched) -> None:
    case, staff = site.world.case("high"), site.world.staff(1)[0]
    acts = [act(site.planter, case, staff, duty) for duty in ("initial_review", "recheck")]
    (found,) = site.look()
    assert (found.kind, found.rule, found.persons) == ("conflict", "case_reviews", (staff.person,))
    assert found.performance_ids == tuple(acts)
    assert found.case_ids == (case,)


def test_principal_of_whoever_acted_for_him_counts(site: Watched) -> None:
    case, (one, other) = site.world.case("high"), site.world.staff(2)
    act(site.planter, case, one, "initial_review")
    act(site.planter, case, other, "final_review", behalf=one.person)
    (found,) = site.look()
    assert (found.rule, found.persons) == ("case_reviews", (one.person,))


def test_two_accounts_are_one_person_but_two_persons_are_two(site: Watched) -> None:
    case, (one, other) = site.world.case("high"), site.world.staff(2)
    act(site.planter, case, one, "initial_review")
    act(site.planter, case, other, "recheck")
    assert site.look() == ()
    second = Staff(one.person, site.world.account(one.person))
    act(site.planter, case, second, "final_review")
    assert [found.rule for found in site.look()] == ["case_reviews"]


def test_first_decision_and_redo_of_one_chain_by_one_person(site: Watched) -> None:
    world, chain = site.world, site.world.chain()
    first, again = world.case("high", chain), world.case("high", chain, role="redo")
    staff = world.staff(1)[0]
    act(site.planter, first, staff, "initial_review")
    act(site.planter, again, staff, "final_review")
    (found,) = site.look()
    assert (found.rule, found.scope, found.case_ids) == (
        "chain_recognition_again",
        "chain",
        (first, again),
    )


def test_set_that_is_milder_now_does_not_hide_what_was_broken_then(site: Watched) -> None:
    key = new_set(site.planter, 900, ("serve", "remedy"))
    case, staff = site.world.case("normal"), site.world.staff(1)[0]
    for duty in ("serve", "remedy"):
        act(site.planter, case, staff, duty)
    site.planter.execute(
        "INSERT INTO conflict_set SELECT set_id, 2, key, kind, scope, period, party_role, window_days, 2, severity,"
        " risk_classes, title_zh, title_en, ground, clock_timestamp() FROM conflict_set WHERE set_id = 900"
    )
    site.planter.execute(
        "INSERT INTO conflict_member SELECT set_id, 2, member, duty FROM conflict_member WHERE set_id = 900"
    )
    assert [(found.rule, found.rule_version) for found in site.look()] == [(key, 1)]


def test_split_does_not_hide_what_was_broken_in_one_chain(site: Watched) -> None:
    world, chain = site.world, site.world.chain()
    first, again = world.case("high", chain), world.case("high", chain, role="redo")
    staff = world.staff(1)[0]
    act(site.planter, first, staff, "initial_review")
    act(site.planter, again, staff, "final_review")
    change = site.change("chain_split", str(chain))
    for case in (first, again):
        site.planter.execute(
            "INSERT INTO chain_link (case_id, from_chain_id, to_chain_id, kind, reason, change_id, at)"
            " VALUES (%s, %s, %s, 'split', 'test', %s, clock_timestamp())",
            (case, chain, new := world.chain(), change),
        )
        site.planter.execute('UPDATE "case" SET chain_id = %s WHERE id = %s', (new, case))
    assert [found.rule for found in site.look()] == ["chain_recognition_again"]


def test_acts_of_two_chains_are_no_violation(site: Watched) -> None:
    world, staff = site.world, site.world.staff(1)[0]
    act(site.planter, world.case("high"), staff, "initial_review")
    act(site.planter, world.case("high", role="redo"), staff, "final_review")
    assert site.look() == ()


def test_task_scope(site: Watched) -> None:
    key = new_set(site.planter, 901, ("serve", "remedy"), scope="task")
    case, staff = site.world.case("normal"), site.world.staff(1)[0]
    for duty in ("serve", "remedy"):
        number = act(site.planter, case, staff, duty)
        site.planter.execute("UPDATE performance SET task_id = 77 WHERE id = %s", (number,))
    assert [(found.rule, found.scope_id) for found in site.look()] == [(key, 77)]
    site.planter.execute("UPDATE performance SET task_id = 78 WHERE duty = 'remedy'")
    assert site.look() == ()


def test_region_and_period(site: Watched) -> None:
    key = new_set(site.planter, 902, ("serve", "remedy"), scope="region_period", period="month")
    staff = site.world.staff(1)[0]
    act(site.planter, site.world.case("normal"), staff, "serve")
    act(site.planter, site.world.case("normal", region="640200"), staff, "remedy")
    assert site.look() == ()
    act(site.planter, site.world.case("normal"), staff, "remedy")
    (found,) = site.look()
    assert (found.rule, found.scope) == (key, "region_period")


def test_party_within_the_window(site: Watched) -> None:
    key = new_set(site.planter, 903, ("serve", "remedy"), scope="party", party_role="payee", window_days=30)
    payee, staff = site.world.person(), site.world.staff(1)[0]
    cases = [site.world.case("normal") for _ in range(2)]
    for case in cases:
        site.party(case, payee, "payee")
    old = act(site.planter, cases[0], staff, "serve")
    act(site.planter, cases[1], staff, "remedy")
    assert [(found.kind, found.rule) for found in site.look()] == [("party_window", key)]
    site.planter.execute("UPDATE performance SET at = at - interval '31 days' WHERE id = %s", (old,))
    assert site.look() == ()


def test_binding_of_duty(site: Watched) -> None:
    key = new_set(site.planter, 904, ("serve", "remedy"), kind="same")
    case, (one, other) = site.world.case("normal"), site.world.staff(2)
    act(site.planter, case, one, "serve")
    act(site.planter, case, one, "remedy")
    assert site.look() == ()
    act(site.planter, case, other, "remedy")
    (found,) = site.look()
    assert (found.kind, found.rule) == ("binding_of_duty", key)
    assert found.persons == tuple(sorted((one.person, other.person)))


def test_minimum_of_persons(site: Watched) -> None:
    key = new_set(site.planter, 905, ("investigation",), kind="minimum", maximum=2)
    case, staff = site.world.case("high"), site.world.staff(4)
    act(site.planter, case, staff[3], "investigation")
    signed = [sign(site.planter, case, staff[n], duty, n + 1) for n, duty in enumerate(HIGH)]
    decide(site.planter, case, signed)
    assert [(found.kind, found.rule) for found in site.look()] == [("too_few_persons", key)]


def test_party_of_the_case(site: Watched) -> None:
    case, staff = site.world.case("high"), site.world.staff(1)[0]
    site.party(case, staff.person)
    act(site.planter, case, staff, "serve")
    assert [(found.kind, found.persons) for found in site.look()] == [("party", (staff.person,))]


def test_recused_person(site: Watched) -> None:
    case, (staff, head) = site.world.case("high"), site.world.staff(2)
    recusal = site.planter.execute(
        "INSERT INTO recusal (case_id, person_id, cause, origin, detail, at)"
        " VALUES (%s, %s, 'kinship', 'declared', '', now() - interval '1 hour') RETURNING id",
        (case, staff.person),
    ).fetchone()
    assert recusal is not None
    act(site.planter, case, staff, "serve")
    assert [(found.kind, found.persons) for found in site.look()] == [("recused", (staff.person,))]
    site.planter.execute(
        "INSERT INTO recusal_ruling (recusal_id, verdict, reason, ruled_by, at)"
        " VALUES (%s, 'refused', 'test', %s, now() - interval '30 minutes')",
        (recusal[0], head.person),
    )
    assert site.look() == ()


def test_interest_in_a_party(site: Watched) -> None:
    case, staff, worker = site.world.case("high"), site.world.staff(1)[0], site.world.person()
    site.party(case, worker)
    site.planter.execute(
        "INSERT INTO person_interest (person_id, cause, subject_index, subject_label, declared_at)"
        " SELECT %s, 'kinship', id_number_index, '', now() - interval '1 hour' FROM person WHERE id = %s",
        (staff.person, worker),
    )
    act(site.planter, case, staff, "serve")
    assert [(found.kind, found.detail["why"]) for found in site.look()] == [("recused", "kinship")]


def test_administrator_of_the_platform(site: Watched) -> None:
    case, staff = site.world.case("high"), site.world.staff(1)[0]
    site.grant(staff.person, "system_admin", until="2020-06-01")
    act(site.planter, case, staff, "serve")
    assert site.look() == ()
    site.grant(staff.person, "system_admin")
    assert [(found.kind, found.detail["why"]) for found in site.look()] == [("platform_post", "system_admin")]


def test_machine_account(site: Watched) -> None:
    case, staff = site.world.case("high"), site.world.staff(1)[0]
    machine = Staff(staff.person, site.world.account(None, kind="machine"))
    act(site.planter, case, machine, "serve")
    assert [found.kind for found in site.look()] == ["machine_account"]


def test_posts_of_two_sides_at_one_time(site: Watched) -> None:
    person = site.world.person()
    site.grant(person, "rec_handler", until="2024-06-01")
    site.grant(person, "rec_checker", since="2024-06-01")
    assert site.look() == ()
    site.grant(person, "rec_approver", since="2023-01-01", until="2023-02-01")
    assert [(found.kind, found.rule) for found in site.look()] == [("exclusion", "exclusion:2")]


def test_revoked_post_no_longer_excludes(site: Watched) -> None:
    person = site.world.person()
    first = site.grant(person, "rec_handler")
    ending = site.grant(person, "rec_handler", since="2024-06-01")
    site.planter.execute("UPDATE post_grant SET revokes = %s WHERE id = %s", (first, ending))
    site.grant(person, "rec_checker", since="2024-06-01")
    assert site.look() == ()


@pytest.mark.parametrize(
    ("mutation", "problems"),
    [
        ("UPDATE case_decision SET signature_ids = signature_ids[1:2]", {"missing:final_review"}),
        (
            "UPDATE case_decision SET signature_ids = signature_ids[2:2] || signature_ids[1:1] || signature_ids[3:3]",
            {"wrong_duty", "order"},
        ),
        ("UPDATE signature SET content_hash = 'x' WHERE duty = 'recheck'", {"stale:recheck"}),
        ("UPDATE signature SET verdict = 'return' WHERE duty = 'recheck'", {"negative:recheck"}),
        ("UPDATE signature SET subject = 'other' WHERE duty = 'recheck'", {"foreign:recheck"}),
        ("UPDATE signature SET seq = 9 WHERE duty = 'recheck'", {"order"}),
        ("UPDATE performance SET state = 'opened' WHERE duty = 'recheck'", {"not_performed:recheck"}),
        (
            "UPDATE signature SET person_id = person_id + 1000 WHERE duty = 'recheck'",
            {"other_signer:recheck"},
        ),
        (
            "INSERT INTO performance_void (performance_id, cause, reason, at) SELECT id, 'recusal', '', at - interval"
            " '1 second' FROM performance WHERE duty = 'recheck'",
            {"voided:recheck"},
        ),
        (
            "UPDATE case_decision SET signature_ids = signature_ids[1:1] || 999999::bigint || signature_ids[3:3]",
            {"unknown_signature", "missing:recheck"},
        ),
        ("UPDATE case_risk SET risk = 'routed'", {"risk"}),
        ("UPDATE case_risk SET approval_levels = 2", {"missing:final_review_2"}),
        (
            "INSERT INTO case_risk (case_id, risk, reason, at) SELECT case_id, 'routed', '', at - interval '1 second'"
            " FROM case_decision",
            {"risk"},
        ),
    ],
)
def test_decision_with_one_thing_wrong(
    fresh_database: CopiedDatabase, tmp_path: Path, mutation: str, problems: set[str]
) -> None:
    with watched(fresh_database, tmp_path / "data") as site:
        site.decided_case()
        assert site.look() == ()
        site.planter.execute(mutation)
        found = site.look()
        assert {item.kind for item in found} == {"decision"}
        assert {item.rule for item in found} == problems


def test_decision_by_two_people_instead_of_three(site: Watched) -> None:
    case, (one, other) = site.world.case("high"), site.world.staff(2)
    who = (one, other, one)
    signed = [sign(site.planter, case, who[n], duty, n + 1) for n, duty in enumerate(HIGH)]
    decide(site.planter, case, signed)
    assert {(found.kind, found.rule) for found in site.look()} == {
        ("decision", "same_person"),
        ("conflict", "case_reviews"),
    }


def test_superseded_signature(site: Watched) -> None:
    case, staff, _, _ = site.decided_case()
    performance = act(site.planter, case, staff[1], "recheck")
    put_signature(site.planter, case, staff[1], "recheck", 4, performance, "draft", HASH, "return")
    assert {found.rule for found in site.look()} == {"superseded:recheck"}


def test_case_that_says_it_is_decided(site: Watched) -> None:
    case = site.world.case("high")
    site.planter.execute('UPDATE "case" SET decided_at = now() WHERE id = %s', (case,))
    assert [(found.kind, found.case_ids) for found in site.look()] == [("undecided_effect", (case,))]


def test_merge_that_no_record_carries(site: Watched) -> None:
    one, other = sorted((site.world.person(), site.world.person()))
    site.planter.execute("UPDATE person SET canonical_id = %s WHERE id = %s", (one, other))
    assert [(found.kind, found.persons) for found in site.look()] == [("identity", (one, other))]


def test_case_that_is_not_where_its_link_put_it(site: Watched) -> None:
    case, chain = site.world.case("high"), site.world.chain()
    site.link(case, chain)
    site.planter.execute('UPDATE "case" SET chain_id = %s WHERE id = %s', (site.world.chain(), case))
    assert [(found.kind, found.case_ids) for found in site.look()] == [("chain", (case,))]


def test_recorded_violation_of_a_link_explains_and_without_the_record_it_is_found(site: Watched) -> None:
    world, staff = site.world, site.world.staff(1)[0]
    first, again = world.case("high"), world.case("high", role="redo")
    act(world.app, first, staff, "initial_review")
    act(world.app, again, staff, "final_review")
    site.link(again, world.one('SELECT chain_id FROM "case" WHERE id = %s', first))
    assert site.look() == ()
    forget_records(site)
    assert [found.rule for found in site.look()] == ["chain_recognition_again"]


def test_recorded_violation_of_a_merge_explains_and_without_the_record_it_is_found(site: Watched) -> None:
    world, (one, other) = site.world, site.world.staff(2)
    case = world.case("high")
    act(world.app, case, one, "initial_review")
    act(world.app, case, other, "recheck")
    site.merge(other.person, one.person)
    assert site.look() == ()
    forget_records(site)
    assert [(found.rule, found.persons) for found in site.look()] == [("case_reviews", (one.person,))]


def test_record_of_one_person_does_not_explain_another(site: Watched) -> None:
    world, (one, other) = site.world, site.world.staff(2)
    for staff in (one, other):
        case = world.case("high")
        for duty in ("initial_review", "recheck"):
            act(site.planter, case, staff, duty)
        if staff is one:
            site.planter.execute(
                "INSERT INTO sod_violation (rule, rule_version, scope, scope_id, person_id, members,"
                " performance_ids, cause, at) SELECT 'case_reviews', 1, 'case', %s, %s,"
                " '{initial_review,recheck}', array_agg(id), 'risk', now() FROM performance WHERE case_id = %s",
                (case, one.person, case),
            )
    assert [found.persons for found in site.look()] == [(other.person,)]


def test_merge_that_reveals_a_party_is_told_apart(site: Watched) -> None:
    world, staff, worker = site.world, site.world.staff(1)[0], site.world.person()
    case = world.case("high")
    site.party(case, worker)
    act(world.app, case, staff, "serve")
    site.merge(worker, staff.person)
    assert (site.look(), site.revealed()) == ((), ())
    forget_records(site)
    assert site.look() == ()
    assert [(found.kind, found.persons) for found in site.revealed()] == [("party", (staff.person,))]


def forget_records(site: Watched) -> None:
    site.planter.execute("DELETE FROM violation_case")
    site.planter.execute("DELETE FROM sod_violation")
