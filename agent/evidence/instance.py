"""The instance of the app that proofs are replayed on: started, reset and stopped here, never the explored one.

Knows the profile's `replay` settings; knows nothing of browsers or verdicts.
"""

import asyncio
import os
import shutil
import signal
import socket
import ssl
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from typing import IO, Self
from urllib.parse import urlsplit

import httpx

from agent import routes
from agent.charter import Profile

STOP_SECONDS = 2.0
REQUEST_SECONDS = 10.0
RESET_SECONDS = 60.0
POLL = 0.05
LOOPBACK = ("http://127.", "http://localhost", "http://[::1]")
LONGEST_BUILD = 64
# Runs the command and ends its whole group when we are gone, however that happened: then its stdin closes. It takes
# SIGTERM with a handler, because an ignored signal would be ignored by the command too.
KEEPER = """import os, signal, subprocess, sys, threading
signal.signal(signal.SIGTERM, lambda *_: None)
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
end = lambda: (os.read(0, 1), os.killpg(0, signal.SIGKILL))
threading.Thread(target=end, daemon=True).start()
os._exit(child.wait() and 1)"""
NOTE_DEPLOYED = "Replayed on the deployed app without a reset: the steps alone set up the state."
NOTE_AS_IT_IS = "Replayed without a reset: the steps alone set up the state."


class InstanceFailed(Exception):
    """There is nothing to replay on. `str(error)` is one sentence with the reason."""


class ReplayInstance:
    """An async context manager. `environ` is handed to the command that the profile names."""

    def __init__(self, profile: Profile, environ: Mapping[str, str]) -> None:
        self._profile = profile
        self._target = profile.replay
        self._environ = dict(environ)
        self._process: asyncio.subprocess.Process | None = None
        self._log: IO[bytes] | None = None
        self._build = ""
        self.origin = ""

    @property
    def note(self) -> str:
        """What a verdict must say about this instance; empty when it is the profile's own and fresh."""
        if self._target is None:
            return NOTE_DEPLOYED
        return "" if self._target.is_reset else NOTE_AS_IT_IS

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    async def ensure(self, build: str = "") -> str:
        """The origin of a running instance, of `build` when one is named. Raises InstanceFailed."""
        if self._target is None or not self._target.start:
            self.origin = self._target.url if self._target else self._profile.url
            await self._answers(self.origin)
            return self.origin
        running = self._process is not None and self._process.returncode is None
        if not running or (build and build != self._build):
            await self.close()
            await self._start(build)
        return self.origin

    async def reset(self) -> None:
        """Back to the seeded state, as the profile says. Raises InstanceFailed."""
        if self._target is not None and self._target.reset_command:
            await self._run(self._target.reset_command)
        if self._target is None or not self._target.reset:
            return
        method, _, path = self._target.reset.partition(" ")
        try:
            async with _client(self.origin) as client:
                response = await client.request(method, self.origin + path)
        except httpx.HTTPError as error:
            raise InstanceFailed(f"The reset hook {self._target.reset} did not answer ({_why(error)}).") from None
        if response.status_code >= 400:
            raise InstanceFailed(f"The reset hook {self._target.reset} answered {response.status_code}.")

    async def _run(self, words: tuple[str, ...]) -> None:
        """The reset command; what it says is shown only by its last line, where it failed. What it leaves running,
        such as a restarted server, stays."""
        command = self._filled(words, str(urlsplit(self.origin).port or ""))
        with tempfile.TemporaryFile() as said:
            try:
                process = await asyncio.create_subprocess_exec(
                    *command,
                    env=self._environ,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=said,
                    stderr=said,
                    start_new_session=True,
                )
            except OSError as error:
                raise InstanceFailed(f"The reset command {command[0]} cannot be run: {error.strerror}.") from None
            try:
                async with asyncio.timeout(RESET_SECONDS):
                    await process.wait()
            except TimeoutError:
                told = f"The reset command {command[0]} took longer than {RESET_SECONDS:.0f} s."
                raise InstanceFailed(told) from None
            finally:
                if process.returncode is None:
                    _signal(process.pid, signal.SIGKILL)
            if process.returncode:
                said.seek(0)
                why = _last_line(said.read())
                raise InstanceFailed(f"The reset command {command[0]} ended with {process.returncode}: {why}")

    def _filled(self, words: tuple[str, ...], port: str) -> list[str]:
        def fill(word: str) -> str:
            return word.replace("{python}", sys.executable).replace("{port}", port).replace("{build}", self._build)

        return [fill(word) for word in words]

    async def close(self) -> None:
        """Stops the command and everything it started; an instance that was not started here is left alone."""
        process, self._process = self._process, None
        if process is not None:
            try:
                _signal(process.pid, signal.SIGTERM)
                with suppress(TimeoutError):
                    async with asyncio.timeout(STOP_SECONDS):
                        await process.wait()
            finally:
                # The group, also when its leader is gone: a server may have left workers behind.
                _signal(process.pid, signal.SIGKILL)
            await process.wait()
        if self._log is not None:
            self._log.close()
            self._log = None

    async def _start(self, build: str) -> None:
        assert self._target is not None
        port = str(_free_port())
        self.origin, self._build = self._target.url.replace("{port}", port), build
        command = self._filled(self._target.start, port)
        if shutil.which(command[0], path=self._environ.get("PATH")) is None:
            raise InstanceFailed(
                f"The replay command {command[0]} is no program of this machine; correct replay.start."
            )
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process in close()
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", "-c", KEEPER, *command),
            env=self._environ,
            stdin=asyncio.subprocess.PIPE,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )
        try:
            await self._answers(self.origin)
        except BaseException:
            await self.close()
            raise

    async def _answers(self, origin: str) -> None:
        """Waits until the instance speaks HTTP, whatever it says."""
        why, ready = "no answer", self._target.ready if self._target else REQUEST_SECONDS
        with suppress(TimeoutError):
            async with asyncio.timeout(ready), _client(origin) as client:
                while True:
                    if self._process is not None and self._process.returncode is not None:
                        raise InstanceFailed(f"The replay command ended at once: {self._last_words()}")
                    try:
                        await client.get(origin + "/")
                    except httpx.HTTPError as error:
                        why = _why(error)
                    else:
                        return
                    if self._process is None:
                        break  # what was not started here is up or it is not
                    await asyncio.sleep(POLL)
        raise InstanceFailed(f"The replay instance at {origin} does not answer within {ready:.0f} s ({why}).")

    def _last_words(self) -> str:
        if self._log is None:
            return "no output"
        self._log.seek(0)
        return _last_line(self._log.read())


def _last_line(said: bytes) -> str:
    lines = said[-2000:].decode(errors="replace").strip().splitlines()
    return lines[-1][:200] if lines else "no output"


async def read_build(profile: Profile, origin: str) -> str:
    """The build that runs at `origin`, from the profile's version path; empty when it cannot be told."""
    if not profile.version_path:
        return ""
    try:
        async with _client(origin) as client:
            response = await client.get(origin + profile.version_path)
            if response.status_code >= 400:
                return ""
            value = response.json() if profile.version_key else response.text
    except (httpx.HTTPError, ValueError):
        return ""
    for key in profile.version_key.split(".") if profile.version_key else ():
        value = value.get(key, "") if isinstance(value, dict) else ""
    return str(value).strip()[:LONGEST_BUILD] if isinstance(value, str | int | float) else ""


def _client(origin: str) -> httpx.AsyncClient:
    # A proxy of the environment must not swallow what goes to this machine.
    trust = not routes.origin(origin).startswith(LOOPBACK)
    return httpx.AsyncClient(timeout=REQUEST_SECONDS, trust_env=trust, verify=_authorities(trust))


@lru_cache(maxsize=2)
def _authorities(trust_env: bool) -> ssl.SSLContext:
    """Reading them takes longer than most requests, so they are read once."""
    return httpx.create_ssl_context(trust_env=trust_env)


def _why(error: httpx.HTTPError) -> str:
    return str(error) or type(error).__name__


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _signal(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
