"""The dossier of a case, for who may read it. Every reading is audited."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Blueprint

from app.faces.api.callers import carry_out
from app.faces.api.shapes import task_shape
from app.kernel.engine.dossier import Dossier, read_dossier

endpoints = Blueprint("cases", __name__, url_prefix="/v1/cases/<int:case_id>")


@endpoints.get("")
def dossier(case_id: int) -> dict[str, Any]:
    """Facts, tasks, acts, signatures' seats, materials, documents, clocks. Sensitive facts are left out by name."""
    return _shape(carry_out(partial(read_dossier, case_id=case_id)))


def _shape(found: Dossier) -> dict[str, Any]:
    case, facts = found.case, found.deployed.schema.facts
    sensitive = {key for key, spec in facts.items() if spec.sensitive}
    return {
        "case": {
            "id": case.id,
            "case_no": case.case_no,
            "process": case.process_key,
            "role": case.case_role,
            "region": case.region_code,
            "status": case.status,
            "risk": case.risk,
            "approval_levels": case.approval_levels,
            "subject": case.subject_name,
            "organisation": case.organisation,
            "outcome": case.outcome,
            "received_at": case.received_at.isoformat(),
            "decided_at": case.decided_at.isoformat() if case.decided_at else None,
            "content_hash": case.content_hash.hex(),
        },
        "facts": {key: value for key, value in found.facts.items() if key not in sensitive},
        "sensitive_facts": sorted(sensitive & found.facts.keys()),
        "tasks": [task_shape(task) for task in found.tasks],
        "acts": [
            {
                "person": act.name,
                "on_behalf_of": act.on_behalf_of,
                "duty": act.duty,
                "state": act.state,
                "case_no": act.case_no,
                "at": act.at.isoformat(),
            }
            for act in found.acts
        ],
        "materials": [
            {"id": str(one.uid), "kind": one.kind, "filename": one.filename, "size": one.size}
            for one in found.materials
        ],
        "documents": [
            {"id": str(one.uid), "number": one.number, "title": {"zh": one.title_zh, "en": one.title_en}}
            for one in found.documents
        ],
    }
