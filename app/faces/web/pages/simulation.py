"""Playing a draft or a version: every answer is an address, for the server keeps nothing of a play."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from app.faces.web.acting import reading, standing
from app.faces.web.pages.designer_access import require_reader
from app.faces.web.pages.simulation_build import Source, refused_page, simulation_page
from app.faces.web.pages.simulation_choice import choice_of, start_of
from app.faces.web.pages.simulation_office import load_office
from app.faces.web.pages.simulation_source import draft_source, version_source
from app.kernel.decisions.catalogue.versions import list_standing
from app.kernel.engine.check.findings import DefinitionInvalid
from app.kernel.engine.simulation.explore import Limits, explore_model
from app.kernel.engine.simulation.model import Model, read_model
from app.kernel.engine.simulation.options import suggest_variables
from app.kernel.engine.simulation.player import Simulation, first_choice
from app.kernel.engine.simulation.questions import ChoiceInvalid
from app.kernel.engine.simulation.sharing import packed, unpacked

pages = Blueprint("simulation", __name__, url_prefix="/designer")
Answer = AnyResponse | str | tuple[str, int]

PAGE_LIMITS = Limits(moves=3_000, seconds=5.0)
"""How far one request searches."""


@pages.before_request
def _readers_only() -> None:
    require_reader()


@pages.get("/drafts/<int:draft_id>/simulate")
def show(draft_id: int) -> Answer:
    """A draft as it stands now."""
    with reading() as session:
        return _shown(session, draft_source(session, draft_id))


@pages.post("/drafts/<int:draft_id>/simulate")
def play(draft_id: int) -> Answer:
    """One more choice."""
    with reading() as session:
        return _played(session, draft_source(session, draft_id))


@pages.get("/processes/<key>/simulate")
def version(key: str) -> Answer:
    """A deployed version, the newest unless another is asked for."""
    with reading() as session:
        return _shown(session, version_source(session, key, request.args.get("version", "")))


@pages.post("/processes/<key>/simulate")
def play_version(key: str) -> Answer:
    """One more choice."""
    with reading() as session:
        return _played(session, version_source(session, key, request.args.get("version", "")))


def _shown(session: Session, source: Source) -> Answer:
    if "diagram" in request.args:
        return _diagram(source, request.args["diagram"])
    if "paths" in request.args:
        return _explored(session, source)
    try:
        return _printed(session, source, _begun(session, source, request.args.get("play", "")))
    except ChoiceInvalid as invalid:
        return _printed(session, source, _begun(session, source, ""), invalid), 422
    except DefinitionInvalid as invalid:
        return render_template("pages/simulation.html", page=refused_page(source, invalid))


def _played(session: Session, source: Source) -> Answer:
    """The play with the posted choice, under its own address; a choice that can't be made is told in place."""
    form = request.form
    try:
        if form.get("do") == "start":
            return redirect(
                source.url(play=packed([start_of(form, standing().now)]), region=form.get("region"))
            )
        simulation = _begun(session, source, form.get("play", ""))
    except (ChoiceInvalid, DefinitionInvalid):
        return redirect(source.url())
    try:
        simulation.play(choice_of(form))
    except ChoiceInvalid as invalid:
        return _printed(session, source, simulation, invalid), 422
    return redirect(source.url(play=packed(simulation.choices), region=form.get("region")))


def _begun(session: Session, source: Source, play: str) -> Simulation:
    """The play of the address; a new one begins at once."""
    model = _model(session, source)
    choices = unpacked(play) if play else [first_choice(standing().now, None, suggest_variables(model))]
    office = load_office(session, standing(), model, _region())
    return Simulation.replay(model, choices, office)


def _model(session: Session, source: Source) -> Model:
    return read_model(source.files, source.process, list_standing(session, standing().today))


def _region() -> str:
    return request.values.get("region", "")[:6]


def _printed(
    session: Session, source: Source, simulation: Simulation, invalid: ChoiceInvalid | None = None
) -> str:
    page = simulation_page(session, standing(), source, simulation, invalid)
    return render_template("pages/simulation.html", page=page)


def _explored(session: Session, source: Source) -> Answer:
    """All paths, within a few seconds."""
    try:
        model = _model(session, source)
    except DefinitionInvalid as invalid:
        return render_template("pages/simulation.html", page=refused_page(source, invalid))
    simulation = _begun(session, source, "")
    coverage = explore_model(model, PAGE_LIMITS)
    page = simulation_page(session, standing(), source, simulation, None, coverage)
    return render_template("pages/simulation.html", page=page)


def _diagram(source: Source, process: str) -> Response:
    try:
        found: Mapping[str, bytes] = read_model(source.files, source.process).diagrams
    except DefinitionInvalid:
        found = {}
    if process not in found:
        abort(404)
    return Response(found[process], mimetype="text/xml")


__all__: list[Any] = ["pages"]
