"""DOCX and print page of a document, from one set of data.

Templates run in Jinja's sandbox, every value is escaped, an unknown name is an error. The same
template and data give the same bytes, so that a digest identifies what was issued.
"""

import io
import re
import zipfile
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from docxtpl import DocxTemplate
from jinja2 import DictLoader, StrictUndefined, Template, TemplateError, UndefinedError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from app.kernel.local_time import local_day

BLANK_DAY = "　　　　年　　月　　日"
_NUMERALS = "〇一二三四五六七八九"
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # XML 1.0 forbids them


class TemplateFaulty(ValueError):
    """The template can't be read or does what templates may not."""


class DocumentDataMissing(TemplateFaulty):
    """The template names something that the case doesn't have; the message says what."""


def date_zh(value: date | datetime | str) -> str:
    """2026年11月23日; an empty text is a day to be filled in by hand."""
    if value == "":
        return BLANK_DAY
    day = _day(value)
    return f"{day.year}年{day.month}月{day.day}日"


def money(value: Decimal | int | str | None) -> str:
    """1,620.50, as amounts of yuan are written; what is no number as it stands, nothing as a dash."""
    if value in (None, ""):
        return "—"
    try:
        return f"{Decimal(str(value)):,.2f}"
    except InvalidOperation:
        return str(value)


def date_formal(value: date | datetime | str) -> str:
    """二〇二六年十一月二十三日."""
    day = _day(value)
    year = "".join(_NUMERALS[int(digit)] for digit in f"{day.year:04}")
    return f"{year}年{_below_hundred(day.month)}月{_below_hundred(day.day)}日"


def render_docx(template: bytes, data: Mapping[str, Any]) -> bytes:
    """Fill a DOCX template. Raises TemplateFaulty, DocumentDataMissing."""
    try:
        document = DocxTemplate(io.BytesIO(template))
        document.render(dict(data), jinja_env=_environment(), autoescape=True)
        filled = io.BytesIO()
        document.save(filled)
    except UndefinedError as error:
        raise DocumentDataMissing(str(error)) from error
    except (TemplateError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise TemplateFaulty(str(error)) from error
    return _same_bytes(filled.getvalue())


def render_print(template: str, data: Mapping[str, Any]) -> str:
    """Fill the print page of the same document. Raises TemplateFaulty, DocumentDataMissing."""
    try:
        return _environment().from_string(template).render(dict(data))
    except UndefinedError as error:
        raise DocumentDataMissing(str(error)) from error
    except TemplateError as error:
        raise TemplateFaulty(str(error)) from error


def parse_template(source: str) -> nodes.Template:
    """The syntax tree of a template's text. Raises TemplateFaulty."""
    try:
        return _environment().parse(source)
    except TemplateError as error:
        raise TemplateFaulty(str(error)) from error


class _KeptTemplates(ImmutableSandboxedEnvironment):
    """Compiles each template text once per process: compiling costs far more than filling."""

    def from_string(self, source: Any, *_: Any, **__: Any) -> Template:
        return self._compiled(str(source))

    @lru_cache(maxsize=512)  # noqa: B019 - the one environment lives as long as the process
    def _compiled(self, source: str) -> Template:
        return super().from_string(source)


@lru_cache(maxsize=1)
def _environment() -> ImmutableSandboxedEnvironment:
    environment = _KeptTemplates(
        loader=DictLoader({}), autoescape=True, undefined=StrictUndefined, finalize=_printable
    )
    environment.filters["date_zh"] = date_zh
    environment.filters["date_formal"] = date_formal
    environment.filters["money"] = money
    return environment


def _printable(value: Any) -> Any:
    if isinstance(value, str) and not isinstance(value, Markup):
        return _UNPRINTABLE.sub("", value)
    return value


def _same_bytes(archive: bytes) -> bytes:
    """The archive again with fixed times: a DOCX otherwise holds the second it was written."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as source, zipfile.ZipFile(target, "w") as out:
        for name in sorted(source.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            entry = zipfile.ZipInfo(name, _ZIP_EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            out.writestr(entry, source.read(name))
    return target.getvalue()


def _day(value: date | datetime | str) -> date:
    """A day, or the day in Asia/Shanghai of an instant; texts are ISO 8601."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
    if isinstance(value, datetime):
        return local_day(value) if value.tzinfo else value.date()
    return value


def _below_hundred(number: int) -> str:
    tens, ones = divmod(number, 10)
    before = "" if tens == 0 else ("十" if tens == 1 else _NUMERALS[tens] + "十")
    return before + (_NUMERALS[ones] if ones else "")
