"""Whether a role is still signed in, as far as a page, its cookies and one question to the app tell.

Knows the profile's sign-in form, and nothing of calls or models. It never signs anybody in or out.
"""

import re
from contextlib import suppress
from urllib.parse import urljoin

from playwright.async_api import BrowserContext, Error

from agent import routes
from agent.charter import Role, SignIn
from agent.tools.aria import FIELDS, parse, walk, words
from agent.tools.surface import PageView, Target

ASK_MS = 3_000
SIGNS_OUT = re.compile(r"\b(log|sign)[ -]?(me )?(out|off)\b|\b(abmelden|ausloggen|déconnexion|cerrar sesión)\b", re.I)
OUT_PATH = re.compile(r"(log|sign)[-_]?(out|off)\b", re.I)


class Membership:
    """One role's. `remember` what it looks like to be signed in, then ask `ended` about each page."""

    def __init__(self, role: Role, url: str) -> None:
        self._form = role.sign_in
        self._start = url + role.start
        self._url = url
        self._cookies: frozenset[str] = frozenset()

    async def remember(self, context: BrowserContext) -> None:
        """The role has just signed in."""
        self._cookies = await self._names(context)

    async def ended(self, view: PageView, context: BrowserContext, *, asked: str = "", leaves: bool = False) -> bool:
        """Whether the role is signed out on this page. `asked` is the address that the call named itself: a role may
        look at the sign-in page. `leaves`: what was clicked said that it signs out.

        A page with the sign-in form is proof enough. Where only a cookie went, the app is asked for the start page.
        """
        if self._form is None or view.dialog:
            return False
        wanted = bool(asked) and self._at_form(urljoin(self._url, asked))
        if not wanted and (self._at_form(view.url) or shows_form(view, self._form)):
            return True
        gone = self._cookies - await self._names(context)
        if not gone:
            return False
        if leaves or await self._turned_away(context):
            return True
        self._cookies -= gone
        return False

    async def returned(self, view: PageView, context: BrowserContext) -> bool:
        """Whether a role that was signed out has signed in by its own hand."""
        if self._form is None or view.dialog or self._at_form(view.url):
            return False
        if shows_form(view, self._form) or self._cookies - await self._names(context):
            return False
        return not await self._turned_away(context)

    async def _names(self, context: BrowserContext) -> frozenset[str]:
        with suppress(Error):
            return frozenset(cookie.get("name", "") for cookie in await context.cookies(self._url))
        return self._cookies

    async def _turned_away(self, context: BrowserContext) -> bool:
        """The role's start page is refused, or sends to the sign-in page. No redirect is followed."""
        try:
            answer = await context.request.get(self._start, max_redirects=0, timeout=ASK_MS)
        except Error:
            return False
        if answer.status in (401, 403):
            return True
        where = answer.headers.get("location", "") if 300 <= answer.status < 400 else ""
        return bool(where) and self._at_form(urljoin(self._start, where))

    def _at_form(self, url: str) -> bool:
        return self._form is not None and _route(url) == _route(self._form.path)


def signs_out(target: Target | None) -> bool:
    """Whether an element says that it signs its user out."""
    return target is not None and bool(SIGNS_OUT.search(target.name) or OUT_PATH.search(routes.path(target.href)))


def shows_form(view: PageView, form: SignIn) -> bool:
    """The page holds every field of the form, and its button."""
    tree = parse(view.snapshot)
    fields = {text for node in walk(tree) if node.role in FIELDS for text in (node.name, node.placeholder)}
    buttons = {words(node) for node in walk(tree) if node.role == "button"}
    return form.submit in buttons and all(label in fields for label, _ in form.fields)


def _route(url: str) -> str:
    return routes.path(url).partition("?")[0].rstrip("/")
