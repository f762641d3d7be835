"""Keeps the way free for one browser's calls: what blocked one is met, and the call made again. Counts its tries.

It sees a call's arguments and the server's answer; what the call was for, and what is told of it, is the surface's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from playwright.async_api import Error, Page

from agent.tools.answers import Answer, blocker
from agent.tools.aria import parse
from agent.tools.aria_text import refs
from agent.tools.overlays.clear import TRIES, Press, Scene, clear
from agent.tools.overlays.cover import ask, blocked_ref, read, thief_of
from agent.tools.surface import PageView, Recovery, Target

POINTING = frozenset({"browser_click", "browser_hover", "browser_fill_form"})
TYPING = frozenset({"browser_type", "browser_fill_form"})
LEAVING = "beforeunload"
HELD = "The text did not reach the field: something else on the page holds the focus."


@dataclass(frozen=True, slots=True)
class Attempt:
    """A call as it was sent, secrets resolved, the page before it, and the element that it names."""

    tool: str
    args: Mapping[str, Any]
    before: PageView
    target: Target | None = None


class Way:
    """One browser's memory of what its role opened and of what was tried against each blocker of this document."""

    def __init__(self, press: Press) -> None:
        self._press = press
        self._fresh: frozenset[str] = frozenset()
        self._tries: dict[str, int] = {}

    def forget(self) -> None:
        """Another document, or another page."""
        self._fresh = frozenset()
        self._tries.clear()

    def acted(self, before: PageView, after: PageView, used: Iterable[str]) -> None:
        """An action of the role succeeded; `used` are the refs it named. What it brought up is its answer, and stays
        that while the role works inside of it."""
        new = refs(parse(after.snapshot)) - refs(parse(before.snapshot))
        self._fresh = self._fresh | new if self._fresh.intersection(used) else new

    async def through(self, page: Page, attempt: Attempt, answer: Answer) -> tuple[Answer, tuple[Recovery, ...]]:
        """The answer of a call that got through in the end, or the first one; and what was done for it."""
        if (answer.dialog or "").startswith(LEAVING):
            return await self._leave(attempt)
        if answer.is_error and attempt.tool in POINTING and blocker(answer.raw):
            ref = str(attempt.args.get("target") or blocked_ref(answer.raw))
            return await self._clear(Scene(page, ref, answer.raw, self._fresh, self._press), attempt, answer)
        if not answer.is_error and not answer.dialog and attempt.tool in TYPING:
            return await self._reach(page, attempt, answer)
        return answer, ()

    async def _reach(self, page: Page, attempt: Attempt, answer: Answer) -> tuple[Answer, tuple[Recovery, ...]]:
        """Text that something else took is no text in the field; but what the typing itself opened may take it."""
        ref, text = await _unreached(page, attempt)
        if not ref:
            return answer, ()
        known = refs(parse(attempt.before.snapshot))
        fresh = self._fresh | (refs(await read(page)) - known)
        scene = Scene(page, ref, "", fresh, self._press, seek=partial(thief_of, text=text))
        return await self._clear(scene, attempt, Answer(True, HELD))

    async def _clear(self, scene: Scene, attempt: Attempt, answer: Answer) -> tuple[Answer, tuple[Recovery, ...]]:
        state = blocker(scene.raw) or f"focus of {scene.ref}"
        left = TRIES - self._tries.get(state, 0)
        if left <= 0 or not scene.ref:
            return answer, ()
        locator = attempt.target.locator if attempt.target else ""
        cleared = await clear(replace(scene, locator=locator), left)
        # What offers no way out will not offer one the next time.
        hopeless = any(step.trapped for step in cleared.steps)
        self._tries[state] = TRIES if hopeless else self._tries.get(state, 0) + len(cleared.steps)
        if not cleared.free:
            return replace(answer, dialog=cleared.dialog), cleared.steps
        args = {**attempt.args, "target": cleared.target} if "target" in attempt.args else attempt.args
        return await self._press(attempt.tool, args), cleared.steps

    async def _leave(self, attempt: Attempt) -> tuple[Answer, tuple[Recovery, ...]]:
        """The page asks whether to leave; the role has just asked for that."""
        answer = await self._press("browser_handle_dialog", {"accept": True})
        left = not answer.is_error
        how = "accepted, because leaving the page is what was asked for" if left else "could not be accepted"
        return replace(answer, raw=""), (Recovery('browser dialog "leave this page?"', how, left),)


async def _unreached(page: Page, attempt: Attempt) -> tuple[str, str]:
    """The ref and the text of the first field whose text went elsewhere; empty when none did, or none can tell."""
    if attempt.args.get("submit"):
        return "", ""  # the page has moved on, and the focus with it
    fields = attempt.args.get("fields") or [{"target": attempt.args.get("target"), "value": attempt.args.get("text")}]
    for item in fields:
        ref, text = str(item.get("target")), str(item.get("value") or "")
        if text and item.get("type", "textbox") == "textbox":
            try:
                value = await ask(page.get_by_ref(ref).input_value(timeout=500))
                if text not in value and await thief_of(page, ref, text):
                    return ref, text
            except (Error, TimeoutError):
                continue  # no field with a value, or gone with its page
    return "", ""
