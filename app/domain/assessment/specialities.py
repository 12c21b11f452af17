"""Specialities of experts and seats, as the register of experts and the forms write them: key → (Chinese, English)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

SPECIALITIES: Final[Mapping[str, tuple[str, str]]] = {
    "orthopaedics": ("骨科", "Orthopaedics"),
    "hand_surgery": ("手外科", "Hand surgery"),
    "neurosurgery": ("神经外科", "Neurosurgery"),
    "neurology": ("神经内科", "Neurology"),
    "psychiatry": ("精神科", "Psychiatry"),
    "ophthalmology": ("眼科", "Ophthalmology"),
    "otolaryngology": ("耳鼻喉科", "Otolaryngology"),
    "stomatology": ("口腔颌面科", "Oral and maxillofacial surgery"),
    "general_surgery": ("普通外科", "General surgery"),
    "thoracic_surgery": ("胸外科", "Thoracic surgery"),
    "urology": ("泌尿外科", "Urology"),
    "burns": ("烧伤整形科", "Burns and plastic surgery"),
    "cardiology": ("心血管内科", "Cardiology"),
    "respiratory": ("呼吸科", "Respiratory medicine"),
    "occupational_disease": ("职业病科", "Occupational disease"),
    "rehabilitation": ("康复科", "Rehabilitation"),
    "assistive_device": ("辅助器具", "Assistive devices"),
}
_KEYS: Final[Mapping[str, str]] = {
    word.casefold(): key for key, words in SPECIALITIES.items() for word in (key, *words)
}


def spellings(keys: Iterable[str]) -> list[str]:
    """Every way the register of experts may write these specialities: its files come from people, in words."""
    return sorted({word for key in keys for word in (key, *SPECIALITIES.get(key, ()))})


def keys_of(words: Iterable[str]) -> frozenset[str]:
    """The specialities that the register's words name; what no seat can ask for is left out."""
    return frozenset(_KEYS[word.casefold()] for word in words if word.casefold() in _KEYS)
