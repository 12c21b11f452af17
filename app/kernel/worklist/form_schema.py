"""A form-js schema read into typed fields; the same file feeds designers' tools, page and validator."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from app.kernel.worklist.form_conditions import fault_in, kind_of

KINDS = frozenset(
    {
        "textfield",
        "textarea",
        "radio",
        "select",
        "checkbox",
        "checklist",
        "number",
        "datetime",
        "text",
        "group",
    }
)
LAYOUT_ONLY = frozenset({"button", "spacer", "separator"})
TEXT_LIMIT = 4000
PATTERN_LIMIT = 200
_REPEATED_GROUP = re.compile(r"\([^)]*[+*}][^)]*\)\s*[+*{]")


class FormInvalid(ValueError):
    """The schema itself can't be used; found when the process is deployed."""

    def __init__(self, message_zh: str, message_en: str) -> None:
        super().__init__(message_en)
        self.message_zh = message_zh
        self.message_en = message_en


@dataclass(frozen=True)
class Option:
    """One choice of a radio, select or checklist."""

    value: str
    label: str
    label_en: str = ""
    small: str = ""
    small_en: str = ""


@dataclass(frozen=True)
class Field:
    """One component. `key` is empty for text and groups; `children` is filled for groups only."""

    kind: str
    key: str = ""
    label: str = ""
    label_en: str = ""
    help: str = ""
    help_en: str = ""
    text: str = ""
    text_en: str = ""
    required: bool = False
    min_length: int = 0
    max_length: int = TEXT_LIMIT
    pattern: re.Pattern[str] | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    digits: int = 0
    moment: str = "date"
    options: tuple[Option, ...] = ()
    hide: str = ""
    """The condition under which it is hidden, empty for never."""
    children: tuple[Field, ...] = field(default_factory=tuple)

    @property
    def holds(self) -> str:
        """Type in FEEL of its value."""
        return kind_of(self.kind, self.moment)


def read_fields(schema: Mapping[str, Any]) -> tuple[Field, ...]:
    """All components in order. Raise FormInvalid on unknown types, missing keys, unsafe patterns, wrong conditions."""
    try:
        fields = _components(schema)
    except FormInvalid:
        raise
    except (AttributeError, KeyError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        raise FormInvalid(f"不是 form-js 表单：{error!r}", f"not a form-js schema: {error!r}") from error
    kinds = {item.key: item.holds for item in input_fields(fields)}
    for item in _everything(fields):
        if item.hide and (fault := fault_in(item.hide, kinds)) is not None:
            at_zh, at_en = (
                f"第 {fault.line} 行第 {fault.column} 字",
                f"line {fault.line}, column {fault.column}",
            )
            raise FormInvalid(
                f"“{_shown(item)}”的隐藏条件“{item.hide}”有误（{at_zh}）：{fault.message_zh}",
                f"{_shown(item)!r} is hidden by {item.hide!r}, {at_en}: {fault.message_en}",
            )
    return fields


def _shown(item: Field) -> str:
    return item.key or item.label or item.text or item.kind


def _everything(fields: Sequence[Field]) -> Iterator[Field]:
    for item in fields:
        yield item
        yield from _everything(item.children)


def _components(schema: Mapping[str, Any]) -> tuple[Field, ...]:
    components = schema.get("components")
    if not isinstance(components, Sequence) or isinstance(components, str):
        raise FormInvalid("表单没有 components 列表", "a form has a list of components")
    return tuple(_field(part) for part in components if part.get("type") not in LAYOUT_ONLY)


def input_fields(fields: Sequence[Field]) -> Iterator[Field]:
    """The fields that carry values, groups flattened, each knowing only its own hiding."""
    for item in fields:
        if item.kind == "group":
            yield from input_fields(item.children)
        elif item.kind != "text":
            yield item


def _field(part: Mapping[str, Any]) -> Field:
    kind = part.get("type", "")
    if kind not in KINDS:
        raise FormInvalid(f"不支持的控件类型“{kind}”", f"component type {kind!r} is not supported")
    key = str(part.get("key") or "")
    if kind not in ("text", "group") and not re.fullmatch(r"[A-Za-z_]\w{0,63}", key):
        raise FormInvalid(
            f"{kind} 控件没有可用的键：“{key}”", f"component of type {kind!r} has no usable key: {key!r}"
        )
    rules = part.get("validate") or {}
    named = part.get("properties") or {}
    return Field(
        kind=kind,
        key=key if kind not in ("text", "group") else "",
        label=str(part.get("label") or part.get("dateLabel") or part.get("dateTimeLabel") or ""),
        label_en=str(named.get("label_en") or ""),
        help=str(part.get("description") or ""),
        help_en=str(named.get("description_en") or ""),
        text=str(part.get("text") or ""),
        text_en=str(named.get("text_en") or ""),
        required=bool(rules.get("required")),
        min_length=int(rules.get("minLength") or 0),
        max_length=min(int(rules.get("maxLength") or TEXT_LIMIT), TEXT_LIMIT),
        pattern=_pattern(rules.get("pattern")),
        minimum=_decimal(rules.get("min")),
        maximum=_decimal(rules.get("max")),
        digits=int(part.get("decimalDigits") or 0),
        moment=str(part.get("subtype") or "date"),
        options=tuple(_option(item) for item in part.get("values") or ()),
        hide=str((part.get("conditional") or {}).get("hide") or ""),
        children=_components(part) if kind == "group" else (),
    )


def _option(item: Mapping[str, Any]) -> Option:
    named = item.get("properties") or item
    return Option(
        str(item["value"]),
        str(item["label"]),
        str(named.get("label_en") or ""),
        str(named.get("description") or ""),
        str(named.get("description_en") or ""),
    )


def _decimal(value: object) -> Decimal | None:
    return None if value is None or value == "" else Decimal(str(value))


def _pattern(source: object) -> re.Pattern[str] | None:
    """Only short patterns without a repeated repetition: those can't backtrack without end on short input."""
    if not source:
        return None
    text = str(source)
    if len(text) > PATTERN_LIMIT or _REPEATED_GROUP.search(text):
        raise FormInvalid(
            f"格式过长或者重复嵌套：{text[:60]}",
            f"pattern is too long or repeats a repetition: {text[:60]!r}",
        )
    try:
        return re.compile(text)
    except re.error as error:
        raise FormInvalid(f"格式无效：{text[:60]}", f"pattern can't be read: {text[:60]!r}") from error
