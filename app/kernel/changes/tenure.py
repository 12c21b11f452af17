"""A new version of the longest stay in a post."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from app.kernel.cases.models import Case
from app.kernel.changes.fields import FieldSpec, Option
from app.kernel.changes.held_posts import Stay, list_stays
from app.kernel.changes.kinds import Change, Difference, Moment, Payload, Touched, differences_by_field
from app.kernel.changes.set_form import SEVERITIES
from app.kernel.deadlines.rules import add_months
from app.kernel.duties.models import Post, TenureRule
from app.kernel.transaction.unit import Unit
from app.kernel.worklist.models import Task


class TenureRuleKind:
    """`tenure_rule`: the target is the post."""

    key = "tenure_rule"
    title_zh = "任职期限"
    title_en = "Longest stay in a post"

    def form(self, session: Session, at: Moment) -> Sequence[FieldSpec]:
        posts = tuple(
            Option(post.key, post.title_zh, post.title_en)
            for post in session.scalars(select(Post).order_by(Post.kind, Post.key))
        )
        return (
            FieldSpec("post", "choice", "岗位", "Post", options=posts),
            FieldSpec("months", "integer", "最长任职月数", "Longest stay, months", minimum=1, maximum=600),
            FieldSpec(
                "gap_months",
                "integer",
                "离岗满几个月重新起算",
                "Months away that begin a new stay",
                minimum=0,
                maximum=120,
            ),
            FieldSpec("severity", "choice", "效力", "Severity", options=SEVERITIES),
            FieldSpec("ground", "paragraph", "规则依据", "Legal ground of the rule", maximum=500),
        )

    def read(self, session: Session, payload: Payload, at: Moment) -> dict[str, Any]:
        return dict(payload)

    def target(self, payload: Payload) -> str:
        return str(payload["post"])

    def subject(self, session: Session, payload: Payload) -> tuple[str, str]:
        post = session.get_one(Post, payload["post"])
        return f"{post.title_zh}（{payload['months']} 个月）", f"{post.title_en} ({payload['months']} months)"

    def current(self, session: Session, target: str, at: Moment) -> dict[str, Any] | None:
        rule = session.scalars(
            select(TenureRule).where(TenureRule.post == target).order_by(TenureRule.version.desc()).limit(1)
        ).one_or_none()
        if rule is None:
            return None
        return {
            "post": rule.post,
            "months": rule.months,
            "gap_months": rule.gap_months,
            "severity": rule.severity,
            "ground": rule.ground,
            "version": rule.version,
        }

    def prefill(self, session: Session, target: str, at: Moment) -> dict[str, Any]:
        return self.current(session, target, at) or {"post": target, "severity": "warn", "gap_months": 6}

    def targets(self, session: Session, at: Moment) -> Sequence[Option]:
        rows = session.scalars(select(Post).where(Post.kind != "platform").order_by(Post.kind, Post.key))
        return [Option(post.key, post.title_zh, post.title_en) for post in rows]

    def differences(
        self, session: Session, current: Payload | None, payload: Payload, at: Moment
    ) -> Sequence[Difference]:
        return differences_by_field(self.form(session, at), current, payload)

    def what_if(self, session: Session, payload: Payload, at: Moment) -> Iterable[Touched]:
        """Open tasks of the post in the places of people who would have stayed too long."""
        stays = list_stays(session, payload["post"], payload["gap_months"], at.today)
        over = [stay for stay in stays if add_months(stay.since, payload["months"]) <= at.today]
        tasks = session.execute(
            select(Task, Case)
            .join(Case, Case.id == Task.case_id)
            .where(Task.state == "open", Task.post == payload["post"])
        ).all()
        return _touched(payload, [(task, case) for task, case in tasks], stays, over)

    def apply(self, unit: Unit, change: Change) -> None:
        values, session = change.payload, unit.session
        newest = session.execute(
            select(func.coalesce(func.max(TenureRule.version), 0)).where(TenureRule.post == change.target)
        ).scalar_one()
        columns = {name: values[name] for name in ("post", "months", "gap_months", "severity", "ground")}
        session.execute(
            insert(TenureRule).values(
                **columns, version=newest + 1, active_from=unit.now, change_id=change.case_id
            )
        )
        unit.record("tenure_rule.set", {"post": change.target, "version": newest + 1})


def _touched(
    payload: Payload, tasks: Sequence[tuple[Task, Case]], stays: Sequence[Stay], over: Sequence[Stay]
) -> Iterator[Touched]:
    for task, case in tasks:
        here = [stay for stay in over if task.region_code in stay.regions]
        if not here:
            continue
        names = [stay.name for stay in here]
        left = sum(task.region_code in stay.regions for stay in stays) - len(here)
        since = min(stay.since for stay in here).isoformat()
        zh = f"待办“{task.title_zh}”：{'、'.join(names)}任职（{since} 起）将超过 {payload['months']} 个月"
        en = f"open task “{task.title_en}”: {', '.join(names)} in the post since {since}, longer than allowed"
        if payload["severity"] == "warn":
            yield Touched(case.id, case.case_no, "info", f"{zh}，只提醒", f"{en}; warned only")
        elif left:
            rest = (f"，不能再办理，还有 {left} 人在岗", f"; barred, {left} others hold the post")
            yield Touched(case.id, case.case_no, "restricted", zh + rest[0], en + rest[1])
        else:
            rest = ("，不能再办理，再无人在岗", "; barred, nobody else holds the post")
            yield Touched(case.id, case.case_no, "blocked", zh + rest[0], en + rest[1])
