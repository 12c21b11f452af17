"""What each way of service asks for, and when a public notice is over."""

from dataclasses import replace
from datetime import date, datetime

import pytest

from app.kernel.deadlines.calendar import WorkingCalendar
from app.kernel.documents.service_rules import (
    Attempt,
    Circumstances,
    ServiceRules,
    check,
    consenting,
    notice_end,
)
from app.kernel.local_time import LOCAL_ZONE


def local(text: str) -> datetime:
    """Local time without a zone, as forms state it."""
    return datetime.fromisoformat(text)


NOON = local("2026-03-10T12:00")
AROUND = Circumstances(
    today=NOON.date(), now=NOON.replace(tzinfo=LOCAL_ZONE), issued_on=date(2026, 3, 2), proofs=1
)
DIRECT = Attempt("received", "direct", date(2026, 3, 4), local("2026-03-04T09:30"), receiver="苏国栋")
NOTICE = Attempt(
    "published",
    "public_notice",
    date(2026, 3, 4),
    reference="宁夏日报 3 月 4 日第 6 版",
    reason="邮件两次退回",
)


@pytest.mark.parametrize(
    ("attempt", "around", "wrong"),
    [
        (DIRECT, AROUND, {}),
        (DIRECT, replace(AROUND, proofs=0), {"outcome": "service_proof"}),
        (replace(DIRECT, receiver=""), AROUND, {"task_receiver": "required"}),
        (replace(DIRECT, sent_on=None), AROUND, {"task_sent_on": "required"}),
        (replace(DIRECT, sent_on=date(2026, 3, 1)), AROUND, {"task_sent_on": "service_before_issue"}),
        (replace(DIRECT, sent_on=date(2026, 3, 11)), AROUND, {"task_sent_on": "in_the_future",
                                                              "task_received_at": "service_before_sent"}),
        (replace(DIRECT, received_at=local("2026-03-10T12:01")), AROUND, {"task_received_at": "in_the_future"}),
        (replace(DIRECT, received_at=local("2026-03-03T23:00")), AROUND, {"task_received_at": "service_before_sent"}),
        (replace(DIRECT, received_at=None), AROUND, {"task_received_at": "required"}),
        (replace(DIRECT, way=""), AROUND, {"task_way": "required"}),
        (replace(DIRECT, way="left"), AROUND, {"task_reason": "required"}),
        (replace(DIRECT, way="left", reason="拒绝签收"), AROUND, {}),
        (replace(DIRECT, way="post", receiver=""), AROUND, {"task_reference": "required"}),
        (replace(DIRECT, way="post", receiver="", reference="EMS 123"), AROUND, {}),
        (replace(DIRECT, way="electronic", reference="短信 7"), AROUND, {"task_consent": "service_consent"}),
        (replace(DIRECT, way="electronic", reference="短信 7", consent=True), AROUND, {}),
        (replace(DIRECT, way="public_notice"), AROUND, {"task_way": "service_way_outcome"}),
        (replace(NOTICE, way="post"), replace(AROUND, failed_before=True), {"task_way": "service_way_outcome"}),
        (NOTICE, AROUND, {"task_untraceable": "service_notice_last"}),
        (NOTICE, replace(AROUND, failed_before=True), {}),
        (replace(NOTICE, untraceable=True), AROUND, {}),
        (replace(NOTICE, untraceable=True, reason=""), AROUND, {"task_reason": "required"}),
        (replace(NOTICE, untraceable=True, reference=""), AROUND, {"task_reference": "required"}),
        (replace(NOTICE, untraceable=True), replace(AROUND, proofs=0), {"outcome": "service_proof"}),
        (Attempt("failed", "post", date(2026, 3, 4)), replace(AROUND, proofs=0), {"task_reason": "required"}),
        (Attempt("failed", "post", date(2026, 3, 4), reason="查无此人"), replace(AROUND, proofs=0), {}),
        (Attempt("received", "post", date(2026, 3, 4), NOON), replace(AROUND, proofs=0, copy=True), {}),
    ],
)  # fmt: skip
def test_an_attempt_is_told_field_by_field_what_it_lacks(
    attempt: Attempt, around: Circumstances, wrong: dict[str, str]
) -> None:
    assert {field: code for field, (code, _) in check(attempt, around).items()} == wrong


def test_a_consent_given_earlier_in_the_case_counts() -> None:
    electronic = replace(DIRECT, way="electronic", reference="短信 7")
    assert check(consenting(electronic, replace(AROUND, consent=True)), AROUND) == {}


RULES = ServiceRules.of(
    [
        {"service": {"public_notice_days": 30, "party": {"worker": {"zh": "职工", "en": "Worker"}}}},
        {"service": {"party": {"worker": {"fact": "served_at"}, "kin": {"zh": "近亲属", "en": "Kin"}}}},
    ]
)


@pytest.mark.parametrize(
    ("published", "over"),
    [
        (date(2026, 3, 2), date(2026, 4, 1)),  # thirty days, the first not counted
        (date(2026, 1, 16), date(2026, 2, 24)),  # 15 February lies in the Spring Festival
        (date(2026, 3, 5), date(2026, 4, 7)),  # 4 to 6 April are Qingming
        (date(2026, 1, 29), date(2026, 2, 28)),  # a make-up Saturday is a working day
        (date(2028, 2, 1), date(2028, 3, 2)),  # over a leap day
    ],
)
def test_a_public_notice_ends_after_thirty_days_and_not_on_a_rest_day(published: date, over: date) -> None:
    calendar = WorkingCalendar()
    assert RULES.notice is not None
    assert notice_end(RULES.notice, published, calendar).due_on == over


def test_a_process_adds_to_what_the_called_one_says_of_a_party() -> None:
    worker = RULES.party("worker")
    assert (worker.zh, worker.fact) == ("职工", "served_at")
    assert RULES.party("kin").fact == "served_kin_at"
    assert RULES.party("guardian").zh == "guardian"
