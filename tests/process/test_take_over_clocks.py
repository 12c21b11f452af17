"""A case taken over has the clocks it would have had here: those running when the process comes to its entry."""

import tomllib
from collections.abc import Mapping

import pytest

from app.kernel.engine.takeover.manifest import Entry, read_entries
from tests.process.drive import WORKFLOWS, Answer, Drive, shipped_spec

ANSWERS: Mapping[str, Answer] = {
    "run_rules": {"block": False},
    "fetch_for_confirmation": {"correction_days": 15},
    "fetch_for_assessment": {"correction_days": 15, "is_final": False},
    "set_procedure": lambda _call, data: {"procedure": data["procedure"]},
}
DATA = {"risk": "high", "fund_liable": True, "award_variant": "initial", "assessment_type": "initial"}
ACCEPTED = (("p01_02_material_check", "complete"), ("p01_06_accept", "accept"))
ASSIGNED = (*ACCEPTED, ("p01_07_assign", "assigned"))
ORDINARY = (*ASSIGNED, ("p01_08_choose_procedure", "ordinary"))
WAYS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "p01_02_material_check": (),
    "p01_07_assign": ACCEPTED,
    "p01_10_investigation": ORDINARY,
    "p01_12_decide": (*ORDINARY, ("p01_10_investigation", "done")),
    "p01_12_decide.simple": (*ASSIGNED, ("p01_08_choose_procedure", "simple")),
    "p02_02_check": (),
    "p02_04_file_review": (("p02_02_check", "complete"),),
    "p03_01_check": (),
    "p03_03_file_review": (("p03_01_check", "complete"),),
    "p07_01_register": (),
    "p07_02_judge": (("p07_01_register", "complete"),),
    "p08_01_register": (),
    "p08_02_judge": (("p08_01_register", "complete"),),
    "p09_01_register": (),
    "p09_02_judge": (("p09_01_register", "complete"),),
}
"""How a case comes to each entry here, and through it where it is an automatic step: steps and their outcomes."""
ENTRIES = [
    (manifest["process"]["key"], entry)
    for path in sorted(WORKFLOWS.glob("*/process.toml"))
    for manifest in [tomllib.loads(path.read_text("utf-8"))]
    for entry in read_entries(manifest).values()
]


@pytest.mark.parametrize(("process", "entry"), ENTRIES, ids=[entry.key for _, entry in ENTRIES])
def test_an_entry_starts_exactly_the_clocks_that_run_there(process: str, entry: Entry) -> None:
    walk = Drive(shipped_spec(process), DATA, ANSWERS, saving=False)
    for step, outcome in WAYS[entry.key]:
        walk.complete(step, outcome)
    assert set(entry.clocks) == running(walk)


def running(walk: Drive) -> set[str]:
    """The clocks that the steps so far have started and not stopped."""
    found: set[str] = set()
    for event in walk.events:
        for clock in event.step.clocks if event.change == "completed" else ():
            if clock.action == "start":
                found.add(clock.ref)
            elif clock.action in ("stop", "convert"):
                found.discard(clock.ref)
    return found
