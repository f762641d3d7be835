"""What one role of a run works with. Plain data between the crew, which hands it out, and the session."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from agent.charter import Charter, Profile, Role
from agent.llm.base import Model
from agent.logbook import Logbook


@dataclass(frozen=True, slots=True)
class Assignment:
    """`fence` marks text of pages, which cannot know it. `paused` is true once the segment is over, `stop` once people
    asked for an end of the run."""

    charter: Charter
    profile: Profile
    role: Role
    model: Model
    logbook: Logbook
    fence: str
    paused: Callable[[], bool]
    stop: Callable[[], Awaitable[bool]]
