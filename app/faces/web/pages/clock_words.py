"""Why a clock ends when it does, in a sentence: from which event it runs, its length, what was added or not counted."""

from __future__ import annotations

from datetime import date

from app.faces.translation import _, _l
from app.faces.web.language import pick
from app.faces.web.words import day
from app.kernel.deadlines.derivation import Derivation, Stage
from app.kernel.deadlines.models import Clock
from app.kernel.deadlines.queries import ClockView
from app.kernel.engine.deployed import Deployed
from app.kernel.local_time import local_day

UNITS = {"days": _l("日"), "working_days": _l("个工作日"), "months": _l("个月"), "years": _l("年")}


def clock_reason(item: ClockView, deployed: Deployed, today: date) -> str:
    """The whole sentence, with the articles, and when and why a clock that stopped did."""
    return reason(item.row, item.derivation, deployed, today)


def reason(row: Clock, derivation: Derivation, deployed: Deployed, today: date) -> str:
    """The whole sentence about a clock of a case of this version."""
    parts = [_begins(row, deployed, today)]
    if not derivation.stages:
        parts.append(_("不限期（%(ground)s）", ground=pick(row.ground_zh, row.ground_en)))
    parts += [_stage(one, row, derivation, today, grounds=True) for one in derivation.stages]
    if row.stopped_at is not None:
        parts.append(_stopped(row, local_day(row.stopped_at), today))
    elif row.state == "paused":
        parts.append(_("剩余的日数保留，恢复的次日接着计算"))
    if derivation.provisional:
        parts.append(_("该年放假安排尚未公布，日期为暂定"))
    return _("%(reckoning)s。", reckoning=_("；").join(parts))


def short_reason(derivation: Derivation, today: date) -> str:
    """The reckoning alone; empty for a clock without an end."""
    if not derivation.stages:
        return ""
    parts = [_stage(one, None, derivation, today, grounds=False) for one in derivation.stages]
    return _("%(reckoning)s。", reckoning=_("，").join(parts))


def _begins(row: Clock, deployed: Deployed, today: date) -> str:
    on = day(row.started_on, today)
    fact = deployed.schema.facts.get(row.from_fact or "")
    step = deployed.steps.get(row.from_step or "")
    if fact is not None:
        label = pick(fact.label_zh, fact.label_en)
        return _("从“%(event)s”%(day)s起算，次日为第 1 日", event=label, day=on)
    if step is not None:
        name = pick(step.name, step.name_en or step.name)
        return _("从环节“%(step)s”%(day)s起算，次日为第 1 日", step=name, day=on)
    return _("从 %(day)s 起算，次日为第 1 日", day=on)


def _stage(one: Stage, row: Clock | None, derivation: Derivation, today: date, *, grounds: bool) -> str:
    words = _words(one, derivation, today)
    ground = _ground(one, row) if grounds else ""
    return _("%(words)s（%(ground)s）", words=words, ground=ground) if ground else words


def _ground(one: Stage, row: Clock | None) -> str:
    if row is None:
        return ""
    if one.kind == "rest_day":
        return _("《民法典》第二百零三条")
    if one.kind == "length" or one.ground == row.ground_zh:
        return pick(row.ground_zh, row.ground_en)
    return one.ground


def _words(one: Stage, derivation: Derivation, today: date) -> str:
    until = day(one.until, today) if one.until is not None else ""
    unit = UNITS.get(derivation.unit, UNITS["days"])
    if one.kind == "length":
        return _("%(n)s %(unit)s到 %(day)s", n=one.length, unit=unit, day=until)
    if one.kind == "extension":
        return _("延长 %(n)s %(unit)s，到 %(day)s", n=one.length, unit=unit, day=until)
    if one.kind == "shift":
        return _("改期顺延 %(n)s %(unit)s，到 %(day)s", n=one.length, unit=unit, day=until)
    if one.kind == "rest_day":
        rest = pick(one.rest.name_zh, one.rest.name_en) if one.rest is not None else ""
        return _("末日是休息日（%(rest)s），移到 %(day)s", rest=rest, day=until)
    return _uncounted(one, until, today)


def _uncounted(one: Stage, until: str, today: date) -> str:
    first = day(one.first, today) if one.first is not None else ""
    if one.last is None:
        return _("%(a)s起中止，不计算", a=first)
    span = {"a": first, "b": day(one.last, today), "n": one.length}
    excluded = one.kind == "excluded"
    words = _("%(a)s至%(b)s %(n)s 日不计", **span) if excluded else _("%(a)s至%(b)s中止 %(n)s 日", **span)
    return _("%(words)s，顺延到 %(day)s", words=words, day=until) if until else words


def _stopped(row: Clock, on: date, today: date) -> str:
    if (row.stop_reason or "").startswith("converted"):
        return _("%(day)s转为另一时限，从同一天起算", day=day(on, today))
    return _("%(day)s停止", day=day(on, today))
