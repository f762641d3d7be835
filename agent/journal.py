"""The journal of one run: append and read. The protocol; bot/store keeps the one for GitHub runs in the database.

`FileJournal` is the one for `charterbot explore`: a line of JSON per event beside the report.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from agent.events import Event, Payload, payload_from_json

_encode = json.JSONEncoder(ensure_ascii=False).encode


class LeaseLost(Exception):
    """Another worker owns the run now; whoever sees this must stop without writing."""


class JournalDown(Exception):
    """The journal cannot be reached now; the run is to be taken up again from what it holds."""


class Journal(Protocol):
    """An append-only list of events, shared by all roles of a run."""

    async def append(self, role: str, payloads: Sequence[Payload]) -> tuple[Event, ...]:
        """Write all or nothing, in order, in one transaction. Raises LeaseLost when the run was taken over, and
        JournalDown."""
        ...

    async def read(self) -> tuple[Event, ...]:
        """All events so far, oldest first. Raises JournalDown."""
        ...


class FileJournal:
    """A journal in a file of JSON lines. One process at a time."""

    def __init__(self, path: Path):
        self._path = path
        self._seq = 0
        path.parent.mkdir(parents=True, exist_ok=True)

    async def append(self, role: str, payloads: Sequence[Payload]) -> tuple[Event, ...]:
        now = datetime.now(UTC)
        events = tuple(Event(self._seq + n, now, role, payload) for n, payload in enumerate(payloads, 1))
        self._seq += len(events)
        lines = []
        for event in events:
            record = {"seq": event.seq, "at": now.isoformat(), "role": role, "kind": event.kind}
            lines.append(_encode({**record, "payload": event.payload.to_json()}) + "\n")
        # One unbuffered write: a kill leaves all of a turn or, at worst, one torn line at the end.
        with self._path.open("ab", buffering=0) as file:
            file.write("".join(lines).encode("utf-8"))
        return events

    async def read(self) -> tuple[Event, ...]:
        if not self._path.exists():
            return ()
        data = self._path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        if whole != data:  # a torn line was never acknowledged, so it never happened
            self._path.write_bytes(whole)
        records = [json.loads(line) for line in whole.decode("utf-8").split("\n") if line]
        self._seq = records[-1]["seq"] if records else 0
        return tuple(
            Event(r["seq"], datetime.fromisoformat(r["at"]), r["role"], payload_from_json(r["kind"], r["payload"]))
            for r in records
        )
