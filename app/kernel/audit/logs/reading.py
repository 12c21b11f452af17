"""An XES file (IEEE 1849-2016) to an `EventLog`, as a stream, trusting nothing in it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from xml.parsers import expat

from app.kernel.audit.logs.event_log import NO_TIME, NOBODY, NOTHING, EventLog
from app.kernel.audit.logs.source import LogCutShort, LogUnreadable, chunks

LONGEST_NAME: Final = 4_096  # characters; beyond, nobody named anything: the file is broken or hostile
DEEPEST: Final = 256
LONGEST_TOKEN: Final = 4 * 1024 * 1024  # bytes; expat scans an unfinished token again with each piece
LOG, TRACE, EVENT = 1, 2, 3

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
# Extension -> the part of its address that stays the same in every version, and its usual prefix.
_EXTENSIONS: Final = {"concept": "concept", "org": "org", "time": "time", "lifecycle": "lifecycle"}
_KEYS: Final = {"concept:name": 0, "org:resource": 1, "time:timestamp": 2, "lifecycle:transition": 3}


def read_log(path: Path) -> EventLog:
    """Read a log, plain or gzip. Raises LogUnreadable with the line: not XML, no XES, cut off, DOCTYPE, too long."""
    reader = _Reader()
    parser: expat.XMLParserType | None = None
    fed = 0
    try:
        for piece, encoding in chunks(path):
            if parser is None:
                parser = reader.attach(expat.ParserCreate(encoding))
            parser.Parse(piece, False)
            fed += len(piece)
            if fed - max(parser.CurrentByteIndex, 0) > LONGEST_TOKEN:
                raise LogUnreadable(
                    f"一处标记超过 {LONGEST_TOKEN} 字节",
                    f"one piece of markup is longer than {LONGEST_TOKEN} bytes",
                    parser.CurrentLineNumber,
                )
        if parser is not None:
            parser.Parse(b"", True)
    except LogCutShort as error:
        zh, _, en = str(error).partition(" / ")
        raise LogUnreadable(zh, en, parser.CurrentLineNumber if parser else 1) from error
    except expat.ExpatError as error:
        raise _not_xml(error, reader) from error
    except (ValueError, LookupError) as error:
        # pyexpat, asked for an encoding it has no single-byte table for.
        if isinstance(error, LogUnreadable):
            raise
        raise LogUnreadable(f"不支持的编码：{error}", f"encoding not supported: {error}", 1) from error
    return reader.log


def _not_xml(error: expat.ExpatError, reader: "_Reader") -> LogUnreadable:
    said = expat.ErrorString(error.code) or "?"
    if reader.depth and said in ("no element found", "unclosed token", "partial character"):
        return LogUnreadable(
            "文件在此中断，不完整", "the file is cut off here: elements are still open", error.lineno
        )
    if not reader.rooted:
        return LogUnreadable(f"不是 XML 文件（{said}）", f"this is no XML file ({said})", error.lineno)
    return LogUnreadable(f"不是有效的 XML：{said}", f"not well-formed XML: {said}", error.lineno)


def parse_time(text: str) -> tuple[int, bool]:
    """Microseconds since 1970, and whether a zone was given (without: taken as UTC). Raises ValueError."""
    moment = datetime.fromisoformat(text.strip())
    zoned = moment.tzinfo is not None
    return ((moment if zoned else moment.replace(tzinfo=UTC)) - _EPOCH) // _MICROSECOND, zoned


class _Reader:
    """Handlers of expat. Attributes count only as direct children of a trace or an event, never nested ones."""

    def __init__(self) -> None:
        self.log = EventLog()
        self.depth = 0
        self.rooted = False
        self._inside = 0  # the deepest of LOG, TRACE, EVENT we are directly in
        self._home = 0  # depth of that element
        self._stray = False  # an event outside any trace
        self._values: list[str | None] = [None, None, None, None]
        self._case: str | None = None
        self._keys: dict[str, int] = dict(_KEYS)
        self._locals: dict[str, str] = {}
        self._line: Callable[[], int] = lambda: 1

    def attach(self, parser: expat.XMLParserType) -> expat.XMLParserType:
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.StartDoctypeDeclHandler = self._doctype
        self._line = lambda: parser.CurrentLineNumber
        return parser

    def _doctype(self, *_: object) -> None:
        raise LogUnreadable("不允许 DOCTYPE 和实体声明", "DOCTYPE and entities are not allowed", self._line())

    def _local(self, tag: str) -> str:
        found = self._locals.get(tag)
        if found is None:
            found = tag.rpartition(":")[2]
            if len(self._locals) < 1000:
                self._locals[tag] = found
        return found

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        inside = self._inside
        if inside == EVENT and self.depth == self._home + 1:
            self._attribute(EVENT, attributes)
            return
        if self.depth > DEEPEST:
            raise LogUnreadable(f"嵌套超过 {DEEPEST} 层", f"nested deeper than {DEEPEST}", self._line())
        name = self._local(tag)
        if inside == 0:
            self._root(name)
        elif self.depth == self._home + 1:
            self._child(name, attributes)

    def _root(self, name: str) -> None:
        if self.depth != 1:
            return
        self.rooted = True
        if name != "log":
            raise LogUnreadable(
                f"根元素是 <{name[:40]}>，XES 日志应为 <log>",
                f"the root element is <{name[:40]}>, an XES log begins with <log>",
                self._line(),
            )
        self._enter(LOG)

    def _child(self, name: str, attributes: dict[str, str]) -> None:
        if self._inside == LOG and name == "trace":
            self._case = None
            self._enter(TRACE)
        elif self._inside in (LOG, TRACE) and name == "event":
            self._stray = self._inside == LOG
            self._values = [None, None, None, None]
            self._enter(EVENT)
        elif self._inside == TRACE:
            self._attribute(TRACE, attributes)
        elif name == "extension":
            self._extension(attributes)

    def _enter(self, kind: int) -> None:
        self._inside, self._home = kind, self.depth

    def _extension(self, attributes: dict[str, str]) -> None:
        """A log may give the standard extensions prefixes of its own."""
        address, prefix = attributes.get("uri", ""), attributes.get("prefix", "")
        for key, slot in _KEYS.items():
            usual, _, name = key.partition(":")
            if prefix and address.rpartition("/")[2] == f"{_EXTENSIONS[usual]}.xesext":
                self._keys[f"{prefix}:{name}"] = slot

    def _attribute(self, inside: int, attributes: dict[str, str]) -> None:
        slot = self._keys.get(attributes.get("key", ""))
        if slot is None:
            return
        value = attributes.get("value", "").strip()
        if len(value) > LONGEST_NAME:
            raise LogUnreadable(
                f"{attributes['key']} 的值超过 {LONGEST_NAME} 个字符",
                f"the value of {attributes['key']} is longer than {LONGEST_NAME} characters",
                self._line(),
            )
        if inside == EVENT:
            if self._values[slot] is None:
                self._values[slot] = value
            else:
                self.log.attributes_repeated += 1
        elif slot == 0:
            if self._case is not None:
                self.log.attributes_repeated += 1
            self._case = self._case or value

    def _end(self, _tag: str) -> None:
        if self.depth == self._home:
            if self._inside == EVENT:
                self._end_event()
                self._inside, self._home = (LOG, 1) if self._stray else (TRACE, 2)
            elif self._inside == TRACE:
                self._end_trace()
                self._inside, self._home = LOG, 1
        self.depth -= 1

    def _end_event(self) -> None:
        log = self.log
        if self._stray:
            log.events_outside_cases += 1
            return
        activity, person, time, transition = self._values
        log.activity_of.append(log.activities.number(activity) if activity else NOTHING)
        log.person_of.append(log.people.number(person) if person else NOBODY)
        log.transition_of.append(log.transitions.number(transition or ""))
        log.time_of.append(self._time(time) if time else NO_TIME)

    def _time(self, text: str) -> int:
        try:
            moment, zoned = parse_time(text)
        except (ValueError, OverflowError):
            self.log.times_unreadable += 1
            return NO_TIME
        if not zoned:
            self.log.times_without_zone += 1
        return moment

    def _end_trace(self) -> None:
        log = self.log
        if not self._case:
            log.traces_unnamed += 1
        # A name of our own can't meet one of the log: those carry no outer blanks.
        log.trace_case.append(log.cases.number(self._case or f" #{log.traces + 1}"))
        log.trace_end.append(log.events)
