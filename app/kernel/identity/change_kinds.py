"""Controlled changes of identity: merging two records, and settling that they are two persons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.kernel.cases.models import Case
from app.kernel.changes.fields import FieldErrors, FieldSpec, Option
from app.kernel.changes.kinds import Change, Difference, Moment, Payload, Touched, differences_by_field
from app.kernel.changes.refusals import ChangeOutdated
from app.kernel.duties.models import Performance
from app.kernel.duties.queries import list_case_views, list_rules
from app.kernel.duties.views import CaseView, ConflictRule
from app.kernel.grants.entities import ExclusionPair, Holding
from app.kernel.grants.holdings import list_holdings
from app.kernel.grants.queries import list_rules_of_grants
from app.kernel.identity.doubts import list_doubts
from app.kernel.identity.merging import mark_distinct, merge_person
from app.kernel.identity.models import Account, IdentityDoubt, Person
from app.kernel.identity.queries import names_by_id
from app.kernel.identity.refusals import MergeImpossible
from app.kernel.refusals import InvalidInput
from app.kernel.transaction.unit import Unit
from app.kernel.worklist.models import Task

DUPLICATE = FieldSpec(
    "person_id",
    "person",
    "并入的档案",
    "Record to be merged",
    hint_zh="这份档案的账号和历史保留，今后都算在另一份名下。",
    hint_en="Its accounts and history stay; from now on they count as the other's.",
)
SURVIVOR = FieldSpec(
    "canonical_id",
    "person",
    "并到",
    "Merged into",
    hint_zh="一般选登记较早、证件号核对无误的一份。",
    hint_en="Usually the older record with the verified ID number.",
)
DOUBT = FieldSpec("doubt_id", "choice", "存疑", "Doubt")
FINDING = FieldSpec(
    "finding",
    "paragraph",
    "核实经过",
    "How it was verified",
    hint_zh="查了什么、向谁核实、结论。",
    hint_en="What was looked at, who was asked, the result.",
)


@dataclass(frozen=True)
class PersonMergeKind:
    """Two records become one natural person (person_alias)."""

    key: str = "person_merge"
    title_zh: str = "合并人员档案"
    title_en: str = "Merging two records of a person"

    def form(self, session: Session, at: Moment) -> Sequence[FieldSpec]:
        return DUPLICATE, SURVIVOR, FINDING

    def read(self, session: Session, payload: Payload, at: Moment) -> dict[str, Any]:
        errors: FieldErrors = {}
        if payload["person_id"] == payload["canonical_id"]:
            errors["canonical_id"] = ("same_record", {})
        for key in ("person_id", "canonical_id"):
            record = session.get(Person, int(payload[key]))
            if record is None or record.canonical_id != record.id:
                errors[key] = ("record_merged_already", {})
        if errors:
            raise InvalidInput(errors)
        return dict(payload)

    def target(self, payload: Payload) -> str:
        return str(payload["person_id"])

    def subject(self, session: Session, payload: Payload) -> tuple[str, str]:
        names = _names(session, [int(payload["person_id"]), int(payload["canonical_id"])])
        words = " → ".join(names)
        return words, words

    def current(self, session: Session, target: str, at: Moment) -> dict[str, Any] | None:
        record = session.get(Person, int(target))
        return None if record is None else {"person_id": target, "canonical_id": str(record.canonical_id)}

    def prefill(self, session: Session, target: str, at: Moment) -> dict[str, Any]:
        """`target` is the duplicate; an open doubt names the other record, the older of the two stays."""
        doubt = next((d for d in list_doubts(session, person_ids=[int(target)]) if d.other_id), None)
        if doubt is None or doubt.other_id is None:
            return {"person_id": target}
        first, second = sorted((doubt.person_id, doubt.other_id))
        return {"person_id": str(second), "canonical_id": str(first)}

    def differences(
        self, session: Session, current: Payload | None, payload: Payload, at: Moment
    ) -> Sequence[Difference]:
        named = {part[key] for part in (current or {}, payload) for key in _RECORDS if key in part}
        people = _told(session, named)
        fields = replace(DUPLICATE, options=people), replace(SURVIVOR, options=people), FINDING
        return [*differences_by_field(fields, current, payload), *_posts_that_collide(session, payload, at)]

    def what_if(self, session: Session, payload: Payload, at: Moment) -> Iterable[Touched]:
        """Cases both records acted on in conflicting duties, and claims that would be given back."""
        pair = frozenset((int(payload["person_id"]), int(payload["canonical_id"])))
        yield from _collisions(session, pair, at)
        yield from _claims(session, int(payload["person_id"]))

    def apply(self, unit: Unit, change: Change) -> None:
        person, canonical = int(change.payload["person_id"]), int(change.payload["canonical_id"])
        try:
            merge_person(unit, person, canonical, reason=change.reason, change_id=change.case_id)
        except MergeImpossible as error:
            raise ChangeOutdated(target=change.target) from error


@dataclass(frozen=True)
class IdentityDistinctKind:
    """A doubt is settled: the records are two persons."""

    key: str = "identity_distinct"
    title_zh: str = "身份存疑排除"
    title_en: str = "Settling that two records are two persons"

    def form(self, session: Session, at: Moment) -> Sequence[FieldSpec]:
        options = tuple(
            Option(str(doubt.id), words, words)
            for doubt in list_doubts(session)
            for words in [" / ".join(filter(None, (doubt.name, doubt.other_name))) + f" #{doubt.id}"]
        )
        return replace(DOUBT, options=options), FINDING

    def read(self, session: Session, payload: Payload, at: Moment) -> dict[str, Any]:
        doubt = session.get(IdentityDoubt, int(payload["doubt_id"]))
        if doubt is None or doubt.cleared_at is not None:
            raise InvalidInput({"doubt_id": ("doubt_settled", {})})
        return dict(payload)

    def target(self, payload: Payload) -> str:
        return str(payload["doubt_id"])

    def subject(self, session: Session, payload: Payload) -> tuple[str, str]:
        doubt = session.get_one(IdentityDoubt, int(payload["doubt_id"]))
        words = " ≠ ".join(_names(session, [i for i in (doubt.person_id, doubt.other_id) if i is not None]))
        return words, words

    def current(self, session: Session, target: str, at: Moment) -> dict[str, Any] | None:
        doubt = session.get(IdentityDoubt, int(target))
        return None if doubt is None else {"doubt_id": target, "verdict": doubt.verdict}

    def prefill(self, session: Session, target: str, at: Moment) -> dict[str, Any]:
        return {"doubt_id": target}

    def differences(
        self, session: Session, current: Payload | None, payload: Payload, at: Moment
    ) -> Sequence[Difference]:
        return differences_by_field(self.form(session, at), current, payload)

    def what_if(self, session: Session, payload: Payload, at: Moment) -> Iterable[Touched]:
        return ()

    def apply(self, unit: Unit, change: Change) -> None:
        doubt = unit.session.get(IdentityDoubt, int(change.payload["doubt_id"]), with_for_update=True)
        if doubt is None or doubt.cleared_at is not None:
            raise ChangeOutdated(target=change.target)
        mark_distinct(unit, doubt.id, change_id=change.case_id)


_RECORDS = ("person_id", "canonical_id")


def _told(session: Session, ids: Iterable[Any]) -> tuple[Option, ...]:
    """Records in words, told apart by a login and the record's number."""
    login = (
        select(Account.login)
        .where(Account.person_id == Person.id)
        .order_by(Account.id)
        .limit(1)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Person.id, Person.name, login.label("login")).where(Person.id.in_([int(one) for one in ids]))
    )
    return tuple(
        Option(str(row.id), words, words)
        for row in rows
        for words in [f"{row.name} #{row.id}" + (f" ({row.login})" if row.login else "")]
    )


def _names(session: Session, ids: Sequence[int]) -> list[str]:
    found = names_by_id(session, ids)
    return [f"{found.get(record, '?')} #{record}" for record in ids]


def _posts_that_collide(session: Session, payload: Payload, at: Moment) -> Iterable[Difference]:
    """Static exclusion across the two records: after the merge neither performs a duty until one post ends."""
    first, second = (
        [h for h in list_holdings(session, int(payload[key])) if h.overlaps(at.today, None)]
        for key in ("person_id", "canonical_id")
    )
    for pair in list_rules_of_grants(session, at.now).exclusions:
        for one, other in _opposed(pair, first, second):
            yield Difference(
                "合并后不相容的岗位",
                "Posts that exclude each other after the merge",
                "",
                "",
                f"{one.title_zh} × {other.title_zh}（{pair.ground}）",
                f"{one.title_en} × {other.title_en} ({pair.title_en})",
            )


def _opposed(
    pair: ExclusionPair, first: Iterable[Holding], second: Sequence[Holding]
) -> Iterable[tuple[Holding, Holding]]:
    for one in first:
        against = pair.against(one.post)
        for other in second:
            if other.post in against and other.overlaps(one.valid_from, one.valid_to):
                yield one, other


def _collisions(session: Session, pair: frozenset[int], at: Moment) -> Iterable[Touched]:
    records = select(Person.id).where(Person.canonical_id.in_(pair)).scalar_subquery()
    acted = or_(Performance.person_id.in_(records), Performance.on_behalf_of.in_(records))
    chains = select(Case.chain_id).join(Performance, Performance.case_id == Case.id).where(acted)
    cases = session.scalars(
        select(Case).where(Case.chain_id.in_(chains), Case.closed_at.is_(None)).order_by(Case.id)
    ).all()
    rules = list_rules(session, at.now)
    for case_id, view in list_case_views(session, cases).items():
        case_no = next(case.case_no for case in cases if case.id == case_id)
        for rule in rules:
            if rule.severity == "deny" and collides(view, pair, rule):
                words = ("同一人办过不相容的职责（%s）", "the same person did conflicting duties (%s)")
                yield Touched(case_id, case_no, "violation", words[0] % rule.key, words[1] % rule.key)


def collides(view: CaseView, pair: frozenset[int], rule: ConflictRule) -> bool:
    """Whether both persons' acts together hold more members of the set than one person may."""
    if view.risk not in rule.risk_classes:
        return False
    members: set[str] = set()
    per_person: dict[int, set[str]] = {person: set() for person in pair}
    for act in view.acts:
        if act.person_id in pair and (rule.scope != "case" or act.case_id == view.case_id):
            held = rule.members_of(act.duty, act.process_key, act.case_role)
            members |= held
            per_person[act.person_id] |= held
    return len(members) > rule.maximum >= max(len(held) for held in per_person.values())


def _claims(session: Session, person_id: int) -> Iterable[Touched]:
    rows = session.execute(
        select(Case.id, Case.case_no, Task.title_zh, Task.title_en)
        .join(Task, Task.case_id == Case.id)
        .where(Task.claimed_by == person_id, Task.state == "open")
        .order_by(Case.id)
    )
    for row in rows:
        words: Mapping[str, str] = {"zh": f"{row.title_zh}将放回队列", "en": f"{row.title_en} goes back"}
        yield Touched(row.id, row.case_no, "info", words["zh"], words["en"])
