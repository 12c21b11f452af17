"""Reading XES files of other systems: what counts, and that nothing in a file can do harm."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import pytest

from app.kernel.audit.logs import LogUnreadable, analyse, read_log
from app.kernel.audit.logs.event_log import EventLog
from app.kernel.audit.logs.reading import parse_time
from tests.foreign_logs import acted, event, log, trace

SMALL = log(acted("甲", ("受理", "李"), ("初审", "王")), acted("乙", ("受理", "李")))


@pytest.fixture
def at(tmp_path: Path) -> Path:
    return tmp_path / "log.xes"


def read(at: Path, text: str | bytes) -> EventLog:
    at.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_log(at)


def refusal(at: Path, text: str | bytes) -> LogUnreadable:
    with pytest.raises(LogUnreadable) as caught:
        read(at, text)
    assert " / " in str(caught.value)
    return caught.value


def test_cases_events_and_people_are_counted(at: Path) -> None:
    found = read(at, SMALL)
    assert (found.traces, found.events) == (2, 3)
    assert found.people.texts == ["李", "王"]
    assert found.activities.texts == ["受理", "初审"]


@pytest.mark.parametrize("prefix", ["", "xes:"])
def test_namespaces_don_t_matter(at: Path, prefix: str) -> None:
    bound = ' xmlns:xes="http://www.xes-standard.org/"' if prefix else ""
    found = read(
        at,
        f'<{prefix}log{bound}><{prefix}trace><{prefix}event><{prefix}string key="org:resource" value="李"/>'
        f"</{prefix}event></{prefix}trace></{prefix}log>",
    )
    assert (found.traces, found.events, found.people.texts) == (1, 1, ["李"])


def test_gzip_is_known_by_content(tmp_path: Path) -> None:
    packed = tmp_path / "packed.xes"
    packed.write_bytes(gzip.compress(SMALL.encode()))
    plain = tmp_path / "plain.xes.gz"
    plain.write_bytes(SMALL.encode())
    assert read_log(packed).events == read_log(plain).events == 3


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gbk", "gb2312", "gb18030", "big5"])
def test_encodings_of_chinese_offices(at: Path, encoding: str) -> None:
    declared = "utf-8" if encoding == "utf-8-sig" else encoding
    text = log(acted("甲", *[("受理", "李")] * 900)).replace('encoding="UTF-8"', f'encoding="{declared}"')
    assert read(at, text.encode(encoding)).people.texts == ["李"]


def test_nested_attributes_and_defaults_name_nobody(at: Path) -> None:
    nested = (
        '<event><string key="remark" value="x"><string key="org:resource" value="nested"/></string>'
        '<list key="votes"><values><string key="org:resource" value="listed"/></values></list>'
        '<string key="org:resource" value="李"><string key="org:resource" value="below"/></string></event>'
    )
    found = read(at, log(trace("甲", nested)))
    assert found.people.texts == ["李"]
    assert found.attributes_repeated == 0


def test_attributes_of_the_log_and_of_traces_are_no_events(at: Path) -> None:
    found = read(
        at,
        '<log><string key="concept:name" value="whole"/><trace><string key="org:resource" value="owner"/>'
        '<string key="concept:name" value="甲"/></trace></log>',
    )
    assert (found.events, found.people.texts, found.cases.texts) == (0, [], ["甲"])


def test_case_name_after_the_events_counts(at: Path) -> None:
    found = read(
        at, f'<log><trace>{event("受理", "李")}<string key="concept:name" value="甲"/></trace></log>'
    )
    assert found.cases.texts == ["甲"]


def test_event_can_t_hide_behind_a_key(at: Path) -> None:
    found = read(
        at,
        '<log><trace><event key="concept:name"><string key="org:resource" value="李"/></event></trace></log>',
    )
    assert found.people.texts == ["李"]


def test_prefixes_are_those_the_log_declares(at: Path) -> None:
    found = read(
        at,
        '<log><extension name="Organizational" prefix="o" uri="http://www.xes-standard.org/org.xesext"/>'
        '<trace><event><string key="o:resource" value="李"/></event></trace></log>',
    )
    assert found.people.texts == ["李"]


def test_blank_names_are_no_names_and_outer_blanks_don_t_make_another_person(at: Path) -> None:
    found = read(
        at, log(acted("甲", ("受理", "  "), ("受理", ""), ("受理", " 李 "), ("受理", "李"), ("受理", None)))
    )
    assert found.people.texts == ["李"]
    totals = analyse(found, None).totals
    assert (totals.persons, totals.events_without_resource) == (1, 3)


def test_odd_things_are_counted(at: Path) -> None:
    text = log(
        trace(
            None,
            event(None, "李", "2025-01-01T08:00:00"),
            event("受理", "李", "yesterday"),
            event("受理", "李").replace("</event>", '<string key="org:resource" value="王"/></event>'),
        ),
        event("受理", "孙"),
        trace(None),
    )
    totals = analyse(read(at, text), None).totals
    assert totals.events_without_activity == 1
    assert (totals.times_unreadable, totals.times_without_zone, totals.events_without_time) == (1, 1, 2)
    assert totals.attributes_repeated == 1
    assert totals.events_outside_cases == 1
    assert (totals.cases, totals.traces_unnamed, totals.events, totals.persons) == (2, 2, 3, 1)


def test_empty_log_is_a_log(at: Path) -> None:
    report = analyse(read(at, "<log/>"), None)
    assert (report.totals.cases, report.alone.cases, report.officer_pairs, report.staffing) == (
        0,
        0,
        [],
        None,
    )
    assert report.totals.first_event is None


@pytest.mark.parametrize(
    ("text", "seconds", "zoned"),
    [
        ("1970-01-01T00:00:01Z", 1.0, True),
        ("1970-01-01T08:00:01.500+08:00", 1.5, True),
        (" 1970-01-01T00:00:02 ", 2.0, False),
        ("1969-12-31T23:59:59+00:00", -1.0, True),
    ],
)
def test_times(text: str, seconds: float, zoned: bool) -> None:
    assert parse_time(text) == (round(seconds * 1_000_000), zoned)


def test_cut_off_xml_names_the_line(at: Path) -> None:
    text = SMALL[: SMALL.index("初审")]
    error = refusal(at, text)
    assert error.line == text.count("\n") + 1
    assert "cut off" in str(error)


def test_cut_off_gzip_names_the_line(at: Path) -> None:
    whole = gzip.compress(log(*(acted(f"c{n}", ("受理", f"p{n}")) for n in range(20_000))).encode())
    error = refusal(at, whole[: len(whole) // 2])
    assert error.line is not None and error.line > 1000
    assert "compressed file is cut off" in str(error)


def test_damaged_gzip_is_told(at: Path) -> None:
    whole = bytearray(gzip.compress(SMALL.encode() * 50, compresslevel=1))
    whole[len(whole) // 2] ^= 0xFF
    whole[-6] ^= 0xFF
    assert refusal(at, bytes(whole)).line is not None
    assert "damaged" in str(refusal(at, gzip.compress(SMALL.encode())[:-8] + b"\0" * 8))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"case,activity,resource\n1,a,b\n", "this is no XML file"),
        (b'{"events": []}', "this is no XML file"),
        (b"\x00\x01\x02\x03binary", "this is no XML file"),
        (b"<html><body/></html>", "root element is <html>"),
        (b"<log><trace></log>", "not well-formed XML: mismatched tag"),
        (b'<log><trace a="1" a="2"/></log>', "duplicate attribute"),
        (b"<log/><log/>", "junk after document element"),
        (b"", "the file is empty"),
        (b" \n ", "the file is empty"),
        (b"BZh91AY", "a bzip2 archive"),
        (b"\xfd7zXZ\x00\x00", "a xz archive"),
        (b'<?xml version="1.0" encoding="klingon"?>\n<log/>', "encoding"),
        (b'<?xml version="1.0" encoding="euc-jp"?>\n<log/>', "encoding"),
        (b'<?xml version="1.0" encoding="GBK"?>\n<log>\n\xff\xff</log>', "line 3: not valid gb18030"),
        (b"<log>\n\n<trace>\xff</trace></log>", "line 3: not well-formed XML"),
    ],
)  # fmt: skip
def test_what_is_no_log_is_refused(at: Path, content: bytes, said: str) -> None:
    assert said in str(refusal(at, content))


def test_line_of_a_wrong_tag(at: Path) -> None:
    assert refusal(at, "<log>\n<trace>\n</event></log>").line == 3


def test_zip_archive_is_named(at: Path) -> None:
    with zipfile.ZipFile(at, "w") as archive:
        archive.writestr("log.xes", SMALL)
    with pytest.raises(LogUnreadable, match="a ZIP archive: unpack it first"):
        read_log(at)


def test_entities_are_never_expanded(at: Path) -> None:
    bomb = '<?xml version="1.0"?>\n<!DOCTYPE log [\n<!ENTITY a "aaaaaaaaaa">\n' + "".join(
        f'<!ENTITY {name} "{f"&{before};" * 10}">\n'
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    error = refusal(at, f"{bomb}]>\n<log><trace>&i;</trace></log>")
    assert error.line == 2
    assert "DOCTYPE" in str(error)


def test_no_other_file_is_opened(at: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("geheim")
    text = (
        f'<!DOCTYPE log [<!ENTITY x SYSTEM "{(tmp_path / "secret").as_uri()}">]><log><trace>&x;</trace></log>'
    )
    assert "DOCTYPE" in str(refusal(at, text))
    assert "undefined entity" in str(refusal(at, "<log>&x;</log>"))


def test_deep_nesting_is_refused(at: Path) -> None:
    error = refusal(at, "<log><trace>\n" + "<list>" * 300)
    assert (error.line, "nested deeper than 256" in str(error)) == (2, True)


def test_endless_names_are_refused(at: Path) -> None:
    error = refusal(at, log(acted("甲", ("受理", "李" * 5_000))))
    assert "the value of org:resource is longer than 4096" in str(error)


def test_endless_tag_is_refused_before_it_ends(at: Path) -> None:
    error = refusal(at, b'<log>\n<trace a="' + b"x" * 9_000_000)
    assert (error.line, "longer than 4194304 bytes" in str(error)) == (2, True)


def test_unreadable_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(LogUnreadable, match="can't be read"):
        read_log(tmp_path)
    with pytest.raises(LogUnreadable, match="No such file"):
        read_log(tmp_path / "gone.xes")
