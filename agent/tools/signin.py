"""Signs a role in through the app's own form, with Playwright on a page: for sessions and replays alike."""

import asyncio
import re
import time
from contextlib import suppress
from urllib.parse import urlsplit

from playwright.async_api import Error, Locator, Page, Request, Response

from agent.charter import Role, SignIn
from agent.tools.mcp import Hung
from agent.tools.secrets import Secrets

ELEMENT_MS = 5_000
LEAVE_SECONDS = 10.0
COMPLAINT_SECONDS = 1.5
GONE_SECONDS = 1.5
QUESTION_SECONDS = 20.0
"""For a question that has no time-out of its own: a page whose script never ends does not answer it."""
SAID_SECONDS = 2.0
# A slow application takes its time for the form, for the answer and for the page after it.
WHOLE_SECONDS = 90.0
SAID = 200


class SignInFailed(Exception):
    """The role could not sign in. `str(error)` is one sentence with what the page said, secrets masked."""


async def sign_in(page: Page, role: Role, origin: str, secrets: Secrets) -> None:
    """Does nothing for a visitor. Returns when the sign-in path was left, or the form where the path never changes."""
    if role.sign_in is None:
        return
    try:
        async with asyncio.timeout(WHOLE_SECONDS):
            await _walk(page, role.sign_in, origin, secrets)
    except (Error, TimeoutError) as error:
        reason = str(error).split("\n")[0] or "the page gave no answer in time"
        said = await _said(page)
        text = f"{role.name} could not sign in at {role.sign_in.path}: {reason}{said}"
        raise SignInFailed(secrets.mask(text)) from None
    except SignInFailed as error:
        raise SignInFailed(secrets.mask(f"{role.name} could not sign in: {error}")) from None


async def signed_out(page: Page, role: Role) -> bool:
    """What should be the role's start page is its sign-in page, or shows the form. Never for a visitor. Raises Hung."""
    form = role.sign_in
    if form is None:
        return False
    if _path(form.path) != _path(role.start) and _path(page.url) == _path(form.path):
        return True
    try:
        async with asyncio.timeout(QUESTION_SECONDS):
            return await _shown(page, form)
    except TimeoutError:
        raise Hung(f"{_path(page.url)} gave no answer in {QUESTION_SECONDS:.0f} s") from None


async def _walk(page: Page, form: SignIn, origin: str, secrets: Secrets) -> None:
    response = await page.goto(origin + form.path, wait_until="domcontentloaded")
    if response is not None and response.status >= 400:
        raise SignInFailed(f"{form.path} answered {response.status}.")
    for label, value in form.fields:
        await _field(page, label).fill(secrets.resolve(value, origin), timeout=ELEMENT_MS)
    sent = _Sent(page)
    try:
        submit = page.get_by_role("button", name=form.submit, exact=True).first
        # The click is over once it is made: how long the answer may take is decided below.
        await submit.click(timeout=ELEMENT_MS, no_wait_after=True)
        if not await _left(page, form, sent):
            raise SignInFailed(f"the page stayed at {form.path}{await _said(page)}")
    finally:
        sent.forget()
    await page.wait_for_load_state("domcontentloaded", timeout=LEAVE_SECONDS * 1000)


class _Sent:
    """What the form sent and has no answer to yet: documents, and requests that write."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._waiting: set[Request] = set()
        page.on("request", self._on_request)
        page.on("response", self._on_response)
        page.on("requestfailed", self._on_failed)

    @property
    def unanswered(self) -> bool:
        return bool(self._waiting)

    def forget(self) -> None:
        self._page.remove_listener("request", self._on_request)
        self._page.remove_listener("response", self._on_response)
        self._page.remove_listener("requestfailed", self._on_failed)

    def _on_request(self, request: Request) -> None:
        if request.is_navigation_request() or request.method not in ("GET", "HEAD", "OPTIONS"):
            self._waiting.add(request)

    def _on_response(self, response: Response) -> None:
        self._waiting.discard(response.request)

    def _on_failed(self, request: Request) -> None:
        self._waiting.discard(request)


async def _left(page: Page, form: SignIn, sent: _Sent) -> bool:
    """Whether the path was left in time, or the form on a page whose address does not change.

    A slow answer is waited for. A page that shows an alert and stays is not waited for to the end.
    """
    complained = gone = 0.0
    end = time.monotonic() + LEAVE_SECONDS
    # The address is looked at last: a question to a page that is being left can take until it is gone.
    while _path(page.url) == _path(form.path):
        if (now := time.monotonic()) >= end:
            return False
        await asyncio.sleep(0.05)
        if sent.unanswered:
            # An answer may be a redirect, and the page behind it takes its own time.
            end, complained, gone = now + LEAVE_SECONDS, 0.0, 0.0
            continue
        try:
            async with asyncio.timeout(QUESTION_SECONDS):
                alerts = await page.get_by_role("alert").all_inner_texts()
                complained = (complained or now) if any(text.strip() for text in alerts) else 0.0
                gone = 0.0 if await _shown(page, form) else (gone or now)
        except Error:
            pass
        except TimeoutError:
            if not sent.unanswered:
                raise
        if complained and now - complained > COMPLAINT_SECONDS:
            return False
        if gone and not complained and now - gone > GONE_SECONDS:
            return True
    return True


async def _shown(page: Page, form: SignIn) -> bool:
    """The page shows the form: its fields and its button."""
    submit = page.get_by_role("button", name=form.submit, exact=True).first
    parts = (submit, *(_field(page, label) for label, _ in form.fields))
    return all([await part.is_visible() for part in parts])


def _path(url: str) -> str:
    return urlsplit(url).path


def _field(page: Page, label: str) -> Locator:
    quoted = label.replace("\\", "\\\\").replace('"', '\\"')
    by_attribute = page.get_by_placeholder(label, exact=True).or_(page.locator(f'[name="{quoted}"]'))
    # Forms mark what is required within the label: "Email *".
    marked = re.compile(rf"^\s*{re.escape(label)}[\s*:]*$")
    return page.get_by_label(marked).or_(by_attribute).first


async def _said(page: Page) -> str:
    """What the page tells its user, shortened: its alert, else the beginning of its text."""
    text = ""
    with suppress(Error, TimeoutError):
        async with asyncio.timeout(SAID_SECONDS):
            alert = page.get_by_role("alert")
            source = alert.first if await alert.count() else page.locator("body")
            text = " ".join((await source.inner_text(timeout=1_000)).split())[:SAID]
    return f'; the page says "{text}".' if text else "."
