"""The browser side of one replay: a fresh context for each role, signed in, heard, and closed whatever happens."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from playwright.async_api import Browser, BrowserContext, Error, Page

from agent import routes
from agent.charter import Role
from agent.coverage.access import Access
from agent.evidence import oracles
from agent.evidence.perform import PAGE_MS, Answers
from agent.tools.foreign import ForeignAnswers
from agent.tools.secrets import Secrets
from agent.tools.signin import sign_in
from agent.tools.surface import Signal
from agent.tools.watch import Watch

RETRY_SECONDS = 2.5
CLOSE_SECONDS = 5.0
# A page asks again for what it reads, and for anything that was only away for a moment.
_PASSING = ("502", "503", "504")


@dataclass(frozen=True, slots=True)
class Seat:
    """One role's page in its own context."""

    role: Role
    page: Page
    watch: Watch
    answers: Answers
    foreign: ForeignAnswers


@dataclass(frozen=True, slots=True)
class Cast:
    """The roles of the profile and what they sign in with."""

    roles: tuple[Role, ...]
    secrets: Secrets


class Stage:
    """An async context manager. `origin` is the instance replayed on, `origins` all that count as the app's own."""

    def __init__(self, browser: Browser, origin: str, origins: frozenset[str], cast: Cast) -> None:
        self.browser = browser
        self.origin = origin
        self.origins = origins
        self.secrets = cast.secrets
        self.roles = cast.roles
        self.seats: dict[str, Seat] = {}
        self._contexts: list[BrowserContext] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        for context in self._contexts:
            with suppress(Error, TimeoutError):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await context.close()

    async def seat(self, role: Role, viewport: tuple[int, int]) -> None:
        """Signs the role in and opens its start page. Raises SignInFailed or Playwright's Error."""
        width, height = viewport
        context = await self.browser.new_context(viewport={"width": width, "height": height})
        self._contexts.append(context)
        watch, answers = Watch(context), Answers()
        foreign = ForeignAnswers(Access(role.name, self.roles), self.origins)
        foreign.attach(context)
        context.on("dialog", answers.give)
        page = await context.new_page()
        self.seats[role.name] = Seat(role, page, watch, answers, foreign)
        await sign_in(page, role, self.origin, self.secrets)
        if routes.path(page.url) != role.start or not routes.same_origin(page.url, self.origin):
            await page.goto(self.origin + role.start, wait_until="domcontentloaded", timeout=PAGE_MS)

    async def hear(self, quiet: float) -> tuple[Signal, ...]:
        """What all pages said until they were quiet; a failed request gets 2.5 s to be asked again by its page."""
        deadline = time.monotonic() + RETRY_SECONDS
        heard: list[Signal] = []
        while True:
            left = max(0.05, deadline - time.monotonic())
            async with asyncio.TaskGroup() as group:
                for seat in self.seats.values():
                    group.create_task(seat.watch.settle(max(quiet, 0.1) if heard else quiet, left))
            fresh = [await seat.foreign.mark(seat.watch.drain(), seat.page) for seat in self.seats.values()]
            heard.extend(sorted((signal for signals in fresh for signal in signals), key=lambda signal: signal.at))
            if time.monotonic() >= deadline or not self._awaits_recovery(heard):
                await self._close_windows()
                return tuple(heard)

    async def _close_windows(self) -> None:
        """What opened beside a page was heard by now; explorers close it too, before they go on."""
        for seat in self.seats.values():
            for window in [page for page in seat.page.context.pages if page is not seat.page]:
                with suppress(Error, TimeoutError):
                    async with asyncio.timeout(CLOSE_SECONDS):
                        await window.close()

    def _awaits_recovery(self, heard: Sequence[Signal]) -> bool:
        for alarm in oracles.scan(heard, oracles.Scope(self.origins)):
            again = alarm.signal.startswith(("GET ", "HEAD ")) or alarm.signal.endswith(_PASSING)
            if alarm.kind == "server_error" and alarm.url != alarm.page_url and again:
                return True
        return False
