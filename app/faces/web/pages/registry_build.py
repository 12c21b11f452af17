"""The register's search and lists, from the address to the words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from urllib.parse import urlencode

from flask import url_for
from sqlalchemy.orm import Session

from app.domain.registry.kinds import AGREEMENT_OPTIONS, CATEGORY_OPTIONS, STATE_OPTIONS, UNIT_OPTIONS
from app.domain.registry.search import (
    PAGE_SIZE,
    Page,
    Sought,
    list_employers,
    list_experts,
    list_institutions,
    list_people,
    list_specialities,
)
from app.faces.translation import _, pick
from app.faces.web.acting import Standing
from app.faces.web.pages.queue_view import Pager
from app.faces.web.pages.registry_view import Cell, ListPage, SearchPage, Table
from app.faces.web.parts import Choice, Empty, ErrorLine, Link
from app.faces.web.registry_access import may_see_experts, may_see_imports, may_see_register
from app.faces.web.words import day
from app.kernel.identity.regions import list_region_names

PEOPLE, EMPLOYERS = "people", "employers"
LONGEST_SEARCH = 60


def registry_tabs(who: Standing, here: str) -> list[Link]:
    """The register's pages that are open to the reader."""
    tabs = (
        (may_see_register(who), "registry.show", _("人员和单位")),
        (may_see_register(who), "registry.institutions", _("协议机构")),
        (may_see_experts(who), "registry.experts", _("鉴定专家")),
        (may_see_imports(who), "registry_files.show", _("批量导入")),
    )
    return [Link(url_for(name), words, name == here) for shown, name, words in tabs if shown]


def option_word(options: tuple[tuple[str, str, str], ...], value: str) -> str:
    """An option of a kind of file, in the reader's language."""
    return next((pick(zh, en) for key, zh, en in options if key == value), value)


def category(value: str) -> str:
    return option_word(CATEGORY_OPTIONS, value)


def unit_kind(value: str) -> str:
    return option_word(UNIT_OPTIONS, value)


def state(value: str) -> str:
    return option_word(STATE_OPTIONS, value)


def agreement_kind(value: str) -> str:
    return option_word(AGREEMENT_OPTIONS, value)


def period(since: date | None, until: date | None, today: date) -> str:
    """`2025年3月1日 至 长期`."""
    if since is None:
        return "—"
    return _("%(a)s 至 %(b)s", a=day(since, today), b=day(until, today) if until else _("长期"))


def places(session: Session, codes: set[str]) -> dict[str, str]:
    """Names of regions in the reader's language."""
    return {code: pick(*names) for code, names in list_region_names(session, codes).items()}


def page_number(args: Mapping[str, str]) -> int:
    """The page asked for; what makes no sense is the first."""
    typed = args.get("page", "1")
    return max(1, int(typed)) if typed.isascii() and typed.isdigit() and len(typed) < 6 else 1


def pager(found: Page, address: str, asked: Mapping[str, str]) -> Pager | None:
    """Ways to the neighbouring pages; None where there is one page only."""
    if found.total <= PAGE_SIZE:
        return None
    first = (found.number - 1) * PAGE_SIZE + 1
    last = first + len(found.rows) - 1

    def turned(number: int) -> str:
        return f"{address}?{urlencode({**{k: v for k, v in asked.items() if v}, 'page': str(number)})}"

    return Pager(
        _("共 %(n)s 条，本页 %(a)s–%(b)s", n=found.total, a=first, b=last),
        PAGE_SIZE,
        turned(found.number - 1) if found.number > 1 else "",
        turned(found.number + 1) if found.number < found.pages else "",
    )


def empty_search(who: Standing, problems: list[ErrorLine], query: str = "", purpose: str = "") -> SearchPage:
    """Before anything was asked, or when the purpose is missing."""
    return SearchPage(
        registry_tabs(who, "registry.show"), query, purpose, [], PEOPLE, None, None, None, problems
    )


def search_page(
    session: Session, who: Standing, wanted: Sought, args: Mapping[str, str], purpose: str
) -> tuple[SearchPage, int]:
    """Results under two tabs, with the number of people found; an ID number never stays in an address we make."""
    people, employers = list_people(session, wanted, who.today), list_employers(session, wanted, who.today)
    here = args.get("what", "")
    if here not in (PEOPLE, EMPLOYERS):
        here = EMPLOYERS if employers.total and not people.total else PEOPLE
    asked = {"q": "" if wanted.sensitive else wanted.text, "purpose": purpose}
    number = page_number(args)
    if here == PEOPLE:
        found = people if number == 1 else list_people(session, wanted, who.today, number)
        table = _people_table(session, found, purpose)
    else:
        found = employers if number == 1 else list_employers(session, wanted, who.today, number)
        table = _employers_table(session, found)
    address = url_for("registry.show")
    tabs = ((PEOPLE, _("人员"), people.total), (EMPLOYERS, _("单位"), employers.total))
    page = SearchPage(
        registry_tabs(who, "registry.show"),
        "" if wanted.sensitive else wanted.text,
        purpose,
        []
        if wanted.sensitive
        else [
            Link(f"{address}?{urlencode({**asked, 'what': key})}", words, key == here, count)
            for key, words, count in tabs
        ],
        here,
        table if table.rows else None,
        pager(found, address, {**asked, "what": here}),
        None if table.rows else _nothing_found(),
    )
    return page, people.total


def _nothing_found() -> Empty:
    return Empty(
        _("辖区内没有找到"),
        _("可按姓名开头、拼音或者首字母、完整身份证号或后四位、单位名称、统一社会信用代码、案号查找。"),
        [Link(url_for("registry.show"), _("重新查找"))],
    )


def _people_table(session: Session, found: Page, purpose: str) -> Table:
    names = places(session, {row.region_code for row in found.rows})
    rows = []
    for row in found.rows:
        url = url_for("registry.person", person_id=row.id, purpose=purpose)
        mark = (
            (_("已死亡"), "over")
            if row.died_on
            else ((_("在保"), "ok") if row.insured else (_("不在保"), ""))
        )
        rows.append(
            [
                Cell(row.name, url),
                Cell(_("%(y)s年", y=row.birth_year)),
                Cell(row.employer or "—"),
                Cell(names.get(row.region_code, row.region_code)),
                Cell("", tag=mark[0], tone=mark[1]),
            ]
        )
    heads = (_("姓名"), _("出生"), _("用人单位"), _("参保地"), _("今天"))
    return Table(_("人员，共 %(n)s 人", n=found.total), heads, rows)


def _employers_table(session: Session, found: Page) -> Table:
    names = places(session, {detail.region_code for detail, _code in found.rows})
    rows = [
        [
            Cell(detail.name, url_for("registry.employer", employer_id=detail.employer_id)),
            Cell(uscc),
            Cell(detail.industry_code),
            Cell(_("%(n)s 类", n=detail.risk_class)),
            Cell(names.get(detail.region_code, detail.region_code)),
            Cell("", tag=state(detail.state), tone="ok" if detail.state == "active" else "over"),
        ]
        for detail, uscc in found.rows
    ]
    heads = (_("名称"), _("统一社会信用代码"), _("行业代码"), _("风险类别"), _("地区"), _("登记状态"))
    return Table(_("单位，共 %(n)s 家", n=found.total), heads, rows)


def institutions_page(session: Session, who: Standing, args: Mapping[str, str]) -> ListPage:
    """Agreement institutions of the reader's regions."""
    query, kind = args.get("q", "").strip()[:LONGEST_SEARCH], args.get("kind", "")
    kind = kind if kind in {key for key, _zh, _en in AGREEMENT_OPTIONS} else ""
    running = args.get("running") == "1"
    found = list_institutions(session, query, kind, who.today, page_number(args), running=running)
    names = places(session, {row.region_code for row, _code in found.rows})
    rows = []
    for row, uscc in found.rows:
        holds = row.from_on is not None and row.from_on <= who.today <= (row.to_on or who.today)
        rows.append(
            [
                Cell(row.name, remark=uscc),
                Cell(agreement_kind(row.kind)),
                Cell(row.agreement_no or "—"),
                Cell(period(row.from_on, row.to_on, who.today)),
                Cell(names.get(row.region_code, row.region_code)),
                Cell("", tag=_("有效") if holds else _("无有效协议"), tone="ok" if holds else ""),
            ]
        )
    heads = (_("机构"), _("协议种类"), _("协议编号"), _("协议期间"), _("地区"), _("今天"))
    address = url_for("registry.institutions")
    return ListPage(
        registry_tabs(who, "registry.institutions"),
        address,
        query,
        _("机构名称、拼音或者首字母"),
        "kind",
        _("协议种类"),
        [Choice(key, pick(zh, en), key == kind) for key, zh, en in AGREEMENT_OPTIONS],
        running,
        _("只看今天有效的"),
        Table(_("协议机构，共 %(n)s 条", n=found.total), heads, rows),
        pager(found, address, {"q": query, "kind": kind, "running": "1" if running else ""}),
        None if rows else _no_rows(address, bool(query or kind or running)),
    )


def experts_page(session: Session, who: Standing, args: Mapping[str, str]) -> ListPage:
    """Appointments to the pools of the reader's regions."""
    query, speciality = args.get("q", "").strip()[:LONGEST_SEARCH], args.get("speciality", "")[:40]
    running = args.get("running") == "1"
    found = list_experts(session, query, speciality, who.today, page_number(args), running=running)
    names = places(session, {row.region_code for row in found.rows})
    rows = []
    for row in found.rows:
        runs = row.from_on <= who.today <= row.to_on
        rows.append(
            [
                Cell(row.name, remark=row.title),
                Cell(_("、").join(row.specialities)),
                Cell(row.hospital),
                Cell(names.get(row.region_code, row.region_code)),
                Cell(period(row.from_on, row.to_on, who.today)),
                Cell("", tag=_("在聘") if runs else _("聘期外"), tone="ok" if runs else ""),
            ]
        )
    heads = (_("专家"), _("专业"), _("任职医院"), _("专家库"), _("聘期"), _("今天"))
    address = url_for("registry.experts")
    return ListPage(
        registry_tabs(who, "registry.experts"),
        address,
        query,
        _("专家姓名、拼音或者首字母"),
        "speciality",
        _("专业"),
        [Choice(one, one, one == speciality) for one in list_specialities(session)],
        running,
        _("只看今天在聘的"),
        Table(_("聘期，共 %(n)s 条", n=found.total), heads, rows),
        pager(found, address, {"q": query, "speciality": speciality, "running": "1" if running else ""}),
        None if rows else _no_rows(address, bool(query or speciality or running)),
    )


def _no_rows(address: str, narrowed: bool) -> Empty:
    if narrowed:
        return Empty(_("没有符合条件的"), _("换个名称，或者去掉条件再找。"), [Link(address, _("看全部"))])
    return Empty(
        _("登记库里还没有"), _("由变更编制岗按批量导入提出，复核、批准后写入。"), [Link(address, _("刷新"))]
    )
