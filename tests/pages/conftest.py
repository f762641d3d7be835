"""The pages, a visitor's browser on them, and a browser to replay in."""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from pages_site import Site, serve_pages
from pages_world import VISITOR, Driver, profile
from playwright.async_api import Playwright, async_playwright

from agent.charter import Role
from agent.evidence.instance import ReplayInstance
from agent.evidence.replay import Replayer
from agent.tools.browser import open_browser
from agent.tools.chromium import launch, require_browser
from agent.tools.seat import BrowserOptions

Opener = Callable[..., AbstractAsyncContextManager[Driver]]


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    with serve_pages() as running:
        yield running


@pytest.fixture(scope="session")
def browser_path() -> Path:
    return require_browser(os.environ)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def playwright() -> AsyncIterator[Playwright]:
    async with async_playwright() as running:
        yield running


@pytest.fixture
def opened(site: Site, browser_path: Path, playwright: Playwright, tmp_path: Path) -> Opener:
    @asynccontextmanager
    async def open_for(role: Role, **changes: Any) -> AsyncIterator[Driver]:
        options = BrowserOptions(role, profile(site, tmp_path, **changes), browser_path, tmp_path, playwright)
        async with open_browser(options) as surface:
            yield Driver(surface, role.name)

    return open_for


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def visitor(
    site: Site, browser_path: Path, playwright: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Driver]:
    """A visitor's browser, one for the tests of a file."""
    folder = tmp_path_factory.mktemp("visitor")
    options = BrowserOptions(VISITOR, profile(site, folder), browser_path, folder, playwright)
    async with open_browser(options) as surface:
        yield Driver(surface)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def replayer(
    site: Site, browser_path: Path, playwright: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Replayer]:
    folder = tmp_path_factory.mktemp("replays")
    own = profile(site, folder)
    browser = await launch(playwright, browser_path, hosts=("127.0.0.1", "127.0.0.2"))
    async with ReplayInstance(own, os.environ) as instance:
        yield Replayer(own, browser, instance, folder)
    await browser.close()
