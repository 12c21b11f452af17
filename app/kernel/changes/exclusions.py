"""A new pair of posts nobody may hold at the same time. Pairs are only added, never changed or taken away."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from app.kernel.changes.content import OWN_NUMBERS
from app.kernel.changes.fields import FieldSpec, Option
from app.kernel.changes.held_posts import persons_on_both_sides
from app.kernel.changes.kinds import Change, Difference, Moment, Payload, Touched, differences_by_field
from app.kernel.duties.models import Post, PostExclusion
from app.kernel.refusals import InvalidInput
from app.kernel.transaction.unit import Unit


class PostExclusionKind:
    """`post_exclusion`: the target is the number of the new pair, the next free one when it was proposed."""

    key = "post_exclusion"
    title_zh = "岗位互斥"
    title_en = "Static exclusion of posts"

    def form(self, session: Session, at: Moment) -> Sequence[FieldSpec]:
        posts = tuple(
            Option(post.key, post.title_zh, post.title_en)
            for post in session.scalars(select(Post).order_by(Post.kind, Post.key))
        )
        return (
            FieldSpec("title_zh", "text", "名称", "Title in Chinese", maximum=80),
            FieldSpec("title_en", "text", "英文名称", "Title in English", maximum=120),
            FieldSpec("left", "many", "一方岗位", "Posts of one side", options=posts),
            FieldSpec("right", "many", "另一方岗位", "Posts of the other side", options=posts),
            FieldSpec("ground", "paragraph", "规则依据", "Legal ground of the pair", maximum=500),
            FieldSpec(
                "pair",
                "integer",
                "编号",
                "Number",
                required=False,
                hidden=True,
                minimum=1,
            ),
        )

    def read(self, session: Session, payload: Payload, at: Moment) -> dict[str, Any]:
        if set(payload["left"]) & set(payload["right"]):
            raise InvalidInput({"right": ("post_on_both_sides", {})})
        held = persons_on_both_sides(session, payload["left"], payload["right"])
        if held:
            raise InvalidInput({"right": ("posts_held_together", {"names": "、".join(held[:10])})})
        pair = payload["pair"] or self._free(session)
        if self.current(session, str(pair), at) is not None:
            raise InvalidInput({"pair": ("number_taken", {"free": self._free(session)})})
        return {**payload, "pair": pair}

    def target(self, payload: Payload) -> str:
        return str(payload["pair"])

    def subject(self, session: Session, payload: Payload) -> tuple[str, str]:
        return (
            f"{payload['title_zh']}（第 {payload['pair']} 对）",
            f"{payload['title_en']} (pair {payload['pair']})",
        )

    def current(self, session: Session, target: str, at: Moment) -> dict[str, Any] | None:
        rows = session.scalars(select(PostExclusion).where(PostExclusion.pair == int(target))).all()
        if not rows:
            return None
        sides = [sorted(row.post for row in rows if row.side == side) for side in (0, 1)]
        first = rows[0]
        return {
            "title_zh": first.title_zh,
            "title_en": first.title_en,
            "left": sides[0],
            "right": sides[1],
            "ground": first.ground,
            "pair": first.pair,
        }

    def prefill(self, session: Session, target: str, at: Moment) -> dict[str, Any]:
        return {}

    def differences(
        self, session: Session, current: Payload | None, payload: Payload, at: Moment
    ) -> Sequence[Difference]:
        return differences_by_field(self.form(session, at), current, payload)

    def what_if(self, session: Session, payload: Payload, at: Moment) -> Iterable[Touched]:
        """No open case: who holds both sides can't be, and later grants are refused at the grant."""
        return ()

    def apply(self, unit: Unit, change: Change) -> None:
        values = change.payload
        rows = [
            {
                "pair": values["pair"],
                "side": side,
                "post": post,
                "title_zh": values["title_zh"],
                "title_en": values["title_en"],
                "ground": values["ground"],
                "change_id": change.case_id,
            }
            for side, posts in enumerate((values["left"], values["right"]))
            for post in posts
        ]
        unit.session.execute(insert(PostExclusion), rows)
        unit.record("post_exclusion.added", {"pair": values["pair"]})

    def _free(self, session: Session) -> int:
        newest = session.execute(select(func.coalesce(func.max(PostExclusion.pair), 0))).scalar_one()
        return max(newest, OWN_NUMBERS) + 1
