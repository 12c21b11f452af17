"""Dates, durations and domain terms in the reader's language. A day is a day in Asia/Shanghai."""

from __future__ import annotations

from datetime import date, datetime

from app.faces.duty_words import duty_word
from app.faces.translation import _, _l
from app.faces.web.parts import ClockView, Duty
from app.kernel.local_time import LOCAL_ZONE

SOON = 3
"""Working days left from which a clock is shown as pressing (design language: clock)."""

WEEKDAYS = (_l("周一"), _l("周二"), _l("周三"), _l("周四"), _l("周五"), _l("周六"), _l("周日"))

MARKS = {
    "initial_review": "d1",
    "recheck": "d2",
    "risk_review": "dr",
    "final_review": "d3",
    "final_review_2": "d3",
}
"""Strokes of 三 for the reviews; every other duty is the hollow square."""


def duty(key: str) -> Duty:
    """Mark and word of a duty."""
    return Duty(key, duty_word(key), MARKS.get(key, "d0"))


def local(moment: datetime) -> datetime:
    """The instant on the wall in Asia/Shanghai."""
    return moment.astimezone(LOCAL_ZONE)


def day(value: date, today: date | None = None) -> str:
    """`11月23日`, with the year when it is not the current one."""
    if today is not None and value.year != today.year:
        return _("%(y)s年%(m)s月%(d)s日", y=value.year, m=value.month, d=value.day)
    return _("%(m)s月%(d)s日", m=value.month, d=value.day)


def long_day(value: date) -> str:
    """`11月23日 星期一`-like: day and weekday."""
    return f"{day(value)} {WEEKDAYS[value.weekday()]}"


def moment(value: datetime, today: date | None = None) -> str:
    """`11月23日 9:44`."""
    at = local(value)
    return f"{day(at.date(), today)} {at.hour}:{at.minute:02d}"


def clock(
    due_on: date | None,
    today: date,
    working_days_left: int | None,
    *,
    name: str = "",
    paused: bool = False,
    awaited: str = "",
    done: bool = False,
) -> ClockView:
    """Put a clock into words. `working_days_left` counts days after today up to the due day; None when that is
    decades away."""
    if done:
        return ClockView("done", _("已办结"), day(due_on, today) if due_on else "", name)
    if paused:
        return ClockView("hold", _("已中止"), awaited, name)
    if due_on is None:
        return ClockView("ok", _("不限期"), "", name)
    due = _("%(day)s到期", day=f"{day(due_on, today)} {WEEKDAYS[due_on.weekday()]}")
    late = (today - due_on).days
    if late > 0:
        return ClockView("over", _("已超期 %(n)s 日", n=late), due, name)
    if late == 0:
        return ClockView("soon", _("今天到期"), due, name)
    if working_days_left is None:  # so far off that nobody counts working days
        return ClockView("ok", _("未到期"), due, name)
    tone = "soon" if working_days_left <= SOON else "ok"
    return ClockView(tone, _("剩余 %(n)s 个工作日", n=working_days_left), due, name)
