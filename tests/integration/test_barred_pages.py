"""Parties and recused persons meet a refusal at every address of the case, and nothing of it anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.routing import Rule

from app.faces.web.barring import CASE_OF
from app.kernel.cases.models import Material
from app.kernel.decisions.models import RuleHit
from app.kernel.documents.models import Document
from app.kernel.duties.records import permit_system
from app.kernel.duties.views import Action
from app.kernel.engine.incidents.models import Incident
from app.kernel.engine.incidents.recording import Failure, note_failure
from app.kernel.engine.materials import Upload, add_material
from app.kernel.identity.login import Credentials, log_in
from app.kernel.transaction import Unit, run, system_actor
from app.kernel.worklist.consultations import ask as consult
from app.kernel.worklist.models import Consultation, Task
from app.kernel.worklist.operations import notify
from tests.office import PASSWORD, TO_REVIEW, Office
from tests.pages import application, browser
from tests.recusal_office import ask, declare, rows, with_head

RULE = "LOG-04"
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
WITH_CASE = frozenset(CASE_OF)
FREE = frozenset(
    {
        "filename",  # static files
        "code",  # of verification: tells the public nothing of the case
        "seal_id",
        "process",  # beside case_id, as are the next three
        "message",
        "clock",
        "action",
        "person_id",
        "interest_id",
        "recusal_id",  # beside case_id
        "hit_id",  # beside case_id
        "hold_id",  # beside case_id, or of a process
        "account_id",
        "absence_id",
        "substitution_id",
        "request_id",  # of a post
        "grant_id",
        "draft_id",  # of a process definition, as are the next three, or of a rule
        "key",
        "version",
        "draw_no",  # beside case_id
        "path",
        "token_id",  # of one's own
        "rule_id",  # of the catalogue: its hits are a list like others
        "finding_id",  # about people and offices, never about a case
        "item",  # a benefit's formula
        "name",  # of a file of a rule's draft
        "index",  # of a test case of a rule's draft
        "employer_id",  # of the register; its cases leave out barred ones (test_registry_pages.py)
        "file_id",  # put up for the register
        "trial_id",  # its list leaves out barred cases (test_rule_workbench.py)
    }
)
"""Parameters that lead to no case by themselves. Adding one here says that somebody looked at it."""


@dataclass
class Place:
    """A case with files, and what of it must not be seen."""

    app: Flask
    office: Office
    case_id: int

    def person(self, name: str) -> FlaskClient:
        """A signed-in browser; unsafe requests carry its token."""
        opened = log_in(self.office.kernel, Credentials(f"{name}-account", PASSWORD, None, None, "test"))
        client = browser(self.office.kernel)
        client.set_cookie("sanshen", opened.token)
        client.environ_base["HTTP_ORIGIN"] = "http://localhost"
        client.environ_base["HTTP_X_CSRF_TOKEN"] = opened.csrf_token
        return client

    def marks(self) -> list[str]:
        """Words by which the case would show through."""
        case = self.office.case(self.case_id)
        numbers = rows(self.office, select(Document.number).where(Document.case_id == self.case_id))
        return [
            case.case_no,
            case.subject_name,
            case.organisation,
            "机加车间",
            "骨折",
            "诊断证明.pdf",
            *numbers,
        ]

    def addresses(self, method: str, of: tuple[str, ...] = ("",)) -> Iterator[str]:
        """Every address of this method (of pages that begin so) that leads to the case, with its own ids."""
        for rule in self.app.url_map.iter_rules():
            if method in (rule.methods or ()) and rule.arguments & WITH_CASE and rule.endpoint.startswith(of):
                yield from self._filled(rule, method)

    def _filled(self, rule: Rule, method: str) -> Iterator[str]:
        values: dict[str, list[object]] = {
            "case_id": [self.case_id],
            "task_id": list(rows(self.office, select(Task.id).where(Task.case_id == self.case_id))),
            "uid": self._files(rule),
            "consultation_id": list(rows(self.office, select(Consultation.id))),
            "process": ["injury_recognition"],
            "draw_no": [1],
            "incident_id": list(rows(self.office, select(Incident.id))),
        }
        name = next(key for key in CASE_OF if key in rule.arguments)
        others = {key: values.get(key, [1])[0] for key in rule.arguments - {name}}
        addresses = self.app.url_map.bind("localhost")
        for value in values[name]:
            yield addresses.build(rule.endpoint, {**others, name: value}, method)

    def _files(self, rule: Rule) -> list[object]:
        table = Material if "material" in rule.rule else Document
        found: list[UUID] = rows(self.office, select(table.uid).where(table.case_id == self.case_id))
        return list(found)


def in_trouble(unit: Unit) -> None:
    """The case has an open incident."""
    assert unit.case is not None
    permit_system(unit, Action.SYSTEM, unit.case.id)
    note_failure(unit, unit.case, Failure("p01_archive", "automatic", "ValueError", "骨折", 3))


@pytest.fixture
def place(office: Office, tmp_path: Path) -> Place:
    with_head(office)
    case_id = office.start(applicant_id_no=office.id_number_of("clerk"))
    task = office.take(case_id, "window")
    upload = Upload("diagnosis_proof", "诊断证明.pdf", "application/pdf", PDF, "applicant")
    run(
        office.kernel,
        partial(add_material, task_id=task.id, upload=upload),
        office.actors["window"],
        case_id=case_id,
    )
    office.complete(case_id, task, "window", **TO_REVIEW[0][1])
    for who, form in TO_REVIEW[1:]:
        office.work(case_id, who, **form)
    office.work(case_id, "handler", outcome="submit_positive")
    run(office.kernel, in_trouble, system_actor(), case_id=case_id)
    asked = office.take(case_id, "checker2")
    asking = partial(
        consult, task_id=asked.id, kind="opinion", person_id=office.person("risk"), question="是否一致"
    )
    run(office.kernel, asking, office.actors["checker2"], case_id=case_id)
    return Place(application(office.kernel), office, case_id)


def bar(place: Place, who: str, how: str) -> None:
    """Make somebody a party of the case, or recuse him from it."""
    if how == "declared":
        declare(place.office, place.case_id, who)
    elif how == "requested":
        ask(place.office, place.case_id, who, by="window")
    # a party: the clerk is the applicant from the start


BARRED = [
    ("clerk", "party"),
    ("handler", "declared"),  # an earlier performer
    ("checker", "requested"),
    ("supervisor", "requested"),
    ("auditor", "declared"),
    ("head", "declared"),
]


def test_every_address_of_the_case_refuses_and_shows_nothing(place: Place) -> None:
    for who, how in BARRED:
        bar(place, who, how)
    marks, addresses = place.marks(), list(place.addresses("GET"))
    assert len(addresses) > 8
    for who, _how in BARRED:
        browser = place.person(who)
        for address in addresses:
            answer = browser.get(address)
            assert answer.status_code == 403, f"{who} {address}: {answer.status_code}"
            assert [mark for mark in marks if mark in answer.text] == [], f"{who} {address}"


def test_every_form_of_the_case_refuses_and_changes_nothing(place: Place) -> None:
    for who, how in BARRED:
        bar(place, who, how)
    marks, addresses = place.marks(), list(place.addresses("POST"))
    before = place.office.case(place.case_id).version
    assert len(addresses) > 8
    for who, _how in BARRED:
        browser = place.person(who)
        for address in addresses:
            answer = browser.post(address)
            assert answer.status_code == 403, f"{who} {address}: {answer.status_code}"
            assert [mark for mark in marks if mark in answer.text] == [], f"{who} {address}"
    assert place.office.case(place.case_id).version == before


def note_hit(unit: Unit, case_id: int) -> None:
    """A hit of RULE, whatever the case's own facts say."""
    words = {"title_zh": "重复认定", "title_en": "", "message_zh": "同日另有一件", "message_en": ""}
    grave = {"rule_version": 1, "severity": "high", "action": "route", "inputs": {}, "inputs_digest": "test"}
    unit.session.add(RuleHit(case_id=case_id, rule_id=RULE, at=unit.now, **words, **grave))


def test_lists_searches_and_notices_leave_the_case_out(place: Place) -> None:
    office, case_id = place.office, place.case_id
    task = office.open_task_of(case_id)
    number = office.case(case_id).case_no
    lists = ["/", "/?tab=mine", "/?tab=can_take", "/?tab=all", "/?tab=done", f"/?tab=all&q={number}"]
    lists += ["/?tab=all&q=苏国栋", "/notices", "/board", "/board?from=0", f"/board?from=0&task={task.id}"]
    lists += ["/recusals", "/me/interests", f"/rules/{RULE}"]

    def told(unit: Unit) -> None:
        for who, _how in BARRED:
            notify(unit, office.person(who), "task_assigned", f"test:{who}", office.case(case_id), task)
        note_hit(unit, case_id)
        unit.record("test.told", {}, chain="system")

    run(office.kernel, told, system_actor())
    browsers = {who: place.person(who) for who, _how in BARRED}
    assert any(f"/cases/{case_id}/" in browsers[who].get(f"/rules/{RULE}").text for who, _how in BARRED)
    for who, how in BARRED:
        shown = [a for a in lists if f"/cases/{case_id}/" in browsers[who].get(a).text]
        assert shown or how == "party", f"{who} saw it before"
        bar(place, who, how)
    for who, _how in BARRED:
        for address in lists:
            text = browsers[who].get(address).text
            assert f"/cases/{case_id}/" not in text, f"{who} {address}"
            # The search field repeats what was typed; one's own page names the case one stands back from.
            typed = {mark for mark in place.marks() if mark in address} | (
                {number} if "/me/" in address else set()
            )
            assert [mark for mark in place.marks() if mark in text and mark not in typed] == [], (
                f"{who} {address}"
            )


def test_somebody_who_may_read_sees_all_of_it(place: Place) -> None:
    """The twin: the same addresses answer an earlier performer, and the marks are the case's."""
    browser = place.person("handler2")
    answers = {address: browser.get(address) for address in place.addresses("GET", ("case.", "documents."))}
    assert len(answers) > 8
    assert {answer.status_code for answer in answers.values()} <= {200, 204, 302}
    page = browser.get(f"/cases/{place.case_id}/").text
    assert [mark for mark in place.marks() if mark not in page] == []


def test_every_parameter_of_every_address_is_known(place: Place) -> None:
    """A new parameter is either one that leads to a case (app/faces/web/barring.py) or harmless, and said to be so."""
    used = {name for rule in place.app.url_map.iter_rules() for name in rule.arguments}
    assert used - WITH_CASE - FREE == set()
