"""Tables of the register. Rows are only added: a correction names the row it replaces, so that what was known on any
day can be asked later (docs/registry.md). `change_id`: the import that brought the row, None for a first load."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Numeric, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from app.storage.base import Base, Instant, big_id

CATEGORIES = ("employed", "over_age", "project", "civil_servant")
UNIT_KINDS = ("employer", "project")
EMPLOYER_STATES = ("active", "revoked", "cancelled")
AGREEMENT_KINDS = ("medical", "rehabilitation", "device")


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class RegistryFile(Base):
    """A file of lines somebody put up. `preview`: the results by line as they would be, without anybody's data;
    `digest` is the SHA-256 of the content, by which three people sign it; `subjects` are the people named in it."""

    __tablename__ = "registry_file"
    __table_args__ = (
        UniqueConstraint("uid"),
        CheckConstraint("digest ~ '^[0-9a-f]{64}$'", name="digest"),
    )

    id: Mapped[int] = big_id()
    uid: Mapped[UUID]
    kind: Mapped[str]
    name: Mapped[str]
    digest: Mapped[str]
    content_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    preview: Mapped[dict[str, Any]] = mapped_column(JSONB)
    subjects: Mapped[list[bytes]] = mapped_column(ARRAY(LargeBinary))
    uploaded_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    uploaded_at: Mapped[datetime] = mapped_column(Instant)


class RegistryImport(Base):
    """A decided change applied: what became of each line. `at` is stamped by the fence."""

    __tablename__ = "registry_import"
    __table_args__ = (UniqueConstraint("file_id"),)

    change_id: Mapped[int] = mapped_column(ForeignKey("controlled_change.case_id"), primary_key=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("registry_file.id"))
    results: Mapped[dict[str, Any]] = mapped_column(JSONB)
    at: Mapped[datetime] = mapped_column(Instant)


class Known:
    """When a row came to be known here, and by which import."""

    recorded_at: Mapped[datetime] = mapped_column(Instant)

    @declared_attr
    @classmethod
    def change_id(cls) -> Mapped[int | None]:
        return mapped_column(ForeignKey("registry_import.change_id"))


class Correctable(Known):
    """A row that a later one may correct (`replaces`) or take back (`void`: there never was such a thing)."""

    void: Mapped[bool]
    source: Mapped[str]

    @declared_attr
    @classmethod
    def replaces(cls) -> Mapped[int | None]:
        return mapped_column(ForeignKey(f"{cast(Any, cls).__tablename__}.id"), unique=True)


class Spelled:
    """A name with its pinyin (to sort) and the initials of that (to search)."""

    name: Mapped[str]
    pinyin: Mapped[str]
    initials: Mapped[str]


class Placed:
    """The region whose officers see the row."""

    @declared_attr
    @classmethod
    def region_code(cls) -> Mapped[str]:
        return mapped_column(ForeignKey("region.code"))


class InsuredPerson(Known, Base):
    """A natural person known to the register, by the blind index of the ID number (the index of `person`)."""

    __tablename__ = "insured_person"
    __table_args__ = (
        UniqueConstraint("uid"),
        CheckConstraint(_one_of("sex", ("male", "female")), name="sex"),
    )

    id: Mapped[int] = big_id()
    uid: Mapped[UUID]
    id_number_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    id_number_index: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    id_number_tail_index: Mapped[bytes] = mapped_column(LargeBinary, index=True)
    birth_on: Mapped[date]
    sex: Mapped[str]


class InsuredPersonDetail(Correctable, Spelled, Placed, Base):
    """What a person is called and where insured from a day on; `died_on` once that is known."""

    __tablename__ = "insured_person_detail"
    __table_args__ = (
        Index("ix_insured_person_detail_name", "name", postgresql_ops={"name": "text_pattern_ops"}),
        Index(
            "ix_insured_person_detail_initials", "initials", postgresql_ops={"initials": "text_pattern_ops"}
        ),
        Index("ix_insured_person_detail_region_code", "region_code"),
    )

    id: Mapped[int] = big_id()
    person_id: Mapped[int] = mapped_column(ForeignKey("insured_person.id"), index=True)
    valid_from: Mapped[date]
    died_on: Mapped[date | None]


class Employer(Known, Base):
    """A legal person by its unified social credit code (GB 32100)."""

    __tablename__ = "employer"

    id: Mapped[int] = big_id()
    uscc: Mapped[str] = mapped_column(unique=True)


class EmployerDetail(Correctable, Spelled, Placed, Base):
    """What an employer is from a day on: name, industry (GB/T 4754), risk class 1 to 8, state of its registration."""

    __tablename__ = "employer_detail"
    __table_args__ = (
        CheckConstraint("risk_class BETWEEN 1 AND 8", name="risk_class"),
        CheckConstraint(_one_of("state", EMPLOYER_STATES), name="state"),
        Index("ix_employer_detail_region_code", "region_code"),
    )

    id: Mapped[int] = big_id()
    employer_id: Mapped[int] = mapped_column(ForeignKey("employer.id"), index=True)
    valid_from: Mapped[date]
    industry_code: Mapped[str]
    risk_class: Mapped[int]
    state: Mapped[str]
    address: Mapped[str]


class InsuredUnit(Known, Base):
    """What insures people: an employer, a branch of it, or a building project with a number of its own."""

    __tablename__ = "insured_unit"
    __table_args__ = (CheckConstraint(_one_of("kind", UNIT_KINDS), name="kind"),)

    id: Mapped[int] = big_id()
    number: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    employer_id: Mapped[int] = mapped_column(ForeignKey("employer.id"), index=True)


class InsuredUnitDetail(Correctable, Placed, Base):
    """A unit from a day on; `ends_on` is the last day of its cover, `price` that of a project's contract in yuan."""

    __tablename__ = "insured_unit_detail"
    __table_args__ = (
        CheckConstraint("ends_on >= valid_from", name="period"),
        CheckConstraint("price >= 0", name="price"),
    )

    id: Mapped[int] = big_id()
    unit_id: Mapped[int] = mapped_column(ForeignKey("insured_unit.id"), index=True)
    valid_from: Mapped[date]
    ends_on: Mapped[date | None]
    name: Mapped[str]
    price: Mapped[Decimal | None] = mapped_column(Numeric(16, 2))


class Enrolment(Correctable, Placed, Base):
    """A person insured by a unit, both days included; `registered_on` is when the registration was received."""

    __tablename__ = "enrolment"
    __table_args__ = (
        CheckConstraint(_one_of("category", CATEGORIES), name="category"),
        CheckConstraint("to_on >= from_on", name="period"),
    )

    id: Mapped[int] = big_id()
    person_id: Mapped[int] = mapped_column(ForeignKey("insured_person.id"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("insured_unit.id"), index=True)
    category: Mapped[str]
    from_on: Mapped[date]
    to_on: Mapped[date | None]
    registered_on: Mapped[date]


class ContributionWage(Correctable, Placed, Base):
    """The contribution wage of a month (its first day), yuan; not paid yet while `paid_on` is None."""

    __tablename__ = "contribution_wage"
    __table_args__ = (
        CheckConstraint("EXTRACT(day FROM month) = 1", name="month"),
        CheckConstraint("wage >= 0", name="wage"),
        Index("ix_contribution_wage_person_id_month", "person_id", "month"),
    )

    id: Mapped[int] = big_id()
    person_id: Mapped[int] = mapped_column(ForeignKey("insured_person.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("insured_unit.id"))
    month: Mapped[date]
    wage: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    paid_on: Mapped[date | None]


class Institution(Known, Base):
    """A hospital, rehabilitation centre or provider of devices, by its unified social credit code."""

    __tablename__ = "institution"

    id: Mapped[int] = big_id()
    uscc: Mapped[str] = mapped_column(unique=True)


class InstitutionAgreement(Correctable, Spelled, Placed, Base):
    """A service agreement of one kind and its days; without days: known, but no agreement."""

    __tablename__ = "institution_agreement"
    __table_args__ = (
        CheckConstraint(_one_of("kind", AGREEMENT_KINDS), name="kind"),
        CheckConstraint("to_on >= from_on", name="period"),
    )

    id: Mapped[int] = big_id()
    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"), index=True)
    kind: Mapped[str]
    agreement_no: Mapped[str]
    from_on: Mapped[date | None]
    to_on: Mapped[date | None]


class Expert(Known, Base):
    """A medical or device expert, by the blind index of the ID number (the index of `person`)."""

    __tablename__ = "expert"
    __table_args__ = (UniqueConstraint("uid"),)

    id: Mapped[int] = big_id()
    uid: Mapped[UUID]
    id_number_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    id_number_index: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    id_number_tail_index: Mapped[bytes] = mapped_column(LargeBinary)


class ExpertTerm(Correctable, Spelled, Placed, Base):
    """An appointment to a region's pool, three years at most (CA08); both days included."""

    __tablename__ = "expert_term"
    __table_args__ = (
        CheckConstraint("to_on >= from_on AND to_on < from_on + INTERVAL '3 years'", name="period"),
        CheckConstraint("cardinality(specialities) > 0", name="specialities"),
    )

    id: Mapped[int] = big_id()
    expert_id: Mapped[int] = mapped_column(ForeignKey("expert.id"), index=True)
    specialities: Mapped[list[str]] = mapped_column(ARRAY(Text))
    title: Mapped[str]
    hospital: Mapped[str]
    hospital_uscc: Mapped[str | None]
    from_on: Mapped[date]
    to_on: Mapped[date]
