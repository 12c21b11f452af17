"""Every expected no has words in both languages."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import app
from app.faces.refusal_texts import FIELD_TEXTS, REASONS, TEXTS
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
    source = (ROOT / "app/kernel/duties/rules.py").read_text("utf-8")
    reasons = set(re.findall(r'deny\("(\w+)"', source))
    assert reasons, "the pattern no longer finds the reasons"
    assert reasons - set(REASONS) == set()


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
