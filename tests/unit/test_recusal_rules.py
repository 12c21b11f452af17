"""Who may record, rule and serve; how subjects are compared; what a declaration becomes. Pure."""

from __future__ import annotations

import tomllib
from collections import defaultdict

import pytest

from app.domain.registry.reference import DATA
from app.kernel.decisions.seniority import Ladder
from app.kernel.duties.views import Candidate
from app.kernel.identity.identifiers import ID_NUMBER_KIND, IdentifierInvalid
from app.kernel.recusal.interests import Declaration, read_declaration
from app.kernel.recusal.rules import (
    NAME_KIND,
    USCC_KIND,
    may_record,
    normal_name,
    rules_over,
    serves,
    subject_index,
)
from app.kernel.refusals import InvalidInput
from app.storage.crypto import KeyRing

LINEAGE = ("640000", "640100", "640121")
NUMBER = "640102198001015559"


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> KeyRing:
    return KeyRing.create(tmp_path_factory.mktemp("keys") / "keys.json")


def person(*posts: tuple[str, str], supervised: frozenset[str] = frozenset()) -> Candidate:
    return Candidate(1, "某", "mou", frozenset(posts), frozenset({"business"}), supervised)


@pytest.mark.parametrize(
    ("posts", "expected"),
    [
        ([("dept_head", "640121")], True),
        ([("dept_head", "640000")], True),
        ([("dept_head", "640300")], False),
        ([("supervisor", "640121")], False),
        ([], False),
    ],
)
def test_head_of_the_region_or_above_rules(posts: list[tuple[str, str]], expected: bool) -> None:
    assert rules_over(person(*posts), LINEAGE) is expected


def test_receiving_handling_and_supervising_people_record_requests() -> None:
    pairs = {("rec_window", "640121")}
    assert may_record(person(("rec_window", "640121")), pairs, LINEAGE)
    assert may_record(person(supervised=frozenset({"640100"})), pairs, LINEAGE)
    assert not may_record(person(("rec_window", "640100")), pairs, LINEAGE)
    assert not may_record(person(supervised=frozenset({"640300"})), pairs, LINEAGE)


def test_only_who_holds_a_post_over_the_region_has_something_to_stand_back_from() -> None:
    assert serves(person(("rec_clerk", "640100")), LINEAGE)
    assert not serves(person(("rec_clerk", "640300")), LINEAGE)
    assert not serves(person(), LINEAGE)


@pytest.mark.parametrize(
    "spelling", ["宁夏朔峰（集团）有限公司", "宁夏朔峰(集团)有限公司", " 宁夏 朔峰（集团）有限公司　"]
)
def test_spellings_of_one_organisation_are_one(ring: KeyRing, spelling: str) -> None:
    assert subject_index(ring, NAME_KIND, spelling) == subject_index(
        ring, NAME_KIND, "宁夏朔峰(集团)有限公司"
    )
    assert normal_name("ＡＢＣ Co") == "abcco"


def test_kinds_never_share_an_index_and_bad_numbers_are_refused(ring: KeyRing) -> None:
    assert subject_index(ring, ID_NUMBER_KIND, NUMBER) != subject_index(ring, NAME_KIND, NUMBER)
    assert subject_index(ring, ID_NUMBER_KIND, NUMBER) == ring.blind_index(ID_NUMBER_KIND, NUMBER)
    for kind in (ID_NUMBER_KIND, USCC_KIND):
        with pytest.raises(IdentifierInvalid):
            subject_index(ring, kind, "1234")


def test_declaration_becomes_indexes_and_a_masked_label(ring: KeyRing) -> None:
    kin = Declaration("kinship", relation="配偶", id_number="６４０１０２１９８００１０１５５５９")
    assert read_declaration(ring, kin) == (
        [ring.blind_index(ID_NUMBER_KIND, NUMBER)],
        "配偶 640***********5559",
    )
    employer = Declaration("former_employer", name="宁夏朔峰机械制造有限公司", uscc="91640100ma75000010")
    indexes, label = read_declaration(ring, employer)
    assert (len(indexes), label) == (2, "宁夏朔峰机械制造有限公司 91640100MA75000010")
    friend = Declaration("other", relation="同学", id_number=NUMBER)
    assert read_declaration(ring, friend)[1] == "同学 640***********5559"


def test_relation_of_too_many_words_is_named(ring: KeyRing) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_declaration(ring, Declaration("kinship", relation="长" * 21, id_number=NUMBER))
    assert caught.value.errors == {"relation": ("too_long", {"max": 20})}


def test_rank_counts_within_the_business_and_over_the_region_only() -> None:
    ladder = Ladder(LINEAGE, {"rec_handler": 1, "rec_approver": 3, "dept_head": 5})
    assert ladder.rank_of(person(("rec_handler", "640121"), ("dept_head", "640300"))) == 1
    assert ladder.rank_of(person(("rec_handler", "640121"), ("rec_approver", "640100"))) == 3
    assert ladder.rank_of(person(("si_approver", "640121"))) == 0


def test_every_post_that_handles_a_case_has_a_rank() -> None:
    posts = tomllib.loads((DATA / "posts.toml").read_text("utf-8"))["post"]
    ranked: dict[str, list[int]] = defaultdict(list)
    for post in posts:
        ranked[post["kind"]].append(post.get("rank", 0))
    assert min(ranked["business"]) == 1
    assert min(ranked["supervision"]) > max(ranked["business"])
    assert max(ranked["audit"] + ranked["design"] + ranked["platform"]) == 0
