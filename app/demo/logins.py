"""Logins of the demonstration accounts, and which of them are printed."""

from __future__ import annotations

from pypinyin import lazy_pinyin

from app.demo.roster import PASSWORD, SECOND_ACCOUNT, SHOWN, TRANSFERRED, DemoAccount


def login_of(name: str) -> str:
    """The name in pinyin, e.g. liwenjing."""
    return "".join(lazy_pinyin(name))


def accounts() -> list[DemoAccount]:
    """One account per role, with what to try; the transferred reviewer has two."""
    shown = [DemoAccount(login_of(name), PASSWORD, f"{name} {zh}", en) for name, zh, en in SHOWN]
    place = next(i for i, (name, _, _) in enumerate(SHOWN) if name == TRANSFERRED)
    second = DemoAccount(
        SECOND_ACCOUNT,
        PASSWORD,
        f"{TRANSFERRED} 同一人的第二个账户：一样被拒",
        "the same person's second account, refused alike",
    )
    return [*shown[: place + 1], second, *shown[place + 1 :]]
