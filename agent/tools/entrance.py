"""How one role gets to a signed-in page: with a kept sign-in where that still holds, else by the app's own form."""

import asyncio
import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from playwright.async_api import BrowserContext, Error, Page, Route

from agent.charter import Profile, Role
from agent.tools.picture import take_picture
from agent.tools.secrets import Secrets
from agent.tools.signin import SignInFailed, sign_in, signed_out
from agent.tools.watch import Watch

OPEN_SECONDS = 15.0
STATE_SECONDS = 5.0
PICTURE_MS = 5_000
FAILED_PICTURE = "sign-in-failed.jpg"
NOBODY: Any = {"cookies": [], "origins": []}
READING = frozenset({"GET", "HEAD", "OPTIONS"})


class Entrance:
    """`artefacts` is the role's folder in the run's, for the picture of a sign-in that failed."""

    def __init__(self, role: Role, profile: Profile, secrets: Secrets, artefacts: Path | None = None) -> None:
        self._role = role
        self._profile = profile
        self._secrets = secrets
        self._artefacts = artefacts
        self._taken: list[str] = []

    def taken(self) -> tuple[str, ...]:
        """How the role got in since the last time this was asked, oldest first: `kept_state` or `form`."""
        taken, self._taken = tuple(self._taken), []
        return taken

    async def enter(self, page: Page, watch: Watch, kept: Mapping[str, Any] | None = None) -> None:
        """To the role's start page. Raises SignInFailed or Playwright's Error."""
        await self._unfence(page.context)
        if kept and await self._enter_as(kept, page, watch):
            self._taken.append("kept_state")
            return
        await self._sign_in(page, watch)

    async def move(self, state: Mapping[str, Any], page: Page, watch: Watch, url: str) -> None:
        """To `url` by way of the start page in a new context, with the state of the old one: who goes back in it comes
        to the start page. Where the address does not come the start page it is. Raises what `enter` raises."""
        if not await self._enter_as(state, page, watch):
            await self._sign_in(page, watch)
            return
        with contextlib.suppress(Error):
            await _go_to(url, page, watch)

    async def _enter_as(self, kept: Mapping[str, Any], page: Page, watch: Watch) -> bool:
        """With a kept sign-in. False when that does not hold any more; then the browser is nobody's again."""
        with contextlib.suppress(Error, TimeoutError):
            async with asyncio.timeout(OPEN_SECONDS):
                await page.context.set_storage_state(cast(Any, kept))
            await self._fence(page.context)
            status = await _go_to(self._start, page, watch)
            if status != 401 and not await signed_out(page, self._role):
                return True
        await self._unfence(page.context)
        await page.context.set_storage_state(NOBODY)
        return False

    @property
    def _start(self) -> str:
        return self._profile.url + self._role.start

    async def _sign_in(self, page: Page, watch: Watch) -> None:
        role = self._role
        try:
            await sign_in(page, role, self._profile.url, self._secrets)
            await self._fence(page.context)
            await _go_to(self._start, page, watch)
            if await signed_out(page, role):
                raise SignInFailed(f"{role.name} signed in, but {role.start} shows the form again.")
        except SignInFailed:
            await self._photograph(page)
            raise
        if role.sign_in is not None:
            self._taken.append("form")

    async def _photograph(self, page: Page) -> None:
        """What the page looked like when it let nobody in; a failure here must not hide that one."""
        if self._artefacts is None:
            return
        with contextlib.suppress(Error, OSError, TimeoutError):
            self._artefacts.mkdir(parents=True, exist_ok=True)
            async with asyncio.timeout(PICTURE_MS / 1000):
                await take_picture(page, self._artefacts / FAILED_PICTURE, self._secrets, PICTURE_MS)

    async def _fence(self, context: BrowserContext) -> None:
        if not self._profile.may_write:
            await context.route("**/*", _read_only)

    async def _unfence(self, context: BrowserContext) -> None:
        """A sign-in is a write, on a target that is read-only too."""
        with contextlib.suppress(Error):
            await context.unroute("**/*", _read_only)


async def state_of(context: BrowserContext) -> Mapping[str, Any] | None:
    """Cookies, local storage and IndexedDB, a secret as a whole; None when the browser does not tell in time."""
    with contextlib.suppress(Error, TimeoutError):
        async with asyncio.timeout(STATE_SECONDS):
            return dict(await context.storage_state(indexed_db=True))
    return None


async def _go_to(url: str, page: Page, watch: Watch) -> int | None:
    """The answer's HTTP status."""
    response = await page.goto(url, wait_until="domcontentloaded")
    await watch.settle()
    return response.status if response else None


async def _read_only(route: Route) -> None:
    with contextlib.suppress(Error):
        if route.request.method in READING:
            await route.fallback()
        else:
            await route.abort("blockedbyclient")
