"""A server that dies under a role, seen through the real browser: how many calls it takes, what it is told."""

import itertools
from collections.abc import Callable

import pytest
from infra_scene import StartSite, person

from agent.charter import Profile
from agent.circuit import AWAY, Breaker
from agent.stopping import StopReason
from agent.tools.browser import BrowserSurface, open_browser
from agent.tools.seat import BrowserOptions
from agent.tools.surface import ToolCall, ToolResult

Make = Callable[..., Profile]
Options = Callable[..., BrowserOptions]
_ids = itertools.count(1)


async def _open(surface: BrowserSurface, path: str) -> ToolResult:
    return await surface.call(ToolCall(f"c{next(_ids)}", "browser_navigate", {"url": path}))


async def test_a_killed_server_ends_a_role_after_one_call(
    start_site: StartSite, profile: Make, options: Options
) -> None:
    site = start_site()
    own = profile(site.url)
    breaker = Breaker(own)
    async with open_browser(options(person("ann"), own)) as browser:
        assert breaker.hear(await _open(browser, "/items")) == ""
        site.kill()
        assert breaker.hear(await _open(browser, "/help")) == AWAY
        found = await breaker.settle()
    assert found.stop is not None and found.stop.reason == StopReason.TARGET_DOWN
    assert "1 call (/help) and " in found.sentence


async def test_a_dead_app_behind_a_gateway_ends_a_role_after_one_call(
    start_site: StartSite, profile: Make, options: Options
) -> None:
    site = start_site()
    own = profile(site.url)
    breaker = Breaker(own)
    async with open_browser(options(person("ann"), own)) as browser:
        assert breaker.hear(await _open(browser, "/busy")) == AWAY
        assert (await breaker.settle()).outcome == "" and breaker.reason == "", "one page's own trouble"
        site.post("/__away", b"away=yes")
        assert breaker.hear(await _open(browser, "/help")) == AWAY
        found = await breaker.settle()
    assert found.stop is not None and found.stop.reason == StopReason.TARGET_DOWN


async def test_a_page_whose_fetches_fail_tells_before_anything_is_opened(
    start_site: StartSite, profile: Make, options: Options
) -> None:
    site = start_site()
    own = profile(site.url)
    breaker = Breaker(own)
    async with open_browser(options(person("ann"), own)) as browser:
        assert breaker.hear(await _open(browser, "/poll")) == AWAY, "its fetch has no answer"
        for _ in range(own.resilience.connection_failures - 1):
            assert (await breaker.settle()).outcome == ""
            breaker.hear(await _open(browser, "/poll"))
        found = await breaker.settle()
        assert (found.outcome, found.route) == ("route_down", "/drop")
        assert breaker.hear(await _open(browser, "/poll")) == ""

        site.kill()
        for _ in range(3):
            heard = breaker.hear(await browser.call(ToolCall(f"c{next(_ids)}", "browser_snapshot", {})))
            assert heard == "", "what fails at a route that is known to be gone says nothing new"
        assert breaker.hear(await _open(browser, "/items")) == AWAY
        assert (await breaker.settle()).outcome == "app_down"


@pytest.mark.timeout(400)
async def test_a_server_that_answers_after_20_seconds_is_not_called_down(
    start_site: StartSite, profile: Make, options: Options
) -> None:
    site = start_site()
    own = profile(site.url)
    breaker = Breaker(own)
    async with open_browser(options(person("ann"), own)) as browser:
        await _open(browser, "/items")
        site.post("/__slow", b"seconds=20")
        found = None
        for number in range(own.resilience.connection_failures):
            breaker.hear(await _open(browser, f"/page{number}"))
            found = await breaker.settle()
            assert found.outcome in ("", "slow")
            if found.outcome:
                break
        assert found is not None and found.stop is None
