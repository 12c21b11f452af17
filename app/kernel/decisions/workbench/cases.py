"""A rule's test cases edited one by one: what a form shows of a fact, and what it means when it is posted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from app.kernel.decisions.catalogue.cases import EXPECTATIONS
from app.kernel.decisions.workbench.toml_document import updated
from app.kernel.decisions.workbench.toml_text import literal, read_literal, read_table
from app.kernel.refusals import InvalidInput

LONGEST_NAME: Final = 100
LONGEST_FACT: Final = 4000
MOST_CASES: Final = 200
Errors = dict[str, tuple[str, Mapping[str, object]]]


def list_cases(data: bytes) -> list[dict[str, Any]] | None:
    """The cases as they are kept; None when the file can't be read, so that only its text can be edited."""
    table = read_table(data)
    if table is None or set(table) - {"case"}:
        return None
    cases = table.get("case", [])
    usable = isinstance(cases, list) and all(
        isinstance(one, Mapping) and isinstance(one.get("facts", {}), Mapping) for one in cases
    )
    return [dict(one) for one in cases] if usable else None


def write_case(data: bytes, index: int | None, case: Mapping[str, Any]) -> bytes:
    """The file with a case replaced, or with a new one at its end (None). Raise InvalidInput."""
    cases = _cases(data)
    if index is None:
        if len(cases) >= MOST_CASES:
            raise InvalidInput({"name": ("too_many_rows", {"max": MOST_CASES})})
        cases.append(dict(case))
    elif index < len(cases):
        cases[index] = dict(case)
    else:
        raise InvalidInput({"name": ("case_gone", {})})
    return updated(data, {"case": cases})


def remove_case(data: bytes, index: int) -> bytes:
    """The file without a case. Raise InvalidInput."""
    cases = _cases(data)
    if index >= len(cases):
        raise InvalidInput({"name": ("case_gone", {})})
    return updated(data, {"case": [one for number, one in enumerate(cases) if number != index]})


def _cases(data: bytes) -> list[dict[str, Any]]:
    cases = list_cases(data)
    if cases is None:
        raise InvalidInput({"cases.toml": ("rule_file_unreadable", {})})
    return cases


def read_case(types: Mapping[str, str], posted: Mapping[str, str]) -> dict[str, Any]:
    """A posted case: `name`, `expect`, `severity`, and `fact-<key>` for each fact of the contract (key: type).

    An empty field is an unknown fact. Raise InvalidInput by field.
    """
    errors: Errors = {}
    name, expect, severity = (posted.get(key, "").strip() for key in ("name", "expect", "severity"))
    if not name:
        errors["name"] = ("required", {})
    elif len(name) > LONGEST_NAME:
        errors["name"] = ("too_long", {"max": LONGEST_NAME})
    if expect not in EXPECTATIONS:
        errors["expect"] = ("not_an_option", {})
    facts: dict[str, Any] = {}
    for key, fact_type in types.items():
        text = posted.get(f"fact-{key}", "").strip()
        if text:
            try:
                facts[key] = read_fact(fact_type, text)
            except ValueError:
                errors[f"fact-{key}"] = (_PROBLEMS[fact_type], {})
    if errors:
        raise InvalidInput(errors)
    case = {"name": name, "expect": expect, "severity": severity, "facts": facts}
    return {key: value for key, value in case.items() if value not in ("", {})}


def read_fact(fact_type: str, text: str) -> Any:
    """A typed fact. Raise ValueError."""
    if len(text) > LONGEST_FACT:
        raise ValueError(fact_type)
    return _READERS[fact_type](text)


def show_fact(value: Any) -> str:
    """A fact as its field shows it: texts, numbers and days plain, lists and groups as TOML writes them."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return value.isoformat(timespec="minutes")
    return literal(value)


def _number(text: str) -> int | Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError(text) from None
    if not number.is_finite() or abs(number.adjusted()) > 30:
        raise ValueError(text)
    return int(number) if number == number.to_integral_value() else number


def _boolean(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(text)
    return text == "true"


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is not None:
        raise ValueError(text)
    return moment


def _of(kind: type) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        value = read_literal(text)
        if not isinstance(value, kind):
            raise ValueError(text)
        return value

    return read


_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "text": str,
    "number": _number,
    "boolean": _boolean,
    "date": date.fromisoformat,
    "datetime": _moment,
    "list": _of(list),
    "context": _of(dict),
}
_PROBLEMS: Final = {
    "text": "too_long",
    "number": "not_a_number",
    "boolean": "not_boolean",
    "date": "not_a_date",
    "datetime": "not_a_datetime",
    "list": "rule_list_unreadable",
    "context": "rule_group_unreadable",
}
