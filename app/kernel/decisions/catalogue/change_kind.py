"""The kind `rule` of controlled change: a version put into force from a day on, or a rule retired.

Values: `action`; `rule` (the target, its id); the texts of the three files as `rule_toml`, `rule_dmn`, `cases_toml`;
`effective_from`, for a version the day its own manifest names. The fence lets in exactly these texts and this day
(SD035).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from app.kernel.changes.fields import FieldSpec, Option
from app.kernel.changes.kinds import Change, Difference, Moment, Payload, Touched
from app.kernel.changes.refusals import ChangeOutdated
from app.kernel.decisions.catalogue.deploying import Ground, release_rule, store_version
from app.kernel.decisions.catalogue.describing import Property, as_text, properties_of
from app.kernel.decisions.catalogue.manifest import RULE_ID
from app.kernel.decisions.catalogue.problems import Problem, RuleInvalid
from app.kernel.decisions.catalogue.reading import FILES, LARGEST_FILE, check_rule, read_rule
from app.kernel.decisions.catalogue.replay import what_if
from app.kernel.decisions.catalogue.rule import Rule
from app.kernel.decisions.catalogue.versions import (
    list_releases,
    list_standing,
    load_versions,
    newest_version,
)
from app.kernel.ports import Ports
from app.kernel.refusals import InvalidInput
from app.kernel.transaction.unit import Unit

DEPLOY, RETIRE = "deploy", "retire"
ACTIONS = (
    Option(DEPLOY, "新版本生效", "Put a version into force"),
    Option(RETIRE, "停用", "Retire"),
)


class RuleKind:
    """`rule`: the target is the rule's id."""

    key = "rule"
    title_zh = "规则"
    title_en = "Rule"

    def __init__(self, ports: Ports) -> None:
        """`ports`: what supplies facts to rules, for the what-if list."""
        self._ports = ports

    def form(self, session: Session, at: Moment) -> Sequence[FieldSpec]:
        files = (
            FieldSpec(name.replace(".", "_"), "paragraph", name, name, required=False, maximum=LARGEST_FILE)
            for name in FILES
        )
        return (
            FieldSpec("action", "choice", "动作", "Action", options=ACTIONS),
            FieldSpec("rule", "text", "规则", "Rule", maximum=16, options=self._offered(session, at)),
            FieldSpec(
                "effective_from",
                "date",
                "自何日起",
                "From which day",
                required=False,
                hint_zh="停用时填写；新版本按 rule.toml 的 effective_from，过去的日期即批准之时起。",
                hint_en="For a retirement; a version goes by its rule.toml, a day past means at once.",
            ),
            *files,
        )

    def _offered(self, session: Session, at: Moment) -> tuple[Option, ...]:
        return tuple(self.targets(session, at))

    def targets(self, session: Session, at: Moment) -> Sequence[Option]:
        """The rules that stand."""
        found = (one.rule.manifest for one in list_standing(session, at.today))
        return [Option(one.id, f"{one.id} {one.name_zh}", f"{one.id} {one.name_en}") for one in found]

    def read(self, session: Session, payload: Payload, at: Moment) -> dict[str, Any]:
        """With the day a version's own manifest names. Raise InvalidInput by field, with the first problem's place."""
        rule_id = str(payload["rule"])
        if not RULE_ID.fullmatch(rule_id):
            raise InvalidInput({"rule": ("rule_id_invalid", {})})
        if payload["action"] == RETIRE:
            return self._retirement(session, payload, rule_id)
        rule = read_texts(rule_id, payload)
        following = newest_version(session, rule_id) + 1
        if rule.manifest.version != following:
            raise InvalidInput({"rule_toml": ("rule_version_expected", {"version": following})})
        since = rule.manifest.effective_from.isoformat()
        if payload["effective_from"] not in (None, since):
            raise InvalidInput({"effective_from": ("rule_day_differs", {"day": since})})
        _check_day(session, rule_id, since, "rule_toml")
        return {**payload, "effective_from": since}

    def _retirement(self, session: Session, payload: Payload, rule_id: str) -> dict[str, Any]:
        if payload["effective_from"] is None:
            raise InvalidInput({"effective_from": ("required", {})})
        if newest_version(session, rule_id) == 0:
            raise InvalidInput({"rule": ("rule_unknown", {"rule": rule_id})})
        _check_day(session, rule_id, str(payload["effective_from"]), "effective_from")
        return {**payload, **{name.replace(".", "_"): None for name in FILES}}

    def target(self, payload: Payload) -> str:
        return str(payload["rule"])

    def subject(self, session: Session, payload: Payload) -> tuple[str, str]:
        action = next(option for option in ACTIONS if option.value == payload["action"])
        named = self._named(session, payload)
        zh, en = (named.manifest.name_zh, named.manifest.name_en) if named else ("", "")
        rule = payload["rule"]
        return f"{action.zh}：{rule} {zh}".strip(), f"{action.en}: {rule} {en}".strip()

    def _named(self, session: Session, payload: Payload) -> Rule | None:
        if payload["action"] == DEPLOY:
            return read_texts(str(payload["rule"]), payload)
        return last_version(session, str(payload["rule"]))

    def current(self, session: Session, target: str, at: Moment) -> dict[str, Any] | None:
        releases = list_releases(session, target)
        if not releases:
            return None
        return {"version": newest_version(session, target), "release": releases[0].id}

    def prefill(self, session: Session, target: str, at: Moment) -> dict[str, Any]:
        """The last version's texts, numbered as the next."""
        rule = last_version(session, target)
        texts = {name.replace(".", "_"): rule.files[name].decode() for name in FILES} if rule else {}
        if rule is not None:
            before, after = rule.manifest.version, newest_version(session, target) + 1
            texts["rule_toml"] = texts["rule_toml"].replace(
                f"version = {before}\n", f"version = {after}\n", 1
            )
        return {"action": DEPLOY, "rule": target, **texts}

    def differences(
        self, session: Session, current: Payload | None, payload: Payload, at: Moment
    ) -> Sequence[Difference]:
        """Property by property, then the decisions and the cases as texts."""
        before = last_version(session, str(payload["rule"])) if current else None
        after = read_texts(str(payload["rule"]), payload) if payload["action"] == DEPLOY else None
        lines = list(_compared(before, after))
        if after is None:
            day = str(payload["effective_from"])
            lines.insert(0, Difference("停用", "Retired", "", "", f"{day} 起", f"from {day}"))
        return lines

    def what_if(self, session: Session, payload: Payload, at: Moment) -> Iterable[Touched]:
        """Open cases that would newly hit, or hit no more."""
        rule_id = str(payload["rule"])
        draft = read_texts(rule_id, payload) if payload["action"] == DEPLOY else None
        standing = next(
            (one.rule for one in list_standing(session, at.today) if one.rule.id == rule_id), None
        )
        for found in what_if(session, self._ports, draft, standing, at.now, only_open=True):
            said = found.said
            if found.verdict == "new" and draft is not None:
                severity = "blocked" if draft.manifest.action == "block" else "restricted"
                zh, en = f"将命中：{said.message_zh}", f"would hit: {said.message_en}"
                yield Touched(found.case_id, found.case_no, severity, zh, en)  # type: ignore[arg-type]
            elif found.verdict == "gone":
                zh, en = f"不再命中：{said.message_zh}", f"would hit no more: {said.message_en}"
                yield Touched(found.case_id, found.case_no, "relieved", zh, en)

    def apply(self, unit: Unit, change: Change) -> None:
        """Raise ChangeOutdated when the rule's next version is another by now."""
        values = change.payload
        since = date.fromisoformat(str(values["effective_from"]))
        version = None
        if values["action"] == DEPLOY:
            rule = read_texts(change.target, values)
            if rule.manifest.version != newest_version(unit.session, change.target) + 1:
                raise ChangeOutdated(target=change.target)
            approval = {
                "kind": "change",
                "change": change.case_id,
                "prepared_by": change.prepared_by,
                "approved_by": change.approved_by,
            }
            version = store_version(unit, rule, Ground("change", approval, change.case_id))
        release_rule(unit, change.target, version, since, change.case_id)


def _check_day(session: Session, rule_id: str, wanted: str, field: str) -> None:
    """Of the releases that have come the one of the latest day stands: an earlier day would never count."""
    latest = max((one.effective_from for one in list_releases(session, rule_id)), default=None)
    if latest is not None and date.fromisoformat(wanted) < latest:
        raise InvalidInput({field: ("rule_day_too_early", {"day": latest.isoformat()})})


def read_texts(rule_id: str, payload: Payload) -> Rule:
    """The rule in a payload. Raise InvalidInput under the file's field, naming what is wrong first."""
    missing = [name for name in FILES if not payload[name.replace(".", "_")]]
    if missing:
        raise InvalidInput({name.replace(".", "_"): ("required", {}) for name in missing})
    files = {name: f"{payload[name.replace('.', '_')]}\n".encode() for name in FILES}
    errors = [one for one in check_rule(rule_id, files) if one.severity == "error"]
    if errors:
        raise InvalidInput(_by_field(errors))
    try:
        return read_rule(rule_id, files)
    except RuleInvalid as invalid:  # what the check lets pass is read; said all the same
        raise InvalidInput(_by_field(invalid.problems)) from None


def _by_field(problems: Sequence[Problem]) -> dict[str, tuple[str, dict[str, object]]]:
    found: dict[str, tuple[str, dict[str, object]]] = {}
    for one in problems:
        field = one.file.rpartition("/")[2].replace(".", "_")
        place = {"line": one.line or 1, "zh": one.message_zh, "en": one.message_en}
        found.setdefault(field, ("rule_invalid", place))
    return found


def last_version(session: Session, rule_id: str) -> Rule | None:
    """The version of the rule's newest release that has one: what a change is made from."""
    ids = [one.version_id for one in list_releases(session, rule_id) if one.version_id is not None]
    return load_versions(session, ids[:1])[0].rule if ids else None


def _by_label(rule: Rule | None) -> dict[tuple[str, str], Property]:
    return {(one.label_zh, one.label_en): one for one in properties_of(rule.manifest)} if rule else {}


def _compared(before: Rule | None, after: Rule | None) -> Iterable[Difference]:
    old, new = (
        {(p.label_zh, p.label_en): p for p in properties_of(one.manifest)} if one else {}
        for one in (before, after)
    )
    for label in dict.fromkeys((*old, *new)):
        was, now = old.get(label), new.get(label)
        yield Difference(
            *label,
            was.zh if was else "",
            was.en if was else "",
            now.zh if now else "",
            now.en if now else "",
        )
    texts = [as_text(one) if one else "" for one in (before, after)]
    yield Difference("判断", "Decisions", texts[0], texts[0], texts[1], texts[1])
    cases = [one.files["cases.toml"].decode() if one else "" for one in (before, after)]
    yield Difference("用例", "Test cases", cases[0], cases[0], cases[1], cases[1])
