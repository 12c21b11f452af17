"""Cases of one injury in the office: decided, done again, linked. Nobody here signs twice unless a test wants it."""

from __future__ import annotations

from functools import partial
from typing import Any

from app.kernel.engine.reopening import reopen_case
from app.kernel.transaction import run
from tests.changing import add_changers, carry_through
from tests.office import APPLICATION, Office, bring_to_review

SAME_INJURY: dict[str, Any] = {"accident_at": "2026-02-19T09:00"}
"""Facts of an application about the same worker, a day earlier."""
SIGNED = {
    "initial_review": "submit_positive",
    "recheck": "agree",
    "risk_review": "agree",
    "final_review": "approve",
}
PROPOSED = {
    key: APPLICATION[key] for key in ("responsible_employer", "responsible_employer_uscc", "legal_basis_code")
}


def staff(office: Office) -> None:
    """Rule changers, and people enough for a second and a third case of one chain."""
    add_changers(office)
    more = (("approver2", "rec_approver"), ("handler3", "rec_handler"), ("checker3", "rec_checker"))
    for number, (name, post) in enumerate(more):
        office.hire(name, 75 + number)
        office.grant(name, post)


def review(office: Office, case_id: int, by: str) -> None:
    """The review that is open, positive."""
    duty = office.open_task_of(case_id).duty
    office.work(case_id, by, **(PROPOSED if duty == "initial_review" else {}), outcome=SIGNED[duty])


def conclude(office: Office, case_id: int, *people: str) -> None:
    """Initial review, recheck and final review by these three; a routed case has the risk reviewer besides."""
    who = dict(zip(("initial_review", "recheck", "final_review"), people, strict=True), risk_review="risk")
    while office.case(case_id).decided_at is None:
        review(office, case_id, who[office.open_task_of(case_id).duty])


def decided(office: Office, **facts: Any) -> int:
    """By handler, checker and approver."""
    case_id = bring_to_review(office, **facts)
    conclude(office, case_id, "handler", "checker", "approver")
    return case_id


def order(office: Office, case_id: int, role: str = "redo", by: str = "supervisor") -> int:
    """A decided case done again; the new case's id."""
    operation = partial(reopen_case, role=role, reason="复议决定撤销，责令重作")
    return int(run(office.kernel, operation, office.actors[by], case_id=case_id)["case_id"])


def walk_to_review(office: Office, case_id: int) -> None:
    """A redo from receipt to its initial review, by people who signed nothing in `decided`."""
    for who, form in (
        ("window", {"outcome": "complete"}),
        ("window", {}),
        ("approver2", {}),
        ("handler3", {"outcome": "ordinary"}),
        ("handler", {"investigated_on": "2026-03-01"}),
        ("handler2", {"investigated_on": "2026-03-01"}),
    ):
        office.work(case_id, who, **form)


def link(office: Office, one: int, other: int) -> int:
    """A controlled change carried through; its case id."""
    numbers = [office.case(case_id).case_no for case_id in (one, other)]
    return carry_through(office, "chain_link", {"case_no": numbers[0], "other_case_no": numbers[1]})


def redo_in_another_chain(office: Office) -> int:
    """A redo at recheck, after handler3's initial review; in its chain the checker signed nothing."""
    other = bring_to_review(office, **SAME_INJURY)
    conclude(office, other, "handler2", "checker2", "approver")
    again = order(office, other)
    walk_to_review(office, again)
    review(office, again, "handler3")
    return again
