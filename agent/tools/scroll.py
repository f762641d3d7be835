"""Turns the wheel over the page, or over a list or box of it, as a hand would. For sessions and replays alike."""

import asyncio
from dataclasses import dataclass
from typing import Literal

from playwright.async_api import JSHandle, Locator, Page

Direction = Literal["", "down", "up"]

MOST_SCREENS = 10
ACTION_MS = 3_000
POLL = 0.05
QUIET = 0.25
LONGEST_REST = 1.5
# What the wheel would turn at the middle of the window, or at the element: the nearest box that can scroll.
_FIND = """e => {
  let box = e || document.elementFromPoint(innerWidth / 2, innerHeight / 2);
  const root = document.scrollingElement || document.documentElement;
  const turns = b => b.scrollHeight > b.clientHeight + 1 && /auto|scroll/.test(getComputedStyle(b).overflowY);
  while (box && box !== root && !turns(box)) box = box.parentElement;
  return box || root;
}"""
_READ = "box => ({top: box.scrollTop, height: box.scrollHeight, view: box.clientHeight})"


@dataclass(frozen=True, slots=True)
class Scrolled:
    """Where the box that was scrolled stands now, in CSS pixels: `top` of its `height`, `view` of which is seen.
    `moved`: it stands elsewhere, or has grown."""

    top: float
    height: float
    view: float
    moved: bool

    @property
    def words(self) -> str:
        """For the role: what is above and what is below, in screens."""
        above, below = self.top, max(0.0, self.height - self.top - self.view)
        return f"{_screens(above, self.view)} above, {_screens(below, self.view)} below."


async def scroll(page: Page, element: Locator | None, direction: Direction, screens: int = 1) -> Scrolled:
    """Without a direction the element comes into view. Raises Playwright's Error."""
    # The box is found once: lists that draw themselves anew take the element away, but seldom the box.
    where = page.evaluate_handle(_FIND) if element is None else element.evaluate_handle(_FIND, timeout=ACTION_MS)
    box = await where
    before = await box.evaluate(_READ)
    if element is not None:
        await element.scroll_into_view_if_needed(timeout=ACTION_MS)
    if direction:
        await page.mouse.move(*await _point(page, element))
        for _ in range(min(max(screens, 1), MOST_SCREENS)):
            view = (await box.evaluate(_READ))["view"] * 0.9
            await page.mouse.wheel(0, view if direction == "down" else -view)
            await _rest(box)
    after = await box.evaluate(_READ)
    return Scrolled(**after, moved=(after["top"], after["height"]) != (before["top"], before["height"]))


async def _point(page: Page, element: Locator | None) -> tuple[float, float]:
    width, height = await page.evaluate("[innerWidth, innerHeight]")
    box = await element.bounding_box(timeout=ACTION_MS) if element is not None else None
    if box is None:
        return width / 2, height / 2
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    return min(max(x, 1), width - 1), min(max(y, 1), height - 1)


async def _rest(box: JSHandle) -> None:
    """Until nothing moved or grew for a moment: a wheel turns smoothly, and lists load what comes next."""
    last, since = await box.evaluate(_READ), 0.0
    for _ in range(int(LONGEST_REST / POLL)):
        await asyncio.sleep(POLL)
        now = await box.evaluate(_READ)
        since = since + POLL if now == last else 0.0
        last = now
        if since >= QUIET:
            return


def _screens(pixels: float, view: float) -> str:
    if pixels < 2:
        return "nothing"
    count = pixels / max(view, 1)
    return f"{count:.1f} screen{'' if 0.95 <= count < 1.05 else 's'}"
