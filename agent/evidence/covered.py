"""Whether people can get at an element, or something lies over it that nobody can close. Used by claims alone.

What can be closed, what passes by itself, and what lies over a frame is no fault here: doubt speaks for the page.
"""

import re
from contextlib import suppress

from playwright.async_api import ElementHandle, Error, Locator, Page

from agent.tools.overlays.controls import has_controls
from agent.tools.overlays.cover import COVER, Cover, ask, read

PATIENCE_MS = 4_000
"""As long as a person waits for a "please wait" to go."""
AGAIN_MS = 1_500
_INTERCEPTED = re.compile(r"(<[^\n]*>)(?: from [^\n]* subtree)? intercepts pointer events")
_PRESSED = "button, a[href], input, select, textarea, summary, iframe, [role=button], [tabindex], [onclick]"
_HOLDS = f"""s => s.matches('{_PRESSED}') || !!s.querySelector('{_PRESSED}')
  || [s, ...s.querySelectorAll('*')].some(n => n.shadowRoot || n.onclick || getComputedStyle(n).cursor === 'pointer')"""


async def trapping(page: Page, element: Locator) -> str | None:
    """The tag of what covers the element for good, as markup; empty when the element can be got at, None when nothing
    can be said. It presses Escape on the way. Raises Playwright's Error or TimeoutError."""
    over = await _intercepting(element, PATIENCE_MS)
    if not over:
        return over
    if not await _bare(page, element):
        return None
    await page.keyboard.press("Escape")
    return await _intercepting(element, AGAIN_MS)


async def _intercepting(element: Locator, patience: float) -> str | None:
    try:
        await element.click(trial=True, timeout=patience)
    except Error as error:
        found = _INTERCEPTED.findall(re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", str(error)))
        return found[-1] if found else None
    return ""


async def _bare(page: Page, element: Locator) -> bool:
    """Whether what lies over the element holds nothing that could be pressed to close it."""
    seen = await ask(element.evaluate_handle(COVER, None))
    parts = await seen.get_properties()
    near, outer = (parts[name].as_element() if name in parts else None for name in ("near", "outer"))
    if near is None or outer is None:
        return False
    return not await _pressable(near) and not await has_controls(page, Cover(near, outer, (), await read(page)))


async def _pressable(root: ElementHandle) -> bool:
    with suppress(Error):
        return bool(await ask(root.evaluate(_HOLDS)))
    return True
