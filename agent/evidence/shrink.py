"""Makes a reproduction as short as it can be while it still shows its symptom (delta debugging). Knows no browser.

What is tried is decided here; whether it still shows the symptom is asked of whoever replays.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from agent.evidence.finding import Repro

Shows = Callable[[Repro], Awaitable[bool]]
MOST = 20
"""Replays that one reproduction may cost."""


async def shrink(repro: Repro, shows: Shows, most: int = MOST) -> Repro:
    """The shortest that was found within `most` questions to `shows`; `repro` itself when nothing can go. The trigger
    always stays, and so do the steps since the last address that was opened: the same answer to other inputs would be
    another fault."""
    return await _Search(shows, most, {repro}).shorter(repro)


class _Search:
    """Never asks twice about the same steps, nor more often than it may."""

    def __init__(self, shows: Shows, left: int, known: set[Repro]) -> None:
        self._shows = shows
        self._left = left
        self._known = known

    async def shorter(self, repro: Repro) -> Repro:
        """Leaves out halves, then ever smaller parts, then single steps. The latest first: what comes early most often
        sets the stage."""
        size = max(len(_free(repro)) // 2, 1)
        while size:
            end = len(_free(repro))
            while end > 0:
                begin = max(end - size, 0)
                repro = await self._better(repro, _without(repro, begin, end))
                end = begin
            size //= 2
        return repro

    async def _better(self, repro: Repro, candidate: Repro) -> Repro:
        """The candidate where it shows the symptom, else what there is."""
        if candidate in self._known or self._left <= 0:
            return repro
        self._left -= 1
        self._known.add(candidate)
        return candidate if await self._shows(candidate) else repro


def _free(repro: Repro) -> list[tuple[int, int]]:
    """Ranges of steps before the trigger's own page that may go, each as a whole: a dialog is answered with the step
    that opens it."""
    last = max((index for index, step in enumerate(repro.steps) if step.action == "goto"), default=0)
    units: list[tuple[int, int]] = []
    for index, step in enumerate(repro.steps[:last]):
        if step.action == "dialog" and units:
            units[-1] = (units[-1][0], index + 1)
        else:
            units.append((index, index + 1))
    return units


def _without(repro: Repro, begin: int, end: int) -> Repro:
    free = _free(repro)[begin:end]
    steps = (*repro.steps[: free[0][0]], *repro.steps[free[-1][1] :])
    return replace(repro, steps=steps, trigger=len(steps) - 1)
