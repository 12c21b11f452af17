"""A person is chosen out of however many there are: found, taken, taken back, without a list of all."""

from __future__ import annotations

import html
import re
from uuid import uuid4

import pytest
from sqlalchemy import insert

from app.kernel.identity.models import Person
from tests.changing import add_changers
from tests.office import Office
from tests.pages import sit_down

MANY = 10_000
FORM = "/changes/new?kind=person_merge"


@pytest.fixture
def office(office: Office) -> Office:
    """The office with the three who decide on changes."""
    add_changers(office)
    return office


def words(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def crowd(office: Office, count: int) -> None:
    """Made-up people by the thousand, as the application's role may record them."""
    rows = []
    for number in range(count):
        uid = uuid4()
        sealed = office.kernel.keyring.seal(
            "640104199001010000", table="person", column="id_number", row=str(uid)
        )
        rows.append(
            {
                "uid": uid,
                "name": f"甲{number}",
                "pinyin": f"jia3 {number}",
                "id_number_sealed": sealed,
                "id_number_index": number.to_bytes(32),
                "created_at": office.kernel.clock(),
            }
        )
    with office.kernel.database.engine.begin() as connection:
        connection.execute(insert(Person), rows)


def ways(page: str, record: int) -> dict[str, str]:
    """Links that take a record that was found, by the field they fill."""
    addresses = [html.unescape(found) for found in re.findall(r'href="([^"]*kind=person_merge[^"]*)"', page)]
    return {
        field: address
        for field in ("person_id", "canonical_id")
        for address in addresses
        if f"{field}={record}" in address
    }


def test_two_records_are_found_and_taken_one_after_the_other(office: Office) -> None:
    desk = sit_down(office.kernel, "editor")
    handler, checker = office.person("handler"), office.person("checker")
    found = desk.get(f"{FORM}&q=handler").text
    first = desk.get(ways(found, handler)["person_id"]).text
    assert f"handler #{handler}" in words(first)
    by_number = desk.get(f"{FORM}&person_id={handler}&q={office.id_number_of('checker')}").text
    page = desk.get(ways(by_number, checker)["canonical_id"]).text
    assert f'name="person_id" value="{handler}"' in page
    assert f'name="canonical_id" value="{checker}"' in page
    taken_back = desk.get(f"{FORM}&canonical_id={checker}").text
    assert 'name="person_id" value=' not in taken_back


@pytest.mark.parametrize("typed", ["tail", "银川市"])
def test_last_four_characters_and_the_office_find_a_person_too(office: Office, typed: str) -> None:
    desk = sit_down(office.kernel, "editor")
    query = office.id_number_of("handler")[-4:] if typed == "tail" else typed
    page = desk.get(f"{FORM}&q={query}").text
    assert f"handler #{office.person('handler')} " in words(page)
    assert office.id_number_of("handler") not in page


def test_among_ten_thousand_the_form_lists_nobody_and_a_search_one_page(
    office: Office,
) -> None:
    crowd(office, MANY)
    desk = sit_down(office.kernel, "editor")
    assert len(desk.get(FORM).text) < 40_000
    page = desk.get(f"{FORM}&q=甲").text
    assert "共 10000 人，本页 1–50" in words(page)
    second = re.search(r'href="([^"]+)" rel="next"', page)
    assert second is not None
    assert "本页 51–100" in words(desk.get(html.unescape(second.group(1))).text)


def test_a_merge_without_people_says_where_to_find_them_and_keeps_what_was_typed(
    office: Office,
) -> None:
    desk = sit_down(office.kernel, "editor")
    answer = desk.post(FORM, {"finding": "核对户籍", "change_reason": "一人两档", "legal_ground": "内控"})
    assert answer.status_code == 422
    assert "先在上面查找" in words(answer.text)
    assert "核对户籍" in answer.text
