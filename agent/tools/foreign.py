"""Hears what a role gets from addresses that belong to other roles, and reads what those answers held.

It marks the signals of a watch; whether that is a fault is the oracles' business. Explorers and replays share it.
"""

import asyncio
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from urllib.parse import unquote, urlsplit
from weakref import WeakSet

from playwright.async_api import BrowserContext, Error, Frame, Page, Request, Response

from agent import routes
from agent.coverage.access import READING, Access, Verdict
from agent.coverage.refusal import (
    Held,
    PageFacts,
    digest,
    is_bare,
    is_markup,
    of_answer,
    of_page,
    read_markup,
)
from agent.tools.surface import Foreign, Signal

READ_SECONDS = 3.0
KEPT = 100
KEPT_NOWHERE = 20
NOWHERE = "no-such-place-zqx"
"""A name that no app has: what is answered under it is answered to everything."""
ASKED_BY_SCRIPTS = frozenset({"fetch", "xhr"})
# How the scripts of an app say who asks, where it is not by cookie.
_PROOFS = frozenset({"authorization", "x-api-key", "x-auth-token", "x-access-token"})
_FACTS = """() => {
  const shown = e => e.getClientRects().length > 0 && getComputedStyle(e).visibility !== 'hidden';
  const texts = css => [...document.querySelectorAll(css)].filter(shown).map(e => e.innerText.trim()).filter(Boolean);
  const typed = 'input:not([type=hidden]):not([type=submit]):not([type=button]):not([type=checkbox])';
  return {
    title: document.title,
    headings: texts('h1, h2, h3, [role=heading]').slice(0, 40),
    alerts: texts('[role=alert], [role=status], [role=alertdialog], dialog[open]').slice(0, 20),
    text: ((document.querySelector('main, [role=main]') || document.body)?.innerText || '').slice(0, 20000),
    passwords: [...document.querySelectorAll('input[type=password]')].filter(shown).length,
    fields: [...document.querySelectorAll(typed + ', select, textarea')].filter(shown).length,
  };
}"""


@dataclass(slots=True)
class _Answer:
    method: str
    url: str
    page: Page
    navigation: bool
    by_role: bool
    verdict: Verdict
    media_type: str = ""
    body: str | None = None
    read: asyncio.Event = field(default_factory=asyncio.Event)


async def page_facts(page: Page) -> PageFacts:
    """The page as a person sees it. Raises Playwright's Error, or TimeoutError when it does not answer."""
    async with asyncio.timeout(READ_SECONDS):
        seen = await page.evaluate(_FACTS)
    return PageFacts(
        title=str(seen["title"]),
        headings=tuple(map(str, seen["headings"])),
        alerts=tuple(map(str, seen["alerts"])),
        text=str(seen["text"]),
        passwords=int(seen["passwords"]),
        fields=int(seen["fields"]),
    )


class ForeignAnswers:  # without slots: Playwright keeps its wrapper of a bound handler on the object
    """The foreign answers that one role got. `origins` are the app's own.

    A role's own are the pages that it goes to and the requests that it makes by itself. What a page asks for counts
    where the page is foreign too, or where it writes while the role acts; what a page of the role's own reads, the app
    gives to the role, whatever the profile left out. Frames and windows beside the page are not judged.
    """

    def __init__(self, access: Access, origins: frozenset[str]) -> None:
        self._access = access
        self._origins = origins
        self._context: BrowserContext | None = None
        self._answers: list[_Answer] = []
        self._nowhere: dict[str, str] = {}
        self._proofs: dict[str, str] = {}
        self._asking: tuple[str, str] | None = None
        self._by_role: WeakSet[Request] = WeakSet()
        self._given: dict[tuple[str, str], None] = {}

    def attach(self, context: BrowserContext, *, same_role: bool = False) -> None:
        """Listens to a context; once is enough, and a later one takes its place. `same_role`: it was given the state of
        the one before, so that who asks is proved as before."""
        if context is self._context:
            return
        self._context = context
        self._answers.clear()
        if not same_role:
            self._proofs.clear()
        context.on("request", self._on_request)
        if self._access.forbids:
            context.on("response", self._on_response)

    @property
    def proofs(self) -> Mapping[str, str]:
        """The headers by which the app's own scripts last said who asks: secrets, for requests of our own only."""
        return self._proofs

    @contextmanager
    def asking(self, method: str, url: str) -> Iterator[None]:
        """Meanwhile a request of that method and address is the role's own, once."""
        self._asking = _place(method, url)
        try:
            yield
        finally:
            self._asking = None

    async def mark(self, signals: Sequence[Signal], page: Page) -> tuple[Signal, ...]:
        """The signals, those of foreign answers with what was held. `page` is where they ended."""
        waiting, self._answers = self._answers, []
        marked = list(signals)
        for answer in waiting:
            place = next((n for n, signal in enumerate(marked) if _is_of(signal, answer)), None)
            if place is None or not self._counts(answer, marked[place], signals):
                continue
            held = await self._held(answer, marked[place], signals, page)
            verdict = answer.verdict
            foreign = Foreign(self._access.role, verdict.owner, verdict.capability, held)
            marked[place] = replace(marked[place], foreign=foreign)
        return tuple(marked)

    def _on_request(self, request: Request) -> None:
        if request.resource_type in ASKED_BY_SCRIPTS and routes.origin(request.url) in self._origins:
            if self._asking == _place(request.method, request.url):
                self._asking = None
                self._by_role.add(request)
            self._proofs.update((name, value) for name, value in request.headers.items() if name in _PROOFS)

    def _on_response(self, response: Response) -> Awaitable[None] | None:
        request = response.request
        frame = _frame_of(request)
        navigation = request.is_navigation_request() and request.resource_type == "document"
        heard = request.resource_type in ASKED_BY_SCRIPTS or (navigation and frame and frame.parent_frame is None)
        if not heard or not 200 <= response.status < 300 or routes.origin(response.url) not in self._origins:
            return None
        verdict = self._access.verdict(request.method, response.url)
        if verdict.standing != "foreign" or frame is None:
            return None
        by_role = navigation or self._is_by_role(request)
        if not by_role and request.method in READING and not self._access.is_foreign(frame.page.url):
            self._given = dict.fromkeys([*self._given, _place(request.method, response.url)][-KEPT:])
            return None
        answer = _Answer(request.method, response.url, frame.page, navigation, by_role, verdict)
        self._answers = [*self._answers, answer][-KEPT:]
        return self._read(answer, response)

    def _is_by_role(self, request: Request | None) -> bool:
        while request is not None:
            if request in self._by_role:
                return True
            request = request.redirected_from
        return False

    def _counts(self, answer: _Answer, signal: Signal, signals: Sequence[Signal]) -> bool:
        if answer.method in READING:
            return answer.navigation or _place(answer.method, answer.url) not in self._given
        loaded = any(other.navigation and other.document == signal.document for other in signals)
        # What a page writes while it loads is its own doing, such as a sign of life.
        return answer.by_role or not loaded

    async def _read(self, answer: _Answer, response: Response) -> None:
        """At once: the browser forgets a body when its page is left."""
        answer.media_type = response.headers.get("content-type", "").lower()
        try:
            async with asyncio.timeout(READ_SECONDS):
                answer.body = (await response.body()).decode(errors="replace")
        except (Error, TimeoutError):
            answer.body = None
        finally:
            answer.read.set()

    async def _held(self, answer: _Answer, signal: Signal, signals: Sequence[Signal], page: Page) -> Held:
        try:
            async with asyncio.timeout(READ_SECONDS):
                await answer.read.wait()
        except TimeoutError:
            return "unread"
        if answer.body is None:
            return "unread"
        if answer.method not in READING:
            return of_answer(answer.media_type, answer.body, writing=True)
        if answer.navigation:
            return await self._document(answer, signal, signals) if answer.page is page else "unread"
        held = of_answer(answer.media_type, answer.body)
        return await self._unlike_nowhere(answer) if held == "data" else held

    async def _document(self, answer: _Answer, signal: Signal, signals: Sequence[Signal]) -> Held:
        """A page counts as it is after its scripts ran, on the address that was asked for."""
        page, body = answer.page, answer.body or ""
        if not is_markup(answer.media_type, body):
            return await self._unlike_nowhere(answer) if of_answer(answer.media_type, body) == "data" else "refusal"
        if routes.path(page.url).partition("?")[0] != routes.path(answer.url).partition("?")[0]:
            return "refusal"
        if any(_is_refused_part(other, signal) for other in signals):
            return "refusal"
        try:
            held = of_page(await page_facts(page))
        except (Error, TimeoutError):
            return "unread"
        if held != "data":
            return held
        return "shell" if is_bare(read_markup(body)) else await self._unlike_nowhere(answer)

    async def _unlike_nowhere(self, answer: _Answer) -> Held:
        """`data`, unless an address that nobody has is answered alike."""
        made_up = _nowhere(answer.url)
        echoes = (routes.path(answer.url), routes.path(made_up), _name(answer.url), NOWHERE)
        if answer.url not in self._nowhere:
            found = await self._ask(made_up)
            if found is None:
                return "unread"
            status, text = found
            # Digests only, and few of them: a page may ask for much.
            known = digest(answer.media_type, text, echoes) if 200 <= status < 300 else ""
            self._nowhere = dict([*self._nowhere.items(), (answer.url, known)][-KEPT_NOWHERE:])
        return "shell" if self._nowhere[answer.url] == digest(answer.media_type, answer.body or "", echoes) else "data"

    async def _ask(self, url: str) -> tuple[int, str] | None:
        """Asked beside the page, so that neither the app's scripts nor the role hear of it."""
        if self._context is None:
            return None
        try:
            async with asyncio.timeout(READ_SECONDS):
                found = await self._context.request.get(
                    url, headers=dict(self._proofs), max_redirects=0, timeout=READ_SECONDS * 1000
                )
                text = (await found.body()).decode(errors="replace")
                await found.dispose()
        except (Error, TimeoutError):
            return None
        return found.status, text


def _is_of(signal: Signal, answer: _Answer) -> bool:
    asked = (signal.method, signal.url) == (answer.method, answer.url)
    fits = signal.navigation == answer.navigation and 200 <= (signal.status or 0) < 300
    return signal.kind == "response" and asked and fits and signal.foreign is None


def _is_refused_part(other: Signal, document: Signal) -> bool:
    """What the page itself asked for was refused: there is a frame, and nothing in it."""
    part = other.kind == "response" and other.resource in ASKED_BY_SCRIPTS and other.document == document.document
    return part and other.status in (401, 403) and routes.same_origin(other.url, document.url)


def _frame_of(request: Request) -> Frame | None:
    """None for workers and for the first request of a new window, whose page is not there yet."""
    try:
        return request.frame
    except Error:
        return None


def _place(method: str, url: str) -> tuple[str, str]:
    return method.upper(), unquote(urlsplit(url).path)


def _nowhere(url: str) -> str:
    """An address beside `url` that no app has."""
    parts = urlsplit(url)
    parent = parts.path.rstrip("/").rpartition("/")[0]
    return f"{parts.scheme}://{parts.netloc}{parent}/{NOWHERE}"


def _name(url: str) -> str:
    return urlsplit(url).path.rstrip("/").rpartition("/")[2]
