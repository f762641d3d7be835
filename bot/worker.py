"""A worker process: one queue, its jobs and sweeps, until SIGTERM. A driven run stops at its next turn boundary.

`runs` starts without any GitHub credential and never loads the code that would use one.
"""

import asyncio
import signal
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

import structlog
from arq.connections import RedisSettings
from arq.cron import CronJob
from arq.worker import Function, Worker
from redis.exceptions import RedisError

from agent.errors import BadInput
from bot import queue
from bot.buckets import RedisBuckets
from bot.config import CREDENTIALS, Settings, load_settings, read_private_key
from bot.context import Context
from bot.errors import BadCredentials, GitHubFailure, Gone
from bot.github.port import GitHubPort
from bot.log import configure
from bot.queue import Queue
from bot.redis import redis_settings
from bot.start import open_database, redis_url

Name = Literal["events", "runs"]
GRACE_SECONDS = 45
"""How long running jobs may take to come to an end after SIGTERM: longer than a turn."""
REDIS_PAUSE = 1

log = structlog.get_logger()


def run_worker(name: Name) -> None:
    """Work until SIGTERM or SIGINT. Raises BadInput before anything was started."""
    settings = load_settings(without=CREDENTIALS if name == "runs" else ())
    configure(settings.log_json)
    asyncio.run(_work(name, settings))


async def _work(name: Name, settings: Settings) -> None:
    connection = redis_settings(redis_url(settings))
    async with _opened(name, settings, connection) as context:
        if not await context.queue.is_up():
            raise BadInput("Redis cannot be reached; start it or correct CHARTERBOT_REDIS_URL.")
        worker = _events(context, connection) if name == "events" else _runs(context, connection)
        log.info("worker_started", worker=name)
        try:
            await _until_signal(worker, context)
        finally:
            await _end(worker)
        log.info("worker_ended", worker=name)


@asynccontextmanager
async def _opened(name: Name, settings: Settings, connection: RedisSettings) -> AsyncIterator[Context]:
    github = await _github(settings) if name == "events" else None
    db = await open_database(settings)
    kicks = Queue(connection)
    # Not the patient client: a role that waits for a token is better off with the bucket of its own process.
    shared = queue.connect(redis_settings(redis_url(settings), patient=False)) if name == "runs" else None
    try:
        yield Context(db, settings, kicks, github=github, buckets=RedisBuckets(shared) if shared else None)
    finally:
        if shared is not None:
            await shared.aclose(close_connection_pool=True)
        await kicks.close()
        await db.close()
        if github is not None:
            await github.close()


async def _github(settings: Settings) -> GitHubPort:
    """GitHub as the App that it knows us as. Raises BadInput; a GitHub that does not answer is waited for later."""
    from bot.github.client import AppCredentials
    from bot.github.live import LiveGitHub

    if not settings.app_id:
        raise BadInput("The App's id is missing; set CHARTERBOT_APP_ID.")
    github = LiveGitHub(AppCredentials(settings.app_id, read_private_key(settings), settings.github_url))
    try:
        log.info("app_known", login=await github.login())
    except (BadCredentials, Gone) as refusal:
        await github.close()
        raise BadInput(
            f"GitHub does not know App {settings.app_id} by this key; correct CHARTERBOT_APP_ID, or name the .pem file "
            f"of this App in CHARTERBOT_PRIVATE_KEY_PATH ({refusal})."
        ) from None
    except GitHubFailure as failure:
        log.warning("app_not_checked", error=str(failure))
    return github


def _events(context: Context, connection: RedisSettings) -> Worker:
    from bot import jobs

    ctx = {"context": context, "alone": defaultdict(asyncio.Lock)}
    return _worker(queue.EVENTS, ctx, connection, (jobs.functions(), jobs.crons()), (10, 0.1))


def _runs(context: Context, connection: RedisSettings) -> Worker:
    from bot import runner

    functions = runner.functions(context.settings)
    return _worker(queue.RUNS, {"context": context}, connection, (functions, runner.crons()), (4, 0.2))


def _worker(
    name: str,
    ctx: dict[str, Any],
    connection: RedisSettings,
    work: tuple[list[Function], list[CronJob]],
    pace: tuple[int, float],
) -> Worker:
    functions, crons = work
    max_jobs, poll_delay = pace
    return Worker(
        functions,
        cron_jobs=crons,
        queue_name=name,
        redis_pool=queue.connect(connection),
        ctx=ctx,
        max_jobs=max_jobs,
        poll_delay=poll_delay,
        keep_result=0,
        handle_signals=False,
        job_serializer=queue.dumps,
        job_deserializer=queue.loads,
        log_results=False,
    )


async def _until_signal(worker: Worker, context: Context) -> None:
    """Poll until a signal, then take no new job and let the running ones come to their end."""
    asked = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    async with asyncio.TaskGroup() as group:
        polling = group.create_task(_poll(worker))
        await asked.wait()
        worker.allow_pick_jobs = False
        context.stopping.set()
        if worker.tasks:
            await asyncio.wait(worker.tasks.values(), timeout=GRACE_SECONDS)
        polling.cancel()


async def _poll(worker: Worker) -> None:
    """arq's own loop, taken up again after every outage of Redis: the jobs in hand go on meanwhile."""
    while True:
        try:
            await worker.main()
        except (RedisError, OSError) as error:
            log.warning("redis_lost", error=type(error).__name__)
            await asyncio.sleep(REDIS_PAUSE)


async def _end(worker: Worker) -> None:
    for task in worker.tasks.values():
        task.cancel()
    await asyncio.gather(*worker.tasks.values(), return_exceptions=True)
    await worker.pool.aclose(close_connection_pool=True)
