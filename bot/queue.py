"""The queue, thinly over arq: kicks, never truth. What a kick loses, a sweep kicks again from the database.

Job names hold the row's fence (or attempt) and a short period of time: the same kick twice is one job, and a job that
died with its worker does not block the next kick.
"""

import asyncio
import contextlib
import json
import time
from datetime import UTC, datetime
from typing import Any

import structlog
from arq.connections import ArqRedis, RedisSettings
from redis.exceptions import RedisError

EVENTS = "charterbot:events"
RUNS = "charterbot:runs"
KICK_SECONDS = 3.0
PERIOD = 20
"""Seconds in which the same kick is one job."""
GATHER = 0.2
"""Seconds for which kicks of a flush are gathered into one job, which runs after the last of them."""

log = structlog.get_logger()


def dumps(value: Any) -> bytes:
    """Jobs are JSON: with arq's own pickle, whoever can write to Redis could run code here."""
    return json.dumps(value, default=_plain).encode()


def loads(data: bytes) -> Any:
    return json.loads(data, object_hook=_errors)


def _plain(value: Any) -> Any:
    return {"__error__": type(value).__name__, "text": str(value)} if isinstance(value, BaseException) else str(value)


def _errors(data: dict[str, Any]) -> Any:
    if "__error__" not in data:
        return data
    # arq tells an aborted job by the type of its error.
    if data["__error__"] == "CancelledError":
        return asyncio.CancelledError(data["text"])
    return RuntimeError(f"{data['__error__']}: {data['text']}")


def connect(settings: RedisSettings) -> ArqRedis:
    """A pool that connects when it is used: a process may start before Redis does."""
    return ArqRedis(
        job_serializer=dumps,
        job_deserializer=loads,
        host=settings.host,
        port=settings.port,
        unix_socket_path=settings.unix_socket_path,
        db=settings.database,
        username=settings.username,
        password=settings.password,
        ssl=settings.ssl,
        encoding="utf8",
        socket_connect_timeout=settings.conn_timeout,
        retry=settings.retry,
        retry_on_error=settings.retry_on_error,
        retry_on_timeout=settings.retry_on_timeout,
    )


class Queue:
    """Every kick returns whether Redis took it (or had the same one already); none raises when Redis is down."""

    def __init__(self, settings: RedisSettings):
        self._redis = connect(settings)

    async def kick_event(self, delivery_id: str, attempt: int) -> bool:
        return await self._kick(EVENTS, "handle_delivery", delivery_id, job=f"event:{delivery_id}:{attempt}")

    async def kick_run(self, run_id: str, fence: int) -> bool:
        return await self._kick(RUNS, "drive_run", run_id, job=f"run:{run_id}:{fence}:{_period()}")

    async def kick_revalidation(self, id: str, fence: int) -> bool:
        return await self._kick(RUNS, "drive_revalidation", id, job=f"revalidation:{id}:{fence}:{_period()}")

    async def kick_outbox(self) -> bool:
        return await self._gather("flush_outbox")

    async def kick_filing(self) -> bool:
        return await self._gather("file_findings")

    async def kick_progress(self) -> bool:
        return await self._gather("sync_progress")

    async def kick_reports(self) -> bool:
        return await self._gather("report_revalidations")

    async def is_up(self) -> bool:
        try:
            async with asyncio.timeout(KICK_SECONDS):
                return bool(await self._redis.ping())
        except (RedisError, OSError):
            return False

    async def close(self) -> None:
        with contextlib.suppress(RedisError, OSError):
            await self._redis.aclose(close_connection_pool=True)

    async def _gather(self, function: str) -> bool:
        end = (int(time.time() / GATHER) + 1) * GATHER
        job = f"{function}:{end:.1f}"
        return await self._kick(EVENTS, function, job=job, until=datetime.fromtimestamp(end, UTC))

    async def _kick(self, queue: str, function: str, *args: str, job: str, until: datetime | None = None) -> bool:
        try:
            async with asyncio.timeout(KICK_SECONDS):
                await self._redis.enqueue_job(function, *args, _job_id=job, _queue_name=queue, _defer_until=until)
        except (RedisError, OSError) as error:  # OSError holds time-outs, too
            log.warning("kick_lost", job=job, error=type(error).__name__)
            return False
        return True


def _period() -> int:
    return int(time.time() / PERIOD)
