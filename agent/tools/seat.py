"""One role's place at a browser: Chromium, MCP server, context, page, ears. Opens, renews and closes them.

It knows how to get to a signed-in page; what is done there, and what a model may do, is not its business.
"""

import asyncio
import contextlib
import tempfile
import uuid
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from playwright.async_api import BrowserContext, Error, Page, Playwright, Route, async_playwright

from agent.charter import Profile, Role
from agent.tools.answers import Answer, read_answer
from agent.tools.egress import allowed_origins
from agent.tools.mcp import Gone, Wire, text_of
from agent.tools.picture import take_picture
from agent.tools.playwright_server import SharedChromium, launch_bound, server_command
from agent.tools.secrets import Secrets
from agent.tools.signin import SignInFailed, sign_in, signed_out
from agent.tools.watch import Watch

RESTARTS = 3
BACK_OFF = 0.5
CLOSE_SECONDS = 5.0
OPEN_SECONDS = 15.0
STATE_SECONDS = 5.0
ANSWER_SECONDS = 2.0
TIDY_EVERY = 25
PICTURE_MS = 5_000
FAILED_PICTURE = "sign-in-failed.jpg"
NOBODY: Any = {"cookies": [], "origins": []}
READING = frozenset({"GET", "HEAD", "OPTIONS"})


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
        self._stack = AsyncExitStack()
        self._restarts = 0
        self._hangs = 0
        self._calls = 0
        self._opened = False
        self._kept = options.state
        self._entrances: list[str] = []
        self.sign_in_failed = False

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

    async def _take_page(self) -> None:
        """Opens the server's context, adopts its page, signs in and goes to the role's start."""
        self.page = await self._find_page()
        self.context = self.page.context
        if self._opened:
            self.watch.attach(self.context)
        else:
            self.watch = Watch(self.context)
            self._opened = True
        await self._enter()

    async def sign_in_again(self) -> None:
        """On the page as it is, after the app has signed the role out. Raises SignInFailed or Playwright's Error."""
        with contextlib.suppress(Error):
            await self.context.unroute("**/*", _read_only)
        await self._enter()

    def entrances(self) -> tuple[str, ...]:
        """How the role got in since the last time this was asked, oldest first: `kept_state` or `form`."""
        taken, self._entrances = tuple(self._entrances), []
        return taken

    async def state(self) -> Mapping[str, Any] | None:
        """Cookies, local storage and IndexedDB of the context, a secret as a whole; None for a visitor, or when the
        browser does not tell in time."""
        if self.options.role.sign_in is None:
            return None
        with contextlib.suppress(Error, TimeoutError):
            async with asyncio.timeout(STATE_SECONDS):
                return dict(await self.context.storage_state(indexed_db=True))
        return None

    async def _enter(self) -> None:
        kept, self._kept = self._kept, None
        if kept and await self._enter_as(kept):
            self._entrances.append("kept_state")
            return
        await self._sign_in()

    async def _enter_as(self, kept: Mapping[str, Any]) -> bool:
        """Whether a kept sign-in still holds. If not, the browser is nobody's again."""
        role = self.options.role
        with contextlib.suppress(Error, TimeoutError):
            async with asyncio.timeout(OPEN_SECONDS):
                await self.context.set_storage_state(cast(Any, kept))
            await self._fence()
            status = await self._go_to_start()
            if status != 401 and not await signed_out(self.page, role):
                return True
        await self.context.unroute("**/*", _read_only)
        await self.context.set_storage_state(NOBODY)
        return False

    async def _sign_in(self) -> None:
        options = self.options
        try:
            await sign_in(self.page, options.role, options.profile.url, self.secrets)
            await self._fence()
            await self._go_to_start()
            if await signed_out(self.page, options.role):
                raise SignInFailed(f"{options.role.name} signed in, but {options.role.start} shows the form again.")
        except SignInFailed:
            self.sign_in_failed = True
            await self._photograph()
            raise
        if options.role.sign_in is not None:
            self._entrances.append("form")

    async def _photograph(self) -> None:
        """What the page looked like when it let nobody in; a failure here must not hide that one."""
        if self.options.artefacts is None:
            return
        with contextlib.suppress(Error, OSError, TimeoutError):
            self.options.artefacts.mkdir(parents=True, exist_ok=True)
            async with asyncio.timeout(PICTURE_MS / 1000):
                await take_picture(self.page, self.options.artefacts / FAILED_PICTURE, self.secrets, PICTURE_MS)

    async def _fence(self) -> None:
        if not self.options.profile.may_write:
            await self.context.route("**/*", _read_only)

    async def _go_to_start(self) -> int | None:
        """The answer's HTTP status."""
        options = self.options
        response = await self.page.goto(options.profile.url + options.role.start, wait_until="domcontentloaded")
        await self.watch.settle()
        return response.status if response else None

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
