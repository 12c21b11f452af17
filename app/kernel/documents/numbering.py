"""Document numbers (文号): without gaps, per authority, kind of document and year.

A number is taken only when a document is issued, in its transaction: the counter's row stays
locked until the commit, and a rollback gives the number back.
"""

import string
from dataclasses import dataclass

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.kernel.cases.models import SerialCounter

DRAFT_NUMBER = "（草稿，未编号）"
_PLACES = frozenset({"prefix", "year", "serial"})


class NumberFormatInvalid(ValueError):
    """A number format must name `{year}` and `{serial}`, may name `{prefix}`, and nothing else."""


@dataclass(frozen=True, slots=True)
class DocumentNumber:
    """A number given out and its text, e.g. 银人社工认〔2026〕63 号."""

    serial: int
    text: str


def check_format(number_format: str) -> None:
    """Raises NumberFormatInvalid."""
    try:
        named = {field for _, field, _, _ in string.Formatter().parse(number_format) if field is not None}
    except ValueError as error:
        raise NumberFormatInvalid(number_format) from error
    if not named <= _PLACES or not {"year", "serial"} <= named:
        raise NumberFormatInvalid(number_format)


def next_number(
    session: Session, *, authority: str, kind: str, year: int, number_format: str, prefix: str
) -> DocumentNumber:
    """The next number of an authority (region code) for a kind and year; locks the counter.

    Raises NumberFormatInvalid.
    """
    check_format(number_format)
    statement = insert(SerialCounter).values(key=f"document:{authority}:{kind}:{year}", value=1)
    serial = session.execute(
        statement.on_conflict_do_update(
            index_elements=["key"], set_={"value": SerialCounter.value + 1}
        ).returning(SerialCounter.value)
    ).scalar_one()
    return DocumentNumber(serial, number_format.format(prefix=prefix, year=year, serial=serial))
