"""The kind `parameter` of controlled change: a new edition of a parameter's values in one region.

The payload holds all rows of the edition, in the order of slots and periods; the fence lets in exactly those.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.changes.fields import FieldErrors, FieldSpec, Option
from app.kernel.changes.kinds import Change, Difference, Moment, Payload, Touched
from app.kernel.changes.refusals import ChangeOutdated
from app.kernel.decisions.parameters.definitions import (
    NATIONAL,
    TAGS,
    Definition,
    Row,
    ShippedEdition,
    in_order,
    overlapping,
    written,
    wrong_in_row,
)
from app.kernel.decisions.parameters.installing import (
    add_edition,
    newest_edition,
    region_of,
    row_values,
    target_of,
)
from app.kernel.decisions.parameters.lookup import (
    ParameterUnknown,
    get_definition,
    list_definitions,
    load_editions,
)
from app.kernel.decisions.parameters.models import ParameterEdition
from app.kernel.decisions.parameters.uses import list_shifts
from app.kernel.identity.regions import list_region_names, list_regions
from app.kernel.local_time import period_words
from app.kernel.refusals import InvalidInput
from app.kernel.transaction.unit import Unit

NATION = Option(NATIONAL, "全国", "The whole country")
TAG_WORDS: Mapping[str, tuple[str, str]] = {
    "V": ("V 已见原文", "V text seen"),
    "E": ("E 已见摘录", "E excerpt seen"),
    "K": ("K 未核对原文", "K not checked against the text"),
    "D": ("D 本系统的选择", "D this system's choice"),
    "TEST": ("TEST 测试值", "TEST made up"),
}
LONGEST_SOURCE = 300


class ParameterKind:
    """`parameter`: the target is `key@region`, `key@national` for the whole country."""

    key = "parameter"
    title_zh = "参数"
    title_en = "Parameter"

    def form(self, session: Session, at: Moment) -> Sequence[FieldSpec]:
        keys = tuple(Option(one.key, one.title_zh, one.title_en) for one in list_definitions(session))
        regions = tuple(Option(one.code, one.name_zh, one.name_en) for one in list_regions(session))
        tags = tuple(Option(tag, *TAG_WORDS[tag]) for tag in TAGS)
        return (
            FieldSpec("key", "choice", "参数", "Parameter", options=keys),
            FieldSpec("region", "choice", "适用地区", "Region", options=(NATION, *regions)),
            FieldSpec(
                "rows",
                "rows",
                "全部取值",
                "All values",
                hint_zh="有分档的参数每档各一行（如“五级”，多个分档用 / 隔开），各期各一行；有效期含起止两天，"
                "同一档不得重叠；截止日留空为长期有效",
                hint_en="One row per category (several joined by /) and period; both days belong to the period, "
                "periods of a category may not overlap; no end: until further notice",
                columns=(
                    FieldSpec("slot", "text", "档次", "Category", required=False, maximum=100),
                    FieldSpec("value", "text", "数值", "Value", maximum=60),
                    FieldSpec("valid_from", "date", "自", "From"),
                    FieldSpec("valid_to", "date", "至", "To", required=False),
                    FieldSpec("source", "text", "依据文件", "Source document", maximum=LONGEST_SOURCE),
                    FieldSpec("tag", "choice", "核实程度", "Verification", options=tags),
                ),
            ),
        )

    def read(self, session: Session, payload: Payload, at: Moment) -> dict[str, Any]:
        """Rows sorted, numbers in their one spelling. A made-up value stays where it stands, none is added."""
        definition = get_definition(session, payload["key"])
        region = _region(payload["region"])
        standing = {row for row in _standing_rows(session, definition.key, region) if row.tag == "TEST"}
        rows, errors = [], FieldErrors()
        for number, raw in enumerate(payload["rows"]):
            row = _row(definition, raw)
            wrong = wrong_in_row(definition, row) or ("test_value_added" if _added(row, standing) else "")
            if wrong:
                errors[f"rows.{number}.{_PLACES.get(wrong, 'value')}"] = (wrong, _bounds(definition))
            rows.append(row)
        twice = overlapping(rows)
        if twice is not None and not errors:
            errors[f"rows.{rows.index(twice)}.valid_from"] = ("period_overlaps", {})
        if errors:
            raise InvalidInput(errors)
        return {"key": definition.key, "region": payload["region"], "rows": _as_payload(rows)}

    def target(self, payload: Payload) -> str:
        return target_of(payload["key"], _region(payload["region"]))

    def subject(self, session: Session, payload: Payload) -> tuple[str, str]:
        definition = get_definition(session, payload["key"])
        return _titled(session, definition, _region(payload["region"]))

    def current(self, session: Session, target: str, at: Moment) -> dict[str, Any] | None:
        key, region = region_of(target)
        newest = newest_edition(session, key, region)
        if newest is None:
            return None
        rows = _standing_rows(session, key, region)
        return {
            "key": key,
            "region": region or NATIONAL,
            "rows": _as_payload(rows),
            "edition": newest.edition,
        }

    def prefill(self, session: Session, target: str, at: Moment) -> dict[str, Any]:
        key, region = region_of(target)
        return self.current(session, target, at) or {"key": key, "region": region or NATIONAL, "rows": []}

    def targets(self, session: Session, at: Moment) -> Sequence[Option]:
        """What has values, and what still waits for the region's."""
        definitions = list_definitions(session)
        present = session.execute(select(ParameterEdition.key, ParameterEdition.region_code).distinct())
        found = {(key, region) for key, region in present}
        root = next(one.code for one in list_regions(session) if one.parent_code is None)
        wanted = found | {(one.key, root if one.regional else None) for one in definitions}
        by_key = {one.key: one for one in definitions}
        names = list_region_names(session, {region for _key, region in wanted if region})
        ordered = sorted(wanted, key=lambda one: (by_key[one[0]].position, one[1] or ""))
        return [
            Option(target_of(key, region), *_titled_by(by_key[key], names.get(region or "")))
            for key, region in ordered
        ]

    def differences(
        self, session: Session, current: Payload | None, payload: Payload, at: Moment
    ) -> Sequence[Difference]:
        """One line per category and beginning of a period."""
        definition = get_definition(session, payload["key"])
        before = {(row["slot"], row["valid_from"]): row for row in (current["rows"] if current else ())}
        after = {(row["slot"], row["valid_from"]): row for row in payload["rows"]}
        lines = []
        for slot, since in sorted(before.keys() | after.keys()):
            old, new = before.get((slot, since)), after.get((slot, since))
            label_zh, label_en = definition.slot_words(slot)
            since_zh, since_en = period_words(date.fromisoformat(since), None)
            lines.append(
                Difference(
                    f"{label_zh} {since_zh}".strip(),
                    f"{label_en} {since_en}".strip(),
                    *_words(definition, old),
                    *_words(definition, new),
                )
            )
        return lines

    def what_if(self, session: Session, payload: Payload, at: Moment) -> Iterable[Touched]:
        """Open cases for which something was calculated with this parameter, where the answer would be another."""
        definition = get_definition(session, payload["key"])
        rows = [_row(definition, row) for row in payload["rows"]]
        for shift in list_shifts(session, definition, _region(payload["region"]), rows):
            old_zh, old_en = definition.value_words(shift.use.value)
            new_zh, new_en = (
                definition.value_words(shift.after.value) if shift.after else ("无值", "no value")
            )
            yield Touched(
                shift.case.id,
                shift.case.case_no,
                "info",
                f"核算（{shift.use.purpose}）用过 {old_zh}，改后为 {new_zh}；已核算的不变，重新核算须注明版本",
                f"calculated ({shift.use.purpose}) with {old_en}, then {new_en}; what was calculated stays, a "
                "recalculation names the edition",
            )

    def apply(self, unit: Unit, change: Change) -> None:
        """Insert the edition. Raise ChangeOutdated when the parameter isn't defined any more."""
        key, region = region_of(change.target)
        try:
            definition = get_definition(unit.session, key)
        except ParameterUnknown:
            raise ChangeOutdated(target=change.target) from None
        rows = tuple(_row(definition, row) for row in change.payload["rows"])
        newest = newest_edition(unit.session, key, region)
        number = newest.edition + 1 if newest else 1
        approval = {
            "kind": "change",
            "case_id": change.case_id,
            "prepared_by": change.prepared_by,
            "approved_by": change.approved_by,
        }
        add_edition(unit, ShippedEdition(key, region, rows), number, approval, change.case_id)
        unit.record("parameter.changed", {"target": change.target, "edition": number, "rows": len(rows)})


_PLACES = {"slot_unknown": "slot", "period_reversed": "valid_to", "test_value_added": "tag"}


def _region(value: str) -> str | None:
    return None if value == NATIONAL else value


def _standing_rows(session: Session, key: str, region: str | None) -> tuple[Row, ...]:
    found = load_editions(session, key, (region,))
    return found[region].rows if region in found else ()


def _row(definition: Definition, raw: Mapping[str, Any]) -> Row:
    """A row of the payload; what isn't a number stays as it is, for the check to find."""
    value = raw["value"]
    if definition.kind == "number":
        try:
            number = Decimal(value)
            value = written(number) if number.is_finite() else value
        except ArithmeticError:
            pass
    until = raw["valid_to"]
    return Row(
        definition.slot_of(raw["slot"] or ""),
        value,
        date.fromisoformat(raw["valid_from"]),
        date.fromisoformat(until) if until else None,
        raw["source"],
        raw["tag"],
    )


def _added(row: Row, standing: set[Row]) -> bool:
    return row.tag == "TEST" and row not in standing


def _bounds(definition: Definition) -> dict[str, object]:
    return {
        "min": "" if definition.minimum is None else written(definition.minimum),
        "max": "" if definition.maximum is None else written(definition.maximum),
    }


def _as_payload(rows: Iterable[Row]) -> list[dict[str, Any]]:
    return [
        row_values(row)
        | {
            "valid_from": row.valid_from.isoformat(),
            "valid_to": row.valid_to.isoformat() if row.valid_to else None,
        }
        for row in in_order(rows)
    ]


def _words(definition: Definition, row: Mapping[str, Any] | None) -> tuple[str, str]:
    if row is None:
        return "", ""
    zh, en = definition.value_words(row["value"])
    until_zh = f"，至 {row['valid_to']}" if row["valid_to"] else "，长期"
    until_en = f", to {row['valid_to']}" if row["valid_to"] else ", no end"
    behind = f"{row['source']} [{row['tag']}]"
    return f"{zh}{until_zh}（{behind}）", f"{en}{until_en} ({behind})"


def _titled(session: Session, definition: Definition, region: str | None) -> tuple[str, str]:
    names = list_region_names(session, [region] if region else [])
    return _titled_by(definition, names.get(region or ""))


def _titled_by(definition: Definition, names: tuple[str, str] | None) -> tuple[str, str]:
    zh, en = names or (NATION.zh, NATION.en)
    return f"{definition.title_zh}（{zh}）", f"{definition.title_en} ({en})"
