"""The kind `formula` of controlled change: one model's file with the index and the worked examples, from a day on.

Values: `file` (the target), the texts `dmn`, `formulas_toml`, `examples_toml`, `effective_from`; `digest` is that of
all formulas with these files in their place, which is what the fence lets in (SD036).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.cases.models import Case
from app.kernel.changes.fields import FieldSpec, Option
from app.kernel.changes.kinds import Change, Difference, Moment, Payload, Touched
from app.kernel.changes.refusals import ChangeOutdated
from app.kernel.decisions.dmn import check_models
from app.kernel.decisions.formulas.catalogue import INDEX, Catalogue, CatalogueInvalid
from app.kernel.decisions.formulas.examples import (
    EXAMPLES,
    ExamplesInvalid,
    Failure,
    read_examples,
    run_examples,
)
from app.kernel.decisions.formulas.sources import StoredParameters
from app.kernel.decisions.formulas.touching import list_changed
from app.kernel.decisions.formulas.versions import (
    digest_of,
    find_newest,
    load_files,
    parse,
    store_formulas,
)
from app.kernel.decisions.parameters.models import ParameterUse
from app.kernel.refusals import InvalidInput
from app.kernel.transaction.unit import Unit

LARGEST_FILE = 200_000
TEXTS: Mapping[str, str] = {"dmn": "", "formulas_toml": INDEX, "examples_toml": EXAMPLES}
"""Fields that are files; the name of `dmn` is the target."""
Errors = dict[str, tuple[str, Mapping[str, object]]]


class FormulaKind:
    """`formula`: the target is the name of a decision model."""

    key = "formula"
    title_zh = "待遇公式"
    title_en = "Benefit formula"

    def form(self, session: Session, at: Moment) -> Sequence[FieldSpec]:
        models = tuple(self.targets(session, at))
        return (
            FieldSpec("file", "choice", "决策模型", "Decision model", options=models),
            FieldSpec("effective_from", "date", "自何日起", "From which day"),
            _text("dmn", "决策模型的内容", "The model's text"),
            _text(
                "formulas_toml",
                "项目、输入和参数（formulas.toml）",
                "Items, inputs, parameters (formulas.toml)",
            ),
            _text("examples_toml", "算例（examples.toml）", "Worked examples (examples.toml)"),
            FieldSpec("digest", "text", "摘要", "Digest", required=False, hidden=True),
        )

    def targets(self, session: Session, at: Moment) -> Sequence[Option]:
        """The models of the version decided last, with the items they calculate."""
        catalogue = _parsed(_newest_files(session))
        if catalogue is None:
            return []
        return [
            Option(
                name, f"{name}：{'、'.join(zh)}" if zh else name, f"{name}: {', '.join(en)}" if en else name
            )
            for name in catalogue.graphs
            for zh, en in [_items_of(catalogue, name)]
        ]

    def read(self, session: Session, payload: Payload, at: Moment) -> dict[str, Any]:
        """With the digest of the whole. Raise InvalidInput by field: what can't be read, what comes out otherwise."""
        files = _newest_files(session)
        if payload["file"] not in files:
            raise InvalidInput({"file": ("formula_unknown", {"file": str(payload["file"])})})
        latest = find_newest(session)
        day = date.fromisoformat(str(payload["effective_from"]))
        if latest is not None and day < latest.effective_from:
            error = ("rule_day_too_early", {"day": latest.effective_from.isoformat()})
            raise InvalidInput({"effective_from": error})
        changed = with_texts(files, payload)
        _check(session, str(payload["file"]), changed)
        return {**payload, "digest": digest_of(changed)}

    def target(self, payload: Payload) -> str:
        return str(payload["file"])

    def subject(self, session: Session, payload: Payload) -> tuple[str, str]:
        name = str(payload["file"])
        catalogue = _parsed(with_texts(_newest_files(session), payload))
        zh, en = _items_of(catalogue, name) if catalogue is not None else ((), ())
        return f"{name} {'、'.join(zh)}".strip(), f"{name} {', '.join(en)}".strip()

    def current(self, session: Session, target: str, at: Moment) -> dict[str, Any] | None:
        latest = find_newest(session)
        return {"version": latest.version, "digest": latest.digest} if latest is not None else None

    def prefill(self, session: Session, target: str, at: Moment) -> dict[str, Any]:
        """The texts that stand, from today on."""
        files = _newest_files(session)
        names = {**TEXTS, "dmn": target}
        texts = {field: files[name].decode().rstrip("\n") for field, name in names.items() if name in files}
        return {"file": target, "effective_from": at.today.isoformat(), **texts}

    def differences(
        self, session: Session, current: Payload | None, payload: Payload, at: Moment
    ) -> Sequence[Difference]:
        """The items calculated differently, then each file as text."""
        before = _newest_files(session)
        after = with_texts(before, payload)
        zh, en = _named_changes(before, after)
        day = str(payload["effective_from"])
        lines = [
            Difference("自何日起", "From which day", "", "", day, day),
            Difference("计算有变的项目", "Items calculated differently", "", "", zh, en),
        ]
        for field, shipped in TEXTS.items():
            name = shipped or str(payload["file"])
            old, new = (one.get(name, b"").decode() for one in (before, after))
            label = "决策模型" if field == "dmn" else name
            lines.append(Difference(label, "Decision model" if field == "dmn" else name, old, old, new, new))
        return lines

    def what_if(self, session: Session, payload: Payload, at: Moment) -> Iterable[Touched]:
        """Open cases for which an item was calculated that would now be calculated differently."""
        before = _newest_files(session)
        old, new = _parsed(before), _parsed(with_texts(before, payload))
        if new is None:
            return
        titles = {
            one.items[key].title_zh: one.items[key].title_en
            for key in list_changed(old, new)
            for one in (old, new)
            if one is not None and key in one.items
        }
        uses = (
            select(Case.id, Case.case_no, ParameterUse.purpose)
            .join(ParameterUse, ParameterUse.case_id == Case.id)
            .where(Case.status == "open", ParameterUse.purpose.in_(titles))
            .distinct()
            .order_by(Case.id, ParameterUse.purpose)
        )
        for case_id, case_no, purpose in session.execute(uses):
            zh, en = f"{purpose}须重新计算", f"{titles[purpose]} must be calculated again"
            yield Touched(case_id, case_no, "restricted", zh, en)

    def apply(self, unit: Unit, change: Change) -> None:
        """Raise ChangeOutdated when other formulas were put into force meanwhile."""
        values = change.payload
        files = with_texts(_newest_files(unit.session), values)
        if digest_of(files) != values["digest"]:
            raise ChangeOutdated(target=change.target)
        approval = {
            "kind": "change",
            "change": change.case_id,
            "prepared_by": change.prepared_by,
            "approved_by": change.approved_by,
        }
        since = date.fromisoformat(str(values["effective_from"]))
        store_formulas(unit, files, since, by="change", approval=approval, change_id=change.case_id)


def _text(key: str, zh: str, en: str) -> FieldSpec:
    return FieldSpec(key, "paragraph", zh, en, maximum=LARGEST_FILE)


def _newest_files(session: Session) -> dict[str, bytes]:
    latest = find_newest(session)
    return load_files(session, latest.id) if latest is not None else {}


def with_texts(files: Mapping[str, bytes], payload: Payload) -> dict[str, bytes]:
    """All files with those of a payload in their place, each ending with one line break."""
    names = {**TEXTS, "dmn": str(payload["file"])}
    return {**files, **{name: f"{payload[field] or ''}\n".encode() for field, name in names.items()}}


def _parsed(files: Mapping[str, bytes]) -> Catalogue | None:
    try:
        return parse(files)
    except CatalogueInvalid:
        return None


def _items_of(catalogue: Catalogue, file: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    found = [one for one in catalogue.items.values() if one.file == file]
    return tuple(one.title_zh for one in found), tuple(one.title_en for one in found)


def _named_changes(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> tuple[str, str]:
    old, new = _parsed(before), _parsed(after)
    if new is None:
        return "", ""
    items = [new.items.get(key) or (old.items[key] if old else None) for key in list_changed(old, new)]
    found = [one for one in items if one is not None]
    return "、".join(one.title_zh for one in found), ", ".join(one.title_en for one in found)


def _check(session: Session, file: str, files: Mapping[str, bytes]) -> None:
    """Raise InvalidInput: the model, the index, the examples, by field."""
    models = {name: data for name, data in files.items() if name.endswith(".dmn")}
    wrong = [one for one in check_models(models) if one.severity == "error"]
    if wrong:
        place = {"line": wrong[0].line or 1, "zh": wrong[0].message_zh, "en": wrong[0].message_en}
        raise InvalidInput({"dmn": ("rule_invalid", place)})
    try:
        catalogue = parse(files)
    except CatalogueInvalid as invalid:
        raise InvalidInput({"formulas_toml": ("formula_invalid", {"why": invalid.problems[0]})}) from None
    try:
        examples = read_examples(files[EXAMPLES])
    except ExamplesInvalid as invalid:
        raise InvalidInput({"examples_toml": ("formula_invalid", {"why": str(invalid)})}) from None
    bare = set(catalogue.items) - {one.item for one in examples.examples}
    if bare:
        raise InvalidInput({"examples_toml": ("formula_without_example", {"items": ", ".join(sorted(bare))})})
    failures = run_examples(catalogue, examples, StoredParameters(session, None))
    if failures:
        raise InvalidInput({"examples_toml": ("formula_example_fails", _said(failures))})


def _said(failures: Sequence[Failure]) -> dict[str, object]:
    first = failures[0]
    return {
        "count": len(failures),
        "item": first.example.item,
        "number": first.example.number,
        "name": first.name,
        "wanted": first.wanted,
        "got": first.got,
    }
