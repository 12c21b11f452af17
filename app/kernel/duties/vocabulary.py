"""The duties that tasks, posts and conflict sets speak of."""

from typing import Final

DUTIES: Final = (
    "intake",
    "assign",
    "investigation",
    "initial_review",
    "recheck",
    "risk_review",
    "final_review",
    "final_review_2",
    "draw",
    "witness",
    "panel_opinion",
    "serve",
    "remedy",
    "rectify",
    "payment_make",
    "payment_check",
    "payment_release",
    "rule_edit",
    "rule_recheck",
    "rule_approve",
)
