"""Gets an overlay out of the way in fixed layers: safe labels, labels that agree, Escape. Says what was done.

What the role's own last action opened is the app's answer and is never dismissed; what offers no way to close it is
told, never removed.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from playwright.async_api import Error, Page

from agent.tools.answers import Answer, blocker, name_blocker
from agent.tools.overlays.classify import Control, classify, rank, title_of
from agent.tools.overlays.controls import controls_of, has_controls, opened_by
from agent.tools.overlays.cover import Cover, ask, cover_of, describe, read
from agent.tools.surface import Recovery
from agent.tools.targets import resolve

Press = Callable[[str, Mapping[str, Any]], Awaitable[Answer]]
Seek = Callable[[Page, str], Awaitable[Cover | None]]

TRIES = 2
FADE = 1.5
"""Seconds that an overlay may take to go once it was told to."""
PASSING = 4.0
"""Seconds that one without any control gets to go by itself: most only say "please wait", for a few seconds."""
POLL = 0.1
LOAD_MS = 3_000
OWN = "left open, because the last action opened it"
UNKNOWN = "left to the role, for none of its controls is known to close it"
TRAPPED = "it has no control that closes it, and Escape does not"


@dataclass(frozen=True, slots=True)
class Scene:
    """A blocked action on `ref`: `raw` is the server's error, `fresh` the refs that the last action brought up, `press`
    makes a raw call of the server. `locator` names the element once its document was loaded anew; `seek` finds what is
    in the way."""

    page: Page
    ref: str
    raw: str
    fresh: frozenset[str]
    press: Press
    locator: str = ""
    seek: Seek = cover_of


@dataclass(frozen=True, slots=True)
class Cleared:
    """What was done, in order, and whether the way is free now. `target` names the wanted element from here on;
    `dialog` is `kind: message` of a browser dialog that the recovery met."""

    steps: tuple[Recovery, ...]
    free: bool
    target: str
    dialog: str | None = None


@dataclass(frozen=True, slots=True)
class _Met:
    """An overlay that is in the way, and what may be pressed in it, safest first."""

    cover: Cover
    what: str
    controls: tuple[Control, ...]


async def clear(scene: Scene, tries: int = TRIES) -> Cleared:
    """At most `tries` presses. A page that went away under them counts as free, for the element is looked up anew."""
    done: list[Recovery] = []
    pressed: set[str] = set()
    try:
        while (cover := await scene.seek(scene.page, scene.ref)) is not None:
            if len(done) >= tries:
                return Cleared(tuple(done), False, scene.ref)
            met = await _meet(scene, cover)
            if await opened_by(scene.page, cover, scene.fresh):
                return Cleared((*done, Recovery(met.what, OWN, False)), False, scene.ref)
            step, dialog = await _layer(scene, met, pressed)
            done.append(step)
            if dialog or step.trapped or step.how == UNKNOWN:
                return Cleared(tuple(done), False, scene.ref, dialog)
    except (Error, TimeoutError):
        return await _after_a_change(scene, done)
    if not done:
        done.append(Recovery(name_blocker(blocker(scene.raw) or ""), "scrolled the element out from under it", True))
    return Cleared(tuple(done), True, scene.ref)


async def _meet(scene: Scene, cover: Cover) -> _Met:
    """What may be pressed in the overlay itself, else in what is around it: some have their close button outside."""
    what = ""
    for root in (cover.near, cover.outer):
        tag, overlay = await describe(scene.page, cover, root)
        overlay = replace(overlay, name=name_blocker(tag))
        kind = classify(overlay)
        what = what or title_of(overlay, kind)
        if found := rank(await controls_of(scene.page, cover, root), overlay, kind):
            return _Met(cover, what, found)
    return _Met(cover, what, ())


async def _layer(scene: Scene, met: _Met, pressed: set[str]) -> tuple[Recovery, str | None]:
    """The next layer that was not tried yet, and the browser dialog that it opened."""
    control = next((item for item in met.controls if item.ref not in pressed), None)
    if control is not None:
        pressed.add(control.ref)
        return await _click(scene, met, control)
    bare = not met.controls and not await has_controls(scene.page, met.cover)
    if bare and await _goes(scene, met.cover, PASSING):
        return Recovery(met.what, "waited until it went by itself", True), None
    if "Escape" in pressed:
        return Recovery(met.what, TRAPPED if bare else UNKNOWN, False, trapped=bare), None
    pressed.add("Escape")
    answer = await scene.press("browser_press_key", {"key": "Escape"})
    gone = not answer.dialog and await _goes(scene, met.cover, FADE)
    step = Recovery(met.what, "pressed Escape", gone, key="Escape")
    return (replace(step, how=f"pressed Escape; {TRAPPED}", trapped=True) if bare and not gone else step), answer.dialog


async def _click(scene: Scene, met: _Met, control: Control) -> tuple[Recovery, str | None]:
    target = await resolve(scene.page, control.ref, await read(scene.page))
    answer = await scene.press("browser_click", {"target": control.ref})
    how = f"clicked {control.role} {json.dumps(control.label, ensure_ascii=False)}"
    if answer.dialog:
        # Nothing of the page can be asked until that is answered, and the answer is the role's.
        return Recovery(met.what, f"{how}, which opened a browser dialog", False, target), answer.dialog
    gone = not answer.is_error and await _goes(scene, met.cover, FADE)
    return Recovery(met.what, how, gone, target), None


async def _goes(scene: Scene, cover: Cover, seconds: float) -> bool:
    """Whether this overlay stops being in the way within the time; another one may be below it."""
    for _ in range(round(seconds / POLL)):
        try:
            now = await scene.seek(scene.page, scene.ref)
            if now is None or now.frames != cover.frames or not await _same(cover, now):
                return True
        except Error:
            return True  # with the page
        except TimeoutError:
            return False
        await asyncio.sleep(POLL)
    return False


async def _same(cover: Cover, other: Cover) -> bool:
    return bool(await ask(cover.near.evaluate("(a, b) => a === b", other.near)))


async def _after_a_change(scene: Scene, done: list[Recovery]) -> Cleared:
    """The page went away under our hands: some are loaded anew when a consent is given. Its answer is awaited."""
    if not done:
        what = name_blocker(blocker(scene.raw) or "<element>")
        return Cleared((Recovery(what, "found no way to close it", False),), False, scene.ref)
    with suppress(Error):
        await scene.page.wait_for_load_state("domcontentloaded", timeout=LOAD_MS)
    return Cleared(tuple(done), bool(scene.locator), scene.locator or scene.ref)
