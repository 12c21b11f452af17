"""What would stand against a post: one held already or excluded, too long a stay, an account that sleeps. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from app.kernel.duties.views import Verdict
from app.kernel.grants.entities import (
    TOGGLE_DAYS,
    ExclusionPair,
    GrantDecision,
    Grantee,
    Holding,
    PostWanted,
    TenureLimit,
)


def find_same(wanted: PostWanted, holdings: Iterable[Holding]) -> GrantDecision | None:
    same = tuple(
        item
        for item in holdings
        if (item.post, item.region_code) == (wanted.post, wanted.region_code)
        and item.grant_id is not None
        and item.overlaps(wanted.valid_from, wanted.valid_to)
    )
    if not same:
        return None
    return GrantDecision(
        Verdict.DENY,
        "grant_held_already",
        params={"until": same[0].valid_to},
        holdings=same,
        possible_from=_after(same),
    )


def find_exclusion(
    wanted: PostWanted, holdings: Iterable[Holding], exclusions: Iterable[ExclusionPair]
) -> GrantDecision | None:
    """Static exclusion (controls.md 2a, RSK-25): posts held in the period that exclude the wanted one."""
    for pair in exclusions:
        against = pair.against(wanted.post)
        held = tuple(
            item
            for item in holdings
            if item.post in against and item.overlaps(wanted.valid_from, wanted.valid_to)
        )
        if held:
            return GrantDecision(
                Verdict.DENY,
                "grant_excluded",
                rule=f"exclusion:{pair.pair}",
                ground=pair.ground,
                params={
                    "name": wanted.name,
                    "held_zh": held[0].title_zh,
                    "held_en": held[0].title_en,
                    "until": held[0].valid_to,
                    "pair_zh": pair.title_zh,
                    "pair_en": pair.title_en,
                },
                holdings=held,
                possible_from=_after(held),
            )
    return None


def _after(held: Iterable[Holding]) -> date | None:
    """The first day after the last of these ends; None when one has no end."""
    ends = [item.valid_to for item in held]
    return None if None in ends else max(end for end in ends if end is not None)


def find_tenure(
    wanted: PostWanted, holdings: Iterable[Holding], limit: TenureLimit | None
) -> GrantDecision | None:
    """The longest stay in a post: what is held without a break of `gap_months` counts as one stay."""
    if limit is None:
        return None
    began = stay_began(wanted, holdings, limit.gap_months)
    last = add_months(began, limit.months)
    if wanted.valid_to is not None and wanted.valid_to <= last:
        return None
    # Without an end the grant is held against the limit day by day, when duties are taken.
    denied = limit.severity == "deny" and (wanted.valid_to or wanted.valid_from) > last
    return GrantDecision(
        Verdict.DENY if denied else Verdict.WARN,
        "grant_tenure" if denied else "grant_tenure_advised",
        rule=f"tenure:{limit.post}",
        rule_version=limit.version,
        ground=limit.ground,
        params={"months": limit.months, "since": began, "until": last, "gap": limit.gap_months},
        holdings=tuple(item for item in holdings if item.post == wanted.post),
    )


def stay_began(wanted: PostWanted, holdings: Iterable[Holding], gap_months: int) -> date:
    """The first day of the stay that the wanted period would go on."""
    began = wanted.valid_from
    same = sorted(
        (h for h in holdings if h.post == wanted.post), key=lambda item: item.valid_from, reverse=True
    )
    for held in same:
        if held.valid_from >= began:
            continue
        if held.valid_to is None or add_months(held.valid_to, gap_months) >= began:
            began = held.valid_from
    return began


def add_months(day: date, months: int) -> date:
    """The same day of a later month, or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for candidate in range(day.day, 27, -1):
        try:
            return date(year, month + 1, candidate)
        except ValueError:
            continue
    return date(year, month + 1, day.day)


def find_dormancy(wanted: PostWanted, grantee: Grantee) -> GrantDecision | None:
    if grantee.dormant_days is None:
        return None
    return GrantDecision(
        Verdict.WARN,
        "grantee_dormant",
        rule="RSK-24",
        params={"name": wanted.name, "days": grantee.dormant_days},
    )


def toggled(wanted: PostWanted, holdings: Iterable[Holding]) -> Holding | None:
    """An earlier stay in the same post that ended not long before this one begins."""
    for held in holdings:
        if held.post == wanted.post and held.valid_to is not None:
            days = (wanted.valid_from - held.valid_to).days
            if 0 <= days <= TOGGLE_DAYS:
                return held
    return None
