"""What can be brought into the register: one kind per table, its columns in a file, and what makes two rows one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from app.domain.registry.models import (
    AGREEMENT_KINDS,
    CATEGORIES,
    EMPLOYER_STATES,
    UNIT_KINDS,
    ContributionWage,
    Employer,
    EmployerDetail,
    Enrolment,
    Expert,
    ExpertTerm,
    Institution,
    InstitutionAgreement,
    InsuredPerson,
    InsuredPersonDetail,
    InsuredUnit,
    InsuredUnitDetail,
)

Type = Literal[
    "id_number", "uscc", "text", "date", "month", "money", "integer", "choice", "region", "list", "flag"
]


@dataclass(frozen=True)
class Column:
    """A column of a file. `field`: the attribute it fills, where that isn't named like the column."""

    key: str
    zh: str
    en: str
    type: Type = "text"
    required: bool = True
    options: tuple[tuple[str, str, str], ...] = ()
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    `owner` is the table of things the rows are about and `owner_key` the rows' reference to it; `numbered_by` the
    column that says which thing. `makes_owner`: an unknown number makes a new thing (else it must be known). `same_by`:
    attributes by which, beside the owner, two rows speak of the same; the later one corrects. `spelled`: the name is
    kept in pinyin too.
    """

    key: str
    zh: str
    en: str
    columns: tuple[Column, ...]
    model: Any
    owner: Any
    owner_key: str
    numbered_by: str
    makes_owner: bool
    same_by: tuple[str, ...]
    spelled: bool = False

    @property
    def column_keys(self) -> tuple[str, ...]:
        return tuple(column.key for column in self.columns)


ID = Column("id_number", "身份证号", "ID number", "id_number")
USCC = Column("uscc", "统一社会信用代码", "Unified social credit code", "uscc")
UNIT = Column("unit_number", "参保单位编号", "Number of the insured unit")
NAME = Column("name", "名称", "Name")
REGION = Column("region", "区划代码", "Region code", "region")
SINCE = Column("valid_from", "自何日起", "Since", "date")
SOURCE = Column("source", "依据", "Source")
VOID = Column("void", "撤销", "Take back", "flag", required=False)
FROM, TO = (
    Column("from_on", "起始日", "From", "date"),
    Column("to_on", "终止日", "To", "date", required=False),
)


def _options(values: tuple[str, ...], *words: tuple[str, str]) -> tuple[tuple[str, str, str], ...]:
    return tuple((value, zh, en) for value, (zh, en) in zip(values, words, strict=True))


CATEGORY_OPTIONS = _options(
    CATEGORIES,
    ("单位职工", "Employed"),
    ("超龄劳动者", "Over age"),
    ("项目参保", "On a project"),
    ("公务员", "Civil servant"),
)
UNIT_OPTIONS = _options(UNIT_KINDS, ("单位", "Employer"), ("工程项目", "Building project"))
STATE_OPTIONS = _options(
    EMPLOYER_STATES, ("存续", "Active"), ("吊销", "Licence revoked"), ("注销", "Cancelled")
)
AGREEMENT_OPTIONS = _options(
    AGREEMENT_KINDS, ("医疗", "Medical"), ("康复", "Rehabilitation"), ("辅助器具", "Devices")
)

_KINDS = (
    Kind(
        "people",
        "参保人员",
        "Insured people",
        (
            ID,
            Column("name", "姓名", "Name"),
            REGION,
            SINCE,
            Column("died_on", "死亡日期", "Day of death", "date", required=False),
            SOURCE,
            VOID,
        ),
        InsuredPersonDetail,
        InsuredPerson,
        "person_id",
        "id_number",
        makes_owner=True,
        same_by=("valid_from",),
        spelled=True,
    ),
    Kind(
        "employers",
        "用人单位",
        "Employers",
        (
            USCC,
            NAME,
            Column("industry_code", "行业代码", "Industry code"),
            Column("risk_class", "风险类别", "Risk class", "integer", low=1, high=8),
            REGION,
            Column("state", "登记状态", "State", "choice", options=STATE_OPTIONS),
            Column("address", "地址", "Address", required=False),
            SINCE,
            SOURCE,
            VOID,
        ),
        EmployerDetail,
        Employer,
        "employer_id",
        "uscc",
        makes_owner=True,
        same_by=("valid_from",),
        spelled=True,
    ),
    Kind(
        "units",
        "参保单位和项目",
        "Insured units and projects",
        (
            Column("number", "编号", "Number"),
            Column("kind", "种类", "Kind", "choice", options=UNIT_OPTIONS),
            Column("employer_uscc", "用人单位信用代码", "Employer's code", "uscc"),
            NAME,
            REGION,
            SINCE,
            Column("ends_on", "终止日", "Ends on", "date", required=False),
            Column("price", "合同价", "Contract price", "money", required=False),
            SOURCE,
            VOID,
        ),
        InsuredUnitDetail,
        InsuredUnit,
        "unit_id",
        "number",
        makes_owner=True,
        same_by=("valid_from",),
    ),
    Kind(
        "enrolments",
        "参保期间",
        "Enrolment periods",
        (
            ID,
            UNIT,
            Column("category", "参保类别", "Category", "choice", options=CATEGORY_OPTIONS),
            FROM,
            TO,
            Column("registered_on", "登记收到日", "Registration received on", "date"),
            SOURCE,
            VOID,
        ),
        Enrolment,
        InsuredPerson,
        "person_id",
        "id_number",
        makes_owner=False,
        same_by=("unit_id", "from_on"),
    ),
    Kind(
        "wages",
        "缴费工资",
        "Contribution wages",
        (
            ID,
            UNIT,
            Column("month", "月份", "Month", "month"),
            Column("wage", "缴费工资", "Contribution wage", "money"),
            Column("paid_on", "到账日", "Paid on", "date", required=False),
            SOURCE,
            VOID,
        ),
        ContributionWage,
        InsuredPerson,
        "person_id",
        "id_number",
        makes_owner=False,
        same_by=("unit_id", "month"),
    ),
    Kind(
        "institutions",
        "协议机构",
        "Agreement institutions",
        (
            USCC,
            NAME,
            Column("kind", "协议种类", "Kind of agreement", "choice", options=AGREEMENT_OPTIONS),
            REGION,
            Column("agreement_no", "协议编号", "Agreement number", required=False),
            Column("from_on", "起始日", "From", "date", required=False),
            TO,
            SOURCE,
            VOID,
        ),
        InstitutionAgreement,
        Institution,
        "institution_id",
        "uscc",
        makes_owner=True,
        same_by=("kind", "from_on"),
        spelled=True,
    ),
    Kind(
        "experts",
        "鉴定专家",
        "Assessment experts",
        (
            ID,
            Column("name", "姓名", "Name"),
            Column("specialities", "专业", "Specialities", "list"),
            REGION,
            Column("title", "职称", "Title"),
            Column("hospital", "任职医院", "Hospital"),
            Column("hospital_uscc", "医院信用代码", "Hospital's code", "uscc", required=False),
            FROM,
            Column("to_on", "终止日", "To", "date"),
            SOURCE,
            VOID,
        ),
        ExpertTerm,
        Expert,
        "expert_id",
        "id_number",
        makes_owner=True,
        same_by=("region_code", "from_on"),
        spelled=True,
    ),
)
KINDS: Mapping[str, Kind] = {kind.key: kind for kind in _KINDS}
"""In the order in which a register is filled: people and units before what refers to them."""
