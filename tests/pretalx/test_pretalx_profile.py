"""The profile that ships for pretalx tells the truth: it has no mistakes, its people sign in as the explorer does, and
on the sound pretalx each may open what the capabilities name and is refused what only those of others name."""

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import async_playwright
from pretalx_site import ORGA, Site

from agent.charter import Role
from agent.coverage.access import Access
from agent.profiles.check import check_profile
from agent.profiles.load import load_profile
from agent.tools.chromium import launch, require_browser
from agent.tools.secrets import Secrets
from agent.tools.signin import sign_in
from bench.pretalx.faults import FAULTS

pytestmark = pytest.mark.timeout(900)
APPS = Path(__file__).parents[2] / "apps"
PROFILE = load_profile(APPS, "pretalx/local", {})
HARBOUR = "/orga/event/harbourconf"
BELOW = ("", "settings/", "cfp/text", "cfp/tracks/", "submissions/", "speakers/", "mails/outbox/", "schedule/rooms/")
PLACES = (
    *(f"{event}/{below}" for event in (ORGA, HARBOUR) for below in BELOW),
    *(f"{ORGA}/{below}" for below in ("reviews/", "reviews/assign/", "reviews/bulk/", "history/", "live")),
    *(f"{ORGA}/submissions/339QFP/{below}" for below in ("", "accept", "reject", "reviews/", "speakers/")),
    *("/orga/organiser/", "/orga/organiser/democonorg/teams/", "/orga/organiser/harbourconforg/teams/"),
    *("/orga/me", "/orga/event/", "/orga/event/new/"),
    *("/", "/democon/", "/democon/cfp", "/democon/schedule/", "/democon/talk/339QFP/", "/democon/speaker/"),
    *("/democon/me/submissions/", "/democon/me/", "/democon/me/mails/"),
)


def test_the_profile_has_no_mistakes_and_no_warnings() -> None:
    checked = check_profile(APPS, "pretalx/local", {})
    assert (checked.mistakes, checked.warnings) == ((), ())
    assert {role for fault in FAULTS.values() for role in fault.roles} == {role.name for role in PROFILE.roles}


@pytest.mark.parametrize("role", PROFILE.roles, ids=lambda role: role.name)
def test_a_role_is_let_in_and_kept_out_as_its_capabilities_say(role: Role, sites: Callable[[str], Site]) -> None:
    site, access = sites("none"), Access(role.name, PROFILE.roles)
    tried, wrong = Counter[str](), list[str]()
    client = (site.person(dict(role.sign_in.fields)["login_email"]) if role.sign_in else site.visitor()).client
    for path in PLACES:
        standing = access.verdict("GET", path).standing
        if standing != "undeclared":
            answer = client.get(path)
            refused = answer.status_code == 404 or "/login" in answer.url.path
            wrong += [f"{path} answers {answer.status_code} {answer.url}"] * (refused != (standing == "foreign"))
            tried[standing] += 1
    assert wrong == []
    assert tried["granted"] >= 5 and tried["foreign"] >= 5


async def test_every_role_signs_in_by_its_form(sites: Callable[[str], Site]) -> None:
    site = sites("none")
    secrets = Secrets(dict(PROFILE.secrets), {site.url})
    async with async_playwright() as playwright:
        browser = await launch(playwright, require_browser(os.environ), hosts=("127.0.0.1",))
        for role in PROFILE.roles:
            page = await (await browser.new_context()).new_page()
            await sign_in(page, role, site.url, secrets)
            await page.goto(site.url + role.start)
            assert page.url == site.url + role.start
        await browser.close()
