"""One person's and one employer's entry in the register, put into words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from flask import url_for
from sqlalchemy.orm import Session

from app.domain.registry.history import (
    list_cases_of_employer,
    list_cases_of_person,
    list_employer_details,
    list_person_details,
)
from app.domain.registry.models import EmployerDetail
from app.domain.registry.own_wage import MonthWage, OwnWage, formulas_for, own_wage
from app.domain.registry.queries import (
    EnrolmentLine,
    RegisteredEmployer,
    RegisteredPerson,
    enrolments,
)
from app.domain.registry.search import list_units
from app.faces.translation import _, pick
from app.faces.web.acting import Standing
from app.faces.web.pages.parameters_build import language
from app.faces.web.pages.registry_build import category, period, places, registry_tabs, state, unit_kind
from app.faces.web.pages.registry_view import Cell, EmployerPage, PersonPage, Table
from app.faces.web.words import day, moment
from app.kernel.cases.models import Case
from app.kernel.decisions.formulas.derivation import describe
from app.kernel.local_time import local_day

SEX = {"male": ("男", "male"), "female": ("女", "female")}
CASE_STATES = {"open": ("在办", "Open"), "closed": ("已办结", "Closed")}


def asked_day(args: Mapping[str, str], name: str) -> date | None:
    """A day of the address; what is no day counts as not given."""
    try:
        return date.fromisoformat(args.get(name, ""))
    except ValueError:
        return None


def person_page(
    session: Session,
    who: Standing,
    person: RegisteredPerson,
    number: str,
    purpose: str,
    args: Mapping[str, str],
) -> PersonPage:
    """The entry by a day (of the accident) and by what was known at the end of another."""
    on, known = asked_day(args, "on"), asked_day(args, "known")
    lines = enrolments(session, person.id, known)
    wage = own_wage(session, person.id, on or who.today, known_on=known)
    answer, tone = _answer(lines, on or who.today, who.today)
    return PersonPage(
        tabs=registry_tabs(who, "registry.show"),
        name=person.name,
        purpose=purpose,
        facts=_person_facts(session, person, number, who.today),
        url=url_for("registry.person", person_id=person.id),
        on=on.isoformat() if on else "",
        known=known.isoformat() if known else "",
        answer=answer,
        answer_tone=tone,
        enrolments=_enrolments(session, lines, who.today),
        wages=_wages(wage, {line.employer_uscc: line.employer_name for line in lines}, on, who.today),
        details=_details(session, person.id, who.today),
        cases=_cases(list_cases_of_person(session, person.id, who.person_id), who.today),
        derivation=describe(formulas_for(session, on or who.today, known), wage.derivation, language())
        if wage.counted
        else None,
        derived=_("按登记库推算，不是核定。"),
    )


def _person_facts(
    session: Session, person: RegisteredPerson, number: str, today: date
) -> list[tuple[str, str]]:
    names = places(session, {person.region_code})
    facts = [
        (_("身份证号"), number),
        (_("性别"), pick(*SEX[person.sex])),
        (_("出生日期"), day(person.birth_on, today)),
        (_("参保地"), names.get(person.region_code, person.region_code)),
    ]
    return [*facts, (_("死亡日期"), day(person.died_on, today))] if person.died_on else facts


def _answer(lines: Iterable[EnrolmentLine], on: date, today: date) -> tuple[str, str]:
    """Whether the day is covered, and by a registration of when."""
    covering = [line for line in lines if line.covers(on)]
    if not covering:
        return _("%(day)s不在保。", day=day(on, today)), "over"
    line = min(covering, key=lambda one: one.registered_on)
    told = _(
        "%(day)s在保：%(employer)s，%(registered)s登记。",
        day=day(on, today),
        employer=line.employer_name,
        registered=day(line.registered_on, today),
    )
    return told, "soon" if line.registered_on > line.from_on or line.registered_on > on else ""


def _enrolments(session: Session, lines: list[EnrolmentLine], today: date) -> Table:
    names = places(session, {line.region_code for line in lines})
    rows = [
        [
            Cell(
                line.employer_name or line.employer_uscc,
                url_for("registry.employer", employer_id=line.employer_id),
                remark=line.unit_name if line.unit_kind == "project" else "",
            ),
            Cell(category(line.category)),
            Cell(period(line.from_on, line.to_on, today)),
            Cell(
                day(line.registered_on, today),
                tag=_("补登") if line.registered_on > line.from_on else "",
                tone="soon",
            ),
            Cell(day(local_day(line.recorded_at), today), remark=line.source),
            Cell(names.get(line.region_code, line.region_code)),
        ]
        for line in lines
    ]
    heads = (_("单位"), _("参保类别"), _("期间"), _("登记收到日"), _("本系统知道"), _("参保地"))
    return Table(_("参保期间"), heads, rows, _("没有参保记录。"))


def _wages(wage: OwnWage, employers: Mapping[str, str], on: date | None, today: date) -> Table:
    """The twelve months before that of the accident (today's as long as no day is asked for), and what follows."""
    rows = [
        [
            Cell(_("%(y)s年%(m)s月", y=month.month.year, m=month.month.month)),
            Cell(_money(month.wage) if month.wage is not None else _("未缴"), num=True),
            Cell(_paying(month, employers) or "—"),
            Cell(
                _("、").join(day(line.paid_on, today) if line.paid_on else "—" for line in month.lines) or "—"
            ),
        ]
        for month in wage.months
    ]
    told = (
        _("本人工资 %(w)s 元/月", w=_money(wage.value))
        if wage.value is not None
        else _("本人工资现在算不出：没有缴费月份，或者没有有效的平均工资")
    )
    if wage.provisional:
        told = _("%(told)s（暂按上一期平均工资）", told=told)
    heads = (_("月份"), _("缴费工资"), _("单位"), _("到账日"))
    title = _("%(day)s事故前 12 个月缴费工资", day=day(on, today)) if on else _("到今天为止 12 个月缴费工资")
    return Table(title, heads, rows, remark=told)


def _paying(month: MonthWage, employers: Mapping[str, str]) -> str:
    """Who paid; how much each, where there were several."""
    names = [employers.get(line.employer_uscc) or line.employer_uscc for line in month.lines]
    if len(names) < 2:
        return "".join(names)
    each = zip(names, month.lines, strict=True)
    return _("；").join(f"{name} {_money(line.wage)}" for name, line in each)


def _money(value: Decimal) -> str:
    return f"{value:,.2f}"


def _details(session: Session, person_id: int, today: date) -> Table:
    """Names, places and death, with everything that was corrected or taken back."""
    rows = list_person_details(session, person_id)
    names = places(session, {row.region_code for row, _stands in rows})
    told = [
        [
            Cell(row.name),
            Cell(names.get(row.region_code, row.region_code)),
            Cell(day(row.valid_from, today)),
            Cell(moment(row.recorded_at, today), remark=row.source),
            Cell("", tag=_mark(row.void, stands), tone="ok" if stands else ""),
        ]
        for row, stands in rows
    ]
    heads = (_("姓名"), _("参保地"), _("自"), _("本系统知道"), _("情况"))
    return Table(_("登记经过"), heads, told)


def _mark(void: bool, stands: bool) -> str:
    if void:
        return _("撤销")
    return _("现行") if stands else _("已更正")


def _cases(cases: Iterable[Case], today: date) -> Table:
    rows = [
        [
            Cell(case.case_no, url_for("case.show", case_id=case.id)),
            Cell(case.subject_name),
            Cell(day(case.event_on, today) if case.event_on else "—"),
            Cell("", tag=pick(*CASE_STATES.get(case.status, (case.status, case.status)))),
        ]
        for case in cases
    ]
    heads = (_("案号"), _("职工"), _("事故日"), _("情况"))
    return Table(_("您能看的案件"), heads, rows, _("没有您能看的案件。"))


def employer_page(session: Session, who: Standing, employer: RegisteredEmployer) -> EmployerPage:
    """One employer: what it is, was called, insures, and its cases."""
    details = list_employer_details(session, employer.id)
    names = places(session, {detail.region_code for detail in details})
    facts = [
        (_("统一社会信用代码"), employer.uscc),
        (_("登记状态"), state(employer.state)),
        (_("行业代码"), employer.industry_code),
        (_("风险类别"), _("%(n)s 类", n=employer.risk_class)),
        (_("地区"), names.get(employer.region_code, employer.region_code)),
        (_("地址"), employer.address or "—"),
    ]
    return EmployerPage(
        registry_tabs(who, "registry.show"),
        employer.name,
        facts,
        _employer_details(details, names, who.today),
        _units(session, employer.id, who.today),
        _cases(list_cases_of_employer(session, {one.name for one in details}, who.person_id), who.today),
    )


def _employer_details(details: Iterable[EmployerDetail], names: Mapping[str, str], today: date) -> Table:
    rows = [
        [
            Cell(row.name),
            Cell(_("%(n)s 类", n=row.risk_class)),
            Cell(state(row.state)),
            Cell(day(row.valid_from, today)),
            Cell(day(local_day(row.recorded_at), today), remark=row.source),
            Cell(names.get(row.region_code, row.region_code)),
        ]
        for row in details
    ]
    heads = (_("名称"), _("风险类别"), _("登记状态"), _("自"), _("本系统知道"), _("地区"))
    return Table(_("名称和登记变更"), heads, rows)


def _units(session: Session, employer_id: int, today: date) -> Table:
    units = list_units(session, employer_id, today)
    rows = [
        [
            Cell(unit.name, remark=unit.number),
            Cell(unit_kind(unit.kind)),
            Cell(period(unit.valid_from, unit.ends_on, today)),
            Cell(_money(unit.price) if unit.price is not None else "—", num=True),
            Cell(str(unit.insured), num=True),
        ]
        for unit in units
    ]
    heads = (_("参保单位或项目"), _("种类"), _("期间"), _("合同价（元）"), _("今天在保人数"))
    return Table(_("参保单位和项目"), heads, rows, _("辖区内没有参保单位。"))
