"""What is seen and heard of a role's page, secrets masked. Changes nothing but windows beside it, which it closes."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from playwright.async_api import Error

from agent.tools.answers import Answer, browser_died
from agent.tools.browser_beside import look_at, look_into
from agent.tools.browser_tools import SECONDS
from agent.tools.mcp import Gone, Hung
from agent.tools.seat import Seat
from agent.tools.surface import PageView, Recovery, Signal, Target

MOST_WINDOWS = 3
"""Windows of one call that are looked into; a page that opens them by the dozen is only told about."""
OURS = "ERR_BLOCKED_BY_CLIENT"
FENCED = re.compile(r"Failed to fetch|NetworkError|Network Error|Load failed")


class Senses:
    """The eyes and ears at one seat."""

    def __init__(self, seat: Seat) -> None:
        self._seat = seat
        # Looking asks the page first and then the server, so each gets half of what a page is given.
        self._hang = seat.options.profile.resilience.hang
        self._look = self._hang / 2
        self._late = False

    async def ask(self, tool: str, args: Mapping[str, Any], seconds: float = 0.0) -> Answer:
        """A call of the server. Raises Hung after `seconds`, by default what this profile gives a page, or Gone."""
        answer = await self._seat.ask(tool, args, seconds or max(self._hang, SECONDS.get(tool, 0.0)))
        if answer.is_error and browser_died(answer.raw):
            raise Gone("the browser ended")
        return answer

    def take_late(self) -> bool:
        """Since this was asked last, the next page did not come in time and was given up."""
        late, self._late = self._late, False
        return late

    async def look(self, title: str = "") -> PageView:
        """The page as it is now; `title` is what it had, for a dialog hides it. One that is on its way is waited for.
        Raises Hung or Gone when there is no answer."""
        if not await self._seat.watch.arrive(self._hang):
            self._late = True
            await self._seat.stop_loading()
        for _ in range(3):
            try:
                async with asyncio.timeout(self._look):
                    snapshot = await self._seat.page.aria_snapshot(mode="ai", timeout=self._look * 1000)
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
        answer = await self.ask("browser_snapshot", {"depth": 1}, self._look)
        if answer.dialog:
            return self.dialog_view(answer.dialog, title)
        raise Hung("the page does not settle")

    def masked(self, target: Target | None) -> Target | None:
        mask = self._seat.secrets.mask
        if target is None:
            return None
        return replace(target, locator=mask(target.locator), name=mask(target.name), href=mask(target.href))

    def masked_steps(self, steps: Sequence[Recovery]) -> tuple[Recovery, ...]:
        mask = self._seat.secrets.mask
        return tuple(replace(s, what=mask(s.what), how=mask(s.how), target=self.masked(s.target)) for s in steps)

    def dialog_view(self, dialog: str, title: str) -> PageView:
        return self._view(title=title, dialog=self._seat.secrets.mask(dialog))

    def _view(self, **seen: Any) -> PageView:
        url = self._seat.secrets.mask(self._seat.page.url)
        return PageView(url, status=self._seat.watch.status, document=self._seat.watch.document, **seen)

    async def windows(self) -> tuple[PageView, ...]:
        """What opened beside the page, looked into and closed, so that one page stays the current one."""
        found = []
        for tab in [page for page in self._seat.context.pages if page is not self._seat.page]:
            if len(found) < MOST_WINDOWS:
                found.append(self._masked_view(await look_into(tab, self._seat.watch, self._look)))
            else:
                with suppress(Error, TimeoutError):
                    async with asyncio.timeout(self._look):
                        await tab.close()
        return tuple(found)

    async def files(self) -> tuple[str, ...]:
        """What was downloaded since the last call, a line each."""
        return tuple([self._seat.secrets.mask(await look_at(file)) for file in self._seat.watch.drain_downloads()])

    def _masked_view(self, view: PageView) -> PageView:
        mask = self._seat.secrets.mask
        return replace(view, url=mask(view.url), title=mask(view.title), snapshot=mask(view.snapshot))

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
