"""Formulas: decision models, words for their inputs, a source for their parameters; results with derivation.

What is law stands in a folder of files (`workflows/benefits`), nothing of it here.
"""

from app.kernel.decisions.formulas.calculating import Calculation, calculate
from app.kernel.decisions.formulas.catalogue import Catalogue, CatalogueInvalid, read_catalogue

__all__ = ["Calculation", "Catalogue", "CatalogueInvalid", "calculate", "read_catalogue"]
