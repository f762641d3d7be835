"""What a call opened beside the page: windows, tabs, downloads. Looks at each and closes it, so that one page stays the
current one; the role may open a window's address itself.

Knows no model and no proof; what is seen here is masked by its callers.
"""

import asyncio
from contextlib import suppress

from playwright.async_api import Download, Error, Page

from agent.tools.surface import PageView
from agent.tools.watch import Watch

LOAD_MS = 3_000
FILE_SECONDS = 2.0
BEGINNING = 200


async def look_into(tab: Page, watch: Watch, seconds: float) -> PageView:
    """The window once it has loaded; without a snapshot when it does not answer within `seconds`. Closes it."""
    with suppress(Error):
        await tab.wait_for_load_state("domcontentloaded", timeout=LOAD_MS)
    await watch.settle()
    view = PageView(tab.url, status=watch.status_of(tab), document=watch.document_of(tab))
    with suppress(Error, TimeoutError):
        async with asyncio.timeout(seconds):
            snapshot = await tab.aria_snapshot(mode="ai", timeout=seconds * 1000)
            view = PageView(tab.url, await tab.title(), view.status, snapshot, document=view.document)
    with suppress(Error, TimeoutError):
        async with asyncio.timeout(seconds):
            await tab.close()
    return view


async def look_at(download: Download) -> str:
    """The file's name, its size, and how it begins where it is text."""
    name = download.suggested_filename
    try:
        async with asyncio.timeout(FILE_SECONDS):
            if failure := await download.failure():
                return f"{name} failed: {failure}"
            path = await download.path()
            data = await asyncio.to_thread(path.read_bytes)
    except (Error, OSError, TimeoutError):
        return name
    head = data[:BEGINNING]
    shown = "" if b"\0" in head else " ".join(head.decode("utf-8", errors="ignore").split())
    return f"{name}, {len(data)} bytes{f', begins: {shown}' if shown else ''}"
