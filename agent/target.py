"""Does the application under test answer at all? Asked before any model call and when a role meets a dead server."""

import asyncio
import time

import httpx

SECONDS = 10.0
PAUSE = 0.5


async def unreachable(url: str, patience: float = 0.0) -> str:
    """Empty when anything answers at `url`, be it an error; else one sentence. Tries again for `patience` seconds,
    because a deployment takes an application away for a moment."""
    until = time.monotonic() + patience
    while True:
        problem = await _ask(url)
        if not problem or time.monotonic() >= until:
            return problem
        await asyncio.sleep(PAUSE)


async def _ask(url: str) -> str:
    try:
        # The target is tested as people reach it: no proxy of this machine, no certificate excuses.
        async with httpx.AsyncClient(timeout=SECONDS, trust_env=False) as client, client.stream("GET", url):
            return ""
    except httpx.TimeoutException:
        return f"The target {url} did not answer within {SECONDS:.0f} seconds; check that the application is up."
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        reason = str(error) or type(error).__name__
        return f"The target {url} cannot be reached ({reason}); start the application or correct the profile's url."
