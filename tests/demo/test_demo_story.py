"""The main job as a whole, small: a charter, a worker killed in its middle, a rerun, a fix and a claim of one."""

import asyncio
import time

import pytest
from rich.console import Console

from agent.ledger import Ledger, fold
from bot.store import runs as run_rows
from bot.store.runs import Run
from demo.attribution import Attribution
from demo.outcome import duplicates_of
from demo.stack import Stack, open_stack
from demo.story import Story
from demo.teller import Teller

TURNS = 30
KILL_AFTER = 8


@pytest.mark.timeout(900)
async def test_a_killed_worker_loses_nothing_and_the_story_ends_right(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    async with open_stack(tmp_path / "demo", "all", "scout") as stack:
        builds, pictures = stack.deployer.builds, tmp_path / "attribution"
        attribution = Attribution(stack.profile, stack.deployer.environ, builds, pictures)
        story = Story(stack, Teller(Console()), attribution, turns=str(TURNS))
        async with asyncio.TaskGroup() as group:
            killing = group.create_task(kill_in_the_middle(story))
            await story.tell(twin=False)
        seconds_to_go_on = killing.result()
        rows = await story.filed()
        defects = [(row.run_id, await story.attribute(row)) for row in rows]

    assert seconds_to_go_on < 60
    assert [check for check in story.checks if not check.ok] == []
    assert all(run.state == "completed" for run in story.runs)
    assert sorted(story.fix_verdicts.values()) == ["FIXED", "STILL_FAILS"]
    assert None not in [defect for _, defect in defects]
    assert [duplicates_of(run.id, defects) for run in story.runs] == [0, 0]
    issues = [issue for issue in stack.repository.issues.values() if "finding" in issue.label_names]
    assert len(issues) == len(rows) >= 2
    assert stack.world.unexpected == []


async def kill_in_the_middle(story: Story) -> float:
    """SIGKILL the explorer's process once every role is at work, start another; seconds until the run went on."""
    while not story.runs:
        await asyncio.sleep(0.2)
    while (await turns_of(story.stack, story.runs[0])) < KILL_AFTER:
        await asyncio.sleep(0.2)
    story.stack.children.pop("runs").kill()
    before = await read_journal(story.stack, story.runs[0])
    began = time.monotonic()
    await story.stack.start_child("runs", "worker", "runs")
    while (await turns_of(story.stack, story.runs[0])) <= sum(turns(before).values()):
        await asyncio.sleep(0.2)
    after = await read_journal(story.stack, story.runs[0])
    assert after[: len(before)] == before
    assert [event.seq for event in after] == list(range(1, len(after) + 1))
    return time.monotonic() - began


async def read_journal(stack: Stack, run: Run):
    async with stack.db.read() as tx:
        return await run_rows.read_events(tx, run.id)


def turns(events) -> dict[str, int]:
    return {name: info.iterations for name, info in fold(Ledger(), events).roles.items()}


async def turns_of(stack: Stack, run: Run) -> int:
    return sum(turns(await read_journal(stack, run)).values())
