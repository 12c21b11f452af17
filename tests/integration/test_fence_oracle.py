"""Random sequences of acts: the database allows exactly what a plain reading of the conflict sets allows."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import permutations

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.registry import reference
from tests.databases import CopiedDatabase
from tests.fence_world import Staff, World, act, decide, first, sign, world_of

CASES = (
    ("injury_recognition", "first"),
    ("injury_recognition", "redo"),
    ("disability_benefit_award", "first"),
    ("fund_payment", "first"),
    ("audit_recovery", "first"),
)
DUTIES = [
    "intake",
    "initial_review",
    "recheck",
    "risk_review",
    "final_review",
    "final_review_2",
    "draw",
    "witness",
    "panel_opinion",
    "serve",
    "payment_make",
    "payment_check",
    "payment_release",
    "rule_edit",
    "rule_recheck",
    "rule_approve",
]
PEOPLE = 3
ACTS = st.lists(
    st.tuples(
        st.integers(0, PEOPLE - 1),
        st.none() | st.integers(0, PEOPLE - 1),
        st.integers(0, len(CASES) - 1),
        st.sampled_from(DUTIES),
        st.sampled_from(("opened", "performed")),
    ),
    max_size=14,
)


@dataclass
class Oracle:
    """What each person already did, as members of each set: (set, scope, person) → members."""

    bound: dict[tuple[int, object, int], set[str]] = field(default_factory=lambda: defaultdict(set))

    def allows(self, people: set[int], case: int, duty: str) -> bool:
        """Whether the act is lawful; if it is, it is remembered."""
        process, role = CASES[case]
        claims = [
            ((entry["id"], "chain" if entry["scope"] == "chain" else case, person), member, entry["maximum"])
            for entry in reference.conflict_sets()
            if entry["severity"] == "deny" and entry["scope"] in ("case", "chain") and "kind" not in entry
            for member in members_of(entry, process, role, duty)
            for person in people
        ]
        if any(len(self.bound[key] | {member}) > maximum for key, member, maximum in claims):
            return False
        for key, member, _ in claims:
            self.bound[key].add(member)
        return True


def members_of(entry: reference.Row, process: str, role: str, duty: str) -> list[str]:
    return [
        member["name"]
        for member in entry["member"]
        if duty in member["duties"]
        and process in member.get("processes", [process])
        and role in member.get("case_roles", [role])
    ]


@pytest.fixture(scope="module")
def world(database: CopiedDatabase) -> Iterator[World]:
    with world_of(database) as made:
        yield made


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(acts=ACTS, risk=st.sampled_from(("normal", "high", "routed")))
def test_database_and_plain_reading_agree(
    world: World, acts: list[tuple[int, int | None, int, str, str]], risk: str
) -> None:
    chain = world.chain()
    cases = [world.case(risk, chain, process, role) for process, role in CASES]
    staff = world.staff(PEOPLE)
    for principal, substitute in permutations(staff, 2):
        world.stand_in(principal.person, substitute.person)
    oracle = Oracle()
    for who, other, case, duty, state in acts:
        behalf = None if other in (None, who) else staff[other].person
        expected = oracle.allows({staff[who].person} | ({behalf} if behalf else set()), case, duty)
        assert committed(world, cases[case], staff[who], duty, behalf, state) is expected


def committed(world: World, case: int, staff: Staff, duty: str, behalf: int | None, state: str) -> bool:
    """Whether the act went through; any refusal but the one of the sets is an error of the test."""
    try:
        task = world.task(case, duty=duty) if behalf else None
        act(world.app, case, staff, duty, behalf=behalf, state=state, task=task)
    except psycopg.Error as refused:
        if refused.sqlstate != "SD001":
            raise
        return False
    return True


def test_refusal_names_the_set_and_the_facts_against_it(world: World) -> None:
    case, (staff,) = world.case("high"), world.staff(1)
    performance = act(world.app, case, staff, "initial_review")
    with pytest.raises(psycopg.Error) as refused:
        act(world.app, case, staff, "recheck")
    detail = first(world.owner, "SELECT %s::jsonb", refused.value.diag.message_detail)
    assert detail == {
        "set_id": 1,
        "set_key": "case_reviews",
        "version": 1,
        "scope": "case",
        "scope_id": case,
        "member": "recheck",
        "person_id": staff.person,
        "conflicts": [performance],
    }


def test_maximum_above_one_admits_as_many_members(fresh_database: CopiedDatabase) -> None:
    with world_of(fresh_database) as world:
        add_set(world, 900, 1, maximum=2, duties=("a", "b", "c"))
        case, (staff,) = world.case("normal"), world.staff(1)
        outcome = [
            committed(world, case, staff, duty, None, "performed") for duty in ("a", "b", "a", "c", "b")
        ]
        assert outcome == [True, True, True, False, True]


def test_new_version_counts_what_was_done_before(fresh_database: CopiedDatabase) -> None:
    with world_of(fresh_database) as world:
        case, (staff,) = world.case("normal"), world.staff(1)
        act(world.app, case, staff, "intake")
        add_set(world, 901, 1, maximum=1, duties=("intake", "serve"))
        assert not committed(world, case, staff, "serve", None, "performed")
        assert committed(world, case, staff, "intake", None, "performed")


def test_rising_risk_binds_what_was_done_before(fresh_database: CopiedDatabase) -> None:
    with world_of(fresh_database) as world:
        add_set(world, 902, 1, maximum=1, duties=("intake", "serve"), risks="{high,routed}")
        case, (staff, other) = world.case("normal"), world.staff(2)
        act(world.app, case, staff, "intake")
        assert committed(world, case, other, "serve", None, "performed")
        world.risk(world.app, case, "high")
        assert not committed(world, case, staff, "serve", None, "performed")
        assert not committed(world, case, other, "intake", None, "performed")


def test_facts_that_collide_after_a_rise_stop_the_decision(fresh_database: CopiedDatabase) -> None:
    with world_of(fresh_database) as world:
        add_set(world, 903, 1, maximum=1, duties=("intake", "recheck"), risks="{high,routed}")
        case, (a, b, c) = world.case("normal"), world.staff(3)
        act(world.app, case, b, "intake")
        pairs = ((a, "initial_review"), (b, "recheck"), (c, "final_review"))
        signed = [sign(world.app, case, who, duty, n) for n, (who, duty) in enumerate(pairs, 1)]
        world.risk(world.app, case, "high")
        with pytest.raises(psycopg.Error) as refused:
            decide(world.app, case, signed)
        detail = first(world.owner, "SELECT %s::jsonb", refused.value.diag.message_detail)
        assert [problem["problem"] for problem in detail["problems"]] == ["violation", "collision"]
        assert detail["problems"][1]["person_id"] == b.person
        noted = world.owner.execute("SELECT rule, person_id, members, cause FROM sod_violation").fetchall()
        assert noted == [("test", b.person, ["intake", "recheck"], "risk")]


def add_set(
    world: World,
    number: int,
    version: int,
    *,
    maximum: int,
    duties: tuple[str, ...],
    risks: str = "{normal,high,routed}",
) -> None:
    with world.owner.transaction():
        world.owner.execute(
            "INSERT INTO conflict_set (set_id, version, key, scope, maximum, severity, risk_classes, title_zh,"
            " title_en, ground, active_from) VALUES (%s, %s, 'test', 'case', %s, 'deny', %s, '', '', '', '2020-01-01')",
            (number, version, maximum, risks),
        )
        for duty in duties:
            world.owner.execute(
                "INSERT INTO conflict_member VALUES (%s, %s, %s, %s)", (number, version, duty, duty)
            )
