"""Every change to a recorded event is found, whoever made it and wherever."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.kernel.audit.chain import START, canonical_bytes, link, mac, payload_bytes
from app.kernel.audit.verify import Break, BreakKind, Head, StoredEvent, check
from app.storage.crypto import KeyRing

NOON = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> KeyRing:
    return KeyRing.create(tmp_path_factory.mktemp("keys") / "keys.json")


def recorded(ring: KeyRing, chain: str, length: int) -> list[StoredEvent]:
    rows: list[StoredEvent] = []
    previous = START
    for seq in range(1, length + 1):
        facts = (chain, seq, NOON, "task.completed", 7, 8, None, 9, None, None, "r1", b'{"n":%d}' % seq)
        event_hash = link(previous, canonical_bytes(*facts))
        rows.append(StoredEvent(*facts, previous, event_hash, mac(ring, event_hash)))
        previous = event_hash
    return rows


def rehashed(rows: Sequence[StoredEvent], start: int) -> list[StoredEvent]:
    """What somebody with the database but without the MAC key can do: make all links fit again."""
    done = list(rows[:start])
    for row in rows[start:]:
        previous = done[-1].hash if done else START
        event_hash = link(previous, canonical_bytes(*row[:12]))
        done.append(row._replace(previous_hash=previous, hash=event_hash))
    return done


def kinds(found: Sequence[Break]) -> set[tuple[int, BreakKind]]:
    return {(item.seq, item.kind) for item in found}


def test_untouched_chains_are_intact_and_counted(ring: KeyRing) -> None:
    rows = recorded(ring, "case:1", 5) + recorded(ring, "case:2", 3)
    result = check(rows, ring)
    assert result.intact
    assert result.events == 8
    assert result.heads == {"case:1": Head(5, rows[4].hash), "case:2": Head(3, rows[7].hash)}


@pytest.mark.parametrize(
    "change",
    [
        {"at": NOON + timedelta(microseconds=1)},
        {"event": "task.returned"},
        {"account_id": 70},
        {"person_id": None},
        {"on_behalf_of": 8},
        {"case_id": 10},
        {"task_id": 1},
        {"decision_id": UUID(int=1)},
        {"request_id": "r2"},
        {"payload": b'{"n":4}'},
    ],
)
def test_every_changed_column_breaks_the_hash_of_its_event(ring: KeyRing, change: dict[str, Any]) -> None:
    rows = recorded(ring, "case:1", 5)
    rows[2] = rows[2]._replace(**change)
    assert kinds(check(rows, ring).breaks) == {(3, BreakKind.HASH)}


def test_change_with_all_hashes_recomputed_is_betrayed_by_the_macs(ring: KeyRing) -> None:
    rows = recorded(ring, "case:1", 5)
    rows[2] = rows[2]._replace(payload=b'{"n":99}')
    assert kinds(check(rehashed(rows, 2), ring).breaks) == {(seq, BreakKind.MAC) for seq in (3, 4, 5)}


def test_event_cut_out_of_the_middle_leaves_gap_and_broken_link(ring: KeyRing) -> None:
    rows = recorded(ring, "case:1", 5)
    del rows[2]
    assert kinds(check(rows, ring).breaks) == {(4, BreakKind.GAP), (4, BreakKind.LINK)}


def test_missing_beginning_is_a_gap(ring: KeyRing) -> None:
    assert kinds(check(recorded(ring, "case:1", 5)[1:], ring).breaks) == {
        (2, BreakKind.GAP),
        (2, BreakKind.LINK),
    }


def test_swapped_events_break(ring: KeyRing) -> None:
    rows = recorded(ring, "case:1", 4)
    rows[1], rows[2] = rows[2]._replace(seq=2), rows[1]._replace(seq=3)
    found = kinds(check(rows, ring).breaks)
    assert {(2, BreakKind.HASH), (3, BreakKind.HASH), (2, BreakKind.LINK)} <= found


def test_event_moved_to_another_chain_breaks(ring: KeyRing) -> None:
    moved = [row._replace(chain="case:2") for row in recorded(ring, "case:1", 2)]
    assert kinds(check(moved, ring).breaks) == {(1, BreakKind.HASH), (2, BreakKind.HASH)}


def test_log_of_another_installation_fails_every_mac(ring: KeyRing, tmp_path: Path) -> None:
    other = KeyRing.create(tmp_path / "keys.json")
    assert kinds(check(recorded(other, "case:1", 2), ring).breaks) == {(1, BreakKind.MAC), (2, BreakKind.MAC)}


def test_cut_tail_and_vanished_chain_are_found_with_kept_heads(ring: KeyRing) -> None:
    whole = recorded(ring, "case:1", 5)
    known = check(whole + recorded(ring, "case:2", 2), ring).heads
    assert check(whole[:3], ring).intact
    cut = check(whole[:3], ring, known).breaks
    assert set(cut) == {Break("case:1", 3, BreakKind.CUT), Break("case:2", 0, BreakKind.CUT)}


def test_grown_chain_still_agrees_with_kept_heads(ring: KeyRing) -> None:
    whole = recorded(ring, "case:1", 5)
    assert check(whole, ring, check(whole[:3], ring).heads).intact


def test_chain_rewritten_by_a_key_holder_disagrees_with_kept_heads(ring: KeyRing) -> None:
    known = check(recorded(ring, "case:1", 3), ring).heads
    forged = recorded(ring, "case:1", 2)
    forged.append(recorded(ring, "case:1", 3)[2]._replace(payload=b"{}"))
    event_hash = link(forged[2].previous_hash, canonical_bytes(*forged[2][:12]))
    forged[2] = forged[2]._replace(hash=event_hash, mac=mac(ring, event_hash))
    assert check(forged, ring).intact
    assert kinds(check(forged, ring, known).breaks) == {(3, BreakKind.HASH)}


def test_canonical_form_of_version_one_never_changes() -> None:
    made = canonical_bytes(
        "case:1",
        3,
        NOON,
        "任务完成",
        7,
        8,
        None,
        1,
        5,
        UUID(int=255),
        "r-1",
        payload_bytes({"b": 1, "a": "二"}),
    )
    expected = (
        '{"account_id":7,"at":"2026-06-01T04:00:00Z","case_id":1,"chain":"case:1",'
        '"decision_id":"00000000-0000-0000-0000-0000000000ff","event":"任务完成","format":1,'
        '"on_behalf_of":null,"person_id":8,"request_id":"r-1","seq":3,"task_id":5}\n{"a":"二","b":1}'
    )
    assert made == expected.encode()
    assert link(START, made) == hashlib.sha256(bytes(32) + expected.encode()).digest()


def test_same_instant_in_another_zone_has_the_same_bytes() -> None:
    shanghai = NOON.astimezone(timezone(timedelta(hours=8)))
    utc, local = (
        canonical_bytes("c", 1, at, "e", None, None, None, None, None, None, "", b"{}")
        for at in (NOON, shanghai)
    )
    assert utc == local


def test_text_cannot_move_between_header_and_payload() -> None:
    sly = canonical_bytes("c", 1, NOON, "e", None, None, None, None, None, None, 'x"}\n{"a":1}', b"{}")
    header, payload = sly.split(b"\n", 1)
    assert json.loads(header)["request_id"] == 'x"}\n{"a":1}'
    assert payload == b"{}"


def test_payload_is_canonical_whatever_the_order_of_its_keys() -> None:
    assert payload_bytes({"b": Decimal("1.10"), "a": [1]}) == payload_bytes({"a": [1], "b": Decimal("1.10")})
    assert payload_bytes({"b": Decimal("1.10")}) == b'{"b":"1.10"}'


def test_payload_without_a_json_form_is_refused() -> None:
    with pytest.raises(TypeError):
        payload_bytes({"a": object()})
