"""One browser and one replay instance for the stories of proof; the site is started as a profile says."""

import os
from collections.abc import AsyncIterator

import pytest_asyncio
from evidence_profile import site_profile
from playwright.async_api import Browser, async_playwright

from agent.evidence.instance import ReplayInstance
from agent.evidence.replay import Replayer
from agent.tools.chromium import launch, require_browser


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await launch(playwright, require_browser(os.environ), hosts=("127.0.0.1",))
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def replayer(browser: Browser, tmp_path_factory) -> AsyncIterator[Replayer]:
    folder = tmp_path_factory.mktemp("site")
    profile = site_profile(folder)
    async with ReplayInstance(profile, os.environ) as instance:
        yield Replayer(profile, browser, instance, folder / "pictures")
