"""One thing that the scout may do next, and what the size of the walk says about its worth. Pure."""

from dataclasses import dataclass
from typing import Literal

from agent.llm.base import Situation
from agent.llm.scout.memory import Trail
from agent.llm.scout.page import Control, Form

Kind = Literal["link", "form", "use", "double", "escape", "back", "return", "offer", "probe", "request", "revisit"]
VISITS = 3
"""Items of a route that are looked at as a sample."""
WIDE = 25
"""Routes seen, from which on one more is worth less."""


@dataclass(frozen=True, slots=True)
class Step:
    kind: Kind
    score: float
    why: str
    url: str = ""
    control: Control | None = None
    form: Form | None = None
    variant: str = ""
    place: str = ""
    """The shared lead that is followed."""


def turns(situation: Situation) -> int:
    """Of the whole walk."""
    return situation.iteration + situation.remaining


def new_route(trail: Trail) -> float:
    """What a route never seen is worth."""
    return 80 - min(26.0, 0.4 * max(0, len(trail.memory.routes) - WIDE))
