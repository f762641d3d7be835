"""The host's ears on a browser context: errors, responses, failures, downloads, crashes, with the document of each.

Used by explorers and replays alike, so that both hear the same. It judges nothing and acts on nothing.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from playwright.async_api import (
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Download,
    Error,
    Frame,
    Page,
    Request,
    Response,
    WebError,
)

from agent.tools.surface import Signal

STREAMS = frozenset({"eventsource", "websocket"})


@dataclass(slots=True)
class _Document:
    """A main-frame document, from its request on. `url` follows redirects until it is committed."""

    number: int
    url: str
    status: int | None = None
    method: str = "GET"
    redirected: bool = False


@dataclass(frozen=True, slots=True)
class _Flight:
    since: float
    page_url: str
    document: int


class Watch:
    """Collects Signals of all pages of a context, also later ones; `attach` adds further contexts.

    `dialogs`: also hear dialogs. The caller must then answer each itself, and must not share the page with an MCP
    server, which would lose sight of them.
    """

    def __init__(
        self, context: BrowserContext, clock: Callable[[], float] = time.monotonic, *, dialogs: bool = False
    ) -> None:
        self._clock = clock
        self._dialogs = dialogs
        self._signals: list[Signal] = []
        self._count = 0
        self._opened = 0
        self._main: Page | None = None
        self._current: WeakKeyDictionary[Page, _Document] = WeakKeyDictionary()
        self._coming: WeakKeyDictionary[Page, _Document] = WeakKeyDictionary()
        self._documents: WeakKeyDictionary[Request, _Document] = WeakKeyDictionary()
        self._unplaced: dict[str, _Document] = {}
        self._downloads: list[Download] = []
        self._flights: dict[Request, _Flight] = {}
        self._changed = asyncio.Event()
        self._stirred = clock()
        self.attach(context)

    def attach(self, context: BrowserContext) -> None:
        """Listens to one more context and takes its first page for the main one."""
        self._flights.clear()
        self._opened = 0
        self._main = None
        for page in context.pages:
            self._on_page(page)
        context.on("page", self._on_page)
        context.on("console", self._on_console)
        context.on("weberror", self._on_error)
        context.on("request", self._on_request)
        context.on("response", self._on_response)
        context.on("requestfailed", self._on_failed)
        context.on("requestfinished", self._land)
        if self._dialogs:
            context.on("dialog", self._on_dialog)

    @property
    def document(self) -> int:
        """The number of the main page's document; 0 before its first one."""
        return self._at(self._main).number

    @property
    def status(self) -> int | None:
        """The HTTP status of the main page's document, None when it did not come over HTTP."""
        return self._at(self._main).status

    @property
    def comes_back(self) -> bool:
        """The main page's address alone gave its document, and would give it again. Where it led on to another one,
        that one may say once what was done on the way."""
        document = self._at(self._main)
        here = self._main is not None and _bare(document.url) == _bare(self._main.url)
        return here and document.method == "GET" and document.status == 200 and not document.redirected

    @property
    def opened(self) -> int:
        """The documents that the context asked for which was attached last."""
        return self._opened

    @property
    def loading(self) -> bool:
        """The main page's next document was asked for and nothing of it came yet: until then the page is mute."""
        coming = self._coming.get(self._main) if self._main is not None else None
        return coming is not None and any(flight.document == coming.number for flight in self._flights.values())

    def status_of(self, page: Page) -> int | None:
        return self._at(page).status

    def document_of(self, page: Page) -> int:
        return self._at(page).number

    def drain(self) -> tuple[Signal, ...]:
        """The signals since the last drain, in the order in which they were heard."""
        heard, self._signals = tuple(self._signals), []
        return heard

    def drain_downloads(self) -> tuple[Download, ...]:
        """What was downloaded since the last time, for whoever wants to look inside."""
        files, self._downloads = tuple(self._downloads), []
        return files

    def give_back(self, signals: Sequence[Signal]) -> None:
        """What was drained and told nobody: the next drain gives it first."""
        self._signals = [*signals, *self._signals]

    async def settle(self, quiet: float = 0.15, limit: float = 2.0) -> bool:
        """Waits until no request was in flight for `quiet` seconds; False when `limit` seconds were not enough.

        Event streams, and requests that have been open for longer than `limit`, do not count.
        """
        start = self._clock()
        while (now := self._clock()) < start + limit:
            busy = any(now - flight.since < limit for flight in self._flights.values())
            ready = max(start, self._stirred) + quiet
            if not busy and now >= ready:
                return True
            self._changed.clear()
            wait = start + limit - now if busy else min(ready, start + limit) - now
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._changed.wait()
        return False

    async def arrive(self, limit: float) -> bool:
        """Waits for the main page's next document; False when none of it came within `limit` seconds."""
        end = self._clock() + limit
        while self.loading:
            self._changed.clear()
            try:
                async with asyncio.timeout(max(end - self._clock(), 0.0)):
                    await self._changed.wait()
            except TimeoutError:
                return False
        return True

    def _at(self, page: Page | None) -> _Document:
        return (self._current.get(page) if page is not None else None) or _Document(0, "")

    def _hear(self, kind: str, page: Page | None, **facts: object) -> None:
        facts = {"page_url": page.url if page else "", "document": self._at(page).number, **facts}
        self._signals.append(Signal(kind=kind, at=self._clock(), **facts))  # pyright: ignore[reportArgumentType] facts are Signal's own fields

    def _stir(self) -> None:
        self._stirred = self._clock()
        self._changed.set()

    def _on_page(self, page: Page) -> None:
        self._main = self._main or page
        if page.url not in ("", "about:blank"):
            self._commit(page, self._unasked(page.url))
        page.on("framenavigated", self._on_navigated)
        page.on("download", lambda download: self._on_download(page, download))
        page.on("crash", lambda crashed: self._hear("crash", crashed, text="The page crashed"))

    def _next(self) -> int:
        self._count += 1
        return self._count

    def _commit(self, page: Page, document: _Document) -> None:
        self._current[page] = document
        self._coming.pop(page, None)
        self._changed.set()

    def _on_navigated(self, frame: Frame) -> None:
        page = frame.page
        if frame.parent_frame is not None:
            return
        coming = self._coming.get(page)
        if coming is not None and _bare(coming.url) == _bare(frame.url):
            self._commit(page, coming)
        elif page not in self._current or not frame.url.startswith(("http:", "https:")):
            # A first document that was asked for before we listened, or one without a request (error page, blank).
            self._commit(page, self._unasked(frame.url))
        # Anything else stayed in its document: a fragment or history.pushState.

    def _unasked(self, url: str) -> _Document:
        """A document whose request we saw without its page, as with a new tab, or not at all."""
        return self._unplaced.pop(_bare(url), None) or _Document(self._next(), url)

    def _on_request(self, request: Request) -> None:
        page = _page_of(request)
        if _opens_document(request, page):
            self._opened += 1
            earlier = request.redirected_from
            coming = (self._documents.get(earlier) if earlier else None) or _Document(self._next(), request.url)
            if page is not None:
                self._coming[page] = coming
            else:
                self._unplaced.pop(_bare(coming.url), None)
                self._unplaced[_bare(request.url)] = coming
            coming.url, coming.method, coming.redirected = request.url, request.method, earlier is not None
            self._documents[request] = coming
            self._flights[request] = _Flight(self._clock(), request.url, coming.number)
        elif request.resource_type not in STREAMS:
            url = page.url if page else ""
            self._flights[request] = _Flight(self._clock(), url, self._at(page).number)
        self._stir()

    def _on_response(self, response: Response) -> None:
        request = response.request
        document = self._documents.get(request)
        if document is not None:
            document.status = response.status
        self._hear_request("response", request, status=response.status, navigation=document is not None)
        if (response.headers.get("content-type") or "").startswith("text/event-stream"):
            self._land(request)

    def _on_failed(self, request: Request) -> None:
        document = self._documents.get(request)
        page = _page_of(request)
        if document is not None and page is not None and self._coming.get(page) is document:
            self._coming.pop(page)
        self._hear_request("requestfailed", request, text=request.failure or "", navigation=document is not None)
        self._land(request)

    def _hear_request(self, kind: str, request: Request, **facts: object) -> None:
        page = _page_of(request)
        flight = self._flights.get(request) or _Flight(0.0, page.url if page else "", self._at(page).number)
        asked = {"url": request.url, "method": request.method, "resource": request.resource_type}
        self._hear(kind, page, page_url=flight.page_url, document=flight.document, **asked, **facts)

    def _land(self, request: Request) -> None:
        if self._flights.pop(request, None) is not None:
            self._stir()

    def _on_console(self, message: ConsoleMessage) -> None:
        url = message.location.get("url", "")
        # Chromium asks for the icon by itself; that it is missing says nothing about the app.
        if message.type == "error" and urlsplit(url).path != "/favicon.ico":
            self._hear("console", message.page, text=message.text, url=url)

    def _on_error(self, problem: WebError) -> None:
        error = problem.error
        name = f"{error.name}: " if error.name else ""
        text = error.message if error.message.startswith(name) else name + error.message
        self._hear("pageerror", problem.page, text=text, stack=error.stack or "")

    def _on_dialog(self, dialog: Dialog) -> None:
        self._hear("dialog", dialog.page, text=f"{dialog.type}: {dialog.message}")

    def _on_download(self, page: Page, download: Download) -> None:
        self._downloads.append(download)
        self._hear("download", page, text=download.suggested_filename, url=download.url)


def _bare(url: str) -> str:
    return url.partition("#")[0]


def _page_of(request: Request) -> Page | None:
    """None for workers and for the very first request of a new tab, whose page is not there yet."""
    try:
        return request.frame.page
    except Error:
        return None


def _opens_document(request: Request, page: Page | None) -> bool:
    """Of a page, or of a new tab whose page is not there yet."""
    return request.is_navigation_request() and (page is None or request.frame.parent_frame is None)
