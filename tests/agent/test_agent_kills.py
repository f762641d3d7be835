"""A worker that is killed again and again in one run: nothing confirmed is lost or doubled, no turn is paid for twice.

The process is `charterbot explore` as a test can kill it, its group and all.
"""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from agent_scene import Apps, person

from agent import events as ev
from agent.events import Event
from agent.journal import FileJournal

CHILD = Path(__file__).with_name("explore_child.py")
KILLS = 10
TURNS = 40
SEED = 20260301


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_a_worker_killed_again_and_again_loses_nothing(apps: Apps, start_site, tmp_path: Path) -> None:
    site = start_site("search,help")
    apps.roles = [person("member", iterations=TURNS), person("guest", iterations=TURNS)]
    apps.save()
    out, chance = tmp_path / "runs", random.Random(SEED)
    folder, kept = "", ()
    for _ in range(KILLS):
        child = _start(apps, site.url, out, folder)
        try:
            await _until_events(out, len(kept) + chance.randint(1, 12), child)
            await asyncio.sleep(chance.random() * 0.5)
        finally:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        folder = str(next(out.glob("Site/local/*")))
        events = await FileJournal(Path(folder) / "journal.jsonl").read()
        assert events[: len(kept)] == kept, "what was journalled stays"
        kept = events
        if _over(kept):
            break

    child = _start(apps, site.url, out, folder)
    said, _ = await asyncio.to_thread(child.communicate, timeout=600)
    assert (child.returncode, said.split()[0]) == (0, "completed")
    events = await FileJournal(Path(folder) / "journal.jsonl").read()
    _nothing_lost_or_doubled(events)
    started = [event.payload.resumed for event in events if isinstance(event.payload, ev.RunStarted)]
    assert started[0] is False and all(started[1:]) and len(started) > 5
    _no_secret_readable(Path(folder))


def _nothing_lost_or_doubled(events: Sequence[Event]) -> None:
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    for name in ("member", "guest"):
        turns = [e.payload.iteration for e in events if e.role == name and isinstance(e.payload, ev.TurnEnded)]
        assert turns == list(range(1, len(turns) + 1)) and len(turns) <= TURNS
    verdicts = [event.payload for event in events if isinstance(event.payload, ev.VerdictReached)]
    confirmed = Counter(p.fingerprint for p in verdicts if p.verdict == "CONFIRMED")
    assert len(confirmed) == 2 and set(confirmed.values()) == {1}
    ends = Counter(event.role for event in events if isinstance(event.payload, ev.RoleStopped))
    assert ends == {"member": 1, "guest": 1}
    assert sum(isinstance(event.payload, ev.RunEnded) for event in events) == 1


def _no_secret_readable(folder: Path) -> None:
    for path in (item for item in folder.rglob("*") if item.is_file()):
        data = path.read_bytes()
        assert b"correct-horse-9" not in data and b"who=member" not in data, path


def _over(events: Sequence[Event]) -> bool:
    return any(isinstance(event.payload, ev.RunEnded) for event in events)


def _start(apps: Apps, url: str, out: Path, resume: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(CHILD), str(apps.root), url, str(out), resume]
    environ = {**apps.environ, "PYTHONPATH": str(Path.cwd())}
    return subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True, start_new_session=True)


async def _until_events(out: Path, wanted: int, child: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 120
    while child.poll() is None:
        lines = [line for path in out.glob("Site/local/*/journal.jsonl") for line in path.read_text().splitlines()]
        if len(lines) >= wanted:
            return
        assert time.monotonic() < deadline, f"only {len(lines)} events were journalled"
        await asyncio.sleep(0.02)
