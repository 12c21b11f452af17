"""Decision tables (clause 8.2): inputs, rules, outputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.kernel.decisions.dmn import model
from app.kernel.decisions.dmn.building import Builder
from app.kernel.decisions.dmn.hit_policies import POLICIES, Outcome, Policy
from app.kernel.decisions.dmn.tracing import RuleHit, TracedRuntime
from app.kernel.decisions.feel.composing import Evaluate
from app.kernel.decisions.feel.runtime import Scope
from app.kernel.decisions.feel.values import Value

Named = tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True)
class _Input:
    evaluate: Evaluate
    allowed: Evaluate | None
    source: str


@dataclass(frozen=True, slots=True)
class _Rule:
    """Tests of the columns that aren't `-`, each with the number of its input."""

    tests: tuple[tuple[int, Evaluate], ...]
    outputs: tuple[Evaluate, ...]
    number: int
    line: int | None
    annotations: tuple[tuple[str, str], ...]


def build_table(builder: Builder, table: model.Table) -> Evaluate:
    """A closure that gives what the hit policy makes of the rules that match."""
    inputs = [_input(builder, one) for one in table.inputs]
    kinds = [_input_kind(builder, one) for one in table.inputs]
    rules = [_rule(builder, table, number, kinds) for number in range(len(table.rules))]
    policy = _policy(builder, table)
    combine = _combiner(table.outputs)
    defaults = _defaults(builder, table)
    names = [output.name or "" for output in table.outputs]

    def evaluate(scope: Scope) -> Value:
        scopes = _input_scopes(scope, inputs)
        if scopes is None:
            return None
        outcome = Outcome(scope.run, defaults(scope) if defaults is not None else None, defaults is not None)
        scope.run.charge(len(rules))
        for rule in rules:
            if _matches(rule, scopes):
                outcome.matched.append([output(scope) for output in rule.outputs])
                if isinstance(scope.run, TracedRuntime):
                    scope.run.hit(
                        _hit(rule, inputs, scopes, tuple(zip(names, outcome.matched[-1], strict=False)))
                    )
                if policy.first_only:
                    break
        return policy.conclude(outcome, combine)

    return evaluate


def _matches(rule: _Rule, scopes: Sequence[Scope]) -> bool:
    return all(test(scopes[column]) is True for column, test in rule.tests)


def _hit(rule: _Rule, inputs: Sequence[_Input], scopes: Sequence[Scope], outputs: Named) -> RuleHit:
    looked_at = tuple((inputs[column].source, scopes[column].values["?"]) for column, _test in rule.tests)
    return RuleHit(rule.number, rule.line, rule.annotations, looked_at, outputs)


def _input_scopes(scope: Scope, inputs: Sequence[_Input]) -> list[Scope] | None:
    """For each input a scope that holds its value as `?`; None when a value isn't allowed."""
    scopes = []
    for one in inputs:
        inner = Scope(scope.run, {"?": one.evaluate(scope)}, scope)
        if one.allowed is not None and one.allowed(inner) is not True:
            return scope.run.fail(
                "input-not-allowed", "输入值不在允许的范围内", "an input isn't among its allowed values"
            )
        scopes.append(inner)
    return scopes


def _input(builder: Builder, one: model.TableInput) -> _Input:
    evaluate = builder.conforming(builder.expression(one.expression), one.type_ref)
    allowed = builder.tests(one.values) if one.values is not None else None
    return _Input(evaluate, allowed, one.expression.source)


def _input_kind(builder: Builder, one: model.TableInput) -> str | None:
    """The type of an input column: as declared, or that of the variable it reads."""
    return builder.types.kind_of(one.type_ref) or builder.kinds.get(one.expression.source)


def _rule(builder: Builder, table: model.Table, place: int, kinds: Sequence[str | None]) -> _Rule:
    rule = table.rules[place]
    if len(rule.inputs) != len(table.inputs) or len(rule.outputs) != len(table.outputs):
        builder.note(
            "rule-incomplete", rule.line, "规则的单元格数与列数不符", "the rule has too few or too many cells"
        )
    tests = tuple(
        (column, builder.tests(cell, kinds[column]))
        for column, cell in enumerate(rule.inputs[: len(table.inputs)])
        if cell.source not in ("", "-")
    )
    outputs = tuple(
        builder.conforming(builder.expression(cell), output.type_ref)
        for cell, output in zip(rule.outputs, table.outputs, strict=False)
    )
    notes = tuple(
        (name, text) for name, text in zip(table.annotations, rule.annotations, strict=False) if text
    )
    return _Rule(tests, outputs, place + 1, rule.line, notes)


def _combiner(outputs: Sequence[model.TableOutput]) -> Callable[[list[Value]], Value]:
    """One output is the value itself, several make a context by their names."""
    if len(outputs) == 1:
        return lambda values: values[0] if values else None
    names = [output.name or f"output {number}" for number, output in enumerate(outputs, 1)]
    return lambda values: dict(zip(names, values, strict=False))


def _defaults(builder: Builder, table: model.Table) -> Callable[[Scope], list[Value]] | None:
    """The default outputs; None when no column has one."""
    if all(output.default is None for output in table.outputs):
        return None
    columns = [
        builder.conforming(builder.expression(output.default or model.Text("null", None)), output.type_ref)
        for output in table.outputs
    ]
    return lambda scope: [column(scope) for column in columns]


def _policy(builder: Builder, table: model.Table) -> Policy:
    name = table.hit_policy.strip().upper().replace("_", " ")
    make = POLICIES.get(name)
    if make is None:
        builder.note("hit-policy", table.line, f"未知的命中策略“{name}”", f"unknown hit policy {name!r}")
        make = POLICIES["UNIQUE"]
    ranks = [
        _priorities(builder, output.values or builder.types.allowed_values(output.type_ref or table.type_ref))
        for output in table.outputs
    ]
    return make(table.aggregation, ranks)


def _priorities(builder: Builder, values: model.Text | None) -> Evaluate | None:
    """The list of output values, the highest priority first."""
    if values is None:
        return None
    return builder.expression(model.Text(f"[{values.source}]", values.line))
