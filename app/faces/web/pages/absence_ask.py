"""Naming a substitute apart from an absence: who for whom in which post, with why others can't."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.orm import Session

from app.faces.translation import _
from app.faces.web.acting import Standing, place_of, title_of
from app.faces.web.office_people import list_staff
from app.faces.web.pages.absence_words import why_not
from app.faces.web.pages.absences_build import supervised_regions
from app.faces.web.pages.absences_view import AskForm
from app.faces.web.parts import Choice
from app.kernel.absences.eligibility import list_possible_substitutes
from app.kernel.absences.rules import CARRIES_DUTIES
from app.kernel.absences.substitution import SubstitutionAsk
from app.kernel.duties.posts import HeldPost, list_held_posts
from app.kernel.identity.regions import get_lineage


@dataclass(frozen=True)
class Ask:
    """What was chosen so far; `ask` once everything is there."""

    principal: int
    post: str
    substitute: str
    starts_on: str
    ends_on: str
    reason: str
    ask: SubstitutionAsk | None = None

    @classmethod
    def of(cls, texts: Mapping[str, str], who: Standing) -> Ask:
        """Read an address or a posted form."""
        person = texts.get("principal", "")
        principal = (
            int(person) if person.isascii() and person.isdigit() and len(person) < 18 else who.person_id
        )
        typed = cls(
            principal,
            texts.get("post", ""),
            texts.get("substitute", ""),
            texts.get("starts_on", ""),
            texts.get("ends_on", ""),
            texts.get("reason", "").strip()[:200],
        )
        return cls(**{**vars(typed), "ask": typed.complete()})

    def complete(self) -> SubstitutionAsk | None:
        """Everything that an operation wants; None when anything lacks."""
        key, _colon, region = self.post.partition(":")
        first, last = _day(self.starts_on), _day(self.ends_on)
        if not (key and region and self.substitute.isdigit() and len(self.substitute) < 18 and self.reason):
            return None
        if first is None or last is None:
            return None
        return SubstitutionAsk(
            self.principal, int(self.substitute), key, region, first, last + timedelta(days=1), self.reason
        )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def ask_form(session: Session, who: Standing, typed: Ask) -> AskForm:
    """The form with what was chosen; possible substitutes once a post is."""
    own = any(post.kind in CARRIES_DUTIES for post in who.posts)
    people = {who.person_id: _("我自己")} if own else {}
    for one in list_staff(session, supervised_regions(session, who), who.today, CARRIES_DUTIES):
        people.setdefault(one.person_id, one.name)
    principal = typed.principal if typed.principal in people else 0
    posts = [post for post in list_held_posts(session, principal, who.today) if post.kind in CARRIES_DUTIES]
    chosen = next((post for post in posts if _key(post) == typed.post), posts[0] if len(posts) == 1 else None)
    first = max(_day(typed.starts_on) or who.today, who.today)
    until = max((_day(typed.ends_on) or first) + timedelta(days=1), first + timedelta(days=1))
    possible = (
        list_possible_substitutes(
            session,
            principal,
            chosen.key,
            chosen.region_code,
            get_lineage(session, chosen.region_code),
            first,
            until,
        )
        if chosen
        else []
    )
    offices = get_lineage(session, chosen.region_code) if chosen else ()
    staff = {one.person_id for one in list_staff(session, offices, first, CARRIES_DUTIES)}
    possible = [one for one in possible if one.person_id in staff]
    return AskForm(
        people=[Choice(str(key), name, key == principal) for key, name in people.items()],
        posts=[Choice(_key(post), f"{place_of(post)} {title_of(post)}", post is chosen) for post in posts],
        substitutes=[
            Choice(str(one.person_id), one.name, str(one.person_id) == typed.substitute)
            for one in possible
            if not one.refusal
        ],
        impossible=[(one.name, why_not(one)) for one in possible if one.refusal],
        starts_on=typed.starts_on,
        ends_on=typed.ends_on,
        reason=typed.reason,
    )


def _key(post: HeldPost) -> str:
    return f"{post.key}:{post.region_code}"
