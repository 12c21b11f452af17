"""The expected no of draws and panels."""

from app.kernel.refusals import Refusal


class DrawNotOpen(Refusal):
    """The step belongs to a draw that is over, or was never opened."""

    code = "draw_not_open"


class NotTheCommitter(Refusal):
    """A secret is told by who committed to it; anybody else gives the draw up instead."""

    code = "not_the_committer"


class NotOnPanel(Refusal):
    """Only experts who were drawn and have not stood down give an opinion."""

    code = "not_on_panel"


class DrawNotPublic(Refusal):
    """Names and secrets of a draw are shown from the day of the assessment on; params: on (day, or empty)."""

    code = "draw_not_public"


class DrawNotFound(Refusal):
    code = "draw_not_found"
