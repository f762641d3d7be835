"""Performs one step of a reproduction on a page, with Playwright and without healing: it works or it says why not."""

import asyncio
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from playwright.async_api import Dialog, Error, Locator, Page

from agent import routes
from agent.evidence import locators
from agent.evidence.finding import Step
from agent.tools import page_request
from agent.tools.aim import click_where_it_is, keeps_moving
from agent.tools.page_request import Asker
from agent.tools.scroll import Direction, scroll
from agent.tools.secrets import SecretRefused, Secrets

FIND_SECONDS = 3.0
POLL = 0.05
ACTION_MS = 3_000
PAGE_MS = 15_000
_COVERED = re.compile(r"(<.*>)(?: from .* subtree)? intercepts pointer events")
_DOWNLOAD = "Download is starting"
_IS_LINK = "e => !!e.closest('a[href], area[href]')"


class StepFailed(Exception):
    """The step could not be run. `str(error)` is one sentence."""


@dataclass  # without slots: Playwright keeps its wrapper of a bound handler on the object
class Answers:
    """How the dialogs that come up next are answered; accepted when nothing was recorded."""

    queue: list[str] = field(default_factory=list)

    async def give(self, dialog: Dialog) -> None:
        value = self.queue.pop(0) if self.queue and dialog.type != "beforeunload" else "accept"
        try:
            if value == "dismiss":
                await dialog.dismiss()
            else:
                await dialog.accept(value.partition(":")[2])
        except Error:
            return  # the page closed the dialog by going away


@dataclass(frozen=True, slots=True)
class Performed:
    """`clicked_link`: the step was a click on a link. Of a goto: `status`, and `astray`, what is wrong with where it
    ended (empty when all is well)."""

    clicked_link: bool = False
    status: int = 0
    astray: str = ""


async def perform(page: Page, step: Step, origin: str, secrets: Secrets, asker: Asker) -> Performed:
    """Runs `step`; a request is made in the name of `asker`. Raises StepFailed when the element is missing, covered or
    does not take the action."""
    try:
        match step.action:
            case "goto":
                return await _goto(page, step, origin)
            case "request":
                method, _, path = step.value.partition(" ")
                await page_request.request(page, method, origin + path, asker)
            case "back":
                await page.go_back(wait_until="domcontentloaded", timeout=PAGE_MS)
            case "reload":
                await page.reload(wait_until="domcontentloaded", timeout=PAGE_MS)
            case "dialog":
                pass  # answered by the handler while the step before ran
            case "scroll" if not step.locators:
                await scroll(page, None, *_turn(step.value))
            case "press" if not step.locators:
                await page.keyboard.press(step.value)
            case _:
                return await _act(page, step, secrets.resolve(step.value, routes.origin(page.url)))
    except (Error, SecretRefused, page_request.Unanswered) as error:
        raise StepFailed(f"{_words(step)} failed: {_reason(error)}") from None
    return Performed()


async def _goto(page: Page, step: Step, origin: str) -> Performed:
    try:
        response = await page.goto(origin + step.value, wait_until="domcontentloaded", timeout=PAGE_MS)
    except Error as error:
        if _DOWNLOAD in str(error):
            return Performed()  # the page stays as it is, for explorers too
        raise
    status = response.status if response is not None else 0
    if status >= 400:
        return Performed(status=status, astray=f"{step.value} answered {status}.")
    wanted, here = step.lands or routes.template(step.value), routes.template(page.url)
    if here != wanted or not routes.same_origin(page.url, origin):
        return Performed(status=status, astray=f"Opening {step.value} led to {here}, not to {wanted}.")
    return Performed(status=status)


async def _act(page: Page, step: Step, value: str) -> Performed:
    element = await _find(page, step)
    match step.action:
        case "click":
            is_link = bool(await element.evaluate(_IS_LINK, timeout=ACTION_MS))
            await _click(page, element, double=False)
            return Performed(clicked_link=is_link)
        case "double_click":
            await _click(page, element, double=True)
        case "fill":
            await element.fill(value, timeout=ACTION_MS)
        case "select":
            await element.select_option(value, timeout=ACTION_MS)
        case "check":
            await element.set_checked(value == "true", timeout=ACTION_MS)
        case "scroll":
            await scroll(page, element, *_turn(value))
        case "press":
            await element.press(value, timeout=ACTION_MS)
    return Performed()


async def _click(page: Page, element: Locator, *, double: bool) -> None:
    """An element that never stands still is clicked where it is, by the same rules as in a session."""
    try:
        await (element.dblclick if double else element.click)(timeout=ACTION_MS)
    except Error as error:
        if not keeps_moving(str(error)) or await click_where_it_is(page, element, double=double) != "hit":
            raise


def _turn(value: str) -> tuple[Direction, int]:
    direction, _, screens = value.partition(" ")
    return ("up" if direction == "up" else "down" if direction else ""), int(screens or 1)


async def _find(page: Page, step: Step) -> Locator:
    """The first candidate that names exactly one visible element, waited for up to 3 s."""
    try:
        found = [locators.resolve(page, code).filter(visible=True) for code in step.locators]
    except locators.LocatorRefused as error:
        raise StepFailed(f"{_words(step)} failed: {error}") from None
    deadline = time.monotonic() + FIND_SECONDS
    while found:
        counts = [await candidate.count() for candidate in found]
        if 1 in counts:
            return found[counts.index(1)]
        if time.monotonic() >= deadline:
            raise StepFailed(f"{_words(step)} failed: {_missing(counts)} on {routes.template(page.url)}.")
        await asyncio.sleep(POLL)
    raise StepFailed(f"{_words(step)} failed: the step names no element.")


def _missing(counts: Sequence[int]) -> str:
    most = max(counts)
    return f"its locators match {most} visible elements" if most else "no visible element matches"


def _words(step: Step) -> str:
    return f"`{step.words or step.action}`"


def _reason(error: Exception) -> str:
    text = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", str(error))
    covered = _COVERED.search(text)
    return f"{covered[1][:120]} covers the element." if covered else text.split("\n")[0][:200]
