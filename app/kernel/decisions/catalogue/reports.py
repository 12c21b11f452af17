"""Statistical rules run by the worker over what people did: findings with a queue of their own.

A finding is a lead about people or offices, never about a case. The same subject comes again only when nobody has an
open finding of it, and nobody disposed of one within the period.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import and_, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from app.kernel.cases.models import Case
from app.kernel.deadlines.queries import load_calendar
from app.kernel.decisions.catalogue.models import RuleFinding
from app.kernel.decisions.catalogue.refusals import FindingDisposed, FindingNotFound, FindingNotYours
from app.kernel.decisions.catalogue.statistics import Act, DecidedCase, Sample, concentration, tempo
from app.kernel.decisions.catalogue.versions import Standing, list_standing
from app.kernel.decisions.overrides import check_words
from app.kernel.duties.models import CaseDecision, Performance, Signature
from app.kernel.duties.posts import list_held_posts
from app.kernel.identity.models import Person, Region
from app.kernel.kernel import Kernel
from app.kernel.local_time import start_of_day
from app.kernel.ports import Ports
from app.kernel.refusals import InvalidInput
from app.kernel.transaction import Unit, run, system_actor

REPORTS_JOB: Final = "report_rules"
DISPOSITIONS: Final = ("explained", "followed")
DISPOSERS: Final = frozenset({"audit", "supervision"})
"""Kinds of posts whose holders say what became of a finding."""

Source = Callable[[Session, Standing, date, date], Iterable[Sample]]


def run_reports(kernel: Kernel) -> int:
    """Ask every statistical rule whose figures there are; answers how many findings are new."""
    return run(kernel, _report, system_actor("reports"))


def _report(unit: Unit) -> int:
    added = 0
    for one in list_standing(unit.session, unit.today):
        since = unit.today - timedelta(days=int(_parameter(one, "period_days", 30)))
        for sample in _samples(unit, one, since):
            added += _judge(unit, one, sample, since)
    unit.record("rules.reported", {"new": added}, chain="system")
    return added


def _samples(unit: Unit, one: Standing, since: date) -> Iterable[Sample]:
    statistic, ports = one.rule.manifest.statistic or "", unit.kernel.ports
    if statistic in SOURCES:
        return SOURCES[statistic](unit.session, one, since, unit.today)
    return ports.samples[statistic](unit.session, since, unit.today) if statistic in ports.samples else ()


def list_reckoned(ports: Ports) -> frozenset[str]:
    """Reckonings whose data there are."""
    return frozenset({*SOURCES, *ports.samples})


def _judge(unit: Unit, one: Standing, sample: Sample, since: date) -> int:
    judgement = one.rule.judge(sample.facts, unit.now)
    if judgement.outcome != "hit" or _is_known(unit.session, one, sample, since):
        return 0
    manifest = one.rule.manifest
    finding = (
        insert(RuleFinding)
        .values(
            version_id=one.id,
            rule_id=one.rule.id,
            rule_version=manifest.version,
            severity=judgement.severity,
            action=manifest.action,
            region_code=sample.region_code,
            subject=sample.subject,
            period_from=since,
            period_to=unit.today,
            message_zh=judgement.message_zh,
            message_en=judgement.message_en,
            inputs={**judgement.inputs, "persons": list(sample.persons)},
            inputs_digest=judgement.digest,
            at=unit.now,
        )
        .on_conflict_do_nothing()
    )
    return int(unit.session.execute(finding.returning(RuleFinding.id)).scalar_one_or_none() is not None)


def _is_known(session: Session, one: Standing, sample: Sample, since: date) -> bool:
    settled = RuleFinding.disposed_at >= start_of_day(since)
    known = select(RuleFinding.id).where(
        RuleFinding.rule_id == one.rule.id,
        RuleFinding.subject == sample.subject,
        or_(RuleFinding.disposition.is_(None), settled),
    )
    return session.scalar(known.limit(1)) is not None


def _parameter(one: Standing, key: str, otherwise: int) -> Any:
    parameter = one.rule.manifest.parameters.get(key)
    return parameter.value if parameter is not None else otherwise


def decided_cases(session: Session, since: date, until: date) -> Iterator[DecidedCase]:
    """Cases decided in the period, with who signed the initial and the final review the decision rests on."""
    initial, final = aliased(Signature), aliased(Signature)
    first, last = aliased(Person), aliased(Person)
    rows = session.execute(
        select(Case.region_code, Region.name_zh, first.canonical_id, first.name, last.canonical_id, last.name)
        .select_from(CaseDecision)
        .join(Case, Case.id == CaseDecision.case_id)
        .join(Region, Region.code == Case.region_code)
        .join(
            initial,
            and_(initial.id == func.any(CaseDecision.signature_ids), initial.duty == "initial_review"),
        )
        .join(final, and_(final.id == func.any(CaseDecision.signature_ids), final.duty == "final_review"))
        .join(first, first.id == initial.person_id)
        .join(last, last.id == final.person_id)
        .where(
            CaseDecision.at >= start_of_day(since), CaseDecision.at < start_of_day(until + timedelta(days=1))
        )
    )
    for region, name, first_id, first_name, last_id, last_name in rows:
        yield DecidedCase(region, name, (first_id, first_name), (last_id, last_name))


def list_acts(session: Session, since: date, until: date) -> Iterator[Act]:
    """What people performed in the period."""
    rows = session.execute(
        select(Person.canonical_id, Person.name, Case.region_code, Performance.at)
        .join(Person, Person.id == Performance.person_id)
        .join(Case, Case.id == Performance.case_id)
        .where(
            Performance.state == "performed",
            Performance.at >= start_of_day(since),
            Performance.at < start_of_day(until + timedelta(days=1)),
        )
    )
    for person, name, region, at in rows:
        yield Act(person, name, region, at)


def _concentration(session: Session, one: Standing, since: date, until: date) -> Iterable[Sample]:
    return concentration(decided_cases(session, since, until))


def _tempo(session: Session, one: Standing, since: date, until: date) -> Iterable[Sample]:
    opens, closes = int(_parameter(one, "opens", 7)), int(_parameter(one, "closes", 21))
    calendar = load_calendar(session)
    return tempo(list_acts(session, since, until), calendar.is_working_day, opens, closes)


SOURCES: Final[Mapping[str, Source]] = {"concentration": _concentration, "tempo": _tempo}
"""Reckonings over what the kernel itself knows; the domain's are `Ports.samples`."""


def list_findings(
    session: Session, regions: Iterable[str], *, open_only: bool, limit: int
) -> list[RuleFinding]:
    """Findings of these regions, open ones first, then the newest."""
    query = select(RuleFinding).where(RuleFinding.region_code.in_(list(regions)))
    if open_only:
        query = query.where(RuleFinding.disposition.is_(None))
    order = (RuleFinding.disposition.is_not(None), RuleFinding.id.desc())
    return list(session.scalars(query.order_by(*order).limit(limit)))


def dispose_finding(unit: Unit, finding_id: int, disposition: str, reason: str) -> None:
    """Say what became of a finding: explained, or followed up. Nobody says it of himself.

    Raise InvalidInput, FindingNotFound, FindingNotYours, FindingDisposed.
    """
    if disposition not in DISPOSITIONS:
        raise InvalidInput({"disposition": ("not_an_option", {})})
    check_words({"reason": reason})
    finding = unit.session.get(RuleFinding, finding_id, with_for_update=True)
    if finding is None or finding.region_code not in unit.actor.regions:
        raise FindingNotFound
    person = unit.actor.person_id
    held = list_held_posts(unit.session, person, unit.today) if person is not None else ()
    if (
        person is None
        or not any(post.kind in DISPOSERS for post in held)
        or person in finding.inputs["persons"]
    ):
        raise FindingNotYours
    if finding.disposition is not None:
        raise FindingDisposed
    finding.disposition, finding.reason = disposition, reason.strip()
    finding.disposed_by, finding.disposed_at = person, unit.now
    unit.record(
        "rule.finding_disposed",
        {"finding": finding_id, "rule": finding.rule_id, "disposition": disposition},
        chain="system",
    )
