"""People who design processes: a draft edited, proposed, and walked through its three tasks."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import orjson
from sqlalchemy import select

from app.kernel.duties.models import PostGrant
from app.kernel.engine.lifecycle.drafts import create_draft, save_draft_file, submit_draft
from app.kernel.engine.lifecycle.queries import Draft, get_draft
from app.kernel.local_time import local_day
from app.kernel.transaction import Actor, Unit, run, system_actor
from app.storage.embedded import EmbeddedServer
from app.wiring import build_kernel
from config import Settings
from tests import databases
from tests.changing import REGION, add_changers, sign
from tests.databases import CopiedDatabase
from tests.moving_clock import MovingClock
from tests.office import FOUNDED, Office, prepare_database

MANIFEST = "injury_recognition/process.toml"


def draft(office: Office, key: str, *, by: str = "editor", base: int | None = None) -> int:
    return run(office.kernel, partial(create_draft, key=key, base=base), office.actors[by])


def read_draft(office: Office, draft_id: int) -> Draft:
    with office.kernel.database.session() as session:
        office.kernel.database.scope(session, ("*",))
        return get_draft(session, draft_id)


def save(office: Office, draft_id: int, files: Mapping[str, bytes], *, by: str = "editor") -> int:
    """Each file in turn; answers the revision."""
    revision = read_draft(office, draft_id).revision
    for path, content in files.items():
        operation = partial(save_draft_file, draft_id=draft_id, path=path, content=content, revision=revision)
        revision = run(office.kernel, operation, office.actors[by])
    return revision


def retitle(office: Office, draft_id: int, title: str, path: str = MANIFEST, *, by: str = "editor") -> int:
    """The smallest edit that makes another version."""
    old = read_draft(office, draft_id).files[path]
    line = next(line for line in old.splitlines() if line.startswith(b"title_zh"))
    return save(office, draft_id, {path: old.replace(line, f'title_zh = "{title}"'.encode(), 1)}, by=by)


def submit(office: Office, draft_id: int, *, by: str = "editor", notes: str = "") -> int:
    """Proposed, not yet signed; answers the change's case."""
    operation = partial(submit_draft, draft_id=draft_id, reason="按制度修改", ground="内控制度", notes=notes)
    return int(run(office.kernel, operation, office.actors[by])["case_id"])


def sign_all(office: Office, case_id: int, *, by: str = "editor") -> None:
    """Edited, rechecked, approved by three people."""
    sign(office, case_id, by, "submit_positive")
    sign(office, case_id, "rechecker", "agree")
    sign(office, case_id, "authoriser", "approve")


def move_to(office: Office, name: str, post: str) -> None:
    """Ends every post somebody holds, and grants another in the same region: what he did before stays his."""

    def operation(unit: Unit) -> None:
        person = office.person(name)
        held = unit.session.scalars(select(PostGrant).where(PostGrant.person_id == person)).all()
        unit.session.add_all(
            PostGrant(
                person_id=person,
                post=grant.post,
                region_code=grant.region_code,
                valid_from=unit.today,
                revokes=grant.id,
                requested_by=grant.requested_by,
                reviewed_by=grant.reviewed_by,
                approved_by=grant.approved_by,
                recorded_at=unit.now,
            )
            for grant in held
        )
        unit.record("test.moved", {"person": person})

    run(office.kernel, operation, system_actor())
    office.grant(name, post, region=REGION, since=local_day(office.kernel.clock()))


@contextmanager
def open_design_office(server: EmbeddedServer, clock: MovingClock, data: Path) -> Iterator[Office]:
    """A copy of the office with its people who change rules, hired once in this run."""
    directory = databases.template(server, "design", _hired)
    shutil.copytree(directory / "data", data)
    people = orjson.loads((directory / "people.json").read_bytes())
    actors = {
        name: Actor(account, person, tuple(regions)) for name, (account, person, regions) in people.items()
    }
    with databases.copy_of_template(server, "design") as copy:
        kernel = replace(build_kernel(Settings(data_dir=data, database_url=copy.app_url)), clock=clock)
        yield Office(kernel, actors)
        kernel.database.dispose()


def _hired(copy: CopiedDatabase, directory: Path) -> None:
    prepare_database(copy)
    settings = Settings(data_dir=directory / "data", database_url=copy.app_url)
    kernel = replace(build_kernel(settings), clock=MovingClock(FOUNDED))
    office = Office.found(kernel)
    add_changers(office)
    people = {
        name: (actor.account_id, actor.person_id, actor.regions) for name, actor in office.actors.items()
    }
    (directory / "people.json").write_bytes(orjson.dumps(people))
    kernel.database.dispose()
