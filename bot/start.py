"""What every process of the bot opens first, with one clear sentence for each thing that is not there."""

from sqlalchemy.exc import SQLAlchemyError

from agent.errors import BadInput
from bot.config import Settings
from bot.store.database import Database, migrate


def redis_url(settings: Settings) -> str:
    if not settings.redis_url:
        raise BadInput("No Redis is named; set CHARTERBOT_REDIS_URL (`charterbot demo` starts one of its own).")
    return settings.redis_url


async def open_database(settings: Settings) -> Database:
    """The database with its tables up to date. Raises BadInput when it cannot be used."""
    try:
        await migrate(settings.database)
    except (SQLAlchemyError, OSError) as error:
        problem = str(error).splitlines()[0] if str(error) else type(error).__name__
        place = settings.database.rpartition("@")[2]
        raise BadInput(f"The database {place} cannot be used: {problem}; check CHARTERBOT_DATABASE_URL.") from None
    return Database(settings.database)
