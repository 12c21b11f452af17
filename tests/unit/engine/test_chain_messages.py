"""What the check says of messages between processes: names, facts, and whether anybody listens."""

from typing import Any

import pytest

from app.kernel.engine.check.report import check_files
from app.kernel.engine.messages.manifest import manifest_problems, read_receives, read_sends
from tests.message_office import files

PLACES = {"type": "list", "values": [{"value": "1"}]}
FACTS = {
    "fact": {
        "grade": {"type": "integer"},
        "id_no": {"type": "string", "sensitive": True},
        "places": PLACES,
    }
}


def findings(given: dict[str, bytes]) -> dict[str, str]:
    return {one.rule: one.severity for one in check_files(given).findings if one.rule.startswith("message")}


def changed(key: str, before: str, after: str) -> dict[str, bytes]:
    path = f"{key}/process.toml"
    text = files(key)[path].decode()
    assert before in text
    return {**files(key), path: text.replace(before, after).encode()}


def test_two_processes_that_talk_to_each_other_need_nothing() -> None:
    report = check_files({**files("probe_sender"), **files("probe_receiver")})
    assert report.deployable, report.findings
    assert findings({**files("probe_sender"), **files("probe_receiver")}) == {}


def test_what_nobody_receives_or_sends_is_a_warning() -> None:
    assert findings(files("probe_sender")) == {"message-unheard": "warning"}
    assert findings(files("probe_receiver")) == {"message-unsent": "warning"}


def test_a_message_that_no_step_throws_or_waits_for_is_a_warning() -> None:
    sender = changed("probe_sender", 'message = "probe.revoked"', 'message = "probe.other"')
    assert findings(sender)["message-undrawn"] == "warning"
    receiver = changed("probe_receiver", 'message = "probe.revoked"', 'message = "probe.other"')
    assert findings(receiver)["message-undrawn"] == "warning"


@pytest.mark.parametrize(
    ("key", "before", "after"),
    [
        ("probe_receiver", "{ grade = ", "{ worker_age = "),
        ("probe_receiver", 'worker_id_no = "worker_id_no"\n', 'age = "worker_name"\n'),
    ],
    ids=["not carried", "not there"],
)
def test_a_fact_the_other_process_does_not_have_is_an_error(key: str, before: str, after: str) -> None:
    other = "probe_sender" if key == "probe_receiver" else "probe_receiver"
    text = files(key)[f"{key}/process.toml"].decode()
    place = text.rindex(before)
    given = {
        **files(key),
        f"{key}/process.toml": (text[:place] + after + text[place + len(before) :]).encode(),
    }
    report = check_files({**given, **files(other)})
    assert not report.deployable
    assert [one.severity for one in report.findings if one.rule == "message-fact"] == ["error"]


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        ({"sends": [{"message": "effective"}]}, "not a name like"),
        ({"sends": [{"message": "a.b", "facts": ["nothing"]}]}, "no fact nothing"),
        ({"sends": [{"message": "a.b", "facts": ["id_no"]}]}, "sensitive fact id_no"),
        ({"sends": [{"message": "a.b", "each": "grade"}]}, "each must be a fact that is a list"),
        ({"sends": [{"message": "a.b", "each": "places", "facts": {"x": "{each}"}}]}, "no fact 1"),
        ({"sends": [{"message": "a.b", "sealed": {"x": "grade"}}]}, "grade under sealed is no sensitive"),
        ({"sends": [{"message": "a.b", "when": "=grade >"}]}, "the condition is wrong"),
        ({"receives": [{"message": "a.b", "facts": {"x": "nothing"}}]}, "no fact nothing"),
        ({"receives": [{"message": "a.b", "sets": {"nothing": 1}}]}, "no fact nothing"),
        ({"receives": [{"message": "a.b", "when": "=message."}]}, "the condition is wrong"),
        ({"from_chain_when": {"other": "="}}, "the condition is wrong"),
        ({"receives": ["a.b"]}, "not an array of tables"),
        ({"from_chain": {"other": {"x": "nothing"}}}, "no fact nothing"),
    ],
)
def test_a_manifest_that_can_not_be_meant_is_refused(manifest: dict[str, Any], words: str) -> None:
    (problem,) = manifest_problems({**FACTS, **manifest})
    assert words in problem[1]


def test_a_message_goes_out_once_for_each_item_of_its_list_with_that_items_facts() -> None:
    told = {
        "each": "places",
        "facts": {"name": "kin_{each}_name", "grade": "grade"},
        "sealed": {"id": "id_no"},
    }
    (sends,) = read_sends({"sends": [{"message": "a.b", **told}]}).values()
    facts = {"places": ["1", "2"], "kin_1_name": "甲", "kin_2_name": "乙", "grade": 3, "id_no": "secret"}
    assert sends.payloads(facts) == [
        {"each": "1", "name": "甲", "grade": 3},
        {"each": "2", "name": "乙", "grade": 3},
    ], "what is sealed never travels"
    assert sends.payloads({**facts, "places": None}) == []
    assert sends.names == {"each", "sender", "name", "grade", "id"}


def test_a_message_is_sent_and_meant_only_where_the_conditions_hold() -> None:
    (sends,) = read_sends({"sends": [{"message": "a.b", "facts": ["grade"], "when": "=grade > 3"}]}).values()
    assert [sends.payloads({"grade": grade}) for grade in (3, 4, None)] == [[], [{"grade": 4}], []]
    rows = [{"message": "a.b", "when": '=message.kind = kind and message.sender != "1"'}]
    (receives,) = read_receives({"receives": rows})
    assert receives.means({"kind": None, "sender": "2"}, {}), "both say nothing"
    assert not receives.means({"kind": "x", "sender": "2"}, {"kind": "y"})
    assert not receives.means({"kind": "x", "sender": "1"}, {"kind": "x"})
