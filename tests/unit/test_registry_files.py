"""Files for the register, read and checked line by line."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from app.domain.registry.kinds import KINDS
from app.domain.registry.reading import LARGEST_FILE, MOST_LINES, FileUnreadable, Line, read_lines
from app.faces.refusal_texts import FIELD_TEXTS
from config import ROOT
from tests.office import id_number, uscc

TODAY = date(2026, 6, 1)
REGIONS = frozenset({"640100", "640121"})
NUMBER, CODE = id_number(1), uscc(1)
HEADS = {
    "people": "id_number,name,region,valid_from,died_on,source",
    "wages": "身份证号,参保单位编号,月份,缴费工资,到账日,依据",
    "enrolments": "id_number,unit_number,category,from_on,to_on,registered_on,source,void",
    "experts": "id_number,name,specialities,region,title,hospital,from_on,to_on,source",
    "employers": "uscc,name,industry_code,risk_class,region,state,valid_from,source",
    "institutions": "uscc,name,kind,region,agreement_no,from_on,to_on,source",
}


def read(kind: str, *rows: str) -> list[Line]:
    return read_lines(KINDS[kind], "\n".join((HEADS[kind], *rows)).encode(), REGIONS, TODAY)


def faults(kind: str, row: str) -> list[tuple[str, str]]:
    return [(fault.column, fault.code) for fault in read(kind, row)[0].faults]


@pytest.mark.parametrize(
    ("kind", "row", "expected"),
    [
        ("people", f"{NUMBER},张三,640100,2026-01-01,,表", []),
        ("people", f"{NUMBER[:-1]}Q,张三,640300,2026-13-01,,", [("id_number", "id_number_character")]),
        ("people", f"{NUMBER},张三,640100,2026-01-01,2026-06-02,表", [("died_on", "in_future")]),
        ("people", f"{NUMBER},张三,640100,2026-01-01,,表,多", [("", "cells_too_many")]),
        ("people", f"{NUMBER},张三,640100,2026-01-01", [("source", "required")]),
        ("wages", f"{NUMBER},U1,2026-13,5000,,表", [("month", "not_month")]),
        ("wages", f"{NUMBER},U1,2026.3,-5,,表", [("wage", "not_money")]),
        ("wages", f"{NUMBER},U1,2026年3月,5000.005,2026/6/2,表", [("wage", "not_money")]),
        ("wages", f"{NUMBER},U1,202603,NaN,,表", [("wage", "not_money")]),
        ("wages", f"{NUMBER},U1,2026-03,5000,2026/6/2,表", [("paid_on", "in_future")]),
        (
            "enrolments",
            f"{NUMBER},U1,单位职工,2026-01-02,2026-01-01,2026-01-01,表,",
            [("to_on", "period_reversed")],
        ),
        ("enrolments", f"{NUMBER},U1,外星人,2026-01-02,,2026-01-01,表,也许", [("category", "not_an_option")]),
        (
            "experts",
            f"{NUMBER},白某,骨科,640100,主任,某院,2024-02-29,2027-02-28,聘书",
            [("to_on", "term_too_long")],
        ),
        ("experts", f"{NUMBER},白某,骨科,640100,主任,某院,2024-02-29,2027-02-27,聘书", []),
        ("employers", f"{CODE},某厂,33,9,640100,存续,2026-01-01,表", [("risk_class", "too_large")]),
        ("employers", f"{CODE[:-1]}!,某厂,33,1,640100,存续,2026-01-01,表", [("uscc", "uscc_character")]),
        ("institutions", f"{CODE},某院,医疗,640100,,,2026-01-01,表", [("from_on", "required")]),
    ],
)
def test_a_line_is_taken_or_refused_with_column_and_reason(
    kind: str, row: str, expected: list[tuple[str, str]]
) -> None:
    found = faults(kind, row)
    assert found[: len(expected)] == expected
    assert bool(found) == bool(expected)


def test_cells_are_brought_to_one_spelling() -> None:
    line = read("wages", f' {NUMBER[:6]} {NUMBER[6:]} ,U1,2026年3月,"6,600.5",2026.4.5,申报表')[0]
    assert line.values["id_number"].number == NUMBER
    assert (line.values["month"], line.values["wage"]) == (date(2026, 3, 1), Decimal("6600.50"))
    assert line.values["paid_on"] == date(2026, 4, 5)
    expert = read("experts", f"{NUMBER},白某,手外科、骨科；骨科,640100,主任,某院,2024-03-01,2027-02-28,聘书")[
        0
    ]
    assert expert.values["specialities"] == ["手外科", "骨科"]
    assert read("enrolments", f"{NUMBER},U1,over_age,2026-01-02,,2026-01-01,表,是")[0].values["void"] is True


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (HEADS["people"].encode(), "file_empty"),
        ("身份证号,姓名\n1,2".encode("gb18030"), "file_not_utf8"),
        (b'id_number,"name\n1,2', "file_not_csv"),
        (b"id_number,colour\n1,2", "column_unknown"),
        ("id_number,身份证号\n1,2".encode(), "column_twice"),
        (b"id_number,name\n1,2", "column_missing"),
        (b"x" * (LARGEST_FILE + 1), "file_too_large"),
        ((HEADS["people"] + "\nx" * (MOST_LINES + 1)).encode(), "too_many_lines"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(content: bytes, code: str) -> None:
    with pytest.raises(FileUnreadable) as refused:
        read_lines(KINDS["people"], content, REGIONS, TODAY)
    assert refused.value.code == code


def test_a_byte_order_mark_and_blank_lines_are_passed_over() -> None:
    content = f"\ufeff{HEADS['people']}\r\n\r\n{NUMBER},张三,640100,2026-01-01,,表\r\n,,\r\n"
    lines = read_lines(KINDS["people"], content.encode(), REGIONS, TODAY)
    assert [(line.number, line.faults) for line in lines] == [(3, ())]


def test_every_fault_has_words() -> None:
    sources = (ROOT / f"app/domain/registry/{name}.py" for name in ("reading", "recording", "change_kind"))
    text = "".join(path.read_text("utf-8") for path in sources)
    raised = r'(?:_Wrong|FileUnreadable|InvalidInput\(\{"\w+": )\("(\w+)"|(?:Fault|_Refused)\([^,]+, "(\w+)"'
    codes = {code for pair in re.findall(raised, text) for code in pair if code}
    assert len(codes) > 20, "the pattern no longer finds the codes"
    assert codes - set(FIELD_TEXTS) == set()


def test_every_kind_and_column_is_described() -> None:
    page = Path(ROOT / "docs/registry.md").read_text("utf-8")
    for kind in KINDS.values():
        row = next(line for line in page.splitlines() if line.startswith(f"| `{kind.key}` {kind.zh}"))
        assert [column.key for column in kind.columns if f"`{column.key}` {column.zh}" not in row] == []
