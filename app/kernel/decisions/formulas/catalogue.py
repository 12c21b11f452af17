"""A folder of formulas: decision models (*.dmn) and `formulas.toml`, which names items, inputs and parameters."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from app.kernel.decisions.dmn import Graph, ModelInvalid, read_folder
from app.kernel.decisions.feel import FeelError, Names, compile_expression, tree
from app.kernel.decisions.feel.expression import Feel

INDEX = "formulas.toml"
INPUT_TYPES = ("text", "number", "integer", "date", "choice", "boolean", "rows")


class CatalogueInvalid(ValueError):
    """A folder that can't be used; `problems` says everything that is wrong."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Input:
    """Something the officer knows: `key` for forms and programs, `name` as the models call it (and its Chinese)."""

    key: str
    name: str
    en: str
    type: str
    required: bool
    hint_zh: str
    hint_en: str
    options: tuple[tuple[str, str, str], ...]
    columns: tuple[Input, ...]
    minimum: int | None
    maximum: int | None


@dataclass(frozen=True)
class ParameterRef:
    """A name of the models whose value is a parameter's.

    `on`, `dimensions` and `when` are expressions over the inputs: the day (None: the item's), the categories, and
    whether it is needed at all. Without an `optional` one the formula goes on.
    """

    name: str
    key: str
    en: str
    on: Feel | None
    dimensions: Mapping[str, Feel]
    when: Feel | None
    optional: bool

    @property
    def expressions(self) -> tuple[Feel, ...]:
        found = (self.on, self.when, *self.dimensions.values())
        return tuple(one for one in found if one is not None)


@dataclass(frozen=True)
class Item:
    """Something that can be calculated; `on` gives the day whose law and values hold."""

    key: str
    topic: str
    file: str
    decision: str
    title_zh: str
    title_en: str
    ground: str
    on: Feel | None


@dataclass(frozen=True)
class Catalogue:
    """A folder as read: `results` are names of answers, `amounts` of money within lists.

    `names` are English words of names and answers of the models; `digest` is over all files.
    """

    title_zh: str
    title_en: str
    topics: tuple[tuple[str, str, str], ...]
    items: Mapping[str, Item]
    inputs: Mapping[str, Input]
    parameters: Mapping[str, ParameterRef]
    results: tuple[str, ...]
    amounts: tuple[str, ...]
    names: Mapping[str, str]
    graphs: Mapping[str, Graph]
    digest: str

    def graph_of(self, item: Item) -> Graph:
        return self.graphs[item.file]

    def parameters_of(self, item: Item) -> list[ParameterRef]:
        """Parameters the item's decision rests on, in the order of the models."""
        return [self.parameters[name] for name in self._needed(item) if name in self.parameters]

    def inputs_of(self, item: Item) -> list[Input]:
        """What must be known: inputs of the decision, and those that days and categories of parameters depend on."""
        wanted = {name for name in self._needed(item) if name in self.inputs}
        expressions = [item.on] if item.on is not None else []
        for one in self.parameters_of(item):
            expressions += one.expressions
        for expression in expressions:
            wanted |= names_in(expression) & self.inputs.keys()
        return [one for name, one in self.inputs.items() if name in wanted]

    def _needed(self, item: Item) -> list[str]:
        return list(dict.fromkeys(one.name for one in self.graph_of(item).list_inputs(item.decision)))


def names_in(expression: Feel) -> set[str]:
    """All names that an expression uses."""
    return {one.name for one in tree.walk(expression.root) if isinstance(one, tree.Name)}


@cache
def load_catalogue(folder: Path) -> Catalogue:
    """A folder's catalogue, read once per process. Raise CatalogueInvalid."""
    return read_catalogue({path.name: path.read_bytes() for path in sorted(folder.iterdir())})


def read_catalogue(files: Mapping[str, bytes]) -> Catalogue:
    """Read and check a folder. Raise CatalogueInvalid with everything that is wrong."""
    models = {name: data for name, data in files.items() if name.endswith(".dmn")}
    try:
        document = tomllib.loads(files[INDEX].decode("utf-8"))
        graphs = read_folder(models)
        catalogue = _catalogue(document, graphs, _digest(files))
    except ModelInvalid as invalid:
        raise CatalogueInvalid([one.message_en for one in invalid.problems]) from invalid
    except FeelError as error:
        raise CatalogueInvalid([f"{INDEX}: {error}"]) from error
    except (KeyError, TypeError, ValueError) as error:
        raise CatalogueInvalid([f"{INDEX}: {error!r}"]) from error
    problems = list(_problems(catalogue))
    if problems:
        raise CatalogueInvalid(problems)
    return catalogue


def _digest(files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, data in sorted(files.items()):
        digest.update(name.encode() + b"\0" + hashlib.sha256(data).digest())
    return digest.hexdigest()


def _catalogue(document: Mapping[str, Any], graphs: Mapping[str, Graph], digest: str) -> Catalogue:
    inputs = {entry["name"]: _input(entry) for entry in document["input"]}
    names = _names(inputs.values())
    return Catalogue(
        document["title_zh"],
        document["title_en"],
        tuple((entry["key"], entry["title_zh"], entry["title_en"]) for entry in document["topic"]),
        {entry["key"]: _item(entry, names) for entry in document["item"]},
        inputs,
        {entry["name"]: _parameter(entry, names) for entry in document["parameter"]},
        tuple(document["results"]),
        tuple(document.get("amounts", ())),
        dict(document["names"]),
        graphs,
        digest,
    )


def _names(inputs: Iterable[Input]) -> Names:
    found = list(inputs)
    members = {column.name for one in found for column in one.columns}
    return Names(frozenset(one.name for one in found), frozenset(members))


def _input(entry: Mapping[str, Any]) -> Input:
    if entry["type"] not in INPUT_TYPES:
        raise ValueError(f"unknown type {entry['type']!r} of {entry['name']}")
    return Input(
        entry["key"],
        entry["name"],
        entry["en"],
        entry["type"],
        entry.get("required", True),
        entry.get("hint_zh", ""),
        entry.get("hint_en", ""),
        tuple((value, zh, en) for value, zh, en in entry.get("options", [])),
        tuple(_input(one) for one in entry.get("column", [])),
        entry.get("minimum"),
        entry.get("maximum"),
    )


def _item(entry: Mapping[str, Any], names: Names) -> Item:
    texts = {
        name: entry[name] for name in ("key", "topic", "file", "decision", "title_zh", "title_en", "ground")
    }
    return Item(**texts, on=_compiled(entry.get("on"), names))


def _parameter(entry: Mapping[str, Any], names: Names) -> ParameterRef:
    return ParameterRef(
        entry["name"],
        entry["key"],
        entry["en"],
        _compiled(entry.get("on"), names),
        {key: compile_expression(source, names) for key, source in entry.get("dimensions", {}).items()},
        _compiled(entry.get("when"), names),
        entry.get("optional", False),
    )


def _compiled(source: str | None, names: Names) -> Feel | None:
    return compile_expression(source, names) if source else None


def _problems(catalogue: Catalogue) -> Iterator[str]:
    """Models that may not be deployed, decisions that aren't there, names nobody supplies."""
    for file, graph in catalogue.graphs.items():
        for problem in graph.problems:
            if problem.severity == "error":
                yield f"{file}:{problem.line or 0} {problem.message_en}"
    for item in catalogue.items.values():
        try:
            needed = catalogue.graph_of(item).list_inputs(item.decision)
        except KeyError:
            yield f"{item.key}: there is no decision {item.decision!r} in {item.file}"
            continue
        for one in needed:
            if one.name not in catalogue.inputs and one.name not in catalogue.parameters:
                yield f"{item.key}: nobody supplies {one.name!r}"
        if item.on is None and catalogue.parameters_of(item):
            yield f"{item.key}: no day for its parameters"
