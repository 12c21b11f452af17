"""Where a case begun elsewhere may come in: `[[take_over]]` of a manifest. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from app.kernel.engine.dialect import StepSpec

Manifest = Mapping[str, Any]
Problem = tuple[str, str]
"""What is wrong, in Chinese and English."""

MOMENTS: Final = ("date", "datetime")
PLACES: Final = ("user", "call")
"""What waits for people; beside them an automatic step without document or effect, which is then done here."""
_KEYS: Final = {
    "entry",
    "title_zh",
    "title_en",
    "requires",
    "purposes",
    "clocks",
    "counts",
    "sets",
    "track",
    "registers",
}


@dataclass(frozen=True)
class Entry:
    """A step at which a case may be taken over.

    `requires`: facts with the true dates, in the order in which they must lie; `purposes`: all facts that these
    purposes require were there (application, acceptance, …); `clocks` run from those dates, each from the fact it
    counts from, or from the one that `counts` names for it here; `sets`: variables that the steps before would have
    set; `track`: the procedure chosen before; `registers`: the step that registers, an automatic one of the domain,
    whose work is done here all the same (what can be told from shared data).
    """

    step: str
    title_zh: str
    title_en: str
    requires: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ("application",)
    clocks: tuple[str, ...] = ()
    counts: Mapping[str, str] = field(default_factory=dict)
    sets: Mapping[str, Any] = field(default_factory=dict)
    track: str | None = None
    registers: str | None = None

    @property
    def key(self) -> str:
        """Its name in forms and files: the step, with the track where one is named."""
        return f"{self.step}.{self.track}" if self.track else self.step


@dataclass(frozen=True)
class PaperDecision:
    """What must be stated of a case that was decided elsewhere: dates in their order, and facts by purpose."""

    requires: tuple[str, ...]
    purposes: tuple[str, ...] = ("application",)


def read_paper_decision(manifest: Manifest) -> PaperDecision | None:
    """`[paper_decision]`; None: cases decided elsewhere aren't entered."""
    table = manifest.get("paper_decision")
    if not isinstance(table, Mapping):
        return None
    return PaperDecision(_names(table, "requires"), _names(table, "purposes") or ("application",))


def read_entries(manifest: Manifest) -> dict[str, Entry]:
    """By key, in the order of the manifest."""
    return {(one := _entry(row)).key: one for row in _rows(manifest)}


def _rows(manifest: Manifest) -> list[Mapping[str, Any]]:
    rows = manifest.get("take_over", ())
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


def _entry(row: Mapping[str, Any]) -> Entry:
    sets, counts = row.get("sets", {}), row.get("counts", {})
    return Entry(
        step=str(row.get("entry", "")),
        title_zh=str(row.get("title_zh", "")),
        title_en=str(row.get("title_en", "")),
        requires=_names(row, "requires"),
        purposes=_names(row, "purposes") or ("application",),
        clocks=_names(row, "clocks"),
        counts={str(ref): str(fact) for ref, fact in counts.items()} if isinstance(counts, Mapping) else {},
        sets=dict(sets) if isinstance(sets, Mapping) else {},
        track=str(row["track"]) if row.get("track") else None,
        registers=str(row["registers"]) if row.get("registers") else None,
    )


def _names(row: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = row.get(key, ())
    return tuple(map(str, value)) if isinstance(value, list) else ()


def entry_problems(manifest: Manifest, steps: Mapping[str, StepSpec]) -> Iterator[Problem]:
    """Steps, facts and clocks that aren't there, keys nobody reads, two entries of one name."""
    rows = _rows(manifest)
    if len(rows) != len(manifest.get("take_over", ())):
        yield "[[take_over]] 应为表的数组", "[[take_over]] is not an array of tables"
        return
    for row in rows:
        for key in sorted(row.keys() - _KEYS):
            yield f"[[take_over]] 有未知的键 {key}", f"[[take_over]]: unknown key {key}"
        yield from _problems(_entry(row), manifest, steps)
    if len(read_entries(manifest)) != len(rows):
        yield "[[take_over]] 有两处相同的入口", "[[take_over]]: an entry stands there twice"
    if (decided := read_paper_decision(manifest)) is not None:
        yield from _date_problems("[paper_decision]", decided.requires, manifest)
        if "decided_at" not in decided.requires:
            yield (
                "[paper_decision] 的 requires 须含 decided_at",
                "[paper_decision]: requires lacks decided_at",
            )


def _problems(entry: Entry, manifest: Manifest, steps: Mapping[str, StepSpec]) -> Iterator[Problem]:
    where = f"[[take_over]] {entry.key}"
    step = steps.get(entry.step)
    own = step is not None and step.process == manifest.get("process", {}).get("key")
    if step is None or not own or not (step.kind in PLACES or _is_harmless(step)):
        yield (
            f"{where}：入口须是本流程的任务、调用环节，或者不出文书、没有效果的自动环节",
            f"{where}: the entry must be a task or call of the process itself, or an automatic step without document or"
            " effect",
        )
    if not (entry.title_zh and entry.title_en):
        yield f"{where} 缺少 title_zh 或 title_en", f"{where} has no title_zh or title_en"
    if entry.registers and not _is_harmless(steps.get(entry.registers)):
        yield (
            f"{where}：registers 须是不出文书、没有效果的自动环节",
            f"{where}: registers must be an automatic step without document or effect",
        )
    yield from _date_problems(where, entry.requires, manifest)
    yield from _clock_problems(where, entry, manifest)


def _is_harmless(step: StepSpec | None) -> bool:
    """Clocks of the step don't count: those of the entry do."""
    return step is not None and step.kind == "service" and step.effect is None and step.document is None


def _date_problems(where: str, requires: tuple[str, ...], manifest: Manifest) -> Iterator[Problem]:
    facts = manifest.get("fact", {})
    for key in requires:
        if facts.get(key, {}).get("type") not in MOMENTS:
            yield f"{where} 的 requires 须是日期事实：{key}", f"{where}: {key} is no fact that holds a date"


def _clock_problems(where: str, entry: Entry, manifest: Manifest) -> Iterator[Problem]:
    """A clock needs the fact it counts from, stated or told by the step that registers: a date that nobody tells would
    be the day of entry."""
    facts = manifest.get("fact", {})
    stated = {
        *entry.requires,
        *(key for key, one in facts.items() if one.get("required_for") in entry.purposes),
        *(key for key, one in facts.items() if entry.registers and one.get("origin") == "system"),
    }
    for ref in entry.clocks:
        clock = manifest.get("clock", {}).get(ref)
        if clock is None:
            yield f"{where} 引用未知时限 {ref}", f"{where}: no clock {ref}"
        elif entry.counts.get(ref, clock.get("from_fact")) not in stated:
            yield (
                f"{where}：时限 {ref} 起算的日期不在 requires 中",
                f"{where}: the date from which clock {ref} counts isn't among requires",
            )
