"""A process changes by a draft that three people sign; whoever edited it is none of the other two."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.kernel.changes.refusals import ChangesNothing
from app.kernel.duties.models import Performance
from app.kernel.duties.refusals import DutyDenied
from app.kernel.engine.catalogue import DefinitionRetired, get_latest
from app.kernel.engine.changes import Proposal, propose_change
from app.kernel.engine.check.report import CheckReport
from app.kernel.engine.drafting.refusals import (
    DraftChanged,
    DraftEditorReviewed,
    DraftFrozen,
    DraftNotYours,
    DraftSettled,
)
from app.kernel.engine.lifecycle.contents import check_path
from app.kernel.engine.lifecycle.drafts import (
    copy_draft,
    discard_draft,
    remove_draft_file,
    save_draft_file,
    take_over_draft,
)
from app.kernel.engine.lifecycle.listing import (
    DefinitionRow,
    VersionRow,
    list_definitions,
    list_versions,
)
from app.kernel.engine.lifecycle.queries import check_draft
from app.kernel.engine.models import ProcessDefinition
from app.kernel.engine.operations import CaseStart, start_case
from app.kernel.refusals import InvalidInput
from app.kernel.transaction import run, system_actor
from app.storage.embedded import EmbeddedServer
from tests.changing import sign, what_if
from tests.designing import (
    MANIFEST,
    draft,
    move_to,
    open_design_office,
    read_draft,
    retitle,
    save,
    sign_all,
    submit,
)
from tests.moving_clock import MovingClock
from tests.office import APPLICATION, CITY, Office

KEY, BLOCK = "injury_recognition", "review_block"
DIAGRAM = f"{KEY}/{KEY}.bpmn"


@pytest.fixture
def office(server: EmbeddedServer, clock: MovingClock, tmp_path: Path) -> Iterator[Office]:
    with open_design_office(server, clock, tmp_path / "data") as opened:
        yield opened


def read(office: Office, query: Any) -> list[Any]:
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        return list(session.scalars(query))


def latest(office: Office, key: str = KEY) -> Any:
    with office.kernel.database.session() as session:
        return get_latest(session, key)


def newest(office: Office, *keys: str) -> list[ProcessDefinition]:
    return [
        read(office, select(ProcessDefinition).where(ProcessDefinition.id == latest(office, key).id))[0]
        for key in keys
    ]


def propose(office: Office, action: str, **values: str) -> int:
    proposal = Proposal("process", {"key": KEY, "action": action, **values}, "稽核意见", "内控制度")
    started = run(office.kernel, partial(propose_change, proposal=proposal), office.actors["editor"])
    what_if(office, started["case_id"], "editor")
    return int(started["case_id"])


def start(office: Office) -> int:
    begin = partial(start_case, start=CaseStart(KEY, CITY, APPLICATION))
    return int(run(office.kernel, begin, system_actor())["case_id"])


def test_a_draft_is_deployed_by_three_people_and_cases_keep_their_version(office: Office) -> None:
    old_case, before = start(office), latest(office)
    draft_id = draft(office, KEY)
    retitle(office, draft_id, "工伤认定（修订）")
    case_id = submit(office, draft_id, notes="改名")
    assert read_draft(office, draft_id).state == "editing"
    sign(office, case_id, "editor", "submit_positive")
    assert read_draft(office, draft_id).state == "submitted"
    sign(office, case_id, "rechecker", "agree")
    assert latest(office).id == before.id
    sign(office, case_id, "authoriser", "approve")
    assert read_draft(office, draft_id).state == "deployed"
    after = latest(office)
    assert (after.version, after.title_zh) == (before.version + 1, "工伤认定（修订）")
    assert office.case(old_case).definition_id == before.id
    assert office.case(start(office)).definition_id == after.id
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        newest, first = list_versions(session, KEY)
    assert (newest.state, newest.case_id, newest.notes, newest.running) == ("in_force", case_id, "改名", 1)
    assert set(newest.signers) == {"rule_edit", "rule_recheck", "rule_approve"}
    assert (first.state, first.running, first.signers) == ("earlier", 1, {})


def test_a_changed_block_brings_a_new_version_of_every_process_that_calls_it(office: Office) -> None:
    before = latest(office)
    draft_id = draft(office, BLOCK)
    retitle(office, draft_id, "审查块（修订）", f"{BLOCK}/process.toml")
    case_id = submit(office, draft_id)
    sign_all(office, case_id)
    assert latest(office).version == before.version + 1
    assert (
        latest(office).files[f"{BLOCK}/process.toml"] == latest(office, BLOCK).files[f"{BLOCK}/process.toml"]
    )
    assert [row.change_id for row in newest(office, KEY, BLOCK)] == [case_id, case_id]


def test_every_editor_of_a_draft_is_bound_as_editor_and_rechecks_nothing(office: Office) -> None:
    draft_id = draft(office, KEY, by="editor2")
    retitle(office, draft_id, "第一稿", by="editor2")
    run(office.kernel, partial(take_over_draft, draft_id=draft_id), office.actors["editor"])
    retitle(office, draft_id, "第二稿")
    case_id = submit(office, draft_id)
    sign(office, case_id, "editor", "submit_positive")
    move_to(office, "editor2", "rule_checker")
    with pytest.raises(DutyDenied) as denied:
        office.take(case_id, "editor2")
    assert denied.value.decision.reason == "conflicting_duty"
    sign(office, case_id, "rechecker", "agree")
    sign(office, case_id, "authoriser", "approve")
    assert latest(office).title_zh == "第二稿"


def test_who_edited_the_draft_it_was_copied_from_counts_too(office: Office) -> None:
    source = draft(office, KEY, by="editor2")
    retitle(office, source, "原稿", by="editor2")
    copied = run(office.kernel, partial(copy_draft, draft_id=source), office.actors["editor"])
    assert read_draft(office, copied).files == read_draft(office, source).files
    case_id = submit(office, copied)
    bound = read(office, select(Performance.person_id).where(Performance.case_id == case_id))
    assert office.actors["editor2"].person_id in bound


def test_who_reviewed_a_change_does_not_take_its_draft_over(office: Office) -> None:
    draft_id = draft(office, KEY)
    retitle(office, draft_id, "第一稿")
    case_id = submit(office, draft_id)
    sign(office, case_id, "editor", "submit_positive")
    sign(office, case_id, "rechecker", "return")
    move_to(office, "rechecker", "rule_editor")
    with pytest.raises(DraftEditorReviewed):
        run(office.kernel, partial(take_over_draft, draft_id=draft_id), office.actors["rechecker"])


def test_a_returned_draft_is_edited_and_earlier_signatures_are_stale(office: Office) -> None:
    draft_id = draft(office, KEY)
    retitle(office, draft_id, "第一稿")
    case_id = submit(office, draft_id)
    sign(office, case_id, "editor", "submit_positive")
    revision = read_draft(office, draft_id).revision
    with pytest.raises(DraftFrozen):
        run(
            office.kernel,
            partial(save_draft_file, draft_id=draft_id, path=MANIFEST, content=b"", revision=revision),
            office.actors["editor"],
        )
    sign(office, case_id, "rechecker", "agree")
    first = office.case(case_id).content_hash
    sign(office, case_id, "authoriser", "return_edit")
    retitle(office, draft_id, "第二稿")
    assert read_draft(office, draft_id).ahead
    assert office.case(case_id).content_hash == first, (
        "the change carries what was proposed until it is submitted again"
    )
    assert submit(office, draft_id) == case_id
    assert office.case(case_id).content_hash != first
    sign_all(office, case_id)
    assert latest(office).title_zh == "第二稿"


def test_a_dropped_change_gives_the_draft_back(office: Office) -> None:
    draft_id = draft(office, KEY)
    retitle(office, draft_id, "第一稿")
    case_id = submit(office, draft_id)
    with pytest.raises(DraftFrozen):
        run(office.kernel, partial(discard_draft, draft_id=draft_id), office.actors["editor"])
    sign(office, case_id, "editor", "withdraw")
    assert read_draft(office, draft_id).state == "editing"
    assert submit(office, draft_id) != case_id
    assert latest(office).version == 1


def test_only_the_owner_edits_from_what_he_saw_last(office: Office) -> None:
    draft_id = draft(office, KEY)
    with pytest.raises(DraftNotYours):
        retitle(office, draft_id, "别人改的", by="editor2")
    stale = read_draft(office, draft_id).revision
    retitle(office, draft_id, "第一次")
    again = partial(save_draft_file, draft_id=draft_id, path=MANIFEST, content=b"x", revision=stale)
    with pytest.raises(DraftChanged):
        run(office.kernel, again, office.actors["editor"])
    with pytest.raises(DutyDenied):
        draft(office, KEY, by="handler")
    run(office.kernel, partial(discard_draft, draft_id=draft_id), office.actors["editor"])
    with pytest.raises(DraftSettled):
        retitle(office, draft_id, "作废以后")


@pytest.mark.parametrize(
    "path", ["../x.bpmn", "a/b/c.bpmn", "a/.bpmn", "a/run.py", "A/b.bpmn", "a/x.bpmn\n", "/etc/a.toml"]
)
def test_a_path_outside_a_process_folder_is_refused(path: str) -> None:
    with pytest.raises(InvalidInput):
        check_path(path)


def test_a_draft_with_errors_or_without_difference_is_not_proposed(office: Office) -> None:
    draft_id = draft(office, KEY)
    assert check_draft_of(office, draft_id).deployable
    with pytest.raises(ChangesNothing):
        submit(office, draft_id)
    revision = read_draft(office, draft_id).revision
    path = f"{KEY}/p01_06_accept.form"
    run(
        office.kernel,
        partial(remove_draft_file, draft_id=draft_id, path=path, revision=revision),
        office.actors["editor"],
    )
    assert "missing-form" in {finding.rule for finding in check_draft_of(office, draft_id).findings}
    with pytest.raises(InvalidInput) as invalid:
        submit(office, draft_id)
    assert invalid.value.errors["files"][0] == "not_deployable"


def test_a_process_that_names_a_handler_nobody_has_is_not_proposed(office: Office) -> None:
    """Once deployed it would keep the whole system from serving."""
    draft_id = draft(office, KEY)
    old = read_draft(office, draft_id).files[DIAGRAM]
    save(office, draft_id, {DIAGRAM: old.replace(b'type="archive_case"', b'type="nobody_has_this"', 1)})
    with pytest.raises(InvalidInput) as invalid:
        submit(office, draft_id)
    assert invalid.value.errors["files"] == ("process_handler_unknown", {"names": "nobody_has_this"})


def check_draft_of(office: Office, draft_id: int) -> CheckReport:
    with office.kernel.database.session() as session:
        return check_draft(session, draft_id)


def test_a_process_is_retired_rolled_back_and_its_cases_go_on(office: Office) -> None:
    case_id = start(office)
    deploy_again(office)
    sign_all(office, propose(office, "retire"))
    with pytest.raises(DefinitionRetired):
        start(office)
    assert office.case(case_id).status == "open"
    assert [row.retired for row in definitions(office) if row.key == KEY] == [True]
    sign_all(office, propose(office, "roll_back", version="1"))
    assert latest(office).version == 1
    assert office.case(start(office)).definition_id == latest(office).id
    states = [(row.version, row.state, len(row.releases)) for row in versions(office)]
    assert states == [(2, "earlier", 1), (1, "in_force", 2)]


def deploy_again(office: Office) -> None:
    draft_id = draft(office, KEY)
    retitle(office, draft_id, "第二版")
    sign_all(office, submit(office, draft_id))


def definitions(office: Office) -> list[DefinitionRow]:
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        return list_definitions(session)


def versions(office: Office) -> list[VersionRow]:
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        return list_versions(session, KEY)


@pytest.mark.parametrize(
    ("key", "action", "field"),
    [
        (KEY, "roll_back", "version"),
        ("controlled_change", "retire", "key"),
        ("nothing_here", "retire", "key"),
    ],
)
def test_what_makes_no_sense_is_not_proposed(office: Office, key: str, action: str, field: str) -> None:
    with pytest.raises(InvalidInput) as invalid:
        propose(office, action, key=key, version="1")
    assert field in invalid.value.errors


def test_an_old_draft_reverts_nobody_elses_block(office: Office) -> None:
    """Folders the draft did not change are taken as they are in force."""
    mine = draft(office, KEY)
    block = draft(office, BLOCK)
    retitle(office, block, "审查块（修订）", f"{BLOCK}/process.toml")
    sign_all(office, submit(office, block))
    retitle(office, mine, "第二版")
    sign_all(office, submit(office, mine))
    assert "审查块（修订）" in latest(office).files[f"{BLOCK}/process.toml"].decode()


def test_a_change_overtaken_by_another_goes_back_to_editing(office: Office) -> None:
    slow, fast = draft(office, KEY), draft(office, BLOCK)
    retitle(office, slow, "慢")
    case_id = submit(office, slow)
    retitle(office, fast, "快", f"{BLOCK}/process.toml")
    sign_all(office, submit(office, fast))
    sign_all(office, case_id)
    assert latest(office).title_zh != "慢"
    assert office.open_task_of(case_id).step_key == "rule_edit"
    assert submit(office, slow) == case_id
    sign_all(office, case_id)
    assert latest(office).title_zh == "慢"
