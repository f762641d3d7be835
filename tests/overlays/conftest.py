"""The pages of the bench over real HTTP, and a visitor's browser on them."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Playwright, async_playwright

from bench.overlay_pages import OverlayPage
from bench.overlay_site import serve_overlays
from bench.overlays import Visitor, open_visitor

Opened = Callable[..., AbstractAsyncContextManager[Visitor]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def playwright() -> AsyncIterator[Playwright]:
    async with async_playwright() as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def visitor(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Visitor]:
    with serve_overlays() as site:
        visitor = await open_visitor(site, playwright, tmp_path_factory.mktemp("visitor"))
        yield visitor
        await visitor.surface.close()


@pytest.fixture
def opened(playwright: Playwright, tmp_path: Path) -> Opened:
    @asynccontextmanager
    async def open_on(*pages: OverlayPage) -> AsyncIterator[Visitor]:
        with serve_overlays(pages) as site:
            visitor = await open_visitor(site, playwright, tmp_path)
            try:
                yield visitor
            finally:
                await visitor.surface.close()

    return open_on
