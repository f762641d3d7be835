"""Clicks an element that never stands still where it is at that moment, as a hand would. For sessions and replays.

A click by coordinates could hit anything, so that the place is tested right before, and asked about right after.
"""

import asyncio
from typing import Literal

from playwright.async_api import ElementHandle, Error, Frame, Locator, Page

Aim = Literal["hit", "missed", "refused"]

SECONDS = 3.0
TRIES = 2
_UNSTABLE = "element is not stable"
# The element's centre in its own frame when a pointer there would meet it; what it is told of pointers goes to `seen`.
_PLACE = """e => {
  if (!e.checkVisibility({opacityProperty: true, visibilityProperty: true})) return null;
  const box = e.getBoundingClientRect();
  const x = box.x + box.width / 2, y = box.y + box.height / 2;
  let hit = e.ownerDocument.elementFromPoint(x, y);
  while (hit && hit.shadowRoot && !hit.contains(e)) {
    const inner = hit.shadowRoot.elementFromPoint(x, y);
    if (!inner || inner === hit) break;
    hit = inner;
  }
  return hit && (hit === e || e.contains(hit)) ? {x, y} : null;
}"""
_LISTEN = """e => {
  const seen = {hit: false};
  e.addEventListener('pointerdown', () => { seen.hit = true; }, {once: true, capture: true});
  return seen;
}"""
_CORNER = """e => {
  const style = getComputedStyle(e), box = e.getBoundingClientRect();
  const left = e.clientLeft + parseFloat(style.paddingLeft), top = e.clientTop + parseFloat(style.paddingTop);
  return {x: box.x + left, y: box.y + top};
}"""


def keeps_moving(error: str) -> bool:
    """Whether a click was given up only because the element did not stand still, by Playwright's account of it."""
    return _UNSTABLE in error and "intercepts pointer events" not in error


async def click_where_it_is(page: Page, element: Locator, *, double: bool = False) -> Aim:
    """`refused`: the element was hidden or under another one, twice; nothing was clicked. `missed`: it had moved on.

    Raises Playwright's Error when the element is gone. A click that opens a dialog may take all of 3 seconds.
    """
    handle = await element.element_handle(timeout=SECONDS * 1000)
    frame = await handle.owner_frame()
    await handle.evaluate("e => e.scrollIntoView({block: 'center', inline: 'center', behavior: 'instant'})")
    seen = await handle.evaluate_handle(_LISTEN)
    for _ in range(TRIES):
        left, top = await _corner(frame)
        place = await handle.evaluate(_PLACE)
        if place is not None:
            try:
                async with asyncio.timeout(SECONDS):
                    await page.mouse.click(left + place["x"], top + place["y"], click_count=2 if double else 1)
                    return "hit" if await seen.evaluate("seen => seen.hit") else "missed"
            except (Error, TimeoutError):
                return "hit"  # the click led away, or opened a dialog that stops the page
        await asyncio.sleep(0.1)
    return "refused"


async def _corner(frame: Frame | None) -> tuple[float, float]:
    """Where the frame's own coordinates begin on the page."""
    left = top = 0.0
    while frame is not None and frame.parent_frame is not None:
        owner: ElementHandle = await frame.frame_element()
        corner = await owner.evaluate(_CORNER)
        left, top = left + corner["x"], top + corner["y"]
        frame = frame.parent_frame
    return left, top
