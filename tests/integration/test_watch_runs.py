"""Runs of the watch: what is new since the last one, what is kept, who is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.kernel.violations.watch.run import list_runs, run_watch, watch
from tests.databases import CopiedDatabase
from tests.fence_world import act
from tests.watch_world import Watched, watched


@pytest.fixture
def site(fresh_database: CopiedDatabase, tmp_path: Path) -> Iterator[Watched]:
    with watched(fresh_database, tmp_path / "data") as opened:
        opened.decided_case()
        yield opened


def test_first_run_is_full_and_the_next_reads_on_from_it(site: Watched) -> None:
    first = run_watch(site.kernel)
    assert (first.full, first.clean, first.decisions) == (True, True, 1)
    site.decided_case()
    second = run_watch(site.kernel)
    assert (second.full, second.clean) == (False, True)
    with site.kernel.database.session() as session:
        kept = list_runs(session)
    assert [past.full for past in kept] == [False, True]
    assert kept[0].watermark == second.watermark


def test_run_since_a_watermark_reads_only_chains_touched_since(
    site: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.kernel.violations.watch.run.OVERLAP", 0)
    first = watch(site.kernel, full=True)
    staff = site.world.staff(1)[0]
    case = site.world.case("high")
    for duty in ("initial_review", "recheck"):
        act(site.planter, case, staff, duty)
    later = watch(site.kernel, full=False, since=first.watermark)
    assert (later.full, later.chains, later.acts) == (False, 1, 2)
    assert [found.rule for found in later.findings] == ["case_reviews"]


def test_merge_makes_the_next_run_a_full_one(site: Watched) -> None:
    first = watch(site.kernel, full=True)
    one, other = site.world.staff(2)
    site.merge(one.person, other.person)
    assert watch(site.kernel, full=False, since=first.watermark).full


def test_act_in_an_old_chain_is_judged_with_what_was_done_there_before(
    site: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.kernel.violations.watch.run.OVERLAP", 0)
    staff, case = site.world.staff(1)[0], site.world.case("high")
    act(site.world.app, case, staff, "initial_review")
    first = watch(site.kernel, full=True)
    act(site.planter, case, staff, "recheck")
    later = watch(site.kernel, full=False, since=first.watermark)
    assert [found.members for found in later.findings] == [("initial_review", "recheck")]


def test_finding_is_told_once_to_every_internal_auditor_and_to_nobody_else(site: Watched) -> None:
    auditor, former, handler = (site.world.person() for _ in range(3))
    site.grant(auditor, "internal_auditor")
    site.grant(former, "internal_auditor", until="2021-01-01")
    site.grant(handler, "rec_handler")
    staff, case = site.world.staff(1)[0], site.world.case("high")
    for duty in ("initial_review", "recheck"):
        act(site.planter, case, staff, duty)
    for _ in range(2):
        assert not run_watch(site.kernel, full=True).clean
    rows = site.world.owner.execute("SELECT person_id, code, case_id FROM notification").fetchall()
    assert rows == [(auditor, "watch_found", case)]
