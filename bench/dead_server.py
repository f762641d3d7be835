"""What a server that dies in the middle of a run costs: how long until every role has ended, and how many calls each
still made. Real browsers, a real server process that is killed.
"""

import asyncio
import os
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from agent import events as ev
from agent.book import MemoryBook
from agent.charter import Charter
from agent.crew import CrewRun, run_crew
from agent.journal import FileJournal
from agent.llm.scout.explorer import Scout
from agent.profiles.load import load_profile
from bench import soak
from bench.site import SIGN_IN_WORD

ROLES = 3
TURNS_BEFORE = 10


@dataclass(frozen=True, slots=True)
class DeathFigures:
    """`seconds` from the kill to the end of the last role; `most_calls` of one role after it; `reasons` by role;
    `told` observations and findings about it."""

    seconds: float
    most_calls: int
    reasons: dict[str, str]
    told: int
    run_state: str


async def measure(folder: Path) -> DeathFigures:
    with soak.site() as (url, process):
        apps = soak.write_profile(folder / "apps", url, 200, ROLES)
        profile = load_profile(apps, soak.SLUG, {**os.environ, soak.VARIABLE: SIGN_IN_WORD})
        turns, killed = Counter[str](), [0.0]

        def listen(event: ev.Event) -> None:
            turns.update([event.role] if event.kind == "turn_ended" else [])
            if not killed[0] and len(turns) == ROLES and min(turns.values()) >= TURNS_BEFORE:
                process.kill()
                killed[0] = time.monotonic()

        scout, journal = Scout(), FileJournal(folder / "run" / "journal.jsonl")
        run = CrewRun(
            charter=Charter("Explore the whole catalogue.", profile.app, profile.name),
            profile=profile,
            model=lambda role: scout,
            journal=journal,
            book=MemoryBook(),
            folder=folder / "run",
            environ=os.environ,
            listen=listen,
        )
        begun = time.time() - time.monotonic()
        async with asyncio.timeout(600):
            outcome = await run_crew(run)
        return _figures(await journal.read(), begun + killed[0], outcome.state)


def _figures(events: tuple[ev.Event, ...], killed: float, state: str) -> DeathFigures:
    after = [event for event in events if event.at.timestamp() > killed]
    calls = Counter(event.role for event in after if isinstance(event.payload, ev.ToolFinished))
    stops = [event for event in after if isinstance(event.payload, ev.RoleStopped)]
    told = [e for e in after if isinstance(e.payload, ev.ObservationNoted | ev.FindingSuspected)]
    return DeathFigures(
        seconds=round(max((event.at.timestamp() for event in stops), default=killed) - killed, 1),
        most_calls=max(calls.values(), default=0),
        reasons={event.role: getattr(event.payload, "reason", "") for event in stops},
        told=len(told),
        run_state=state,
    )
