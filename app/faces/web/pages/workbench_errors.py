"""Errors of the workbench's forms, in words."""

from __future__ import annotations

from collections.abc import Mapping

from app.faces.refusal_texts import text_of_field
from app.faces.web.pages.workbench_words import label
from app.faces.web.parts import ErrorLine
from app.kernel.refusals import InvalidInput


def errors_of(invalid: InvalidInput | None) -> dict[str, str]:
    """Errors by field, in words."""
    found = invalid.errors.items() if invalid is not None else ()
    return {field: text_of_field(code, dict(params)) for field, (code, params) in found}


def summary_of(errors: Mapping[str, str]) -> list[ErrorLine]:
    """Lines over a form that lead to its fields."""
    return [
        ErrorLine(text, f"field-{field}", label(field.rpartition("-")[2])) for field, text in errors.items()
    ]
