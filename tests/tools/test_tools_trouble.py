"""What a session meets on bad days: overlays, hanging pages, killed servers, echoed secrets, read-only targets."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from playwright.async_api import Playwright
from small_site import PASSWORD, Site, echo
from tools_world import VISITOR, Driver, element, eventually, member, profile

from agent.charter import Role, SignIn
from agent.tools.browser import open_browser
from agent.tools.playwright_server import share
from agent.tools.seat import BrowserOptions
from agent.tools.signin import SignInFailed

pytestmark = pytest.mark.asyncio(loop_scope="session")

Opener = Callable[..., AbstractAsyncContextManager[Driver]]


@pytest.fixture
def opened(site: Site, browser_path: Path, playwright: Playwright, tmp_path: Path) -> Opener:
    @asynccontextmanager
    async def open_for(role: Role, **changes: Any) -> AsyncIterator[Driver]:
        options = BrowserOptions(role, profile(site, tmp_path, **changes), browser_path, tmp_path, playwright)
        async with open_browser(options) as surface:
            yield Driver(surface)

    return open_for


async def test_a_cookie_banner_is_closed_by_its_safest_button_and_the_click_repeated(driver: Driver) -> None:
    await driver.open("/banner")
    result = await driver.click("Buy now")
    assert result.status == "ok" and "bought" in result.text
    assert [(item.what, item.how, item.overcome) for item in result.recoveries] == [
        ('dialog "Cookie consent" (external overlay)', 'clicked button "Reject"', True)
    ]
    assert result.recoveries[0].target is not None
    assert result.recoveries[0].target.locator == 'get_by_role("button", name="Reject")'
    assert "cookies none" in await driver.surface.page.title()


async def test_a_click_that_led_to_a_slow_page_is_no_error(driver: Driver) -> None:
    await driver.open("/footer")
    result = await driver.click("Slow page")
    assert (result.status, result.recoveries) == ("ok", ())
    assert "At last" in result.text and "Error" not in result.text
    assert result.after is not None and result.after.url.endswith("/late")


async def test_a_dialog_that_the_last_action_opened_is_left_alone(driver: Driver) -> None:
    page = await driver.open("/modal")
    behind = element(page.after, "Behind").ref
    assert "Settings" in (await driver.click("Open settings")).text
    result = await driver.do("click", target=behind)
    assert result.status == "tool_error" and 'blocked by dialog "Settings"' in result.text
    assert [item.overcome for item in result.recoveries] == [False]
    assert "the last action opened it" in result.recoveries[0].how
    assert await driver.surface.page.get_by_role("dialog").is_visible()


async def test_a_wall_without_a_way_out_is_tried_twice_and_no_more(driver: Driver) -> None:
    page = await driver.open("/stubborn")
    ref = element(page.after, "Go on").ref
    first = await driver.do("click", target=ref)
    assert first.status == "tool_error" and "blocked by div#wall" in first.text
    assert [item.trapped for item in first.recoveries] == [True] and "pressed Escape" in first.recoveries[0].how
    assert (await driver.do("click", target=ref)).recoveries == ()


async def test_a_signed_in_page_that_hangs_is_replaced_and_said_so(opened: Opener, site: Site) -> None:
    async with opened(member("ann")) as driver:
        assert driver.surface.page.url == f"{site.url}/me"
        await driver.open("/hang")
        result = await driver.click("Spin")
        assert result.status == "tool_error" and "The page hung" in result.notice and "session lost" in result.notice
        assert "Hello ann" in result.text
        assert result.after is not None and "Hello ann" in result.after.snapshot
        assert result.before is not None and result.after.document > result.before.document
        assert (await driver.open("/form")).status == "ok"


async def test_a_killed_server_is_started_again_and_the_role_signed_in_again(opened: Opener) -> None:
    async with opened(member("bob")) as driver:
        await driver.open("/form")
        assert _kill(" mcp ") == 1
        result = await driver.open("/list")
        assert result.status == "tool_error" and "session lost" in result.notice and "Hello bob" in result.text
        assert "Title: List" in (await driver.open("/list")).text


async def test_a_killed_browser_is_started_again(opened: Opener) -> None:
    async with opened(member("cid")) as driver:
        assert _kill("--remote-debugging-pipe") >= 1
        browser = driver.surface.context.browser
        assert browser is not None
        await eventually(lambda: not browser.is_connected())
        result = await driver.open("/list")
        assert result.status == "tool_error" and "session lost" in result.notice and "Hello cid" in result.text


async def test_two_roles_at_once_do_not_see_each_other(opened: Opener) -> None:
    async with opened(member("ann")) as ann, opened(member("bob")) as bob:
        pages = await asyncio.gather(ann.open("/me"), bob.open("/me"))
        assert "Hello ann" in pages[0].text and "Hello bob" in pages[1].text


async def test_two_roles_share_one_browser_and_still_do_not_see_each_other(
    site: Site, browser_path: Path, playwright: Playwright, tmp_path: Path
) -> None:
    own = profile(site, tmp_path, shared_browser=True)
    shared = await share(playwright, browser_path, own, tmp_path)

    def options(name: str) -> BrowserOptions:
        return BrowserOptions(member(name), own, browser_path, tmp_path, playwright, shared)

    async with open_browser(options("ann")) as ann, open_browser(options("bob")) as bob:
        pages = await asyncio.gather(Driver(ann).open("/me"), Driver(bob).open("/me"))
        assert "Hello ann" in pages[0].text and "Hello bob" in pages[1].text
        assert ann.context is not bob.context
    assert shared.current.browser.is_connected()
    await shared.close()


async def test_a_secret_is_typed_and_never_shown(opened: Opener, site: Site) -> None:
    async with opened(VISITOR) as driver:
        page = await driver.open("/login")
        assert "Password" in page.text
        await driver.do("type", target=element(page.after, "User").ref, text="eve")
        typed = await driver.do("type", target=element(page.after, "Password").ref, text="{{secret:PASSWORD}}")
        assert "{{secret:PASSWORD}}" in typed.text
        signed_in = await driver.click("Sign in")
        assert "Hello eve" in signed_in.text
        echoed = await driver.open("/echo")
        for result in (typed, signed_in, echoed):
            assert not any(form in str(result) for form in (PASSWORD, "czNjcmV0", "s3cret"))
        assert PASSWORD.replace("&", "&amp;") not in echo() and echoed.text.count("{{secret:PASSWORD}}") == 2


async def test_an_unknown_secret_is_refused(driver: Driver) -> None:
    page = await driver.open("/form")
    result = await driver.do("type", target=element(page.after, "Name").ref, text="{{secret:ROOT}}")
    assert result.status == "denied" and "no secret named ROOT" in result.notice


async def test_a_wrong_password_ends_in_one_masked_sentence(opened: Opener) -> None:
    role = Role("eve", SignIn("/login", (("User", "eve"), ("Password", "{{secret:PASSWORD}}")), "Sign in"))
    with pytest.raises(SignInFailed) as caught:
        async with opened(role, secrets=(("PASSWORD", "wrong-one"),)):
            pass
    assert str(caught.value) == (
        'eve could not sign in: the page stayed at /login; the page says "Wrong password: {{secret:PASSWORD}}".'
    )


async def test_production_is_read_only_for_the_model_and_on_the_wire(opened: Opener, site: Site) -> None:
    async with opened(member("ann"), environment="production") as driver:
        assert driver.surface.page.url == f"{site.url}/me"
        page = await driver.open("/form")
        denied = [
            await driver.do("click", target=element(page.after, "Save").ref),
            await driver.do("type", target=element(page.after, "Name").ref, text="x", submit=True),
            await driver.do("press_key", key="Enter"),
        ]
        assert [result.status for result in denied] == ["denied"] * 3 and all(
            "read-only" in item.notice for item in denied
        )
        assert not any("Save" in item.told for item in denied), "what an element is called is the page's word"
        await driver.open("/ajax")
        seen = len(site.requests)
        result = await driver.click("Refresh")
        assert result.status == "ok" and "blocked" in result.text
        assert "were stopped: this target is read-only" in result.notice
        assert not any(request.startswith("POST") for request in site.requests[seen:])
        assert result.signals == ()


def _kill(word: str) -> int:
    """Kills the youngest process below this one whose command line holds the word."""
    below = psutil.Process().children(recursive=True)
    lines = {process: " ".join(process.cmdline()) for process in below}
    # Not the browser's own children, which repeat its flags.
    found = [process for process, line in lines.items() if word in line and "--type=" not in line]
    for process in sorted(found, key=lambda process: process.create_time())[-1:]:
        process.kill()
        process.wait(5)
    return min(len(found), 1)
