"""Gets an overlay out of the way of a click: names it, classifies it, closes it in fixed layers.

What the agent's own last action opened is the app's answer and is never dismissed.
"""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from playwright.async_api import ElementHandle, Error, Page

from agent.tools.answers import Answer, blocker, name_blocker
from agent.tools.aria import Element, elements, parse
from agent.tools.surface import Recovery
from agent.tools.targets import resolve

Kind = Literal["permission prompt", "external overlay", "in-app modal", "focus interference"]
Press = Callable[[str, Mapping[str, Any]], Awaitable[Answer]]

TRIES = 2
INSPECTED = 40
DIALOG = "which opened a browser dialog"
SAFE = ("close", "cancel", "dismiss", "no thanks", "no, thanks", "not now", "maybe later", "skip", "x", "×", "✕")
SAFE_STARTS = ("reject", "decline", "close", "dismiss", "only necessary", "necessary only")
DENY_STARTS = ("deny", "block", "don't allow", "don’t allow", "never")
PROCEED = ("ok", "okay", "accept", "got it", "agree", "i agree", "understood", "continue", "i understand")
PROCEED_STARTS = ("accept", "agree", "allow")
COVER = """e => {
  e.scrollIntoView({block: 'center', inline: 'center'});
  const box = e.getBoundingClientRect();
  const hit = e.ownerDocument.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  if (!hit || hit.contains(e) || e.contains(hit)) return null;
  let root = hit;
  while (root.parentElement && !root.parentElement.contains(e)) root = root.parentElement;
  return root;
}"""


@dataclass(frozen=True, slots=True)
class Scene:
    """A blocked click on `ref`: `raw` is the server's error, `fresh` the refs that the last action brought up, `press`
    makes a raw call of the server."""

    page: Page
    ref: str
    raw: str
    fresh: frozenset[str]
    press: Press


async def clear(scene: Scene, tries: int = TRIES) -> tuple[Recovery, ...]:
    """What was done, in order; the last one's `overcome` says whether the way is free. At most `tries` attempts."""
    what = name_blocker(blocker(scene.raw) or "<element>")
    done: list[Recovery] = []
    try:
        for _ in range(tries):
            root = await _cover(scene)
            if root is None:
                if not done:
                    done.append(Recovery(what, "scrolled the element out from under it", True))
                break
            inside = await _inside(scene.page, root)
            if inside and all(element.ref in scene.fresh for element in inside):
                how = "left open, because the last action opened it"
                return (*done, Recovery(f"{what} (in-app modal)", how, False))
            kind = classify(what, (await root.inner_text())[:500])
            step = await _dismiss(scene, f"{what} ({kind})", choose(inside, kind, len(done)))
            done.append(step)
            if step.overcome or step.how.endswith(DIALOG):
                break
    except Error:
        # The element or the page went away under our hands: nothing is in the way of what is gone.
        pass
    return tuple(done) or (Recovery(what, "found no way to close it", False),)


def classify(what: str, text: str) -> Kind:
    words = f"{what} {text}".lower()
    if re.search(r"\b(permission|notifications?|your location|camera|microphone)\b", words):
        return "permission prompt"
    if re.search(r"\b(cookies?|consent|newsletter|subscribe|chat|gdpr|privacy)\b", words):
        return "external overlay"
    return "in-app modal" if "dialog" in what else "focus interference"


def choose(inside: tuple[Element, ...], kind: Kind, attempt: int) -> Element | None:
    """The control to press on this attempt, safest first; None means Escape."""
    layers = [_labelled(inside, SAFE, SAFE_STARTS), _labelled(inside, PROCEED, PROCEED_STARTS)]
    if kind == "permission prompt":
        layers.insert(0, _labelled(inside, (), DENY_STARTS))
    ranked = [element for layer in layers for element in layer]
    return ranked[attempt] if attempt < len(ranked) else None


def _labelled(inside: tuple[Element, ...], exact: tuple[str, ...], starts: tuple[str, ...]) -> list[Element]:
    def fits(element: Element) -> bool:
        label = " ".join(element.name.lower().split()).strip(" .!")
        return element.role in ("button", "link") and (label in exact or label.startswith(starts))

    return [element for element in inside if not element.disabled and fits(element)]


async def _cover(scene: Scene) -> ElementHandle | None:
    """The outermost element that covers the wanted one without holding it."""
    return (await scene.page.get_by_ref(scene.ref).evaluate_handle(COVER, timeout=1_000)).as_element()


async def _inside(page: Page, root: ElementHandle) -> tuple[Element, ...]:
    found: list[Element] = []
    for element in elements(parse(await page.aria_snapshot(mode="ai")))[-INSPECTED:]:
        handle = await page.get_by_ref(element.ref).element_handle(timeout=1_000)
        if await root.evaluate("(root, e) => root.contains(e)", handle):
            found.append(element)
    return tuple(found)


async def _dismiss(scene: Scene, what: str, element: Element | None) -> Recovery:
    if element is None:
        await scene.press("browser_press_key", {"key": "Escape"})
        return Recovery(what, "pressed Escape", await _cover(scene) is None, key="Escape")
    target = await resolve(scene.page, element.ref, parse(await scene.page.aria_snapshot(mode="ai")))
    answer = await scene.press("browser_click", {"target": element.ref})
    how = f"clicked {element.role} {json.dumps(element.name, ensure_ascii=False)}"
    if answer.dialog:
        # Nothing of the page can be asked until that is answered.
        return Recovery(what, f"{how}, {DIALOG}", False, target)
    return Recovery(what, how, await _cover(scene) is None, target)
