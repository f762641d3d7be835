"""Deploys Clubhouse: reads the list of active defects from a commit and starts that build without a gap.

The listening socket stays with the demo and every build inherits it, so a request that comes while builds change waits
instead of being refused; database and sessions stay too, as they would in production.
"""

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path

import httpx

from agent.errors import BadInput
from demo import processes
from demo.processes import Child

READY_SECONDS = 20


class DeployFailed(BadInput):
    """The new build did not come up."""


class Deployer:
    """One environment of Clubhouse. `builds` holds one file per commit: its list of active defects."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.set_inheritable(True)
        self._child: Child | None = None
        self.builds = folder / "builds"
        self.builds.mkdir(parents=True, exist_ok=True)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def environ(self) -> Mapping[str, str]:
        return {**os.environ, "CLUBHOUSE_BUILDS": str(self.builds)}

    async def deploy(self, build: str, defects: str) -> str:
        """Stop the build before, start `build` with its defects. Returns the environment's URL."""
        (self.builds / build).write_text(defects, encoding="utf-8")
        if self._child:
            await self._child.stop()
        fd = self._listener.fileno()
        arguments = [
            "-m",
            "demo.clubhouse",
            "--fd",
            str(fd),
            "--build",
            build,
            "--keep",
            str(self._folder / "clubhouse"),
        ]
        self._child = await processes.start(f"clubhouse-{build[:7]}", arguments, self._folder, self.environ, (fd,))
        await self._wait_for(build, self._child)
        return self.url

    async def _wait_for(self, build: str, child: Child) -> None:
        deadline = time.monotonic() + READY_SECONDS
        async with httpx.AsyncClient(timeout=1) as client:
            while child.alive and time.monotonic() < deadline:
                with contextlib.suppress(httpx.HTTPError):
                    if (await client.get(f"{self.url}/version")).json()["build"] == build:
                        return
                await asyncio.sleep(0.1)
        raise DeployFailed(f"Build {build[:7]} did not answer; its last words are:\n{child.last_words()}")

    async def close(self) -> None:
        if self._child:
            await self._child.stop()
        self._listener.close()
