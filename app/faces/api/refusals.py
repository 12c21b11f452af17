"""What only the interface for programs has to refuse."""

from app.kernel.refusals import Refusal


class RequestUnreadable(Refusal):
    """The body is no JSON object."""

    code = "request_unreadable"
