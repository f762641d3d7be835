"""Pictures of a page in which no secret can be read. Knows files and pages, not who asks for a picture."""

import asyncio
from pathlib import Path

from playwright.async_api import Error, Locator, Page

from agent.tools.secrets import Secrets

SMALL_SECONDS = 2.0
SMALL_BYTES = 60_000
QUALITIES = (55, 25, 8)
# What stands in a field is no text of the page; asked for as a whole, so that no page sees the secrets looked for.
TYPED = "fields => fields.map(field => String(field.value))"


async def take_picture(page: Page, path: Path | None, secrets: Secrets, timeout_ms: float) -> bytes:
    """A PNG of the viewport with password fields and shown secrets covered, also written to `path` if there is one.

    Raises Playwright's Error.
    """
    return await page.screenshot(path=path, mask=await _covers(page, secrets), timeout=timeout_ms)


async def take_small_picture(page: Page, path: Path, secrets: Secrets) -> bool:
    """A JPEG of at most 60 kB, for an overview. False when it cannot be had within 2 seconds; never raises."""
    try:
        async with asyncio.timeout(SMALL_SECONDS):
            covers = await _covers(page, secrets)
            for quality in QUALITIES:
                data = await page.screenshot(type="jpeg", quality=quality, mask=covers, timeout=SMALL_SECONDS * 1000)
                if len(data) <= SMALL_BYTES:
                    await asyncio.to_thread(_write, path, data)
                    return True
    except (Error, TimeoutError, OSError):
        return False
    return False


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


async def _covers(page: Page, secrets: Secrets) -> list[Locator]:
    covers = []
    for frame in page.frames:
        covers.append(frame.locator("input[type=password]"))
        covers.extend(frame.get_by_text(value) for value in secrets.values)
        fields = frame.locator("input, textarea")
        typed = await fields.evaluate_all(TYPED)
        covers.extend(fields.nth(i) for i, text in enumerate(typed) if any(v in text for v in secrets.values))
    return covers
