"""Reference data of the region: region tree, posts, static exclusions, conflict sets, meanings of parameters.

The owner of the database installs it after a migration; the application may only read it.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.pool import NullPool

from app.kernel.decisions.parameters.definitions import read_folder
from app.kernel.decisions.parameters.installing import install_definitions
from app.kernel.documents.models import Seal
from app.kernel.duties.models import ConflictMember, ConflictSet, Post, PostExclusion
from app.kernel.duties.views import ConflictRule, Member
from app.kernel.identity.models import Region
from app.storage.database import normalised_url

DATA = Path(__file__).resolve().parent / "data"
PARAMETERS = Path(__file__).resolve().parents[3] / "workflows" / "parameters"
# The first version of a set counts from before any case that may be imported.
ALWAYS = datetime(2004, 1, 1, tzinfo=UTC)
SIDES = ("left", "right")
CONTENT = ("key", "scope", "maximum", "severity", "risk_classes", "title_zh", "title_en", "ground")
OPTIONAL = {"kind": "exclusive", "period": None, "party_role": None, "window_days": None}
"""Columns of a set that the files may leave out, with what they are then."""

Row = dict[str, Any]
Members = frozenset[tuple[str, str, str, str]]


class ReferenceDataShrunk(ValueError):
    """A static exclusion that is installed is missing from the files: it may only be added to."""


def install(connection: Connection) -> None:
    """Bring the reference data up to the files; a second call changes nothing.

    Runs in the caller's transaction, under the owner's role, and doesn't commit. A conflict set whose content
    changed gets a new version; at the commit everything already done is bound under it (trigger). A set that
    was changed in the application since (controlled change) keeps its version. Raises ReferenceDataShrunk,
    or the database's SD012 when a new exclusion is broken by posts held today.
    """
    install_regions(connection, region_rows())
    install_posts(connection, _read("posts", "post"))
    install_exclusions(connection, exclusion_rows())
    for entry in _read("conflict_sets", "set"):
        install_set(connection, entry)
    install_definitions(connection, read_folder(PARAMETERS).definitions)
    install_seals(connection, seal_rows())


def install_at(owner_url: str) -> None:
    """`install` in a transaction of its own, under the owner's URL."""
    engine = create_engine(normalised_url(owner_url), poolclass=NullPool)
    with engine.begin() as connection:
        install(connection)


def install_regions(connection: Connection, rows: Iterable[Row]) -> None:
    """Insert or rename regions; `rows` as columns of `region`, parents first."""
    for row in rows:
        statement = upsert(Region).values(row)
        connection.execute(statement.on_conflict_do_update(index_elements=["code"], set_=row))


def install_posts(connection: Connection, rows: Iterable[Row]) -> None:
    """Insert or rename posts; `rows` as columns of `post`, without a rank the lowest."""
    for row in ({"rank": 0} | given for given in rows):
        statement = upsert(Post).values(row)
        connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_=row))


def install_exclusions(connection: Connection, rows: Iterable[Row]) -> None:
    """Add static exclusions; the database then holds existing grants against them.

    Those that were decided on in the application (a controlled change) are not the files' to keep.
    """
    wanted = {(row["pair"], row["side"], row["post"]): row for row in rows}
    columns = (PostExclusion.pair, PostExclusion.side, PostExclusion.post)
    present = {tuple(found) for found in connection.execute(select(*columns))}
    shipped = select(*columns).where(PostExclusion.change_id.is_(None))
    if lost := {tuple(found) for found in connection.execute(shipped)} - wanted.keys():
        raise ReferenceDataShrunk(f"installed exclusions are missing from the files: {sorted(lost)}")
    for key in sorted(wanted.keys() - present):
        connection.execute(insert(PostExclusion).values(wanted[key]))


def install_seals(connection: Connection, rows: Iterable[Row]) -> None:
    """Insert, rename or end seals; `rows` as columns of `seal`."""
    for row in rows:
        statement = upsert(Seal).values(row)
        keys = ["region_code", "kind", "valid_from"]
        connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=row))


def seal_rows() -> Iterator[Row]:
    """A seal of each kind for every region of its levels."""
    for seal in _read("seals", "seal"):
        for region in region_rows():
            if region["level"] in seal["levels"]:
                names = {"authority": region["authority_zh"], "name": region["name_zh"]}
                yield {
                    "region_code": region["code"],
                    "kind": seal["authority"],
                    "authority_zh": seal["authority_zh"].format(**names),
                    **{key: seal[key] for key in ("name_zh", "name_en", "keeper_post", "valid_from")},
                    "valid_until": seal.get("valid_until"),
                }


def read_rights() -> dict[str, str]:
    """What documents say about remedies, by kind (data/rights.toml, with its sources)."""
    table = tomllib.loads((DATA / "rights.toml").read_text(encoding="utf-8"))
    return {kind: str(right["zh"]) for kind, right in table.items()}


def install_set(connection: Connection, entry: Mapping[str, Any]) -> bool:
    """Add a version of a conflict set when its content differs from the newest one; True when it did."""
    newest = connection.execute(
        select(ConflictSet.__table__)
        .where(ConflictSet.set_id == entry["id"])
        .order_by(ConflictSet.version.desc())
        .limit(1)
    ).one_or_none()
    members = set_members(entry)
    if newest is not None and (
        newest.change_id is not None or _same(connection, newest._mapping, entry, members)
    ):
        return False
    version = 1 if newest is None else newest.version + 1
    since = ALWAYS if newest is None else func.clock_timestamp()
    head = {"set_id": entry["id"], "version": version}
    content = _content(entry)
    connection.execute(insert(ConflictSet).values(**head, **content, active_from=since))
    columns = ("member", "duty", "process_key", "case_role")
    rows = [head | dict(zip(columns, member, strict=True)) for member in sorted(members)]
    connection.execute(insert(ConflictMember), rows)
    return True


def _same(
    connection: Connection, newest: Mapping[Any, Any], entry: Mapping[str, Any], members: Members
) -> bool:
    found = connection.execute(
        select(
            ConflictMember.member, ConflictMember.duty, ConflictMember.process_key, ConflictMember.case_role
        ).where(ConflictMember.set_id == newest["set_id"], ConflictMember.version == newest["version"])
    )
    same_content = all(newest[name] == value for name, value in _content(entry).items())
    return same_content and {tuple(row) for row in found} == members


def _content(entry: Mapping[str, Any]) -> Row:
    return {name: entry[name] for name in CONTENT} | {
        name: entry.get(name, default) for name, default in OPTIONAL.items()
    }


def conflict_sets() -> list[Row]:
    """The conflict sets of the files, as written there."""
    return _read("conflict_sets", "set")


def shipped_rules() -> tuple[ConflictRule, ...]:
    """The conflict sets of the files as `decide` takes them, for where there is no database."""
    return tuple(_rule(entry) for entry in conflict_sets())


def _rule(entry: Mapping[str, Any]) -> ConflictRule:
    content = _content(entry)
    return ConflictRule(
        set_id=entry["id"],
        version=1,
        key=content["key"],
        scope=content["scope"],
        maximum=content["maximum"],
        severity=content["severity"],
        risk_classes=frozenset(content["risk_classes"]),
        ground=content["ground"],
        members=tuple(Member(*member) for member in sorted(set_members(entry))),
        kind=content["kind"],
        period=content["period"],
        party_role=content["party_role"],
        window_days=content["window_days"],
    )


def set_members(entry: Mapping[str, Any]) -> Members:
    """(member, duty, process key, case role) of a set in the files; an empty string means any."""
    return frozenset(
        (member["name"], *combination)
        for member in entry["member"]
        for combination in product(
            member["duties"], member.get("processes", [""]), member.get("case_roles", [""])
        )
    )


def region_rows() -> Iterator[Row]:
    """Regions as columns of `region`, parents first, with the path from the root."""
    paths: dict[str, str] = {}
    for entry in _read("regions", "region"):
        parent = entry.pop("parent", None)
        paths[entry["code"]] = f"{paths[parent]}/{entry['code']}" if parent else entry["code"]
        yield entry | {"parent_code": parent, "path": paths[entry["code"]]}


def exclusion_rows() -> Iterator[Row]:
    """Static exclusions as columns of `post_exclusion`."""
    for entry in _read("exclusions", "exclusion"):
        posts = [(side, post) for side, name in enumerate(SIDES) for post in entry[name]]
        shared = {name: entry[name] for name in ("pair", "title_zh", "title_en", "ground")}
        for side, post in posts:
            yield shared | {"side": side, "post": post}


def _read(file: str, table: str) -> list[Row]:
    rows: list[Row] = tomllib.loads((DATA / f"{file}.toml").read_text(encoding="utf-8"))[table]
    return rows
