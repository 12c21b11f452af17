"""The report on a foreign event log as text for a terminal: aligned, in both languages, names made harmless."""

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

from app.faces.cli import audit_log_words as words
from app.faces.cli.audit_log_words import Words, number, share
from app.kernel.audit.logs import LogReport
from app.kernel.audit.logs.pairs import PairFinding

SHOWN: Final = 10
WIDEST: Final = 44
GAP: Final = "  "

Row = Sequence[str]


def as_text(report: LogReport, name: str) -> str:
    """All sections, lists cut to ten lines."""
    sections = [
        [f"事件日志 / event log: {visible(name)}", *_figures(words.totals(report))],
        _notes(report),
        _alone(report),
        _pairs(report),
        _officers(report),
        _concentration(report),
        _staffing(report),
        _suspicious(report),
    ]
    return "\n\n".join("\n".join(section) for section in sections if section)


def visible(text: str) -> str:
    """Control and direction characters written out: a name must not steer the terminal."""
    return "".join(
        f"\\u{ord(sign):04x}" if unicodedata.category(sign) in ("Cc", "Cf", "Zl", "Zp", "Cs", "Co") else sign
        for sign in text
    )


def width(text: str) -> int:
    """Columns a text takes in a terminal."""
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        for sign in text
    )


def table(head: Row, rows: Iterable[Row], numbers: int) -> list[str]:
    """Lines of a table whose last `numbers` columns are set right; long texts are cut in the middle."""
    cells = [[_cut(visible(cell)) for cell in row] for row in (head, *rows)]
    widths = [max(width(row[column]) for row in cells) for column in range(len(head))]
    left = len(head) - numbers
    lines = []
    for row in cells:
        parts = [_padded(cell, widths[column], right=column >= left) for column, cell in enumerate(row)]
        lines.append(GAP + GAP.join(parts).rstrip())
    return lines


def _padded(cell: str, columns: int, *, right: bool) -> str:
    blanks = " " * (columns - width(cell))
    return blanks + cell if right else cell + blanks


def _cut(text: str) -> str:
    if width(text) <= WIDEST:
        return text
    head, tail = text, text
    while width(head) > WIDEST // 2:
        head = head[:-1]
    while width(tail) > WIDEST // 2 - 2:
        tail = tail[1:]
    return f"{head}…{tail}"


def _figures(rows: list[tuple[Words, str]]) -> list[str]:
    labels = [str(label) for label, _ in rows]
    widest = max(width(label) for label in labels)
    return [
        f"{GAP}{_padded(label, widest, right=False)}{GAP}{visible(value)}"
        for label, (_, value) in zip(labels, rows, strict=True)
    ]


def _more(all_: int) -> list[str]:
    return [f"{GAP}… {all_ - SHOWN:,}  (--json)"] if all_ > SHOWN else []


def _notes(report: LogReport) -> list[str]:
    found = words.notes(report)
    return ["说明 / notes", *(f"{GAP}· {visible(str(note))}" for note in found)] if found else []


def _alone(report: LogReport) -> list[str]:
    people = report.alone.people
    rows = [
        (
            one.person,
            ", ".join(one.examples[:2]),
            number(one.cases),
            number(one.min3),
            share(one.cases, one.took_part),
        )
        for one in people[:SHOWN]
    ]
    head = ("人员 / person", "例 / examples", "件 / cases", "≥3", "占其经办 / of own")
    listed = table(head, rows, 3) + _more(len(people)) if people else []
    return ["一人通办 / one person alone", *_figures(words.alone(report)), *listed]


def _pairs(report: LogReport) -> list[str]:
    if report.violations is not None:
        title = (
            f"活动对违规 / violations of the pairs: {report.pair_violations:,}"
            f"  ({report.violating_cases:,} 件 / cases)"
        )
        return [title, *_pair_table(report.violations, len(report.violations))]
    title = (
        "建议的活动对（不是违规，请先核实）/ suggested pairs (no violations: ask first, then make a policy)"
    )
    if not report.suggestions:
        return [title, f"{GAP}未发现 / none found"]
    return [title, *_pair_table(report.suggestions, SHOWN), *_more(len(report.suggestions))]


def _pair_table(found: list[PairFinding], most: int) -> list[str]:
    rows = [
        (
            one.pair[0],
            one.pair[1],
            ", ".join(f"{person} {cases}" for person, cases in one.people[:2]),
            number(one.same_person),
            number(one.together),
            share(one.same_person, one.together),
            number(one.undetermined),
        )
        for one in found[:most]
    ]
    head = (
        "活动 / activity",
        "活动 / activity",
        "人员 / persons",
        "同一人 / same",
        "案件 / of",
        "%",
        "不明 / ?",
    )
    return table(head, rows, 4) if rows else []


def _officers(report: LogReport) -> list[str]:
    found = report.officer_pairs
    title = f"固定搭档 / officer pairs (RSK-15, > 80%): {len(found)}"
    rows = [
        (
            one.earlier,
            f"→ {one.closer}",
            "总是 / always" if one.always else "互相 / mutual" if one.mutual else "",
            number(one.cases),
            number(one.of),
            f"{one.share:.0%}",
            f"{one.usual:.0%}",
        )
        for one in found[:SHOWN]
    ]
    head = ("先办 / earlier", "结案 / closer", "", "件 / cases", "共 / of", "%", "平均 / usual")
    return [title, *(table(head, rows, 4) if rows else []), *_more(len(found))]


def _concentration(report: LogReport) -> list[str]:
    found = [one for one in report.activities if one.concentrated]
    if not found:
        return []
    rows = [
        (one.activity, visible(one.first or ""), f"{one.share:.0%}", number(one.acts), number(one.people))
        for one in found[:SHOWN]
    ]
    head = ("活动 / activity", "人员 / person", "%", "行为 / acts", "人数 / people")
    return ["一人集中 / one officer has 60% or more (RSK-15)", *table(head, rows, 3), *_more(len(found))]


def _staffing(report: LogReport) -> list[str]:
    one = report.staffing
    if one is None:
        return []
    basis = "" if one.basis == "policy" else "（按建议的活动对 / by the suggested pairs）"
    lines = [
        f"分离所需人手 / what separation would need{basis}",
        *_figures(words.staffing(one, report.totals.cases)),
    ]
    rows = [(used.activity, number(used.people), number(used.slack)) for used in one.activities[:SHOWN]]
    if rows:
        lines += table(("活动 / activity", "人数 / people", "余量 / slack"), rows, 2) + _more(
            len(one.activities)
        )
    for kind in one.impossible[:SHOWN]:
        lines.append(
            f"{GAP}× {visible(' + '.join(kind.activities))}: {kind.cases:,} 件 / cases, "
            f"缺 / missing {kind.people_missing} ({visible(', '.join(kind.examples[:2]))})"
        )
    return lines + _more(len(one.impossible))


def _suspicious(report: LogReport) -> list[str]:
    found = report.suspicious
    if not found:
        return []
    rows = [
        (one.name, str(words.REASONS[one.reason]), ", ".join(one.like), number(one.acts))
        for one in found[:SHOWN]
    ]
    head = ("名称 / name", "原因 / reason", "相似 / like", "行为 / acts")
    title = "可疑名称（照常计入）/ suspicious names (counted as given)"
    return [title, *table(head, rows, 1), *_more(len(found))]
