"""`sanshen staffing`: how many people may be absent in an office, where it is tight, which cases an absence stops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import click
import orjson

from app.faces.cli.commands import refuse

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from app.kernel.kernel import Kernel
    from app.kernel.worklist.resilience import Figures, OfficeStaffing, Rating, StaffingReport

CASES_SHOWN = 20
LEVELS = {-1: ("办不完", "can't finish"), 0: ("无余量", "none to spare"), 1: ("可缺 1 人", "1 to spare")}
PLENTY, UNKNOWN = ("余量充足", "2 or more to spare"), ("没有算出", "not known")


@click.command(help="人手测算 / how many people an office can miss. REGION: 区划代码或名称 / code or name.")
@click.argument("region")
@click.option(
    "--without",
    multiple=True,
    metavar="PERSON",
    help="假如这些人不在（账号、姓名或编号；可多次） / without these people (log-in, name or number; repeatable)",
)
@click.option("--json", "as_json", is_flag=True, help="只输出 JSON / print JSON only")
def staffing(region: str, without: tuple[str, ...], as_json: bool) -> None:
    """Every office of the region and below it, by procedure; with --without the open cases at risk."""
    from app.faces.cli.processes import opened_kernel
    from config import Settings

    with opened_kernel(Settings.from_environment()) as kernel:
        report, words = _asked(kernel, region, without)
    if as_json:
        click.echo(orjson.dumps(as_object(report, words)))
        return
    for line in as_lines(report, words):
        click.echo(line)


class Words:
    """Names of regions and titles of posts."""

    def __init__(self, regions: Mapping[str, str], posts: Mapping[str, str]) -> None:
        self.regions, self.posts = regions, posts


def _asked(kernel: Kernel, region: str, without: Sequence[str]) -> tuple[StaffingReport, Words]:
    from app.kernel.absences.queries import list_post_titles
    from app.kernel.identity.regions import list_regions, list_subtree
    from app.kernel.local_time import local_day
    from app.kernel.worklist.resilience import Absences, list_staffing

    routes = kernel.ports.routes
    if routes is None:
        raise LookupError("a kernel without the engine's routes can't tell what is ahead")
    with _reading(kernel) as session:
        kernel.database.scope(session, ("*",))
        known = list_regions(session)
        code = next(
            (one.code for one in known if region in (one.code, one.name_zh) or region == one.name_en), None
        )
        if code is None:
            refuse(
                f"REGION：没有地区 {region}；请给六位区划代码或全称。"
                f" / REGION: there is no region {region}; give its code or its full name."
            )
        gone = frozenset(_person(session, text) for text in without)
        now = kernel.clock()
        asked = Absences(gone) if gone else None
        regions = list_subtree(session, [code])
        report = list_staffing(session, routes, regions, now, local_day(now), asked)
        posts = {key: zh for key, (zh, _) in list_post_titles(session).items()}
        return report, Words({one.code: one.name_zh for one in known}, posts)


def _reading(kernel: Kernel) -> AbstractContextManager[Session]:
    return kernel.database.session()


def _person(session: Session, text: str) -> int:
    from app.kernel.worklist.asked_people import find_people

    found = find_people(session, text)
    if not found:
        refuse(
            f"--without：没有找到人员 {text}；请给账号、姓名或编号。"
            f" / --without: there is nobody called {text}; give a log-in, a name or a number."
        )
    if len(found) > 1:
        ids = ", ".join(str(one) for one in sorted(found))
        refuse(
            f"--without：{text} 有 {len(found)} 人，请给编号之一：{ids}。"
            f" / --without: {text} is {len(found)} people; give one of these numbers: {ids}."
        )
    return next(iter(found))


def as_object(report: StaffingReport, words: Words) -> dict[str, Any]:
    """What `--json` prints. Levels −1, 0, 1, 2 (2 or more), null when not found in time."""
    return {
        "offices": [_office_object(office, report, words) for office in report.offices],
        "absent_now": _people(report.absent_now, report),
        "without": None if report.absent_later is None else _people(report.absent_later, report),
    }


def _people(ids: Sequence[int] | frozenset[int], report: StaffingReport) -> list[dict[str, Any]]:
    return [{"id": one, "name": report.names[one]} for one in sorted(ids) if one in report.names]


def _office_object(office: OfficeStaffing, report: StaffingReport, words: Words) -> dict[str, Any]:
    return {
        "region": office.region_code,
        "region_name": words.regions.get(office.region_code, office.region_code),
        "process": office.process_key,
        "title": {"zh": office.title_zh, "en": office.title_en},
        "open_cases": office.open_cases,
        "now": _figures_object(office.now, report),
        "without": None if office.later is None else _figures_object(office.later, report),
        "at_risk": [vars(case) for case in office.at_risk],
        "one_more": [vars(gain) for gain in office.gains],
    }


def _figures_object(figures: Figures, report: StaffingReport) -> dict[str, Any]:
    return {
        "level": figures.overall.level,
        "typical": _rating_object(figures.typical, report),
        "tightest": _rating_object(figures.overall, report),
        "open_by_level": {str(level): count for level, count in sorted(figures.by_level.items())},
        "stuck": [vars(case) for case in figures.stuck],
    }


def _rating_object(rating: Rating, report: StaffingReport) -> dict[str, Any]:
    return {
        "level": rating.level,
        "bottleneck": list(rating.bottleneck),
        "people": _people(rating.people, report),
        "short_by": rating.short_by,
    }


def as_lines(report: StaffingReport, words: Words) -> list[str]:
    """The report as text, Chinese and English."""
    if not report.offices:
        return ["这里没有机构办理任何程序。 / no office here does any procedure."]
    lines: list[str] = []
    if report.absent_later:
        lines.append("不在 / without: " + _named(report.absent_later, report))
    elif report.absent_now:
        lines.append("今天不在 / away today: " + _named(report.absent_now, report))
    for office in report.offices:
        lines += _office_lines(office, report, words)
    return lines


def _office_lines(office: OfficeStaffing, report: StaffingReport, words: Words) -> list[str]:
    place = f"{words.regions.get(office.region_code, '')} {office.region_code}"
    lines = ["", f"{place}  {office.title_zh} / {office.title_en}  （在办 / open: {office.open_cases}）"]
    lines += _figures_lines("现在 / now", office.now, report)
    if office.later is not None:
        lines += _figures_lines("那时 / then", office.later, report)
    for gain in office.gains:
        posts = "、".join(f"{words.posts.get(post, post)} {post}" for post in gain.posts)
        lines.append(f"   各加一人 / one more each: {posts} → {_level(gain.level)}")
    lines += _cases("办不完 / can't be finished", office.now.stuck)
    return lines + _cases("将办不完 / would be stopped", office.at_risk)


def _figures_lines(label: str, figures: Figures, report: StaffingReport) -> list[str]:
    parts = [f"   {label}: {_level(figures.overall.level)}"]
    counts = [f"{mark(level)}: {count}" for level, count in sorted(figures.by_level.items())]
    if counts:
        parts.append("在办 / open  " + "  ".join(counts))
    lines = ["   ".join(parts)]
    lines.append(f"      新案 / a new case: {_level(figures.typical.level)}{_tight(figures.typical, report)}")
    if figures.overall != figures.typical:
        lines.append(f"      最紧的在办案 / the tightest open case:{_tight(figures.overall, report)}")
    return lines


def _tight(rating: Rating, report: StaffingReport) -> str:
    if not rating.bottleneck:
        return ""
    from app.faces.duty_words import DUTY_WORDS

    duties = "、".join(f"{DUTY_WORDS[duty]} {duty}" for duty in rating.bottleneck)
    short = f"，缺 / short {rating.short_by}" if rating.short_by else ""
    return f"   {duties}: {_named(rating.people, report) or '–'}{short}"


def _named(ids: frozenset[int], report: StaffingReport) -> str:
    names = sorted(report.names[one] for one in ids if one in report.names)
    return "、".join(names[:8]) + (f" … {len(names)}" if len(names) > 8 else "")


def _level(level: int | None) -> str:
    zh, en = UNKNOWN if level is None else LEVELS.get(level, PLENTY)
    return f"{mark(level)} {zh} / {en}"


def mark(level: int | None) -> str:
    """`−1`, `0`, `1`, `2+`, `?`."""
    return "?" if level is None else ("2+" if level >= 2 else str(level).replace("-", "−"))


def _cases(label: str, cases: Sequence[Any]) -> list[str]:
    if not cases:
        return []
    lines = [f"   {label}: {len(cases)}"]
    lines += [f"      {case.case_no}   {'、'.join(case.duties)}" for case in cases[:CASES_SHOWN]]
    return lines + ([f"      … {len(cases) - CASES_SHOWN}"] if len(cases) > CASES_SHOWN else [])
