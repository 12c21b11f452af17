"""Files for the register: putting one up, looking at its lines, proposing that it is let in."""

from __future__ import annotations

from functools import partial

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.domain.registry.importing import RegistryFileNotFound, Upload, propose_import, put_up
from app.domain.registry.reading import LARGEST_FILE
from app.faces.refusal_texts import text_of, text_of_field
from app.faces.translation import _
from app.faces.web.acting import carry_out, reading, standing
from app.faces.web.pages.registry_files_build import file_page, imports_page
from app.faces.web.parts import ErrorLine
from app.faces.web.posted import posted_form
from app.faces.web.registry_access import may_put_up, may_see_imports, require
from app.faces.web.shell import fresh_key
from app.kernel.refusals import InvalidInput, Refusal

pages = Blueprint("registry_files", __name__, url_prefix="/registry/imports")
Answer = str | tuple[str, int] | Response
LONGEST_TYPED = 2000
FIELDS = {"change_reason": "reason", "legal_ground": "ground"}


@pages.get("")
def show() -> str:
    """Files put up, and the form for another."""
    require(may_see_imports(standing()))
    return _imports_page("", [])


@pages.post("")
def upload() -> Answer:
    """Keep a file with its preview; what can't be read at all is told here."""
    require(may_put_up(standing()))
    kind, sent = request.form.get("kind", ""), request.files.get("file")
    if sent is None or not sent.filename:
        return _imports_page(kind, [_problem("file", "file_missing")]), 422
    taken = Upload(kind, sent.filename, sent.stream.read(LARGEST_FILE + 1))
    try:
        file_id = carry_out(partial(put_up, upload=taken))
    except InvalidInput as invalid:
        lines = [_problem(key, code, params) for key, (code, params) in invalid.errors.items()]
        return _imports_page(kind, lines), 422
    except Refusal as refusal:
        return _imports_page(kind, [ErrorLine(text_of(refusal))]), 409
    return redirect(url_for("registry_files.show_file", file_id=file_id))


@pages.get("/<int:file_id>")
def show_file(file_id: int) -> str:
    """One file, line by line."""
    require(may_see_imports(standing()))
    return _file_page(file_id, {}, [])


@pages.post("/<int:file_id>")
def propose(file_id: int) -> Answer:
    """A controlled change of it; two others recheck and approve."""
    require(may_put_up(standing()))
    typed = {name: request.form.get(name, "")[:LONGEST_TYPED] for name in ("reason", "ground")}
    operation = partial(propose_import, file_id=file_id, reason=typed["reason"], ground=typed["ground"])
    try:
        started = carry_out(operation, posted=posted_form())
    except InvalidInput as invalid:
        lines = [
            _problem(FIELDS.get(key, key), code, params) for key, (code, params) in invalid.errors.items()
        ]
        return _file_page(file_id, typed, lines), 422
    except Refusal as refusal:
        return _file_page(file_id, typed, [ErrorLine(text_of(refusal))]), 409
    return redirect(url_for("changes.one", case_id=started["case_id"], said="change_proposed"))


def _problem(field: str, code: str, params: object = None) -> ErrorLine:
    labels = {"file": _("文件"), "kind": _("种类"), "reason": _("变更理由"), "ground": _("变更依据")}
    return ErrorLine(
        text_of_field(code, params if isinstance(params, dict) else {}), field, labels.get(field, "")
    )


def _imports_page(kind: str, problems: list[ErrorLine]) -> str:
    with reading() as session:
        page = imports_page(session, standing(), fresh_key(), kind, problems)
    return render_template("pages/registry_imports.html", page=page)


def _file_page(file_id: int, typed: dict[str, str], problems: list[ErrorLine]) -> str:
    with reading() as session:
        try:
            page = file_page(
                session, standing(), file_id, fresh_key(), typed, args=request.args, problems=problems
            )
        except RegistryFileNotFound:
            abort(404)
    return render_template("pages/registry_file.html", page=page)
