"""What a command is, what it is asked with, and what it decides: plain values.

Deciding is pure; handlers carry it out.
"""

from collections.abc import Callable
from dataclasses import dataclass

from agent.charter import Charter
from bot.domain.charter_form import Problems
from bot.domain.effects import Reaction
from bot.github.port import RepoRole
from bot.reasons import Reason
from bot.render.markdown import Md
from bot.store.runs import Run


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known when a command is decided. `charter` is the issue's text as it is now, read only for commands that
    say so; `targets` are the known ones; `filed` counts the latest run's issues."""

    active: Run | None = None
    latest: Run | None = None
    charter: Charter | Problems | None = None
    targets: tuple[str, ...] = ()
    filed: int = 0


@dataclass(frozen=True, slots=True)
class Decision:
    """`reply` is None where the live comment says it already."""

    reason: Reason
    reaction: Reaction
    reply: Md | None = None
    start: Charter | None = None
    stop: Run | None = None
    steer: Run | None = None
    """The run that is to focus on what was said."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command, declared once: dispatch, help, suggestions and the tests all come from it."""

    name: str
    usage: str
    sentence: str
    example: str
    minimum: RepoRole
    decide: Callable[["Asked", Situation], Decision]
    reads_charter: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """`line` is what a person typed (foreign text)."""

    line: str
    args: str = ""
    login: str = ""
    catalogue: tuple[Command, ...] = ()
