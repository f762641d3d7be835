"""From the calls that a server sent to calls that may run: names, ids and arguments made fit. Pure.

Knows the tools' schemas and which tools write, not the wire and not the tools themselves.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.llm.repair.arguments import Repaired, Unreadable, arguments
from agent.tools.surface import ToolCall, ToolSpec

MARKER = re.compile(r"<\|.*|:\d+\s*$", re.S)
"""What templates leave behind a name: a channel marker, or the number of the call."""
PREFIX = re.compile(r"(?:to=)?(?:functions?|tools?|default_api|commentary)\s*[.:/]\s*")
SHOWN = 60


@dataclass(frozen=True, slots=True)
class RawCall:
    """A call as the server sent it: `arguments` is a text, an object or nothing; `id` may be empty."""

    id: str
    name: str
    arguments: Any


@dataclass(frozen=True, slots=True)
class Ready:
    """`repairs` has a line for every call whose name or arguments were not as they should be."""

    calls: tuple[ToolCall, ...]
    repairs: tuple[str, ...] = ()


def ready(raw: Sequence[RawCall], tools: Sequence[ToolSpec], cut: bool) -> Ready:
    """The calls of one reply, all or none. `cut`: the reply ended because it was too long.

    Raises Unreadable with sentences for the model: which tool, what was wrong, what to do. A tool that writes never
    gets arguments of which something was lost; a tool that only reads may.
    """
    known = {spec.name: spec for spec in tools}
    calls, repairs = [], []
    for number, (given, call_id) in enumerate(zip(raw, _ids(call.id for call in raw), strict=True), 1):
        spec = _tool(given.name, known)
        last = number == len(raw)
        repaired = _arguments(given, spec, cut=cut, last=last)
        calls.append(ToolCall(call_id, spec.name, repaired.value))
        steps = [
            *(["name"] if spec.name != given.name else []),
            *repaired.steps,
            *(["lossy"] if repaired.lossy else []),
        ]
        if steps:
            repairs.append(f"{spec.name}: {', '.join(steps)}")
    return Ready(tuple(calls), tuple(repairs))


def _arguments(given: RawCall, spec: ToolSpec, cut: bool, last: bool) -> Repaired:
    try:
        found = arguments(given.arguments, spec.parameters, spec.name)
    except Unreadable as error:
        why = "The reply was cut off" if cut and last else f"The arguments of {spec.name} cannot be used: {error}"
        what = (
            f"Call {spec.name} again with shorter arguments" if cut and last else "Send the call again as a JSON object"
        )
        raise Unreadable(f"{why}. {what}.") from None
    lossy = found.lossy or (cut and (bool(found.steps) or (last and not _whole(given.arguments))))
    if lossy and spec.writes:
        raise Unreadable(
            f"The arguments of {spec.name} were {'cut off' if cut else 'not complete JSON'}, and part of them is lost "
            f"or unclear. Nothing was done. Send the whole call again as one JSON object."
        )
    return Repaired(found.value, found.steps, lossy)


def _whole(given: Any) -> bool:
    """A text that is a JSON object to its last bracket was not cut; of an object that a server parsed, none can say."""
    return isinstance(given, str) and given.rstrip().endswith("}")


def _tool(given: str, known: Mapping[str, ToolSpec]) -> ToolSpec:
    if given in known:
        return known[given]
    name = PREFIX.sub("", MARKER.sub("", given.strip()), count=1).strip(" \t\n\"'`")
    if name in known:
        return known[name]
    if not name:
        raise Unreadable("A call named no tool. Name one of the tools in every call.")
    near = difflib.get_close_matches(name[:SHOWN], known, n=3, cutoff=0.5)
    offer = f"The nearest are {', '.join(near)}." if near else f"There are {', '.join(sorted(known)) or 'none'}."
    raise Unreadable(f"There is no tool {name[:SHOWN]!r}. {offer}")


def _ids(given: Iterable[str]) -> Iterator[str]:
    """Missing and repeated ids are invented, unlike any that the server sent."""
    sent = list(given)
    known, taken = set(sent), set[str]()
    number = 0
    for call_id in sent:
        while not call_id or call_id in taken:
            number += 1
            call_id = f"call_{number}" if f"call_{number}" not in known else ""
        taken.add(call_id)
        yield call_id
