"""Makes a tape of a run's journal: `keep.py RUN_FOLDER TAPE --charter FILE --app App/profile [--settings JSON]
[--iterations N]`. Addresses lose their origin; nothing else of this machine is in a reply."""

import argparse
import asyncio
import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tape import Line, Tape, outcomes

from agent import events as ev
from agent.journal import FileJournal

ORIGIN = re.compile(r"https?://(?:127\.0\.0\.1|localhost|\[::1\]):\d+")
SHOWN = re.compile(r'(\w+) "((?:[^"\\]|\\.)*)"[^\n]*?\[ref=(\w+)\]')


def tape_of(events: Sequence[ev.Event], header: Mapping[str, Any]) -> Tape:
    lines = tuple(_lines(events))
    told = outcomes(events)
    claims = [
        [line.role, told[line.role, line.turn, n]]
        for line in lines
        for n, call in enumerate(line.calls, 1)
        if call["tool"] == "check" and (line.role, line.turn, n) in told
    ]
    reached = (event.payload for event in events if isinstance(event.payload, ev.VerdictReached))
    confirmed = [[fault.fingerprint, fault.finding["title"]] for fault in reached if fault.verdict == "CONFIRMED"]
    began = next(event.at for event in events if isinstance(event.payload, ev.RunStarted))
    turns = {line.role: line.turn for line in lines}
    return Tape(
        {
            "began": began.isoformat(),
            "roles": turns,
            **header,
            "confirmed": confirmed,
            "unstable": [],
            "claims": claims,
        },
        lines,
    )


def _lines(events: Sequence[ev.Event]):
    told, refs = outcomes(events), _refs(events)
    turns: dict[str, int] = {}
    newest: dict[str, Line] = {}
    for event in events:
        role, turn = event.role, turns.get(event.role, 0) + 1
        line = None
        match event.payload:
            case ev.ModelReplied(purpose="note", text=text):
                line = Line(role, turn, "said", text, note=True)
            case ev.EpochClosed(note=note) if note and not newest[role].note:
                line = Line(role, turn, "said", note, note=True)
            case ev.ModelReplied(outcome=outcome, text=text, calls=calls):
                kept = tuple(_bare({"tool": call["tool"], "args": call["args"]}) for call in calls)
                statuses = tuple(told.get((role, turn, n), "") for n in range(1, len(kept) + 1))
                line = Line(role, turn, outcome, ORIGIN.sub("", text), kept, statuses, refs.get((role, turn)))
            case ev.TurnEnded(iteration=iteration):
                turns[role] = iteration
            case _:
                continue
        if line is not None:
            newest[role] = line
            yield line


def _refs(events: Sequence[ev.Event]) -> dict[tuple[str, int], dict[str, list[str]]]:
    """The elements that the calls of each turn pointed at, by ref: role and name."""
    found: dict[tuple[str, int], dict[str, list[str]]] = {}
    turns: dict[str, int] = {}
    for event in events:
        match event.payload:
            case ev.ToolFinished(args=args, target=target, text=text):
                here = found.setdefault((event.role, turns.get(event.role, 0) + 1), {})
                fields = args.get("fields") if isinstance(args.get("fields"), list | tuple) else ()
                wanted = {field.get("target") for field in fields or ()}
                here |= {ref: [role, name] for role, name, ref in SHOWN.findall(text) if ref in wanted}
                if target and target.get("name") and isinstance(args.get("target"), str):
                    here[args["target"]] = [target["role"], target["name"]]
            case ev.TurnEnded(iteration=iteration):
                turns[event.role] = iteration
            case _:
                continue
    return found


def _bare(value: Any) -> Any:
    if isinstance(value, str):
        return ORIGIN.sub("", value) or "/"
    if isinstance(value, Mapping):
        return {key: _bare(item) if item != "" else "" for key, item in value.items()}
    return [_bare(item) for item in value] if isinstance(value, list | tuple) else value


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("tape", type=Path)
    parser.add_argument("--charter", type=Path, required=True)
    parser.add_argument("--app", required=True)
    parser.add_argument("--settings", type=json.loads, default={})
    parser.add_argument("--iterations", type=int, default=44)
    asked = parser.parse_args()
    events = asyncio.run(FileJournal(asked.run / "journal.jsonl").read())
    header = {
        "app": asked.app,
        "charter": asked.charter.read_text(encoding="utf-8").strip(),
        "iterations": asked.iterations,
        "settings": asked.settings,
    }
    tape_of(events, header).write(asked.tape)
    return 0


if __name__ == "__main__":
    sys.exit(main())
