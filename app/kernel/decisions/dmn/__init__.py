"""DMN 1.5: decision models read, linked and evaluated, every expression FEEL; files of DMN 1.1 to 1.5.

`read_models` gives a `Graph`; `docs/decisions-dmn.md` says what is read and what is refused.
"""

from collections.abc import Mapping

from app.kernel.decisions.dmn.errors import ModelInvalid, Problem
from app.kernel.decisions.dmn.graph import Decided, Graph, link
from app.kernel.decisions.dmn.reader import read_definitions

__all__ = ["Decided", "Graph", "ModelInvalid", "Problem", "read_models"]


def read_models(main: str, files: Mapping[str, bytes]) -> Graph:
    """The graph of the file `main`; the other files are there to be imported. Raises ModelInvalid."""
    definitions = {name: read_definitions(name, data) for name, data in files.items()}
    return link(definitions[main], [one for name, one in definitions.items() if name != main])
