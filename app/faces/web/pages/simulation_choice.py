"""What was posted on a simulation's page, as a choice; whether it can be made is the player's to say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from werkzeug.datastructures import MultiDict

from app.kernel.engine.simulation.player import first_choice

Form = MultiDict[str, str]
PREFIX = "f:"
"""Before the keys of a step's own form, so that they can't be taken for ours."""


def start_of(form: Form, now: datetime) -> dict[str, Any]:
    """The choice that begins anew."""
    levels = 2 if form.get("levels") == "2" else 1
    return first_choice(now, form.get("risk") or None, given_of(form), levels)


def given_of(form: Form) -> dict[str, Any]:
    """Variables as lines `name = value`: true, false, numbers, else text."""
    found: dict[str, Any] = {}
    for line in form.get("given", "").splitlines():
        name, _, value = line.partition("=")
        if name.strip():
            found[name.strip()] = _value(value.strip().strip('"'))
    return found


def _value(text: str) -> Any:
    words: Mapping[str, Any] = {"true": True, "false": False, "null": None}
    if text in words:
        return words[text]
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) < 16 else text


def choice_of(form: Form) -> dict[str, Any]:
    """The posted choice; texts only, nothing is believed yet."""
    action = form.get("do", "")
    choice: dict[str, Any] = {"do": action}
    for name in ("step", "message", "signal", "duty", "error"):
        if form.get(name):
            choice[name] = form[name]
    if action == "complete":
        choice |= _completion(form)
    if action in ("answer", "set") or form.get("given"):
        given = given_of(form) | _named(form)
        choice |= {"set": given} if given or action == "set" else {}
    if form.getlist("flows"):
        choice["flows"] = form.getlist("flows")
    if action == "assume":
        choice["rules"] = form.getlist("rules")
    if action == "wait":
        days = form.get("days", "")
        choice["days"] = int(days) if days.isascii() and days.isdigit() and len(days) < 6 else 0
    return choice


def _completion(form: Form) -> dict[str, Any]:
    found: dict[str, Any] = {}
    number = form.get("nth", "0")
    if number.isdigit() and number != "0":
        found["nth"] = int(number)
    if form.get("by", "").isdigit():
        found["by"] = int(form["by"])
    values: dict[str, Any] = {
        key.removeprefix(PREFIX): texts[0] if len(texts) == 1 else texts
        for key, texts in form.lists()
        if key.startswith(PREFIX) and any(texts)
    }
    if values:
        found["values"] = values
    return found


def _named(form: Form) -> dict[str, Any]:
    """Answers to a service, one field for each variable."""
    return {
        key.removeprefix("v:"): _value(text.strip())
        for key, text in form.items()
        if key.startswith("v:") and text.strip()
    }
