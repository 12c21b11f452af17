"""Context functions (10.3.4.10)."""

from __future__ import annotations

from typing import Final

from app.kernel.decisions.feel.builtins.signatures import library
from app.kernel.decisions.feel.runtime import Missing, Runtime
from app.kernel.decisions.feel.values import Value

ContextValue = dict[str, Value]


def get_value(run: Runtime, context: ContextValue, key: str) -> Value:
    if key not in context:
        return run.fail("no-member", f"没有成员“{key}”", f"there is no member {key!r}")
    return context[key]


def get_value_at(run: Runtime, context: ContextValue, keys: list[Value]) -> Value:
    value: Value = context
    for key in keys:
        if not isinstance(value, dict) or not isinstance(key, str) or key not in value:
            return run.fail("no-member", "没有该路径", "there is no such path")
        value = value[key]
    return value if keys else None


def get_entries(run: Runtime, context: ContextValue) -> list[Value]:
    run.charge(len(context))
    return [{"key": key, "value": value} for key, value in context.items()]


def context_of(run: Runtime, entries: list[Value]) -> ContextValue | None:
    """From entries with `key` and `value`; a key twice, or an entry without them, makes it null."""
    run.charge(len(entries))
    built: ContextValue = {}
    for entry in entries:
        if not isinstance(entry, dict) or not {"key", "value"} <= entry.keys():
            return _no_entries(run)
        key = entry["key"]
        if not isinstance(key, str) or key in built:
            return _no_entries(run)
        built[key] = entry["value"]
    return built


def _no_entries(run: Runtime) -> Missing | None:
    return run.fail("invalid-entries", "条目无效或键重复", "an entry is invalid or a key occurs twice")


def put(run: Runtime, context: ContextValue, key: str, value: Value) -> ContextValue:
    run.charge(len(context))
    return {**context, key: value}


def put_at(run: Runtime, context: ContextValue, keys: list[Value], value: Value) -> ContextValue | None:
    """A copy with a value deep inside; null where the path leads through what is no context."""
    if not keys or not isinstance(keys[0], str):
        return run.fail("invalid-key", "键无效", "an invalid key")
    if len(keys) == 1:
        return put(run, context, keys[0], value)
    below = context.get(keys[0])
    if not isinstance(below, dict):
        return run.fail("no-member", "没有该路径", "there is no such path")
    inner = put_at(run, below, keys[1:], value)
    return put(run, context, keys[0], inner) if inner is not None else None


def merge(run: Runtime, contexts: list[Value]) -> ContextValue | None:
    """Later contexts win."""
    if not all(isinstance(one, dict) for one in contexts):
        return run.fail("not-a-context", "列表中有非上下文的项", "the list holds what is no context")
    merged: ContextValue = {}
    for one in contexts:
        run.charge(1 + len(one))
        merged.update(one)
    return merged


FUNCTIONS: Final = library(
    {
        "get value": [("m:context, key:string", get_value), ("m:context, keys:list", get_value_at)],
        "get entries": [("m:context", get_entries)],
        "context": [("entries:list", context_of)],
        "context put": [
            ("context:context, key:string, value:any", put),
            ("context:context, keys:list, value:any", put_at),
        ],
        "context merge": [("contexts:list", merge)],
    }
)
