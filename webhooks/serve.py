"""The web process: opens what the application needs, listens, and closes it all at the end."""

import asyncio
import socket

import structlog
import uvicorn

from agent.errors import BadInput
from bot.config import Settings, load_settings
from bot.log import configure
from bot.queue import Queue
from bot.redis import redis_settings
from bot.start import open_database, redis_url
from webhooks.app import create_app

log = structlog.get_logger()


def serve(host: str = "127.0.0.1", port: int = 8000) -> None:
    """Take webhooks from GitHub, until SIGTERM or SIGINT."""
    settings = load_settings()
    configure(settings.log_json)
    asyncio.run(_serve(settings, host, port))


async def _serve(settings: Settings, host: str, port: int) -> None:
    queue = Queue(redis_settings(redis_url(settings), patient=False))
    db = await open_database(settings)
    try:
        config = uvicorn.Config(create_app(settings, db, queue), log_config=None, access_log=False)
        listener = _listen(host, port)
        log.info("listening", host=host, port=listener.getsockname()[1])
        await uvicorn.Server(config).serve(sockets=[listener])
    finally:
        await queue.close()
        await db.close()


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=2048)
    except (OSError, OverflowError) as error:
        raise BadInput(f"Cannot listen on {host}:{port} ({error}); choose another --host or --port.") from None
