"""What goes wrong in FEEL: sources that can't be read, evaluations that end in null, limits."""

from dataclasses import dataclass


class FeelError(ValueError):
    """A source that isn't FEEL, or that asks for what is refused; line and column count from 1."""

    def __init__(self, source: str, position: int, message_zh: str, message_en: str) -> None:
        self.source = source
        self.position = position
        self.line = source.count("\n", 0, position) + 1
        self.column = position - (source.rfind("\n", 0, position) + 1) + 1
        self.message_zh = message_zh
        self.message_en = message_en
        super().__init__(f"{message_en} (line {self.line}, column {self.column})")


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """Why an evaluation gave null; `position` counts characters of the source from 0, where it is known."""

    code: str
    message_zh: str
    message_en: str
    position: int | None = None


class LimitExceeded(Exception):
    """An evaluation went over a bound; the whole evaluation gives null."""

    def __init__(self, code: str, message_zh: str, message_en: str) -> None:
        super().__init__(message_en)
        self.code = code
        self.message_zh = message_zh
        self.message_en = message_en
