"""Which process an officer may register cases of."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.faces.web.acting import Standing
from app.kernel.engine.catalogue import Deployed, list_latest


def startable(session: Session, who: Standing) -> Deployed | None:
    """The newest version of the first process this officer may register cases of.

    Not those with a page of their own.
    """
    held = {post.key for post in who.posts}
    for deployed in list_latest(session):
        if "own_page" in deployed.process:
            continue
        if "risk" in deployed.process and deployed.intake_post in held:
            return deployed
    return None
