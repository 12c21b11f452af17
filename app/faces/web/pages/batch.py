"""Batch approval: choose, open (each dossier binds and is recorded), look, tick, sign; one result per case."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from flask import Blueprint, redirect, render_template, request, stream_template, url_for
from werkzeug.wrappers import Response

from app.faces.refusal_texts import text_of
from app.faces.translation import _
from app.faces.web.acting import carry_out, reading, standing
from app.faces.web.pages.batch_build import batch_page, preview_page, result_words, why_excluded
from app.faces.web.pages.batch_view import BatchPage, ResultRow, ResultsPage
from app.faces.web.posted import Posted, posted_form
from app.kernel.engine.dossier import get_case
from app.kernel.engine.operations import complete_task
from app.kernel.refusals import Refusal
from app.kernel.transaction import Unit
from app.kernel.worklist.batch import MOST, OUTCOME, BatchItem, list_batch
from app.kernel.worklist.operations import claim_task, open_task
from app.kernel.worklist.queries import get_task_case_id

pages = Blueprint("batch", __name__, url_prefix="/batch")
log = logging.getLogger(__name__)
LONGEST_OPINION = 2000


@pages.get("/")
def show() -> str:
    """What could be signed together, and what must be looked at one by one, with the reason."""
    return render_template("pages/batch.html", page=_chosen(request.args.getlist("task")))


@pages.post("/open")
def open_chosen() -> Response | tuple[str, int]:
    """Claim and open each chosen dossier: binds, is recorded, one transaction each."""
    posted, ids = posted_form(), _ids(request.form.getlist("task"))
    if not ids:
        page = replace(_chosen([]), refusal=_("请先勾选要一起审核的案件。"))
        return render_template("pages/batch.html", page=page), 422
    failed = {}
    for item in _items(ids):
        if item.excluded:
            continue
        try:
            carry_out(
                partial(_take, task_id=item.task.id),
                case_id=item.row.case.id,
                posted=_of_item(posted, item.task.id),
            )
        except Refusal as refusal:
            failed[item.task.id] = text_of(refusal)
    if failed:
        return _preview(ids, failed=failed), 409
    return redirect(url_for("batch.preview", task=ids))


@pages.get("/preview")
def preview() -> str:
    """Key facts, earlier opinions, rule hits and warnings of each opened case; the reading is recorded."""
    return _preview(_ids(request.args.getlist("task")))


@pages.post("/complete")
def complete() -> Response | tuple[str, int] | Iterator[str]:
    """Sign the ticked ones, each in its own transaction; the page grows by a line with each result."""
    posted, ids = posted_form(), _ids(request.form.getlist("task"))
    ticked = _versions(request.form.getlist("ticked"))
    opinion = request.form.get("opinion", "").strip()
    if not ticked or not 2 <= len(opinion) <= LONGEST_OPINION:
        refusal = _("请逐件勾选。") if not ticked else _("请填写审核意见（2 到 2000 字）。")
        return _preview(ids, refusal=refusal, opinion=opinion), 422
    page = ResultsPage(total=len(ticked), opinion=opinion)
    return stream_template("pages/batch_done.html", page=page, rows=_sign_all(ticked, opinion, posted))


def _sign_all(ticked: dict[int, int], opinion: str, posted: Posted) -> Iterator[ResultRow]:
    known = {item.task.id: item for item in _items(list(ticked))}
    for place, (task_id, version) in enumerate(ticked.items(), start=1):
        yield _sign(place, task_id, version, opinion, posted, known.get(task_id))


def _sign(
    place: int, task_id: int, version: int, opinion: str, posted: Posted, item: BatchItem | None
) -> ResultRow:
    """Done, refused with the reason, or failed. A second submit of the same form answers the first result."""
    row = ResultRow(
        place=place,
        case_no=item.row.case.case_no if item else "",
        worker=item.row.case.subject_name if item else "",
    )
    try:
        with reading() as session:
            case_id = get_task_case_id(session, task_id)
        row = replace(row, url=url_for("case.show", case_id=case_id))
        excluded = why_excluded(item) if item is not None else ""
        if excluded:
            return replace(row, state="refused", words=excluded)
        submitted = {"outcome": OUTCOME, "opinion": opinion}
        operation = partial(complete_task, task_id=task_id, submitted=submitted, version=version)
        carry_out(operation, case_id=case_id, posted=_of_item(posted, task_id))
        return _named(row, case_id)
    except Refusal as refusal:
        return replace(row, state="refused", words=text_of(refusal))
    except Exception:
        log.exception("batch approval of task %s failed", task_id)
        return replace(row, state="failed", words=_("办理出错，没有改变这个案件，请到案件里单独办理。"))


def _named(row: ResultRow, case_id: int) -> ResultRow:
    """A replayed item is open no more: its case is named from the case itself."""
    with reading() as session:
        case = get_case(session, case_id)
        done = replace(row, state="done", words=result_words(session, case_id))
        return replace(done, case_no=case.case_no, worker=case.subject_name)


def _take(unit: Unit, task_id: int) -> None:
    claim_task(unit, task_id)
    open_task(unit, task_id)


def _of_item(posted: Posted, task_id: int) -> Posted:
    """Each item of a form is an intention of its own."""
    return replace(posted, key=f"{posted.key[:40]}:{task_id}" if posted.key else "")


def _chosen(given: Sequence[str]) -> BatchPage:
    with reading() as session:
        who = standing()
        items = list_batch(session, who.person_id, None, who.now, who.today)
        return batch_page(session, items, frozenset(_ids(given)), who)


def _items(ids: Sequence[int]) -> list[BatchItem]:
    with reading() as session:
        who = standing()
        return list_batch(session, who.person_id, ids, who.now, who.today)


def _preview(
    ids: Sequence[int], *, refusal: str = "", opinion: str = "", failed: dict[int, str] | None = None
) -> str:
    page = preview_page(_items(ids), standing(), failed or {})
    page = replace(page, refusal=refusal, opinion=opinion)
    return render_template("pages/batch_preview.html", page=page)


def _ids(given: Sequence[str]) -> list[int]:
    found = [int(one) for one in given if one.isascii() and one.isdigit() and len(one) < 18]
    return list(dict.fromkeys(found))[:MOST]


def _versions(given: Sequence[str]) -> dict[int, int]:
    """`task:version` of the ticked rows: what was looked at is what is signed."""
    pairs = [one.split(":") for one in given[:MOST]]
    return {int(a): int(b) for a, b in (p for p in pairs if len(p) == 2) if a.isdigit() and b.isdigit()}
