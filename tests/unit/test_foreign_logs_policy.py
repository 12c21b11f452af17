"""The policy file: every wrong shape is named with its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.kernel.audit.logs.policy import LARGEST, PolicyInvalid, parse_policy, read_policy


def test_pairs_and_scope_are_read(tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    path.write_text(
        '\ufeff{"pairs": [["初审", "复核"], [" 审核 ", "初审"]], "scope": "case"}', encoding="utf-8"
    )
    policy = read_policy(path)
    assert policy.pairs == (("初审", "复核"), ("审核", "初审"))
    assert policy.activities == {"初审", "复核", "审核"}


def test_one_pair_in_two_spellings_is_one(tmp_path: Path) -> None:
    assert parse_policy(b'{"pairs": [["A", "B"], ["B", "A"], ["A", "B"], ["A", "A"]]}').pairs == (
        ("A", "B"),
        ("A", "A"),
    )


def test_scope_may_be_left_out_and_pairs_be_none() -> None:
    assert parse_policy(b'{"pairs": []}').scope == "case"


@pytest.mark.parametrize(
    ("text", "where", "said"),
    [
        ("[]", "", "expected an object"),
        ("null", "", "found null"),
        ('{"pairs": [], "scop": "case"}', "scop", "unknown key; allowed are pairs, scope"),
        ('{"scope": "case"}', "pairs", "missing"),
        ('{"pairs": {}}', "pairs", "expected a list, found an object"),
        ('{"pairs": [["A", "B"], "AB"]}', "pairs[1]", "expected a list of two activities, found a text"),
        ('{"pairs": [["A", "B", "C"]]}', "pairs[0]", "found a list (3)"),
        ('{"pairs": [[]]}', "pairs[0]", "found a list (0)"),
        ('{"pairs": [["A", 7]]}', "pairs[0][1]", "expected a text, found a number"),
        ('{"pairs": [[true, "B"]]}', "pairs[0][0]", "found a boolean"),
        ('{"pairs": [[" ", "B"]]}', "pairs[0][0]", "the activity is empty"),
        ('{"pairs": [], "scope": "chain"}', "scope", 'only "case" is supported'),
        ('{"pairs": [], "scope": ["case"]}', "scope", 'only "case" is supported'),
        ('{"pairs": [], "pairs": []}', "pairs", "the key is given twice"),
        ('{"pairs": [\n  ["A" "B"]]}', "2:8", "not valid JSON"),
        ("", "1:1", "not valid JSON"),
    ],
)
def test_wrong_shapes_are_named_with_their_place(text: str, where: str, said: str) -> None:
    with pytest.raises(PolicyInvalid) as caught:
        parse_policy(text.encode())
    assert caught.value.where == where
    assert said in str(caught.value) and " / " in str(caught.value)


def test_other_encodings_are_refused_with_the_line() -> None:
    with pytest.raises(PolicyInvalid, match="not UTF-8") as caught:
        parse_policy('{"pairs":\n[["初审", "复核"]]}'.encode("gbk"))
    assert caught.value.where == "2:1"


def test_hostile_policies_are_refused() -> None:
    with pytest.raises(PolicyInvalid, match="nested too deeply"):
        parse_policy(b'{"pairs": ' + b"[" * 200_000)
    with pytest.raises(PolicyInvalid, match="larger than"):
        parse_policy(json.dumps({"pairs": [["A" * LARGEST, "B"]]}).encode())


def test_missing_policy_is_told(tmp_path: Path) -> None:
    with pytest.raises(PolicyInvalid, match="can't be read"):
        read_policy(tmp_path / "gone.json")
