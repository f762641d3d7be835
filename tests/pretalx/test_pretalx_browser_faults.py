"""Faults that only a browser meets: a script that throws and a button that does nothing."""

import os
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from pretalx_site import ORGA, ORGANISER, PASSWORD, Site

from agent.tools.chromium import require_browser

pytestmark = pytest.mark.timeout(900)
FLAGS = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=require_browser(os.environ), args=FLAGS)
        yield running
        running.close()


def opened(browser: Browser, site: Site) -> tuple[Page, list[str]]:
    """A page, and the exceptions that nobody caught on it."""
    page = browser.new_context(base_url=site.url).new_page()
    page.set_default_timeout(60_000)
    thrown: list[str] = []
    page.on("pageerror", lambda error: thrown.append(str(error)))
    return page, thrown


@pytest.mark.parametrize(("build", "throws"), [("all", True), ("none", False)])
def test_the_script_of_a_session_throws(
    build: str, throws: bool, browser: Browser, sites: Callable[[str], Site]
) -> None:
    page, thrown = opened(browser, sites(build))
    page.goto("/democon/schedule/")
    page.goto("/democon/talk/339QFP/")
    assert ["Cannot set properties of null" in text for text in thrown] == [True] * throws, thrown


@pytest.mark.parametrize(("build", "dead"), [("all", True), ("none", False)])
def test_mark_as_arrived_does_nothing(build: str, dead: bool, browser: Browser, sites: Callable[[str], Site]) -> None:
    page, _ = opened(browser, sites(build))
    page.goto("/orga/login/")
    page.locator("[name=login_email]").fill(ORGANISER)
    page.locator("[name=login_password]").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/orga/event/")
    page.goto(f"{ORGA}/speakers/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.method))
    page.get_by_role("button", name="Mark speaker as arrived").first.click()
    page.wait_for_load_state()
    assert ("POST" not in asked) == dead
