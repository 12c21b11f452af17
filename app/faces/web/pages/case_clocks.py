"""The clocks of a case in words: the large one with its axis and sentence, and the table of all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from app.faces.translation import _
from app.faces.web.language import pick
from app.faces.web.pages.case_view import ClockRow
from app.faces.web.pages.clock_words import clock_reason, short_reason
from app.faces.web.parts import Axis, AxisSpan, ClockView
from app.faces.web.words import clock, day
from app.kernel.deadlines.queries import ClockView as Reckoned
from app.kernel.deadlines.queries import urgency
from app.kernel.engine.deployed import Deployed
from app.kernel.local_time import local_day


def main_clock(clocks: Sequence[Reckoned]) -> Reckoned | None:
    """The one that binds whoever works on the case, shown large: the same as in the queue."""
    active = [item for item in clocks if item.row.state != "stopped" and item.row.binding]
    return min(active, key=lambda item: urgency(item.row), default=None)


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


def clock_rows(clocks: Sequence[Reckoned], deployed: Deployed, today: date) -> list[ClockRow]:
    """All clocks, statutory ones first as they come; each says why it ends when it does."""
    binding = main_clock(clocks)
    return [
        ClockRow(
            title=pick(item.row.title_zh, item.row.title_en),
            start=day(item.row.started_on, today),
            due=day(item.row.due_on, today) if item.row.due_on else "—",
            state=_row_state(item, today),
            main=item is binding,
            binding=item.row.binding,
            why=clock_reason(item, deployed, today),
        )
        for item in clocks
    ]


def _row_state(item: Reckoned, today: date) -> ClockView:
    row = item.row
    if row.state == "running" and not row.binding and row.due_on is not None and row.due_on < today:
        return ClockView("done", _("已届满"))  # a period of somebody else's is over; nobody here is late
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
    """One short sentence: how the last day came about, without its articles."""
    return short_reason(item.derivation, today) if item is not None else ""
