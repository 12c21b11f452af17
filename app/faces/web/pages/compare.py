"""Two versions of a rule beside each other: `3` is a version, `d12` a draft; and proposals to go back or to end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from flask import Blueprint, abort, render_template, request, url_for
from sqlalchemy.orm import Session

from app.faces.translation import Lazy, _, _l
from app.faces.web.acting import reading
from app.faces.web.language import pick
from app.faces.web.pages.compare_view import CellView, ComparePage, Line, RowView, TableView
from app.faces.web.pages.designer_access import require_reader
from app.faces.web.pages.workbench_words import label
from app.faces.web.parts import Choice, Link
from app.kernel.decisions.catalogue.rule import HIT
from app.kernel.decisions.catalogue.versions import find_version, newest_version
from app.kernel.decisions.workbench.differences import Cell, DecisionChange, Row, compare_rules
from app.kernel.engine.workbench.queries import get_rule_draft, list_rule_drafts

pages = Blueprint("compare", __name__, url_prefix="/rules")

SIGNS: Mapping[str, tuple[str, Lazy, str]] = {
    "added": ("+", _l("新增"), "ok"),
    "removed": ("−", _l("删除"), "over"),
    "changed": ("≠", _l("修改"), "soon"),
    "same": ("=", _l("未改"), ""),
}
Files = Mapping[str, bytes]


@pages.get("/<rule_id>/compare")
def show(rule_id: str) -> str:
    """The differences; without an address the newest version and the one before."""
    require_reader()
    with reading() as session:
        newest = newest_version(session, rule_id)
        old = request.args.get("from", str(max(1, newest - 1)))
        new = request.args.get("to", str(newest))
        sides = _sides(session, rule_id, newest)
        page = _page(session, rule_id, old, new, sides)
    return render_template("pages/rule_compare.html", page=page)


def _sides(session: Session, rule_id: str, newest: int) -> dict[str, str]:
    """What may be compared, in words, by side."""
    sides = {str(number): _("第 %(n)s 版", n=number) for number in range(1, newest + 1)}
    for draft in list_rule_drafts(session, rule_id):
        sides[f"d{draft.id}"] = _("%(name)s的草稿（%(n)s）", name=draft.owner, n=draft.id)
    return sides


def _files(session: Session, rule_id: str, side: str) -> tuple[Files, str]:
    """Files and names of a side; 404 for one that isn't of this rule."""
    if side.startswith("d") and side[1:].isascii() and side[1:].isdigit() and len(side) < 12:
        draft = get_rule_draft(session, int(side[1:]))
        if draft.key == rule_id:
            return draft.files, pick(draft.name_zh, draft.name_en)
    elif side.isascii() and side.isdigit() and len(side) < 9:
        version = find_version(session, rule_id, int(side))
        if version is not None:
            return version.rule.files, pick(version.rule.manifest.name_zh, version.rule.manifest.name_en)
    return abort(404)


def _page(session: Session, rule_id: str, old: str, new: str, sides: Mapping[str, str]) -> ComparePage:
    before, _name = _files(session, rule_id, old)
    after, name = _files(session, rule_id, new)
    found = compare_rules(before, after)
    return ComparePage(
        title=f"{rule_id} {name}",
        key=rule_id,
        old_title=sides.get(old, old),
        new_title=sides.get(new, new),
        old_choices=[Choice(side, words, side == old) for side, words in sides.items()],
        new_choices=[Choice(side, words, side == new) for side, words in sides.items()],
        properties=[_line(_property_name(one.key), one.sign, one.old, one.new) for one in found.properties],
        tables=[_table(one) for one in found.decisions],
        cases=[_line(one.name, one.sign, one.old, one.new) for one in found.cases],
        unreadable="、".join(found.unreadable),
        same=found.none,
        ways=_ways(rule_id, new),
    )


def _ways(rule_id: str, new: str) -> list[Link]:
    if new.startswith("d"):
        return [Link(url_for("workbench.draft", draft_id=int(new[1:])), _("回草稿"))]
    return [Link(url_for("tuning.one", rule_id=rule_id), _("命中统计"))]


def _property_name(key: str) -> str:
    name, dot, part = key.partition(".")
    return f"{label(name)} {part}" if dot else label(name)


def _line(name: str, sign: str, old: str, new: str) -> Line:
    mark, words, tone = SIGNS[sign]
    return Line(name, f"{mark} {words}", tone, old, new)


def _table(change: DecisionChange) -> TableView:
    mark, words, tone = SIGNS[change.sign]
    told = change.old or change.new
    name = _("判断") if change.name == HIT else change.name
    line = _line(name, change.sign, change.old, change.new) if told else None
    return TableView(
        name,
        f"{mark} {words}",
        tone,
        list(_cells(change.columns)),
        [_row(one) for one in change.rows],
        line,
    )


def _row(row: Row) -> RowView:
    mark, words, tone = SIGNS[row.sign]
    numbers = [str(number) if number else "—" for number in (row.old, row.new)]
    number = numbers[1] if row.old == row.new else "→".join(numbers)
    return RowView(f"{mark} {words}", tone, number, list(_cells(row.cells)))


def _cells(cells: Iterable[Cell]) -> Sequence[CellView]:
    return [CellView(cell.old, cell.new, cell.changed) for cell in cells]
