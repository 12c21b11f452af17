"""Files of a rule's draft: bytes, saving, the text, and the forms that write them (properties, test cases)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.faces.refusal_texts import text_of
from app.faces.web.acting import carry_out, reading, standing
from app.faces.web.pages.designer_access import require_designer, require_reader
from app.faces.web.pages.designer_files import first_of, posted_content, posted_revision, saved_json
from app.faces.web.pages.designer_view import TextPage
from app.faces.web.pages.workbench_build import title_of, why_not_editable
from app.faces.web.pages.workbench_findings import rule_results
from app.faces.web.pages.workbench_page import show_rule_draft
from app.faces.web.pages.workbench_properties import (
    cases_view,
    contract_of,
    properties_view,
    strip_index,
)
from app.faces.web.parts import ErrorLine, Link
from app.kernel.decisions.catalogue.reading import CASES, FILES, LARGEST_FILE, MANIFEST
from app.kernel.decisions.workbench.cases import read_case, remove_case, write_case
from app.kernel.decisions.workbench.properties import parse_properties, read_properties, write_properties
from app.kernel.engine.drafting.refusals import DraftChanged
from app.kernel.engine.workbench.drafts import save_rule_file
from app.kernel.engine.workbench.queries import RuleDraft, check_rule_draft, get_rule_draft
from app.kernel.refusals import InvalidInput, Refusal
from app.kernel.transaction import Unit

pages = Blueprint("workbench_files", __name__, url_prefix="/rules/drafts/<int:draft_id>")
Answer = AnyResponse | str | tuple[str, int] | tuple[Response, int]


@pages.get("/raw/<name>")
def raw(draft_id: int, name: str) -> Response:
    """A file's bytes; `download` says to keep it."""
    draft = _draft(draft_id)
    if name not in draft.files:
        abort(404)
    kind = "application/xml" if name.endswith(".dmn") else "text/plain"
    response = Response(draft.files[name], mimetype=kind)
    if "download" in request.args:
        response.headers.set("Content-Disposition", "attachment", filename=f"{draft.key}-{name}")
    return response


@pages.post("/files/<name>")
def save(draft_id: int, name: str) -> Answer:
    """Keep a file's content; JSON for scripts, else back to the file's page."""
    require_designer()
    content = posted_content()
    operation = partial(_saving, draft_id=draft_id, name=name, content=content, revision=posted_revision())
    if request.accept_mimetypes.best == "application/json":
        return saved_json(operation)
    try:
        carry_out(operation)
    except DraftChanged as changed:
        return _text_page(_draft(draft_id), name, content, text_of(changed), conflict=True), 409
    except InvalidInput as invalid:
        return _text_page(_draft(draft_id), name, content, first_of(invalid)), 422
    except Refusal as refusal:
        return _text_page(_draft(draft_id), name, content, text_of(refusal)), 409
    return redirect(url_for("workbench_files.text", draft_id=draft_id, name=name, said="draft_saved"))


def _saving(unit: Unit, draft_id: int, name: str, content: bytes, revision: int) -> int:
    return save_rule_file(unit, draft_id, name, content, revision=revision)


@pages.get("/files/<name>")
def text(draft_id: int, name: str) -> str:
    """A file as text, with the findings about it by line."""
    draft = _draft(draft_id)
    if name not in FILES:
        abort(404)
    return _text_page(draft, name, draft.files.get(name, b""))


def _text_page(
    draft: RuleDraft, name: str, content: bytes, refusal: str = "", *, conflict: bool = False
) -> str:
    why_not = why_not_editable(draft, standing())
    page = TextPage(
        draft_url=url_for("workbench.draft", draft_id=draft.id),
        title=title_of(draft),
        path=name,
        text=content.decode("utf-8", "replace"),
        revision=draft.revision,
        editable=not why_not,
        why_not=why_not,
        save_url=url_for("workbench_files.save", draft_id=draft.id, name=name),
        raw_url=url_for("workbench_files.raw", draft_id=draft.id, name=name),
        results=rule_results(check_rule_draft(draft), standing().now, draft.id),
        limit=LARGEST_FILE,
        refusal=refusal,
        conflict=conflict,
        errors=[ErrorLine(refusal)] if refusal else [],
        crumb=Link(url_for("workbench.show"), ""),
    )
    return render_template("pages/designer_text.html", page=page)


@pages.post("/properties")
def properties(draft_id: int) -> Answer:
    """The manifest changed by its form; comments in it stay."""
    require_designer()
    draft = _draft(draft_id)
    kept = draft.files.get(MANIFEST, b"")
    before = read_properties(kept) or {"id": draft.key, "version": 1}
    posted = dict(request.form.lists())
    try:
        table = parse_properties(before, posted)
    except InvalidInput as invalid:
        typed = _typed(before, posted)
        again = partial(properties_view, editable=True, invalid=invalid, typed=typed)
        return show_rule_draft(draft_id, properties=again), 422
    return _written(draft, MANIFEST, lambda: write_properties(table, kept), "properties")


def _typed(before: Mapping[str, object], posted: Mapping[str, list[str]]) -> Mapping[str, object]:
    """What was typed, without the days that are none: they come back empty, with the reason."""
    try:
        return parse_properties(before, {**posted, "effective_from": [], "effective_to": []})
    except InvalidInput:
        return before


@pages.post("/cases", defaults={"index": -1})
@pages.post("/cases/<int:index>")
def case(draft_id: int, index: int) -> Answer:
    """A test case changed, or a new one (-1)."""
    require_designer()
    draft = _draft(draft_id)
    posted = strip_index(request.form.to_dict(), index)
    try:
        read = read_case(_types(draft), posted)
    except InvalidInput as invalid:
        wrong = (index, invalid, posted)
        return show_rule_draft(
            draft_id, cases=lambda found, check: cases_view(found, check, editable=True, wrong=wrong)
        ), 422
    kept = draft.files.get(CASES, b"")
    return _written(draft, CASES, lambda: write_case(kept, None if index < 0 else index, read), "cases")


@pages.post("/cases/<int:index>/remove")
def case_away(draft_id: int, index: int) -> Answer:
    """Take a test case out."""
    require_designer()
    draft = _draft(draft_id)
    return _written(draft, CASES, lambda: remove_case(draft.files.get(CASES, b""), index), "cases")


def _types(draft: RuleDraft) -> dict[str, str]:
    """Types of the contract's facts, as the manifest says now; facts of no known type can't be typed."""
    return {key: str(row["type"]) for key, row in contract_of(draft).items()}


def _written(draft: RuleDraft, name: str, content: Callable[[], bytes], anchor: str) -> Answer:
    """Save what a form makes of a file; refusals come back on the draft's page."""
    try:
        operation = partial(
            _saving, draft_id=draft.id, name=name, content=content(), revision=posted_revision()
        )
        carry_out(operation)
    except InvalidInput as invalid:
        return show_rule_draft(draft.id, refusal=first_of(invalid)), 422
    except Refusal as refusal:
        return show_rule_draft(draft.id, refusal=text_of(refusal)), 409
    return redirect(url_for("workbench.draft", draft_id=draft.id, said="draft_saved") + f"#{anchor}")


def _draft(draft_id: int) -> RuleDraft:
    require_reader()
    with reading() as session:
        return get_rule_draft(session, draft_id)
