"""A run that is cut off goes on from its last turn boundaries: by a segment's end, by people, by a kill."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from agent_parts import reasons, words_of
from agent_scene import person
from scripted_model import ScriptedModel, both, click, fill, finish, go

from agent import events as ev
from agent.book import MemoryBook
from agent.circuit import TITLE
from agent.crew import run_crew
from agent.events import Event
from agent.journal import FileJournal
from agent.steering import MemoryInbox
from agent.vault import Vault

CHILD = Path(__file__).with_name("explore_child.py")
SEARCH = (click("link", "Search"), both(fill("Term", "O'Brien"), click("button", "Find")))


async def test_a_segment_that_ends_is_continued_by_the_next_and_nothing_is_proven_twice(apps, start_site, scene):
    apps.roles = [person("member"), person("guest")]
    site = start_site("search,help")
    run = scene(site.url)
    turns: Counter[str] = Counter()
    proven: list[str] = []

    def watch(event: Event) -> None:
        turns[event.role] += event.kind == "turn_ended"
        proven.extend(["now"] if event.kind == "verdict_reached" else [])

    def over() -> float:
        return 1.0 if proven and min(turns["member"], turns["guest"]) >= 2 else 0.0

    wander = [go(f"/search?q={number}") for number in range(390)]
    first = {
        "member": ScriptedModel(*SEARCH, *wander),
        "guest": ScriptedModel(go("/terms"), *wander),
    }
    apps.roles[0]["iterations"] = apps.roles[1]["iterations"] = 400
    run.profile = apps.load(site.url)
    outcome = await run_crew(run.run(first, deadline=1.0, clock=over, listen=watch))
    assert outcome.state == "unfinished"
    assert await reasons(run) == {}
    before = await run.journal().read()
    used = {event.role: event.payload.iteration for event in before if isinstance(event.payload, ev.TurnEnded)}

    apps.roles[0]["iterations"], apps.roles[1]["iterations"] = used["member"] + 5, used["guest"] + 5
    run.profile = apps.load(site.url)
    second = {
        "member": ScriptedModel(*SEARCH, finish()),
        "guest": ScriptedModel(click("link", "Help"), go("/items"), finish()),
    }
    outcome = await run_crew(run.run(second))
    assert outcome.state == "completed"
    assert await reasons(run) == {"member": "finished", "guest": "finished"}
    situation = second["member"].requests[0].situation
    assert situation.iteration == used["member"] + 1
    assert situation.view is not None and "/search?q=" in situation.view.url
    assert f"You used {used['member']} turns." in words_of(second["member"].requests[0])
    assert [p.resumed for p in await run.payloads(ev.RunStarted)] == [False, True]
    verdicts = Counter(p.fingerprint for p in await run.payloads(ev.VerdictReached))
    assert len(verdicts) == 2 and set(verdicts.values()) == {1}

    again = await run_crew(run.run({}))
    assert (again.state, again.detail) == ("completed", "The run had ended already.")


class ShutBook(MemoryBook):
    """Lets no proof begin."""

    async def reference(self, fingerprint: str) -> str | None:
        await asyncio.Event().wait()


async def test_proofs_that_a_segment_has_no_time_for_are_made_in_the_next(start_site, scene, monkeypatch):
    monkeypatch.setattr("agent.crew.DRAIN_GRACE", 0.2)
    site = start_site("search")
    run = scene(site.url)
    run.book = ShutBook()
    # The roles are done long before the deadline, the proofs are not.
    outcome = await run_crew(run.run(ScriptedModel(*SEARCH, finish()), deadline=0.5, clock=lambda: 0.0))
    assert (outcome.state, outcome.detail) == ("unfinished", "Still to do: proofs.")
    assert await reasons(run) == {"member": "finished"}
    assert await run.payloads(ev.ObservationNoted) == []

    run.book = MemoryBook()
    outcome = await run_crew(run.run({}))
    assert outcome.state == "completed"
    assert [finding.title for finding in run.book.findings] == ["GET /search answers 500"]


async def test_a_stop_is_heard_while_only_proofs_are_left(start_site, scene, monkeypatch):
    monkeypatch.setattr("agent.crew.DRAIN_GRACE", 0.2)
    site = start_site("search")
    run = scene(site.url)
    run.book = ShutBook()
    inbox = MemoryInbox()

    def watch(event: Event) -> None:
        if event.kind == "role_stopped":
            inbox.stop()

    async with asyncio.timeout(60):
        outcome = await run_crew(run.run(ScriptedModel(*SEARCH, finish()), inbox=inbox, listen=watch))
    assert outcome.state == "stopped"
    assert await reasons(run) == {"member": "finished"}
    assert [p.title for p in await run.payloads(ev.ObservationNoted)] == ["GET /search answers 500"]


async def _cut_off(run, site) -> None:
    """A segment that ends with a suspicion unproved: member is done, guest is not."""
    over: list[str] = []

    def watch(event: Event) -> None:
        over.extend(["now"] if event.kind == "role_stopped" else [])

    run.book = ShutBook()
    wander = [go(f"/terms?page={number}") for number in range(390)]
    models = {"member": ScriptedModel(*SEARCH, finish()), "guest": ScriptedModel(*wander)}
    outcome = await run_crew(run.run(models, deadline=1.0, clock=lambda: float(len(over)), listen=watch))
    assert (outcome.state, await reasons(run)) == ("unfinished", {"member": "finished"})
    run.book = MemoryBook()
    site.process.kill()
    site.process.wait()


async def test_what_waits_for_its_proof_is_proved_although_the_target_is_away(apps, start_site, scene, monkeypatch):
    monkeypatch.setattr("agent.crew.DRAIN_GRACE", 0.2)
    apps.roles = [person("member"), person("guest", iterations=400)]
    apps.settings["resilience"] = {"patience": 0.5}
    site = start_site("search")
    run = scene(site.url)
    await _cut_off(run, site)
    vault = Vault(run.folder.parent / "state.key")
    vault.keep(run.folder, "guest", {"cookies": []})
    monkeypatch.setattr("agent.crew.DRAIN_GRACE", 60.0)

    outcome = await run_crew(run.run({}, vault=vault))
    assert [finding.title for finding in run.book.findings] == ["GET /search answers 500"]
    assert (outcome.state, outcome.detail) == ("completed", "2 roles are done.")
    assert await reasons(run) == {"member": "finished", "guest": "target_down"}
    assert [(p.build, p.resumed) for p in await run.payloads(ev.RunStarted)] == [("search", False), ("search", True)]
    (noted,) = await run.payloads(ev.ObservationNoted)
    assert noted.title == TITLE and "It ended guest." in noted.detail
    assert vault.take(run.folder, "guest") is None


async def test_what_cannot_be_proved_without_the_target_is_noted(apps, start_site, scene, monkeypatch):
    monkeypatch.setattr("agent.crew.DRAIN_GRACE", 0.2)
    apps.roles = [person("member"), person("guest", iterations=400)]
    apps.settings["resilience"] = {"patience": 0.5}
    del apps.settings["replay"]
    site = start_site("search")
    run = scene(site.url)
    await _cut_off(run, site)

    outcome = await run_crew(run.run({}))
    assert outcome.state == "completed" and await run.payloads(ev.VerdictReached) == []
    assert [p.title for p in await run.payloads(ev.ObservationNoted)] == ["GET /search answers 500", TITLE]


async def test_people_stop_a_run_at_the_next_turn(start_site, scene):
    site = start_site("clean")
    run = scene(site.url)
    inbox = MemoryInbox()

    def watch(event: Event) -> None:
        if isinstance(event.payload, ev.TurnEnded) and event.payload.iteration == 2:
            inbox.stop()

    outcome = await run_crew(run.run(ScriptedModel(go("/items"), go("/help")), inbox=inbox, listen=watch))
    assert outcome.state == "stopped"
    assert await reasons(run) == {"member": "stop_requested"}
    assert [p.iteration for p in await run.payloads(ev.TurnEnded)] == [1, 2]


async def test_a_killed_exploration_goes_on_where_it_was(apps, start_site, tmp_path):
    site = start_site("search,help")
    apps.roles = [person("member", iterations=10), person("guest", iterations=10)]
    apps.save()
    out = tmp_path / "runs"

    def start(resume: str) -> subprocess.Popen[str]:
        command = [sys.executable, str(CHILD), str(apps.root), site.url, str(out), resume]
        environ = {**apps.environ, "PYTHONPATH": str(Path.cwd())}
        return subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True, start_new_session=True)

    child = start("")
    try:
        await _until_turns(out, 6, child)
    finally:
        # The whole group: what a killed container takes with it.
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    folder = next(out.glob("Site/local/*"))
    with (folder / "journal.jsonl").open("a") as journal:
        journal.write('{"seq": 9999, "torn')
    before = [event for event in await FileJournal(folder / "journal.jsonl").read()]

    child = start(str(folder))
    said, _ = await asyncio.to_thread(child.communicate, timeout=150)
    assert (child.returncode, said.split()[0]) == (0, "completed")
    after = await FileJournal(folder / "journal.jsonl").read()
    assert list(after[: len(before)]) == before
    assert [event.seq for event in after] == list(range(1, len(after) + 1))
    for name in ("member", "guest"):
        mine = [e.payload.iteration for e in after if e.role == name and isinstance(e.payload, ev.TurnEnded)]
        assert mine == list(range(1, len(mine) + 1)), "no turn is lost or done twice"
    verdicts = Counter(event.payload.fingerprint for event in after if isinstance(event.payload, ev.VerdictReached))
    assert verdicts and max(verdicts.values()) <= 2
    confirmed = [
        e.payload for e in after if isinstance(e.payload, ev.VerdictReached) and e.payload.verdict == "CONFIRMED"
    ]
    assert len({p.fingerprint for p in confirmed}) == len(confirmed), "nothing is confirmed twice"
    assert "correct-horse-9" not in (folder / "journal.jsonl").read_text() + (folder / "report.md").read_text()


async def _until_turns(out: Path, wanted: int, child: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 100
    while True:
        lines = [line for path in out.glob("Site/local/*/journal.jsonl") for line in path.read_text().splitlines()]
        if sum('"kind": "turn_ended"' in line for line in lines) >= wanted:
            return
        assert child.poll() is None, "the exploration ended by itself"
        assert time.monotonic() < deadline, f"only {len(lines)} events were journalled"
        await asyncio.sleep(0.05)
