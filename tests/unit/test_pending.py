"""What of a case is still ahead: read from the shipped diagrams; and the quick answer against the solver's."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from app.kernel.duties.lookahead import solve
from app.kernel.duties.outlook import judge
from app.kernel.duties.pending import (
    OpenTask,
    Pair,
    Pending,
    Pool,
    build_problem,
    list_pending,
    rules_that_bind,
    surely_finishable,
    unsigned_duties,
)
from app.kernel.duties.route import Route
from app.kernel.duties.signatures import SignatureView
from app.kernel.duties.views import CaseView, ConflictRule, Member, PastAct
from app.kernel.engine.catalogue import Deployed, read_folder
from app.kernel.engine.check.findings import DefinitionInvalid
from app.kernel.engine.definitions import read_definition
from app.kernel.engine.routes import route_of
from app.kernel.engine.specs import dump_spec, load_spec, spec_digest
from app.wiring import WORKFLOWS

REGION = "640121"
LONG_AGO = datetime(2026, 1, 5, tzinfo=UTC)


def shipped(key: str) -> Route:
    definition = read_definition(key, read_folder(WORKFLOWS, key))
    data = dump_spec(definition.parsed)
    spec = load_spec(spec_digest(data), data)
    process, steps = definition.process, definition.steps
    return route_of(
        cast(Deployed, SimpleNamespace(spec=spec, steps=steps, process=process, intake_post="rec_window"))
    )


def task(step: str, duty: str, *, signs: bool = False) -> OpenTask:
    return OpenTask(1, step, duty, "rec_handler", REGION, signs)


def view(*acts: tuple[int, str], risk: str = "high") -> CaseView:
    made = [PastAct(p, "", d, "performed", 7, "", "injury_recognition", "first", LONG_AGO) for p, d in acts]
    return CaseView(7, REGION, 1, "injury_recognition", "first", risk, tuple(made))


def duties(pending: list[Pending]) -> list[str]:
    return [one.duty for one in pending]


def signed(duty: str, person: int, seq: int, content: bytes = b"c") -> SignatureView:
    return SignatureView(seq, duty, person, seq, content, agrees=True)


REVIEWS = ("initial_review", "recheck", "final_review")


def test_new_recognition_passes_everything_but_the_exceptions() -> None:
    route = shipped("injury_recognition")
    assert [(step.duty, step.post, step.persons) for step in route.start["high"]] == [
        ("intake", "rec_window", 1),
        ("intake", "rec_window", 1),
        ("assign", "rec_approver", 1),
        ("initial_review", "rec_handler", 1),
        ("investigation", "rec_handler", 2),
        ("serve", "rec_clerk", 1),
    ]
    assert route.posts["recheck"] == "rec_checker"


def test_investigation_is_behind_once_the_review_has_begun() -> None:
    route = shipped("injury_recognition")
    for step in ("rb2_initial_review", "rb3_recheck", "rb5_final_review"):
        assert [one.duty for one in route.after["high", step]] == ["serve"]
    assert route.after["high", "sv1_serve"] == ()
    assert ("high", "sv1_serve") not in route.deciding


def test_change_is_three_signatures_by_three_posts() -> None:
    route = shipped("controlled_change")
    assert (route.effect, dict(route.posts)) == (
        "deployed",
        {"rule_edit": "rule_editor", "rule_recheck": "rule_checker", "rule_approve": "rule_approver"},
    )


def test_pending_counts_open_task_steps_ahead_and_signatures_wanted() -> None:
    route = shipped("injury_recognition")
    left = list_pending(route, view(), [task("rb3_recheck", "recheck", signs=True)], REVIEWS[1:])
    assert duties(left) == ["recheck", "serve", "final_review"]
    early = list_pending(route, view(), [task("p01_08_choose_procedure", "initial_review")], REVIEWS)
    assert sorted(duties(early)) == sorted(["initial_review", "investigation", "serve", *REVIEWS])


def test_usual_step_done_before_is_not_expected_again() -> None:
    route = shipped("injury_recognition")
    left = list_pending(
        route, view((3, "investigation")), [task("p01_08_choose_procedure", "initial_review")], REVIEWS
    )
    assert "investigation" not in duties(left)


@pytest.mark.parametrize(
    ("latest", "unsigned"),
    [
        ([], REVIEWS),
        ([signed("initial_review", 1, 1)], REVIEWS[1:]),
        ([signed("initial_review", 1, 1, b"old")], REVIEWS),
        ([signed("initial_review", 1, 1), signed("recheck", 1, 2)], REVIEWS[1:]),
        ([signed("initial_review", 1, 2), signed("recheck", 2, 1)], REVIEWS[1:]),
        ([signed("initial_review", 1, 1), signed("recheck", 2, 2), signed("final_review", 3, 3)], ()),
    ],
)
def test_everything_from_the_first_signature_that_does_not_count_must_be_signed(
    latest: list[SignatureView], unsigned: tuple[str, ...]
) -> None:
    assert unsigned_duties(REVIEWS, [], b"c", {one.duty: one for one in latest}) == unsigned


def test_signature_whose_task_is_open_again_counts_no_more() -> None:
    latest = {"initial_review": signed("initial_review", 1, 1)}
    again = [task("rb2_initial_review", "initial_review", signs=True)]
    assert unsigned_duties(REVIEWS, again, b"c", latest) == REVIEWS


@pytest.mark.parametrize(
    ("line", "told"),
    [(b'lookahead = "maybe"', "lookahead"), (b'lookahead = "off"\nusual_steps = ["nothing"]', "nothing")],
)
def test_process_with_an_unknown_policy_or_step_does_not_deploy(line: bytes, told: str) -> None:
    files = read_folder(WORKFLOWS, "controlled_change")
    name = "controlled_change/process.toml"
    files[name] = files[name].replace(b"[process]\n", b"[process]\n" + line + b"\n", 1)
    with pytest.raises(DefinitionInvalid, match=told):
        read_definition("controlled_change", files)


def exclusive(key: str, *members: str, maximum: int = 1) -> ConflictRule:
    return ConflictRule(
        len(key), 1, key, "case", maximum, "deny", frozenset({"high"}), "",
        tuple(Member(one, one, "", "") for one in members),
    )  # fmt: skip


def made_up(rng: random.Random) -> tuple[list[Pending], CaseView, list[ConflictRule], dict[Pair, Pool]]:
    names = ["intake", "investigation", "initial_review", "recheck", "final_review", "serve"]
    rules = [exclusive("reviews", *names[2:5]), exclusive("windows", "intake", "final_review")]
    people = range(1, rng.randint(3, 9))
    pending = [
        Pending(f"s{place}", duty, f"p{place}", REGION, 2 if duty == "investigation" else 1)
        for place, duty in enumerate(names)
        if rng.random() < 0.8
    ]
    pools = {
        one.pair: Pool(frozenset(person for person in people if rng.random() < 0.6), names={})
        for one in pending
    }
    acts = [(person, rng.choice(names)) for person in people if rng.random() < 0.3]
    return pending, view(*acts), rules, pools


def test_quick_yes_is_never_wrong(rng: random.Random) -> None:
    """A yes by counting is a yes of the solver; and it does come, or it would be of no use."""
    yes = 0
    for _ in range(600):
        pending, seen, rules, pools = made_up(rng)
        binding = rules_that_bind(rules, seen)
        if surely_finishable(pending, seen, binding, pools, ()):
            yes += 1
            assert solve(build_problem(pending, seen, binding, pools)) is not None
    assert yes > 30


def test_answer_for_a_claim_names_exactly_those_who_leave_the_case_finishable(rng: random.Random) -> None:
    """Against assigning everybody in turn."""
    stuck = 0
    for _ in range(2000):
        pending, seen, rules, pools = made_up(rng)
        if not pending:
            continue
        binding = rules_that_bind(rules, seen)
        problem = build_problem(pending, seen, binding, pools)
        key = pending[0].places()[0]
        able: Any = next(step.candidates for step in problem.steps if step.key == key)
        good = {person for person in able if solve(problem.assigned(key, person)) is not None}
        labels = {place: one.duty for one in pending for place in one.places()}
        for person in able:
            outlook = judge(problem, key, person, labels, ())
            if person in good:
                assert outlook.reason == ""
            elif good:
                stuck += 1
                assert (outlook.reason, outlook.others) == ("leaves_case_unfinishable", good)
            else:
                assert outlook.reason == "case_unfinishable_anyway"
    assert stuck > 10
