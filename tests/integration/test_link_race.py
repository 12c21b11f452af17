"""Links and merges race against acts: whatever commits, no collision is left that nobody recorded."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from app.kernel.refusals import Refusal
from app.kernel.transaction import run
from app.kernel.violations.queries import list_violations
from app.kernel.violations.watch.run import watch
from app.kernel.worklist.operations import claim_task, open_task
from app.storage.embedded import EmbeddedServer
from tests.chain_office import decided, redo_in_another_chain, staff
from tests.changing import propose, sign, to_approval
from tests.databases import CopiedDatabase
from tests.fence_world import Connection, Staff, act
from tests.link_racers import Round, race
from tests.moving_clock import MovingClock
from tests.office import Office, open_office
from tests.watch_world import Watched, watched

SHORT, LONG = 40, 1000


@pytest.fixture
def site(fresh_database: CopiedDatabase, tmp_path: Path) -> Iterator[Watched]:
    with watched(fresh_database, tmp_path / "data") as opened:
        yield opened


def link_rounds(site: Watched, number: int) -> list[Round]:
    """Somebody signed a first decision; its redo stands in another chain, and he is about to sign that too."""
    world = site.world
    rounds = []
    for _ in range(number):
        staff = world.staff(1)[0]
        first, again = world.case("high"), world.case("high", role="redo")
        act(world.app, first, staff, "initial_review")
        keep, gone = (world.one('SELECT chain_id FROM "case" WHERE id = %s', case) for case in (first, again))
        change = site.change("chain_link", str(gone))

        def link(
            connection: Connection, moved: tuple[int, int, int, int] = (again, gone, keep, change)
        ) -> None:
            connection.execute(
                "INSERT INTO chain_link (case_id, from_chain_id, to_chain_id, kind, reason, change_id, at)"
                " VALUES (%s, %s, %s, 'link', 'race', %s, now())",
                moved,
            )

        rounds.append(Round(link, again, staff, "final_review"))
    return rounds


def merge_rounds(site: Watched, number: int) -> list[Round]:
    """One record did the initial review; the other record of the same person completes the recheck."""
    world = site.world
    rounds = []
    for _ in range(number):
        one, other = world.staff(2)
        case = world.case("high")
        act(world.app, case, one, "initial_review")
        change = site.change("person_merge", str(other.person))

        def merge(
            connection: Connection, row: tuple[int, int, int] = (other.person, one.person, change)
        ) -> None:
            connection.execute(
                "INSERT INTO person_alias (person_id, canonical_id, reason, change_id, at)"
                " VALUES (%s, %s, 'race', %s, now())",
                row,
            )

        rounds.append(Round(merge, case, other, "recheck"))
    return rounds


def recorded(site: Watched) -> int:
    return int(site.world.one("SELECT count(*) FROM sod_violation"))


@pytest.mark.parametrize("number", [SHORT, pytest.param(LONG, marks=pytest.mark.long)])
@pytest.mark.parametrize("rounds_of", [link_rounds, merge_rounds])
def test_act_and_late_change_never_leave_an_unrecorded_collision(
    site: Watched, number: int, rounds_of: object, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(rounds_of)
    rounds = rounds_of(site, number)
    outcomes = race(site.world.app_url, rounds)
    with capsys.disabled():
        print(f"\n{rounds_of.__name__}: {dict(outcomes)}, {recorded(site)} recorded")
    # The change always goes through; the act is refused (it came later) or was first and is on record.
    assert set(outcomes) <= {("", ""), ("", "SD001")}
    assert recorded(site) == outcomes["", ""]
    assert site.look() == ()
    assert site.revealed() == ()


def test_race_sees_what_a_database_without_rebinding_lets_through(site: Watched) -> None:
    site.world.owner.execute("DROP TRIGGER chain_link_move ON chain_link")
    site.world.owner.execute(
        "CREATE FUNCTION bare_move() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN"
        ' UPDATE "case" SET chain_id = NEW.to_chain_id WHERE id = NEW.case_id; RETURN NULL; END $$'
    )
    site.world.owner.execute(
        "CREATE TRIGGER bare_move AFTER INSERT ON chain_link FOR EACH ROW EXECUTE FUNCTION bare_move()"
    )
    outcomes = race(site.world.app_url, link_rounds(site, 12))
    assert outcomes["", ""] > 0
    assert [found.rule for found in site.look()] == ["chain_recognition_again"] * outcomes["", ""]


@pytest.mark.parametrize("late", [0.0, 0.03, 0.06])
def test_approved_link_races_with_opening_a_dossier_through_the_application(
    server: EmbeddedServer, clock: MovingClock, tmp_path: Path, late: float
) -> None:
    with open_office(server, clock, tmp_path / "office") as office, ThreadPoolExecutor(2) as pool:
        staff(office)
        first, again = decided(office), redo_in_another_chain(office)
        task = office.open_task_of(again)
        run(office.kernel, partial(claim_task, task_id=task.id), office.actors["checker"], case_id=again)
        numbers = [office.case(case_id).case_no for case_id in (first, again)]
        change = propose(office, "chain_link", {"case_no": numbers[0], "other_case_no": numbers[1]})
        to_approval(office, change)
        opening = pool.submit(try_opening, office, again, task.id, late)
        sign(office, change, "authoriser", "approve")
        refused = opening.result(60)
        with office.kernel.database.session() as session:
            violations = list_violations(session)
        assert office.case(first).chain_id == office.case(again).chain_id
        assert len(violations) == (0 if refused else 1), refused
        result = watch(office.kernel, full=True)
        assert (result.findings, result.revealed) == ((), ())


def try_opening(office: Office, case_id: int, task_id: int, late: float) -> str:
    """Open the claimed dossier after a moment; the refusal's code, empty when it was opened."""
    threading.Event().wait(late)
    try:
        run(office.kernel, partial(open_task, task_id=task_id), office.actors["checker"], case_id=case_id)
    except Refusal as refusal:
        return refusal.code
    return ""


def test_two_links_of_one_chain_at_once_leave_one_chain(site: Watched) -> None:
    world = site.world
    one, other, third = (world.case("high") for _ in range(3))
    chains = [world.one('SELECT chain_id FROM "case" WHERE id = %s', case) for case in (one, other, third)]
    staff: Staff = world.staff(1)[0]
    act(world.app, one, staff, "initial_review")
    site.link(other, chains[0])
    with pytest.raises(Exception, match="does not take this case"):
        site.link(third, chains[1])  # given up a moment ago
    site.link(third, chains[0])
    assert {world.one('SELECT chain_id FROM "case" WHERE id = %s', case) for case in (one, other, third)} == {
        chains[0]
    }
    assert site.look() == ()
