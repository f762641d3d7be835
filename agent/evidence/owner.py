"""The second opinion on a forbidden address: does the role whose capability it is see the same there?

What differs from the owner's view (a refusal in words that nobody listed, a list of one's own rows) is no breach.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Error

from agent import routes
from agent.charter import Role
from agent.coverage.access import READING, Access
from agent.coverage.refusal import PageFacts
from agent.evidence.finding import Alarm
from agent.evidence.perform import PAGE_MS
from agent.evidence.shape import of_words
from agent.evidence.stage import Seat, Stage
from agent.tools import page_request
from agent.tools.foreign import page_facts
from agent.tools.page_request import Unanswered
from agent.tools.signin import SignInFailed

ALIKE = 0.4
"""Share of what the owner sees that the role must see too."""
READ = 200_000
OTHERWISE = "The role whose capability it is sees something else there."


class NoOpinion(Exception):
    """The owner could not be asked. `str(error)` is one sentence."""


@dataclass(frozen=True, slots=True)
class Case:
    """`alarm` as it fired in a replay, on the page of `seat`; `roles` are all of the profile."""

    alarm: Alarm
    seat: Seat
    roles: tuple[Role, ...]
    viewport: tuple[int, int]

    @property
    def owner(self) -> Role:
        method = self.alarm.signal.split(" ", 1)[0]
        name = Access(self.seat.role.name, self.roles).verdict(method, self.alarm.url).owner
        for role in self.roles:
            if role.name == name:
                return role
        raise NoOpinion(f"{self.alarm.route} belongs to no other role of the profile any more.")


async def agrees(stage: Stage, case: Case) -> bool:
    """Whether the owner sees the same at the address. A write is not made a second time: that its answer tells of
    something done is enough.

    Raises NoOpinion."""
    alarm = case.alarm
    if alarm.signal.split(" ", 1)[0] not in READING:
        return True
    owner = case.owner
    try:
        if owner.name not in stage.seats:
            await stage.seat(owner, case.viewport)
        theirs = stage.seats[owner.name]
        compare = _pages if alarm.url == alarm.page_url else _answers
        return await compare(stage, case, theirs)
    except (Error, TimeoutError, SignInFailed, Unanswered) as error:
        why = str(error).split("\n")[0] or "no answer"
        raise NoOpinion(f"{owner.name} could not be asked about {alarm.route}: {why}") from None


async def _pages(stage: Stage, case: Case, theirs: Seat) -> bool:
    path = routes.path(case.alarm.url)
    if routes.path(theirs.page.url) != theirs.role.start:  # its own steps have led it elsewhere
        await theirs.page.goto(stage.origin + theirs.role.start, wait_until="domcontentloaded", timeout=PAGE_MS)
    start = await page_facts(theirs.page)
    response = await theirs.page.goto(stage.origin + path, wait_until="domcontentloaded", timeout=PAGE_MS)
    await theirs.watch.settle()
    if response is None or response.status >= 400 or routes.path(theirs.page.url) != path:
        raise NoOpinion(f"{theirs.role.name} cannot open {case.alarm.route} either, so nothing is known of it.")
    return same_page(await page_facts(case.seat.page), await page_facts(theirs.page), start)


async def _answers(stage: Stage, case: Case, theirs: Seat) -> bool:
    url = stage.origin + routes.path(case.alarm.url)
    # From the same page: its scripts may have to say first who asks.
    await theirs.page.goto(stage.origin + routes.path(case.alarm.page_url), wait_until="domcontentloaded")
    await theirs.watch.settle()
    there = await page_request.request(theirs.page, "GET", url, theirs.foreign, READ)
    here = await page_request.request(case.seat.page, "GET", url, case.seat.foreign, READ)
    if not 200 <= there.status < 300:
        raise NoOpinion(f"{theirs.role.name} is answered {there.status} by {case.alarm.route}.")
    return same_answer(here.text, there.text)


def same_page(here: PageFacts, there: PageFacts, start: PageFacts) -> bool:
    """Whether `here` shows what the owner sees `there`, apart from what stands on the owner's `start` page too."""
    headings = _lines(there.headings) - _lines(start.headings)
    if headings and not headings & _lines(here.headings):
        return False
    wanted = _lines(there.text.splitlines()) - _lines(start.text.splitlines()) - headings
    shown = _lines(here.text.splitlines())
    return len(wanted & shown) >= ALIKE * len(wanted) if wanted else bool(headings)


def same_answer(here: str, there: str) -> bool:
    wanted, shown = _facts(there), _facts(here)
    return bool(wanted) and len(wanted & shown) >= ALIKE * len(wanted)


def _lines(texts: Iterable[str]) -> set[str]:
    return {" ".join(text.split()).casefold() for text in texts if text.strip()}


def _facts(text: str) -> set[str]:
    """The values of a JSON answer with their names; of any other its lines."""
    try:
        return set(_leaves(json.loads(text), ""))
    except (ValueError, RecursionError):
        return {of_words(line) for line in text.splitlines() if line.strip()}


def _leaves(value: Any, name: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, str(key))
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item, name)
    else:
        yield f"{name}={value}"
