"""Pages that hang: given up in the time that the profile sets, and never at the cost of another role."""

import asyncio
from itertools import pairwise
from pathlib import Path

import pytest
from pages_site import Site
from pages_world import VISITOR, Driver, member, profile
from playwright.async_api import Playwright

from agent.failures import Failure, failure_of
from agent.tools.browser import open_browser
from agent.tools.connection import LATE
from agent.tools.playwright_server import share
from agent.tools.seat import TIDY_EVERY, BrowserOptions

FINE = Failure("browser")
pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("name", ["Now", "Soon", "Sync"])
async def test_a_page_that_hangs_is_replaced_and_the_role_goes_on(opened, name: str) -> None:
    async with opened(VISITOR) as driver:
        await driver.open("/spin")
        result = await driver.click(name)
        assert result.status == "tool_error" and "The page hung" in result.notice, result.told
        assert "Welcome." in result.text
        assert "Twelve members" in (await driver.open("/report")).text


async def test_a_page_that_never_finishes_loading_can_be_used(visitor: Driver) -> None:
    image = await visitor.open("/loading")
    assert image.status == "ok" and "Usable" in image.text
    stuck = await visitor.open("/stuck")
    assert "Stuck" in stuck.text and "hung" not in stuck.notice
    assert "Twelve members" in (await visitor.open("/report")).text


async def test_a_page_that_does_not_come_is_given_up_and_the_session_is_kept(visitor: Driver) -> None:
    await visitor.open("/leads")
    document = visitor.surface.watch.document
    late = await visitor.click("Slow report")
    assert LATE in late.notice and "session lost" not in late.notice, late.told
    assert (failure_of(late, (visitor.surface.page.url.removesuffix("/leads"),)) or FINE).sort == "slow"
    assert visitor.surface.watch.document == document and "Leads" in (await visitor.surface.view()).snapshot
    assert "Twelve members" in (await visitor.click("Report")).text


async def test_what_left_pages_held_is_freed_now_and_then(visitor: Driver) -> None:
    await visitor.open("/leads")
    session = await visitor.surface.context.new_cdp_session(visitor.surface.page)
    kept: list[int] = []
    for _ in range(TIDY_EVERY + 1):
        await visitor.open("/report")
        kept.append((await session.send("Memory.getDOMCounters"))["documents"])
    freed = max(before - after for before, after in pairwise(kept))
    assert freed > TIDY_EVERY / 3, kept


async def test_a_hanging_role_does_not_touch_another_one_in_the_same_browser(
    site: Site, browser_path: Path, playwright: Playwright, tmp_path: Path
) -> None:
    own = profile(site, tmp_path, shared_browser=True)
    shared = await share(playwright, browser_path, own, tmp_path)

    def options(name: str) -> BrowserOptions:
        return BrowserOptions(member(name), own, browser_path, tmp_path, playwright, shared)

    async with open_browser(options("ann")) as first, open_browser(options("bob")) as second:
        ann, bob = Driver(first), Driver(second)
        await ann.open("/spin")
        spinning = asyncio.create_task(ann.click("Now"))
        worked = []
        while not spinning.done():
            worked.append(await bob.open("/private"))
            typed = await bob.open("/frames")
            worked.append(typed)
        assert len(worked) >= 2 and {result.status for result in worked} == {"ok"}
        assert all(not result.notice for result in worked)
        hung = await spinning
        assert "The page hung" in hung.notice and "Hello ann" in hung.text
        assert "Hello bob" in (await bob.open("/private")).text and second.context.pages
    await shared.close()
