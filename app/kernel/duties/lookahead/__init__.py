"""Look-ahead: can the rest of a case still be finished, by whom, and how many people may be absent? Pure.

`solve`, `explain`, `finishable_choices` answer for one case, `resilience` for an office. See docs/lookahead.md.
"""

from app.kernel.duties.lookahead.explain import Tightness, explain, finishable_choices
from app.kernel.duties.lookahead.problem import (
    AtLeastPersons,
    AtMost,
    AtMostPersons,
    Constraint,
    NotEqual,
    Plan,
    Problem,
    ProblemInvalid,
    Same,
    Step,
    Undecided,
)
from app.kernel.duties.lookahead.solve import solve
from app.kernel.duties.lookahead.staffing import Resilience, resilience

__all__ = [
    "AtLeastPersons",
    "AtMost",
    "AtMostPersons",
    "Constraint",
    "NotEqual",
    "Plan",
    "Problem",
    "ProblemInvalid",
    "Resilience",
    "Same",
    "Step",
    "Tightness",
    "Undecided",
    "explain",
    "finishable_choices",
    "resilience",
    "solve",
]
