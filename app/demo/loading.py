"""Loads the demonstration region into an empty, migrated database."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from multiprocessing import get_context

from app.demo.absences import enter_absences
from app.demo.authorities import hire
from app.demo.changes import propose_shown
from app.demo.injuries import choose_injuries
from app.demo.merging import merge_found_late
from app.demo.oversight import show_oversight, with_names_that_differ
from app.demo.people import show_people
from app.demo.plans import Plan, Planner
from app.demo.playing import Player, SimulatedClock
from app.demo.recusals import show_recusals
from app.demo.register import fill_register
from app.demo.roster import POSTS_SINCE, YINCHUAN
from app.demo.staff import Staff, found_region
from app.demo.stories import RARE_FROM, choose_stories, judge_hits, plan_stories
from app.demo.troupe import Troupe
from app.domain.registry import reference
from app.domain.registry.founding import close_founding
from app.kernel.deadlines.jobs import check_clocks
from app.kernel.engine.catalogue import list_routing
from app.kernel.kernel import Kernel
from app.kernel.local_time import LOCAL_ZONE, local_day
from app.kernel.transaction import run, system_actor
from app.kernel.worklist.staffing import recheck_staffing
from app.storage.database import Database

CASES = 400
SEED = "sanshen-640000"
HISTORY = timedelta(days=400)
RARE_HISTORY = timedelta(days=540)
# From how many cases on a second process pays.
WORTH_TWO = 150
TRANSFER = date(2026, 6, 1)
SUPERVISOR = "郭志强"


def load(
    kernel: Kernel,
    owner_url: str | None = None,
    *,
    cases: int = CASES,
    told: Callable[[str], None] = lambda _: None,
) -> None:
    """People, posts and `cases` cases in every state; with `owner_url` the reference data too.

    The past is played with the real operations: ledger, signatures, audit chain and clocks are genuine.
    """
    if owner_url is not None:
        reference.install_at(owner_url)
    now = kernel.clock()
    with _unhurried(kernel) as quick:
        transfer = transfer_day(now)
        history = RARE_HISTORY if cases >= RARE_FROM else HISTORY
        since = min(POSTS_SINCE, (now - history).date(), transfer - timedelta(days=60))
        began = datetime(since.year, since.month, since.day, 1, tzinfo=LOCAL_ZONE)
        staff = found_region(replace(quick, clock=SimulatedClock(began)), SEED, since, transfer)
        authorities = hire(
            replace(quick, clock=SimulatedClock(began)),
            staff,
            SEED,
            since,
            local_day(now),
            sample=cases < RARE_FROM,
        )
        planner = Planner(SEED, now)
        drawn = with_names_that_differ(list(planner.plans(cases - 2))[1:])
        plans = [planner.old_case(transfer), *drawn, planner.small_county()]
        plans.append(planner.case_of_two_records(transfer))
        rare = plan_stories(Planner(f"{SEED}:stories", now)) if cases >= RARE_FROM else {}
        fill_register(quick, [*plans, *rare.values()], SEED, now)
        played = partial(_play, staff=staff, now=now)
        if cases >= WORTH_TWO:
            _play_in_two(quick, plans, played, told)
        else:
            played(quick, plans, told)
        everybody = {*staff.everybody(), *authorities.everybody()}
        troupe = Troupe(quick, everybody, now, random.Random(f"{SEED}:injuries"))
        troupe.play([*choose_injuries(troupe, cases), *choose_stories(troupe, rare, SEED)])
        Player(quick, staff, now).ripen()
        propose_shown(quick, staff)
        show_recusals(quick, staff)
        show_people(quick, staff, SEED)
        if rare:
            judge_hits(troupe, SUPERVISOR)
        check_clocks(quick)
        enter_absences(quick, staff)
        with quick.database.session() as session:
            routing = list_routing(session)
        recheck_staffing(quick, routing)
        merge_found_late(quick, staff)
        show_oversight(quick, staff)
        run(quick, close_founding, system_actor("demo"))


def _play(
    kernel: Kernel, plans: list[Plan], told: Callable[[str], None], *, staff: Staff, now: datetime
) -> None:
    Player(kernel, staff, now).play(plans, _teller(told))


def _play_in_two(
    kernel: Kernel, plans: list[Plan], played: Callable[..., None], told: Callable[[str], None]
) -> None:
    """The largest city in one process, everything else in another: their cases share neither people nor numbers.

    Raise RuntimeError when the other process failed.
    """
    city = [plan for plan in plans if plan.region == YINCHUAN]
    rest = [plan for plan in plans if plan.region != YINCHUAN]
    kernel.database.dispose()  # no connection may be shared with the child
    child = get_context("fork").Process(target=_play_apart, args=(kernel, rest, played), daemon=True)
    child.start()
    played(kernel, city, told)
    child.join()
    if child.exitcode != 0:
        raise RuntimeError(f"the second process of the demonstration ended with {child.exitcode}")


def _play_apart(kernel: Kernel, plans: list[Plan], played: Callable[..., None]) -> None:
    with _unhurried(kernel) as own:
        played(own, plans, lambda _: None)


def transfer_day(now: datetime) -> date:
    """The first of June 2026; where that is to come or hardly past, the first of a month some time ago."""
    if (now.date() - TRANSFER).days > 20:
        return TRANSFER
    return (now - timedelta(days=150)).date().replace(day=1)


def _teller(told: Callable[[str], None]) -> Callable[[int], None]:
    def tell(done: int) -> None:
        if done % 1000 == 0:
            told(f"{done} 步 / acts")

    return tell


@contextmanager
def _unhurried(kernel: Kernel) -> Iterator[Kernel]:
    """The kernel over connections that don't wait for the disk: a load that is cut off begins anew anyway."""
    database = Database(kernel.database.url, application_name="sanshen-demo", durable=False)
    try:
        yield replace(kernel, database=database, blobs=kernel.blobs.unhurried())
    finally:
        database.dispose()
