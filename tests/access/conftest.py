"""The club at work with some doors open, a browser a role, and a replayer of its own."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from access_world import ROLES, SITE, Player, club_profile
from playwright.async_api import Browser, Playwright, async_playwright

from agent.charter import Profile
from agent.evidence.instance import ReplayInstance
from agent.evidence.replay import Replayer
from agent.tools.browser import open_browser
from agent.tools.chromium import launch, require_browser
from agent.tools.seat import BrowserOptions


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def start_club() -> Iterator[Callable[[str], str]]:
    """Starts the club with some faults and gives its address."""
    started: list[subprocess.Popen[bytes]] = []

    def start(build: str) -> str:
        url = f"http://127.0.0.1:{_free_port()}"
        command = [sys.executable, str(SITE), "--port", url.rpartition(":")[2], "--build", build]
        started.append(subprocess.Popen(command))
        deadline = time.monotonic() + 20
        while True:
            try:
                urllib.request.urlopen(f"{url}/version", timeout=5).close()
                return url
            except OSError:
                assert time.monotonic() < deadline, "the club did not start"
                time.sleep(0.02)

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture(scope="session")
def browser_path() -> Path:
    return require_browser(os.environ)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def playwright() -> AsyncIterator[Playwright]:
    async with async_playwright() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(playwright: Playwright, browser_path: Path) -> AsyncIterator[Browser]:
    browser = await launch(playwright, browser_path, hosts=("127.0.0.1",))
    yield browser
    await browser.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def replayer(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Replayer]:
    folder = tmp_path_factory.mktemp("club")
    profile = club_profile(folder)
    async with ReplayInstance(profile, os.environ) as instance:
        yield Replayer(profile, browser, instance, folder / "pictures")


class Casting:
    """Opens the browser of a role at a club once; all are closed at the end of the file."""

    def __init__(self, playwright: Playwright, browser_path: Path, folder: Path) -> None:
        self._playwright, self._browser_path, self._folder = playwright, browser_path, folder
        self._open: dict[tuple[str, str], tuple[Player, object]] = {}

    async def __call__(self, role: str, url: str, profile: Profile | None = None) -> Player:
        if (role, url) not in self._open:
            profile = profile or club_profile(self._folder, url)
            options = BrowserOptions(ROLES[role], profile, self._browser_path, self._folder, self._playwright)
            manager = open_browser(options)
            surface = await manager.__aenter__()
            self._open[role, url] = Player(ROLES[role], surface, url), manager
        player = self._open[role, url][0]
        player.steps.clear()
        return player

    async def close(self) -> None:
        for player, _ in self._open.values():
            await player.surface.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cast(
    playwright: Playwright, browser_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Casting]:
    casting = Casting(playwright, browser_path, tmp_path_factory.mktemp("roles"))
    yield casting
    await casting.close()
