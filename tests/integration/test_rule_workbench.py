"""The rule workbench: a draft edited, tried on past cases, proposed; what hits turned out to be; its pages."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import pytest
from sqlalchemy import insert, select

from app.faces.worker.trials import try_rule
from app.kernel.decisions.catalogue.reading import CASES, MANIFEST, MODEL
from app.kernel.decisions.catalogue.versions import list_standing
from app.kernel.decisions.models import RuleHit
from app.kernel.decisions.tuning.operations import judge_hit
from app.kernel.decisions.tuning.queries import HitCounts, add_up, count_hits
from app.kernel.duties.refusals import DutyDenied
from app.kernel.engine.drafting.models import DraftEditor
from app.kernel.engine.drafting.refusals import DraftChanged, DraftNotYours
from app.kernel.engine.operations import CaseStart, start_case
from app.kernel.engine.workbench.asking import load_pair, population, supplies_of
from app.kernel.engine.workbench.drafts import create_rule_draft, save_rule_file, take_over_rule_draft
from app.kernel.engine.workbench.models import RuleTrial
from app.kernel.engine.workbench.proposals import restore_rule_version, retire_rule, submit_rule_draft
from app.kernel.engine.workbench.queries import (
    RuleDraft,
    check_rule_draft,
    get_rule_draft,
    list_trial_cases,
)
from app.kernel.engine.workbench.refusals import TrialOver, TrialRunning
from app.kernel.engine.workbench.trials import TrialOrder, advance_trial, cancel_trial, start_trial
from app.kernel.refusals import FenceRefused, InvalidInput
from app.kernel.transaction import run, system_actor
from app.storage.embedded import EmbeddedServer
from tests.changing import REGION, add_changers, sign
from tests.moving_clock import MovingClock
from tests.office import APPLICATION, CITY, COUNTY, Office, open_office
from tests.pages import Desk, sit_down

MONDAY = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
RULE = "RSK-12"
LATE = {"insured_since": "2026-02-10", "enrolment_received_at": "2026-02-15"}
SAME_DAY = {"insured_since": "2026-02-15", "enrolment_received_at": "2026-02-15"}
STRICTER = (b"&gt; most_days", b"&gt;= most_days")
WHOLE_YEAR = TrialOrder(date(2025, 3, 2), date(2026, 3, 2), (REGION,))


@pytest.fixture(scope="module")
def office(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """One office for all tests here: each works on another rule, or the next version."""
    with open_office(server, MovingClock(MONDAY), tmp_path_factory.mktemp("workbench") / "data") as opened:
        add_changers(opened)
        yield opened


def begin(office: Office, rule_id: str = RULE, *, by: str = "editor", base: int | None = None) -> int:
    return run(office.kernel, partial(create_rule_draft, rule_id=rule_id, base=base), office.actors[by])


def read(office: Office, draft_id: int) -> RuleDraft:
    with office.kernel.database.session() as session:
        return get_rule_draft(session, draft_id)


def save(office: Office, draft_id: int, name: str, content: bytes, *, by: str = "editor") -> int:
    revision = read(office, draft_id).revision
    operation = partial(save_rule_file, draft_id=draft_id, name=name, content=content, revision=revision)
    return run(office.kernel, operation, office.actors[by])


def replace(office: Office, draft_id: int, name: str, old: bytes, new: bytes) -> None:
    content = read(office, draft_id).files[name]
    assert old in content
    save(office, draft_id, name, content.replace(old, new, 1))


def order(office: Office, draft_id: int) -> int:
    return run(
        office.kernel, partial(start_trial, draft_id=draft_id, order=WHOLE_YEAR), office.actors["editor"]
    )


def trial(office: Office, trial_id: int) -> RuleTrial:
    with office.kernel.database.session() as session:
        return session.get_one(RuleTrial, trial_id)


def in_force(office: Office, rule_id: str, on: date) -> int | None:
    with office.kernel.database.session() as session:
        found = [one.rule.manifest.version for one in list_standing(session, on) if one.rule.id == rule_id]
    return found[0] if found else None


def decided(office: Office, case_id: int) -> None:
    sign(office, case_id, "editor", "submit_positive")
    sign(office, case_id, "rechecker", "agree")
    sign(office, case_id, "authoriser", "approve")


def test_a_draft_is_tried_on_past_cases_beside_the_version_in_force(office: Office) -> None:
    late, same_day = office.start(**LATE), office.start(**SAME_DAY)
    party = office.start(**SAME_DAY, worker_name="员工", worker_id_no=office.id_number_of("clerk"))
    office.start()
    draft_id = begin(office)
    replace(office, draft_id, MODEL, *STRICTER)
    trial_id = order(office, draft_id)
    with pytest.raises(TrialRunning):
        order(office, draft_id)
    step = partial(advance_trial, trial_id=trial_id, size=1)
    assert run(office.kernel, step, system_actor())
    assert (trial(office, trial_id).state, trial(office, trial_id).total) == ("running", 4)
    try_rule(office.kernel, 1, {"trial_id": trial_id})  # carries on where it was
    done = trial(office, trial_id)
    assert (done.state, done.asked) == ("done", 4)
    assert done.counts == {"same": 1, "new": 2, "missing": 1}

    def seen(verdict: str, reader: str) -> list[int]:
        with office.kernel.database.session() as session:
            office.kernel.database.scope(session, ("*",))
            found, _total = list_trial_cases(session, trial_id, office.person(reader), verdict, limit=10)
        return [one.case_id for one in found]

    assert seen("same", "editor") == [late]
    assert seen("new", "editor") == [party, same_day]
    assert seen("new", "clerk") == [same_day]  # a party sees nothing of the case, here neither
    with pytest.raises(TrialOver):
        run(office.kernel, partial(cancel_trial, trial_id=trial_id), office.actors["editor"])
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        kept = session.scalars(select(RuleHit).where(RuleHit.case_id == same_day, RuleHit.rule_id == RULE))
        assert list(kept) == []  # nothing was done to the cases


def test_a_trial_is_cancelled_and_goes_no_further(office: Office) -> None:
    trial_id = order(office, begin(office))
    run(office.kernel, partial(cancel_trial, trial_id=trial_id), office.actors["editor2"])
    assert try_rule(office.kernel, 1, {"trial_id": trial_id}) == 0
    assert (trial(office, trial_id).state, trial(office, trial_id).asked) == ("cancelled", 0)


def test_a_trial_asks_about_the_cases_of_each_region_it_names(office: Office) -> None:
    facts = {**APPLICATION, **SAME_DAY}
    editor = dataclasses.replace(office.actors["editor"], regions=(COUNTY, "640300", CITY))
    here, there, elsewhere = (
        int(
            run(
                office.kernel,
                partial(start_case, start=CaseStart("injury_recognition", region, facts)),
                system_actor(),
            )["case_id"]
        )
        for region in (COUNTY, "640300", CITY)
    )
    for regions, expected in (((COUNTY, "640300"), {here, there}), ((CITY,), {here, elsewhere})):
        asked = dataclasses.replace(WHOLE_YEAR, regions=regions)
        draft_id = begin(office)
        trial_id = run(office.kernel, partial(start_trial, draft_id=draft_id, order=asked), editor)
        with office.kernel.database.session() as session:
            office.kernel.database.scope(session, ("*",))
            one = session.get_one(RuleTrial, trial_id)
            pair = load_pair(session, one)
            among = population(session, one, supplies_of(session, office.kernel.ports, pair))
            assert {case.id for case in session.scalars(among)} & {here, there, elsewhere} == expected


def test_what_can_not_be_tried_is_refused_by_field(office: Office) -> None:
    draft_id = begin(office)
    reversed_period = TrialOrder(date(2026, 3, 2), date(2026, 3, 1), ())
    operation = partial(start_trial, draft_id=draft_id, order=reversed_period)
    with pytest.raises(InvalidInput) as refused:
        run(office.kernel, operation, office.actors["editor"])
    assert set(refused.value.errors) == {"period_to", "regions"}
    save(office, draft_id, MANIFEST, b"broken")
    for attempt, code in (
        (draft_id, "rule_unreadable"),
        (begin(office, "RSK-16"), "rule_unsupplied"),
        (begin(office, "POL-05"), "rule_unsupplied"),
    ):
        with pytest.raises(InvalidInput) as refused:
            order(office, attempt)
        assert refused.value.errors["files"][0] == code
    with pytest.raises(DutyDenied):
        run(
            office.kernel,
            partial(start_trial, draft_id=draft_id, order=WHOLE_YEAR),
            office.actors["handler"],
        )


def test_a_draft_is_proposed_only_when_its_cases_pass_and_three_people_put_it_into_force(
    office: Office,
) -> None:
    draft_id = begin(office, "LOG-04")
    passing = read(office, draft_id).files[CASES]
    save(office, draft_id, CASES, passing.replace(b'"no_hit"', b'"hit"', 1))
    found = check_rule_draft(read(office, draft_id))
    assert found.failed == 1
    assert {one.problem.rule for one in found.findings} >= {"case-failed"}
    submit = partial(submit_rule_draft, draft_id=draft_id, reason="按稽核意见", ground="内控制度")
    with pytest.raises(InvalidInput) as refused:
        run(office.kernel, submit, office.actors["editor"])
    assert set(refused.value.errors) == {"cases_toml"}
    save(office, draft_id, CASES, passing)
    replace(office, draft_id, MANIFEST, b'message_en = "', b'message_en = "Look: ')
    with pytest.raises(DraftNotYours):
        save(office, draft_id, CASES, b"", by="editor2")
    with pytest.raises(DraftChanged):
        run(
            office.kernel,
            partial(save_rule_file, draft_id=draft_id, name=CASES, content=b"", revision=1),
            office.actors["editor"],
        )
    run(office.kernel, partial(take_over_rule_draft, draft_id=draft_id), office.actors["editor2"])
    run(office.kernel, partial(take_over_rule_draft, draft_id=draft_id), office.actors["editor"])
    case_id = int(run(office.kernel, submit, office.actors["editor"])["case_id"])
    assert read(office, draft_id).state == "editing"
    decided(office, case_id)
    assert read(office, draft_id).state == "deployed"
    assert in_force(office, "LOG-04", date(2026, 3, 2)) == 2


def test_a_review_by_an_editor_of_the_draft_puts_nothing_into_force(office: Office) -> None:
    draft_id = begin(office, "LOG-03")
    replace(office, draft_id, MANIFEST, b'message_en = "', b'message_en = "Look: ')
    submit = partial(submit_rule_draft, draft_id=draft_id, reason="按稽核意见", ground="内控制度")
    case_id = int(run(office.kernel, submit, office.actors["editor"])["case_id"])
    sign(office, case_id, "editor", "submit_positive")
    sign(office, case_id, "rechecker", "agree")
    reviewer = office.actors["rechecker"]
    with office.kernel.database.session() as session:  # he edited after all, past the application
        session.execute(
            insert(DraftEditor).values(
                draft_id=draft_id,
                person_id=reviewer.person_id,
                account_id=reviewer.account_id,
                first_at=MONDAY,
            )
        )
        session.commit()
    with pytest.raises(FenceRefused) as refused:
        sign(office, case_id, "authoriser", "approve")
    assert refused.value.params["sqlstate"] == "SD035"
    assert in_force(office, "LOG-03", date(2026, 3, 2)) == 1


def test_a_version_is_restored_as_the_next_and_a_rule_retired(office: Office) -> None:
    unknown = partial(restore_rule_version, rule_id="LOG-05", version=9, reason="x", ground="x")
    with pytest.raises(InvalidInput) as refused:
        run(office.kernel, unknown, office.actors["editor"])
    assert set(refused.value.errors) == {"version"}
    again = partial(restore_rule_version, rule_id="LOG-05", version=1, reason="新版有误", ground="内控制度")
    decided(office, int(run(office.kernel, again, office.actors["editor"])["case_id"]))
    assert in_force(office, "LOG-05", date(2026, 3, 2)) == 2
    ended = partial(retire_rule, rule_id="LOG-05", day="2026-06-01", reason="不再需要", ground="内控制度")
    decided(office, int(run(office.kernel, ended, office.actors["editor"])["case_id"]))
    assert in_force(office, "LOG-05", date(2026, 5, 31)) == 2
    assert in_force(office, "LOG-05", date(2026, 6, 1)) is None


def test_what_hits_turned_out_to_be_is_counted_by_version_and_month(office: Office) -> None:
    case_id = office.start(**LATE)
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        hit = session.scalars(
            select(RuleHit).where(RuleHit.case_id == case_id, RuleHit.rule_id == RULE)
        ).one()

    def judge(verdict: str, by: str, reason: str = "核对过参保记录") -> None:
        operation = partial(judge_hit, hit_id=hit.id, verdict=verdict, reason=reason)
        run(office.kernel, operation, office.actors[by], case_id=case_id)

    def counted() -> HitCounts:
        with office.kernel.database.session() as session:
            office.kernel.database.scope(session, ("*",))
            lines = count_hits(session, date(2026, 3, 1), date(2026, 3, 31), RULE)
        assert {(line.version, line.month) for line in lines} == {(1, date(2026, 3, 1))}
        return add_up(lines)

    before = counted()
    assert before.false_rate is None
    judge("false_alarm", "supervisor")
    after = counted()
    assert (after.hits, after.false_alarm, after.open) == (before.hits, 1, before.open - 1)
    assert after.false_rate == 1.0
    desk = sit_down(office.kernel, "supervisor")
    for address in ("/rules/statistics", f"/rules/{RULE}/statistics"):
        assert "100%（1/1）" in desk.get(address).text
    office.take(case_id, "window")
    judge("justified", "window")
    assert (counted().justified, counted().false_alarm) == (1, 0)
    assert "0%（0/1）" in desk.get(f"/rules/{RULE}/statistics").text
    with pytest.raises(DutyDenied):
        judge("justified", "checker")
    with pytest.raises(InvalidInput):
        judge("justified", "window", reason="")


def revision_of(page: str) -> str:
    found = re.search(r'name="revision" value="(\d+)"', page)
    assert found is not None
    return found[1]


def test_the_pages_edit_check_try_compare_and_submit_without_scripts(office: Office) -> None:
    office.start(**LATE)
    desk = sit_down(office.kernel, "editor")
    assert "RSK-12" in desk.get("/rules/drafts/new?rule=RSK-12").text
    made = desk.post("/rules/drafts/new", {"rule": RULE, "idempotency_key": "one"})
    assert made.status_code == 302
    page = made.headers["Location"].partition("?")[0]
    shown = desk.get(page).text
    for words in ("规则的性质", "用历史案件试算", "通过", "rule.dmn", "提交复核"):
        assert words in shown, words

    draft = read(office, int(page.rpartition("/")[2]))
    raw = desk.get(f"{page}/raw/rule.dmn")
    assert (raw.status_code, raw.data) == (200, draft.files[MODEL])
    broken = raw.data.decode().replace("<text>", "<text>(", 1)
    saved = desk.post(f"{page}/files/rule.dmn", {"content": broken, "revision": revision_of(shown)})
    assert saved.status_code == 302
    told = desk.get(page).text
    assert "不能提交复核" in told
    assert "规则现在不能读" in told
    text = desk.get(f"{page}/files/rule.dmn").text
    mended = {"content": raw.data.decode(), "revision": revision_of(text)}
    assert desk.post(f"{page}/files/rule.dmn", mended).status_code == 302
    assert desk.post(f"{page}/files/rule.dmn", {**mended, "content": "<x/>"}).status_code == 409

    fields = _form(desk, page, f"{page}/properties")
    wrong = [(key, "soon" if key == "effective_from" else value) for key, value in fields]
    sent = desk.post(f"{page}/properties", wrong)
    assert sent.status_code == 422
    assert "请填日期" in sent.text
    kept = [(key, value) for key, value in fields if key != "name_en"]
    assert desk.post(f"{page}/properties", [*kept, ("name_en", "Another name")]).status_code == 302
    assert b'name_en = "Another name"' in read(office, draft.id).files[MANIFEST]

    fields = _form(desk, page, f"{page}/cases/0")
    renamed = [(key, "改了名" if key == "0-name" else value) for key, value in fields]
    assert desk.post(f"{page}/cases/0", renamed).status_code == 302
    unnamed = [(key, "" if key == "0-name" else value) for key, value in _form(desk, page, f"{page}/cases/0")]
    assert desk.post(f"{page}/cases/0", unnamed).status_code == 422

    trial = [("period_from", "2025-03-02"), ("period_to", "2026-03-02")]
    assert "field-regions" in desk.post(f"{page}/trials", trial).text
    trial += [("regions", COUNTY), ("regions", "640300")]
    watched = desk.get(desk.post(f"{page}/trials", trial).headers["Location"]).text
    assert "等后台开始" in watched
    assert "停止试算" in watched
    assert "永宁县、吴忠市" in watched
    assert "改了名" in desk.get(f"/rules/{RULE}/compare?from=1&to=d{draft.id}").text
    asked = desk.get(f"{page}/submit").text
    assert "都不能复核、批准" in asked
    assert desk.post(f"{page}/submit", {"reason": "", "ground": ""}).status_code == 422
    proposed = desk.post(f"{page}/submit", {"reason": "改名", "ground": "制度"})
    change = desk.get(proposed.headers["Location"]).text
    for words in ("看草稿", "逐行比较", f'href="{page}"'):
        assert words in change, words
    assert RULE in desk.get("/rules/drafts").text
    assert desk.get("/rules/statistics?sort=rate").status_code == 200
    assert "第 1 版" in desk.get(f"/rules/{RULE}/statistics").text
    assert desk.get(f"/rules/{RULE}/release").status_code == 200


def _form(desk: Desk, page: str, action: str) -> list[tuple[str, Any]]:
    """The fields of one form of a page, as a browser would send them untouched."""
    from lxml import html

    tree = html.fromstring(desk.get(page).text)
    (form,) = [one for one in tree.forms if one.action == action]
    return [(key, value) for key, value in form.form_values() if key != "csrf_token"]


HOSTILE = (
    (MANIFEST, b"fact = 3"),
    (
        MANIFEST,
        b'id = ["x"]\nkind = 4\nalso = 1\neffective_from = "x"\n[fact.a]\ntype = ["x"]\n[fact."b c"]\n',
    ),
    (MANIFEST, b"[parameter.a]\nvalue = { x = 1 }\n[[source]]\ntag = []\n"),
    (CASES, b'[[case]]\nname = 3\nexpect = ["hit"]\nseverity = 1\n[case.facts]\nunknown = [1]\n'),
    (CASES, b"case = 1"),
    (MODEL, b"<definitions/>"),
    (MODEL, b"\x00\xff"),
)


def test_whatever_stands_in_a_file_its_draft_is_shown_compared_and_can_be_mended(
    office: Office,
) -> None:
    desk = sit_down(office.kernel, "editor")
    for name, content in HOSTILE:
        draft_id = begin(office)
        save(office, draft_id, name, content)
        page = f"/rules/drafts/{draft_id}"
        against = f"/rules/{RULE}/compare?from=1&to=d{draft_id}"
        for address in (f"{page}/check", f"{page}/files/{name}", against):
            assert desk.get(address).status_code == 200, (address, content)
        assert "不能提交复核" in desk.get(page).text, content
        posted = {"revision": "2", "-1-name": "x", "-1-expect": "hit", "-1-fact-a": "1", "-1-fact-b c": "1"}
        assert desk.post(f"{page}/cases", posted).status_code in (302, 422), content


def test_who_has_no_business_there_sees_and_does_nothing(office: Office) -> None:
    draft_id = begin(office)
    page = f"/rules/drafts/{draft_id}"
    handler = sit_down(office.kernel, "handler")
    paths = ("/rules/drafts", page, f"{page}/raw/rule.toml", f"/rules/{RULE}/compare", "/rules/statistics")
    assert [handler.get(path).status_code for path in paths] == [403] * 5
    checker = sit_down(office.kernel, "rechecker")
    seen = checker.get(page)
    assert seen.status_code == 200
    assert "只有任规则编制岗的人能改" in seen.text
    writes = ("files/rule.toml", "properties", "cases", "trials", "submit", "discard", "copy", "take-over")
    assert [checker.post(f"{page}/{one}", {"revision": "1"}).status_code for one in writes] == [403] * 8
    other = sit_down(office.kernel, "editor2")
    assert other.post(f"{page}/properties", {"revision": "1"}).status_code in (409, 422)
    copied = other.post(f"{page}/copy", {})
    assert copied.status_code == 302
    gone = f"{copied.headers['Location'].partition('?')[0]}/discard"
    assert "不能恢复" in other.get(gone).text
    assert other.post(gone, {}).status_code == 302
    for address in ("/rules/RSK-12/compare?from=99", "/rules/RSK-12/compare?to=dx", "/rules/trials/99999"):
        assert other.get(address).status_code in (404, 409), address
