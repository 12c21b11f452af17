"""DMN 1.5: decision models read, linked and evaluated, every expression FEEL; files of DMN 1.1 to 1.5.

`read_models` gives a `Graph`; `docs/decisions-dmn.md` says what is read and what is refused.
"""

from collections.abc import Mapping

from app.kernel.decisions.dmn.analysis import check_tables
from app.kernel.decisions.dmn.errors import ModelInvalid, Problem
from app.kernel.decisions.dmn.graph import Decided, Graph, link
from app.kernel.decisions.dmn.model import Definitions
from app.kernel.decisions.dmn.reader import read_definitions

__all__ = ["Decided", "Graph", "ModelInvalid", "Problem", "check_models", "read_folder", "read_models"]


def read_models(main: str, files: Mapping[str, bytes]) -> Graph:
    """The graph of the file `main`; the other files are there to be imported. Raises ModelInvalid."""
    definitions = {name: read_definitions(name, data) for name, data in files.items()}
    return link(definitions[main], [one for name, one in definitions.items() if name != main])


def read_folder(files: Mapping[str, bytes]) -> dict[str, Graph]:
    """The graph of every file, each read once; any may import any other. Raises ModelInvalid."""
    definitions = {name: read_definitions(name, data) for name, data in files.items()}
    return {
        name: link(main, [one for other, one in definitions.items() if other != name])
        for name, main in definitions.items()
    }


def check_models(files: Mapping[str, bytes]) -> list[Problem]:
    """Everything wrong or doubtful in models, before they are deployed, by file and line. Never raises."""
    problems: set[Problem] = set()
    known: dict[str, Definitions] = {}
    for name, data in files.items():
        try:
            known[name] = read_definitions(name, data)
        except ModelInvalid as error:
            problems.update(error.problems)
    for name, definitions in known.items():
        others = [one for other, one in known.items() if other != name]
        problems.update(link(definitions, others).problems, check_tables(definitions))
    return sorted(problems, key=lambda one: (one.file, one.line or 0, one.rule, one.message_en))
