"""How a role gets past what lies over a page: every page of bench.overlay_pages in a real browser, as a role meets it.

Counted are the calls of the MCP server from the blocked call to the one that worked, ours among them.
"""

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Playwright, async_playwright

from agent.charter import Profile, Role
from agent.tools.answers import Answer
from agent.tools.aria import elements, parse
from agent.tools.browser import BrowserSurface
from agent.tools.chromium import require_browser
from agent.tools.seat import BrowserOptions, Seat
from agent.tools.surface import PageView, Recovery, ToolCall, ToolResult
from bench.overlay_pages import PAGES, OverlayPage
from bench.overlay_site import OverlaySite, serve_overlays

VISITOR = Role("visitor", None)
MOST_CALLS = 4


@dataclass(frozen=True, slots=True)
class Meeting:
    """How one page was met. `calls` of the MCP server, `steps` what the blocker log says, `harm` what was pressed and
    must never be."""

    good: bool
    calls: int
    steps: tuple[str, ...]
    harm: tuple[str, ...]


class CountingSeat(Seat):
    """A seat that counts the calls of its MCP server."""

    def __init__(self, options: BrowserOptions) -> None:
        super().__init__(options)
        self.calls = 0

    async def ask(self, tool: str, args: Mapping[str, Any], seconds: float) -> Answer:
        self.calls += 1
        return await super().ask(tool, args, seconds)


class Visitor:
    """A role that wants one thing on each page, and answers the browser's dialogs as they come."""

    def __init__(self, surface: BrowserSurface, seat: CountingSeat, site: OverlaySite) -> None:
        self.surface = surface
        self._seat = seat
        self.site = site
        self._calls = 0

    async def meet(self, page: OverlayPage) -> Meeting:
        self.site.harm.clear()
        await self.do("navigate", url=self.site.path(page))
        if page.shows:
            await self.do("wait_for", text=page.shows)
        if page.first:
            await self.do("click", target=await self.ref(page.first))
        if page.leaves:
            await self._want(page)
        begun = self._seat.calls
        result = await (self.do("navigate", url=page.leaves) if page.leaves else self._want(page))
        steps = list(result.recoveries)
        while self._seat.calls - begun < MOST_CALLS and result.after is not None and result.after.dialog:
            result = await self.do("handle_dialog", accept=True)
            steps += result.recoveries
            if result.after is not None and page.proof not in shown(result.after) and not result.after.dialog:
                result = await self._want(page)
                steps += result.recoveries
        calls = self._seat.calls - begun
        good = ended_well(page, result, steps) and calls <= MOST_CALLS and not self.site.harm
        return Meeting(good, calls, tuple(f"{item.what}: {item.how}" for item in steps), tuple(self.site.harm))

    async def do(self, tool: str, **args: Any) -> ToolResult:
        self._calls += 1
        return await self.surface.call(ToolCall(f"c{self._calls}", f"browser_{tool}", args))

    async def _want(self, page: OverlayPage) -> ToolResult:
        target = await self.ref(page.wanted)
        if page.text:
            return await self.do("type", target=target, text=page.text)
        return await self.do("click", target=target)

    async def ref(self, name: str) -> str:
        view = await self.surface.view()
        found = [item.ref for item in elements(parse(view.snapshot)) if item.name == name]
        return found[0] if found else "e0"


def ended_well(page: OverlayPage, result: ToolResult, steps: list[Recovery]) -> bool:
    here = result.after is not None and page.proof in shown(result.after)
    match page.end:
        case "reached":
            return result.status == "ok" and here
        case "left open":
            return here and [step.overcome for step in steps] == [False]
        case "told":
            return here and bool(steps) and steps[-1].trapped


def shown(view: PageView) -> str:
    return f"{view.url} {view.title} {view.snapshot}"


async def measure(say: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
    """`overlays_recovered` of `overlays`, `most_calls` of the server for one, `destructive_clicks`, and `pages`: a
    Meeting for each name. Takes some two minutes. Raises BadInput without a browser."""
    pages: dict[str, Meeting] = {}
    with serve_overlays() as site, tempfile.TemporaryDirectory(prefix="overlays-") as folder:
        async with async_playwright() as playwright:
            visitor = await open_visitor(site, playwright, Path(folder))
            try:
                for page in PAGES:
                    pages[page.name] = await visitor.meet(page)
                    say(f"{page.name}: {json.dumps(asdict(pages[page.name]), ensure_ascii=False)}")
            finally:
                await visitor.surface.close()
    return {
        "overlays_recovered": sum(meeting.good for meeting in pages.values()),
        "overlays": len(pages),
        "most_calls": max(meeting.calls for meeting in pages.values()),
        "destructive_clicks": sum(len(meeting.harm) for meeting in pages.values()),
        "pages": {name: asdict(meeting) for name, meeting in pages.items()},
    }


async def open_visitor(site: OverlaySite, playwright: Playwright, folder: Path) -> Visitor:
    """The caller closes its surface."""
    profile = Profile("Overlays", "bench", folder, site.url, "local", (VISITOR,), allowed_origins=(site.other,))
    seat = CountingSeat(BrowserOptions(VISITOR, profile, require_browser(os.environ), folder, playwright))
    surface = BrowserSurface(seat)
    await surface.start()
    return Visitor(surface, seat, site)
