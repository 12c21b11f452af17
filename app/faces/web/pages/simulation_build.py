"""Makes the page of a simulation out of a play."""

from __future__ import annotations

from collections import Counter

from sqlalchemy.orm import Session

from app.faces.duty_words import duty_word
from app.faces.translation import _
from app.faces.web.acting import Standing
from app.faces.web.language import pick
from app.faces.web.pages.simulation_history import document_of, history_line, name_of
from app.faces.web.pages.simulation_office import MADE_UP
from app.faces.web.pages.simulation_paths import paths_part
from app.faces.web.pages.simulation_source import Source
from app.faces.web.pages.simulation_steps import question_form, step_form, why_not
from app.faces.web.pages.simulation_view import (
    Canvas,
    SimulationPage,
)
from app.faces.web.pages.simulation_words import ASSUMED, HISTORY, REFUSED, RISKS
from app.faces.web.parts import Choice, ClockView
from app.faces.web.words import clock, moment
from app.kernel.absences.queries import list_post_titles
from app.kernel.deadlines.queries import load_calendar
from app.kernel.engine.check.findings import DefinitionInvalid
from app.kernel.engine.simulation.completing import PersonRefused
from app.kernel.engine.simulation.coverage import Coverage, drawn
from app.kernel.engine.simulation.model import Model
from app.kernel.engine.simulation.office import RegionOffice
from app.kernel.engine.simulation.player import Simulation
from app.kernel.engine.simulation.questions import ChoiceInvalid
from app.kernel.engine.simulation.sharing import packed
from app.kernel.identity.regions import list_region_names
from app.kernel.local_time import local_day

__all__ = ["Source", "refused_page", "simulation_page"]

READINGS = 12
"""Remarks on how a file made elsewhere was read that are shown."""


def simulation_page(
    session: Session,
    who: Standing,
    source: Source,
    play: Simulation,
    invalid: ChoiceInvalid | None,
    coverage: Coverage | None = None,
) -> SimulationPage:
    """The page of a play; with `coverage`, of all paths."""
    titles = {key: pick(*pair) for key, pair in list_post_titles(session).items()}
    region = play.office.region if isinstance(play.office, RegionOffice) else MADE_UP
    state, tone = _state(play)
    model = play.model
    case = play.case if play.has_begun else None
    return SimulationPage(
        title=source.title,
        sub=source.sub,
        back=source.back,
        play=packed(play.choices),
        state=state,
        tone=tone,
        trouble=_trouble(play),
        refusal=_refusal(invalid),
        foreign=model.is_foreign,
        now=moment(case.now, who.today) if case else "",
        risk=str(RISKS[case.risk]) if case and not model.is_foreign else "",
        canvases=_canvases(source, play, coverage),
        question=question_form(model, play.question) if play.question else None,
        steps=[]
        if play.question or play.failure
        else [step_form(play, number, step, titles) for number, step in enumerate(play.open, 1)],
        due=moment(play.next_due, who.today) if play.next_due and not play.question else "",
        messages=sorted({one.name for one in play.messages}) if not play.question else [],
        signals=sorted({one.name for one in play.signals}) if not play.question else [],
        signed=[Choice(key, duty_word(key)) for key in (case.latest() if case and not case.decided else ())],
        clocks=_clocks(session, play),
        rules=_rules(play),
        documents=[document_of(model, key) for key in (case.documents if case else ())],
        effects=_effects(play),
        variables=[
            (key, "—" if value is None else str(value)) for key, value in sorted(play.variables.items())
        ],
        history=[
            history_line(model, entry, who) for entry in reversed(play.history) if entry.what in HISTORY
        ],
        undo_url=source.url(play=packed(play.choices[:-1]), region=region) if len(play.choices) > 1 else "",
        restart_url=source.url(region=region),
        paths_url=source.url(paths="1"),
        regions=_regions(session, who, region),
        risks=[Choice(key, str(word), case is not None and case.risk == key) for key, word in RISKS.items()],
        given=_given(play),
        readings=_readings(model),
        paths=paths_part(source, model, coverage) if coverage is not None else None,
    )


def refused_page(source: Source, invalid: DefinitionInvalid) -> SimulationPage:
    """A file that can't be played, with the reasons."""
    errors = [finding for finding in invalid.findings if finding.severity == "error"]
    lines = [f"{one.element or one.file}：{pick(one.message_zh, one.message_en)}" for one in errors]
    return SimulationPage(
        source.title, source.sub, source.back, "", _("不能模拟"), "over", "", "", False, "", "", [], None, [], "",
        [], [], [], [], [], [], [], [], [], "", "", "", [], [], "", lines,
    )  # fmt: skip


def _state(play: Simulation) -> tuple[str, str]:
    if play.failure is not None:
        return _("没有走成"), "over"
    if play.question is not None:
        return _("等您回答"), "soon"
    if play.is_completed:
        return _("已到终点"), "ok"
    return (_("走不下去"), "over") if play.is_stuck else (_("进行中"), "acc")


def _trouble(play: Simulation) -> str:
    failure = play.failure
    if failure is None:
        return _("没有打开的环节，也没有在等的事件：真实案件会停在这里。") if play.is_stuck else ""
    where = name_of(play.model, failure.step_key)
    if failure.kind == "gate":
        missing = (
            _("已作出决定")
            if failure.reason == "decided"
            else _("缺%(duty)s签名", duty=duty_word(failure.reason))
        )
        return _("“%(step)s”不予放行：%(why)s。真实案件会停在上一步。", step=where, why=missing)
    return _("“%(step)s”出错：%(why)s。真实案件会在这里成为事故。", step=where, why=failure.reason)


def _refusal(invalid: ChoiceInvalid | None) -> str:
    if invalid is None:
        return ""
    text = str(REFUSED.get(invalid.code, REFUSED["unknown_action"]))
    for key, value in invalid.params.items():
        text = text.replace(f"%({key})s", value)
    if isinstance(invalid, PersonRefused):
        text += why_not(invalid.decision, "")
    return text


def _canvases(source: Source, play: Simulation, coverage: Coverage | None) -> list[Canvas]:
    """The process, and every one it calls that a token is in; of all paths, every one."""
    model = play.model
    tokens = " ".join(dict.fromkeys(drawn(one.step_key) for one in play.positions))
    passed = Counter(entry.step_key for entry in play.history if entry.what == "passed")
    missed = ""
    if coverage is not None:
        tokens, passed = "", Counter(coverage.visits)
        missed = " ".join(one.key for one in coverage.unreached)
    marks = " ".join(f"{key}:{count}" for key, count in passed.items())
    shown = dict.fromkeys([model.process_id, *_inside(play)])
    if coverage is not None:
        shown = dict.fromkeys([model.process_id, *(key for key in model.diagrams if key in model.policies)])
    return [
        Canvas(model.policies[key].name, source.url(diagram=key), tokens, marks, missed)
        for key in shown
        if key in model.diagrams
    ]


def _inside(play: Simulation) -> list[str]:
    """Processes that tokens are in."""
    steps = [step for scope in play.model.spec.steps.values() for step in scope.values()]
    called = {step.step_key: step.called for step in steps if step.called}
    paths = {key for position in play.positions for key in (*position.path, position.step_key)}
    return sorted({called[key] or "" for key in paths if key in called})


def _clocks(session: Session, play: Simulation) -> list[ClockView]:
    if not play.has_begun or not play.case.clocks:
        return []
    calendar, today = load_calendar(session), local_day(play.case.now)
    found = []
    for running in play.case.clocks.values():
        spec, due = running.spec, running.due(calendar).due_on
        left = calendar.working_days_between(today, due) if due and abs((due - today).days) < 800 else 0
        done, paused = running.state == "stopped", running.state == "paused"
        name = pick(spec.title_zh, spec.title_en)
        found.append(clock(due, today, left, name=name, paused=paused, done=done))
    return found


def _rules(play: Simulation) -> list[Choice]:
    """Rules of the process with whether they are assumed to hit, and the effects that may be assumed besides."""
    if play.model.is_foreign or not play.has_begun:
        return []
    case = play.case
    named = [
        Choice(
            rule.id,
            f"{rule.id} {pick(rule.manifest.name_zh, rule.manifest.name_en)}"
            + (_("（已命中）") if rule.id in case.hits else ""),
            rule.id in case.assumed,
        )
        for rule in (one.rule for one in play.model.rules)
    ]
    return [*named, *(Choice(key, str(word), key in case.assumed) for key, word in ASSUMED.items())]


def _effects(play: Simulation) -> list[tuple[str, str, str]]:
    """Where it was, what it required, who did it."""
    if not play.has_begun:
        return []
    return [
        (
            name_of(play.model, one.step_key),
            _("、").join(duty_word(key) for key in one.required),
            _("、").join(f"{duty_word(key)} {name}" for key, name in one.earned),
        )
        for one in play.case.effects
    ]


def _regions(session: Session, who: Standing, region: str) -> list[Choice]:
    names = list_region_names(session, who.actor.regions)
    found = [Choice(code, pick(*names[code]), code == region) for code in sorted(names)]
    return [*found, Choice(MADE_UP, _("编造的人员"), region == MADE_UP)]


def _given(play: Simulation) -> str:
    given = play.choices[0].get("set") if play.choices else None
    return "\n".join(f"{key} = {value}" for key, value in (given or {}).items())


def _readings(model: Model) -> list[str]:
    warnings = [finding for finding in model.findings if finding.rule == "foreign-reading"]
    lines = [f"{one.element or one.file}：{pick(one.message_zh, one.message_en)}" for one in warnings]
    if len(lines) > READINGS:
        lines = [*lines[:READINGS], _("还有 %(n)s 处", n=len(lines) - READINGS)]
    return [*lines, *(_("没有读懂：%(what)s", what=what) for what in model.unread)]
