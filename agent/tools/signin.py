"""Signs a role in through the app's own form, with Playwright on a page: for sessions and replays alike."""

import asyncio
import time
from contextlib import suppress
from urllib.parse import urlsplit

from playwright.async_api import Error, Locator, Page

from agent.charter import Role, SignIn
from agent.tools.secrets import Secrets

ELEMENT_MS = 5_000
LEAVE_SECONDS = 10.0
COMPLAINT_SECONDS = 1.5
WHOLE_SECONDS = 40.0
SAID = 200


class SignInFailed(Exception):
    """The role could not sign in. `str(error)` is one sentence with what the page said, secrets masked."""


async def sign_in(page: Page, role: Role, origin: str, secrets: Secrets) -> None:
    """Does nothing for a visitor. Returns when the sign-in path was left."""
    if role.sign_in is None:
        return
    try:
        async with asyncio.timeout(WHOLE_SECONDS):
            await _walk(page, role.sign_in, origin, secrets)
    except (Error, TimeoutError) as error:
        reason = str(error).split("\n")[0] or "no answer"
        said = await _said(page)
        text = f"{role.name} could not sign in at {role.sign_in.path}: {reason}{said}"
        raise SignInFailed(secrets.mask(text)) from None
    except SignInFailed as error:
        raise SignInFailed(secrets.mask(f"{role.name} could not sign in: {error}")) from None


async def _walk(page: Page, form: SignIn, origin: str, secrets: Secrets) -> None:
    response = await page.goto(origin + form.path, wait_until="domcontentloaded")
    if response is not None and response.status >= 400:
        raise SignInFailed(f"{form.path} answered {response.status}.")
    for label, value in form.fields:
        await _field(page, label).fill(secrets.resolve(value, origin), timeout=ELEMENT_MS)
    submit = page.get_by_role("button", name=form.submit, exact=True)
    await submit.first.click(timeout=ELEMENT_MS)
    if not await _left(page, form.path):
        raise SignInFailed(f"the page stayed at {form.path}{await _said(page)}")
    await page.wait_for_load_state("domcontentloaded", timeout=LEAVE_SECONDS * 1000)


async def _left(page: Page, path: str) -> bool:
    """Whether the path was left in time. A page that shows an alert and stays is not waited for to the end."""
    complained = 0.0
    end = time.monotonic() + LEAVE_SECONDS
    while (now := time.monotonic()) < end:
        if urlsplit(page.url).path != path:
            return True
        with suppress(Error):
            if not complained and (await page.get_by_role("alert").all_inner_texts()):
                complained = now
        if complained and now - complained > COMPLAINT_SECONDS:
            return False
        await asyncio.sleep(0.05)
    return False


def _field(page: Page, label: str) -> Locator:
    quoted = label.replace("\\", "\\\\").replace('"', '\\"')
    by_attribute = page.get_by_placeholder(label, exact=True).or_(page.locator(f'[name="{quoted}"]'))
    return page.get_by_label(label, exact=True).or_(by_attribute).first


async def _said(page: Page) -> str:
    """What the page tells its user, shortened: its alert, else the beginning of its text."""
    text = ""
    with suppress(Error):
        alert = page.get_by_role("alert")
        source = alert.first if await alert.count() else page.locator("body")
        text = " ".join((await source.inner_text(timeout=1_000)).split())[:SAID]
    return f'; the page says "{text}".' if text else "."
