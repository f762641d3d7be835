"""What one role of a run works with. Plain data between the crew, which hands it out, and the session."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.charter import Charter, Profile, Role
from agent.coverage.frontier import Frontier
from agent.coverage.similar import Recogniser
from agent.llm.base import Model
from agent.logbook import Logbook

State = Mapping[str, Any]
Keep = Callable[[Callable[[], Awaitable[State | None]]], Awaitable[None]]


async def keep_nothing(read: Callable[[], Awaitable[State | None]]) -> None:
    """Where no signed-in state is kept."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """`crew` are all roles of the run, which share `recogniser` and `frontier`. `fence` marks text of pages, which
    cannot know it. `paused` is true once the segment is over, `stop` once people asked for an end of the run."""

    charter: Charter
    profile: Profile
    role: Role
    model: Model
    logbook: Logbook
    crew: tuple[Role, ...]
    recogniser: Recogniser
    frontier: Frontier
    folder: Path
    fence: str
    paused: Callable[[], bool]
    stop: Callable[[], Awaitable[bool]]
    keep: Keep = keep_nothing

    @property
    def skip(self) -> tuple[str, ...]:
        """What the profile and the charter leave out, a line each."""
        return (*self.role.scope.skip, *self.charter.out_of_scope)
