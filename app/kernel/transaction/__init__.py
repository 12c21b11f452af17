"""One intention, one transaction: the only package that commits."""

from app.kernel.transaction.idempotency import Idempotency
from app.kernel.transaction.run import run
from app.kernel.transaction.unit import Actor, Recorded, SetAside, Unit, system_actor

__all__ = ["Actor", "Idempotency", "Recorded", "SetAside", "Unit", "run", "system_actor"]
