"""One role's place at a browser: Chromium, MCP server, context, page, ears. Opens, renews and closes them.

It knows how to get to a signed-in page; what is done there, and what a model may do, is not its business.
"""

import asyncio
import contextlib
import tempfile
import uuid
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext, Error, Page, Playwright, Route, async_playwright

from agent.charter import Profile, Role
from agent.tools.answers import Answer, read_answer
from agent.tools.egress import allowed_origins
from agent.tools.mcp import Gone, Wire, text_of
from agent.tools.playwright_server import Launched, launch_bound, server_command
from agent.tools.secrets import Secrets
from agent.tools.signin import sign_in
from agent.tools.watch import Watch

RESTARTS = 3
BACK_OFF = 0.5
CLOSE_SECONDS = 5.0
OPEN_SECONDS = 15.0
READING = frozenset({"GET", "HEAD", "OPTIONS"})


class Lost(Exception):
    """The session cannot be brought back. `str(error)` is a sentence for people."""


@dataclass(frozen=True, slots=True)
class BrowserOptions:
    """`folder` gets a fresh sub-folder for the role. A given `playwright` or `shared` is closed by its giver.

    `pictures`: who uses the browser can look at them.
    """

    role: Role
    profile: Profile
    browser_path: Path
    folder: Path
    playwright: Playwright | None = None
    shared: Launched | None = None
    pictures: bool = False


class Seat:
    """`page`, `context` and `watch` are there after `open`; `renew` puts a new page and context in their place."""

    page: Page
    context: BrowserContext
    watch: Watch

    def __init__(self, options: BrowserOptions) -> None:
        profile = options.profile
        self.options = options
        self.secrets = Secrets(dict(profile.secrets), allowed_origins(profile.url, profile.allowed_origins))
        self._stack = AsyncExitStack()
        self._restarts = 0
        self._hangs = 0
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
            self._launched = options.shared
        await self._start_server()
        await self._take_page()

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
        if self.options.shared is not None:
            raise Gone("the shared Chromium has ended")
        await self._launch()
        await self._restart_server()

    async def _take_page(self) -> None:
        """Opens the server's context, adopts its page, signs in and goes to the role's start."""
        options = self.options
        self.page = await self._find_page()
        self.context = self.page.context
        if self._opened:
            self.watch.attach(self.context)
        else:
            self.watch = Watch(self.context)
            self._opened = True
        await sign_in(self.page, options.role, options.profile.url, self.secrets)
        if not options.profile.may_write:
            await self.context.route("**/*", _read_only)
        await self.page.goto(options.profile.url + options.role.start, wait_until="domcontentloaded")
        await self.watch.settle()

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


async def _read_only(route: Route) -> None:
    with contextlib.suppress(Error):
        if route.request.method in READING:
            await route.fallback()
        else:
            await route.abort("blockedbyclient")
