"""The demonstration's rare ways: each of them is there, as it ends or as it stands today."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from app.demo import load
from app.demo.stories import RARE_FROM
from app.domain.assessment.models import ExpertDraw, ExpertSeat, ExpertVacancy
from app.domain.benefits.models import Payable
from app.domain.registry import reference
from app.kernel.audit.verify import verify
from app.kernel.cases.models import Case, CaseTakeOver
from app.kernel.deadlines.models import Clock
from app.kernel.decisions.tuning.models import RuleVerdict
from app.kernel.documents.models import Document
from app.kernel.kernel import Kernel
from app.storage.embedded import EmbeddedServer
from app.wiring import build_kernel
from config import Settings
from tests.databases import copy_of_template
from tests.moving_clock import MovingClock

pytestmark = pytest.mark.long
NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def region(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """The smallest region that has them."""
    folder: Path = tmp_path_factory.mktemp("rare")
    with copy_of_template(server) as copy:
        reference.install_at(copy.owner_url)
        built = build_kernel(Settings(data_dir=folder, database_url=copy.app_url))
        kernel = replace(built, clock=MovingClock(NOW))
        load(kernel, cases=RARE_FROM)
        yield kernel
        kernel.database.dispose()


def _of(process: str, **columns: Any) -> Any:
    return select(func.count()).select_from(Case).filter_by(process_key=process, **columns)


def _issued(template: str) -> Any:
    return select(func.count()).where(Document.template == template)


def _payable(item: str, state: str = "ready") -> Any:
    return select(func.count()).where(Payable.item == item, Payable.state == state)


def _seats() -> Any:
    query = select(func.count()).select_from(ExpertSeat).join(ExpertDraw, ExpertDraw.id == ExpertSeat.draw_id)
    return query.join(Case, Case.id == ExpertDraw.case_id)


WAYS: dict[str, Any] = {
    "not accepted": _issued("recognition_non_acceptance"),
    "suspended": select(func.count()).where(Clock.kind == "CR06", Clock.state == "paused"),
    "resumed": _issued("recognition_resumption_notice"),
    "withdrawn": _of("injury_recognition", status="withdrawn"),
    "rectified": _issued("rectification_decision"),
    "redone": _of("injury_recognition", case_role="redo"),
    "revoked with an award": select(func.count()).where(Payable.state == "frozen"),
    "from paper": select(func.count()).select_from(CaseTakeOver),
    "given up": _of("capacity_assessment", status="closed", outcome=None),
    "terminated": _issued("assessment_termination_notice"),
    "a seat drawn again": select(func.count()).select_from(ExpertVacancy),
    "assessed again": _of(
        "capacity_assessment", case_role="reassessment", region_code="640000", status="closed"
    ),
    "drawn across cities": _seats().where(ExpertDraw.reach == "region", Case.region_code == "640100"),
    "a panel that reviews": _seats().where(Case.case_role == "review", ExpertDraw.reach == "city"),
    "confirmed": _of("capacity_confirmation", outcome="approved_positive"),
    "a widow's pension": _payable("survivor_pension"),
    "a dependant who can't work": _issued("dependant_conclusion"),
    "a child's pension beside two spouses'": select(func.count() >= 3).where(
        Payable.item == "survivor_pension"
    ),
    "a bill": _payable("medical_benefit"),
    "a false alarm": select(func.count()).where(RuleVerdict.verdict == "false_alarm"),
    "a hit that was right": select(func.count()).where(RuleVerdict.verdict == "justified"),
}


@pytest.mark.parametrize("way", WAYS)
def test_each_rare_way_is_there(region: Kernel, way: str) -> None:
    with region.database.session() as session:
        region.database.scope(session, ("*",))
        assert session.scalar(WAYS[way]), way


def test_the_audit_chains_are_whole(region: Kernel) -> None:
    with region.database.session() as session:
        assert verify(session, region.keyring).intact
