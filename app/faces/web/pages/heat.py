"""The heat map of a process: where its cases are, how long they wait, what is late; drawn, and as a table."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from flask import Blueprint, abort, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.faces.refusal_texts import text_of
from app.faces.translation import _, _l
from app.faces.web.acting import Standing, carry_out, place_of, reading
from app.faces.web.language import pick
from app.faces.web.pages.designer_access import require_reader
from app.faces.web.pages.running_rows import HoldLine, hold_line
from app.faces.web.parts import Choice, Link
from app.faces.web.posted import posted_form
from app.faces.web.signin import kernel
from app.faces.web.words import moment
from app.kernel.duties.posts import HeldPost
from app.kernel.engine.catalogue import DefinitionNotFound, Deployed, get_deployed, get_latest
from app.kernel.engine.lifecycle.plan import read_titles
from app.kernel.engine.lifecycle.queries import list_versions
from app.kernel.engine.running.heat import PERIOD_DAYS, StepHeat, shared_heat
from app.kernel.holds.operations import end_process_hold, hold_process
from app.kernel.holds.queries import list_process_holds
from app.kernel.identity.regions import list_region_names
from app.kernel.refusals import Refusal
from app.kernel.transaction import Unit

pages = Blueprint("heat", __name__, url_prefix="/designer/processes/<key>")
DAY, HOUR = 86_400.0, 3_600.0
SORTS = {
    "here": _l("在此"),
    "median": _l("已等（中位）"),
    "late": _l("超期"),
    "done": _l("办结"),
    "done_p90": _l("用时 P90"),
    "incidents": _l("事件"),
}


@dataclass(frozen=True)
class HeatRow:
    """A step of the table; times in words."""

    step: str
    key: str
    here: int
    median: str
    p90: str
    late: int
    short: int
    done: int
    done_median: str
    done_p90: str
    done_late: int
    incidents: int
    tone: str


@dataclass(frozen=True)
class HeatDiagram:
    """A diagram with what is drawn on it, as JSON."""

    title: str
    url: str
    marks: str


@dataclass(frozen=True)
class HeatPage:
    key: str
    title: str
    when: str
    days: int
    versions: Sequence[Link]
    sorts: Sequence[Link]
    rows: Sequence[HeatRow]
    diagrams: Sequence[HeatDiagram]
    total: int
    late: int
    incidents: int
    holds: Sequence[HoldLine]
    hold_url: str
    places: Sequence[Choice]
    hold_versions: Sequence[Choice]
    refusal: str = ""


@pages.get("/heat")
def show(key: str) -> str:
    """`version` narrows it to one, `sort` is the column the table goes by."""
    return _shown(key)


@pages.post("/holds")
def hold(key: str) -> Response | tuple[str, int]:
    """A supervisor puts the process on hold in a region."""
    posted = posted_form()
    version = str(posted.values.get("version", ""))
    operation = partial(
        hold_process,
        process_key=key,
        region_code=str(posted.values.get("region", "")),
        reason=str(posted.values.get("reason", "")),
        version=int(version) if version.isdecimal() and len(version) < 8 else None,
    )
    return _carried(key, operation, "process_held")


@pages.post("/holds/<int:hold_id>/end")
def resume(key: str, hold_id: int) -> Response | tuple[str, int]:
    """A supervisor ends it."""
    reason = str(posted_form().values.get("reason", ""))
    return _carried(key, partial(end_process_hold, hold_id=hold_id, reason=reason), "process_resumed")


def _carried(key: str, operation: partial[int] | partial[None], said: str) -> Response | tuple[str, int]:
    def carry(unit: Unit) -> None:
        operation(unit)

    require_reader()
    try:
        carry_out(carry, posted=posted_form())
    except Refusal as refusal:
        return _shown(key, text_of(refusal)), 422
    return redirect(url_for("heat.show", key=key, said=said) + "#holds")


def _shown(key: str, refusal: str = "") -> str:
    who = require_reader()
    with reading() as session:
        try:
            page = _page(session, who, key, request.args.get("version", ""), refusal)
        except DefinitionNotFound:
            abort(404)
    return render_template("pages/heat.html", page=page)


def _page(session: Session, who: Standing, key: str, wanted: str, refusal: str) -> HeatPage:
    latest = get_latest(session, key)
    versions = {str(row.version): row.id for row in list_versions(session, key)}
    deployed = get_deployed(session, versions[wanted]) if wanted in versions else latest
    shared = shared_heat(kernel(), session, key, who.now, who.actor.regions, versions.get(wanted))
    heat = dict(shared.steps)
    sort = request.args.get("sort", "here")
    sort = sort if sort in SORTS else "here"
    ordered = sorted(heat.values(), key=lambda item: (-(getattr(item, sort) or 0), item.step_key))
    supervised = [post for post in who.posts if post.kind == "supervision"]
    places = {post.region_code: place_of(post) for post in supervised}
    return HeatPage(
        key=key,
        title=pick(latest.title_zh, latest.title_en),
        when=moment(shared.as_of, who.today),
        days=PERIOD_DAYS,
        versions=_versions(key, versions, wanted, sort),
        sorts=[Link(_url(key, wanted, name), str(words), here=name == sort) for name, words in SORTS.items()],
        rows=[_row(item, deployed) for item in ordered],
        diagrams=_diagrams(key, deployed, heat),
        total=sum(item.here for item in heat.values()),
        late=sum(item.late for item in heat.values()),
        incidents=sum(item.incidents for item in heat.values()),
        holds=_holds(session, who, key, supervised),
        hold_url=url_for("heat.hold", key=key) if supervised else "",
        places=[Choice(code, words) for code, words in places.items()],
        hold_versions=[
            Choice("", _("全部版本")),
            *(Choice(number, _("第 %(n)s 版", n=number)) for number in versions),
        ],
        refusal=refusal,
    )


def _holds(session: Session, who: Standing, key: str, supervised: Sequence[HeldPost]) -> list[HoldLine]:
    rows = list_process_holds(session, key)
    names = list_region_names(session, {row.region_code for row in rows if row.region_code})
    places = {code: pick(*name) for code, name in names.items()}
    return [hold_line(row, who, supervised, places.get(row.region_code or "", "")) for row in rows]


def _url(key: str, version: str, sort: str) -> str:
    return url_for("heat.show", key=key, version=version or None, sort=sort if sort != "here" else None)


def _versions(key: str, versions: dict[str, int], wanted: str, sort: str) -> list[Link]:
    every = Link(_url(key, "", sort), _("全部版本"), here=wanted not in versions)
    return [
        every,
        *(
            Link(_url(key, number, sort), _("第 %(n)s 版", n=number), here=number == wanted)
            for number in versions
        ),
    ]


def span(seconds: float | None) -> str:
    """A length of time in words, one unit."""
    if seconds is None:
        return "–"
    if seconds >= DAY:
        return _("%(n)s 天", n=f"{seconds / DAY:.1f}")
    if seconds >= HOUR:
        return _("%(n)s 小时", n=f"{seconds / HOUR:.1f}")
    return _("%(n)s 分钟", n=round(seconds / 60))


def _row(item: StepHeat, deployed: Deployed) -> HeatRow:
    step = deployed.steps.get(item.step_key)
    name = pick(step.name, step.name_en or step.name) if step else item.step_key
    return HeatRow(
        step=name,
        key=item.step_key,
        here=item.here,
        median=span(item.median),
        p90=span(item.p90),
        late=item.late,
        short=item.short,
        done=item.done,
        done_median=span(item.done_median),
        done_p90=span(item.done_p90),
        done_late=item.done_late,
        incidents=item.incidents,
        tone=_tone(item),
    )


def _tone(item: StepHeat) -> str:
    """over: something is late or failed; soon: somebody is lacking; ok: work waits; empty: nothing is here."""
    if item.late or item.incidents:
        return "over"
    if item.short:
        return "soon"
    return "ok" if item.here else ""


_SIGNS = {"over": "■", "soon": "▲", "ok": "●", "": "○"}
"""Shapes say what the colours say."""


def _mark(item: StepHeat) -> dict[str, str]:
    tone = _tone(item)
    text = f"{_SIGNS[tone]} {item.here}"
    if item.median is not None:
        text += " · " + span(item.median)
    if item.late:
        text += " · " + _("超期 %(n)s", n=item.late)
    if item.incidents:
        text += " · " + _("事件 %(n)s", n=item.incidents)
    return {"id": item.step_key, "text": text, "tone": tone}


def _diagrams(key: str, deployed: Deployed, heat: dict[str, StepHeat]) -> list[HeatDiagram]:
    """The process's own diagram and those it calls."""
    marks = json.dumps([_mark(item) for item in heat.values() if item.here or item.incidents])
    files = [f"{key}/{key}.bpmn", *sorted(path for path in deployed.files if path.endswith(".bpmn"))]
    paths = [path for path in dict.fromkeys(files) if path in deployed.files]
    return [
        HeatDiagram(
            pick(*read_titles(path.partition("/")[0], deployed.files)),
            url_for("designer.version_file", key=key, version=deployed.version, path=path),
            marks,
        )
        for path in paths
    ]
