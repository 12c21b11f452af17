"""Who may ask for, record and rule on a recusal, and how subjects are compared. Pure.

认定办法 16 and 鉴定办法 28: staff with an interest stand back, by themselves, on request, or told by the head.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from app.kernel.duties.views import Candidate
from app.kernel.identity.identifiers import ID_NUMBER_KIND, parse_id_number, parse_uscc
from app.storage.crypto import KeyRing

HEAD: Final = "dept_head"
"""The post that rules: head of the department."""
USCC_KIND: Final = "uscc"
NAME_KIND: Final = "organisation_name"
RECORDING_DUTIES: Final = ("intake", "assign", "investigation", "initial_review")
"""Whoever may do one of these on the case hears the parties and records what they ask."""
KIN_CAUSE: Final = "kinship"
ORGANISATION_CAUSES: Final = ("former_employer", "treating_hospital", "shareholding")
VERDICTS: Final = ("upheld", "refused")


@dataclass(frozen=True)
class Subject:
    """Somebody or something a case is about, by blind index; `role` as in the case's parties."""

    role: str
    index: bytes


def subject_index(keyring: KeyRing, kind: str, value: str) -> bytes:
    """Blind index of an ID number, a credit code, or (any other kind) the name of an organisation.

    Kinds never share an index, so an organisation never passes for a person. Raise IdentifierInvalid.
    """
    if kind == ID_NUMBER_KIND:
        return keyring.blind_index(kind, parse_id_number(value).number)
    if kind == USCC_KIND:
        return keyring.blind_index(kind, parse_uscc(value))
    return keyring.blind_index(NAME_KIND, normal_name(value))


def normal_name(name: str) -> str:
    """One spelling for an organisation: full width and half width alike, no blanks, no case."""
    return "".join(unicodedata.normalize("NFKC", name).split()).casefold()


def rules_over(candidate: Candidate, lineage: Collection[str]) -> bool:
    """Does the person head the department of the region or of one above it?"""
    return any((HEAD, region) in candidate.posts for region in lineage)


def may_record(candidate: Candidate, pairs: Collection[tuple[str, str]], lineage: Collection[str]) -> bool:
    """Does the person hold a receiving or handling post of the case (`pairs`), or supervise its region?"""
    return bool(candidate.posts & frozenset(pairs) or candidate.supervised & frozenset(lineage))


def serves(candidate: Candidate, lineage: Collection[str]) -> bool:
    """Does the person hold any post over the region? Only such a person can stand back from its cases."""
    return any(region in lineage for _, region in candidate.posts)
