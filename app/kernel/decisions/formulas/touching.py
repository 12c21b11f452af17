"""Which items two versions of the formulas calculate differently: anything behind an item's decision differs. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from app.kernel.decisions.formulas.catalogue import Catalogue, Item


def list_changed(before: Catalogue | None, after: Catalogue) -> list[str]:
    """Keys of items that are new, gone, or rest on something that differs, in the order of the files."""
    known = {**(before.items if before else {}), **after.items}
    return [key for key in known if before is None or _behind(before, key) != _behind(after, key)]


def _behind(catalogue: Catalogue, key: str) -> Any:
    """Everything an item's result depends on, without the places of it in the files."""
    item = catalogue.items.get(key)
    if item is None:
        return None
    return (
        _plain(item),
        [_plain(one) for one in catalogue.inputs_of(item)],
        [_plain(one) for one in catalogue.parameters_of(item)],
        _elements(catalogue, item),
    )


def _elements(catalogue: Catalogue, item: Item) -> list[Any]:
    graph = catalogue.graph_of(item)
    return sorted(repr(_plain(one)) for one in graph.list_elements(item.decision))


def _plain(value: Any) -> Any:
    """Without lines and compiled closures."""
    if hasattr(value, "source") and hasattr(value, "run"):
        return value.source
    if is_dataclass(value) and not isinstance(value, type):
        shown = {one.name: getattr(value, one.name) for one in fields(value) if one.name != "line"}
        return (type(value).__name__, {name: _plain(one) for name, one in shown.items()})
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
