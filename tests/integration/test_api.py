"""The interface for programs: tokens, the way of a task, and the same answers as everywhere else."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert, select, text

from app.kernel.audit.models import AuditEvent
from app.kernel.engine.operations import complete_task
from app.kernel.identity.models import Account, ApiToken
from app.kernel.identity.sessions import token_digest
from app.kernel.identity.tokens import create_token, revoke_token
from app.kernel.refusals import InvalidInput, Refusal
from app.kernel.transaction import run
from app.kernel.worklist.operations import claim_task, open_task, save_draft
from tests.moving_clock import MovingClock
from tests.office import Office, bring_to_review
from tests.pages import Desk, browser, sit_down
from tests.substitution_office import CHANGES_POST, hire_more


@dataclass
class Program:
    """A person's program."""

    client: FlaskClient
    token: str

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The answer, with its JSON in `.json`."""
        named = {"Authorization": f"Bearer {self.token}", **headers}
        return self.client.open(f"/api/v1{path}", method=method, json=body, headers=named)


def program(office: Office, name: str, days: int = 30) -> Program:
    issued = run(office.kernel, partial(create_token, label="测试", days=days), office.actors[name])
    return Program(browser(office.kernel), issued.token)


def words(page: str) -> str:
    return re.sub(r"\s+", "", html.unescape(re.sub(r"<[^>]+>", "", page)))


def test_a_program_takes_a_task_from_the_queue_to_its_end(office: Office) -> None:
    case_id, mine = bring_to_review(office), program(office, "handler")
    queue = mine.ask("GET", "/queue?tab=can_take").json
    (row,) = [row for row in queue["rows"] if row["case"]["id"] == case_id]
    task = row["task"]["id"]
    assert row["decision"]["verdict"] == "allow"
    assert mine.ask("POST", f"/tasks/{task}/claim").status_code == 200
    opened = mine.ask("POST", f"/tasks/{task}/open").json["task"]
    assert opened["opened"] is True
    form = office.fill(case_id, office.open_task_of(case_id), {"outcome": "submit_positive"})
    kept = mine.ask(
        "PUT", f"/tasks/{task}/draft", {"values": {"opinion": "待核"}, "version": opened["version"]}
    )
    assert kept.status_code == 200
    body = {"form": form, "version": kept.json["task"]["version"]}
    done = [mine.ask("POST", f"/tasks/{task}/complete", body, **{"Idempotency-Key": "k1"}) for _ in range(2)]
    assert [answer.json["task"]["state"] for answer in done] == ["completed", "completed"]
    dossier = mine.ask("GET", f"/cases/{case_id}").json
    assert [(act["duty"], act["state"]) for act in dossier["acts"]][-2:] == [
        ("initial_review", "opened"),
        ("initial_review", "performed"),
    ]
    assert dossier["facts"]["employer_name"]
    assert "worker_id_no" in dossier["sensitive_facts"]
    assert "worker_id_no" not in dossier["facts"]
    with office.kernel.database.session() as session:
        read = session.scalars(select(AuditEvent).where(AuditEvent.event == "case.read")).all()
    assert [event.case_id for event in read] == [case_id]


def test_a_key_is_for_one_body_and_completing_needs_one(office: Office) -> None:
    case_id, mine = bring_to_review(office), program(office, "handler")
    task = office.take(case_id, "handler")
    path = f"/tasks/{task.id}/complete"
    missing = mine.ask("POST", path, {"form": {}})
    assert (missing.status_code, missing.json["fields"]["Idempotency-Key"]["code"]) == (422, "required")
    form = office.fill(case_id, task, {"outcome": "submit_positive"})
    assert mine.ask("POST", path, {"form": form}, **{"Idempotency-Key": "k"}).status_code == 200
    other = mine.ask("POST", path, {"form": {**form, "opinion": "另一句"}}, **{"Idempotency-Key": "k"})
    assert (other.status_code, other.json["code"]) == (409, "idempotency_conflict")


def ended(office: Office, token: str, end: str) -> str:
    """Bring a token to its end."""
    if end == "revoked":
        with office.kernel.database.session() as session:
            number = session.scalar(select(ApiToken.id).where(ApiToken.token_digest == token_digest(token)))
        run(office.kernel, partial(revoke_token, token_id=number or 0), office.actors["handler"])
    if end == "locked":
        with office.kernel.database.engine.begin() as connection:
            account = office.actors["handler"].account_id
            connection.execute(text("UPDATE account SET state = 'locked' WHERE id = :id"), {"id": account})
    return token[:-1] + ("A" if token[-1] != "A" else "B") if end == "changed" else token


@pytest.mark.parametrize("end", ["live", "run out", "revoked", "locked", "changed", "absent"])
def test_a_token_opens_while_it_lives_and_never_after(office: Office, clock: MovingClock, end: str) -> None:
    mine = program(office, "handler", days=1)
    if end == "run out":
        clock.move(days=1, seconds=1)
    mine.token = "" if end == "absent" else ended(office, mine.token, end)
    answer = mine.ask("GET", "/me")
    if end == "live":
        assert answer.json["account"] == "handler-account"
        return
    assert (answer.status_code, answer.json["code"]) == (401, "token_invalid")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_tokens_are_kept_as_digests_made_and_revoked_on_the_page_by_their_owner_only(
    office: Office,
) -> None:
    desk: Desk = sit_down(office.kernel, "handler")
    assert desk.post("/me/tokens/", {"label": "", "days": "30"}).status_code == 422
    made = desk.post("/me/tokens/", {"label": "报表程序", "days": "30"})
    (token,) = re.findall(r"sanshen_[A-Za-z0-9_-]{40,}", made.text)
    assert token not in desk.get("/me/tokens/").text
    with office.kernel.database.session() as session:
        row = session.scalars(select(ApiToken)).one()
        told = session.scalars(select(AuditEvent.event).where(AuditEvent.event.like("token.%"))).all()
    assert row.token_digest == token_digest(token)
    assert list(told) == ["token.created"]
    other = sit_down(office.kernel, "checker")
    assert "报表程序" not in other.get("/me/tokens/").text
    assert other.post(f"/me/tokens/{row.id}/revoke", {}).status_code == 409
    client = desk.client.application.test_client()
    mine = Program(client, token)
    assert mine.ask("GET", "/me").status_code == 200
    assert desk.post(f"/me/tokens/{row.id}/revoke", {}).status_code == 302
    assert mine.ask("GET", "/me").status_code == 401


def test_a_browsers_session_opens_nothing_here(office: Office) -> None:
    desk = sit_down(office.kernel, "handler")
    assert desk.client.get("/api/v1/me").status_code == 401
    assert desk.client.post("/api/v1/tasks/1/claim").status_code == 401


def test_a_machines_account_holds_no_duty(office: Office) -> None:
    case_id = bring_to_review(office)
    with office.kernel.database.engine.begin() as connection:
        machine = connection.execute(
            insert(Account)
            .values(login="robot", kind="machine", state="active", locale="zh", created_at=datetime.now(UTC))
            .returning(Account.id)
        ).scalar_one()
        connection.execute(
            insert(ApiToken).values(
                account_id=machine,
                token_digest=token_digest("robot"),
                label="r",
                created_at=office.kernel.clock(),
                expires_at=office.kernel.clock() + timedelta(days=1),
            )
        )
    robot = Program(browser(office.kernel), "robot")
    task = office.open_task_of(case_id)
    for method, path in (("GET", "/queue"), ("GET", f"/tasks/{task.id}/decision")):
        answer = robot.ask(method, path)
        assert (answer.status_code, answer.json["decision"]["reason"]) == (403, "machine_holds_no_duty")
    assert robot.ask("POST", f"/tasks/{task.id}/claim").status_code in (403, 404)
    assert office.open_task_of(case_id).claimed_by is None


Form = Mapping[str, Any]


@dataclass(frozen=True)
class Situation:
    """Somebody tries something that is refused: who, what, and the code (and reason) every face must answer."""

    name: str
    arrange: Callable[[Office, MovingClock], int]
    who: str
    act: str
    code: str
    reason: str | None = None
    form: Form | None = None
    version: int | None = None


def plain(office: Office, clock: MovingClock) -> int:
    return bring_to_review(office)


def claimed_by_another(office: Office, clock: MovingClock) -> int:
    case_id = bring_to_review(office)
    task = office.open_task_of(case_id)
    run(office.kernel, partial(claim_task, task_id=task.id), office.actors["handler2"], case_id=case_id)
    return case_id


def of_oneself(office: Office, clock: MovingClock) -> int:
    return bring_to_review(office, worker_id_no=office.id_number_of("checker"))


def own_recheck(office: Office, clock: MovingClock) -> int:
    """Reviewed before the change of posts, to be rechecked after it."""
    hire_more(office)
    case_id = bring_to_review(office)
    office.work(case_id, "changer", outcome="submit_positive")
    clock.set(datetime.combine(CHANGES_POST, time(9), UTC))
    return case_id


def claimed(office: Office, clock: MovingClock) -> int:
    case_id = bring_to_review(office)
    task = office.open_task_of(case_id)
    run(office.kernel, partial(claim_task, task_id=task.id), office.actors["handler"], case_id=case_id)
    return case_id


def opened(office: Office, clock: MovingClock) -> int:
    case_id = bring_to_review(office)
    office.take(case_id, "handler")
    return case_id


SITUATIONS = (
    Situation("another took it", claimed_by_another, "handler", "claim", "task_already_claimed"),
    Situation("another post", plain, "window", "claim", "duty_denied", "post_not_held"),
    Situation("my own review", own_recheck, "changer", "claim", "duty_denied", "conflicting_duty"),
    Situation("my own case", of_oneself, "checker", "claim", "duty_denied", "party_of_case"),
    Situation("not mine to open", claimed_by_another, "handler", "open", "task_not_claimed"),
    Situation("not claimed", plain, "handler", "complete", "task_not_claimed", form={"opinion": "同意"}),
    Situation("not opened", claimed, "handler", "complete", "task_not_opened", form={"opinion": "同意"}),
    Situation(
        "an older page", opened, "handler", "complete", "stale_form", form={"opinion": "同"}, version=1
    ),
    Situation("an empty form", opened, "handler", "complete", "invalid_input", form={}),
    Situation("a draft of an older page", opened, "handler", "draft", "stale_form", form={}, version=1),
)


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.name)
def test_every_face_gives_the_same_answer(office: Office, clock: MovingClock, situation: Situation) -> None:
    case_id = situation.arrange(office, clock)
    task_id = office.open_task_of(case_id).id
    refused = by_operation(office, case_id, task_id, situation)
    assert (refused.code, refused.params.get("reason")) == (situation.code, situation.reason)

    answer = by_program(program(office, situation.who), task_id, situation)
    assert answer.json["code"] == situation.code
    assert (answer.json.get("decision") or {}).get("reason") == situation.reason
    desk = sit_down(office.kernel, situation.who)
    page = words(by_page(desk, task_id, situation))
    if isinstance(refused, InvalidInput):
        assert answer.json["fields"].keys() == refused.errors.keys()
        assert all(words(field["zh"]) in page for field in answer.json["fields"].values())
        return
    said = words(answer.json["detail"])
    assert said in page
    if situation.act == "complete":
        assert said in words(by_batch(desk, office.open_task_of(case_id), situation))


def by_operation(office: Office, case_id: int, task_id: int, situation: Situation) -> Refusal:
    operations: dict[str, Callable[..., Any]] = {
        "claim": partial(claim_task, task_id=task_id),
        "open": partial(open_task, task_id=task_id),
        "draft": partial(save_draft, task_id=task_id, values=situation.form or {}, version=situation.version),
        "complete": partial(
            complete_task, task_id=task_id, submitted=situation.form or {}, version=situation.version
        ),
    }
    with pytest.raises(Refusal) as refused:
        run(office.kernel, operations[situation.act], office.actors[situation.who], case_id=case_id)
    return refused.value


def by_program(mine: Program, task_id: int, situation: Situation) -> Any:
    body: dict[str, Any] = {"form": situation.form, "values": situation.form, "version": situation.version}
    method = "PUT" if situation.act == "draft" else "POST"
    return mine.ask(method, f"/tasks/{task_id}/{situation.act}", body, **{"Idempotency-Key": "once"})


def by_page(desk: Desk, task_id: int, situation: Situation) -> str:
    form = {**(situation.form or {}), "task_version": situation.version or ""}
    return desk.post(f"/tasks/{task_id}/{situation.act}", form).text


def by_batch(desk: Desk, task: Any, situation: Situation) -> str:
    version = task.version if situation.version is None else situation.version
    return desk.post("/batch/complete", {"ticked": f"{task.id}:{version}", "opinion": "同意认定。"}).text


def test_why_not_is_told_before_trying(office: Office, clock: MovingClock) -> None:
    case_id = own_recheck(office, clock)
    mine = program(office, "changer")
    found = mine.ask("GET", f"/tasks/{office.open_task_of(case_id).id}/decision").json
    decision = found["decision"]
    assert (decision["verdict"], decision["reason"], decision["rule"]) == (
        "deny",
        "conflicting_duty",
        "case_reviews",
    )
    assert {act["duty"] for act in decision["evidence"]} == {"initial_review"}
    assert decision["text"]["zh"] != decision["text"]["en"]
    assert decision["remedy"]["en"]
    assert "checker" in found["able"]
    assert office.open_task_of(case_id).claimed_by is None


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/queue?tab=none", None, 422, "invalid_input"),
        ("GET", "/nothing", None, 404, "not_found"),
        ("POST", "/queue", None, 405, "method_not_allowed"),
        ("POST", "/tasks/999999/claim", None, 404, "task_not_found"),
        ("GET", "/cases/999999", None, 404, "case_not_found"),
        ("PUT", "/tasks/1/draft", [1], 400, "request_unreadable"),
    ],
)
def test_what_makes_no_sense_is_a_problem_with_a_code(
    office: Office, method: str, path: str, body: Any, status: int, code: str
) -> None:
    answer = program(office, "handler").ask(method, path, body)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"
