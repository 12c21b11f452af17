"""Open steps and questions of a simulation as forms."""

from __future__ import annotations

from dataclasses import replace

from app.faces.refusal_texts import reason_text
from app.faces.translation import _
from app.faces.web.form_view import FieldView, form_view
from app.faces.web.language import pick
from app.faces.web.pages.simulation_choice import PREFIX
from app.faces.web.pages.simulation_history import name_of
from app.faces.web.pages.simulation_view import BranchChoice, QuestionForm, StepForm
from app.faces.web.parts import Choice
from app.faces.web.words import duty
from app.kernel.duties.views import Decision
from app.kernel.engine.simulation.model import Model
from app.kernel.engine.simulation.player import Simulation
from app.kernel.engine.simulation.questions import Question
from app.kernel.engine.simulation.steps import OpenStep, return_options
from app.kernel.engine.submission import KERNEL_KEYS


def why_not(decision: Decision, wanted: str) -> str:
    """Why a person may not, without its subject."""
    return reason_text(decision.reason, {"wanted": wanted, **decision.params}, scope=decision.scope)


def step_form(play: Simulation, number: int, step: OpenStep, titles: dict[str, str]) -> StepForm:
    """The form of one open step."""
    spec = step.ready.step
    model = play.model
    mark = f"step-{number}"
    schema = model.schemas.get(spec.form_id or "")
    fields = form_view(schema, {}).fields if schema is not None else ()
    return StepForm(
        id=mark,
        key=step.key,
        nth=step.nth,
        title=_("走哪一条？%(name)s", name=name_of(model, step.key))
        if step.branches
        else name_of(model, step.key),
        duty=duty(step.duty) if step.duty else None,
        post=titles.get(step.post or "", step.post or ""),
        parts=_("、").join(part.name for part in step.parts),
        able=[Choice(str(one.person.person_id), one.person.name) for one in step.able],
        unable=[
            (one.person.name, why_not(one.decision, step.duty or ""))
            for one in step.people
            if not one.decision.allowed
        ],
        outcomes=[Choice(one.value, pick(one.label, one.label_en)) for one in step.outcomes],
        returns=[Choice(one.value, pick(one.label, one.label_en)) for one in return_options(step, play.case)],
        fields=[_prefixed(field, mark) for field in fields if field.key not in KERNEL_KEYS],
        branches=[BranchChoice(flow.id, name_of(model, flow.target)) for flow in step.branches],
        several=step.takes_several,
        free_outcome=not step.outcomes and not step.branches and schema is None,
        rules=step.ready.rules or "",
    )


def _prefixed(field: FieldView, mark: str) -> FieldView:
    """Own ids for each open step, our prefix before keys, nothing demanded: data is made up."""
    return replace(
        field,
        id=f"{mark}-{field.id}",
        key=f"{PREFIX}{field.key}" if field.key else "",
        required=False,
        hide="",
        children=[_prefixed(child, mark) for child in field.children],
    )


def question_form(model: Model, question: Question) -> QuestionForm:
    """What must be answered first."""
    targets = {flow.id: name_of(model, flow.target) for flow in model.spec.flows}
    if question.kind == "service":
        words = _("这个自动环节不会真的执行。它会给出什么？可以留空。")
    elif question.stuck:
        words = _("按现在的变量没有一条出线成立；真实案件会停在这里。选一条继续看：")
    else:
        words = _("条件所看的变量还没有人给出。走哪一条？")
    branches = question.options if question.kind in ("branch", "branches") else ()
    return QuestionForm(
        key=question.step_key,
        title=name_of(model, question.step_key),
        words=words,
        branches=[BranchChoice(one.key, targets.get(one.key, one.key)) for one in branches],
        several=question.kind == "branches",
        names=question.names,
        errors=[one.key for one in question.options if one.is_error],
    )
