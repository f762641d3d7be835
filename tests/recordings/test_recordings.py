"""Runs that a reader drove by judgement, played again on fresh apps in real browsers: the same calls work, the same
claims hold or fail, the same findings are proved."""

from pathlib import Path

import pytest
from sites import SITES
from tape import Recorded, Tape, outcomes

from agent import events as ev
from agent.book import MemoryBook
from agent.charter import Charter
from agent.crew import CrewRun, run_crew
from agent.journal import FileJournal

TAPES = sorted(Path(__file__).parent.glob("*.ndjson.gz"))
AGAIN = 0.9
"""Of what worked in the recording; the texts and the tools may change a little under it."""


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("path", TAPES, ids=lambda path: path.name.partition(".")[0])
async def test_a_recorded_run_comes_out_the_same(path: Path, tmp_path: Path) -> None:
    tape = Tape.read(path)
    recorded = Recorded(tape)
    journal = FileJournal(tmp_path / "run" / "journal.jsonl")
    with SITES[path.name.partition(".")[0]](tape, tmp_path) as stage:
        app, _, name = tape.header["app"].partition("/")
        charter = Charter(tape.header["charter"], app, name, tuple(tape.header["roles"]))
        run = CrewRun(
            charter=Charter(charter.mission, app, name, charter.roles, iterations=tape.header["iterations"]),
            profile=stage.profile,
            model=lambda role: recorded.model(role.name),
            journal=journal,
            book=MemoryBook(),
            folder=tmp_path / "run",
            environ=stage.environ,
        )
        outcome = await run_crew(run)
    events = await journal.read()

    assert outcome.state == "completed", outcome.detail
    assert recorded.complaints == []
    assert recorded.unplayed == []
    _compare_calls(tape, events)
    _compare_findings(tape, events)


def _compare_calls(tape: Tape, events: tuple[ev.Event, ...]) -> None:
    now = outcomes(events)
    then = {
        (line.role, line.turn, n): (status, call)
        for line in tape.lines
        for n, (status, call) in enumerate(zip(line.statuses, line.calls, strict=False), 1)
        if line.outcome == "called" and status
    }
    fine = {key for key, (status, call) in then.items() if call["tool"] != "check" and status == "ok"}
    claims = {key for key, (_, call) in then.items() if call["tool"] == "check"}
    assert fine and claims
    worse = [f"{key}: {now.get(key)} {then[key][1]}" for key in sorted(fine) if now.get(key) != "ok"]
    assert len(worse) <= (1 - AGAIN) * len(fine), "calls that were ok before:\n" + "\n".join(worse)
    other = [
        f"{key}: {then[key][0]} -> {now.get(key)} {then[key][1]}"
        for key in sorted(claims)
        if now.get(key) != then[key][0]
    ]
    assert len(other) <= (1 - AGAIN) * len(claims), "claims with another outcome:\n" + "\n".join(other)


def _compare_findings(tape: Tape, events: tuple[ev.Event, ...]) -> None:
    reached = (event.payload for event in events if isinstance(event.payload, ev.VerdictReached))
    found = {fault.fingerprint: fault.finding["title"] for fault in reached if fault.verdict == "CONFIRMED"}
    unstable = set(tape.header["unstable"])
    assert _stable(dict(tape.header["confirmed"]), unstable) == _stable(found, unstable)


def _stable(findings: dict[str, str], unstable: set[str]) -> dict[str, str]:
    return {mark: title for mark, title in sorted(findings.items()) if mark not in unstable}
