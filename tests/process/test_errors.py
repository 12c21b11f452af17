"""An automatic step that ends with a declared error leaves by the nearest event that catches it; a fault doesn't."""

from collections.abc import Callable, Mapping

import pytest

from app.kernel.engine.engine_data import Data
from app.kernel.engine.stepping import StepFailed
from app.kernel.engine.workflow import ServiceCall
from app.kernel.ports import BusinessError
from tests.process.drive import Drive, spec_of
from tests.process.models import border, error, handler, instances, model, repeated, scope
from tests.unit.engine.diagrams import call, end, node, sequence, service, start, user

DECLARED = '<sanshen:error code="B"/>'
Files = dict[str, bytes]


def raising(code: str = "B", **variables: object) -> Callable[[ServiceCall, Data], Mapping[str, object]]:
    def handle(call: ServiceCall, data: Data) -> Mapping[str, object]:
        raise BusinessError(code, variables)

    return handle


def on_border(*more: str) -> Files:
    """start → a → look → done, and from the error of `look` to b."""
    return {
        "p": model(
            start(), user("a"), service("look", "look", DECLARED), user("done"), user("b"), end(),
            border("failed", "look", error()), *more,
            sequence("start", "a", "look", "done", "end"), sequence("failed", "b", "end"),
        )
    }  # fmt: skip


def within(part: str, *around: str) -> bytes:
    """start → sub(part) → done, and from the error of `sub` to b."""
    return model(
        start(), scope("sub", node("startEvent", "s"), part, node("endEvent", "e"), sequence("s", "look", "e")),
        user("done"), user("b"), end(), border("failed", "sub", error()), *around,
        sequence("start", "sub", "done", "end"), sequence("failed", "b", "end"),
    )  # fmt: skip


LOOK = service("look", "look", DECLARED)
CALLEE = model(start(), LOOK, end(), sequence("start", "look", "end"), key="q")
CAUGHT: dict[str, Files] = {
    "on its own border": {"p": model(
        start(), LOOK, user("done"), user("b"), end(), border("failed", "look", error()),
        sequence("start", "look", "done", "end"), sequence("failed", "b", "end"),
    )},
    "by the event that names no code": {"p": model(
        start(), LOOK, user("done"), user("b"), end(), border("failed", "look", error("")),
        sequence("start", "look", "done", "end"), sequence("failed", "b", "end"),
    )},
    "around its sub-process": {"p": within(LOOK)},
    "of one of several instances": {"p": within(repeated(LOOK, instances(cardinality="3")))},
    "of one after another": {"p": within(repeated(LOOK, instances(sequential=True, cardinality="3")))},
    "on the border of several": {"p": model(
        start(), repeated(LOOK, instances(cardinality="3")), user("done"), user("b"), end(),
        border("failed", "look", error()), sequence("start", "look", "done", "end"), sequence("failed", "b", "end"),
    )},
    "in a called process": {"q": CALLEE, "p": model(
        start(), call("sub", "q"), user("done"), user("b"), end(), border("failed", "sub", error()),
        sequence("start", "sub", "done", "end"), sequence("failed", "b", "end"),
    )},
    "by an event sub-process": {"p": model(
        start(), LOOK, user("done"), end(), sequence("start", "look", "done", "end"),
        handler("h", error(), user("b"), node("endEvent", "h_end"), sequence("h_on", "b", "h_end")),
    )},
}  # fmt: skip


@pytest.mark.parametrize("where", list(CAUGHT))
def test_a_declared_error_is_caught(where: str) -> None:
    spec = spec_of(CAUGHT[where], "p")
    one = Drive(spec, answers={"look": raising(why="nobody is insured")})
    assert one.open == ["b"]
    assert one.task("b").data["why"] == "nobody is insured"
    assert "look" not in one.completed_steps
    assert one.complete("b").instance.is_completed()
    assert Drive(spec).open == ["done"]


def test_the_event_that_names_the_code_comes_before_one_that_takes_all() -> None:
    files = {"p": model(
        start(), LOOK, user("done"), user("b"), user("c"), end(), border("any", "look", error("")),
        border("failed", "look", error()), sequence("start", "look", "done", "end"), sequence("failed", "b", "end"),
        sequence("any", "c", "end"),
    )}  # fmt: skip
    assert Drive(spec_of(files, "p"), answers={"look": raising()}).open == ["b"]


def test_an_error_is_found_by_what_the_step_set() -> None:
    declared = '<sanshen:error code="B" when="=found = false"/>'
    files = {"p": model(
        start(), service("look", "look", declared), user("done"), user("b"), end(), border("failed", "look", error()),
        sequence("start", "look", "done", "end"), sequence("failed", "b", "end"),
    )}  # fmt: skip
    spec = spec_of(files, "p")
    assert Drive(spec, answers={"look": {"found": False}}).open == ["b"]
    assert Drive(spec, answers={"look": {"found": True}}).open == ["done"]


@pytest.mark.parametrize(
    ("raised", "cause"),
    [(raising("O"), "declares no error 'O'"), (lambda *_: {}["x"], "x")],
    ids=["an error it doesn't declare", "a fault"],
)
def test_anything_else_fails_the_step(raised: Callable[..., Mapping[str, object]], cause: str) -> None:
    one = Drive(spec_of(on_border(), "p"))
    one.answers = {"look": raised}
    with pytest.raises(StepFailed, match=cause) as failed:
        one.complete("a")
    assert failed.value.element == "look"


def test_a_declared_error_that_nothing_catches_fails_the_step() -> None:
    spec = spec_of({"p": model(start(), LOOK, end(), sequence("start", "look", "end"))}, "p")
    with pytest.raises(StepFailed, match="nothing catches the error 'B'"):
        Drive(spec, answers={"look": raising()})
