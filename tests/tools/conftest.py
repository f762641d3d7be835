import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Playwright, async_playwright
from small_site import Site, serve_small_site
from tools_world import VISITOR, Driver, profile

from agent.tools.browser import open_browser
from agent.tools.chromium import require_browser
from agent.tools.seat import BrowserOptions


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    with serve_small_site() as running:
        yield running


@pytest.fixture(scope="session")
def browser_path() -> Path:
    return require_browser(os.environ)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def playwright() -> AsyncIterator[Playwright]:
    async with async_playwright() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def driver(
    site: Site, browser_path: Path, playwright: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Driver]:
    """A visitor's browser, one for the tests of a file."""
    folder = tmp_path_factory.mktemp("visitor")
    options = BrowserOptions(VISITOR, profile(site, folder), browser_path, folder, playwright)
    async with open_browser(options) as surface:
        yield Driver(surface)
