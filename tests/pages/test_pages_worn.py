"""A context that has opened many documents is replaced where a page loses nothing by it, and kept where it would."""

import asyncio
from typing import Any

import pytest
from pages_site import Site
from pages_world import Driver, member

from agent.tools.browser_return import MOVED
from agent.tools.seat import WORN

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def wear(driver: Driver) -> Any:
    """The context in which so many documents were opened, in a window beside the role's page."""
    page = driver.surface.page
    window = await page.context.new_page()
    for number in range(WORN):
        await window.goto(f"{page.url.rpartition('/')[0]}/more?{number}")
    await window.close()
    return driver.surface.context


async def test_a_worn_context_is_replaced_on_the_same_page_signed_in(opened) -> None:
    async with opened(member("ann")) as driver:
        await driver.open("/private")
        await driver.surface.page.evaluate("localStorage.setItem('theme', 'dark')")
        worn, document = await wear(driver), driver.surface.watch.document
        view = await driver.surface.reopened()
        assert driver.surface.context is not worn and driver.surface.watch.opened < WORN
        assert view.url.endswith("/private") and "Hello ann" in view.snapshot
        assert view.document > document
        assert await driver.surface.page.evaluate("localStorage.getItem('theme')") == "dark"
        assert driver.surface.entrances() == ("form",), "a role that was signed in all the time did not sign in again"
        clicked = await driver.click("Password")
        assert "Change password" in clicked.text and not clicked.notice, clicked.told


async def test_what_a_page_says_while_it_is_opened_once_more_is_no_news(visitor: Driver) -> None:
    await visitor.open("/report")
    worn = await wear(visitor)
    await visitor.do("snapshot")
    await visitor.surface.reopened()
    assert visitor.surface.context is not worn
    assert not (await visitor.do("snapshot")).signals


async def test_a_context_that_is_not_worn_is_kept(visitor: Driver) -> None:
    await visitor.open("/plain")
    kept = visitor.surface.context
    await visitor.surface.reopened()
    assert visitor.surface.context is kept


async def test_what_was_said_before_and_not_told_yet_is_told(visitor: Driver) -> None:
    await visitor.open("/plain")
    await wear(visitor)
    await visitor.surface.page.evaluate("setTimeout(() => missing(), 50)")
    await asyncio.sleep(0.5)
    await visitor.surface.reopened()
    signals = (await visitor.do("snapshot")).signals
    assert [signal.kind for signal in signals if signal.kind == "pageerror"] == ["pageerror"]


async def test_a_page_that_fails_when_it_is_opened_once_more_is_news(visitor: Driver) -> None:
    await visitor.open("/tired")
    await wear(visitor)
    assert "Tired" in (await visitor.surface.reopened()).snapshot
    result = await visitor.do("snapshot")
    assert any(signal.status == 500 for signal in result.signals), result.signals


async def test_who_goes_back_in_a_fresh_context_comes_to_the_start_page(opened) -> None:
    async with opened(member("ann")) as driver:
        await driver.open("/plain")
        worn = await wear(driver)
        await driver.surface.reopened()
        assert driver.surface.context is not worn
        assert "Hello ann" in (await driver.do("navigate_back")).text


async def test_the_way_of_asking_that_a_page_showed_is_kept(visitor: Driver) -> None:
    await visitor.open("/plain")
    await visitor.surface.page.evaluate("fetch('/more', {headers: {Authorization: 'Bearer otter'}})")
    await wear(visitor)
    await visitor.surface.reopened()
    assert dict(visitor.surface._foreign.proofs) == {"authorization": "Bearer otter"}


@pytest.mark.parametrize("what", ["typed", "shown", "window", "sent", "renamed", "redirected"])
async def test_a_page_that_would_lose_something_is_kept(site: Site, visitor: Driver, what: str) -> None:
    match what:
        case "typed":
            await visitor.open("/inner")
            view = await visitor.surface.view()
            ref = next(line for line in view.snapshot.splitlines() if "textbox" in line).split("[ref=")[1].split("]")[0]
            await visitor.do("type", target=ref, text="otter")
        case "shown":
            await visitor.open("/app")
            await visitor.click("Bookings")
        case "window":
            await visitor.open("/plain")
            await visitor.surface.page.evaluate("sessionStorage.setItem('step', '2')")
        case "renamed":
            await visitor.open("/renamed")
        case "redirected":
            site.sessions["s"] = "ann"
            await visitor.surface.context.add_cookies([{"name": "sid", "value": "s", "url": site.url}])
            await visitor.open("/flash")
        case _:
            await visitor.open("/password")
            await visitor.click("Change")
    kept = await wear(visitor)
    seen = await visitor.surface.view()
    assert (await visitor.surface.reopened()).document == seen.document
    assert visitor.surface.context is kept


async def test_a_sign_in_that_ended_meanwhile_is_made_again(site, opened) -> None:
    async with opened(member("ann")) as driver:
        await driver.open("/private")
        await wear(driver)
        driver.surface.entrances()
        site.sessions.clear()
        view = await driver.surface.reopened()
        assert view.url.endswith("/home") and "Hello ann" in view.snapshot
        assert driver.surface.entrances() == ("form",)
        assert MOVED in (await driver.do("snapshot")).notice
