"""Facts of a case as its process declares them: types, labels, checks, what is sealed and what is decided.

A process folder's `process.toml` is the schema; the kernel knows no field by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from app.kernel.identity.identifiers import IdentifierInvalid, parse_id_number, parse_mobile, parse_uscc
from app.kernel.local_time import LOCAL_ZONE
from app.kernel.refusals import InvalidInput

TEXT_LIMIT = 4000
FieldErrors = dict[str, tuple[str, Mapping[str, object]]]


@dataclass(frozen=True)
class Choice:
    """One value of an enum fact."""

    value: str
    zh: str
    en: str


@dataclass(frozen=True)
class FactSpec:
    """One fact. `decided`: part of the content hash; `routing`: copied into the engine's variables."""

    key: str
    type: str
    label_zh: str
    label_en: str
    group: str
    sensitive: bool = False
    decided: bool = False
    routing: bool = False
    required_for: str = ""
    check: str = ""
    values: tuple[Choice, ...] = ()
    max_length: int = TEXT_LIMIT


@dataclass(frozen=True)
class FactSchema:
    """All facts of a process, by key, with the index that fills the case's list columns.

    `variant_fact`: the fact that says which variant of the process a case is (`[process] variant_fact`), empty where
    there are none; `variant_index`: by variant, what the index says otherwise (`[variant.<value>.index]`).
    """

    facts: Mapping[str, FactSpec]
    groups: tuple[Choice, ...] = ()
    index: Mapping[str, str] = field(default_factory=dict)
    variant_fact: str = ""
    variant_index: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @classmethod
    def from_toml(cls, document: Mapping[str, Any]) -> FactSchema:
        """Build from a parsed `process.toml`. Raise KeyError or TypeError on a malformed one."""
        facts = {key: _fact(key, table) for key, table in document.get("fact", {}).items()}
        groups = tuple(Choice(g["key"], g["zh"], g["en"]) for g in document.get("fact_group", []))
        variants = {key: table.get("index", {}) for key, table in document.get("variant", {}).items()}
        variant_fact = document.get("process", {}).get("variant_fact", "")
        return cls(facts, groups, document.get("index", {}), variant_fact, variants)

    def variant(self, facts: Mapping[str, Any]) -> str:
        """Which variant of the process a case with these facts is; empty for the plain one."""
        return str(facts.get(self.variant_fact) or "") if self.variant_fact else ""

    @property
    def variant_facts(self) -> frozenset[str]:
        """What is stated of a case that isn't plain: which variant it is, and whom it is then about."""
        own = (key for index in self.variant_index.values() for key in index.values())
        return frozenset((self.variant_fact, *own)) if self.variant_fact else frozenset()

    def index_of(self, facts: Mapping[str, Any]) -> Mapping[str, str]:
        """The facts that fill the list columns of a case with these facts."""
        return {**self.index, **self.variant_index.get(self.variant(facts), {})}

    def parse(self, raw: Mapping[str, Any], *, today: date) -> dict[str, Any]:
        """Canonical JSON-native values of the known keys of `raw`; blanks become None.

        Unknown keys are refused: a typing error must not vanish. Raise InvalidInput naming every wrong
        field with its code.
        """
        errors: FieldErrors = {}
        values: dict[str, Any] = {}
        for key, value in raw.items():
            spec = self.facts.get(key)
            if spec is None:
                errors[key] = ("unknown_field", {"field": key})
                continue
            try:
                values[key] = parse_value(spec, value, today)
            except FactInvalid as invalid:
                errors[key] = (invalid.code, invalid.params)
        if errors:
            raise InvalidInput(errors)
        return values

    def missing(self, facts: Mapping[str, Any], purpose: str) -> list[str]:
        """Keys that `purpose` (application, acceptance, decision, …) requires and that are empty."""
        return [
            key
            for key, spec in self.facts.items()
            if spec.required_for == purpose and facts.get(key) in (None, "", [])
        ]

    def decided(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """The part of the facts that a conclusion is about."""
        return {key: facts.get(key) for key, spec in self.facts.items() if spec.decided}

    def routed(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """The facts that are variables of the engine, as kept; instants say their zone, so that FEEL can read them."""
        return {key: _routed(spec, facts.get(key)) for key, spec in self.facts.items() if spec.routing}


def _routed(spec: FactSpec, value: Any) -> Any:
    if spec.type != "datetime" or not isinstance(value, str):
        return value
    moment = datetime.fromisoformat(value)
    return (moment if moment.tzinfo else moment.replace(tzinfo=LOCAL_ZONE)).isoformat()


class FactInvalid(ValueError):
    """A value does not fit its fact; `code` has a text in every language."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


def _fact(key: str, table: Mapping[str, Any]) -> FactSpec:
    return FactSpec(
        key=key,
        type=table["type"],
        label_zh=table["label_zh"],
        label_en=table["label_en"],
        group=table.get("group", ""),
        sensitive=table.get("sensitive", False),
        decided=table.get("decided", False),
        routing=table.get("routing", False),
        required_for=table.get("required_for", ""),
        check=table.get("check", ""),
        values=tuple(Choice(v["value"], v["zh"], v["en"]) for v in table.get("values", [])),
        max_length=table.get("max_length", TEXT_LIMIT),
    )


def parse_value(spec: FactSpec, value: Any, today: date) -> Any:
    """The canonical JSON-native form of one value. Raise FactInvalid."""
    if value is None or value == "" or value == []:
        return None
    parsed = _PARSERS[spec.type](spec, value)
    if spec.check and parsed is not None:
        parsed = _CHECKS[spec.check](parsed, today)
    return parsed


def _text(spec: FactSpec, value: Any) -> str | None:
    if not isinstance(value, str):
        raise FactInvalid("not_text")
    cleaned = value.strip()
    if len(cleaned) > spec.max_length:
        raise FactInvalid("too_long", limit=spec.max_length)
    if any(ord(char) < 32 and char not in "\n\r\t" for char in cleaned):
        raise FactInvalid("control_characters")
    return cleaned or None


def _integer(_: FactSpec, value: Any) -> int:
    try:
        number = int(str(value).strip())
    except ValueError:
        raise FactInvalid("not_integer") from None
    if abs(number) >= 2**53:
        raise FactInvalid("number_out_of_range")
    return number


def _decimal(_: FactSpec, value: Any) -> str:
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        raise FactInvalid("not_number") from None
    if not number.is_finite() or abs(number) >= Decimal(10) ** 15:
        raise FactInvalid("number_out_of_range")
    return format(number.normalize(), "f")


def _boolean(_: FactSpec, value: Any) -> bool:
    known = {True: True, False: False, "true": True, "false": False, "yes": True, "no": False, "on": True}
    if not isinstance(value, (bool, str)) or value not in known:
        raise FactInvalid("not_boolean")
    return known[value]


def _date(_: FactSpec, value: Any) -> str:
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError:
        raise FactInvalid("not_date") from None


def _datetime(_: FactSpec, value: Any) -> str:
    """Local time in Asia/Shanghai to the minute, as people state it; kept without an offset."""
    try:
        moment = datetime.fromisoformat(str(value).replace(" ", "T"))
    except ValueError:
        raise FactInvalid("not_datetime") from None
    if moment.tzinfo is not None:
        moment = moment.astimezone(LOCAL_ZONE).replace(tzinfo=None)
    return moment.isoformat(timespec="minutes")


def _enum(spec: FactSpec, value: Any) -> str:
    if not isinstance(value, str) or value not in {choice.value for choice in spec.values}:
        raise FactInvalid("not_a_choice")
    return value


def _list(spec: FactSpec, value: Any) -> list[str]:
    items = value if isinstance(value, list) else [value]
    cleaned = [item.strip() for item in items if isinstance(item, str) and item.strip()]
    if len(items) > 50 or len(cleaned) != len(items):
        raise FactInvalid("not_a_list")
    if spec.values:
        return [_enum(spec, item) for item in cleaned]
    return cleaned


_PARSERS: dict[str, Callable[[FactSpec, Any], Any]] = {
    "string": _text,
    "text": _text,
    "integer": _integer,
    "decimal": _decimal,
    "boolean": _boolean,
    "date": _date,
    "datetime": _datetime,
    "enum": _enum,
    "list": _list,
}


def _id_number(value: str, today: date) -> str:
    try:
        return parse_id_number(value, today=today).number
    except IdentifierInvalid as invalid:
        raise FactInvalid(invalid.code) from None


def _uscc(value: str, _: date) -> str:
    try:
        return parse_uscc(value)
    except IdentifierInvalid as invalid:
        raise FactInvalid(invalid.code) from None


def _phone(value: str, _: date) -> str:
    try:
        return parse_mobile(value)
    except IdentifierInvalid as invalid:
        raise FactInvalid(invalid.code) from None


def _not_future(value: str, today: date) -> str:
    if date.fromisoformat(value[:10]) > today:
        raise FactInvalid("in_the_future")
    if date.fromisoformat(value[:10]).year < 1949:
        raise FactInvalid("too_long_ago")
    return value


def _region(value: str, _: date) -> str:
    if len(value) != 6 or not value.isdigit():
        raise FactInvalid("not_a_region")
    return value


_CHECKS: dict[str, Callable[[Any, date], Any]] = {
    "id_number": _id_number,
    "uscc": _uscc,
    "phone": _phone,
    "not_future": _not_future,
    "region": _region,
}
