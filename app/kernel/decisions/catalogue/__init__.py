"""The rule catalogue: a folder of three files for each rule (`rule.toml`, `rule.dmn`, `cases.toml`).

docs/rules.md says how a rule is written. What is pure (reading, checking, judging) is here by `reading.py`,
`rule.py`, `cases.py`; what stands in the database by `versions.py`, `change_kind.py`.
"""

from app.kernel.decisions.catalogue.cases import CaseResult, RuleCase, run_cases
from app.kernel.decisions.catalogue.problems import RuleInvalid
from app.kernel.decisions.catalogue.reading import check_rule, read_catalogue, read_rule
from app.kernel.decisions.catalogue.rule import Judgement, Rule

__all__ = [
    "CaseResult",
    "Judgement",
    "Rule",
    "RuleCase",
    "RuleInvalid",
    "check_rule",
    "read_catalogue",
    "read_rule",
    "run_cases",
]
