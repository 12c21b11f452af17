"""What the pages of people, posts and requests print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.faces.web.pages.queue_view import Chip, FilterField, Pager
from app.faces.web.parts import Choice, Empty, ErrorLine, Link


@dataclass(frozen=True)
class Tag:
    """A word with a tone and a mark; never colour alone."""

    words: str
    tone: str = ""
    mark: str = ""


@dataclass(frozen=True)
class PersonLine:
    """One person in the list."""

    url: str
    name: str
    posts: Sequence[tuple[str, str]]
    more: int
    accounts: str
    used: str
    tags: Sequence[Tag] = ()


@dataclass(frozen=True)
class PeoplePage:
    tabs: Sequence[Link]
    remark: str
    query: str
    filters: Sequence[FilterField]
    chips: Sequence[Chip]
    cleared: str
    sorts: Sequence[Choice]
    sorted_column: int
    rows: Sequence[PersonLine]
    caption: str
    pager: Pager
    empty: Empty
    new_url: str = ""


@dataclass(frozen=True)
class GrantLine:
    """One grant on the person's timeline, with the four who gave it."""

    title: str
    place: str
    period: str
    state: Tag
    chain: Sequence[tuple[str, str]]
    recorded: str
    late: str = ""
    request_url: str = ""
    end_url: str = ""


@dataclass(frozen=True)
class AccountView:
    id: int
    login: str
    state: Tag
    created: str
    used: str
    record: str = ""
    active: bool = True
    locked: bool = False


@dataclass(frozen=True)
class DoubtView:
    id: int
    words: str
    ground: str
    raised: str
    state: Tag
    others: Sequence[Link] = ()
    merge_url: str = ""
    distinct_url: str = ""
    change_url: str = ""
    is_open: bool = True


@dataclass(frozen=True)
class RecordView:
    words: str
    number: str
    when: str
    merged: str = ""
    reason: str = ""
    change_url: str = ""


@dataclass(frozen=True)
class StepView:
    """One step of a request: done, now or to come."""

    words: str
    office: str
    state: str
    who: str = ""
    when: str = ""
    comment: str = ""


@dataclass(frozen=True)
class RequestLine:
    """A request in a list."""

    url: str
    number: int
    person: str
    person_url: str
    post: str
    place: str
    period: str
    kind: Tag
    state: Tag
    applied: str
    waits_for_me: bool = False


@dataclass(frozen=True)
class PersonPage:
    name: str
    person_id: int
    number: str
    tags: Sequence[Tag]
    warning: str
    grants: Sequence[GrantLine]
    requests: Sequence[RequestLine]
    accounts: Sequence[AccountView]
    records: Sequence[RecordView]
    doubts: Sequence[DoubtView]
    absences: Sequence[str]
    sheet_url: str
    apply_url: str = ""
    may_manage: bool = False
    may_doubt: bool = False
    own: bool = False
    errors: Sequence[ErrorLine] = ()
    refusal: str = ""
    printed: str = ""


@dataclass(frozen=True)
class Foresight:
    """What the permission chain would say now: before anything is submitted."""

    ok: bool
    words: str
    remedy: str = ""
    warned: bool = False
    held: Sequence[str] = ()


@dataclass(frozen=True)
class RequestForm:
    """Asking for a post, or for the end of one."""

    title: str
    remark: str
    url: str
    back: str
    person: str
    posts: Sequence[tuple[str, Sequence[Choice]]]
    regions: Sequence[Choice]
    values: dict[str, str]
    foresight: Foresight | None
    errors: Sequence[ErrorLine]
    ends: str = ""
    today: str = ""
    key: str = ""


@dataclass(frozen=True)
class RequestsPage:
    tabs: Sequence[Link]
    scopes: Sequence[Link]
    remark: str
    rows: Sequence[RequestLine]
    pager: Pager | None
    empty: Empty


@dataclass(frozen=True)
class RequestPage:
    """One request with its chain and what the reader may do about it."""

    number: int
    title: str
    line: RequestLine
    reason: str
    steps: Sequence[StepView]
    ended: StepView | None
    foresight: Foresight | None
    act_url: str
    may_take: str = ""
    take_words: str = ""
    may_refuse: bool = False
    may_cancel: bool = False
    why_not: str = ""
    who_may: str = ""
    refusal: str = ""
    person: str = ""


@dataclass(frozen=True)
class PostView:
    key: str
    title: str
    kind: str
    rank: int
    holders: int
    url: str
    excludes: Sequence[tuple[str, str]]
    tenure: str
    chosen: bool = False


@dataclass(frozen=True)
class HolderView:
    url: str
    name: str
    place: str
    period: str
    tags: Sequence[Tag] = ()


@dataclass(frozen=True)
class PostsPage:
    tabs: Sequence[Link]
    groups: Sequence[tuple[str, Sequence[PostView]]]
    chosen: PostView | None
    holders: Sequence[HolderView]
    remark: str


@dataclass(frozen=True)
class NewPersonForm:
    values: dict[str, str]
    errors: Sequence[ErrorLine]
    key: str = ""
