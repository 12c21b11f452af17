"""What lies ahead of a case in a deployed version, proved from where it stands."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Final, Protocol, TypeVar

from app.kernel.engine.check.proof.diagram import Process, read_processes
from app.kernel.engine.check.proof.flows import TooManyWays
from app.kernel.engine.check.proof.position import Ahead, Marking, PositionProof, Unplaced
from app.kernel.engine.check.proof.translation import NetTooLarge
from app.kernel.engine.check.xml_safety import parsed_xml
from app.kernel.engine.dialect import StepSpec
from app.kernel.engine.running.obstacles import Obstacle

Key = TypeVar("Key")
Value = TypeVar("Value")

MOST_KEPT: Final = 2_000
"""Answers kept: cases of a version stand in few places."""


class Provable(Protocol):
    """A version with its files, deployed or about to be."""

    @property
    def key(self) -> str: ...

    @property
    def digest(self) -> str: ...

    @property
    def files(self) -> Mapping[str, bytes]: ...

    @property
    def steps(self) -> Mapping[str, StepSpec]: ...


_proofs: OrderedDict[tuple[str, str], PositionProof] = OrderedDict()
_answers: OrderedDict[tuple[object, ...], Ahead] = OrderedDict()


def list_ahead(deployed: Provable, where: Marking, earned: Sequence[str], risk: str) -> list[Obstacle]:
    """What speaks against a case of class `risk` going on from there; `earned`: duties signed, in that order."""
    try:
        ahead = _look(deployed, where, tuple(earned), risk)
    except Unplaced as unplaced:
        return [Obstacle("unplaced", _title(deployed, str(unplaced.args[0])))]
    except (NetTooLarge, TooManyWays):
        ahead = Ahead(known=False)
    if not ahead.known:
        return [Obstacle("unproved")]
    if ahead.gap is not None:
        return [Obstacle("uncovered", ahead.gap.name)]
    return [Obstacle("stuck_ahead", _title(deployed, ahead.stuck))] if ahead.stuck is not None else []


def _look(deployed: Provable, where: Marking, earned: tuple[str, ...], risk: str) -> Ahead:
    key = (deployed.digest, risk, where, earned)
    found = _answers.get(key)
    if found is None:
        found = _keep(_answers, key, _proof_of(deployed, risk).look_ahead(where, earned), MOST_KEPT)
    return found


def _proof_of(deployed: Provable, risk: str) -> PositionProof:
    key = (deployed.digest, risk)
    found = _proofs.get(key)
    if found is None:
        processes = _processes(deployed)
        found = _keep(_proofs, key, PositionProof(processes[deployed.key], processes, risk), 32)
    return found


def _keep(kept: OrderedDict[Key, Value], key: Key, value: Value, most: int) -> Value:
    kept[key] = value
    while len(kept) > most:
        kept.popitem(last=False)
    return value


def _processes(deployed: Provable) -> dict[str, Process]:
    return {
        process.id: process
        for path, data in sorted(deployed.files.items())
        if path.endswith(".bpmn")
        for process in read_processes(path, parsed_xml(path, data))
    }


def _title(deployed: Provable, key: str) -> str:
    step = deployed.steps.get(key)
    return step.name if step is not None else key
