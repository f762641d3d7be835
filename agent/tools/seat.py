"""One role's place at a browser: Chromium, MCP server, context, page, ears. Opens, renews and closes them.

What is done on the page, and what a model may do there, is not its business.
"""

import asyncio
import contextlib
import tempfile
import uuid
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext, Error, Page, Playwright, async_playwright

from agent.charter import Profile, Role
from agent.tools.answers import Answer, read_answer
from agent.tools.egress import allowed_origins
from agent.tools.entrance import Entrance, state_of
from agent.tools.mcp import Gone, Wire, text_of
from agent.tools.playwright_server import SharedChromium, launch_bound, server_command
from agent.tools.secrets import Secrets
from agent.tools.signin import signed_out
from agent.tools.watch import Watch

RESTARTS = 3
BACK_OFF = 0.5
CLOSE_SECONDS = 5.0
OPEN_SECONDS = 15.0
ANSWER_SECONDS = 2.0
TIDY_EVERY = 25
WORN = 100
"""Documents after which a context is worn: Playwright keeps each request until the context closes, those of documents
in every process that shares the browser."""


class Lost(Exception):
    """The session cannot be brought back. `str(error)` is a sentence for people."""


@dataclass(frozen=True, slots=True)
class BrowserOptions:
    """`folder` gets a fresh sub-folder for the role. A given `playwright` or `shared` is closed by its giver.

    `pictures`: who uses the browser can look at them. `artefacts` is the role's folder in the run's, for the picture of
    a sign-in that failed. `state` is a kept sign-in, as `Seat.state` gave it: it is tried before the form.
    """

    role: Role
    profile: Profile
    browser_path: Path
    folder: Path
    playwright: Playwright | None = None
    shared: SharedChromium | None = None
    pictures: bool = False
    artefacts: Path | None = None
    state: Mapping[str, Any] | None = field(default=None, repr=False)


class Seat:
    """`page`, `context` and `watch` are there after `open`; `renew` puts a new page and context in their place."""

    page: Page
    context: BrowserContext
    watch: Watch

    def __init__(self, options: BrowserOptions) -> None:
        profile = options.profile
        self.options = options
        self.secrets = Secrets(dict(profile.secrets), allowed_origins(profile.url, profile.allowed_origins))
        self._entrance = Entrance(options.role, profile, self.secrets, options.artefacts)
        self._stack = AsyncExitStack()
        self._restarts = 0
        self._hangs = 0
        self._calls = 0
        self._opened = False

    async def open(self) -> None:
        """Raises SignInFailed, Gone or Playwright's Error; whatever was started by then is ended by `close`."""
        options = self.options
        options.folder.mkdir(parents=True, exist_ok=True)
        prefix = "".join(char if char.isalnum() else "-" for char in options.role.name)
        self._folder = Path(tempfile.mkdtemp(prefix=f"{prefix}-", dir=options.folder))
        if options.shared is None:
            self._playwright = options.playwright or await self._stack.enter_async_context(async_playwright())
            await self._launch()
        else:
            self._launched = options.shared.current
        await self._start_server()
        await self._take_page(options.state)

    @property
    def tools(self) -> tuple[Any, ...]:
        return self._wire.tools

    async def ask(self, tool: str, args: Mapping[str, Any], seconds: float) -> Answer:
        """A raw call of the MCP server. Raises Hung or Gone."""
        result = await self._wire.call(tool, args, seconds)
        answer = read_answer(text_of(result), result.is_error)
        if not answer.is_error:
            self._hangs = 0
        return answer

    async def renew(self, *, restart: bool) -> None:
        """A fresh context, signed in, after a hung or lost page; `restart` also starts the server again.

        Raises Lost when that is not possible or has happened too often.
        """
        self._hangs += 1
        restart = restart or self._hangs > 1
        await self._close_context()
        try:
            if not self._launched.browser.is_connected():
                await self._relaunch()
            elif restart:
                await self._restart_server()
            await self._take_page()
        except (Error, Gone, TimeoutError) as error:
            raise Lost(f"the browser session could not be opened again: {str(error).splitlines()[0]}") from error

    async def reopen(self) -> bool:
        """The page at its address in a new context with the same state; False when that cannot be had without loss.

        Raises what `open` raises when the old one is gone and no new one came.
        """
        url, state = self.page.url, await state_of(self.context)
        if state is None or await self._keeps_for_this_window() or await signed_out(self.page, self.options.role):
            return False
        await self._close_context()
        await self._adopt_page()
        await self._entrance.move(state, self.page, self.watch, url)
        return True

    async def _keeps_for_this_window(self) -> bool:
        """The page holds what lasts as long as its window, which no new one gets; True if the page does not say."""
        with contextlib.suppress(Error, TimeoutError):
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self.page.evaluate("sessionStorage.length > 0")
        return True

    async def sign_in_again(self) -> None:
        """On the page as it is, after the app has signed the role out. Raises SignInFailed or Playwright's Error."""
        await self._entrance.enter(self.page, self.watch)

    def entrances(self) -> tuple[str, ...]:
        """How the role got in since the last time this was asked, oldest first: `kept_state` or `form`."""
        return self._entrance.taken()

    async def state(self) -> Mapping[str, Any] | None:
        """The signed-in state, a secret as a whole; None for a visitor, or when it cannot be had now."""
        return await state_of(self.context) if self.options.role.sign_in is not None else None

    async def stop_loading(self) -> None:
        """As a person presses Stop: the document that was on its way is given up, and the page can be asked again."""
        with contextlib.suppress(Error, TimeoutError):
            async with asyncio.timeout(ANSWER_SECONDS):
                session = await self.context.new_cdp_session(self.page)
                try:
                    await session.send("Page.stopLoading")
                finally:
                    await session.detach()

    async def tidy(self) -> None:
        """After each call. Chromium keeps what closed documents held for as long as the machine has memory to spare, so
        it is asked now and then to free it."""
        self._calls += 1
        if self._calls % TIDY_EVERY:
            return
        with contextlib.suppress(Error, TimeoutError):
            async with asyncio.timeout(ANSWER_SECONDS):
                await self.page.request_gc()

    async def close(self) -> None:
        """Ends everything that this seat started."""
        if hasattr(self, "context"):
            await self._close_context()
        if hasattr(self, "_wire"):
            await self._wire.stop()
        if self.options.shared is None and hasattr(self, "_launched"):
            with contextlib.suppress(Error, TimeoutError):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await self._launched.browser.close()
        await self._stack.aclose()

    async def _launch(self) -> None:
        options = self.options
        self._launched = await launch_bound(self._playwright, options.browser_path, options.profile, self._folder)

    async def _start_server(self) -> None:
        command = server_command(self._launched.endpoint, self._folder, self.options.profile.viewport)
        self._wire = Wire(command, self._folder / "server.log")
        await self._wire.start()

    async def _restart_server(self) -> None:
        await self._wire.stop()
        if self._restarts >= RESTARTS:
            raise Gone(f"its server ended {RESTARTS + 1} times")
        await asyncio.sleep(BACK_OFF * 2**self._restarts)
        self._restarts += 1
        await self._start_server()

    async def _relaunch(self) -> None:
        if self.options.shared is None:
            await self._launch()
        elif again := await self.options.shared.renewed():
            self._launched = again
        else:
            raise Gone("the shared Chromium has ended twice")
        await self._restart_server()

    async def _take_page(self, kept: Mapping[str, Any] | None = None) -> None:
        """Adopts a page of its own, signs in and goes to the role's start."""
        await self._adopt_page()
        await self._entrance.enter(self.page, self.watch, kept)

    async def _adopt_page(self) -> None:
        self.page = await self._find_page()
        self.context = self.page.context
        if self._opened:
            self.watch.attach(self.context)
        else:
            self.watch = Watch(self.context)
            self._opened = True

    async def _find_page(self) -> Page:
        """The page of our server, known by an address that nobody else uses: a shared browser holds others' pages."""
        mark = f"about:blank#{uuid.uuid4().hex}"
        reason = ""
        for _ in range(3):
            # After its context was closed the server answers one error before it opens a new one.
            answer = await self.ask("browser_navigate", {"url": mark}, OPEN_SECONDS)
            pages = (page for context in self._launched.browser.contexts for page in context.pages)
            found = next((page for page in pages if page.url == mark), None)
            if found is not None:
                return found
            reason = answer.error
        raise Gone(f"the server opened no page: {reason}")

    async def _close_context(self) -> None:
        with contextlib.suppress(Error, TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self.context.close()
