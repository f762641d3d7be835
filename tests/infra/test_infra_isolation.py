"""A crash of one role's page, server or browser while another role works: the other does not notice. Real processes."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import psutil
import pytest
from infra_scene import StartSite, person
from playwright.async_api import Error, async_playwright

from agent.charter import Profile
from agent.tools.browser import BrowserSurface, open_browser
from agent.tools.playwright_server import SharedChromium, share
from agent.tools.seat import BrowserOptions
from agent.tools.surface import ToolCall, ToolResult

Make = Callable[..., Profile]
Options = Callable[..., BrowserOptions]
_ids = itertools.count(1)


class Pair:
    """Ann, who has bad luck, and Bob, who works on."""

    def __init__(self, ann: BrowserSurface, bob: BrowserSurface, chromiums: set[int], shared: SharedChromium | None):
        self.ann, self.bob, self.chromiums, self.shared = ann, bob, chromiums, shared

    async def bob_works_on(self) -> None:
        """On the very page that he had before, with all that it held."""
        assert await self.bob.page.evaluate("window.mark") == 1
        assert (await _open(self.bob, "/items")).status == "ok"

    async def ann_is_back(self) -> None:
        """Told once, then at work again as herself."""
        told = await _open(self.ann, "/items")
        assert told.status == "tool_error" and "session lost" in told.notice
        again = await _open(self.ann, "/items")
        assert again.status == "ok" and "Hello ann" in again.text


async def _open(surface: BrowserSurface, path: str) -> ToolResult:
    return await surface.call(ToolCall(f"c{next(_ids)}", "browser_navigate", {"url": path}))


def _below(words: str, without: str = "--type=") -> set[int]:
    found = set()
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            line = " ".join(process.cmdline())
            if words in line and without not in line:
                found.add(process.pid)
    return found


@pytest.fixture
def pair(start_site: StartSite, profile: Make, options: Options, tmp_path: Path):
    @asynccontextmanager
    async def open_pair(together: bool) -> AsyncIterator[Pair]:
        own = profile(start_site().url)
        async with AsyncExitStack() as stack:
            playwright = await stack.enter_async_context(async_playwright())
            shared = None
            if together:
                shared = await share(playwright, options(person("ann"), own).browser_path, own, tmp_path)
                stack.push_async_callback(shared.close)
            changes = {"playwright": playwright, "shared": shared}
            before = _below("--remote-debugging-pipe")
            ann = await stack.enter_async_context(open_browser(options(person("ann"), own, **changes)))
            chromiums = _below("--remote-debugging-pipe") - (set() if together else before)
            bob = await stack.enter_async_context(open_browser(options(person("bob"), own, **changes)))
            await bob.page.evaluate("window.mark = 1")
            yield Pair(ann, bob, chromiums, shared)

    return open_pair


@pytest.mark.parametrize("together", [False, True])
async def test_a_page_that_crashes_is_its_own_roles_trouble(pair, together: bool) -> None:
    async with pair(together) as roles:
        with suppress(Error):
            await roles.ann.page.goto("chrome://crash", timeout=3_000)
        await roles.bob_works_on()
        await roles.ann_is_back()
        await _open(roles.bob, "/help")


@pytest.mark.parametrize("together", [False, True])
async def test_a_killed_server_is_its_own_roles_trouble(pair, together: bool) -> None:
    async with pair(together) as roles:
        # Each server works in its role's folder.
        mine = [pid for pid in _below(" mcp ") if Path(psutil.Process(pid).cwd()).name.startswith("ann-")]
        assert len(mine) == 1
        psutil.Process(mine[0]).kill()
        await roles.bob_works_on()
        await roles.ann_is_back()


async def test_a_killed_renderer_is_its_own_roles_trouble(pair) -> None:
    async with pair(together=False) as roles:
        (chromium,) = roles.chromiums
        for child in psutil.Process(chromium).children(recursive=True):
            with suppress(psutil.Error):
                if "--type=renderer" in child.cmdline():
                    child.kill()
        await roles.bob_works_on()
        await roles.ann_is_back()


async def test_a_killed_chromium_is_its_own_roles_trouble(pair) -> None:
    async with pair(together=False) as roles:
        (chromium,) = roles.chromiums
        psutil.Process(chromium).kill()
        await roles.bob_works_on()
        await roles.ann_is_back()


async def test_a_shared_chromium_that_ends_comes_back_once_for_all(pair) -> None:
    async with pair(together=True) as roles:
        for chromium in roles.chromiums:
            psutil.Process(chromium).kill()
        told = await asyncio.gather(_open(roles.ann, "/items"), _open(roles.bob, "/items"))
        assert all(result.status == "tool_error" and "session lost" in result.notice for result in told)
        pages = await asyncio.gather(_open(roles.ann, "/items"), _open(roles.bob, "/items"))
        assert "Hello ann" in pages[0].text and "Hello bob" in pages[1].text
        again = _below("--remote-debugging-pipe")
        assert len(again) == 1, "one for both"

        for chromium in again:
            psutil.Process(chromium).kill()
        told = await asyncio.gather(_open(roles.ann, "/items"), _open(roles.bob, "/items"))
        assert [result.status for result in told] == ["lost", "lost"]
        assert "the shared Chromium has ended twice" in told[0].told
