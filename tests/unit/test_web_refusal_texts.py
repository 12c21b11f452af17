"""Every expected no has words in both languages."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

from flask import Flask
from flask_babel import Babel

import app
from app.faces.fence_words import FENCE_TEXTS
from app.faces.refusal_texts import FIELD_TEXTS, REASONS, TEXTS, reason_text
from app.faces.remedies import REMEDIES
from app.kernel.identity.refusals import UploadRefused
from app.kernel.refusals import Refusal

ROOT = Path(__file__).resolve().parents[2]


def every_refusal() -> Iterator[type[Refusal]]:
    for module in pkgutil.walk_packages(app.__path__, "app."):
        importlib.import_module(module.name)
    waiting = [Refusal]
    while waiting:
        found = waiting.pop()
        yield found
        waiting.extend(found.__subclasses__())


def test_every_refusal_code_has_words() -> None:
    codes = {refusal.code for refusal in every_refusal()} | set(UploadRefused.CODES)
    assert codes - set(TEXTS) == set()


def test_every_reason_of_decide_has_words() -> None:
    assert reasons_that_deny() | PERMITTING <= set(REASONS)


def test_every_denial_names_a_way_on() -> None:
    assert reasons_that_deny() - set(REMEDIES) == set()
    assert set(REMEDIES) & PERMITTING == set()


PERMITTING = {"allowed", "conflicting_duty_advised", "tenure_reached", "case_unfinishable_anyway"}
BREACHES = {"conflicting_duty", "recent_party_act", "same_person_required", "tenure_exceeded"}
"""Reasons that `decide` chooses by severity rather than by `deny("…")`."""


def test_every_sqlstate_of_the_fence_has_words() -> None:
    source = "".join(path.read_text("utf-8") for path in (ROOT / "migrations/sql").glob("*.sql"))
    states = set(re.findall(r"'(SD\d{3})'", source))
    assert states == set(FENCE_TEXTS)


def reasons_that_deny() -> set[str]:
    source = "".join(path.read_text("utf-8") for path in (ROOT / "app/kernel").rglob("*.py"))
    assert all(f'"{reason}"' in source for reason in BREACHES)
    reasons = set(re.findall(r'\bdeny\("(\w+)"', source))
    assert len(reasons) > 10, "the pattern no longer finds the reasons"
    return reasons | BREACHES


def test_every_fact_error_has_words() -> None:
    sources = [
        ROOT / "app/kernel/cases/schema.py",
        ROOT / "app/kernel/worklist/forms.py",
        ROOT / "app/kernel/identity/identifiers.py",
        ROOT / "app/kernel/engine/operations.py",
    ]
    text = "".join(path.read_text("utf-8") for path in sources)
    raised = r'(?:FactInvalid|_Wrong|IdentifierInvalid|InvalidInput\(\{key: )\("(\w+)"'
    codes = set(re.findall(raised, text))
    assert len(codes) > 20, "the pattern no longer finds the codes"
    assert codes - set(FIELD_TEXTS) == set()


def test_duties_in_lists_are_told_in_words_and_many_people_by_number() -> None:
    bare = Flask("words")
    Babel(bare, default_locale="zh")
    with bare.test_request_context():
        told = reason_text("case_unfinishable_anyway", {"tight": ["recheck", "final_review"], "short": 2})
        others = reason_text(
            "leaves_case_unfinishable", {"tight": ["recheck"], "others": list("甲乙丙丁戊己庚")}
        )
    assert "复核、审核" in told
    assert "recheck" not in told
    assert "甲、乙、丙、丁、戊、己等 7 人" in others
