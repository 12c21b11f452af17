"""The three database roles and what each may do before any table exists.

`sanshen_owner` owns the database and migrates; `sanshen_app` works in it without changing the schema;
`sanshen_auditor` only reads. Rights on tables come with the migrations that make them.
"""

from collections.abc import Mapping
from typing import Any

from psycopg import Connection, sql

OWNER = "sanshen_owner"
APP = "sanshen_app"
AUDITOR = "sanshen_auditor"
ROLES = (OWNER, APP, AUDITOR)
HARMLESS = sql.SQL("LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION")


def ensure_roles(admin: Connection[Any], passwords: Mapping[str, str]) -> None:
    """Make the roles of `passwords`, or give them the passwords again. `admin` may create roles."""
    for role, password in passwords.items():
        # Hashed here, so that the clear password never reaches the server or its log.
        hashed = admin.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
        known = admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone()
        # Only a superuser may so much as mention these attributes of an existing role.
        verb, attributes = (sql.SQL("ALTER"), sql.SQL("LOGIN")) if known else (sql.SQL("CREATE"), HARMLESS)
        admin.execute(
            sql.SQL("{} ROLE {} {} PASSWORD {}").format(
                verb, sql.Identifier(role), attributes, sql.Literal(hashed)
            )
        )


def ensure_database(admin: Connection[Any], name: str, *, template: str | None = None) -> None:
    """Make the database `name`, owned by the owner role, unless it exists."""
    if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
        return
    statement = sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(OWNER))
    if template:
        statement += sql.SQL(" TEMPLATE {} STRATEGY FILE_COPY").format(sql.Identifier(template))
    admin.execute(statement)


def restrict_database(admin: Connection[Any], name: str) -> None:
    """Only our roles connect (rights on a database aren't copied from its template)."""
    database = sql.Identifier(name)
    users = sql.SQL(", ").join(sql.Identifier(role) for role in ROLES)
    admin.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
    admin.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, users))


def give_database(admin: Connection[Any], name: str) -> None:
    """Make the owner role the owner of an existing database."""
    # An administrator who is no superuser may only give to roles it belongs to.
    admin.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(OWNER)))
    admin.execute(
        sql.SQL("ALTER DATABASE {} OWNER TO {}").format(sql.Identifier(name), sql.Identifier(OWNER))
    )


def restrict_schema(connection: Connection[Any]) -> None:
    """In the connected database: nobody but the owner makes anything in the schema `public`."""
    users = sql.SQL(", ").join(sql.Identifier(role) for role in (APP, AUDITOR))
    connection.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    connection.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(users))
    connection.execute(sql.SQL("GRANT ALL ON SCHEMA public TO {}").format(sql.Identifier(OWNER)))
