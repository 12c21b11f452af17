"""A clean history for the tests of the watch, and planting what the fence would never let in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from app.kernel.kernel import Kernel
from app.kernel.violations.watch.findings import Finding
from app.kernel.violations.watch.run import watch
from app.wiring import build_kernel
from config import Settings
from tests.databases import CopiedDatabase
from tests.fence_world import HASH, Staff, World, decide, sign, world_of

HIGH = ("initial_review", "recheck", "final_review")


@dataclass
class Watched:
    """A world with the watch over it; `planter` is the superuser with triggers and foreign keys asleep."""

    world: World
    kernel: Kernel
    planter: psycopg.Connection[Any]

    def look(self) -> tuple[Finding, ...]:
        """What a full run finds."""
        return watch(self.kernel, full=True).findings

    def revealed(self) -> tuple[Finding, ...]:
        return watch(self.kernel, full=True).revealed

    def decided_case(self, **more: Any) -> tuple[int, list[Staff], list[int], int]:
        """A high-risk case decided as the law wants: its id, the signers, the signatures, the decision."""
        case = self.world.case("high", **more)
        staff = self.world.staff(3)
        signatures = [sign(self.world.app, case, staff[n], duty, n + 1) for n, duty in enumerate(HIGH)]
        return case, staff, signatures, decide(self.world.app, case, signatures)

    def grant(self, person: int, post: str, since: str = "2020-01-01", until: str | None = None) -> int:
        """A grant of long ago, past every check."""
        chiefs = [self.world.person() for _ in range(3)]
        row = self.planter.execute(
            "INSERT INTO post_grant (person_id, post, region_code, valid_from, valid_to, recorded_at,"
            " requested_by, reviewed_by, approved_by) VALUES (%s, %s, '640100', %s, %s, '2020-01-01', %s, %s, %s)"
            " RETURNING id",
            (person, post, since, until, *chiefs),
        ).fetchone()
        assert row is not None
        return int(row[0])

    def merge(self, person: int, canonical: int) -> None:
        """A merge as the owner records it, with all that its trigger does."""
        self.world.owner.execute(
            "INSERT INTO person_alias (person_id, canonical_id, reason, change_id, at)"
            " VALUES (%s, %s, 'test', %s, now())",
            (person, canonical, self.change("person_merge", str(person))),
        )

    def link(self, case: int, to_chain: int, kind: str = "link") -> None:
        """A late link or a split of a chain with one case."""
        former = self.world.one('SELECT chain_id FROM "case" WHERE id = %s', case)
        self.world.owner.execute(
            "INSERT INTO chain_link (case_id, from_chain_id, to_chain_id, kind, reason, change_id, at)"
            " VALUES (%s, %s, %s, %s, 'test', %s, now())",
            (case, former, to_chain, kind, self.change(f"chain_{kind}", str(former))),
        )

    def change(self, kind: str, target: str) -> int:
        """A controlled change that three people decided."""
        case = self.world.case("high", process="controlled_change")
        staff = self.world.staff(3)
        signatures = [
            sign(self.world.app, case, staff[n], duty, n + 1, subject="change")
            for n, duty in enumerate(("rule_edit", "rule_recheck", "rule_approve"))
        ]
        content = json.dumps({"kind": kind, "target": target, "payload": {}})
        digest = hashlib.sha256(content.encode()).digest()
        self.world.owner.execute(
            "INSERT INTO controlled_change (case_id, kind, target, payload, content, digest, reason, ground,"
            " prepared_at) VALUES (%s, %s, %s, '{}', %s, %s, 'test', 'test', now())",
            (case, kind, target, content, digest),
        )
        self.world.owner.execute(
            "INSERT INTO case_facts (case_id, region_code, facts, sealed, updated_at)"
            " VALUES (%s, '640100', jsonb_build_object('change_digest', %s::text), '', now())",
            (case, digest.hex()),
        )
        self.world.app.execute(
            "INSERT INTO case_decision (case_id, subject, kind, outcome, risk, content_hash, signature_ids, at)"
            " VALUES (%s, 'change', 'deployed', 'approved', 'high', %s, %s, now())",
            (case, HASH, signatures),
        )
        return case

    def party(self, case: int, person: int, role: str = "worker") -> None:
        """Make a person a party of a case."""
        self.planter.execute(
            "INSERT INTO case_party (case_id, id_number_index, role)"
            " SELECT %s, id_number_index, %s FROM person WHERE id = %s",
            (case, role, person),
        )


@contextmanager
def watched(copy: CopiedDatabase, data: Path) -> Iterator[Watched]:
    """A watched world over a database of its own."""
    kernel = build_kernel(Settings(data_dir=data, database_url=copy.app_url))
    with world_of(copy) as world, copy.admin() as planter:
        planter.execute("SET session_replication_role = replica")
        yield Watched(world, kernel, planter)
    kernel.database.dispose()


def new_set(
    connection: psycopg.Connection[Any],
    set_id: int,
    members: tuple[str, ...],
    *,
    kind: str = "exclusive",
    scope: str = "case",
    maximum: int = 1,
    period: str | None = None,
    party_role: str | None = None,
    window_days: int | None = None,
) -> str:
    """A set of long ago with one duty per member; its key."""
    key = f"set_{set_id}"
    connection.execute(
        "INSERT INTO conflict_set (set_id, version, key, kind, scope, period, party_role, window_days, maximum,"
        " severity, risk_classes, title_zh, title_en, ground, active_from) VALUES (%s, 1, %s, %s, %s, %s, %s, %s, %s,"
        " 'deny', '{normal,high,routed}', '测试', 'Test', 'test', '2020-01-01')",
        (set_id, key, kind, scope, period, party_role, window_days, maximum),
    )
    for duty in members:
        connection.execute(
            "INSERT INTO conflict_member (set_id, version, member, duty) VALUES (%s, 1, %s, %s)",
            (set_id, duty, duty),
        )
    return key
