"""Decision requirement graphs (clause 6): elements linked over files, compiled once, evaluated as far as asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from app.kernel.decisions.dmn import model
from app.kernel.decisions.dmn.boxed import build, build_function, source_of
from app.kernel.decisions.dmn.building import Builder
from app.kernel.decisions.dmn.errors import Problem
from app.kernel.decisions.dmn.tracing import Step, TracedRuntime
from app.kernel.decisions.dmn.types import Types
from app.kernel.decisions.feel.calls import call
from app.kernel.decisions.feel.composing import Evaluate
from app.kernel.decisions.feel.errors import Diagnostic, FeelError, LimitExceeded
from app.kernel.decisions.feel.hosting import from_host
from app.kernel.decisions.feel.limits import DEFAULT_LIMITS, Limits
from app.kernel.decisions.feel.runtime import Runtime, Scope
from app.kernel.decisions.feel.values import Function, Parameter, Value

Key = tuple[str, str]
"""Namespace of the file and id of the element."""


@dataclass(frozen=True, slots=True)
class Node:
    """An element with what it needs: name in its scope (with the prefix of an import) and key."""

    key: Key
    element: model.Element
    types: Types
    needs: tuple[tuple[str, str, Key], ...]
    evaluate: Evaluate | None


@dataclass(frozen=True, slots=True)
class Decided:
    """A value of a decision and why it, or a part of it, is null."""

    value: Value
    diagnostics: tuple[Diagnostic, ...]
    steps: tuple[Step, ...] = ()
    """Of a traced evaluation: how it came to the value, each step after those it needs."""


class Graph:
    """The decisions of one model and its imports. `problems` are all that is wrong in the files."""

    def __init__(
        self, main: model.Definitions, nodes: Mapping[Key, Node], problems: Sequence[Problem]
    ) -> None:
        self.main = main
        self.nodes = nodes
        self.problems = tuple(problems)

    def decide(
        self,
        name: str,
        inputs: Mapping[str, object],
        now: datetime | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> Decided:
        """A decision of the main model by name or id; `inputs` by the names of input data. Raises KeyError."""
        key = self.find(name)
        return self._bounded(Runtime(now, limits), lambda run: Evaluation(self, run, inputs).value(key))

    def trace(
        self,
        name: str,
        inputs: Mapping[str, object],
        now: datetime | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> Decided:
        """As `decide`, with the steps. Raises KeyError."""
        key = self.find(name)
        run = TracedRuntime(now, limits)
        decided = self._bounded(run, lambda _run: Evaluation(self, run, inputs).value(key))
        return replace(decided, steps=tuple(run.trace))

    def list_inputs(self, name: str) -> list[model.InputData]:
        """The input data that a decision rests on, directly or not, in the order of the files. Raises KeyError."""
        return [one for one in self.list_elements(name) if isinstance(one, model.InputData)]

    def list_elements(self, name: str) -> list[model.Element]:
        """A decision and all that it rests on, directly or not, in the order of the files. Raises KeyError."""
        waiting, seen = [self.find(name)], set[Key]()
        while waiting:
            key = waiting.pop()
            if key in seen or key not in self.nodes:
                continue
            seen.add(key)
            waiting += [need for _prefix, _name, need in self.nodes[key].needs]
        return [node.element for key, node in self.nodes.items() if key in seen]

    def invoke(
        self,
        name: str,
        arguments: Mapping[str, object],
        now: datetime | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> Decided:
        """A decision service or knowledge model by name, arguments that are missing null. Raises KeyError."""
        key = self.find(name)

        def work(run: Runtime) -> Value:
            function = Evaluation(self, run, arguments).value(key)
            if not isinstance(function, Function):
                return None
            values = [from_host(run, arguments.get(one.name)) for one in function.parameters]
            return call(run, function, values)

        return self._bounded(Runtime(now, limits), work)

    def find(self, name: str) -> Key:
        """The element of the main model of that name or id. Raises KeyError."""
        for identity, element in self.main.elements.items():
            if name in (element.name, identity) and not isinstance(element, model.InputData):
                return self.main.namespace, identity
        raise KeyError(name)

    @staticmethod
    def _bounded(run: Runtime, work: Callable[[Runtime], Value]) -> Decided:
        try:
            return Decided(work(run), tuple(run.diagnostics))
        except LimitExceeded as limit:
            run.fail(limit.code, limit.message_zh, limit.message_en)
        except RecursionError:
            run.fail("too-deep", "求值嵌套过深", "the evaluation is nested too deeply")
        return Decided(None, tuple(run.diagnostics))


class Evaluation:
    """Values of elements, each computed once; `given` overrides what a service takes as parameters."""

    def __init__(
        self,
        graph: Graph,
        run: Runtime,
        inputs: Mapping[str, object],
        given: Mapping[Key, Value] | None = None,
    ) -> None:
        self.graph, self.run, self.inputs = graph, run, inputs
        self._values: dict[Key, Value] = dict(given or {})
        self._busy: set[Key] = set()

    def value(self, key: Key) -> Value:
        """The value of input data or a decision, the function of a knowledge model or service."""
        if key in self._values:
            return self._values[key]
        node = self.graph.nodes.get(key)
        if node is None or key in self._busy:
            return self.run.fail(
                "no-such-element", "找不到所需的元素", "a required element is missing or needs itself"
            )
        self._busy.add(key)
        self.run.charge()
        value = self._traced(node) if isinstance(self.run, TracedRuntime) else self._computed(node)
        self._busy.discard(key)
        self._values[key] = value
        return value

    def _traced(self, node: Node) -> Value:
        """The value, noted as a step; functions are no values anybody would read."""
        run, element = self.run, node.element
        if not isinstance(run, TracedRuntime) or isinstance(element, model.KnowledgeModel | model.Service):
            return self._computed(node)
        kind = "input" if isinstance(element, model.InputData) else "decision"
        source = source_of(element.expression) if isinstance(element, model.Decision) else ""
        run.begin(Step(node.key[0], element.name, kind, source))
        value = self._computed(node)
        run.finish(value)
        return value

    def _computed(self, node: Node) -> Value:
        element = node.element
        if isinstance(element, model.InputData):
            return self._input(node, element)
        if isinstance(element, model.Service):
            return self._service(node, element)
        if node.evaluate is None:
            return None
        values = self._required(node)
        value = node.evaluate(Scope(self.run, values))
        if isinstance(element, model.KnowledgeModel):
            values[element.name] = value  # it may call itself
        return value

    def _input(self, node: Node, element: model.InputData) -> Value:
        """By `{namespace}name`, else by name."""
        qualified = f"{{{node.key[0]}}}{element.name}"
        given = self.inputs.get(qualified, self.inputs.get(element.name))
        return node.types.conform(self.run, from_host(self.run, given), element.type_ref)

    def _required(self, node: Node) -> dict[str, Value]:
        """The required elements by name; those of imports in a context by the name of the import."""
        values: dict[str, Value] = {}
        for prefix, name, key in node.needs:
            value = self.value(key)
            if prefix:
                values.setdefault(prefix, {})[name] = value
            else:
                values[name] = value
        return values

    def _service(self, node: Node, element: model.Service) -> Function:
        """A function whose parameters are the input data, then the input decisions (clause 6.3.9)."""
        keys = [
            key
            for _prefix, _name, key in node.needs[: len(element.input_data) + len(element.input_decisions)]
        ]
        outputs = [key for _prefix, _name, key in node.needs[len(keys) :]]
        known = [self.graph.nodes[key] for key in keys if key in self.graph.nodes]
        parameters = tuple(_parameter(one) for one in known)

        def run_service(run: Runtime, values: Sequence[Value]) -> Value:
            given = dict(zip((one.key for one in known), values, strict=True))
            inner = Evaluation(self.graph, run, {}, given)
            results = {
                self.graph.nodes[key].element.name: inner.value(key)
                for key in outputs
                if key in self.graph.nodes
            }
            value = next(iter(results.values()), None) if len(outputs) == 1 else results
            return node.types.conform(run, value, element.type_ref)

        return Function(element.name, parameters, run_service)


def _parameter(node: Node) -> Parameter:
    reference = node.element.type_ref
    return Parameter(node.element.name, node.types.type_of(reference), node.types.converter(reference))


# -- linking

_MOST_IMPORTS: Final = 20


def link(main: model.Definitions, others: Sequence[model.Definitions]) -> Graph:
    """The graph of a model, with those among `others` that it imports, directly or not."""
    by_namespace = {one.namespace: one for one in others} | {main.namespace: main}
    problems: list[Problem] = []
    nodes: dict[Key, Node] = {}
    waiting, seen = [main], {main.namespace}
    while waiting:
        definitions = waiting.pop()
        imports = {one.namespace: one.name for one in definitions.imports}
        nodes.update(_Linker(definitions, by_namespace, problems).nodes())
        for namespace in imports:
            other = by_namespace.get(namespace)
            if other is None:
                problems.append(
                    Problem(
                        "import-missing",
                        definitions.file,
                        None,
                        imports[namespace],
                        f"找不到导入的模型“{namespace}”",
                        f"the imported model {namespace!r} is missing",
                    )
                )
            elif namespace not in seen:
                seen.add(namespace)
                waiting.append(other)
    return Graph(main, nodes, problems)


class _Linker:
    """Compiles the elements of one file."""

    def __init__(
        self,
        definitions: model.Definitions,
        by_namespace: Mapping[str, model.Definitions],
        problems: list[Problem],
    ) -> None:
        self.definitions = definitions
        self.by_namespace = by_namespace
        self.problems = problems
        self.imports = {one.namespace: one.name for one in definitions.imports}
        self.types = Types(self._items(), self._type_problem)

    def _items(self) -> list[tuple[str, model.ItemDefinition]]:
        items = [("", item) for item in self.definitions.items]
        for namespace, name in self.imports.items():
            other = self.by_namespace.get(namespace)
            if other is not None:
                items += [(f"{name}." if name else "", item) for item in other.items]
        return items

    def _type_problem(self, text: model.Text, error: FeelError) -> None:
        self.problems.append(
            Problem(
                "constraint-invalid",
                self.definitions.file,
                text.line,
                None,
                f"允许值无效：{error.message_zh}",
                f"invalid constraint: {error}",
            )
        )

    def nodes(self) -> dict[Key, Node]:
        nodes = {
            (self.definitions.namespace, identity): self._node(identity, element)
            for identity, element in self.definitions.elements.items()
        }
        for name in sorted(self.types.unknown):
            zh, en = f"没有定义类型“{name}”", f"the type {name!r} isn't defined"
            self.problems.append(Problem("type-unknown", self.definitions.file, None, name, zh, en))
        return nodes

    def _node(self, identity: str, element: model.Element) -> Node:
        needs = tuple(need for href in _hrefs(element) if (need := self._need(element, href)) is not None)
        key = (self.definitions.namespace, identity)
        return Node(key, element, self.types, needs, self._compiled(element, needs))

    def _compiled(self, element: model.Element, needs: Sequence[tuple[str, str, Key]]) -> Evaluate | None:
        members = self.types.members | {name for prefix, name, _key in needs if prefix}
        kinds = {prefix or name: None if prefix else self._kind(key) for prefix, name, key in needs}
        builder = Builder(
            self.definitions.file, element.name, self.types, kinds, frozenset(members), self.problems
        )
        if isinstance(element, model.Decision):
            return builder.conforming(build(builder, element.expression), element.type_ref)
        if isinstance(element, model.KnowledgeModel) and element.logic is not None:
            result = self._result_type(element)
            return build_function(builder.knowing([element.name]), element.logic, element.name, result)
        return None

    def _kind(self, key: Key) -> str | None:
        """The plain type of what is required: of data and decisions of this file as declared."""
        element = self.definitions.elements.get(key[1])
        if isinstance(element, model.KnowledgeModel | model.Service):
            return "function"
        return self.types.kind_of(element.type_ref) if element is not None else None

    def _result_type(self, element: model.KnowledgeModel) -> str | None:
        """What the function gives: the variable's type, which may name the function's type instead."""
        for item in self.definitions.items:
            if item.name == element.type_ref and item.function is not None:
                return item.function.result
        return element.type_ref

    def _need(self, element: model.Element, href: str) -> tuple[str, str, Key] | None:
        namespace, _sign, identity = href.rpartition("#")
        namespace = namespace or self.definitions.namespace
        other = self.by_namespace.get(namespace)
        target = other.elements.get(identity) if other is not None else None
        if target is None:
            self.problems.append(
                Problem(
                    "requirement-missing",
                    self.definitions.file,
                    None,
                    element.name,
                    f"找不到所需的元素“{href}”",
                    f"the required element {href!r} is missing",
                )
            )
            return None
        prefix = "" if namespace == self.definitions.namespace else self.imports.get(namespace, "")
        return prefix, target.name, (namespace, identity)


def _hrefs(element: model.Element) -> tuple[str, ...]:
    if isinstance(element, model.Decision):
        return (*element.requires, *element.knowledge)
    if isinstance(element, model.KnowledgeModel):
        return element.knowledge
    if isinstance(element, model.Service):
        return (*element.input_data, *element.input_decisions, *element.outputs)
    return ()
