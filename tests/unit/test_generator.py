"""Made-up people and employers: valid numbers, nothing twice, the same for the same seed."""

import io
import random
import struct
import zlib
from datetime import date, datetime

import pytest

from app.demo import accounts
from app.demo.generator import Generator, credit_code, id_number
from app.demo.loading import transfer_day
from app.demo.paper import application_form, diagnosis_proof, employment_proof
from app.demo.plans import STANDING, Planner
from app.demo.roster import GRANTORS, YANCHI, holdings, names
from app.kernel.identity.identifiers import parse_id_number, parse_mobile, parse_uscc
from app.kernel.identity.passwords import weakness
from app.kernel.identity.uploads import accept
from app.kernel.local_time import LOCAL_ZONE

NOW = datetime(2026, 11, 23, 11, 0, tzinfo=LOCAL_ZONE)
RECEIVED = datetime(2026, 10, 1, 9, 0)  # noqa: DTZ001 - local time, as the generator takes it


def test_numbers_pass_the_checks_that_real_ones_pass(rng: random.Random) -> None:
    generator = Generator(str(rng.random()))
    for _ in range(300):
        citizen = generator.citizen("640104")
        parsed = parse_id_number(citizen.id_number)
        assert (parsed.birth_date, parsed.sex) == (citizen.born, citizen.sex)
        assert citizen.id_number.startswith("6401")
        assert parse_uscc(generator.employer("640100").uscc)


def test_known_check_digit() -> None:
    assert id_number("110105", date(1949, 12, 31), 2) == "11010519491231002X"  # the standard's own example


@pytest.mark.parametrize("serial", [0, 1, 31**9 - 1])
def test_credit_code_of_any_serial_is_valid(serial: int) -> None:
    assert parse_uscc(credit_code("640100", serial))


def test_same_seed_same_application_and_another_seed_another() -> None:
    drawn = [
        (g := Generator(seed)).application("640300", g.employer("640300"), RECEIVED, simple=False)
        for seed in ("a", "a", "b")
    ]
    assert drawn[0] == drawn[1] != drawn[2]
    assert parse_mobile(drawn[0]["worker_phone"])


def test_accident_precedes_application_and_diagnosis_follows_it(rng: random.Random) -> None:
    generator = Generator(str(rng.random()))
    for _ in range(100):
        facts = generator.application("640121", generator.employer("640121"), RECEIVED, simple=False)
        assert facts["accident_at"] < facts["diagnosis_at"] < RECEIVED.isoformat()


def test_files_are_real_ones(rng: random.Random) -> None:
    for upload in (application_form("某人", "单位：某厂"), employment_proof(rng), diagnosis_proof(rng)):
        taken = accept(upload.filename, io.BytesIO(upload.content), limit=100_000)
        assert taken.media_type == upload.media_type
    scan = employment_proof(rng).content
    width, height = struct.unpack(">II", scan[16:24])
    place = scan.index(b"IDAT")
    size = struct.unpack(">I", scan[place - 4 : place])[0]
    assert len(zlib.decompress(scan[place + 4 : place + 4 + size])) == height * (width + 1)


def test_plans_stand_in_the_stated_proportions_and_all_in_the_past() -> None:
    total = sum(STANDING.values())
    plans = list(Planner("seed", NOW).plans(total))
    for stand in {key for key, _ in STANDING}:
        expected = sum(number for (key, _), number in STANDING.items() if key == stand)
        assert sum(plan.waits_at == stand for plan in plans) == expected
    assert all(plan.received < NOW for plan in plans)
    assert [p.facts for p in plans] == [p.facts for p in Planner("seed", NOW).plans(total)]


def test_small_county_has_nobody_to_recheck() -> None:
    held = list(holdings(date(2026, 1, 1), date(2026, 6, 1)))
    posts = {item.post for item in held if item.region == YANCHI}
    assert "rec_checker" not in posts
    assert {"rec_window", "rec_handler", "rec_approver"} <= posts
    assert all(len([name for name in GRANTORS if name != item.name]) >= 3 for item in held)


def test_printed_accounts_have_distinct_logins_and_an_acceptable_password() -> None:
    shown = accounts()
    assert len({account.login for account in shown}) == len(shown)
    assert all(weakness(account.password, account.login) is None for account in shown)
    assert 58 <= len(names()) <= 65


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (NOW, date(2026, 6, 1)),
        (datetime(2026, 3, 2, tzinfo=LOCAL_ZONE), date(2025, 10, 1)),
        (datetime(2027, 5, 1, tzinfo=LOCAL_ZONE), date(2026, 6, 1)),
    ],
)
def test_transfer_is_the_first_of_june_or_some_months_ago(now: datetime, expected: date) -> None:
    assert transfer_day(now) == expected
