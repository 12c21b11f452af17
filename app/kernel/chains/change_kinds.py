"""Kinds of controlled change on chains: two chains that are one injury, one chain that is two."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from app.kernel.cases.models import Case, CaseChain
from app.kernel.chains.effects import effects
from app.kernel.chains.operations import Ground, link_chains, split_chain
from app.kernel.chains.queries import find_case, list_members, survivor_of
from app.kernel.changes.fields import FieldSpec
from app.kernel.changes.kinds import Change, Difference, Moment, Payload, Touched
from app.kernel.duties.views import CaseView, PastAct
from app.kernel.refusals import InvalidInput
from app.kernel.transaction.unit import Unit


class ChainLinkKind:
    """`chain_link`: the target is the chain that is given up; the older of the two survives."""

    key = "chain_link"
    title_zh = "关联案件链"
    title_en = "Link two chains"

    def form(self, session: Session, at: Moment) -> Sequence[FieldSpec]:
        return (
            FieldSpec(
                "case_no",
                "text",
                "案号",
                "Case number",
                hint_zh="任一案件；它所在链的全部案件一并关联",
                hint_en="any case; all cases of its chain are linked with it",
            ),
            FieldSpec("other_case_no", "text", "同一工伤的另一案号", "Case number of the same injury"),
        )

    def read(self, session: Session, payload: Payload, at: Moment) -> dict[str, Any]:
        cases = _cases(session, payload, ("case_no", "other_case_no"))
        one, other = (cases[key].chain_id for key in ("case_no", "other_case_no"))
        if one == other:
            raise InvalidInput({"other_case_no": ("same_chain", {})})
        survivor, retiring = survivor_of(session, one, other)
        return {**payload, "survivor": survivor, "retiring": retiring}

    def target(self, payload: Payload) -> str:
        return str(payload["retiring"])

    def cases(self, session: Session, payload: Payload) -> Collection[int]:
        return [case.id for case in list_members(session, [payload["survivor"], payload["retiring"]])]

    def subject(self, session: Session, payload: Payload) -> tuple[str, str]:
        numbers = (payload["case_no"], payload["other_case_no"])
        return "{} 与 {}".format(*numbers), "{} with {}".format(*numbers)

    def current(self, session: Session, target: str, at: Moment) -> dict[str, Any] | None:
        return _chain(session, int(target))

    def prefill(self, session: Session, target: str, at: Moment) -> dict[str, Any]:
        """`target`: one chain's id, or `<id>:<id>` for both (a suggestion)."""
        numbers = [_first_number(session, part) for part in target.split(":")[:2]]
        return dict(zip(("case_no", "other_case_no"), numbers, strict=False))

    def differences(
        self, session: Session, current: Payload | None, payload: Payload, at: Moment
    ) -> Sequence[Difference]:
        moving = list_members(session, [payload["retiring"]])
        return [_moved(case, payload["survivor"]) for case in moving]

    def what_if(self, session: Session, payload: Payload, at: Moment) -> Iterable[Touched]:
        survivor = payload["survivor"]

        def together(view: CaseView, acts: Sequence[PastAct]) -> CaseView:
            return replace(view, acts=tuple(acts), chain_id=survivor)

        cases = list_members(session, [payload["retiring"], survivor])
        note = (f"归入链 {survivor}", f"comes to stand in chain {survivor}")
        return effects(session, cases, at, together, note=note)

    def apply(self, unit: Unit, change: Change) -> None:
        payload = change.payload
        ground = Ground(change.case_id, change.reason)
        found = link_chains(unit, payload["retiring"], payload["survivor"], ground)
        told = {"from": payload["retiring"], "to": payload["survivor"], "violations": found}
        unit.record("chain.linked", told)


class ChainSplitKind:
    """`chain_split`: the target is the former chain; leaving and staying cases get a fresh one each."""

    key = "chain_split"
    title_zh = "拆分案件链"
    title_en = "Split a chain"

    def form(self, session: Session, at: Moment) -> Sequence[FieldSpec]:
        number = FieldSpec("case_no", "text", "案号", "Case number")
        return (
            FieldSpec(
                "staying",
                "text",
                "留下的任一案号",
                "Number of a case that stays",
                hint_zh="用来指明是哪条链",
                hint_en="says which chain it is",
            ),
            FieldSpec("leaving", "rows", "拆出的案件", "Cases that leave", columns=(number,)),
        )

    def read(self, session: Session, payload: Payload, at: Moment) -> dict[str, Any]:
        chain_id = _cases(session, payload, ("staying",))["staying"].chain_id
        members = {case.case_no: case.id for case in list_members(session, [chain_id])}
        errors: dict[str, tuple[str, Mapping[str, object]]] = {}
        for number, row in enumerate(payload["leaving"]):
            if row["case_no"] not in members:
                errors[f"leaving.{number}.case_no"] = ("other_chain", {})
            elif row["case_no"] == payload["staying"]:
                errors[f"leaving.{number}.case_no"] = ("leaves_and_stays", {})
        if errors:
            raise InvalidInput(errors)
        leaving = sorted({members[row["case_no"]] for row in payload["leaving"]})
        return {**payload, "chain": chain_id, "leaving_ids": leaving}

    def target(self, payload: Payload) -> str:
        return str(payload["chain"])

    def cases(self, session: Session, payload: Payload) -> Collection[int]:
        return [case.id for case in list_members(session, [payload["chain"]])]

    def subject(self, session: Session, payload: Payload) -> tuple[str, str]:
        numbers = [row["case_no"] for row in payload["leaving"]]
        return (
            f"{'、'.join(numbers)} 从 {payload['staying']} 拆出",
            f"{', '.join(numbers)} away from {payload['staying']}",
        )

    def current(self, session: Session, target: str, at: Moment) -> dict[str, Any] | None:
        return _chain(session, int(target))

    def prefill(self, session: Session, target: str, at: Moment) -> dict[str, Any]:
        cases = list_members(session, [int(target)]) if target.isdigit() else []
        if not cases:
            return {}
        return {"staying": cases[0].case_no, "leaving": [{"case_no": case.case_no} for case in cases[1:]]}

    def differences(
        self, session: Session, current: Payload | None, payload: Payload, at: Moment
    ) -> Sequence[Difference]:
        words = {True: ("拆出的新链", "a new chain"), False: ("留下的新链", "a new chain of those that stay")}
        rows = []
        for case in list_members(session, [payload["chain"]]):
            zh, en = words[case.id in payload["leaving_ids"]]
            rows.append(
                Difference(
                    f"案件 {case.case_no}",
                    f"Case {case.case_no}",
                    f"链 {case.chain_id}",
                    f"chain {case.chain_id}",
                    zh,
                    en,
                )
            )
        return rows

    def what_if(self, session: Session, payload: Payload, at: Moment) -> Iterable[Touched]:
        leaving = frozenset(payload["leaving_ids"])

        def apart(view: CaseView, acts: Sequence[PastAct]) -> CaseView:
            side = view.case_id in leaving
            return replace(view, acts=tuple(act for act in acts if (act.case_id in leaving) == side))

        cases = list_members(session, [payload["chain"]])
        note = ("归入新的链", "comes to stand in a new chain")
        return effects(session, cases, at, apart, note=note)

    def apply(self, unit: Unit, change: Change) -> None:
        ground = Ground(change.case_id, change.reason)
        chain_id = change.payload["chain"]
        new, rest = split_chain(unit, chain_id, frozenset(change.payload["leaving_ids"]), ground)
        unit.record("chain.split", {"from": chain_id, "leaving": new, "staying": rest})


def _cases(session: Session, payload: Payload, keys: Sequence[str]) -> dict[str, Case]:
    found = {key: find_case(session, payload[key]) for key in keys}
    unknown: dict[str, tuple[str, Mapping[str, object]]] = {
        key: ("case_unknown", {"case_no": payload[key]}) for key, case in found.items() if case is None
    }
    if unknown:
        raise InvalidInput(unknown)
    return {key: case for key, case in found.items() if case is not None}


def _chain(session: Session, chain_id: int) -> dict[str, Any] | None:
    """What an approved link or split rests on: the chain lives, and consists of these cases."""
    chain = session.get(CaseChain, chain_id)
    if chain is None:
        return None
    cases = [case.id for case in list_members(session, [chain_id])]
    return {"chain": chain_id, "cases": cases, "given_up": chain.retired_at is not None}


def _first_number(session: Session, chain: str) -> str:
    cases = list_members(session, [int(chain)]) if chain.isdigit() else []
    return cases[0].case_no if cases else ""


def _moved(case: Case, survivor: int) -> Difference:
    return Difference(
        f"案件 {case.case_no}",
        f"Case {case.case_no}",
        f"链 {case.chain_id}",
        f"chain {case.chain_id}",
        f"链 {survivor}",
        f"chain {survivor}",
    )
