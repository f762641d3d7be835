"""A long run of several roles on the generated site: memory, prompts and repeated ground over hundreds of turns, with
the worker killed on the way. Real browsers, real MCP servers, a worker process of its own.
"""

import asyncio
import contextlib
import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from agent import events as ev
from agent.charter import Compaction
from agent.coverage.repetition import repeated_ground, revisit_rate
from agent.journal import FileJournal
from bench.site import ROLES, SIGN_IN_WORD
from bench.soak_worker import SIZES

SLUG = "Catalogue/local"
VARIABLE = "CATALOGUE_PASSWORD"
SAMPLE_SECONDS = 3.0
KILLS_WITHIN = 0.25
"""Workers are killed in the first quarter of the turns, so that memory is that of one worker after it."""
LONGEST = 3 * 3600.0
SPARE = 10
"""Turns of a budget that an explorer may save by finishing early."""
OPENING = 8_000
"""Tokens beside the turns of an epoch: the opening, the host's memory, one more turn, the tail."""


@dataclass(frozen=True, slots=True)
class SoakFigures:
    """`fewest_turns` are those of the role that made least.
    `memory_growth` is the mean PSS of the last quarter of the turns over that of the second, minus 1. `repeated` is
    the share of repeated ground of the worst role. `lost` suspicions were never judged, `doubled` findings confirmed
    more than once. `cpu_ms` is the host's processor time per turn, all roles counted together."""

    turns: int
    fewest_turns: int
    roles: int
    kills: int
    minutes: float
    memory_growth: float | None
    memory_mib: float
    prompt_median: int
    prompt_largest: int
    prompt_limit: int
    repeated: float
    revisits: float
    confirmed: int
    lost: int
    doubled: int
    ended: dict[str, str]
    run_state: str


async def measure(turns: int, kills: int, folder: Path, roles: int = 5, faults: bool = True) -> SoakFigures:
    """`turns` per role. Takes about a quarter of a second per turn of each role on two cores."""
    with site(faults) as (url, _):
        apps = write_profile(folder / "apps", url, turns + SPARE, roles)
        run = folder / "run"
        run.mkdir(parents=True, exist_ok=True)
        started = time.monotonic()
        samples, killed = await asyncio.to_thread(_drive, apps, run, turns * roles, kills)
        minutes = (time.monotonic() - started) / 60
    events = await FileJournal(run / "journal.jsonl").read()
    sizes = [json.loads(line)["tokens"] for line in (run / SIZES).read_text().splitlines()]
    verdicts = [e.payload for e in events if isinstance(e.payload, ev.VerdictReached)]
    confirmed = Counter(v.fingerprint for v in verdicts if v.verdict == "CONFIRMED")
    judged = {v.fingerprint for v in verdicts}
    suspected = {e.payload.fingerprint for e in events if isinstance(e.payload, ev.FindingSuspected)}
    ends = [e.payload.state for e in events if isinstance(e.payload, ev.RunEnded)]
    made = Counter(e.role for e in events if isinstance(e.payload, ev.TurnEnded))
    ground, again = repeated_ground(events), revisit_rate(events)
    return SoakFigures(
        turns=made.total(),
        fewest_turns=min(made.values(), default=0),
        roles=roles,
        kills=killed,
        minutes=round(minutes, 1),
        memory_growth=_growth(samples, turns * roles),
        memory_mib=round(max((mib for _, mib in samples), default=0.0)),
        prompt_median=round(statistics.median(sizes)),
        prompt_largest=max(sizes),
        prompt_limit=Compaction().tokens + OPENING,
        revisits=round(again[""].share, 4),
        repeated=round(max((share.share for role, share in ground.items() if role), default=0.0), 4),
        confirmed=len(confirmed),
        lost=len(suspected - judged),
        doubled=sum(count - 1 for count in confirmed.values()),
        ended={e.role: e.payload.reason for e in events if isinstance(e.payload, ev.RoleStopped)},
        run_state=ends[-1] if ends else "",
    )


async def host_cpu_ms(turns: int, folder: Path) -> float:
    """Median processor time of this side's process per turn of one role, without its explorer, in milliseconds. On the
    site without faults, because proofs are made beside the turns, in the same process."""
    await measure(turns, 0, folder, roles=1, faults=False)
    lines = [json.loads(line) for line in (folder / "run" / SIZES).read_text().splitlines()]
    return round(1000 * statistics.median(line["cpu"] for line in lines if line["cpu"] is not None), 1)


@contextlib.contextmanager
def site(faults: bool = True) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Its address and its process, which is killed at the end."""
    port = _free_port()
    command = [sys.executable, "-m", "bench.site", "--port", str(port), "--faults", "yes" if faults else "no"]
    process = subprocess.Popen(command)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            with contextlib.suppress(urllib.error.URLError), urllib.request.urlopen(f"{url}/version", timeout=2):
                break
            time.sleep(0.05)
        yield url, process
    finally:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def write_profile(apps: Path, url: str, turns: int, roles: int) -> Path:
    folder = apps / SLUG
    folder.mkdir(parents=True, exist_ok=True)
    settings: dict[str, Any] = {
        "url": url,
        "environment": "local",
        "iterations": turns,
        "version_path": "/version",
        "version_key": "build",
        "replay": {
            "start": ["{python}", "-m", "bench.site", "--port", "{port}"],
            "url": "http://127.0.0.1:{port}",
            "reset": "POST /__reset",
        },
        "replays": 3,
        "shared_browser": True,
    }
    fields = {"Password": f"{{{{secret:{VARIABLE}}}}}"}
    people = [
        {
            "name": name,
            "sign_in": {"path": "/sign-in", "fields": {"Name": name, **fields}, "submit": "Sign in"},
            "capabilities": ["Look through the catalogue", "Write notes", "Find words"],
        }
        for name in ROLES[:roles]
    ]
    (folder / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    (folder / "roles.json").write_text(json.dumps({"roles": people}), encoding="utf-8")
    return apps


def _drive(apps: Path, run: Path, total: int, kills: int) -> tuple[list[tuple[int, float]], int]:
    """Keeps a worker at the run until it ends, kills it now and then. Samples of (turns made, MiB), and the kills."""
    rng = random.Random(7)
    at = sorted(rng.randrange(total // 50, max(int(total * KILLS_WITHIN), total // 50 + 1)) for _ in range(kills))
    samples: list[tuple[int, float]] = []
    killed, until = 0, time.monotonic() + LONGEST
    count = _turn_counter(run / "journal.jsonl")
    worker = _start(apps, run)
    try:
        while worker.poll() is None and time.monotonic() < until:
            time.sleep(SAMPLE_SECONDS)
            made = count()
            samples.append((made, _tree_mib(worker.pid)))
            if at and made >= at[0]:
                at.pop(0)
                worker.send_signal(signal.SIGKILL)
                worker.wait()
                killed += 1
                worker = _start(apps, run)
    finally:
        worker.kill()
        worker.wait()
    return samples, killed


def _start(apps: Path, run: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "bench.soak_worker", "--apps", str(apps), "--profile", SLUG, "--folder", str(run)]
    with (run / "worker.log").open("ab") as log:
        return subprocess.Popen(command, env={**os.environ, VARIABLE: SIGN_IN_WORD}, stdout=log, stderr=log)


def _turn_counter(journal: Path) -> Callable[[], int]:
    """Reads on from where it was, so that counting stays cheap."""
    place, turns = 0, 0

    def count() -> int:
        nonlocal place, turns
        if journal.exists():
            with journal.open("rb") as file:
                file.seek(place)
                data = file.read()
            turns += data.count(b'"kind": "turn_ended"')
            place += len(data)
        return turns

    return count


def _tree_mib(pid: int) -> float:
    total = 0
    with contextlib.suppress(psutil.Error):
        root = psutil.Process(pid)
        for process in [root, *root.children(recursive=True)]:
            with contextlib.suppress(psutil.Error, OSError):
                total += process.memory_full_info().pss
    return total / 2**20


def _growth(samples: list[tuple[int, float]], total: int) -> float | None:
    """None without samples of both quarters."""

    def mean(first: float, last: float) -> float:
        inside = [mib for made, mib in samples if first * total <= made <= last * total]
        return statistics.fmean(inside) if inside else 0.0

    second, last = mean(0.25, 0.5), mean(0.75, 1.0)
    return round(last / second - 1, 4) if second and last else None
