"""What must hold before a run begins: the target is there and where it says, and everybody can sign in.

Opens the roles' browsers and hands them over; it explores nothing and asks no model.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from playwright.async_api import Error
from playwright.async_api import TimeoutError as PlaywrightTimeout

from agent.charter import Profile
from agent.circuit import Breaker
from agent.stopping import Stop, StopReason
from agent.target import misplaced, unreachable
from agent.tools.browser import BrowserSurface, open_browser
from agent.tools.mcp import Gone, Hung
from agent.tools.seat import BrowserOptions
from agent.tools.signin import SignInFailed

AT_A_TIME = 2
"""Browsers that start and sign in side by side: more of them only take the processor from each other."""
OPEN_SECONDS = 120.0
"""Far beyond a slow sign-in: some questions to a page have no time-out, and a hanging page never answers them."""
REMEDY = "Correct the sign_in of {role} in roles.json, its secret, or the account in the application."

_UNANSWERED = re.compile(r"net::ERR_|goto: Timeout|no answer")

Trouble = SignInFailed | Error | Gone | Hung
TROUBLES = (SignInFailed, Error, Gone, Hung)


def stop_of(trouble: Trouble) -> Stop:
    """What ends a role that has no browser, once it is known that the application answers."""
    if isinstance(trouble, SignInFailed):
        return Stop(StopReason.SIGN_IN_FAILED, str(trouble))
    return Stop(StopReason.BROWSER_LOST, f"The browser failed: {(str(trouble) or 'no reason').splitlines()[0]}")


def unanswered(trouble: Trouble) -> bool:
    """Nobody was refused: the application gave no answer, and may give one by now."""
    return bool(_UNANSWERED.search(str(trouble)))


async def check_target(profile: Profile, *, resumed: bool = False) -> str:
    """Empty when the target answers on an origin that the profile allows; else one sentence with the remedy. For a run
    that is resumed it must be the application itself, which is waited for as in the middle of a run: a deployment
    takes it away for a moment."""
    if resumed:
        stop = (await Breaker(profile).settle(lost=True)).stop
        gone = stop.detail if stop else ""
    else:
        gone = await unreachable(profile.url)
    return gone or await misplaced(profile.url, profile.allowed_origins)


class Doors:
    """The browsers of a run's roles, opened before any of them begins. An async context manager: what nobody took is
    closed at its end."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[AbstractAsyncContextManager[BrowserSurface], BrowserSurface]] = {}
        self._trouble: dict[str, Trouble] = {}

    async def __aenter__(self) -> "Doors":
        return self

    async def __aexit__(self, *exc: object) -> None:
        for manager, _ in self._open.values():
            await manager.__aexit__(None, None, None)
        self._open.clear()

    async def open(self, roles: Sequence[BrowserOptions]) -> None:
        """Opens and signs in all of them, two at a time, also once more. Trouble with one is kept for whoever wants to
        `enter`.

        Raises BadInput when no browser can be started here at all.
        """
        gate = asyncio.Semaphore(AT_A_TIME)
        try:
            async with asyncio.TaskGroup() as group:
                for options in roles:
                    group.create_task(self._open_one(options, gate))
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from None

    async def _open_one(self, options: BrowserOptions, gate: asyncio.Semaphore) -> None:
        name = options.role.name
        self._trouble.pop(name, None)
        async with gate:
            manager = open_browser(options)
            try:
                async with asyncio.timeout(OPEN_SECONDS):
                    self._open[name] = (manager, await manager.__aenter__())
            except TimeoutError:
                self._trouble[name] = _frozen(options, f"no answer in {OPEN_SECONDS:.0f} s")
            except (PlaywrightTimeout, Hung) as trouble:
                self._trouble[name] = _frozen(options, str(trouble).partition("\n")[0])
            except TROUBLES as trouble:
                self._trouble[name] = trouble

    @property
    def refused(self) -> str:
        """Empty when everybody got in; else a sentence for each who did not, with what to correct."""
        failures = {name: item for name, item in self._trouble.items() if isinstance(item, SignInFailed)}
        return " ".join(f"{failure} {REMEDY.format(role=name)}" for name, failure in failures.items())

    @asynccontextmanager
    async def enter(self, role: str) -> AsyncIterator[BrowserSurface]:
        """The role's browser, closed at the end. Raises what stood in its way, as `open_browser` does."""
        if trouble := self._trouble.get(role):
            raise trouble
        manager, surface = self._open.pop(role)
        try:
            yield surface
        finally:
            await manager.__aexit__(None, None, None)


def _frozen(options: BrowserOptions, why: str) -> Hung:
    start = options.role.start
    return Hung(f"the start page {start} does not come to rest ({why.rstrip('.')}); a script of it may never end")
