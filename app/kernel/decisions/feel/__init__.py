"""FEEL, the expression language of DMN 1.5 (clause 10.3): total, bounded, without any way out.

`compile_expression` and `compile_tests` give closures; `docs/feel.md` has the grammar and what is refused.
"""

from app.kernel.decisions.feel.errors import Diagnostic, FeelError
from app.kernel.decisions.feel.expression import (
    Feel,
    Names,
    Result,
    check_expression,
    check_tests,
    compile_expression,
    compile_tests,
)
from app.kernel.decisions.feel.limits import Limits

__all__ = [
    "Diagnostic",
    "Feel",
    "FeelError",
    "Limits",
    "Names",
    "Result",
    "check_expression",
    "check_tests",
    "compile_expression",
    "compile_tests",
]
