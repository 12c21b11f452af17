"""Sealed columns open only where they were sealed; keys stay private and rotate."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.storage.crypto import KeyFileRefused, KeyRing, SealBroken, UnknownKeyVersion

HERE = {"table": "person", "column": "id_number", "row": "7d1c"}


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> KeyRing:
    return KeyRing.create(tmp_path_factory.mktemp("keys") / "keys.json")


@given(st.text())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_sealed_text_opens_in_its_own_place(ring: KeyRing, text: str) -> None:
    assert ring.open(ring.seal(text, **HERE), **HERE) == text


def test_same_text_sealed_twice_differs(ring: KeyRing) -> None:
    assert ring.seal("640104199003073217", **HERE) != ring.seal("640104199003073217", **HERE)


@pytest.mark.parametrize(
    "elsewhere",
    [
        {**HERE, "row": "7d1d"},
        {**HERE, "column": "phone"},
        {**HERE, "table": "account"},
        {"table": "personid_", "column": "number", "row": "7d1c"},
    ],
)
def test_value_moved_to_another_place_is_refused(ring: KeyRing, elsewhere: dict[str, str]) -> None:
    with pytest.raises(SealBroken):
        ring.open(ring.seal("张三", **HERE), **elsewhere)


def test_every_changed_byte_is_noticed(ring: KeyRing) -> None:
    sealed = ring.seal("张三", **HERE)
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises((SealBroken, UnknownKeyVersion)):
            ring.open(bytes(changed), **HERE)


@pytest.mark.parametrize("length", [0, 1, 4, 16, 31])
def test_truncated_value_is_refused(ring: KeyRing, length: int) -> None:
    with pytest.raises(SealBroken):
        ring.open(ring.seal("张三", **HERE)[:length], **HERE)


def test_values_sealed_before_a_rotation_still_open(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    before = KeyRing.create(path)
    old = before.seal("张三", **HERE)
    after = KeyRing.rotate(path)
    new = after.seal("李四", **HERE)
    assert (after.version_of(old), after.version_of(new)) == (1, 2)
    assert KeyRing.load(path).open(old, **HERE) == "张三"
    assert KeyRing.load(path).open(new, **HERE) == "李四"
    with pytest.raises(UnknownKeyVersion):
        before.open(new, **HERE)


def test_rotation_keeps_blind_indexes_and_macs(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    before, after = KeyRing.create(path), KeyRing.rotate(path)
    assert before.blind_index("id_number", "1") == after.blind_index("id_number", "1")
    assert before.mac(b"event") == after.mac(b"event")


def test_blind_index_separates_kinds_and_installations(ring: KeyRing, tmp_path: Path) -> None:
    index = ring.blind_index("id_number", "123")
    assert len(index) == 32
    assert index == ring.blind_index("id_number", "123")
    assert index != ring.blind_index("phone", "123")
    assert ring.blind_index("a", "bc") != ring.blind_index("ab", "c")
    assert index != KeyRing.create(tmp_path / "keys.json").blind_index("id_number", "123")


def test_three_uses_have_three_keys(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    KeyRing.create(path)
    raw = json.loads(path.read_text())
    assert len({raw["sealing"]["1"]["key"], raw["blind_index"], raw["audit_mac"]}) == 3


def test_new_key_file_is_private_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "keys.json"
    KeyRing.create(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in path.parent.iterdir()] == ["keys.json"]


def test_existing_key_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    KeyRing.create(path)
    before = path.read_bytes()
    with pytest.raises(KeyFileRefused, match="exists already"):
        KeyRing.create(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["keys.json"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_key_file_that_others_can_read_is_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "keys.json"
    KeyRing.create(path)
    path.chmod(mode)
    with pytest.raises(KeyFileRefused, match="chmod 600"):
        KeyRing.load(path)


def test_missing_key_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyFileRefused, match="does not exist"):
        KeyRing.load(tmp_path / "keys.json")


@pytest.mark.parametrize(
    "damage",
    [
        {"format": 9},
        {"current": 2},
        {"blind_index": "c2hvcnQ="},
        {"audit_mac": "!"},
        {"sealing": {"1": {"algorithm": "ROT13", "key": "AAAA"}}},
        {"sealing": []},
    ],
)
def test_damaged_key_file_is_refused_without_quoting_it(tmp_path: Path, damage: dict[str, object]) -> None:
    path = tmp_path / "keys.json"
    KeyRing.create(path)
    raw = json.loads(path.read_text())
    path.write_text(json.dumps({**raw, **damage}))
    with pytest.raises(KeyFileRefused, match="damaged") as caught:
        KeyRing.load(path)
    assert raw["audit_mac"] not in str(caught.value)
    assert caught.value.__suppress_context__


def test_repr_shows_no_key(ring: KeyRing) -> None:
    assert repr(ring) == "KeyRing(current=1)"
