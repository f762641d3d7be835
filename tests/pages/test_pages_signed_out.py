"""Signed out by a click, by the server, or by choice: noticed, shown first, and mended with a later call."""

import pytest
from pages_site import Site
from pages_world import VISITOR, element, member

from agent.tools.browser_signed import AS_NOBODY, IN_A_ROW

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_who_signs_out_by_choice_sees_the_page_and_has_calls_as_nobody(opened, site: Site) -> None:
    async with opened(member("ann")) as driver:
        await driver.open("/private")
        out = await driver.click("Log out")
        assert out.status == "ok" and "Goodbye" in out.text and "You signed out" in out.notice
        assert driver.surface.signed_out
        guarded = await driver.open("/private")
        assert guarded.after is not None and guarded.after.url == f"{site.url}/login"
        for _ in range(AS_NOBODY - 1):
            assert "Goodbye" in (await driver.open("/bye")).text
        again = await driver.open("/private")
        assert "Hello ann" in again.text and "You were signed out; signed in again" in again.notice
        assert [(item.what, item.how, item.overcome) for item in again.recoveries] == [
            ('signed out by link "Log out"', "signed in again", True)
        ]
        assert not driver.surface.signed_out


async def test_who_signs_in_again_by_hand_is_left_alone(opened) -> None:
    async with opened(member("ann")) as driver:
        await driver.click("Log out")
        page = await driver.open("/login")
        await driver.do("type", target=element(page.after, "User").ref, text="ann")
        typed = await driver.surface.view()
        secret = {"target": element(typed, "Password").ref, "text": "{{secret:PASSWORD}}", "submit": True}
        entered = await driver.do("type", **secret)
        assert "Hello ann" in entered.text and not driver.surface.signed_out
        assert (await driver.open("/private")).recoveries == ()


async def test_a_session_that_the_server_ends_is_noticed_and_mended_with_the_next_call(opened, site: Site) -> None:
    async with opened(member("bob")) as driver:
        dropped = await driver.click("Next month")
        assert "Sign in" in dropped.text and "You are signed out now" in dropped.notice
        stale = await driver.do("click", target=element(dropped.after, "Sign in").ref)
        assert stale.status == "tool_error" and "signed in again" in stale.notice and "Hello bob" in stale.text
        assert (await driver.open("/private")).status == "ok"


async def test_the_session_can_be_mended_at_once(opened, site: Site) -> None:
    async with opened(member("ann")) as driver:
        await driver.click("Log out")
        assert driver.surface.signed_out and await driver.surface.sign_in_again()
        assert not driver.surface.signed_out and not await driver.surface.sign_in_again()
        told = await driver.open("/private")
        assert "signed in again" in told.notice and [item.how for item in told.recoveries] == ["signed in again"]


async def test_what_only_looks_like_it_is_no_sign_out(opened, site: Site) -> None:
    async with opened(member("ann")) as driver:
        for name in ("Flash", "Password"):
            result = await driver.click(name)
            assert result.notice == "" and not driver.surface.signed_out, name
            await driver.open("/private")
        looked = await driver.click("Sign-in page")
        assert looked.notice == "" and not driver.surface.signed_out, "a role may look at the sign-in page"
    async with opened(VISITOR) as driver:
        assert (await driver.open("/private")).notice == ""


async def test_a_session_that_never_lasts_ends_the_role_with_a_reason(opened, site: Site) -> None:
    async with opened(member("ann")) as driver:
        result = await driver.click("Next month")
        for _ in range(IN_A_ROW):
            result = await driver.open("/drop")
            assert result.status == "ok", result.told
        result = await driver.open("/drop")
        assert result.status == "lost" and f"Signed out {IN_A_ROW} times in a row" in result.text
        assert driver.surface.sign_in_failed == result.text


async def test_a_read_only_role_is_signed_in_again_and_stays_read_only(opened, site: Site) -> None:
    async with opened(member("ann"), environment="production") as driver:
        await driver.click("Next month")
        assert "Hello ann" in (await driver.open("/private")).text
        seen = len(site.requests)
        await driver.surface.page.evaluate("fetch('/api/x', {method: 'POST'}).catch(() => {})")
        assert not any(request.startswith("POST") for request in site.requests[seen:])
