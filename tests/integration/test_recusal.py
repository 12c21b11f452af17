"""Recusal through the service layer on the real database: three origins, its effects, the head's ruling."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from app.kernel.audit.models import AuditEvent
from app.kernel.cases.models import CaseParty
from app.kernel.duties.operations import CONCLUSION
from app.kernel.duties.queries import list_latest_signatures
from app.kernel.duties.records import permit_system
from app.kernel.duties.refusals import DutyDenied
from app.kernel.duties.views import Action
from app.kernel.engine.catalogue import get_deployed
from app.kernel.engine.context import CaseContext
from app.kernel.engine.dossier import read_dossier
from app.kernel.engine.operations import complete_task
from app.kernel.recusal.interests import FIND_JOB, confirm_interests, end_interest
from app.kernel.recusal.jobs import find_recusals
from app.kernel.recusal.models import PersonInterest
from app.kernel.recusal.queries import (
    find_bar,
    list_barred,
    list_barred_persons,
    list_own_recusals,
    list_to_rule,
)
from app.kernel.recusal.refusals import (
    InterestKnown,
    InterestNotFound,
    InterestNotYours,
    RecusalKnown,
    RecusalNotFound,
    RecusalNotRecordable,
    RecusalOfOneself,
    RecusalPersonUnknown,
    RecusalRuled,
    RecusalTooLate,
    RulingNotHeads,
    RulingOnOneself,
)
from app.kernel.recusal.register import last_confirmed, list_interests
from app.kernel.refusals import InvalidInput, TaskNotClaimed
from app.kernel.transaction import Unit, run, system_actor
from app.kernel.worklist.models import Notification
from app.kernel.worklist.operations import claim_task, open_task
from app.kernel.worklist.queries import QueueFilter, Tab, list_queue
from tests.office import APPLICATION, Office, bring_to_review, id_number, uscc
from tests.recusal_office import (
    ask,
    declare,
    enter,
    recusals_of,
    roles_of,
    rows,
    rule,
    voids_of,
    with_head,
)

OTHER_EMPLOYER = {
    "employer_uscc": uscc(77),
    "employer_name": "宁夏另一家有限公司",
    "worker_id_no": id_number(556),
}


def denied(office: Office, case_id: int, who: str, operation: Any) -> str:
    """Why `decide` refuses."""
    with pytest.raises(DutyDenied) as caught:
        run(office.kernel, operation, office.actors[who], case_id=case_id)
    return caught.value.decision.reason


def claims(office: Office, case_id: int, who: str) -> None:
    task = office.open_task_of(case_id)
    run(office.kernel, partial(claim_task, task_id=task.id), office.actors[who], case_id=case_id)


def test_declaring_ends_the_claim_and_closes_the_case_to_the_declarer(office: Office) -> None:
    with_head(office)
    case_id = bring_to_review(office)
    office.take(case_id, "handler")
    declare(office, case_id, "handler")
    task = office.open_task_of(case_id)
    assert (task.claimed_by, task.opened_at, task.draft, task.waiting_for_staff) == (None, None, None, False)
    assert denied(office, case_id, "handler", partial(claim_task, task_id=task.id)) == "recused"
    assert denied(office, case_id, "handler", partial(read_dossier, case_id=case_id)) == "recused"
    claims(office, case_id, "handler2")
    heads = select(Notification.code).where(Notification.person_id == office.person("head"))
    assert rows(office, heads) == ["recusal_to_rule"]


def test_declaring_where_nobody_else_can_take_the_task_makes_it_wait_for_staff(office: Office) -> None:
    case_id = bring_to_review(office)
    office.work(case_id, "handler", outcome="submit_positive")
    for who in ("checker", "checker2"):
        declare(office, case_id, who)
    assert office.open_task_of(case_id).waiting_for_staff


def test_signature_of_a_recused_reviewer_is_asked_for_again_by_another(office: Office) -> None:
    case_id = bring_to_review(office)
    office.work(case_id, "handler", outcome="submit_positive")
    declare(office, case_id, "handler")
    assert voids_of(office) == ["recusal"]
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        assert "initial_review" not in list_latest_signatures(session, case_id, CONCLUSION)
    office.work(case_id, "checker", outcome="agree")
    office.work(case_id, "approver", outcome="approve")
    again = office.open_task_of(case_id)
    assert (again.duty, again.state) == ("initial_review", "open")
    office.work(case_id, "handler2", outcome="submit_positive")
    office.work(case_id, "checker", outcome="agree")
    office.work(case_id, "approver", outcome="approve")
    assert office.case(case_id).decided_at is not None


def test_part_of_a_shared_task_is_done_again_after_its_first_person_stood_back(office: Office) -> None:
    case_id = office.start()
    for who, form in (
        ("window", {"outcome": "complete"}),
        ("window", {}),
        ("approver", {}),
        ("handler", {"outcome": "ordinary"}),
        ("handler", {"investigated_on": "2026-03-01"}),
    ):
        office.work(case_id, who, **form)
    assert office.open_task_of(case_id).acts == 1
    declare(office, case_id, "handler")
    task = office.open_task_of(case_id)
    assert (task.acts, task.result) == (0, None)


def test_request_of_a_party_holds_at_once_and_tells_nothing_of_the_case_to_the_person(office: Office) -> None:
    with_head(office)
    case_id = bring_to_review(office)
    office.take(case_id, "handler")
    ask(office, case_id, "checker")
    task_id = office.open_task_of(case_id).id
    office.complete(case_id, office.open_task_of(case_id), "handler", outcome="submit_positive")
    assert denied(office, case_id, "checker", partial(claim_task, task_id=task_id + 1)) == "recused"
    told = rows(office, select(Notification).where(Notification.person_id == office.person("checker")))
    assert [(item.code, item.params, item.case_id) for item in told] == [("recused", {}, None)]


def test_refused_by_the_head_the_person_may_act_again(office: Office) -> None:
    with_head(office)
    case_id = bring_to_review(office)
    office.work(case_id, "handler", outcome="submit_positive")
    first, second = ask(office, case_id, "checker"), ask(office, case_id, "checker2")
    assert office.open_task_of(case_id).waiting_for_staff
    rule(office, case_id, first, "refused")
    assert not office.open_task_of(case_id).waiting_for_staff
    claims(office, case_id, "checker")
    rule(office, case_id, second, "upheld")
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        assert find_bar(session, case_id, office.person("checker")) is None
        assert list_barred_persons(session, case_id) == {office.person("checker2")}


def test_head_rules_once_and_never_on_himself(office: Office) -> None:
    with_head(office)
    with_head(office, "chief", 701, "640000")
    case_id = bring_to_review(office)
    own, other = declare(office, case_id, "head"), ask(office, case_id, "checker")
    with pytest.raises(RulingOnOneself):
        rule(office, case_id, own, "refused")
    # Recused himself, the head rules on nobody's recusal in this case.
    with pytest.raises(DutyDenied):
        rule(office, case_id, other, "upheld")
    rule(office, case_id, own, "refused", by="chief")
    rule(office, case_id, other, "upheld")
    with pytest.raises(RecusalRuled) as caught:
        rule(office, case_id, other, "refused")
    assert caught.value.params["name"] == "head"
    third = ask(office, case_id, "checker2", cause="kinship")
    for who in ("supervisor", "approver", "auditor"):
        with pytest.raises(RulingNotHeads):
            rule(office, case_id, third, "refused", by=who)
    with pytest.raises(RecusalNotFound):
        rule(office, case_id, 10**9, "refused")


def test_only_who_hears_the_parties_records_their_requests(office: Office) -> None:
    case_id = bring_to_review(office)
    with pytest.raises(RecusalNotRecordable):
        ask(office, case_id, "handler", by="clerk")
    with pytest.raises(RecusalOfOneself):
        ask(office, case_id, "handler", by="handler")
    with pytest.raises(RecusalPersonUnknown):
        ask(office, case_id, "chief1", by="supervisor")
    for who in ("window", "supervisor"):
        ask(office, case_id, "checker", by=who, cause="kinship" if who == "window" else "other")
    with pytest.raises(RecusalKnown):
        ask(office, case_id, "checker", by="window", cause="kinship")


def test_what_was_left_out_is_named_by_field(office: Office) -> None:
    case_id = bring_to_review(office)
    with pytest.raises(InvalidInput) as caught:
        declare(office, case_id, "handler", cause="nothing", detail=" ")
    assert set(caught.value.errors) == {"cause", "detail"}


def test_closed_case_takes_no_recusal(office: Office) -> None:
    case_id = bring_to_review(office)
    for who, outcome in (("handler", "submit_positive"), ("checker", "agree"), ("approver", "approve")):
        office.work(case_id, who, outcome=outcome)
    office.serve(case_id)
    office.let_remedies_pass(case_id)
    with pytest.raises(RecusalTooLate):
        declare(office, case_id, "handler")


def test_former_employer_of_an_officer_recuses_by_data_at_the_start(office: Office) -> None:
    with_head(office)
    enter(office, "handler", cause="former_employer", name=APPLICATION["employer_name"], uscc=uscc(1))
    case_id = office.start()
    assert recusals_of(office, case_id) == [(office.person("handler"), "former_employer", "data")]
    assert roles_of(office, case_id) >= {"worker", "employer", "employer_name", "hospital"}
    for who, form in (("window", {"outcome": "complete"}), ("window", {}), ("approver", {})):
        office.work(case_id, who, **form)
    task = office.open_task_of(case_id)
    assert denied(office, case_id, "handler", partial(claim_task, task_id=task.id)) == "recused"
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        waiting = list_to_rule(session, office.person("head"))
    rule(office, case_id, waiting[0].recusal_id, "refused")
    claims(office, case_id, "handler")


def test_organisation_matches_by_name_where_no_credit_code_is_known(office: Office) -> None:
    enter(office, "handler", cause="treating_hospital", name="银川市 某三级医院")
    assert [cause for _, cause, _ in recusals_of(office, office.start())] == ["treating_hospital"]


def test_kin_of_the_worker_is_recused_when_the_number_is_corrected(office: Office) -> None:
    enter(office, "handler", cause="kinship", relation="配偶", id_number=id_number(881).lower())
    case_id = office.start(worker_id_no=id_number(880))
    assert recusals_of(office, case_id) == []
    office.work(case_id, "window", outcome="complete", worker_id_no=id_number(881))
    assert recusals_of(office, case_id) == [(office.person("handler"), "kinship", "data")]
    index = office.kernel.keyring.blind_index("id_number", id_number(880))
    earlier = select(CaseParty.role).where(CaseParty.case_id == case_id, CaseParty.id_number_index == index)
    assert rows(office, earlier) == ["worker"], "who was a party stays one"


def test_party_found_late_loses_the_claim(office: Office) -> None:
    case_id = office.start()
    office.work(case_id, "window", outcome="complete")
    office.work(case_id, "window")
    office.take(case_id, "approver")
    task = office.open_task_of(case_id)

    def correct(unit: Unit) -> None:
        assert unit.case is not None
        permit_system(unit, Action.SYSTEM, unit.case.id)
        context = CaseContext(unit, unit.case, get_deployed(unit.session, unit.case.definition_id))
        context.change({"applicant_id_no": office.id_number_of("approver")})

    run(office.kernel, correct, system_actor(), case_id=case_id)
    assert office.open_task_of(case_id).claimed_by is None
    assert denied(office, case_id, "approver", partial(claim_task, task_id=task.id)) == "party_of_case"


def test_officer_neither_registers_nor_completes_what_makes_him_a_party(office: Office) -> None:
    with pytest.raises(DutyDenied) as caught:
        office.start(worker_id_no=office.id_number_of("window"))
    assert caught.value.decision.reason == "party_of_case"
    enter(office, "window", cause="former_employer", name=OTHER_EMPLOYER["employer_name"], uscc=uscc(77))
    with pytest.raises(DutyDenied) as caught:
        office.start(**OTHER_EMPLOYER)
    assert (caught.value.decision.reason, caught.value.decision.params["cause"]) == (
        "recused",
        "former_employer",
    )
    case_id = office.start()
    task = office.take(case_id, "window")
    submitted = office.fill(
        case_id, task, {"outcome": "complete", "worker_id_no": office.id_number_of("window")}
    )
    completing = partial(complete_task, task_id=task.id, submitted=submitted, version=task.version)
    assert denied(office, case_id, "window", completing) == "party_of_case"
    assert "applicant" not in roles_of(office, case_id)


def test_officer_injured_at_the_same_employer_once_is_a_former_colleague(office: Office) -> None:
    office.start(worker_id_no=office.id_number_of("handler"), employer_uscc=uscc(9))
    case_id = office.start(worker_id_no=id_number(640))
    assert (office.person("handler"), "former_employer", "data") in recusals_of(office, case_id)


def test_interest_declared_late_recuses_from_open_cases_by_job(office: Office) -> None:
    case_id = bring_to_review(office)
    office.work(case_id, "handler", outcome="submit_positive")
    task = office.take(case_id, "checker")
    enter(office, "checker", cause="shareholding", name=APPLICATION["employer_name"], uscc=uscc(1))
    # At once, before the job: `decide` reads the register itself.
    submitted = office.fill(case_id, task, {"outcome": "agree"})
    completing = partial(complete_task, task_id=task.id, submitted=submitted, version=task.version)
    assert denied(office, case_id, "checker", completing) == "recused"
    assert find_recusals(office.kernel, office.person("checker")) == 1
    assert find_recusals(office.kernel, office.person("checker")) == 0
    assert office.open_task_of(case_id).claimed_by is None
    assert FIND_JOB == "find_recusals"


def test_register_keeps_indexes_and_masks_only(office: Office) -> None:
    enter(office, "handler", cause="kinship", relation="父亲", id_number=id_number(900))
    kept = rows(office, select(PersonInterest))[0]
    assert kept.subject_label == f"父亲 640***********{id_number(900)[-4:]}"
    assert id_number(900).encode() not in bytes(kept.subject_index)
    events = rows(office, select(AuditEvent.payload).where(AuditEvent.event == "interest.declared"))
    assert id_number(900) not in str(events)
    with pytest.raises(InterestKnown):
        enter(office, "handler", cause="kinship", relation="父亲", id_number=id_number(900))


def test_auditor_enters_for_others_and_nobody_else_does(office: Office) -> None:
    enter(office, "handler", by="auditor", cause="former_employer", name="宁夏某某有限公司")
    with pytest.raises(InterestNotYours):
        enter(office, "handler", by="supervisor", cause="former_employer", name="宁夏某某有限公司")
    with office.kernel.database.session() as session:
        found = list_interests(session, office.person("handler"))
    assert [(item.declarer, item.by_self) for item in found] == [("auditor", False)]


def test_ended_interest_bars_from_new_cases_no_more(office: Office) -> None:
    enter(office, "handler", cause="former_employer", name=APPLICATION["employer_name"], uscc=uscc(1))
    with office.kernel.database.session() as session:
        entry = list_interests(session, office.person("handler"))[0]
    assert len(entry.ids) == 2, "credit code and name"
    ending = partial(end_interest, interest_id=entry.ids[0])
    with pytest.raises(InterestNotFound):
        run(office.kernel, ending, office.actors["checker"])
    run(office.kernel, ending, office.actors["handler"])
    assert recusals_of(office, office.start()) == []
    with pytest.raises(InterestNotFound):
        run(office.kernel, ending, office.actors["handler"])


def test_yearly_confirmation_is_kept(office: Office) -> None:
    run(office.kernel, confirm_interests, office.actors["handler"])
    with office.kernel.database.session() as session:
        assert last_confirmed(session, office.person("handler")) == office.kernel.clock()
        assert last_confirmed(session, office.person("checker")) is None


@pytest.mark.parametrize(
    ("declaration", "wrong"),
    [
        ({"cause": "kinship"}, {"relation", "id_number"}),
        ({"cause": "kinship", "relation": "子女", "id_number": "640102198001011111"}, {"id_number"}),
        ({"cause": "former_employer"}, {"name"}),
        ({"cause": "shareholding", "name": "某某有限公司", "uscc": "91640100MA75"}, {"uscc"}),
        ({"cause": "friendship"}, {"cause"}),
    ],
)
def test_wrong_declarations_are_named_by_field(
    office: Office, declaration: dict[str, str], wrong: set[str]
) -> None:
    with pytest.raises(InvalidInput) as caught:
        enter(office, "handler", **declaration)
    assert set(caught.value.errors) == wrong


def test_no_list_shows_a_barred_case_to_the_barred(office: Office) -> None:
    with_head(office)
    case_id = bring_to_review(office)
    office.work(case_id, "handler", outcome="submit_positive")
    shown = [(who, tab) for who, tab in (("handler", Tab.DONE), ("checker", Tab.CAN_TAKE), ("head", Tab.ALL))]
    assert all(_lists(office, who, tab) == {case_id} for who, tab in shown)
    for who, _tab in shown:
        declare(office, case_id, who)
    for who, _tab in shown:
        assert all(_lists(office, who, tab) == set() for tab in Tab)
        with office.kernel.database.session() as session:
            office.kernel.database.scope(session, ("*",))
            assert list_barred(session, office.person(who), [case_id]) == {case_id}
            assert list_to_rule(session, office.person("head")) == []
            assert [item.case_id for item in list_own_recusals(session, office.person(who))] == [case_id]
    assert _lists(office, "checker2", Tab.CAN_TAKE) == {case_id}


def _lists(office: Office, who: str, tab: Tab) -> set[int]:
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        now = office.kernel.clock()
        found = list_queue(session, office.person(who), QueueFilter(tab=tab), now, now.date())
        return {row.case.id for row in found.rows}


def test_recused_person_can_not_even_release_or_open_again(office: Office) -> None:
    case_id = bring_to_review(office)
    task = office.take(case_id, "handler")
    declare(office, case_id, "handler")
    with pytest.raises(TaskNotClaimed):
        run(office.kernel, partial(open_task, task_id=task.id), office.actors["handler"], case_id=case_id)
