"""Dated, sourced parameters: `find_parameter` gives the value in force somewhere on a day, or None, never a guess."""

from app.kernel.decisions.parameters.lookup import find_parameter
from app.kernel.decisions.parameters.values import ParameterValue

__all__ = ["ParameterValue", "find_parameter"]
