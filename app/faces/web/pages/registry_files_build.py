"""Files put up for the register: the list, one file with its lines, put into words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from app.domain.registry.change_kind import CHANGING, STATUS_WORDS
from app.domain.registry.history import find_change, find_import, list_files
from app.domain.registry.importing import get_file
from app.domain.registry.kinds import KINDS, Kind
from app.domain.registry.recording import STATUSES
from app.domain.registry.search import PAGE_SIZE, Page
from app.faces.refusal_texts import text_of_field
from app.faces.translation import _, pick
from app.faces.web.acting import Standing
from app.faces.web.pages.registry_build import page_number, pager, registry_tabs
from app.faces.web.pages.registry_view import Cell, FilePage, ImportsPage, Table
from app.faces.web.parts import Choice, ErrorLine, Link
from app.faces.web.registry_access import may_put_up
from app.faces.web.words import moment

SHOWN = 30
TONES = {"new": "ok", "corrects": "soon", "voids": "soon", "refused": "over"}


def imports_page(
    session: Session, who: Standing, key: str, kind: str, problems: list[ErrorLine]
) -> ImportsPage:
    """The latest files and what became of them."""
    lines = [
        [
            Cell(row.name, url_for("registry_files.show_file", file_id=row.id)),
            Cell(pick(KINDS[row.kind].zh, KINDS[row.kind].en)),
            Cell(_counted(row.preview["counts"])),
            Cell(name or "—", remark=moment(row.uploaded_at, who.today)),
            Cell("", tag=_("未写入") if at is None else _("已写入"), tone="" if at is None else "ok"),
        ]
        for row, name, at in list_files(session, SHOWN)
    ]
    heads = (_("文件"), _("种类"), _("行"), _("上传"), _("情况"))
    return ImportsPage(
        registry_tabs(who, "registry_files.show"),
        Table(_("最近的文件"), heads, lines, _("还没有文件。")),
        [Choice(one.key, pick(one.zh, one.en), one.key == kind) for one in KINDS.values()],
        may_put_up(who),
        [(pick(one.zh, one.en), _columns(one)) for one in KINDS.values()],
        key,
        problems,
    )


def _columns(kind: Kind) -> str:
    words = [
        column.zh if column.required else _("%(column)s（可空）", column=column.zh) for column in kind.columns
    ]
    return _("、").join(words)


def _counted(counts: Mapping[str, int]) -> str:
    told = [f"{pick(*STATUS_WORDS[status])} {counts[status]}" for status in STATUSES if counts[status]]
    return _("，").join(told)


def file_page(
    session: Session,
    who: Standing,
    file_id: int,
    key: str,
    typed: Mapping[str, str],
    *,
    args: Mapping[str, str] | None = None,
    problems: list[ErrorLine] | None = None,
) -> FilePage:
    """One file: as applied where it was, else as it would be. Raise RegistryFileNotFound."""
    row = get_file(session, file_id)
    done = find_import(session, file_id)
    results = done.results if done is not None else row.preview
    kind, counts = KINDS[row.kind], results["counts"]
    facts = [
        (_("种类"), pick(kind.zh, kind.en)),
        (_("上传"), moment(row.uploaded_at, who.today)),
        (_("摘要"), row.digest),
    ]
    if done is not None:
        facts.append((_("写入"), moment(done.at, who.today)))
    table, ways = _lines(results["lines"], kind, file_id, args or {})
    return FilePage(
        tabs=registry_tabs(who, "registry_files.show"),
        title=row.name,
        facts=facts,
        counts=[(pick(*STATUS_WORDS[one]), str(counts[one]), TONES.get(one, "")) for one in STATUSES],
        lines=table,
        pager=ways,
        propose_url=url_for("registry_files.propose", file_id=file_id),
        blocked=_blocked(who, counts, done=done is not None),
        change=_change(find_change(session, row)),
        reason=typed.get("reason", ""),
        ground=typed.get("ground", ""),
        key=key,
        problems=problems or [],
        errors={one.anchor: one.message for one in problems or []},
    )


def _blocked(who: Standing, counts: Mapping[str, int], *, done: bool) -> str:
    """Why nothing can be proposed; empty where it can."""
    if done:
        return _("这份文件已经写入登记库。")
    if not any(counts[status] for status in CHANGING):
        return _("没有要写入的行，不能提请。改好文件后重新上传。")
    if not may_put_up(who):
        return _("提请写入的是变更编制岗。")
    return ""


def _change(case_id: int | None) -> Link | None:
    return Link(url_for("changes.one", case_id=case_id), _("看变更")) if case_id else None


def _lines(
    lines: list[Mapping[str, Any]], kind: Kind, file_id: int, args: Mapping[str, str]
) -> tuple[Table, Any]:
    """Refused lines first, then the others in their order."""
    ordered = sorted(lines, key=lambda line: (line["status"] != "refused", line["number"]))
    number = page_number(args)
    shown = ordered[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
    names = {column.key: pick(column.zh, column.en) for column in kind.columns}
    rows = [
        [
            Cell(str(line["number"])),
            Cell("", tag=pick(*STATUS_WORDS[line["status"]]), tone=TONES.get(line["status"], "")),
            Cell(_("；").join(_fault(fault, names) for fault in line.get("faults", [])) or "—"),
        ]
        for line in shown
    ]
    address = url_for("registry_files.show_file", file_id=file_id)
    found = Page(shown, len(lines), number)
    return Table(_("逐行结果"), (_("行"), _("结果"), _("原因")), rows), pager(found, address, {})


def _fault(fault: Mapping[str, Any], names: Mapping[str, str]) -> str:
    words = text_of_field(fault["code"], fault["params"])
    column = names.get(fault["column"])
    return _("%(column)s：%(why)s", column=column, why=words) if column else words
