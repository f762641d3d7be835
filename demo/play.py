"""One performance of the demo: stack up, story told, figures read back, stack down."""

import asyncio
import contextlib
import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from agent.ledger import Ledger, fold
from agent.llm.models import check_settings
from bot.config import load_settings
from bot.reasoner import llm_settings
from bot.store import deliveries
from bot.store import runs as run_rows
from bot.store.findings import FindingRow
from demo.attribution import Attribution
from demo.memory import MemoryWatch
from demo.outcome import Check, Outcome, duplicates_of, finding_checks, finding_figures, run_figures, twin_checks
from demo.stack import Stack, open_stack
from demo.story import Story, StoryBroke
from demo.teller import Teller

AT_ONCE = 2
"""Attributions side by side, once no role explores any more."""


@dataclass(frozen=True, slots=True)
class Wish:
    """How to perform: `folder` takes database and logs, `once` ends with the story, `twin` has no defects."""

    folder: Path
    once: bool
    twin: bool
    llm: str


async def play(wish: Wish, console: Console) -> dict[str, Any]:
    """The story's figures as JSON data; `ok` is False when a part of it did not happen.

    Raises BadInput before anything was started, for a reasoner that cannot be had too.
    """
    performance = asyncio.current_task()
    if performance:
        # Ctrl-C is asyncio's own; a plain kill must stop the children as well.
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, performance.cancel)
    await check_settings(llm_settings(load_settings({**os.environ, "CHARTERBOT_LLM": wish.llm})))
    with Teller(console) as teller:
        teller.say("Starting Redis, the local GitHub, Clubhouse, the web process and two workers …")
        async with MemoryWatch() as memory, open_stack(wish.folder, "none" if wish.twin else "all", wish.llm) as stack:
            teller.say(f"Local GitHub: {stack.pages}/issues   Clubhouse: {stack.deployer.url}")
            outcome = await _perform(wish, stack, teller, memory)
            for check in outcome.checks:
                teller.say(
                    f"{'ok  ' if check.ok else 'FAIL'}  {check.what} ({check.detail})", "" if check.ok else "red"
                )
            if not wish.once:
                teller.say(f"The local GitHub stays up at {stack.pages}/issues until you press Ctrl-C.")
                await _stay()
    return outcome.to_json()


async def _perform(wish: Wish, stack: Stack, teller: Teller, memory: MemoryWatch) -> Outcome:
    builds = stack.deployer.builds
    attribution = Attribution(stack.profile, stack.deployer.environ, builds, stack.folder / "attribution")
    story = Story(stack, teller, attribution)
    try:
        await story.tell(wish.twin)
    except StoryBroke as broke:
        story.checks.append(Check("the story was told to its end", False, str(broke)))
    return await _figures(story, wish.twin, memory)


async def _figures(story: Story, twin: bool, memory: MemoryWatch) -> Outcome:
    rows = await story.filed()
    seats = asyncio.Semaphore(AT_ONCE)
    async with asyncio.TaskGroup() as group:
        for row in rows:
            group.create_task(_attribute(story, row, seats))
    filed = [(row.run_id, story.defects[row.id]) for row in rows]
    figures, tokens = [], 0
    for run in story.runs:
        async with story.stack.db.read() as tx:
            fresh = await run_rows.get(tx, run.id) or run
            asked = await deliveries.get(tx, run.trigger.split(":")[1])
            ledger = fold(Ledger(), await run_rows.read_events(tx, run.id))
        tokens += ledger.tokens
        mine = [row for row in rows if row.run_id == run.id]
        asked_at = asked.received_at if asked else run.created_at
        figures.append(run_figures(fresh, asked_at, ledger, mine, duplicates_of(run.id, filed)))
    findings = [finding_figures(row, story.defects[row.id]) for row in rows]
    issues = sum("finding" in issue.label_names for issue in story.stack.repository.issues.values())
    told = twin_checks(figures, issues) if twin else finding_checks(figures, findings, issues)
    verdicts = {str(number): kind for number, kind in story.fix_verdicts.items()}
    return Outcome(tuple(figures), tuple(findings), verdicts, tokens, memory.peak_mib, (*told, *story.checks))


async def _attribute(story: Story, row: FindingRow, seats: asyncio.Semaphore) -> None:
    async with seats:
        await story.attribute(row)


async def _stay() -> None:
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.Event().wait()
