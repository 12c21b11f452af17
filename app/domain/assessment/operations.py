"""Writes of draws and panels. People act through their tasks: the checks of steps below write what they did, the
automatic steps open a draw, seat who was drawn and count opinions. See docs/expert-draw.md."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.domain.assessment import draw as drawing
from app.domain.assessment.draw import Candidate, DrawInvalid, Seat
from app.domain.assessment.models import (
    ExpertDraw,
    ExpertDrawCandidate,
    ExpertDrawCommitment,
    ExpertDrawSeat,
    ExpertDrawSecret,
    ExpertDrawVoid,
    ExpertSeat,
    ExpertVacancy,
    PanelOpinion,
)
from app.domain.assessment.pool import Pool, load_pool
from app.domain.assessment.queries import (
    DrawView,
    count_draws,
    find_open_draw,
    find_own_seat,
    find_vacancy,
    list_seats,
    newest_panel,
)
from app.domain.assessment.refusals import DrawNotOpen, NotOnPanel, NotTheCommitter
from app.kernel.cases.models import Case
from app.kernel.refusals import InvalidInput
from app.kernel.transaction import Unit
from app.kernel.worklist.models import Task

Facts = Mapping[str, Any]
LEAST_SECRET = 12
"""Letters of a secret at least: shorter ones could be guessed from their commitment."""


EXPERT = "as_expert"


# -- automatic steps


def open_draw(unit: Unit, case: Case, facts: Facts) -> Facts:
    """Fix who may be drawn: a whole panel, or the seat of an expert who stood down.

    Sets `draw_state` "open", or "too_few" where the pool can't fill every seat by lot.
    """
    vacancy = find_vacancy(unit.session, case.id)
    panel_no = _next_panel(unit.session, case, facts) if vacancy is None else vacancy.panel_no
    seats = _plan(case, facts) if vacancy is None else (Seat(vacancy.seat, vacancy.speciality),)
    wanted = {seat.speciality for seat in seats}
    pool = load_pool(unit.session, case, facts, wanted, post=EXPERT, on=unit.today)
    short = drawing.find_short(seats, pool.candidates)
    if short:
        told = {"short": [seat.line for seat in short], "left_out": dict(pool.left_out)}
        unit.record("draw.too_few", told, case_id=case.id)
        return {"draw_state": "too_few"}
    replaces = vacancy.seat_id if vacancy is not None else None
    _insert_draw(unit, case, facts, pool, seats, panel_no, replaces)
    return {"draw_state": "open", "redraws": _redraws(unit.session, case.id)}


def _plan(case: Case, facts: Facts) -> tuple[Seat, ...]:
    return drawing.plan_seats(
        int(facts["panel_size"]),
        str(facts["lead_speciality"]),
        facts.get("specialities") or (),
        device=facts.get("confirmation_type") == drawing.DEVICE,
    )


def _next_panel(session: Session, case: Case, facts: Facts) -> int:
    """The panel that is to be drawn: the one under way, the next where it was dissolved."""
    newest = newest_panel(session, case.id)
    if newest is None:
        return 1
    return newest + 1 if list_seats(session, case.id, newest) else newest


def _redraws(session: Session, case_id: int) -> int:
    """Draws beyond the first of each panel (RSK-18)."""
    return count_draws(session, case_id) - (newest_panel(session, case_id) or 0)


def _insert_draw(
    unit: Unit,
    case: Case,
    facts: Facts,
    pool: Pool,
    seats: tuple[Seat, ...],
    panel_no: int,
    replaces: int | None,
) -> None:
    uid = uuid4()
    digest = drawing.hash_candidates(str(uid), seats, pool.candidates)
    row = insert(ExpertDraw).values(
        uid=uid,
        case_id=case.id,
        panel_no=panel_no,
        round=count_draws(unit.session, case.id) + 1,
        kind="panel" if replaces is None else "seat",
        replaces=replaces,
        device=facts.get("confirmation_type") == drawing.DEVICE,
        reach="region" if facts.get("cross_region") else "city",
        candidate_hash=digest,
        left_out=dict(pool.left_out),
        opened_at=unit.now,
    )
    draw_id = unit.session.execute(row.returning(ExpertDraw.id)).scalar_one()
    plan = [{"draw_id": draw_id, "seat": one.number, "speciality": one.speciality} for one in seats]
    unit.session.execute(insert(ExpertDrawSeat), plan)
    unit.session.execute(insert(ExpertDrawCandidate), [_row(draw_id, one, pool) for one in pool.candidates])
    told = {"draw": str(uid), "panel": panel_no, "seats": [one.line for one in seats], "replaces": replaces}
    counted = {"candidates": len(pool.candidates), "candidate_hash": digest, "left_out": dict(pool.left_out)}
    unit.record("draw.opened", {**told, **counted}, case_id=case.id)


def _row(draw_id: int, candidate: Candidate, pool: Pool) -> dict[str, Any]:
    return {
        "draw_id": draw_id,
        "key": candidate.key,
        "person_id": pool.persons[candidate.key],
        "city": candidate.city,
        "specialities": sorted(candidate.specialities),
    }


def seat_experts(unit: Unit, case: Case, facts: Facts) -> Facts:
    """Both secrets are out: seat who was drawn. The database computes the draw again and refuses anybody else."""
    found = _required_draw(unit.session, case.id)
    published = found.published()
    seed = drawing.make_seed(
        found.candidate_hash, published.secrets[drawing.OPERATOR], published.secrets[drawing.WITNESS]
    )
    drawn = drawing.select_experts(seed, published.seats, published.candidates)
    rows = [
        {
            "case_id": case.id,
            "panel_no": found.panel_no,
            "seat": seat,
            "draw_id": found.draw_id,
            "key": key,
            "person_id": found.persons[key],
            "replaces": found.replaces,
            "drawn_at": unit.now,
        }
        for seat, key in drawn.items()
    ]
    unit.session.execute(insert(ExpertSeat), rows)
    told = {"draw": found.uid, "seed": seed, "seats": {str(seat): key for seat, key in drawn.items()}}
    unit.record("draw.drawn", told, case_id=case.id)
    return {"draw_state": "drawn"}


# -- what people do in their tasks


def commit_secret(unit: Unit, case: Case, task: Task, facts: Facts, form: Facts) -> None:
    """Operator or witness binds himself to a secret. Raise InvalidInput `not_a_commitment`, DrawNotOpen."""
    found = _required_draw(unit.session, case.id)
    commitment = str(form.get("task_commitment") or "").strip().lower()
    if not drawing.HEX.fullmatch(commitment):
        raise InvalidInput({"task_commitment": ("not_a_commitment", {})})
    row = {
        "draw_id": found.draw_id,
        "role": _role(task),
        "person_id": unit.actor.own_person_id,
        "task_id": task.id,
        "commitment": commitment,
        "at": unit.now,
    }
    unit.session.execute(insert(ExpertDrawCommitment), [row])
    told = {"draw": found.uid, "role": _role(task), "commitment": commitment}
    unit.record("draw.committed", told, task_id=task.id)


def reveal_secret(unit: Unit, case: Case, task: Task, facts: Facts, form: Facts) -> None:
    """The committer tells his secret, or the draw is given up because it is lost.

    Raise InvalidInput `secret_mismatch`, `required`; NotTheCommitter, DrawNotOpen.
    """
    found, role = _required_draw(unit.session, case.id), _role(task)
    if form.get("outcome") == "lost":
        _void(unit, found, task, str(form.get("opinion") or ""))
        return
    secret = str(form.get("task_secret") or "").strip()
    if found.committers.get(role) != unit.actor.person_id:
        raise NotTheCommitter()
    if drawing.commit(found.uid, role, secret) != found.commitments.get(role):
        raise InvalidInput({"task_secret": ("secret_mismatch", {})})
    row = {
        "draw_id": found.draw_id,
        "role": role,
        "person_id": unit.actor.own_person_id,
        "secret": secret,
        "at": unit.now,
    }
    unit.session.execute(insert(ExpertDrawSecret), [row])
    unit.record("draw.revealed", {"draw": found.uid, "role": role}, task_id=task.id)


def _void(unit: Unit, found: DrawView, task: Task, reason: str) -> None:
    if len(reason.strip()) < 2:
        raise InvalidInput({"opinion": ("required", {})})
    row = {
        "draw_id": found.draw_id,
        "reason": reason,
        "person_id": unit.actor.own_person_id,
        "task_id": task.id,
        "at": unit.now,
    }
    unit.session.execute(insert(ExpertDrawVoid), [row])
    unit.record("draw.given_up", {"draw": found.uid, "reason": reason}, task_id=task.id)


def confirm_panel(unit: Unit, case: Case, task: Task, facts: Facts, form: Facts) -> None:
    """The panel stands, or one seat is drawn again because its expert stood down.

    Raise InvalidInput for a seat nobody sits on, a missing cause or reason.
    """
    if form.get("outcome") != "redraw_seat":
        return
    panel_no = newest_panel(unit.session, case.id) or 1
    sitting = {str(one.seat): one for one in list_seats(unit.session, case.id, panel_no)}
    number, cause = str(form.get("task_seat") or ""), str(form.get("task_cause") or "")
    reason = str(form.get("opinion") or "").strip()
    checks = {"task_seat": number in sitting, "task_cause": bool(cause), "opinion": len(reason) >= 2}
    wrong = [key for key, right in checks.items() if not right]
    if wrong:
        raise InvalidInput({key: ("required", {}) for key in wrong})
    row = {
        "seat_id": sitting[number].seat_id,
        "cause": cause,
        "reason": reason,
        "person_id": unit.actor.own_person_id,
        "task_id": task.id,
        "at": unit.now,
    }
    unit.session.execute(insert(ExpertVacancy), [row])
    unit.record("draw.seat_vacated", {"seat": number, "cause": cause, "reason": reason}, task_id=task.id)


def check_plan(unit: Unit, case: Case, task: Task, facts: Facts, form: Facts) -> None:
    """The seats the file review asks for can be laid out. Raise InvalidInput on `specialities`."""
    if not facts.get("panel_size") or not facts.get("lead_speciality"):
        return
    try:
        _plan(case, facts)
    except DrawInvalid as invalid:
        raise InvalidInput({"specialities": ("too_many_specialities", invalid.params)}) from None


def sign_opinion(unit: Unit, case: Case, task: Task, facts: Facts, form: Facts) -> None:
    """One expert's opinion. Raise NotOnPanel, InvalidInput for what doesn't go together."""
    seat = find_own_seat(unit.session, case.id, unit.actor.person_id or 0)
    if seat is None:
        raise NotOnPanel()
    signed = form.get("outcome") == "agree_signed"
    remark = str(form.get("opinion") or "").strip()
    content = {key.removeprefix("task_"): value for key, value in form.items() if key.startswith("task_")}
    if signed:
        _check_content(content)
    elif not remark:
        raise InvalidInput({"opinion": ("required", {})})
    row = {
        "task_id": task.id,
        "seat_id": seat,
        "person_id": unit.actor.own_person_id,
        "verdict": "signed" if signed else "tests",
        "content": content if signed else {},
        "remark": remark,
        "signed_at": unit.now,
    }
    unit.session.execute(insert(PanelOpinion), [row])
    unit.record("panel.opinion_signed", {"seat": seat, "verdict": row["verdict"]}, task_id=task.id)


def _check_content(content: Mapping[str, Any]) -> None:
    """A grade, or full incapacity, comes with the items of the standard it rests on; below the scale there is neither
    grade nor care."""
    needed = {"graded": ("grade", "items"), "incapacitated": ("items",)}
    found = content.get("incapacity") or content.get("result")
    wrong = [key for key in needed.get(str(found), ()) if not content.get(key)]
    if wrong:
        raise InvalidInput({f"task_{key}": ("required", {}) for key in wrong})


def _role(task: Task) -> str:
    return drawing.OPERATOR if task.duty == "draw" else drawing.WITNESS


def _required_draw(session: Session, case_id: int) -> DrawView:
    found = find_open_draw(session, case_id)
    if found is None:
        raise DrawNotOpen()
    return found
