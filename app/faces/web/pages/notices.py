"""What is under the bell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.faces.translation import Lazy, _, _l
from app.faces.web.acting import Standing, carry_out, reading, standing
from app.faces.web.language import pick
from app.faces.web.words import moment
from app.kernel.worklist.models import Notification
from app.kernel.worklist.notices import list_notifications, mark_read

pages = Blueprint("notices", __name__)
SHOWN = 50

WORDS: dict[str, tuple[str, Lazy]] = {
    "task_assigned": ("inbox", _l("%(case_no)s %(subject)s：%(title)s已分派给您")),
    "task_taken_away": ("people", _l("%(case_no)s %(subject)s：%(title)s已改派给别人")),
    "waiting_for_staff": (
        "exclamation-triangle",
        _l("%(case_no)s %(subject)s：%(title)s等人办理，本级没有合格人员"),
    ),
    "clock_warned": ("hourglass-split", _l("%(case_no)s %(subject)s：%(title)s已用去八成")),
    "clock_breached": ("exclamation-octagon-fill", _l("%(case_no)s %(subject)s：%(title)s已超期")),
}


@dataclass(frozen=True)
class NoticeRow:
    """One notice."""

    words: str
    when: str
    iso: str
    mark: str
    url: str
    unread: bool


@dataclass(frozen=True)
class NoticesPage:
    """The list."""

    words: str
    unread: int
    rows: Sequence[NoticeRow]


@pages.get("/notices")
def show() -> str:
    """Newest first, unread ones marked; looking alone does not mark them read."""
    with reading() as session:
        return render_template("pages/notices.html", page=_page(session, standing()))


@pages.post("/notices/read")
def read() -> Response:
    """Mark all as read."""
    carry_out(mark_read)
    return redirect(url_for("notices.show", said="read"))


def _page(session: Session, who: Standing) -> NoticesPage:
    found = list_notifications(session, who.person_id, SHOWN)
    unread = sum(1 for item in found if item.read_at is None)
    return NoticesPage(_("%(n)s 条未读", n=unread), unread, [_row(item, who) for item in found])


def _row(item: Notification, who: Standing) -> NoticeRow:
    mark, words = WORDS.get(item.code, ("info-circle", _l("%(case_no)s %(subject)s：%(title)s")))
    return NoticeRow(
        words=str(words) % _params(item.params),
        when=moment(item.at, who.today),
        iso=item.at.isoformat(),
        mark=mark,
        url=url_for("case.show", case_id=item.case_id) if item.case_id else "",
        unread=item.read_at is None,
    )


def _params(params: Mapping[str, str]) -> dict[str, str]:
    title = pick(params.get("title_zh", ""), params.get("title_en", ""))
    return {"case_no": params.get("case_no", ""), "subject": params.get("subject", ""), "title": title}
