"""Runs the migrations: over the connection that app/storage/migrate.py hands in, or over DATABASE_OWNER_URL."""

import importlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from alembic import context
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

from app.storage.base import Base
from app.storage.database import normalised_url

ROOT = Path(__file__).resolve().parents[1]
# The job queue brings its own schema, which a migration installs whole.
FOREIGN_PREFIX = "procrastinate_"


def import_models() -> None:
    """Models register with `Base` when imported; storage may not import the floors above it, so this does."""
    for path in sorted([*ROOT.glob("app/**/models.py"), ROOT / "app/storage/outbox.py"]):
        if path.exists():
            importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))


def include_name(
    name: str | None,
    kind: Literal["schema", "table", "column", "index", "unique_constraint", "foreign_key_constraint"],
    parents: Mapping[str, str | None],
) -> bool:
    table = name if kind == "table" else parents.get("table_name")
    return not (table or "").startswith(FOREIGN_PREFIX)


def migrate_over(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_name=include_name,
        compare_type=True,
        compare_server_default=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def main() -> None:
    import_models()
    given: Connection | None = context.config.attributes.get("connection")
    if given is not None:
        migrate_over(given)
        return
    engine = create_engine(normalised_url(os.environ["DATABASE_OWNER_URL"]), poolclass=NullPool)
    with engine.connect() as connection:
        migrate_over(connection)


main()
