"""Who I am, and my queue."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from app.faces.api.callers import caller, kernel, reading
from app.faces.api.shapes import row_shape
from app.kernel.duties.refusals import DutyDenied
from app.kernel.duties.views import Action, deny
from app.kernel.refusals import InvalidInput
from app.kernel.worklist.outlooks import foresee_rows
from app.kernel.worklist.queries import PAGE_SIZE, QueueFilter, Sort, Tab, list_queue

endpoints = Blueprint("queue", __name__, url_prefix="/v1")
LONGEST_SEARCH, LAST_PAGE = 60, 10_000


@endpoints.get("/me")
def me() -> dict[str, Any]:
    """The account, its person and the posts held today."""
    who = caller()
    return {
        "account": who.token.login,
        "person": who.token.person_name or None,
        "posts": [
            {
                "post": post.key,
                "title": {"zh": post.title_zh, "en": post.title_en},
                "region": post.region_code,
            }
            for post in who.posts
        ],
    }


@endpoints.get("/queue")
def show() -> dict[str, Any]:
    """One page of a tab: mine, can_take, all, done. `q` searches, `sort` orders (due, received, case_no)."""
    who = caller()
    if who.actor.person_id is None:
        raise DutyDenied(deny("machine_holds_no_duty"), Action.READ, None, None, None)
    wanted = _wanted()
    with reading() as session:
        found = list_queue(session, who.actor.person_id, wanted, who.now, who.today)
        rows = foresee_rows(
            session, kernel().ports.routes, found.rows, who.actor.person_id, who.now, who.today
        )
        return {
            "rows": [row_shape(row) for row in rows],
            "page": found.page,
            "pages": found.pages,
            "page_size": PAGE_SIZE,
            "total": found.total,
            "total_is_a_minimum": found.capped,
        }


def _wanted() -> QueueFilter:
    """Raise InvalidInput by parameter."""
    args = request.args
    wrong: dict[str, tuple[str, dict[str, object]]] = {}
    for name, known in (("tab", set(Tab)), ("sort", set(Sort))):
        if args.get(name, "") and args[name] not in known:
            wrong[name] = ("not_an_option", {})
    page = args.get("page", "1")
    if not (page.isascii() and page.isdigit() and len(page) < 6 and 0 < int(page) <= LAST_PAGE):
        wrong["page"] = ("not_integer", {})
    if wrong:
        raise InvalidInput(wrong)
    return QueueFilter(
        tab=Tab(args.get("tab") or Tab.MINE),
        search=args.get("q", "").strip()[:LONGEST_SEARCH],
        sort=Sort(args.get("sort") or Sort.DUE),
        page=int(page),
    )
