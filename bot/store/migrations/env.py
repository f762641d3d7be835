"""Runs migrations: on the connection that bot.store.database hands over, else (the alembic command) on the
configured database."""

import asyncio
from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.types import TypeEngine

from bot.config import load_settings
from bot.store.tables import Utc, metadata


def render_item(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """A migration must not depend on the code of today: our column type is written as what it is in the database."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, Utc) else False


def compare_type(
    _context: Any, _column: Any, _metadata_column: Any, _type: TypeEngine[Any], own: TypeEngine[Any]
) -> bool | None:
    return False if isinstance(own, Utc) else None


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        render_item=render_item,
        compare_type=compare_type,
    )
    with context.begin_transaction():
        context.run_migrations()


async def run_alone() -> None:
    engine = create_async_engine(load_settings().database)
    async with engine.begin() as connection:
        await connection.run_sync(run)
    await engine.dispose()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    asyncio.run(run_alone())
