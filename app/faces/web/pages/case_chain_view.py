"""What the pages of chains print: the part of the case page, transfer, doing a case again, leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.faces.web.parts import Choice, ErrorLine, Link


@dataclass(frozen=True)
class ChainRow:
    """A case of the chain; `url` where the reader may open it."""

    case_no: str
    title: str
    role: str
    place: str
    state: str
    tone: str
    when: str
    url: str = ""
    here: bool = False


@dataclass(frozen=True)
class ViolationLine:
    """A violation that touches the case; `url` leads to its ruling where the reader may propose one."""

    number: int
    words: str
    state: str
    tone: str
    detail: str
    url: str = ""
    ways: str = ""


@dataclass(frozen=True)
class MessageLine:
    """A message sent, received or awaited; `case_no` of the other case, `url` where the reader may open it."""

    words: str
    when: str
    state: str
    tone: str
    case_no: str = ""
    title: str = ""
    url: str = ""


@dataclass(frozen=True)
class ChainPart:
    """The panel 同一工伤."""

    remark: str
    rows: Sequence[ChainRow]
    moves: Sequence[str]
    violations: Sequence[ViolationLine]
    whole_url: str
    messages: Sequence[MessageLine] = ()
    transfer_url: str = ""
    again_url: str = ""
    link_url: str = ""
    split_url: str = ""


@dataclass(frozen=True)
class OfferRow:
    """An open task in the receiving office: who could take it."""

    step: str
    duty: str
    able: str
    unable: Sequence[str]
    holder: str = ""


@dataclass(frozen=True)
class TransferPage:
    """Choose an office, see who could take the work there, confirm."""

    case_no: str
    subject: str
    case_url: str
    url: str
    here: str
    targets: Sequence[Choice]
    chosen: str = ""
    offers: Sequence[OfferRow] = ()
    warning: str = ""
    reason: str = ""
    errors: Sequence[ErrorLine] = ()


@dataclass(frozen=True)
class AgainPage:
    """Confirm that a decided case is done again."""

    case_no: str
    subject: str
    case_url: str
    url: str
    roles: Sequence[Choice]
    signers: str
    carried: Sequence[str]
    reason: str = ""
    errors: Sequence[ErrorLine] = ()


@dataclass(frozen=True)
class LeadSide:
    """One case of a lead."""

    case_no: str
    title: str
    organisation: str
    event: str
    place: str
    url: str


@dataclass(frozen=True)
class LeadRow:
    """Two chains that may be one injury."""

    subject: str
    sides: Sequence[LeadSide]
    days: str
    link: Link | None
    under_way: Link | None


@dataclass(frozen=True)
class LeadsPage:
    """Leads, a page at a time."""

    remark: str
    rows: Sequence[LeadRow]
    windows: Sequence[Link] = field(default_factory=tuple)
    reach: Sequence[Link] = field(default_factory=tuple)
    earlier: str = ""
    later: str = ""
