"""A county in which everybody counts: the only approver sits at the window too."""

from __future__ import annotations

from functools import partial

from app.kernel.engine.catalogue import deploy, read_folder
from app.kernel.transaction import Unit, run, system_actor
from app.kernel.worklist.pools import forget_pools
from app.wiring import WORKFLOWS
from tests.office import COUNTY, Office

PEOPLE: dict[str, tuple[str, ...]] = {
    "both": ("rec_window", "rec_approver"),
    "front": ("rec_window",),
    "first": ("rec_handler",),
    "second": ("rec_handler",),
    "third": ("rec_checker",),
    "last": ("rec_clerk",),
    "boss": ("supervisor",),
}

WHOLE_WAY = (
    ("front", {"outcome": "complete"}),
    ("front", {}),
    ("both", {}),
    ("first", {"outcome": "ordinary"}),
    ("first", {"investigated_on": "2026-03-01"}),
    ("second", {"investigated_on": "2026-03-01"}),
    ("first", {"outcome": "submit_positive"}),
    ("third", {"outcome": "agree"}),
    ("both", {"outcome": "approve"}),
)
"""From the application to the decision, the way the look-ahead advises."""


def found_county(office: Office, *, without: str = "") -> None:
    """Hire everybody but `without`."""
    for number, (name, posts) in enumerate(PEOPLE.items()):
        office.hire(name, 40 + number)
        for post in posts:
            if name != without:
                office.grant(name, post, region=COUNTY)
    forget_pools()


def deploy_with(office: Office, policy: str) -> None:
    """The process again, with another policy of the look-ahead."""
    files = read_folder(WORKFLOWS, "injury_recognition")
    name = "injury_recognition/process.toml"
    files[name] = files[name].replace(b'lookahead = "warn"', f'lookahead = "{policy}"'.encode())

    def operation(unit: Unit) -> None:
        deploy(unit, "injury_recognition", files, by="tests", approval={"kind": "bootstrap"})

    run(office.kernel, partial(operation), system_actor())
