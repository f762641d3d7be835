"""What is seen and heard of a role's page, secrets masked. Changes nothing but stray tabs, which it closes."""

import asyncio
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from playwright.async_api import Error

from agent.tools.answers import Answer, browser_died
from agent.tools.browser_tools import DEFAULT_SECONDS, SECONDS
from agent.tools.mcp import Gone, Hung
from agent.tools.seat import Seat
from agent.tools.surface import PageView, Signal, Target

LOOK_SECONDS = 4.0
TAB_MS = 3_000
OURS = "ERR_BLOCKED_BY_CLIENT"
FENCED = re.compile(r"Failed to fetch|NetworkError|Network Error|Load failed")


class Senses:
    """The eyes and ears at one seat."""

    def __init__(self, seat: Seat) -> None:
        self._seat = seat

    async def ask(self, tool: str, args: Mapping[str, Any]) -> Answer:
        answer = await self._seat.ask(tool, args, SECONDS.get(tool, DEFAULT_SECONDS))
        if answer.is_error and browser_died(answer.raw):
            raise Gone("the browser ended")
        return answer

    async def look(self, title: str = "") -> PageView:
        """The page as it is now; `title` is what it had, for a dialog hides it. Raises Hung or Gone when there is no
        answer."""
        for _ in range(3):
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    snapshot = await self._seat.page.aria_snapshot(mode="ai", timeout=LOOK_SECONDS * 1000)
                    title = await self._seat.page.title()
            except TimeoutError:
                break
            except Error as error:
                if self._seat.page.is_closed() or browser_died(str(error)):
                    raise Gone("the page was closed") from None
                # A navigation took the document away; the next one is there soon.
                await self._seat.watch.settle()
                continue
            mask = self._seat.secrets.mask
            return self._view(title=mask(title), snapshot=mask(snapshot))
        # A dialog that opened by itself also stops the page; only the server knows of it.
        answer = await self.ask("browser_snapshot", {"depth": 1})
        if answer.dialog:
            return self.dialog_view(answer.dialog, title)
        raise Hung("the page does not settle")

    def masked(self, target: Target | None) -> Target | None:
        mask = self._seat.secrets.mask
        if target is None:
            return None
        return replace(target, locator=mask(target.locator), name=mask(target.name), href=mask(target.href))

    def dialog_view(self, dialog: str, title: str) -> PageView:
        return self._view(title=title, dialog=self._seat.secrets.mask(dialog))

    def _view(self, **seen: Any) -> PageView:
        url = self._seat.secrets.mask(self._seat.page.url)
        return PageView(url, status=self._seat.watch.status, document=self._seat.watch.document, **seen)

    async def close_tabs(self) -> str:
        """Notes and closes what opened beside the page, so that one page stays the current one."""
        notes = []
        for tab in [page for page in self._seat.context.pages if page is not self._seat.page]:
            with suppress(Error):
                await tab.wait_for_load_state("domcontentloaded", timeout=TAB_MS)
            status = self._seat.watch.status_of(tab)
            notes.append(f"A new tab opened {tab.url}{f' (HTTP {status})' if status else ''} and was closed.")
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await tab.close()
            except (Error, TimeoutError):
                notes.append("It did not close.")
        return " ".join(notes)

    def heard(self) -> tuple[tuple[Signal, ...], bool]:
        """The signals since the last call, masked, without those that our own read-only fence caused; and whether it
        caused some."""
        heard = self._seat.watch.drain()
        fenced = any(OURS in signal.text for signal in heard)
        mask = self._seat.secrets.mask
        kept = (
            signal
            for signal in heard
            if not (OURS in signal.text or (fenced and signal.kind == "pageerror" and FENCED.search(signal.text)))
        )
        masked = tuple(
            replace(
                signal,
                text=mask(signal.text),
                stack=mask(signal.stack),
                url=mask(signal.url),
                page_url=mask(signal.page_url),
            )
            for signal in kept
        )
        return masked, fenced
