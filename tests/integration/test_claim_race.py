"""A race through the application's own operations: no conflict commits, and everything that may be done is done."""

import json
from collections import Counter
from datetime import date
from functools import partial

import pytest
from sqlalchemy import func, select

from app.demo.generator import Generator
from app.domain.registry import reference
from app.kernel.duties.models import Performance
from app.kernel.duties.operations import GrantRequest, grant_posts
from app.kernel.engine.catalogue import deploy
from app.kernel.engine.operations import CaseStart, start_case
from app.kernel.identity.operations import create_account, create_person
from app.kernel.kernel import Kernel
from app.kernel.transaction import Actor, Unit, run, system_actor
from app.kernel.worklist.models import Task
from config import Settings
from tests.claim_racers import Racer, Tally, race
from tests.databases import CopiedDatabase
from tests.racing import racing_pool
from tests.unit.engine.diagrams import HEAD, flow, node, start

PROCESS, REGION = "claim_race", "640100"
# Three reviews open at the same time, in posts that one person may lawfully hold together.
REVIEWS = (("initial_review", "rec_window"), ("recheck", "rec_clerk"), ("final_review", "gov_unit"))
PROCESSES = 8
CASES, MANY = 60, 1000  # 60: enough for every outcome to occur
MANIFEST = """
[process]
key = "claim_race"
title_zh = "竞争"
title_en = "Race"
risk = "high"
[index]
subject_name = "worker_name"
organisation = "employer_name"
[fact.worker_name]
type = "string"
label_zh = "职工"
label_en = "Worker"
[fact.employer_name]
type = "string"
label_zh = "单位"
label_en = "Employer"
"""


def review(duty: str, post: str) -> str:
    extensions = (
        f'<zeebe:assignmentDefinition candidateGroups="{post}"/><zeebe:formDefinition formId="review"/>'
        f'<sanshen:duty kind="{duty}" signs="true"/>'
    )
    return node("userTask", duty, extensions=extensions)


def files() -> dict[str, bytes]:
    duties = [duty for duty, _ in REVIEWS]
    flows = [flow("fork", duty) for duty in duties] + [flow(duty, "join") for duty in duties]
    nodes = [
        start(),
        node("parallelGateway", "fork"),
        node("parallelGateway", "join"),
        node("endEvent", "end"),
    ]
    body = [*nodes, *(review(*item) for item in REVIEWS), flow("start", "fork"), *flows, flow("join", "end")]
    process = f'<bpmn:process id="{PROCESS}" isExecutable="true">{"".join(body)}</bpmn:process>'
    diagram = f"{HEAD}{process}</bpmn:definitions>"
    answers = [{"label": "同意", "value": "agree"}]
    form = {
        "type": "default",
        "id": "review",
        "components": [
            {"id": "o", "type": "radio", "key": "outcome", "label": "结论", "values": answers},
            {"id": "p", "type": "textarea", "key": "opinion", "label": "意见"},
        ],
    }
    return {
        f"{PROCESS}/{PROCESS}.bpmn": diagram.encode(),
        f"{PROCESS}/review.form": json.dumps(form).encode(),
        f"{PROCESS}/process.toml": MANIFEST.encode(),
    }


def set_up(unit: Unit) -> list[Actor]:
    """Five accounts of four persons, all holding all three posts: the first person has two of the accounts."""
    deploy(unit, PROCESS, files(), by="test", approval={})
    generator = Generator("race")
    citizens = [generator.citizen("640104") for _ in range(7)]
    people = [create_person(unit, citizen.name, citizen.id_number) for citizen in citizens]
    since = date(2026, 1, 1)
    grant_posts(
        unit,
        [
            GrantRequest(who, post, REGION, since, None, *people[4:])
            for who in people[:4]
            for _, post in REVIEWS
        ],
    )
    owners = [people[0], *people[:4]]
    return [
        Actor(create_account(unit, who, f"racer.{place}", "Liupan-Helan-77"), who, (REGION,))
        for place, who in enumerate(owners)
    ]


def start_cases(kernel: Kernel, count: int) -> list[tuple[int, int]]:
    for number in range(count):
        facts = {"worker_name": f"职工{number}", "employer_name": f"单位{number}"}
        run(kernel, partial(start_case, start=CaseStart(PROCESS, REGION, facts)), system_actor())
    with kernel.database.session() as session:
        kernel.database.scope(session, (REGION,))
        rows = session.execute(select(Task.case_id, Task.id).order_by(Task.case_id, Task.id))
        return [(row.case_id, row.id) for row in rows]


def hold_race(kernel: Kernel, settings: Settings, count: int, seed: int) -> Counter[str]:
    """Race, check, and answer the outcomes of all attempts."""
    actors = run(kernel, set_up, system_actor())
    tasks = start_cases(kernel, count)
    crowd = [actors[place % len(actors)] for place in range(PROCESSES)]
    racers = [
        Racer(settings.data_dir, settings.database_url or "", actor, tuple(tasks), f"{seed}:{place}")
        for place, actor in enumerate(crowd)
    ]
    with racing_pool(PROCESSES) as pool:
        tallies = list(pool.map(race, racers))
    check_ledger(kernel, count)
    check_denials(kernel, crowd, tallies)
    return sum((tally.outcomes for tally in tallies), Counter[str]())


def check_ledger(kernel: Kernel, count: int) -> None:
    """Nobody holds two reviews of a case, not even opened, and every review of every case was performed once."""
    with kernel.database.session() as session:
        kernel.database.scope(session, (REGION,))
        duties = select(Performance.case_id, Performance.person_id, func.count(Performance.duty.distinct()))
        violations = session.execute(
            duties.group_by(Performance.case_id, Performance.person_id).having(
                func.count(Performance.duty.distinct()) > 1
            )
        ).all()
        performed = session.scalar(
            select(func.count()).select_from(Performance).where(Performance.state == "performed")
        )
        left = session.scalar(select(func.count()).select_from(Task).where(Task.state != "completed"))
    assert violations == []
    assert (performed, left) == (count * len(REVIEWS), 0)


def check_denials(kernel: Kernel, crowd: list[Actor], tallies: list[Tally]) -> None:
    """Whoever was denied a duty of a case had really taken part in it under another one."""
    with kernel.database.session() as session:
        rows = session.execute(select(Performance.case_id, Performance.person_id)).all()
    bound = {(row.case_id, row.person_id) for row in rows}
    for actor, tally in zip(crowd, tallies, strict=True):
        assert all((case_id, actor.person_id) in bound for case_id in tally.denied)


ALLOWED_ENDS = {
    "done",
    "conflicting_duty",
    "task_already_claimed",
    "task_already_completed",
    "task_not_claimed",  # the other account of the same person was a step ahead
    "not_claimant",
}


@pytest.fixture
def ready(kernel: Kernel, fresh_database: CopiedDatabase) -> Kernel:
    reference.install_at(fresh_database.owner_url)
    return kernel


def test_claim_race_commits_no_conflict_and_loses_no_lawful_act(
    ready: Kernel, settings: Settings, seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    outcomes = hold_race(ready, settings, CASES, seed)
    with capsys.disabled():
        print(f"\nclaim race, {CASES} cases: {dict(outcomes)}")
    assert outcomes["done"] == CASES * len(REVIEWS)
    assert outcomes["conflicting_duty"] > 0
    assert set(outcomes) <= ALLOWED_ENDS


@pytest.mark.long
def test_claim_race_over_a_thousand_cases(
    ready: Kernel, settings: Settings, seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    outcomes = hold_race(ready, settings, MANY, seed)
    with capsys.disabled():
        print(f"\nclaim race, {MANY} cases: {dict(outcomes)}")
    assert outcomes["done"] == MANY * len(REVIEWS)
    assert set(outcomes) <= ALLOWED_ENDS
