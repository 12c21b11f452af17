"""Draw, assessment and confirmation: every element and flow walked, saved and restored at each wait."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

import pytest

from tests.process.covering import unreached
from tests.process.drive import Answer, Drive, in_turn, shipped_spec

OPENED: Mapping[str, Answer] = {
    "run_rules": {"block": False},
    "check_signatures": {"missing": "none"},
    "seal_decision": {"review_result": "approved_positive"},
    "complete_service": {"service_result": "served"},
    "open_draw": {"draw_state": "open"},
    "seat_experts": {"draw_state": "drawn"},
    "fetch_for_assessment": {"correction_days": 15, "terminations": 0, "is_final": False},
    "fetch_for_confirmation": {"correction_days": 15},
    "tally_opinions": {"panel_state": "majority", "extension_due": False},
    "reckon_reassessment": {"reassess_until": "2026-06-01T00:00:00+08:00", "reassessment_open": False},
}
NEGATIVE = {"seal_decision": {"review_result": "approved_negative"}}


def drive(process: str, answers: Mapping[str, Answer] | None = None, **data: object) -> Drive:
    given = {"risk": "high", "panel_size": "3", **data}
    return Drive(shipped_spec(process), given, {**OPENED, **(answers or {})}, compacting=False)


def drawn(walk: Drive) -> Drive:
    walk.complete("ed3_commit", "committed").complete("ed4_commit", "committed")
    walk.complete("ed5_reveal", "revealed").complete("ed6_reveal", "revealed")
    return walk.complete("ed8_confirm", "confirmed")


def reviewed(walk: Drive, draft: str = "submit_positive") -> Drive:
    walk.complete("rb2_initial_review", draft).complete("rb3_recheck", "agree")
    return walk.complete("rb5_final_review", "approve")


def served(walk: Drive) -> Drive:
    while "sv1_serve" in walk.open:
        walk.complete("sv1_serve", "served")
    return walk


def opined(walk: Drive, step: str, outcome: str = "agree_signed") -> Drive:
    """The last of the panel signs: one task of several persons is one wait of the engine."""
    assert walk.task(step).persons == 3
    return walk.complete(step, outcome)


# -- the draw


def draw_walks() -> Iterator[Drive]:
    """Too few, then across cities; both secrets lost once; a seat drawn again."""
    walk = drive("expert_draw", {"open_draw": in_turn({"draw_state": "too_few"}, {"draw_state": "open"})})
    assert walk.open == ["ed2_cross"]
    walk.complete("ed2_cross", "again").complete("ed3_commit", "committed").complete(
        "ed4_commit", "committed"
    )
    walk.complete("ed5_reveal", "lost")
    walk.complete("ed3_commit", "committed").complete("ed4_commit", "committed")
    walk.complete("ed5_reveal", "revealed").complete("ed6_reveal", "lost")
    walk.complete("ed3_commit", "committed").complete("ed4_commit", "committed")
    walk.complete("ed5_reveal", "revealed").complete("ed6_reveal", "revealed")
    assert walk.called[-1] == "seat_experts"
    drawn(walk.complete("ed8_confirm", "redraw_seat"))
    assert walk.called.count("open_draw") == 5
    yield walk


def test_every_element_and_flow_of_the_draw_is_walked() -> None:
    walks = list(draw_walks())
    assert all(walk.instance.is_completed() for walk in walks)
    assert unreached("expert_draw", walks) == []


def test_nobody_reveals_before_both_have_committed_and_operator_and_witness_hold_different_posts() -> None:
    walk = drive("expert_draw")
    assert walk.open == ["ed3_commit"]
    walk.complete("ed3_commit", "committed")
    assert walk.open == ["ed4_commit"]
    task = walk.task("ed4_commit")
    assert (task.step.duty, task.candidate_group) == ("witness", "as_witness")
    walk.complete("ed4_commit", "committed")
    task = walk.task("ed5_reveal")
    assert (task.step.duty, task.candidate_group) == ("draw", "as_draw_operator")


# -- P02


def assessment(answers: Mapping[str, Answer] | None = None, **data: object) -> Drive:
    return drive("capacity_assessment", answers, **{"assessment_type": "initial", **data})


def on_site(walk: Drive) -> Drive:
    walk.complete("p02_02_check", "complete").complete("p02_04_file_review", "reviewed")
    return drawn(walk).complete("p02_06_appoint", "appointed")


def concluded(walk: Drive) -> Drive:
    return served(reviewed(opined(walk.complete("p02_07_onsite", "done"), "p02_08_opinion")))


def correction_walk() -> Drive:
    """Incomplete, too late with good reason, supplied; accepted; a party appeals and the region concludes."""
    walk = assessment().complete("p02_02_check", "incomplete")
    walk.pass_time(timedelta(days=17)).complete("p02_03_given_up", "good_reason").deliver(
        "correction_received"
    )
    concluded(on_site(walk)).deliver("assessment.reassessment_applied").deliver("assessment.effective")
    assert [one.name for one in walk.sent] == []
    return walk


def full_walk() -> Drive:
    """Rescheduled, tests asked on site and by an expert, chased twice, split once, extended, a new panel, effect."""
    tallies = in_turn(
        {"panel_state": "tests"},
        {"panel_state": "split"},
        {"panel_state": "majority", "extension_due": True},
        {"panel_state": "majority", "extension_due": True},
        {"panel_state": "majority", "extension_due": False},
    )
    walk = on_site(assessment({"tally_opinions": tallies})).complete("p02_07_onsite", "reschedule")
    walk.complete("p02_06_appoint", "appointed").complete("p02_07_onsite", "tests_needed")
    walk.complete("p02_09_commission", "commissioned").pass_time(timedelta(days=31))
    walk.complete("p02_09_chase", "wait").pass_time(timedelta(days=31)).complete("p02_09_chase", "go_on")
    opined(walk, "p02_08_opinion", "tests").complete("p02_09_commission", "commissioned")
    opined(walk.deliver("tests_received"), "p02_08_opinion")
    opined(walk, "p02_08_opinion").complete("p02_10_extend", "extend")
    walk.complete("rb2_initial_review", "return_to_applicant").complete("p02_11_returned", "new_panel")
    walk = drawn(walk).complete("p02_06_appoint", "appointed").complete("p02_07_onsite", "done")
    opined(walk, "p02_08_opinion").complete("p02_10_extend", "no_extension")
    walk.complete("rb2_initial_review", "return_to_applicant").complete("p02_11_returned", "opinion_again")
    served(reviewed(opined(walk, "p02_08_opinion")))
    walk.pass_time(timedelta(days=120))
    assert [one.name for one in walk.sent] == ["assessment.effective"]
    return walk


def reassessment_walk() -> Drive:
    """At the region: announced, final at once."""
    final = {"fetch_for_assessment": {"correction_days": 15, "terminations": 0, "is_final": True}}
    walk = concluded(on_site(assessment(final, assessment_type="reassessment")))
    assert [one.name for one in walk.sent] == ["assessment.reassessment_applied", "assessment.effective"]
    return walk


def dropped_walk() -> Drive:
    """Applied for before the service was complete, and then dropped: the first conclusion stands."""
    pending = {"reckon_reassessment": {"reassess_until": None, "reassessment_open": True}}
    return concluded(on_site(assessment(pending))).deliver("assessment.reassessment_dropped")


def refused_walks() -> Iterator[Drive]:
    """Given up; refused after a return; refused by a negative draft late; a dropped reassessment."""
    walk = assessment().complete("p02_02_check", "incomplete").pass_time(timedelta(days=17))
    yield walk.complete("p02_03_given_up", "no_reason")
    walk = assessment(NEGATIVE, assessment_type="reassessment").complete("p02_02_check", "refuse")
    walk.complete("rb2_initial_review", "return_to_applicant").complete("p02_02_check", "refuse")
    served(reviewed(walk, "submit_negative"))
    assert [one.name for one in walk.sent][-1] == "assessment.reassessment_dropped"
    yield walk
    yield served(
        reviewed(opined(on_site(assessment(NEGATIVE)).complete("p02_07_onsite", "done"), "p02_08_opinion"))
    )


def terminated_walks() -> Iterator[Drive]:
    """Another day after all; a returned draft; the first time and a repeated one."""
    walk = on_site(assessment()).complete("p02_07_onsite", "not_cooperating")
    walk.complete("p02_14_draft", "appoint_again").complete("p02_06_appoint", "appointed")
    walk.complete("p02_07_onsite", "not_cooperating").complete("p02_14_draft", "submit_negative")
    walk.complete("p02_14_approve", "return").complete("p02_14_draft", "submit_negative")
    yield served(walk.complete("p02_14_approve", "approve"))
    again = {"fetch_for_assessment": {"correction_days": 15, "terminations": 1, "is_final": False}}
    walk = on_site(assessment(again)).complete("p02_07_onsite", "not_cooperating")
    served(walk.complete("p02_14_draft", "submit_negative").complete("p02_14_approve", "approve"))
    sent = ["assessment.terminated_repeatedly", "assessment.not_concluded"]
    assert [one.name for one in walk.sent] == sent
    yield walk


def rectified_walks() -> Iterator[Drive]:
    """Art. 31: revoked after a return; upheld."""
    walk = assessment(assessment_type="correction").complete("p02_16_prepare", "examined")
    walk.complete("rb2_initial_review", "return_to_applicant").complete("p02_16_prepare", "examined")
    served(reviewed(walk))
    assert [one.name for one in walk.sent] == ["assessment.revoked"]
    yield walk
    walk = assessment(NEGATIVE, assessment_type="correction").complete("p02_16_prepare", "examined")
    yield served(reviewed(walk, "submit_negative"))
    assert walk.sent == []


def beside_walks(start: Callable[[], Drive], p: str) -> Iterator[Drive]:
    """X-W not confirmed, then confirmed; X-C true and not; the recognition falls while the case is under way."""
    walk = start().deliver("data_changed").complete(f"{p}_xc_verify", "not_changed")
    walk.deliver("data_changed").complete(f"{p}_xc_verify", "verified")
    assert walk.called[-1] == "run_rules"
    walk.deliver("recognition.revoked").complete(f"{p}_xr_verify", "noted")
    assert "note_revocation" in walk.called
    walk.deliver("withdrawal_requested").complete(f"{p}_xw_confirm", "rejected")
    assert len(walk.open) == 1, "the case goes on where it stood"
    yield walk.deliver("withdrawal_requested").complete(f"{p}_xw_confirm", "confirmed", decided_at=None)


def test_every_element_and_flow_of_the_assessment_is_walked() -> None:
    walks = [correction_walk(), full_walk(), reassessment_walk(), dropped_walk()]
    walks += [*beside_walks(assessment, "p02"), withdrawn_reassessment()]
    walks += [*refused_walks(), *terminated_walks(), *rectified_walks()]
    assert all(walk.instance.is_completed() for walk in walks)
    assert unreached("capacity_assessment", walks) == []


def withdrawn_reassessment() -> Drive:
    """The first committee learns of it, in the midst of the draw."""
    walk = assessment(assessment_type="reassessment").complete("p02_02_check", "complete")
    walk.complete("p02_04_file_review", "reviewed").deliver("withdrawal_requested")
    walk.complete("p02_xw_confirm", "confirmed")
    assert [one.name for one in walk.sent][-1] == "assessment.reassessment_dropped"
    return walk


def test_a_dependants_assessment_is_served_on_dependant_and_agency_and_answers_who_asked() -> None:
    kind = {"assessment_kind": "dependant"}
    parties = []
    walk = reviewed(opined(on_site(assessment(**kind)).complete("p02_07_onsite", "done"), "p02_08_opinion"))
    while "sv1_serve" in walk.open:
        parties.append(walk.task("sv1_serve").data["service_party"])
        assert walk.task("sv1_serve").data["service_document"] == "dependant_conclusion"
        walk.complete("sv1_serve", "served")
    assert parties == ["dependant", "agency"]
    assert [one.name for one in walk.pass_time(timedelta(days=120)).sent] == ["assessment.effective"]
    given_up = assessment(**kind).complete("p02_02_check", "incomplete").pass_time(timedelta(days=17))
    given_up.complete("p02_03_given_up", "no_reason")
    assert [one.name for one in given_up.sent] == ["assessment.not_concluded"]


@pytest.mark.parametrize(
    ("kind", "decided"), [("correction", None), ("initial", "2026-03-02T09:00:00+08:00")]
)
def test_what_nobody_applied_for_or_is_concluded_cannot_be_withdrawn(kind: str, decided: str | None) -> None:
    walk = assessment(assessment_type=kind, decided_at=decided).deliver("withdrawal_requested")
    before = set(walk.open) - {"p02_xw_confirm"}
    walk.complete("p02_xw_confirm", "confirmed")
    assert set(walk.open) == before and not walk.instance.is_completed()


def test_the_first_conclusion_waits_for_both_parties_days_and_the_final_one_for_nothing() -> None:
    walk = concluded(on_site(assessment()))
    assert not walk.sent
    walk.pass_time(timedelta(days=60))
    assert not walk.sent
    assert [one.name for one in walk.pass_time(timedelta(days=60)).sent] == ["assessment.effective"]


# -- P03


def confirmation(answers: Mapping[str, Answer] | None = None, **data: object) -> Drive:
    return drive("capacity_confirmation", answers, **{"confirmation_type": "leave_extension", **data})


def confirmation_walks() -> Iterator[Drive]:
    """On file; a device by a panel with every turn; not confirmed; given up; nobody comes."""
    walk = confirmation().complete("p03_01_check", "incomplete").deliver("correction_received")
    walk.complete("p03_01_check", "complete").complete("p03_03_file_review", "file_review")
    yield served(reviewed(walk))
    tallies = in_turn(
        {"panel_state": "tests"},
        {"panel_state": "split"},
        {"panel_state": "majority", "extension_due": True},
        {"panel_state": "majority", "extension_due": True},
        {"panel_state": "majority", "extension_due": False},
    )
    walk = confirmation({"tally_opinions": tallies}, confirmation_type="assistive_device")
    walk.complete("p03_01_check", "complete").complete("p03_03_file_review", "panel")
    drawn(walk).complete("p03_04_appoint", "appointed").complete("p03_04_onsite", "reschedule")
    walk.complete("p03_04_appoint", "appointed").complete("p03_04_onsite", "done")
    opined(walk, "p03_04_opinion", "tests").complete("p03_04_supplement", "supplied")
    opined(opined(walk, "p03_04_opinion"), "p03_04_opinion").complete("p03_04_extend", "extend")
    walk.complete("rb2_initial_review", "return_to_applicant").complete("p03_06_returned", "opinion_again")
    opined(walk, "p03_04_opinion").complete("p03_04_extend", "no_extension")
    walk.complete("rb2_initial_review", "return_to_applicant").complete("p03_06_returned", "opinion_again")
    served(served(reviewed(opined(walk, "p03_04_opinion"))))
    assert [one.name for one in walk.sent] == ["confirmation.effective"]
    yield walk
    walk = confirmation(NEGATIVE).complete("p03_01_check", "complete").complete("p03_03_file_review", "panel")
    drawn(walk).complete("p03_04_appoint", "appointed").complete("p03_04_onsite", "not_cooperating")
    walk.complete("rb2_initial_review", "return_to_applicant").complete("p03_06_returned", "review_again")
    served(reviewed(walk.complete("p03_03_file_review", "file_review"), "submit_negative"))
    assert walk.sent == []
    yield walk
    walk = confirmation().complete("p03_01_check", "incomplete").pass_time(timedelta(days=17))
    walk.complete("p03_02_given_up", "good_reason").pass_time(timedelta(days=17))
    yield walk.complete("p03_02_given_up", "no_reason")


def test_every_element_and_flow_of_the_confirmation_is_walked() -> None:
    walks = [*confirmation_walks(), *beside_walks(confirmation, "p03")]
    assert all(walk.instance.is_completed() for walk in walks)
    assert unreached("capacity_confirmation", walks) == []
