"""What the page of one injury prints: a lane for each authority, in it the cases with what the reader may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.faces.web.parts import ClockView, Duty


@dataclass(frozen=True)
class PaperLine:
    """A document: `url` where the reader may open it."""

    title: str
    number: str
    when: str
    state: str
    url: str = ""


@dataclass(frozen=True)
class ActLine:
    """A duty with everybody who performed it, in the order they did."""

    duty: Duty
    people: Sequence[str]


@dataclass(frozen=True)
class MoneyLine:
    """A payable: what, to whom, how much (yuan), from whose money, since when."""

    item: str
    payee: str
    amount: str
    payer: str
    since: str
    state: str
    tone: str


@dataclass(frozen=True)
class InjuryCase:
    """A case. Without `readable` only what the law passes on to the reader's authority: number, state, documents."""

    case_no: str
    title: str
    role: str
    place: str
    state: str
    tone: str
    risk: str
    dates: Sequence[str]
    clock: ClockView | None
    papers: Sequence[PaperLine]
    acts: Sequence[ActLine]
    money: Sequence[MoneyLine]
    readable: bool
    url: str = ""
    here: bool = False
    passed_on: str = ""
    """Why the reader sees these documents of another authority's case, or that there are none."""


@dataclass(frozen=True)
class Lane:
    """One authority's cases, oldest first."""

    authority: str
    cases: Sequence[InjuryCase]


@dataclass(frozen=True)
class InjuryPage:
    subject: str
    organisation: str
    event: str
    remark: str
    case_no: str
    case_url: str
    lanes: Sequence[Lane]
    messages: Sequence[str]
    """What the cases told each other, oldest first."""
    moves: Sequence[str]
