"""The report on a foreign event log as one HTML file: no scripts, nothing loaded from elsewhere, fit for print."""

from dataclasses import dataclass
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.faces.cli import audit_log_words as words
from app.faces.cli.audit_log_json import ReadFile
from app.faces.cli.audit_log_text import visible
from app.kernel.audit.logs import LogReport
from app.kernel.audit.logs.alone import Alone
from config import ROOT

TEMPLATE: Final = "foreign_log.html"
LONGEST_BARS: Final = 13  # sizes of cases shown one by one; the last column holds the rest
MOST_MONTHS: Final = 36
SHOWN: Final = 15


@dataclass(frozen=True)
class Column:
    """One column of a chart: its label, all cases and those by one person, and both as heights 0..100."""

    label: str
    cases: int
    alone: int
    height: float
    height_alone: float


def as_page(report: LogReport, file: ReadFile) -> str:
    """The whole page. Every name in it is escaped and stripped of control characters."""
    environment = Environment(
        loader=FileSystemLoader(ROOT / "templates" / "reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_harmless,
    )
    environment.filters.update(number=words.number)
    staffing = report.staffing
    return environment.get_template(TEMPLATE).render(
        report=report,
        file=file,
        share=words.share,
        shown=SHOWN,
        totals=words.totals(report),
        notes=words.notes(report),
        alone=words.alone(report),
        reasons=words.REASONS,
        staffing=staffing,
        staffing_rows=words.staffing(staffing, report.totals.cases) if staffing else [],
        sizes=sizes(report.alone),
        months=months(report.alone),
        pairs=report.suggestions if report.violations is None else report.violations,
        concentrated=[one for one in report.activities if one.concentrated],
        most_alone=max((one.min3 for one in report.alone.people[:SHOWN]), default=1) or 1,
        most_people=max((one.people for one in staffing.activities), default=1) or 1 if staffing else 1,
    )


def _harmless(value: Any) -> Any:
    """Names as they are, but control and direction characters written out; markup of our own stays."""
    return visible(value) if type(value) is str else value


def sizes(alone: Alone) -> list[Column]:
    """Cases by number of acts; long cases share the last column."""
    counts: dict[int, tuple[int, int]] = {}
    for acts, (cases, by_one) in alone.by_size.items():
        size = min(acts, LONGEST_BARS)
        had = counts.get(size, (0, 0))
        counts[size] = had[0] + cases, had[1] + by_one
    labels = {size: f"{size}+" if size == LONGEST_BARS else str(size) for size in counts}
    return _columns([(labels[size], *counts[size]) for size in sorted(counts)])


def months(alone: Alone) -> list[Column]:
    """Cases of three or more acts by the month they began in; the latest three years."""
    return _columns([(one.month, one.min3, one.alone_min3) for one in alone.periods[-MOST_MONTHS:]])


def _columns(rows: list[tuple[str, int, int]]) -> list[Column]:
    tallest = max((cases for _, cases, _ in rows), default=0) or 1
    return [
        Column(label, cases, alone, round(100 * cases / tallest, 2), round(100 * alone / tallest, 2))
        for label, cases, alone in rows
    ]
