"""From the worklist's rows to the words on the queue page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from flask import url_for
from sqlalchemy.orm import Session

from app.faces.duty_words import DUTY_WORDS
from app.faces.translation import _, _l
from app.faces.web.acting import Standing
from app.faces.web.pages import queue_view as view
from app.faces.web.pages.clock_words import reason
from app.faces.web.pages.queue_rows import queue_row
from app.faces.web.pages.queue_view import Chip, FilterField, Pager, QueuePage
from app.faces.web.parts import Choice, Empty, Link
from app.faces.web.signin import kernel
from app.faces.web.words import duty, local, long_day, moment
from app.kernel.deadlines.calendar import WorkingCalendar
from app.kernel.deadlines.queries import list_derivations, load_calendar
from app.kernel.engine.catalogue import get_deployed
from app.kernel.engine.incidents.queries import list_troubled
from app.kernel.identity.identifiers import IdentifierInvalid, parse_id_number
from app.kernel.worklist.batch import list_batch
from app.kernel.worklist.consultation_queries import Asked, list_my_consultations
from app.kernel.worklist.outlooks import foresee_rows
from app.kernel.worklist.queries import (
    PAGE_SIZE,
    QueueFilter,
    QueueRow,
    Sort,
    Tab,
    count_due_soon,
    count_tabs,
    list_queue,
)
from app.kernel.worklist.queries import QueuePage as Found
from app.kernel.worklist.steps import list_last_doers
from app.storage.crypto import KeyRing

TABS = {Tab.MINE: _l("我的"), Tab.CAN_TAKE: _l("可领取"), Tab.ALL: _l("全部"), Tab.DONE: _l("已办")}
SORTS = {Sort.DUE: _l("按剩余时限"), Sort.RECEIVED: _l("按收到日"), Sort.CASE_NO: _l("按案号")}
SORTED_COLUMN = {Sort.CASE_NO: 0, Sort.RECEIVED: -1, Sort.DUE: 6}
WITHIN = {"-1": _l("已超期"), "0": _l("今天到期"), "3": _l("3 日内到期"), "10": _l("10 日内到期")}
RISKS = {"normal": _l("一般"), "high": _l("高风险"), "routed": _l("提级")}
LONGEST_SEARCH = 60


@dataclass(frozen=True)
class QueueRequest:
    """What the address asks for, in its own texts and as the worklist's filter."""

    texts: Mapping[str, str]
    filter: QueueFilter

    @classmethod
    def of(cls, args: Mapping[str, str], keyring: KeyRing) -> QueueRequest:
        """Read the address; values that make no sense count as not given."""
        texts = {
            "tab": _known(args.get("tab", ""), {tab.value for tab in Tab}) or Tab.MINE.value,
            "q": args.get("q", "").strip()[:LONGEST_SEARCH],
            "duty": _known(args.get("duty", ""), DUTY_WORDS.keys()),
            "risk": _known(args.get("risk", ""), RISKS.keys()),
            "within": _known(args.get("within", ""), WITHIN.keys()),
            "sort": _known(args.get("sort", ""), {sort.value for sort in Sort}) or Sort.DUE.value,
            "page": args.get("page", "1"),
        }
        page = int(texts["page"]) if texts["page"].isascii() and texts["page"].isdigit() else 1
        wanted = QueueFilter(
            tab=Tab(texts["tab"]),
            search=texts["q"],
            search_index=_index(texts["q"], keyring),
            duty=texts["duty"],
            risk=texts["risk"],
            within=int(texts["within"]) if texts["within"] else None,
            sort=Sort(texts["sort"]),
            page=min(page, 10_000),
        )
        return cls({**texts, "page": str(page)}, wanted)

    def url(self, **changed: str) -> str:
        """The same question with some parts changed; defaults are left out of the address."""
        merged = {**self.texts, "page": "1", **changed}
        defaults = {"tab": Tab.MINE.value, "sort": Sort.DUE.value, "page": "1"}
        said = {key: text for key, text in merged.items() if text and defaults.get(key) != text}
        return url_for("queue.show") + (f"?{urlencode(said)}" if said else "")


def _known(text: str, allowed: object) -> str:
    return text if text in allowed else ""  # type: ignore[operator]


def _index(search: str, keyring: KeyRing) -> bytes | None:
    """A full ID number is searched by its blind index; anything else as text."""
    try:
        return keyring.blind_index("id_number", parse_id_number(search).number)
    except IdentifierInvalid:
        return None


def build_queue(session: Session, who: Standing, wanted: QueueRequest, refusal: str = "") -> QueuePage:
    """The whole page."""
    found = list_queue(session, who.person_id, wanted.filter, who.now, who.today)
    found = replace(found, rows=tuple(_foreseen(session, who, found.rows)))
    counts = count_tabs(session, who.person_id, who.now, who.today)
    calendar = load_calendar(session)
    at = local(who.now)
    return QueuePage(
        today=long_day(who.today),
        time=f"{at.hour}:{at.minute:02d}",
        pressing=_pressing(session, who),
        tab=wanted.texts["tab"],
        tabs=[_tab(tab, wanted, counts) for tab in Tab],
        query=wanted.texts["q"],
        filters=_filters(wanted),
        chips=_chips(wanted),
        cleared=wanted.url(q="", duty="", risk="", within=""),
        sorts=[Choice(sort, str(words), sort == wanted.filter.sort) for sort, words in SORTS.items()],
        sorted_column=SORTED_COLUMN[wanted.filter.sort],
        rows=_rows(session, found, who, calendar),
        caption=_("%(tab)s，共 %(n)s 件", tab=TABS[wanted.filter.tab], n=found.total),
        pager=_pager(found, wanted),
        empty=_empty(wanted, counts),
        refusal=refusal,
        asked=[_asked(one, who) for one in list_my_consultations(session, who.person_id)],
        batch=_batch(session, who),
    )


def _foreseen(session: Session, who: Standing, rows: Sequence[QueueRow]) -> list[QueueRow]:
    """The rows shown, with what taking them would do to their cases."""
    return foresee_rows(session, kernel().ports.routes, rows, who.person_id, who.now, who.today)


def _rows(session: Session, found: Found, who: Standing, calendar: WorkingCalendar) -> list[view.QueueRow]:
    """Rows of the page; a step that was done before says by whom."""
    before = list_last_doers(session, [row.task for row in found.rows])
    troubled = list_troubled(session, {row.case.id for row in found.rows})
    why = _reasons(session, found.rows, who)
    rows = []
    for item in found.rows:
        row, name = queue_row(item, who, calendar, why), before.get(item.task.id, "")
        again = _("上次由%(name)s办理", name=name) if name else ""
        failed = troubled.get(item.case.id)
        trouble = _("自动环节出错，%(n)s 号事件", n=failed) if failed else ""
        rows.append(replace(row, remark=" ".join(filter(None, (row.remark, again, trouble)))))
    return rows


def _reasons(session: Session, rows: Sequence[QueueRow], who: Standing) -> dict[int, str]:
    """Why the clocks of open tasks end when they do, by the clock's id."""
    shown = {row.clock.id: (row.clock, row.case) for row in rows if row.clock and row.task.state == "open"}
    derived = list_derivations(session, [clock for clock, _case in shown.values()])
    return {
        key: reason(clock, derived[key], get_deployed(session, case.definition_id), who.today)
        for key, (clock, case) in shown.items()
    }


def _asked(one: Asked, who: Standing) -> view.AskedRow:
    asked = one.consultation
    return view.AskedRow(
        url=url_for("case.show", case_id=one.case.id) + f"#asked-{asked.id}",
        case_no=one.case.case_no,
        worker=one.case.subject_name,
        kind=_("加签") if asked.kind == "opinion" else _("会签"),
        duty=duty(one.duty),
        asker=one.asker,
        when=moment(asked.asked_at, who.today),
    )


def _batch(session: Session, who: Standing) -> int:
    """How many final reviews could be signed together; asked only for who holds such a post."""
    if not any(post.kind == "business" for post in who.posts):
        return 0
    items = list_batch(session, who.person_id, None, who.now, who.today)
    return sum(not item.excluded for item in items)


def _pressing(session: Session, who: Standing) -> str:
    calendar = load_calendar(session)
    until = calendar.add_working_days(who.today, 3)
    count = count_due_soon(session, who.person_id, until)
    if count:
        return _("您有 %(n)s 件须在 3 个工作日内办结。", n=count)
    return _("您没有 3 个工作日内到期的任务。")


def _tab(tab: Tab, wanted: QueueRequest, counts: Mapping[Tab, int]) -> Link:
    here = tab is wanted.filter.tab
    return Link(wanted.url(tab=tab.value), str(TABS[tab]), here, counts.get(tab))


def _filters(wanted: QueueRequest) -> list[FilterField]:
    sources = (
        ("within", _("时限"), WITHIN),
        ("duty", _("职责"), {key: DUTY_WORDS[key] for key in _FILTERED_DUTIES}),
        ("risk", _("风险"), RISKS),
    )
    return [
        FilterField(
            name,
            words,
            [Choice(value, str(text), value == wanted.texts[name]) for value, text in known.items()],
        )
        for name, words, known in sources
    ]


_FILTERED_DUTIES = (
    "intake",
    "assign",
    "investigation",
    "initial_review",
    "recheck",
    "risk_review",
    "final_review",
    "serve",
)


def _chips(wanted: QueueRequest) -> list[Chip]:
    chips = []
    for item in _filters(wanted):
        chosen = next((option.words for option in item.options if option.chosen), "")
        if chosen:
            chips.append(
                Chip(_("%(what)s：%(value)s", what=item.words, value=chosen), wanted.url(**{item.name: ""}))
            )
    return chips


def _pager(found: Found, wanted: QueueRequest) -> Pager:
    first = (found.page - 1) * PAGE_SIZE + 1
    words = _("共 %(n)s 件，本页 %(a)s–%(b)s", n=found.total, a=first, b=first + len(found.rows) - 1)
    if found.capped:
        words = _("%(n)s 件以上，本页 %(a)s–%(b)s", n=found.total, a=first, b=first + len(found.rows) - 1)
    before = wanted.url(page=str(found.page - 1)) if found.page > 1 else ""
    after = wanted.url(page=str(found.page + 1)) if found.page < found.pages else ""
    return Pager(words, PAGE_SIZE, before, after)


def _empty(wanted: QueueRequest, counts: Mapping[Tab, int]) -> Empty:
    mine, takeable = counts.get(Tab.MINE, 0), counts.get(Tab.CAN_TAKE, 0)
    plain = replace(wanted, texts={**wanted.texts, "q": "", "duty": "", "risk": "", "within": ""})
    narrowed = bool(wanted.texts["q"] or _chips(wanted))
    what = _("没有符合条件的任务") if narrowed else _("这里没有任务")
    ways = []
    if mine:
        ways.append(Link(plain.url(tab="mine"), _("看我的 %(n)s 件", n=mine)))
    if takeable:
        ways.append(Link(plain.url(tab="can_take"), _("看可领取的 %(n)s 件", n=takeable)))
    return Empty(
        what,
        _("您名下 %(mine)s 件，可领取 %(takeable)s 件。", mine=mine, takeable=takeable),
        ways or [Link(plain.url(tab="all"), _("看全部"))],
    )
