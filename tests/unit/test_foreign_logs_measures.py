"""What is counted in a foreign log, and what is not."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from app.kernel.audit.logs import LogReport, Policy, analyse, read_log
from app.kernel.audit.logs.pairs import least_share
from app.kernel.audit.logs.suspicious import is_no_person, suspicious_names
from tests.foreign_logs import Act, acted, event, log, trace


@pytest.fixture
def at(tmp_path: Path) -> Path:
    return tmp_path / "log.xes"


def report_on(
    at: Path, *traces: str, pairs: list[tuple[str, str]] | None = None, every: bool = False
) -> LogReport:
    at.write_text(log(*traces), encoding="utf-8")
    policy = None if pairs is None else Policy(tuple(pairs))
    return analyse(read_log(at), policy, every_transition=every)


def test_cases_by_one_person_are_counted_by_size(at: Path) -> None:
    report = report_on(
        at,
        acted("1", ("A", "李"), ("B", "李"), ("C", "李")),
        acted("2", ("A", "李"), ("B", "李")),
        acted("3", ("A", "李"), ("B", "王"), ("C", "李")),
        acted("4", ("A", None), ("B", "王"), ("C", "王")),
        acted("5", ("A", None), ("B", None), ("C", None)),
        trace("6"),
    )
    alone = report.alone
    assert (report.totals.cases, alone.cases, alone.min3, alone.cases_min3) == (6, 3, 2, 4)
    assert alone.with_gaps == 1, "case 4 has an act of which nobody knows who did it"
    assert [(one.person, one.cases, one.min3, one.took_part) for one in alone.people] == [
        ("李", 2, 1, 3),
        ("王", 1, 1, 2),
    ]
    assert alone.people[0].examples == ("1", "2")
    assert alone.by_size == {0: (1, 0), 2: (1, 1), 3: (4, 2)}


def test_work_nobody_else_does_could_not_be_shared(at: Path) -> None:
    own = acted("1", *[("专项", "李")] * 3)
    assert report_on(at, own, acted("2", ("A", "王"))).alone.min3_shareable == 0
    assert report_on(at, own, acted("2", ("专项", "王"))).alone.min3_shareable == 1


def test_months_are_those_of_the_first_event(at: Path) -> None:
    early = [event("A", "李", f"2025-01-31T23:0{n}:00Z") for n in range(3)]
    late = [event("A", "李", f"2025-02-0{n + 1}T00:00:00Z") for n in range(3)]
    report = report_on(at, trace("1", *early[:1], *late), trace("2", *late), trace("3", event("A", "王")))
    assert [(one.month, one.cases, one.min3, one.alone_min3) for one in report.alone.periods] == [
        ("2025-01", 1, 1, 1),
        ("2025-02", 1, 1, 1),
    ]


def test_planning_and_starting_are_no_acts(at: Path) -> None:
    events = [
        event("A", "主任", "2025-01-01T08:00:00Z", "schedule"),
        event("A", "王", "2025-01-01T08:10:00Z", "START"),
        event("A", "李", "2025-01-01T09:00:00Z", "complete"),
        event("B", "李", "2025-01-01T10:00:00Z", None),
        event("C", "李", "2025-01-01T11:00:00Z", "签批"),
    ]
    report = report_on(at, trace("1", *events))
    assert (report.totals.events, report.totals.acts, report.totals.persons) == (5, 3, 3)
    assert (report.alone.cases, report.alone.min3) == (1, 1)
    assert report.totals.transitions["schedule"] == 1
    assert report_on(at, trace("1", *events), every=True).alone.cases == 0


def test_log_that_only_starts_has_acts_all_the_same(at: Path) -> None:
    report = report_on(at, trace("1", event("A", "李", None, "start"), event("B", "李", None, "start")))
    assert (report.totals.acts, report.alone.cases) == (2, 1)


def test_start_and_complete_are_one_act_of_an_activity(at: Path) -> None:
    twice = trace("1", event("A", "李", None, "start"), event("A", "李"))
    assert report_on(at, twice, pairs=[("A", "A")]).pair_violations == 0


def test_traces_of_one_name_are_one_case(at: Path) -> None:
    report = report_on(
        at,
        acted("1", ("初审", "李")),
        acted("2", ("初审", "王")),
        acted("1", ("复核", "李")),
        pairs=[("初审", "复核")],
    )
    assert (report.totals.cases, report.totals.traces, report.totals.duplicate_case_names) == (2, 3, 1)
    assert report.pair_violations == 1


def test_pair_is_broken_by_one_person_on_both_sides(at: Path) -> None:
    report = report_on(
        at,
        acted("1", ("初审", "李"), ("复核", "李")),
        acted("2", ("初审", "李"), ("复核", "王")),
        acted("3", ("初审", "李"), ("初审", "王"), ("复核", "李"), ("复核", "王")),
        acted("4", ("初审", "李"), ("初审", "李")),
        acted("5", ("初审", "李"), ("复核", None)),
        acted("6", ("复核", None), ("初审", None)),
        pairs=[("初审", "复核"), ("初审", "审核")],
    )
    assert report.violations is not None
    broken, absent = report.violations
    assert (broken.together, broken.same_person, broken.undetermined) == (5, 2, 2)
    assert broken.people == [("李", 2), ("王", 1)]
    assert [case for case, _ in broken.examples] == ["1", "3"]
    assert (absent.together, absent.share) == (0, 0.0)
    assert (report.pair_violations, report.violating_cases) == (2, 2)
    assert [one.activity for one in report.unknown_activities] == ["审核"]


def test_case_that_breaks_two_pairs_counts_once_among_cases(at: Path) -> None:
    report = report_on(
        at, acted("1", ("A", "李"), ("B", "李"), ("C", "李")), pairs=[("A", "B"), ("B", "C"), ("C", "C")]
    )
    assert (report.pair_violations, report.violating_cases) == (2, 1)


def test_repeating_an_activity_breaks_only_the_pair_with_itself(at: Path) -> None:
    traces = [
        acted("1", ("A", "李"), ("A", "李"), ("A", "李")),
        acted("2", ("A", "李"), ("A", "王")),
        acted("3", ("A", "李")),
    ]
    assert report_on(at, *traces, pairs=[("A", "B")]).pair_violations == 0
    report = report_on(at, *traces, pairs=[("A", "A")])
    assert report.violations is not None
    assert (report.violations[0].together, report.violations[0].same_person) == (2, 1)


def test_unknown_activity_comes_with_names_like_it(at: Path) -> None:
    report = report_on(
        at, acted("1", ("T02 Check receipt", "李"), ("初审意见", "李")), pairs=[("t02", "初审意見")]
    )
    assert {one.activity: one.like for one in report.unknown_activities} == {
        "t02": ("T02 Check receipt",),
        "初审意見": ("初审意见",),
    }


def custom(cases: int, *broken: Act) -> list[str]:
    kept = [
        acted(f"k{n}", ("初审", f"甲{n % 3}"), ("复核", f"乙{n % 3}"), ("归档", f"甲{n % 3}"))
        for n in range(cases)
    ]
    return [*kept, acted("broken", *broken)] if broken else kept


def test_custom_that_is_sometimes_broken_is_suggested(at: Path) -> None:
    report = report_on(at, *custom(20, ("初审", "丙"), ("复核", "丙")))
    assert report.violations is None and report.pair_violations is None
    assert [set(one.pair) for one in report.suggestions] == [{"初审", "复核"}]
    one = report.suggestions[0]
    assert (one.together, one.same_person, one.custom) == (21, 1, 1.0)
    assert one.examples == [("broken", "丙")]
    assert report.staffing is not None and report.staffing.basis == "suggestions"


def test_custom_that_nobody_breaks_is_not_suggested(at: Path) -> None:
    assert report_on(at, *custom(20)).suggestions == []


def test_few_cases_make_no_custom(at: Path) -> None:
    assert report_on(at, *custom(5, ("初审", "丙"), ("复核", "丙"))).suggestions == []


def test_cases_by_one_alone_hide_no_custom(at: Path) -> None:
    lonely = [acted(f"l{n}", ("初审", "丁"), ("复核", "丁")) for n in range(100)]
    found = report_on(at, *custom(20), *lonely).suggestions
    assert [(one.together, one.same_person) for one in found] == [(120, 100)]


def test_suggestions_look_at_the_hundred_most_frequent_activities(at: Path) -> None:
    rare = [acted(f"r{n}", *[(f"a{m}", "李") for m in range(101)]) for n in range(2)]
    report = report_on(at, *custom(20, ("初审", "丙"), ("复核", "丙")), *rare)
    assert report.suggestions_cut
    assert [set(one.pair) for one in report.suggestions] == [{"初审", "复核"}]


def test_wilson_interval() -> None:
    assert least_share(0, 0) == 0.0
    assert least_share(0, 10) == pytest.approx(0.0, abs=1e-12)
    assert least_share(50, 100) == pytest.approx(0.4038, abs=1e-4)
    assert least_share(10, 10) == pytest.approx(0.7225, abs=1e-4)


def test_officers_who_always_follow_each_other_are_found(at: Path) -> None:
    report = report_on(
        at,
        *(acted(f"a{n}", ("初审", "李"), ("审核", "王")) for n in range(5)),
        *(acted(f"b{n}", ("初审", "赵"), ("审核", "王" if n < 4 else "孙")) for n in range(5)),
        *(acted(f"c{n}", ("初审", "周"), ("审核", "王")) for n in range(4)),
        acted("d", ("初审", "吴"), ("复核", "李"), ("审核", None)),
        acted("e", ("初审", "吴"), ("审核", "吴")),
    )
    assert report.handover_cases == 14
    found = report.officer_pairs
    assert [(one.earlier, one.closer, one.cases, one.of) for one in found] == [("李", "王", 5, 5)], (
        "80 % is not more"
    )
    assert (found[0].always, found[0].mutual, found[0].closings) == (True, False, 13)
    assert found[0].usual == pytest.approx(13 / 14)


def test_mutual_approval_is_found(at: Path) -> None:
    there = [acted(f"a{n}", ("初审", "李"), ("审核", "王")) for n in range(6)]
    back = [acted(f"b{n}", ("初审", "王"), ("审核", "李")) for n in range(5)]
    found = report_on(at, *there, *back).officer_pairs
    assert [(one.earlier, one.closer, one.cases, one.back, one.mutual) for one in found] == [
        ("李", "王", 6, 5, True),
        ("王", "李", 5, 6, True),
    ]


def test_closer_is_the_last_by_time_not_by_place_in_the_file(at: Path) -> None:
    late = event("审核", "王", "2025-01-01T09:00:00+08:00")
    early = event("初审", "李", "2025-01-01T00:30:00Z")
    untimed = event("初审", "李")
    assert [(one.earlier, one.closer) for one in report_on(at, trace("1", late, early)).handovers] == [
        ("李", "王")
    ]
    assert [(one.earlier, one.closer) for one in report_on(at, trace("1", late, untimed)).handovers] == [
        ("王", "李")
    ]


def test_one_officer_with_most_of_an_activity_is_found(at: Path) -> None:
    acts: list[Act] = (
        [("审核", "王")] * 6 + [("审核", "李")] * 4 + [("审核", None)] * 9 + [("归档", "王")] * 4
    )
    report = report_on(at, acted("1", *acts))
    uses = {one.activity: one for one in report.activities}
    assert (uses["审核"].share, uses["审核"].first, uses["审核"].people, uses["审核"].concentrated) == (
        0.6,
        "王",
        2,
        True,
    )
    assert not uses["归档"].concentrated, "four acts are too few"


@pytest.mark.parametrize(
    "name",
    ["test", "TEST", "admin3", "admin", "系统", "系统管理员", "?", "--", "ｔｅｓｔ０１", "Batch", "n/a"],
)
def test_names_of_no_person(name: str) -> None:
    assert is_no_person(name)


@pytest.mark.parametrize(
    "name", ["Resource01", "李文静", "testa rossa", "Adminah", "王无忌", "Autumn", "officer12"]
)
def test_names_of_persons(name: str) -> None:
    assert not is_no_person(name)


def test_one_name_in_two_spellings_is_listed(at: Path) -> None:
    found = suspicious_names(Counter({"Li Wen": 5, "li.wen": 2, "test": 9, "TEST": 1, "王": 3}))
    assert [(one.name, one.reason, one.like) for one in found] == [
        ("test", "not_a_person", ("TEST",)),
        ("Li Wen", "same_name_spelled_differently", ("li.wen",)),
        ("li.wen", "same_name_spelled_differently", ("Li Wen",)),
        ("TEST", "not_a_person", ("test",)),
    ]
