"""Nothing that matters is forgotten: who reads only the request finds the same with a tiny context as with all."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from context_site import FAULTS
from reading_policy import ReadingPolicy

from agent import events as ev
from agent.book import MemoryBook
from agent.charter import Charter, Compaction, Profile, ReplayTarget, Role
from agent.crew import CrewRun, run_crew
from agent.journal import FileJournal
from agent.llm.tokens import written_tokens
from agent.steering import MemoryInbox

SITE = Path(__file__).with_name("context_site.py")
TINY = Compaction(entries=4, keep=2, pages=1, tokens=1_500)
UNLIMITED = Compaction(entries=100_000, keep=50_000, pages=50_000, tokens=10**9)


@pytest.fixture
def start_site() -> Iterator[Callable[[str], str]]:
    started: list[subprocess.Popen[bytes]] = []

    def start(build: str) -> str:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        started.append(subprocess.Popen([sys.executable, str(SITE), "--port", str(port), "--build", build]))
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 30
        while True:
            try:
                with urllib.request.urlopen(f"{url}/version", timeout=5):
                    return url
            except OSError:
                assert time.monotonic() < deadline, "the site did not start"
                time.sleep(0.05)

    yield start
    for process in started:
        process.kill()
        process.wait()


def profile(url: str, compaction: Compaction, folder: Path) -> Profile:
    command = (sys.executable, str(SITE), "--port", "{port}", "--build", "{build}")
    replay = ReplayTarget(command, "http://127.0.0.1:{port}", "POST /__reset")
    visitor = Role("visitor", None, capabilities=("Look around", "Keep notes"), iterations=200)
    made = Profile("Site", "local", folder, url, "local", (visitor,), compaction=compaction, replay=replay, replays=2)
    return replace(made, version_path="/version", version_key="build")


async def explore(url: str, compaction: Compaction, folder: Path) -> tuple[ReadingPolicy, MemoryBook, list[ev.Event]]:
    reader, book, journal, inbox = ReadingPolicy(), MemoryBook(), FileJournal(folder / "journal.jsonl"), MemoryInbox()
    inbox.focus("Look at /hidden before you finish.")
    run = CrewRun(
        charter=Charter("Explore all of it.", "Site", "local"),
        profile=profile(url, compaction, folder),
        model=lambda role: reader,
        journal=journal,
        book=book,
        folder=folder,
        environ=os.environ,
        inbox=inbox,
    )
    await run_crew(run)
    return reader, book, list(await journal.read())


def largest(reader: ReadingPolicy) -> int:
    return max(sum(map(written_tokens, request.messages)) for request in reader.requests)


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_a_reader_finds_the_same_with_a_tiny_context_as_with_all_of_it(start_site, tmp_path):
    found: dict[str, set[str]] = {}
    sizes: dict[str, int] = {}
    for name, compaction in (("tiny", TINY), ("unlimited", UNLIMITED)):
        folder = tmp_path / name
        folder.mkdir()
        reader, book, events = await explore(start_site(",".join(FAULTS)), compaction, folder)
        ends = [event.payload for event in events if isinstance(event.payload, ev.RoleStopped)]
        closings = [event.payload for event in events if isinstance(event.payload, ev.EpochClosed)]
        assert [end.reason for end in ends] == ["finished"], ends
        assert (len(closings) > 10) == (name == "tiny")
        found[name] = {finding.fingerprint.value for finding in book.findings}
        sizes[name] = largest(reader)
    assert len(found["unlimited"]) == len(FAULTS)
    assert found["tiny"] == found["unlimited"]
    assert sizes["tiny"] < sizes["unlimited"] / 4
