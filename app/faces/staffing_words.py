"""Words of staffing that the command and the pages share: ratings, and what is tight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.faces.duty_words import duty_word
from app.faces.translation import Lazy, _, _l
from app.kernel.worklist.resilience import Figures, OfficeStaffing, Rating

LEVEL_WORDS: dict[int | None, Lazy] = {
    -1: _l("办不完"),
    0: _l("无余量"),
    1: _l("可缺 1 人"),
    2: _l("余量充足"),
    None: _l("没有算出"),
}
LEVEL_MARKS: dict[int | None, str] = {-1: "−1", 0: "0", 1: "1", 2: "2+", None: "?"}
SHOWN = 6


def level_words(level: int | None) -> str:
    """The rating in words; colour alone never says it."""
    return str(LEVEL_WORDS[level])


def listed(words: Sequence[str], shown: int = SHOWN) -> str:
    """Some of a list by name, the rest by number."""
    joined = _("、").join(words[:shown])
    return _("%(names)s等 %(n)s 人", names=joined, n=len(words)) if len(words) > shown else joined


def duties_listed(duties: Sequence[str]) -> str:
    """Duties in words."""
    return _("、").join(duty_word(key) for key in duties)


def bottleneck_words(rating: Rating, names: Mapping[int, str]) -> str:
    """Which duties are tight and who there is for them; empty where nothing is."""
    if not rating.bottleneck:
        return ""
    duties = duties_listed(rating.bottleneck)
    people = sorted(names[one] for one in rating.people if one in names)
    if not people:
        return _("%(duties)s：没有人可办", duties=duties)
    if rating.level == -1 and rating.short_by:
        return _(
            "%(duties)s：只有%(people)s，还缺 %(n)s 人",
            duties=duties,
            people=listed(people),
            n=rating.short_by,
        )
    return _("%(duties)s：%(n)s 人可办（%(people)s）", duties=duties, n=len(people), people=listed(people))


def open_words(figures: Figures, total: int) -> str:
    """How the open cases stand."""
    stuck = figures.by_level.get(-1, 0)
    if not total:
        return _("没有在办案件")
    if stuck:
        return _("%(n)s 件在办，%(m)s 件办不完", n=total, m=stuck)
    tight = figures.by_level.get(0, 0)
    if tight:
        return _("%(n)s 件在办，%(m)s 件没有余量", n=total, m=tight)
    return _("%(n)s 件在办", n=total)


def gain_words(office: OfficeStaffing, titles: Mapping[str, tuple[str, str]], place: int = 0) -> list[str]:
    """What one more person in a post would give; `place`: which of the two titles, Chinese or English."""
    found = []
    for gain in office.gains:
        posts = _("、").join(titles.get(post, (post, post))[place] for post in gain.posts)
        level = level_words(gain.level)
        if len(gain.posts) == 1:
            found.append(_("%(post)s加 1 人：%(level)s", post=posts, level=level))
        else:
            found.append(_("%(posts)s各加 1 人：%(level)s", posts=posts, level=level))
    return found
