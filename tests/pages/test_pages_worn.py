"""A context that has carried many requests is replaced where a page loses nothing by it, and kept where it would."""

from typing import Any

import pytest
from pages_world import Driver, member

from agent.tools.seat import WORN

pytestmark = pytest.mark.asyncio(loop_scope="session")
ASK_OFTEN = "often => Promise.all(Array.from({length: often}, (_, i) => fetch('/more?' + i)))"


async def wear(driver: Driver, often: int = WORN) -> Any:
    """The context in which so many requests were made."""
    await driver.surface.page.evaluate(ASK_OFTEN, often)
    return driver.surface.context


async def test_a_worn_context_is_replaced_on_the_same_page_signed_in(opened) -> None:
    async with opened(member("ann")) as driver:
        await driver.open("/private")
        await driver.surface.page.evaluate("localStorage.setItem('theme', 'dark')")
        worn, document = await wear(driver), driver.surface.watch.document
        view = await driver.surface.reopened()
        assert driver.surface.context is not worn and driver.surface.watch.requests < WORN
        assert view.url.endswith("/private") and "Hello ann" in view.snapshot
        assert view.document > document
        assert await driver.surface.page.evaluate("localStorage.getItem('theme')") == "dark"
        assert driver.surface.entrances() == ("form",), "a role that was signed in all the time did not sign in again"
        clicked = await driver.click("Password")
        assert "Change password" in clicked.text and not clicked.notice, clicked.told


async def test_what_a_page_says_while_it_is_opened_once_more_is_no_news(visitor: Driver) -> None:
    await visitor.open("/report")
    worn = await wear(visitor)
    await visitor.surface.reopened()
    assert visitor.surface.context is not worn
    assert not (await visitor.do("snapshot")).signals


async def test_a_context_that_is_not_worn_is_kept(visitor: Driver) -> None:
    await visitor.open("/plain")
    kept = visitor.surface.context
    await visitor.surface.reopened()
    assert visitor.surface.context is kept


@pytest.mark.parametrize("what", ["typed", "shown", "window", "sent"])
async def test_a_page_that_would_lose_something_is_kept(visitor: Driver, what: str) -> None:
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
