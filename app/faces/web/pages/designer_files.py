"""Files of a draft: bytes, saving, the text editor, the form editor, adding and removing, rows of the step table."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import PurePosixPath

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.wrappers import Response as AnyResponse

from app.faces.refusal_texts import text_of, text_of_field
from app.faces.translation import _
from app.faces.web.acting import carry_out, reading, standing
from app.faces.web.form_view import form_view
from app.faces.web.language import TAGS, code
from app.faces.web.pages.designer_access import require_designer, require_reader
from app.faces.web.pages.designer_build import file_data, raw_url, title_of, why_not_editable
from app.faces.web.pages.designer_page import show_draft
from app.faces.web.pages.designer_tables import outlines_of, results_view
from app.faces.web.pages.designer_view import FormPage, ResultsView, TextPage
from app.faces.web.pages.designer_words import SAVING, words_of
from app.faces.web.parts import ErrorLine
from app.faces.web.signin import kernel
from app.faces.web.words import local
from app.kernel.engine.check.findings import DefinitionInvalid
from app.kernel.engine.check.report import CheckReport
from app.kernel.engine.designing.editing import StepEdit, edit_step
from app.kernel.engine.designing.samples import sample_data, sample_docx, sample_pdf
from app.kernel.engine.drafting.refusals import DraftChanged
from app.kernel.engine.lifecycle.drafts import remove_draft_file, save_draft_file
from app.kernel.engine.lifecycle.queries import Draft, check_draft, get_draft
from app.kernel.refusals import InvalidInput, Refusal
from app.kernel.transaction import Unit

pages = Blueprint("designer_files", __name__, url_prefix="/designer/drafts/<int:draft_id>")
Answer = AnyResponse | str | tuple[str, int] | tuple[Response, int]

TYPES = {
    "bpmn": "application/xml",
    "form": "application/json",
    "toml": "text/plain",
    "html": "text/plain",
    "dmn": "application/xml",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
"""Never text/html: a template of a draft must not run as a page of ours."""

TEXTS = frozenset({"bpmn", "form", "toml", "html", "dmn"})
LONGEST_TEXT = 512 * 1024


@pages.get("/raw/<path:path>")
def raw(draft_id: int, path: str) -> Response:
    """A file's bytes; `download` says to keep it."""
    draft = _draft(draft_id)
    if path not in draft.files:
        abort(404)
    response = Response(draft.files[path], mimetype=TYPES.get(_ending(path), "application/octet-stream"))
    if "download" in request.args or _ending(path) == "docx":
        response.headers.set("Content-Disposition", "attachment", filename=PurePosixPath(path).name)
    return response


@pages.post("/files/<path:path>")
def save(draft_id: int, path: str) -> Answer:
    """Keep a file's content, posted as text or as a file; JSON for scripts, else back to the file's page."""
    require_designer()
    content = posted_content()
    operation = partial(_saving, draft_id=draft_id, path=path, content=content, revision=posted_revision())
    if request.accept_mimetypes.best == "application/json":
        return saved_json(operation)
    try:
        carry_out(operation)
    except DraftChanged as changed:
        return _text_again(draft_id, path, content, text_of(changed), conflict=True), 409
    except InvalidInput as invalid:
        return _text_again(draft_id, path, content, first_of(invalid)), 422
    except Refusal as refusal:
        return _text_again(draft_id, path, content, text_of(refusal)), 409
    return redirect(url_for("designer_files.text", draft_id=draft_id, path=path, said="draft_saved"))


def saved_json(operation: Callable[[Unit], int]) -> tuple[Response, int] | Response:
    """Carry a save out for a script: the new revision, or why not."""
    try:
        revision = carry_out(operation)
    except DraftChanged as changed:
        return jsonify(code=changed.code, message=text_of(changed), **changed.params), 409
    except InvalidInput as invalid:
        return jsonify(code=invalid.code, message=first_of(invalid)), 422
    except Refusal as refusal:
        return jsonify(code=refusal.code, message=text_of(refusal)), 409
    at = local(standing().now)
    return jsonify(revision=revision, saved=_("%(h)s 已保存", h=f"{at.hour}:{at.minute:02d}"))


def _refused(operation: Callable[[Unit], int]) -> str:
    """Carry it out; the words of a refusal, empty when it was done."""
    try:
        carry_out(operation)
    except InvalidInput as invalid:
        return first_of(invalid)
    except Refusal as refusal:
        return text_of(refusal)
    return ""


def _saving(unit: Unit, draft_id: int, path: str, content: bytes, revision: int) -> int:
    return save_draft_file(unit, draft_id, path, content, revision=revision)


def _removing(unit: Unit, draft_id: int, path: str, revision: int) -> int:
    return remove_draft_file(unit, draft_id, path, revision=revision)


@pages.post("/remove/<path:path>")
def remove(draft_id: int, path: str) -> Answer:
    """Take a file out of the draft; earlier versions and other drafts keep theirs."""
    require_designer()
    refused = _refused(partial(_removing, draft_id=draft_id, path=path, revision=posted_revision()))
    if refused:
        return show_draft(draft_id, refusal=refused), 409
    return redirect(url_for("designer.draft", draft_id=draft_id, said="draft_file_removed") + "#files")


@pages.post("/add")
def add(draft_id: int) -> Answer:
    """A new file: uploaded, or empty of the kind its name says."""
    require_designer()
    draft = _draft(draft_id)
    upload = request.files.get("file")
    uploaded = upload is not None and bool(upload.filename)
    name = request.form.get("name", "").strip() or (
        PurePosixPath(upload.filename or "").name if upload else ""
    )
    path = name if "/" in name else f"{draft.key}/{name}"
    content = upload.read() if uploaded and upload is not None else _empty(path)
    refused = _refused(
        partial(_saving, draft_id=draft_id, path=path, content=content, revision=posted_revision())
    )
    if refused:
        return show_draft(draft_id, refusal=refused), 409
    if path.endswith(".form"):
        return redirect(url_for("designer_files.form", draft_id=draft_id, path=path, said="draft_saved"))
    return redirect(url_for("designer.draft", draft_id=draft_id, said="draft_saved") + "#files")


def _empty(path: str) -> bytes:
    """What an empty file of its kind holds: a form needs its frame to be one."""
    if not path.endswith(".form"):
        return b""
    stem = PurePosixPath(path).stem
    return json.dumps(
        {"type": "default", "id": stem, "components": []}, ensure_ascii=False, indent=2
    ).encode()


@pages.post("/steps")
def step(draft_id: int) -> Answer:
    """A row of the step table without scripts: the file is changed as the canvas would."""
    require_designer()
    form, draft = request.form, _draft(draft_id)
    path, element = form.get("file", ""), form.get("element", "")
    if path not in draft.files:
        abort(404)
    edit = StepEdit(
        form.get("name", "").strip(),
        form.get("name_en", "").strip(),
        form.get("duty"),
        form.get("group", "").strip() if "group" in form else None,
        form.get("form"),
    )
    try:
        content = edit_step(path, draft.files[path], element, edit)
    except DefinitionInvalid:
        abort(409)
    except InvalidInput as invalid:
        return show_draft(draft_id, path, first_of(invalid)), 422
    refused = _refused(
        partial(_saving, draft_id=draft_id, path=path, content=content, revision=posted_revision())
    )
    if refused:
        return show_draft(draft_id, path, refused), 409
    return redirect(url_for("designer.draft", draft_id=draft_id, file=path, said="draft_saved") + "#steps")


@pages.get("/files/<path:path>")
def text(draft_id: int, path: str) -> str:
    """A file as text, with the findings about it by line."""
    draft = _draft(draft_id)
    if path not in draft.files or _ending(path) not in TEXTS:
        abort(404)
    return _text_page(draft, path, draft.files[path].decode("utf-8", "replace"))


def _text_again(draft_id: int, path: str, content: bytes, refusal: str, *, conflict: bool = False) -> str:
    """What was typed stays, whatever was refused."""
    return _text_page(_draft(draft_id), path, content.decode("utf-8", "replace"), refusal, conflict=conflict)


def _text_page(draft: Draft, path: str, content: str, refusal: str = "", *, conflict: bool = False) -> str:
    why_not = why_not_editable(draft, standing())
    page = TextPage(
        draft_url=url_for("designer.draft", draft_id=draft.id),
        title=title_of(draft),
        path=path,
        text=content,
        revision=draft.revision,
        editable=not why_not,
        why_not=why_not,
        save_url=url_for("designer_files.save", draft_id=draft.id, path=path),
        raw_url=raw_url(draft.id, path),
        results=_results_of(draft, path),
        limit=LONGEST_TEXT,
        refusal=refusal,
        conflict=conflict,
        errors=[ErrorLine(refusal)] if refusal else [],
    )
    return render_template("pages/designer_text.html", page=page)


@pages.get("/forms/<path:path>")
def form(draft_id: int, path: str) -> str:
    """The form editor beside what the officer will see."""
    draft = _draft(draft_id)
    if path not in draft.files or _ending(path) != "form":
        abort(404)
    why_not = why_not_editable(draft, standing())
    preview, broken = _preview(draft.files[path])
    page = FormPage(
        draft_url=url_for("designer.draft", draft_id=draft.id),
        title=title_of(draft),
        path=path,
        editable=not why_not,
        why_not=why_not,
        preview=preview,
        broken=broken,
        preview_url=url_for("designer_files.preview", draft_id=draft.id, path=path),
        source_url=url_for("designer_files.text", draft_id=draft.id, path=path),
        data={
            "locale": code(),
            "words": words_of(SAVING) | {"locale": TAGS[code()]},
            "file": file_data(draft, path),
            "previewUrl": url_for("designer_files.preview", draft_id=draft.id, path=path),
        },
        results=_results_of(draft, path),
    )
    return render_template("pages/designer_form.html", page=page)


@pages.get("/preview/<path:path>")
def preview(draft_id: int, path: str) -> str:
    """The form as the officer will see it, and the findings: a piece of the form editor's page."""
    draft = _draft(draft_id)
    if path not in draft.files:
        abort(404)
    shown, broken = _preview(draft.files[path])
    return render_template(
        "parts/designer_preview.html", preview=shown, broken=broken, results_view=_results_of(draft, path)
    )


def _preview(content: bytes) -> tuple[object, str]:
    """The view of a form, and why there is none."""
    try:
        return form_view(json.loads(content.decode("utf-8")), {}), ""
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return None, _("这份表单现在不能显示：%(why)s", why=str(error)[:200])


def _results_of(draft: Draft, path: str) -> ResultsView:
    """Only what the check says of this file."""
    with reading() as session:
        report = check_draft(session, draft.id)
    own = tuple(found for found in report.findings if found.file in (path, PurePosixPath(path).name))
    told = CheckReport(report.deployable, report.simulatable, own, (), report.seconds)
    return results_view(told, outlines_of(draft.files), standing().now, current=path, draft_id=draft.id)


def _draft(draft_id: int) -> Draft:
    require_reader()
    with reading() as session:
        return get_draft(session, draft_id)


def posted_content() -> bytes:
    """A file part, or the text of a form with the line ends the browser changed put back."""
    upload = request.files.get("content")
    if upload is not None:
        return bytes(upload.read(int(current_app.config["SANSHEN_UPLOAD_LIMIT"]) + 1))
    return request.form.get("content", "").replace("\r\n", "\n").encode()


def posted_revision() -> int:
    """The revision a form was made from."""
    text_value = request.form.get("revision", "")
    if not text_value.isascii() or not text_value.isdigit() or len(text_value) > 9:
        abort(400)
    return int(text_value)


def first_of(invalid: InvalidInput) -> str:
    """The first error, with its field."""
    field, (problem, params) = next(iter(invalid.errors.items()))
    return f"{field}{_('：')}{text_of_field(problem, dict(params))}"


def _ending(path: str) -> str:
    return path.rpartition(".")[2].lower()


@pages.get("/sample/<path:path>")
def sample(draft_id: int, path: str) -> Response:
    """A document template with made-up data: the print page as the PDF it would be, a DOCX filled."""
    draft = _draft(draft_id)
    ending = _ending(path)
    if path not in draft.files or ending not in ("html", "docx"):
        abort(404)
    folder, _slash, name = path.rpartition("/")
    try:
        manifest = draft.files.get(f"{folder}/process.toml" if folder else "process.toml", b"")
        data = sample_data(manifest, name, kernel().ports.rights)
        made = (
            sample_pdf(draft.files[path].decode("utf-8"), data, standing().now)
            if ending == "html"
            else sample_docx(draft.files[path], data)
        )
    except Refusal as refusal:
        return Response(text_of(refusal), 422, mimetype="text/plain")
    except (ValueError, KeyError, TypeError) as error:
        words = _("模板不能用虚构数据填写：%(why)s", why=error)
        return Response(words, 422, mimetype="text/plain")
    response = Response(made, mimetype="application/pdf" if ending == "html" else TYPES["docx"])
    kept = "inline" if ending == "html" else "attachment"
    filename = f"{name.removesuffix('.html')}.pdf" if ending == "html" else name
    response.headers.set("Content-Disposition", kept, filename=filename)
    return response
