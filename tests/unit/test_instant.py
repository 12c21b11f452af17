"""Instants carry their zone and come back in UTC."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy.dialects import postgresql

from app.storage.base import Instant
from app.storage.database import DatabaseUrlInvalid, normalised_url

DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]
SHANGHAI = timezone(timedelta(hours=8))


def test_naive_datetime_is_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        Instant().process_bind_param(datetime(2026, 3, 2, 9, 0), DIALECT)  # noqa: DTZ001 - naive on purpose


def test_instant_goes_in_and_comes_out_in_utc() -> None:
    nine = datetime(2026, 3, 2, 9, 0, tzinfo=SHANGHAI)
    stored = Instant().process_bind_param(nine, DIALECT)
    read = Instant().process_result_value(nine, DIALECT)
    assert stored == read == nine
    assert stored is not None
    assert stored.tzinfo is UTC
    assert read is not None
    assert read.tzinfo is UTC


def test_absent_instant_stays_absent() -> None:
    assert Instant().process_bind_param(None, DIALECT) is None
    assert Instant().process_result_value(None, DIALECT) is None


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_spelling_of_postgresql_gets_our_driver(scheme: str) -> None:
    try:
        url = normalised_url(f"{scheme}://u:p%40w@host/db")
    except DatabaseUrlInvalid:
        pytest.fail(f"{scheme} is PostgreSQL")
    assert url == "postgresql+psycopg://u:p%40w@host/db"


@pytest.mark.parametrize("url", ["sqlite:///x", "mysql://u:secret@h/d", "nonsense with secret"])
def test_other_databases_are_refused_without_repeating_the_password(url: str) -> None:
    with pytest.raises(DatabaseUrlInvalid) as refused:
        normalised_url(url)
    assert "secret" not in str(refused.value)
