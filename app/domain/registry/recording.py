"""Lines into rows: what each line would do to the register as it stands, and writing that in bulk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal
from uuid import uuid4

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.domain.registry.as_of import everywhere, standing
from app.domain.registry.kinds import Kind
from app.domain.registry.models import Employer, InsuredPerson, InsuredUnit, InsuredUnitDetail
from app.domain.registry.reading import Fault, Line
from app.kernel.identity.identifiers import ID_NUMBER_KIND, ID_NUMBER_TAIL_KIND, TAIL, IdNumber
from app.kernel.identity.names import pinyin_initials, pinyin_key
from app.storage.crypto import KeyRing

Status = Literal["new", "corrects", "voids", "unchanged", "refused"]
STATUSES: tuple[Status, ...] = ("new", "corrects", "voids", "unchanged", "refused")
META = frozenset({"id", "replaces", "void", "recorded_at", "change_id"})
Row = dict[str, Any]
FOREVER = date(9999, 12, 31)


@dataclass(frozen=True)
class Result:
    """What becomes of a line."""

    number: int
    status: Status
    faults: tuple[Fault, ...] = ()


@dataclass
class Plan:
    """Results by line, and the rows to write; a row names its thing by number, as `owner_number`."""

    results: list[Result] = field(default_factory=list)
    owners: dict[Any, Row] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        found = Counter(result.status for result in self.results)
        return {status: found[status] for status in STATUSES}


class _Refused(Exception):
    def __init__(self, column: str, code: str) -> None:
        super().__init__(code)
        self.fault = Fault(column, code)


def plan_lines(
    session: Session, keyring: KeyRing, kind: Kind, lines: Sequence[Line], regions: Collection[str]
) -> Plan:
    """What the lines would do now. `regions`: those whose rows may be written; other rows are seen, never changed."""
    with everywhere(session):
        return _Planner(session, keyring, kind, frozenset(regions), lines).plan()


class _Planner:
    """Looks up in bulk all that the lines speak of, then takes them one by one."""

    def __init__(
        self, session: Session, keyring: KeyRing, kind: Kind, regions: frozenset[str], lines: Sequence[Line]
    ) -> None:
        self.kind, self.regions, self.lines, self.keyring = kind, regions, lines, keyring
        self.owners = _find_owners(session, kind, [self._number(line) for line in lines if not line.faults])
        self.rows = self._standing(session)
        self.units = _find_units(session, _all(lines, "unit_number"))
        self.employers = _find_employers(session, _all(lines, "employer_uscc"))
        self.made = Plan()
        self.seen: set[tuple[Any, ...]] = set()

    def plan(self) -> Plan:
        for line in self.lines:
            if line.faults:
                self.made.results.append(Result(line.number, "refused", line.faults))
                continue
            try:
                self.made.results.append(Result(line.number, self._take(line)))
            except _Refused as refused:
                self.made.results.append(Result(line.number, "refused", (refused.fault,)))
        return self.made

    def _number(self, line: Line) -> Any:
        """What the thing is found by: a blind index, a code, a number."""
        value = line.values[self.kind.numbered_by]
        return (
            self.keyring.blind_index(ID_NUMBER_KIND, value.number) if isinstance(value, IdNumber) else value
        )

    def _standing(self, session: Session) -> dict[Any, dict[tuple[Any, ...], Any]]:
        """By number of the thing and what makes rows one: those that stand."""
        numbers = {owner.id: number for number, owner in self.owners.items()}
        found: dict[Any, dict[tuple[Any, ...], Any]] = {number: {} for number in self.owners}
        model, key = self.kind.model, getattr(self.kind.model, self.kind.owner_key)
        for row in session.scalars(select(model).where(key.in_(numbers), standing(model))):
            owner = getattr(row, self.kind.owner_key)
            found[numbers[owner]][self._same(_content(row))] = row
        return found

    def _same(self, content: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(content[name] for name in self.kind.same_by)

    def _take(self, line: Line) -> Status:
        number = self._number(line)
        content = self._content_of(line)
        same = self._same(content)
        if (number, *same) in self.seen:
            raise _Refused("", "line_twice")
        self.seen.add((number, *same))
        self._require_owner(line, number)
        before = self.rows.get(number, {}).get(same)
        if before is not None and before.region_code not in self.regions:
            raise _Refused("", "row_out_of_scope")
        if line.values.get("void"):
            return self._void(number, before, line.values["source"])
        self._require_apart(number, same, content)
        return self._write(number, before, content)

    def _content_of(self, line: Line) -> Row:
        """The line as columns of the table, its thing left out."""
        values = {
            key: value for key, value in line.values.items() if key not in (self.kind.numbered_by, "void")
        }
        if "unit_number" in values:
            unit = self.units.get(values.pop("unit_number"))
            if unit is None:
                raise _Refused("unit_number", "unit_unknown")
            values |= {"unit_id": unit[0], "region": unit[1]}
        if self.kind.owner is InsuredUnit:
            values = {key: value for key, value in values.items() if key not in ("kind", "employer_uscc")}
        values["region_code"] = values.pop("region")
        if values["region_code"] not in self.regions:
            raise _Refused("unit_number" if "unit_id" in values else "region", "region_out_of_scope")
        if self.kind.spelled:
            values |= {"pinyin": pinyin_key(values["name"]), "initials": pinyin_initials(values["name"])}
        optional = {column.key for column in self.kind.columns if not column.required} - {"void"}
        texts = {column.key for column in self.kind.columns if column.type == "text"}
        return {key: "" if key in texts else None for key in optional} | values

    def _require_owner(self, line: Line, number: Any) -> None:
        known = self.owners.get(number)
        if self.kind.owner is InsuredUnit:
            self._require_same_unit(line, known)
        if known is not None or number in self.made.owners:
            return
        if not self.kind.makes_owner or line.values.get("void"):
            raise _Refused(self.kind.numbered_by, "nothing_known")
        self.made.owners[number] = self._new_owner(line, number)

    def _require_same_unit(self, line: Line, known: Any) -> None:
        employer = self.employers.get(line.values["employer_uscc"])
        if employer is None:
            raise _Refused("employer_uscc", "employer_unknown")
        if known is not None and (known.kind, known.employer_id) != (line.values["kind"], employer):
            raise _Refused("number", "unit_of_another")

    def _new_owner(self, line: Line, number: Any) -> Row:
        if self.kind.owner is InsuredUnit:
            employer = self.employers[line.values["employer_uscc"]]
            return {"number": number, "kind": line.values["kind"], "employer_id": employer}
        value = line.values[self.kind.numbered_by]
        if not isinstance(value, IdNumber):
            return {self.kind.numbered_by: number}
        uid, table = uuid4(), self.kind.owner.__tablename__
        tail = self.keyring.blind_index(ID_NUMBER_TAIL_KIND, value.number[-TAIL:])
        sealed = self.keyring.seal(value.number, table=table, column="id_number", row=str(uid))
        made: Row = {
            "uid": uid,
            "id_number_index": number,
            "id_number_tail_index": tail,
            "id_number_sealed": sealed,
        }
        if self.kind.owner is InsuredPerson:
            made |= {"birth_on": value.birth_date, "sex": value.sex.value}
        return made

    def _require_apart(self, number: Any, same: tuple[Any, ...], content: Row) -> None:
        """One person is enrolled once at a time at one unit."""
        if "registered_on" not in content:
            return
        begins, ends = content["from_on"], content["to_on"] or FOREVER
        for other, row in self.rows.get(number, {}).items():
            apart = row.from_on > ends or (row.to_on or FOREVER) < begins
            if other != same and row.unit_id == content["unit_id"] and not apart:
                raise _Refused("from_on", "enrolment_overlaps")

    def _void(self, number: Any, before: Any, source: str) -> Status:
        if before is None:
            raise _Refused("void", "nothing_to_void")
        self.rows[number].pop(self._same(_content(before)))
        self._add(number, {**_content(before), "source": source}, replaces=before.id, void=True)
        return "voids"

    def _write(self, number: Any, before: Any, content: Row) -> Status:
        standing_rows = self.rows.setdefault(number, {})
        if before is not None and _content(before) == content:
            return "unchanged"
        moved = before is not None and before.region_code != content["region_code"]
        if moved:
            # Who sees the old region must see that the row is gone; the new region gets one of its own.
            self._add(
                number, {**_content(before), "source": content["source"]}, replaces=before.id, void=True
            )
        self._add(number, content, replaces=None if moved or before is None else before.id)
        standing_rows[self._same(content)] = _Added(content, before.id if before is not None else None)
        return "new" if before is None else "corrects"

    def _add(self, number: Any, content: Row, *, replaces: int | None, void: bool = False) -> None:
        self.made.rows.append({**content, "owner_number": number, "replaces": replaces, "void": void})


class _Added:
    """A row of this file, as later lines of it find it."""

    def __init__(self, content: Row, replaced: int | None) -> None:
        self.__dict__.update(content)
        self.id = replaced


def _content(row: Any) -> Row:
    """The columns of a row that a file can give, its thing left out."""
    columns = {column.key for column in row.__table__.columns} - META
    owners = {"person_id", "employer_id", "institution_id", "expert_id"}
    if "unit_id" in columns and "person_id" not in columns:
        owners.add("unit_id")
    return {key: getattr(row, key) for key in columns - owners}


def _all(lines: Iterable[Line], key: str) -> list[Any]:
    return sorted({line.values[key] for line in lines if not line.faults and key in line.values})


def _number_column(kind: Kind) -> Any:
    return getattr(kind.owner, "id_number_index" if kind.numbered_by == "id_number" else kind.numbered_by)


def _find_owners(session: Session, kind: Kind, numbers: Iterable[Any]) -> dict[Any, Any]:
    column = _number_column(kind)
    rows = session.scalars(select(kind.owner).where(column.in_(list(set(numbers)))))
    return {getattr(row, column.key): row for row in rows}


def _find_units(session: Session, numbers: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Id and region of the units, by number; the region of what stands and began last."""
    rows = session.execute(
        select(InsuredUnit.number, InsuredUnit.id, InsuredUnitDetail.region_code)
        .join(InsuredUnitDetail, InsuredUnitDetail.unit_id == InsuredUnit.id)
        .where(InsuredUnit.number.in_(numbers), standing(InsuredUnitDetail))
        .order_by(InsuredUnitDetail.valid_from, InsuredUnitDetail.id)
    )
    return {number: (unit_id, region) for number, unit_id, region in rows}


def _find_employers(session: Session, codes: Sequence[str]) -> dict[str, int]:
    rows = session.execute(select(Employer.uscc, Employer.id).where(Employer.uscc.in_(codes)))
    return {row.uscc: row.id for row in rows}


Recorded = datetime | Callable[[Mapping[str, Any]], datetime]
"""When rows came to be known: a moment for all, or of each row by its columns."""


def write_plan(
    session: Session, kind: Kind, plan: Plan, recorded_at: Recorded, change_id: int | None
) -> None:
    """Insert what was planned in this transaction, whatever regions the session sees."""

    def known(row: Row) -> Row:
        moment = recorded_at if isinstance(recorded_at, datetime) else recorded_at(row)
        return {"recorded_at": moment, "change_id": change_id}

    with everywhere(session):
        if plan.owners:
            made = [{**owner, **known(owner)} for owner in plan.owners.values()]
            session.execute(insert(kind.owner), made)
        if not plan.rows:
            return
        owners = _find_owners(session, kind, {row["owner_number"] for row in plan.rows})
        rows = [{**_as_row(kind, row, owners), **known(row)} for row in plan.rows]
        session.execute(insert(kind.model), rows)


def _as_row(kind: Kind, row: Row, owners: Mapping[Any, Any]) -> Row:
    content = {key: value for key, value in row.items() if key != "owner_number"}
    return {**content, kind.owner_key: owners[row["owner_number"]].id}
