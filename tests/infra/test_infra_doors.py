"""Before a run begins: all roles are signed in, two at a time, and who is not is named."""

import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from infra_scene import StartSite, person

from agent.charter import Profile, Resilience, Role
from agent.preflight import Doors
from agent.tools.mcp import Gone, Hung
from agent.tools.seat import BrowserOptions
from agent.tools.signin import SignInFailed

Make = Callable[..., Profile]
Options = Callable[..., BrowserOptions]


async def test_all_roles_are_let_in_before_any_begins(start_site: StartSite, profile: Make, options: Options) -> None:
    site = start_site()
    own = profile(site.url)
    roles = [person("ann"), person("bob"), person("cid"), Role("guest", None, start="/sign-in")]
    async with Doors() as doors:
        await doors.open([options(role, own) for role in roles])
        assert doors.refused == ""
        async with doors.enter("bob") as browser:
            assert "Hello bob" in (await browser.view()).snapshot
            chromium = browser.context.browser
        assert chromium is not None and not chromium.is_connected(), "a role that is over frees its browser"
        async with doors.enter("guest") as browser:
            assert (await browser.view()).url == f"{site.url}/sign-in"


async def test_everybody_who_cannot_sign_in_is_named_with_what_to_do(
    start_site: StartSite, profile: Make, options: Options
) -> None:
    site = start_site()
    good, bad = profile(site.url), profile(site.url, secrets=(("PASSWORD", "not-the-word"),))
    async with Doors() as doors:
        await doors.open([options(person("ann"), good), options(person("eve"), bad), options(person("mal"), bad)])
        assert doors.refused == " ".join(
            f'{name} could not sign in: the page stayed at /sign-in; the page says "Wrong password.". '
            f"Correct the sign_in of {name} in roles.json, its secret, or the account in the application."
            for name in ("eve", "mal")
        )
        with pytest.raises(SignInFailed):
            async with doors.enter("eve"):
                pass
        async with doors.enter("ann") as browser:
            assert "Hello ann" in (await browser.view()).snapshot
        chromium = browser.context.browser
    assert chromium is not None and not chromium.is_connected()


async def test_a_browser_that_does_not_start_is_its_own_roles_trouble(
    start_site: StartSite, profile: Make, options: Options
) -> None:
    site = start_site()
    own = profile(site.url)
    broken = options(person("bob"), own, folder=options(person("ann"), own).folder / "x")
    broken.folder.mkdir(parents=True)
    (broken.folder / "server.log").mkdir()
    async with Doors() as doors:
        await doors.open([options(person("ann"), own)])
        assert doors.refused == ""
        doors._trouble["bob"] = Gone("the server has ended")
        assert doors.refused == "", "only a sign-in is the profile's fault"
        with pytest.raises(Gone):
            async with doors.enter("bob"):
                pass
        async with doors.enter("ann"):
            pass


async def test_a_start_page_that_hangs_is_its_own_roles_trouble(
    start_site: StartSite, profile: Make, options: Options
) -> None:
    site = start_site()
    own = profile(site.url)
    patient = replace(own, resilience=Resilience(hang=2.0))
    async with Doors() as doors:
        await doors.open([options(Role("guest", None, start="/hang"), patient), options(person("ann"), own)])
        assert doors.refused == "", "only a sign-in is the profile's fault"
        with pytest.raises(Hung):
            async with doors.enter("guest"):
                pass
        async with doors.enter("ann") as browser:
            assert "Hello ann" in (await browser.view()).snapshot


@pytest.mark.parametrize("start", ["/hang", "/stuck"])
async def test_a_start_page_that_freezes_ends_its_role_soon_with_the_pages_name(
    start_site: StartSite, profile: Make, options: Options, start: str
) -> None:
    own = profile(start_site().url)
    async with Doors() as doors:
        began = time.monotonic()
        await doors.open([options(person("ann", start=start), own)])
        assert time.monotonic() - began < 50, "a page is given 30 s to load"
        with pytest.raises(Hung, match=f"the start page {start} does not come to rest .*a script of it may never end"):
            async with doors.enter("ann"):
                pass


@pytest.mark.parametrize("path", ["/hang", "/stuck"])
async def test_a_sign_in_page_that_freezes_is_told_soon_as_what_stands_in_the_way(
    start_site: StartSite, profile: Make, options: Options, path: str
) -> None:
    own, ann = profile(start_site().url), person("ann")
    assert ann.sign_in is not None
    async with Doors() as doors:
        began = time.monotonic()
        await doors.open([options(replace(ann, sign_in=replace(ann.sign_in, path=path)), own)])
        assert time.monotonic() - began < 50
        assert doors.refused.startswith(f"ann could not sign in at {path}: ")
