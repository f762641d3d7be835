"""Child processes of the demo: started with a log file each, watched, and always stopped with their whole group."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

STOP_SECONDS = 10


class Child:
    """One process in its own group. `say` of it goes to its log file."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path):
        self.name = name
        self.log = log
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.returncode is None

    def kill(self) -> None:
        """SIGKILL the group, as a machine that loses power would."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    async def stop(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                await self._process.wait()
        self.kill()
        await self._process.wait()

    def last_words(self, lines: int = 5) -> str:
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


async def start(
    name: str, arguments: list[str], folder: Path, environ: Mapping[str, str], sockets: tuple[int, ...] = ()
) -> Child:
    """Start `python <arguments>`; `sockets` are file descriptors that the child inherits."""
    log = folder / f"{name}.log"
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            env=dict(environ),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            pass_fds=sockets,
        )
    return Child(name, process, log)
