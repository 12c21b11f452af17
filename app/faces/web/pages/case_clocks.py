"""The clocks of a case in words: the large one with its axis and sentence, and the table of all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from app.faces.translation import _, _l
from app.faces.web.language import pick
from app.faces.web.pages.case_view import ClockRow
from app.faces.web.parts import Axis, AxisSpan, ClockView
from app.faces.web.words import clock, day, long_day
from app.kernel.deadlines.queries import ClockView as Reckoned
from app.kernel.local_time import local_day

UNITS = {"days": _l("日"), "working_days": _l("个工作日"), "months": _l("个月"), "years": _l("年")}


def main_clock(clocks: Sequence[Reckoned]) -> Reckoned | None:
    """The one the page shows large: running before paused, binding, main, nearest."""
    active = [item for item in clocks if item.row.state != "stopped" and item.row.binding]
    return min(
        active,
        key=lambda item: (item.row.state != "running", not item.row.main, item.row.due_on or date.max),
        default=None,
    )


def large_clock(item: Reckoned | None, today: date) -> ClockView | None:
    """Words of the large clock, always with its name."""
    if item is None:
        return None
    name = pick(item.row.title_zh, item.row.title_en)
    return _words(item, today, name)


def _words(item: Reckoned, today: date, name: str = "") -> ClockView:
    if item.row.state == "paused":
        awaited = _("还剩 %(n)s 日，恢复后接着计算", n=item.remaining.left)
        return clock(None, today, None, name=name, paused=True, awaited=awaited)
    return clock(item.row.due_on, today, item.remaining.working_days, name=name)


def clock_rows(clocks: Sequence[Reckoned], today: date) -> list[ClockRow]:
    """All clocks, statutory ones first as they come."""
    return [
        ClockRow(
            title=pick(item.row.title_zh, item.row.title_en),
            start=day(item.row.started_on, today),
            due=day(item.row.due_on, today) if item.row.due_on else "—",
            state=_row_state(item, today),
            main=item.row.main,
            binding=item.row.binding,
            ground=pick(item.row.ground_zh, item.row.ground_en),
        )
        for item in clocks
    ]


def _row_state(item: Reckoned, today: date) -> ClockView:
    row = item.row
    if row.state != "stopped" or row.stopped_at is None:
        return _words(item, today)
    ended = local_day(row.stopped_at)
    if row.due_on is not None and ended > row.due_on:
        return ClockView("over", _("超期 %(n)s 日办结", n=(ended - row.due_on).days))
    return ClockView("done", _("%(n)s 日办结", n=(ended - row.started_on).days))


def axis(item: Reckoned | None, today: date) -> Axis | None:
    """The axis from start to last day (or to today when that is later), pauses hatched."""
    if item is None or item.due.raw_end is None:
        return None
    start = item.row.started_on
    end = max(item.row.due_on or item.due.raw_end, today)
    length = max((end - start).days, 1)

    def at(when: date) -> float:
        return round(100 * min(max((when - start).days / length, 0), 1), 1)

    spans, cursor = [], start
    for pause in item.suspensions:
        ended = pause.ended_on or today
        spans.append(AxisSpan(at(cursor), at(pause.began_on) - at(cursor)))
        spans.append(AxisSpan(at(pause.began_on), at(ended) - at(pause.began_on), paused=True))
        cursor = ended
    spans.append(AxisSpan(at(cursor), max(at(today) - at(cursor), 0)))
    words = _words(item, today)
    tone = words.tone if words.tone in ("ok", "soon", "over") else "ok"
    pauses = _pause_words(item)
    start_words = _("%(day)s 起", day=day(start, today))
    end_words = _end_words(item, today)
    return Axis(
        tone=tone,
        spans=[span for span in spans if span.width > 0],
        today=min(at(today), 99.5),
        start_words=start_words,
        end_words=end_words,
        spoken=_(
            "时限轴：%(start)s，%(pause)s今天 %(today)s，%(end)s",
            start=start_words,
            pause=pauses + _("，") if pauses else "",
            today=day(today),
            end=end_words,
        ),
        pause_words=pauses,
        pause_at=at(item.suspensions[0].began_on) if item.suspensions else 50.0,
    )


def _pause_words(item: Reckoned) -> str:
    if not item.suspensions:
        return ""
    if item.row.state == "paused":
        return _("中止中")
    return _("中止 %(n)s 日", n=item.due.suspended_days)


def _end_words(item: Reckoned, today: date) -> str:
    if item.row.due_on is None:
        return _("今天")
    left = (item.row.due_on - today).days
    if left > 0:
        return _("今天，%(n)s 日后到期", n=left)
    return _("今天到期") if left == 0 else _("%(n)s 日前到期", n=-left)


def sentence(item: Reckoned | None, today: date) -> str:
    """One sentence: how the last day came about."""
    if item is None or item.due.raw_end is None:
        return ""
    total = _("%(n)s %(unit)s", n=item.row.length, unit=UNITS.get(item.row.unit, UNITS["days"]))
    due = item.row.due_on
    if due is None:
        return _("%(total)s已用 %(used)s 日，中止期间不计算。", total=total, used=item.remaining.used)
    parts = [_("%(total)s到 %(day)s", total=total, day=day(item.due.raw_end, today))]
    if item.due.suspended_days:
        parts.append(_("中止 %(n)s 日", n=item.due.suspended_days))
    if item.due.counted_end and item.due.counted_end != due:
        parts.append(_("末日是休息日，顺延到 %(day)s", day=day(due, today)))
    elif item.due.suspended_days:
        parts.append(_("顺延到 %(day)s", day=day(due, today)))
    return _("%(reckoning)s。", reckoning=_("，").join(parts))


def grounds(item: Reckoned | None, today: date) -> str:
    """The reckoning in full with its articles, behind the fold."""
    if item is None:
        return ""
    parts = [_("%(day)s 起算，起算日次日为第 1 日。", day=long_day(item.row.started_on))]
    for pause in item.suspensions:
        until = day(pause.ended_on, today) if pause.ended_on else _("现在")
        parts.append(_("%(a)s 至 %(b)s 中止。", a=day(pause.began_on, today), b=until))
    if item.row.provisional:
        parts.append(_("该年放假安排尚未公布，日期为暂定。"))
    parts.append(pick(item.row.ground_zh, item.row.ground_en))
    return "".join(parts) if pick("zh", "en") == "zh" else " ".join(parts)
