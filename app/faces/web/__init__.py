"""The officers' pages: server-rendered HTML over the kernel. `create_app` joins them."""

from __future__ import annotations

from flask import Flask, current_app, request
from flask_login import current_user
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.wrappers import Response

from app.faces import api as programs
from app.faces.web import signin
from app.faces.web.barring import refuse_barred
from app.faces.web.pages.absences import pages as absences
from app.faces.web.pages.batch import pages as batch
from app.faces.web.pages.case import pages as case
from app.faces.web.pages.case_acts import pages as case_acts
from app.faces.web.pages.case_entries import pages as case_entries
from app.faces.web.pages.case_standing import pages as case_standing
from app.faces.web.pages.chains import pages as chains
from app.faces.web.pages.changes import pages as changes
from app.faces.web.pages.compare import pages as compare
from app.faces.web.pages.designer import pages as designer
from app.faces.web.pages.designer_files import pages as designer_files
from app.faces.web.pages.documents import pages as documents
from app.faces.web.pages.draws import pages as draws
from app.faces.web.pages.grants import pages as grants
from app.faces.web.pages.health import pages as health
from app.faces.web.pages.heat import pages as heat
from app.faces.web.pages.injury import pages as injury
from app.faces.web.pages.interests import pages as interests
from app.faces.web.pages.migrate import pages as migrate
from app.faces.web.pages.notices import pages as notices
from app.faces.web.pages.parameters import pages as parameters
from app.faces.web.pages.people import pages as people
from app.faces.web.pages.posts import pages as posts
from app.faces.web.pages.processes import pages as processes
from app.faces.web.pages.queue import pages as queue
from app.faces.web.pages.receipts import pages as receipts
from app.faces.web.pages.recusals import pages as recusals
from app.faces.web.pages.registry import pages as registry
from app.faces.web.pages.registry_files import pages as registry_files
from app.faces.web.pages.rule_release import pages as rule_release
from app.faces.web.pages.rules import pages as rules
from app.faces.web.pages.running import pages as running
from app.faces.web.pages.seals import pages as seals
from app.faces.web.pages.session import ask_to_log_in
from app.faces.web.pages.session import pages as session
from app.faces.web.pages.simulation import pages as simulation
from app.faces.web.pages.staffing import pages as staffing
from app.faces.web.pages.supervisor import pages as supervisor
from app.faces.web.pages.take_over import pages as take_over
from app.faces.web.pages.task import pages as task
from app.faces.web.pages.tokens import pages as tokens
from app.faces.web.pages.trials import pages as trials
from app.faces.web.pages.tuning import pages as tuning
from app.faces.web.pages.verify import pages as verify
from app.faces.web.pages.watch import pages as watch
from app.faces.web.pages.workbench import pages as workbench
from app.faces.web.pages.workbench_files import pages as workbench_files
from app.faces.web.request_log import configure_log
from app.faces.web.shell import build_shell
from app.faces.web.viewer import show_viewer
from app.kernel.kernel import Kernel
from config import Settings

__all__ = ["create_app"]

PAGES = (
    session,
    queue,
    case,
    task,
    take_over,
    changes,
    documents,
    receipts,
    draws,
    supervisor,
    staffing,
    absences,
    notices,
    health,
    case_acts,
    case_entries,
    batch,
    case_standing,
    recusals,
    interests,
    people,
    grants,
    posts,
    chains,
    injury,
    watch,
    processes,
    designer,
    designer_files,
    tokens,
    running,
    heat,
    migrate,
    simulation,
    parameters,
    registry,
    registry_files,
    rules,
    workbench,
    workbench_files,
    trials,
    compare,
    rule_release,
    tuning,
    verify,
    seals,
)


def create_app(kernel: Kernel, settings: Settings | None = None) -> Flask:
    """The web application over a joined kernel; `settings` default to those of the environment."""
    chosen = settings or Settings.from_environment()
    configure_log(chosen.log_level)
    app = build_shell(chosen, kernel.keyring)
    signin.install(app, kernel, chosen)
    app.before_request(_behind_log_in)
    app.before_request(refuse_barred)
    app.context_processor(show_viewer)
    for pages in PAGES:
        app.register_blueprint(pages)
    api = programs.create_api(kernel, chosen)
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/api": api.wsgi_app})  # type: ignore[method-assign]
    return app


def _behind_log_in() -> Response | None:
    """Every page needs log-in unless it says otherwise."""
    view = _view()
    if view is None or getattr(view, "open_to_visitors", False) or current_user.is_authenticated:
        return None
    return ask_to_log_in()


def _view() -> object | None:
    """The view function of this request; None for unknown addresses and static files."""
    endpoint = request.endpoint
    return None if endpoint in (None, "static") else current_app.view_functions[endpoint]
