"""Registers what the register answers to the kernel's ports."""

from __future__ import annotations

from app.domain.registry.change_kind import RegistryImportKind
from app.domain.registry.reference import read_rights
from app.kernel.ports import Ports


def register(ports: Ports) -> None:
    """Join the register to the kernel."""
    ports.change_kinds[RegistryImportKind.key] = RegistryImportKind()
    ports.rights = read_rights()
