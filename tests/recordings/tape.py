"""A run that a reader drove, kept line by line, and a model that gives its replies again in the same order.

The order is global: what one role did was the next page of another. Knows no app and no browser.
"""

import asyncio
import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent import events as ev
from agent.context.observation import PROMPTS, VERSION
from agent.llm.base import ModelReply, ModelRequest, Usage
from agent.tools.aria import elements, parse
from agent.tools.surface import ToolCall

LONGEST_WAIT = 240.0
"""Seconds for the other roles' turns; a browser on a busy machine takes a while for twelve calls."""
NOTE = VERSION.sub("", (PROMPTS / "note.md").read_text(encoding="utf-8")).strip()


@dataclass(frozen=True, slots=True)
class Line:
    """One answered request. `statuses`, one per call: of a tool its status, of a check its outcome (empty when it was
    not understood), else empty. `refs` tells the role and name of the elements that the calls point at."""

    role: str
    turn: int
    outcome: str
    text: str = ""
    calls: tuple[Mapping[str, Any], ...] = ()
    statuses: tuple[str, ...] = ()
    refs: Mapping[str, Sequence[str]] | None = None
    note: bool = False


@dataclass(frozen=True, slots=True)
class Tape:
    """`header` holds app, began, charter, iterations, roles, settings, confirmed, unstable and claims."""

    header: Mapping[str, Any]
    lines: tuple[Line, ...]

    @classmethod
    def read(cls, path: Path) -> "Tape":
        with gzip.open(path, "rt", encoding="utf-8") as file:
            header, *lines = (json.loads(line) for line in file)
        return cls(header, tuple(Line(**{**line, "calls": tuple(line["calls"])}) for line in lines))

    def write(self, path: Path) -> None:
        kept = ({key: value for key, value in _plain(line).items() if value} for line in self.lines)
        rows = (self.header, *({"calls": [], **line} for line in kept))
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        path.write_bytes(gzip.compress(text.encode("utf-8"), mtime=0))


def _plain(line: Line) -> dict[str, Any]:
    return {name: getattr(line, name) for name in Line.__dataclass_fields__}


Call = tuple[str, int, int]
"""Role, turn and the call's place in its reply, from 1."""


def outcomes(events: Sequence[ev.Event]) -> dict[Call, str]:
    """What the journal says of each call of a run: a tool's status, a check's outcome."""
    found: dict[Call, str] = {}
    asked: dict[str, list[tuple[int, Mapping[str, Any]]]] = {}
    turns: dict[str, int] = {}
    for event in events:
        role, turn = event.role, turns.get(event.role, 0) + 1
        match event.payload:
            case ev.ModelReplied(outcome="called", calls=calls):
                asked[role] = [(n, call["args"]) for n, call in enumerate(calls, 1) if call["tool"] == "check"]
            case ev.ToolFinished(call_id=call, status=status):
                found[role, turn, int(call.partition(".")[2])] = status
            case ev.ClaimChecked(claim=claim, outcome=outcome):
                for n, args in asked.get(role, ()):
                    same = str(args.get("subject", "")).strip() == claim["subject"]
                    if same and (role, turn, n) not in found:
                        found[role, turn, n] = outcome
                        break
            case ev.TurnEnded(iteration=iteration):
                turns[role] = iteration
            case _:
                continue
    return found


class Recorded:
    """The tape at play. After the run `complaints` and `unplayed` must be empty."""

    def __init__(self, tape: Tape):
        self._lines = tape.lines
        self._over = [False] * len(tape.lines)
        self._given: set[int] = set()
        self._moved = asyncio.Condition()
        self.complaints: list[str] = []

    def model(self, role: str) -> "Seat":
        return Seat(self, role)

    @property
    def unplayed(self) -> list[str]:
        left = (line for n, line in enumerate(self._lines) if n not in self._given and not line.note)
        return [f"{line.role} turn {line.turn}" for line in left]

    async def reply(self, role: str, request: ModelRequest) -> ModelReply:
        """Given when every earlier line was, and its turn is over. A note that is not asked for is passed over, and one
        that was not recorded is answered with silence: when an epoch ends is for the texts to say."""
        asked_for_note = request.messages[-1].text == NOTE
        async with self._moved:
            await self._end_turns(role)
            number = self._next(role, asked_for_note)
            if number is None and asked_for_note:
                return ModelReply("said")
            if number is None:
                raise self._complain(f"{role} asks once more than was recorded (turn {request.situation.iteration})")
            await self._wait_for(number)
            self._given.add(number)
        return _as_reply(self._lines[number], request)

    async def close(self, role: str) -> None:
        """The role is over, so that the others need not wait for what it left."""
        async with self._moved:
            for number, line in enumerate(self._lines):
                self._over[number] |= line.role == role
            self._moved.notify_all()

    async def _end_turns(self, role: str) -> None:
        for number in self._given:
            self._over[number] |= self._lines[number].role == role
        self._moved.notify_all()

    def _next(self, role: str, note: bool) -> int | None:
        for number, line in enumerate(self._lines):
            if line.role != role or self._over[number]:
                continue
            if line.note == note:
                return number
            if note:
                return None
            self._over[number] = True
        return None

    async def _wait_for(self, number: int) -> None:
        self._moved.notify_all()
        try:
            await asyncio.wait_for(self._moved.wait_for(lambda: all(self._over[:number])), LONGEST_WAIT)
        except TimeoutError:
            line, late = self._lines[number], self._lines[self._over.index(False)]
            told = f"{line.role} turn {line.turn} waited in vain for {late.role} turn {late.turn}"
            raise self._complain(told) from None

    def _complain(self, told: str) -> AssertionError:
        self.complaints.append(told)
        return AssertionError(told)


class Seat:
    """The model of one role."""

    vision = False

    def __init__(self, recorded: Recorded, role: str):
        self.name = "recorded"
        self._recorded = recorded
        self._role = role

    async def generate(self, request: ModelRequest) -> ModelReply:
        return await self._recorded.reply(self._role, request)

    async def close(self) -> None:
        await self._recorded.close(self._role)


def _as_reply(line: Line, request: ModelRequest) -> ModelReply:
    if line.outcome not in ("called", "said"):
        return ModelReply(line.outcome, detail=line.text)  # pyright: ignore[reportArgumentType] - as journalled
    here = _refs_here(line, request)
    calls = tuple(
        ToolCall(f"{line.turn}-{n}", call["tool"], _pointed(call["args"], here)) for n, call in enumerate(line.calls)
    )
    return ModelReply("called" if calls else "said", line.text, calls, Usage(input=1, output=1))


def _refs_here(line: Line, request: ModelRequest) -> dict[str, str]:
    """The recorded refs that name another element now, each with the ref of the one that is meant."""
    view = request.situation.view
    shown = [(item.ref, (item.role, item.name)) for item in elements(parse(view.snapshot))] if view else []
    found: dict[str, str] = {}
    for ref, words in (line.refs or {}).items():
        alike = [other for other, named in shown if named == tuple(words)]
        # A window that was opened anew counts its pages from one, the elements of a page are numbered as before.
        placed = alike if len(alike) == 1 else [other for other in alike if _element(other) == _element(ref)]
        if ref not in alike and len(placed) == 1:
            found[ref] = placed[0]
    return found


def _element(ref: str) -> str:
    return ref.rpartition("e")[2]


def _pointed(value: Any, here: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {
            key: here.get(item, item) if key == "target" and isinstance(item, str) else _pointed(item, here)
            for key, item in value.items()
        }
    return [_pointed(item, here) for item in value] if isinstance(value, list | tuple) else value
