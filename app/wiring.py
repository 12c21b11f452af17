"""The one place where parts are joined: settings, database, keys, blobs, domain ports."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from app.domain.assessment import wiring as assessment
from app.domain.benefits import wiring as benefits
from app.domain.recognition import wiring as recognition
from app.domain.registry import wiring as registry
from app.kernel.decisions.catalogue.change_kind import RuleKind
from app.kernel.decisions.formulas.change_kind import FormulaKind
from app.kernel.documents.signing import Issuing, load_signer
from app.kernel.engine.catalogue import get_supply
from app.kernel.engine.lifecycle.change_kind import ProcessKind
from app.kernel.engine.routes import get_route
from app.kernel.engine.running.change_kinds import running_kinds
from app.kernel.kernel import Kernel, wall_clock
from app.kernel.ports import Ports
from app.storage.blobs import BlobStore
from app.storage.crypto import KeyRing, key_file
from app.storage.database import Database
from config import Settings

WORKFLOWS = Path(__file__).resolve().parent.parent / "workflows"
FORMULAS = WORKFLOWS / "benefits"


def build_ports() -> Ports:
    """All answers of the domain, and the engine's to its siblings."""
    ports = Ports(routes=get_route, supplies=get_supply)
    ports.change_kinds[RuleKind.key] = RuleKind(ports)
    ports.change_kinds[FormulaKind.key] = FormulaKind()
    ports.change_kinds[ProcessKind.key] = ProcessKind(ports)
    ports.change_kinds.update({kind.key: kind for kind in running_kinds()})
    recognition.register(ports)
    registry.register(ports)
    benefits.register(ports)
    assessment.register(ports)
    return ports


def build_kernel(
    settings: Settings, *, database_url: str | None = None, clock: Callable[[], datetime] = wall_clock
) -> Kernel:
    """The kernel over the application's database URL. Creates the key file at first use."""
    data = settings.data_dir
    keys = key_file(data)
    return Kernel(
        database=Database(database_url or settings.database_url or ""),
        keyring=KeyRing.load(keys) if keys.exists() else KeyRing.create(keys),
        blobs=BlobStore(data / "blobs"),
        clock=clock,
        ports=build_ports(),
        issuing=Issuing(settings.public_url, data / "fonts", load_signer(settings.signing)),
    )
