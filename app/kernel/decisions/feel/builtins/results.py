"""The type of what each function gives when it isn't null, where it is always the same."""

from __future__ import annotations

from typing import Final

_BY_KIND: Final = {
    "number": (
        "number", "string length", "count", "mean", "product", "median", "stddev", "decimal", "floor", "ceiling",
        "round up", "round down", "round half up", "round half down", "modulo", "sqrt", "log", "exp",
        "day of year", "week of year",
    ),
    "string": (
        "string", "substring", "upper case", "lower case", "substring before", "substring after", "replace",
        "string join", "day of week", "month of year",
    ),
    "boolean": (
        "not", "contains", "starts with", "ends with", "matches", "list contains", "any", "all", "odd", "even", "is",
        "before", "after", "meets", "met by", "overlaps", "overlaps before", "overlaps after", "finishes",
        "finished by", "includes", "during", "starts", "started by", "coincides", "valid_id_number",
    ),
    "list": (
        "split", "sublist", "append", "concatenate", "insert before", "remove", "list replace", "reverse", "index of",
        "union", "distinct values", "flatten", "sort", "mode", "get entries",
    ),
    "context": ("context", "context put", "context merge"),
    "date": ("date", "today"),
    "time": ("time",),
    "date and time": ("date and time", "now"),
    "years and months duration": ("years and months duration",),
    "range": ("range",),
}  # fmt: skip

RESULTS: Final = {name: kind for kind, names in _BY_KIND.items() for name in names}
