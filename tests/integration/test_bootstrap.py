"""Founding: three administrators, two witnesses, once, by the same people."""

from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select

from app.demo.generator import Generator
from app.domain.registry import reference
from app.domain.registry.founding import (
    ADMINISTRATORS,
    OFFICERS,
    Founded,
    Founder,
    Founding,
    FoundingRefused,
    found,
)
from app.faces.cli.bootstrap import completed, read_people
from app.kernel.audit.models import AuditEvent
from app.kernel.duties.models import PostGrant
from app.kernel.duties.operations import GrantRequest, grant_posts
from app.kernel.engine.models import ProcessDefinition
from app.kernel.identity.models import Account
from app.kernel.kernel import Kernel
from app.kernel.refusals import FenceRefused
from app.kernel.transaction import run, system_actor
from app.wiring import WORKFLOWS
from tests.databases import CopiedDatabase


@pytest.fixture
def installed(kernel: Kernel, fresh_database: CopiedDatabase) -> Kernel:
    reference.install_at(fresh_database.owner_url)
    return kernel


def founding(seed: str = "founding") -> Founding:
    generator = Generator(seed)
    people = [generator.citizen("640104") for _ in range(5)]
    administrators = {
        post: Founder(person.name, person.id_number, f"{seed}.{post}", "Liupan-Helan-77")
        for post, person in zip(ADMINISTRATORS, people, strict=False)
    }
    return Founding(administrators, [Founder(p.name, p.id_number) for p in people[3:]])


def do_found(kernel: Kernel, stated: Founding) -> Founded:
    return run(kernel, partial(found, founding=stated, workflows=WORKFLOWS), system_actor())


def test_founding_sets_up_three_people_before_two_witnesses_and_deploys(installed: Kernel) -> None:
    done = do_found(installed, founding())
    assert done.new
    with installed.database.session() as session:
        grants = session.scalars(select(PostGrant)).all()
        assert {grant.post for grant in grants} == set(ADMINISTRATORS)
        for grant in grants:
            people = {grant.person_id, grant.requested_by, grant.reviewed_by, grant.approved_by}
            assert len(people) == 4
            assert {grant.reviewed_by, grant.approved_by} == set(done.witnesses)
        assert session.scalars(select(Account.person_id)).all() == list(done.administrators.values())
        assert session.scalars(select(AuditEvent).where(AuditEvent.event == "system.founded")).one()
        definition = session.scalars(
            select(ProcessDefinition).where(ProcessDefinition.key == "injury_recognition")
        ).one()
        assert definition.approval["witnesses"] == list(done.witnesses)


def test_founding_twice_changes_nothing(installed: Kernel) -> None:
    first = do_found(installed, founding())
    again = do_found(installed, founding())
    assert again == replace(first, new=False)
    with installed.database.session() as session:
        assert len(session.scalars(select(PostGrant)).all()) == 3


def test_founding_by_other_people_is_refused(installed: Kernel) -> None:
    do_found(installed, founding())
    with pytest.raises(FoundingRefused, match="founded_by_others"):
        do_found(installed, founding("usurpers"))


def test_one_person_cannot_be_two_of_the_five(installed: Kernel) -> None:
    stated = founding()
    double = replace(stated, witnesses=[stated.administrators["system_admin"], stated.witnesses[1]])
    with pytest.raises(FoundingRefused, match="same_person"):
        do_found(installed, double)


def with_officers(stated: Founding) -> Founding:
    generator = Generator("officers")
    people = [generator.citizen("640104") for _ in OFFICERS]
    officers = {
        post: Founder(person.name, person.id_number, f"first.{post}", "Liupan-Helan-77")
        for post, person in zip(OFFICERS, people, strict=True)
    }
    return replace(stated, officers=officers)


def test_first_officers_close_the_founding_whether_named_at_once_or_later(installed: Kernel) -> None:
    assert not do_found(installed, founding()).closed
    done = do_found(installed, with_officers(founding()))
    assert (done.new, done.closed) == (False, True)
    again = do_found(installed, with_officers(founding()))
    assert again.closed
    with installed.database.session() as session:
        posts = sorted(session.scalars(select(PostGrant.post)))
    assert posts == sorted([*ADMINISTRATORS, *OFFICERS])


def test_after_the_founding_no_post_is_granted_without_its_chain(installed: Kernel) -> None:
    done = do_found(installed, with_officers(founding()))
    person, asked = done.witnesses[0], list(done.administrators.values())
    request = GrantRequest(person, "rec_handler", "640100", date(2026, 3, 2), None, *asked)
    with pytest.raises(FenceRefused) as refused:
        run(installed, lambda unit: grant_posts(unit, [request]), system_actor())
    assert refused.value.params["sqlstate"] == "SD015"


def test_some_but_not_all_first_officers_are_refused(installed: Kernel) -> None:
    stated = with_officers(founding())
    with pytest.raises(FoundingRefused, match="officers_incomplete"):
        do_found(installed, replace(stated, officers=dict(list(stated.officers.items())[:2])))


def test_file_states_the_people_and_missing_passwords_are_made_up(tmp_path: Path) -> None:
    file = tmp_path / "people.toml"
    person = 'name = "某人"\nid_number = "1"\n'
    tables = [f'[{post}]\n{person}login = "{post}"\n' for post in ADMINISTRATORS]
    file.write_text("\n".join([*tables, f"[[witness]]\n{person}", f"[[witness]]\n{person}"]), "utf-8")
    stated = completed(read_people(file))
    assert set(stated.generated) == set(ADMINISTRATORS)
    assert all(len(password) >= 12 for password in stated.generated.values())
    assert len(stated.founding.witnesses) == 2
