"""Specifications: stored once by digest, cached, the same after loading."""

import threading

import orjson
import pytest

from app.kernel.engine import specs
from app.kernel.engine.parsing import parse
from app.kernel.engine.specs import cached_spec, dump_spec, load_spec, registry, spec_digest
from tests.process.drive import Drive
from tests.unit.engine.diagrams import REVIEW_LOOP, call, diagram, end, sequence, start, user


def stored(key: str = "p", *, name: str = "x") -> bytes:
    data = diagram(start(), user(name), end(), sequence("start", name, "end"), key=key)
    return dump_spec(parse({"p": data}, key))


def test_a_loaded_specification_says_what_the_parsed_one_did() -> None:
    outer = diagram(start(), call("x", "review"), end(), sequence("start", "x", "end"))
    parsed = parse({"r": REVIEW_LOOP, "o": outer}, "p")
    data = dump_spec(parsed)
    spec = load_spec(spec_digest(data), data)
    assert {step for scope in spec.steps.values() for step in scope.values()} == set(parsed.steps)
    assert spec.flows == parsed.flows
    assert tuple(spec.policies.values()) == parsed.policies
    assert spec.step("final").duty == "final_review"
    with pytest.raises(KeyError):
        spec.step("nobody")


def test_a_specification_is_parsed_once_per_process() -> None:
    data = stored()
    assert load_spec(spec_digest(data), data) is load_spec(spec_digest(data), b"not read again")
    assert cached_spec(spec_digest(data)) is not None
    assert cached_spec("0" * 64) is None


def test_bytes_that_are_not_what_the_digest_names_are_refused() -> None:
    with pytest.raises(ValueError, match="digest"):
        load_spec("0" * 64, stored())


def test_a_specification_of_an_earlier_release_is_made_anew_under_its_old_name() -> None:
    data = diagram(start(), user("x"), end(), sequence("start", "x", "end"), key="p")
    parsed = parse({"p": data}, "p")
    old = orjson.dumps({**orjson.loads(dump_spec(parsed)), "format": 0, "steps": "of another shape"})
    with pytest.raises(ValueError, match="format"):
        load_spec(spec_digest(old), old)
    spec = load_spec(spec_digest(old), old, parsed)
    assert spec.digest == spec_digest(old)
    assert {step for scope in spec.steps.values() for step in scope.values()} == set(parsed.steps)


def test_the_cache_forgets_the_least_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(specs, "CACHED_SPECS", 2)
    versions = [stored(name=f"x{number}") for number in range(3)]
    digests = [spec_digest(data) for data in versions]
    for digest, data in zip(digests[:2], versions[:2], strict=True):
        load_spec(digest, data)
    load_spec(digests[0], versions[0])
    load_spec(digests[2], versions[2])
    assert [cached_spec(digest) is not None for digest in digests] == [True, False, True]


def test_each_thread_has_its_own_converters() -> None:
    seen: list[object] = []
    thread = threading.Thread(target=lambda: seen.append(registry()))
    thread.start()
    thread.join()
    assert seen[0] is not registry()
    assert registry() is registry()


def test_many_threads_loading_at_once_get_a_working_specification() -> None:
    data = dump_spec(parse({"r": REVIEW_LOOP}, "review"))
    failures: list[BaseException] = []

    def load_and_run() -> None:
        try:
            Drive(load_spec(spec_digest(data), data), {"risk": "normal"}).complete("initial")
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=load_and_run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
