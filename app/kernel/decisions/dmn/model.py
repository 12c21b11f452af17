"""A decision model as read (clauses 6, 7, 8 and 10.2): requirement graph and boxed expressions, nothing compiled."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Text:
    """A FEEL source with its place in the file."""

    source: str
    line: int | None


@dataclass(frozen=True, slots=True)
class Literal:
    """A literal expression; `language` where it isn't FEEL."""

    text: Text
    type_ref: str | None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class ContextEntry:
    """`name` None: the result cell."""

    name: str | None
    type_ref: str | None
    value: Expression | None


@dataclass(frozen=True, slots=True)
class Context:
    entries: tuple[ContextEntry, ...]
    type_ref: str | None


@dataclass(frozen=True, slots=True)
class ListOf:
    items: tuple[Expression | None, ...]
    type_ref: str | None


@dataclass(frozen=True, slots=True)
class Relation:
    columns: tuple[str, ...]
    rows: tuple[tuple[Expression | None, ...], ...]
    type_ref: str | None


@dataclass(frozen=True, slots=True)
class FunctionOf:
    """A boxed function; kinds other than FEEL are refused when called."""

    parameters: tuple[tuple[str, str | None], ...]
    body: Expression | None
    kind: str
    type_ref: str | None


@dataclass(frozen=True, slots=True)
class Invocation:
    called: Expression | None
    bindings: tuple[tuple[str, Expression | None], ...]
    type_ref: str | None


@dataclass(frozen=True, slots=True)
class Conditional:
    condition: Expression | None
    positive: Expression | None
    negative: Expression | None
    type_ref: str | None


@dataclass(frozen=True, slots=True)
class Iterator:
    """`kind` is for, some or every."""

    kind: str
    variable: str
    domain: Expression | None
    result: Expression | None
    type_ref: str | None


@dataclass(frozen=True, slots=True)
class Filter:
    source: Expression | None
    match: Expression | None
    type_ref: str | None


@dataclass(frozen=True, slots=True)
class TableInput:
    expression: Text
    type_ref: str | None
    values: Text | None


@dataclass(frozen=True, slots=True)
class TableOutput:
    name: str | None
    type_ref: str | None
    values: Text | None
    default: Text | None


@dataclass(frozen=True, slots=True)
class TableRule:
    inputs: tuple[Text, ...]
    outputs: tuple[Text, ...]
    line: int | None
    annotations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A decision table; `aggregation` is SUM, COUNT, MIN, MAX or None."""

    hit_policy: str
    aggregation: str | None
    inputs: tuple[TableInput, ...]
    outputs: tuple[TableOutput, ...]
    rules: tuple[TableRule, ...]
    type_ref: str | None
    line: int | None
    annotations: tuple[str, ...] = ()
    """Names of the annotation columns; what they say is no logic."""


Expression = (
    Literal | Context | ListOf | Relation | FunctionOf | Invocation | Conditional | Iterator | Filter | Table
)


BOXED = (
    Literal,
    Context,
    ContextEntry,
    ListOf,
    Relation,
    FunctionOf,
    Invocation,
    Conditional,
    Iterator,
    Filter,
)
"""What other boxed expressions may stand in."""


@dataclass(frozen=True, slots=True)
class ItemDefinition:
    """A type: a reference, components, or a function; constraints on the items and on the whole."""

    name: str
    type_ref: str | None
    collection: bool
    components: tuple[ItemDefinition, ...]
    allowed: Text | None
    constraint: Text | None
    function: FunctionItem | None = None


@dataclass(frozen=True, slots=True)
class FunctionItem:
    parameters: tuple[str | None, ...]
    result: str | None


@dataclass(frozen=True, slots=True)
class InputData:
    id: str
    name: str
    type_ref: str | None


@dataclass(frozen=True, slots=True)
class Decision:
    """`requires` are hrefs of input data and decisions, `knowledge` of knowledge models and services.

    `name` is that of its variable where it has one, `label` what people read.
    """

    id: str
    name: str
    type_ref: str | None
    requires: tuple[str, ...]
    knowledge: tuple[str, ...]
    expression: Expression | None
    line: int | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class KnowledgeModel:
    id: str
    name: str
    type_ref: str | None
    knowledge: tuple[str, ...]
    logic: FunctionOf | None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """A decision service; all are hrefs."""

    id: str
    name: str
    type_ref: str | None
    outputs: tuple[str, ...]
    encapsulated: tuple[str, ...]
    input_decisions: tuple[str, ...]
    input_data: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Import:
    name: str
    namespace: str


Element = InputData | Decision | KnowledgeModel | Service


@dataclass(frozen=True, slots=True)
class Definitions:
    """One file. `elements` by id."""

    file: str
    namespace: str
    name: str
    imports: tuple[Import, ...]
    items: tuple[ItemDefinition, ...]
    elements: dict[str, Element] = field(default_factory=dict)
