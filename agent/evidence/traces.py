"""Where a record comes from that one role made and another goes to by its id, and what that id is in a replay. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from agent import events as ev
from agent import routes
from agent.evidence.finding import Step

_BY_ADDRESS = frozenset({"goto", "request"})


@dataclass(frozen=True, slots=True)
class Maker:
    """The call of another role that made a record: it ended on `path`, which holds the new id."""

    role: str
    call_id: str
    path: str


def maker(events: Sequence[ev.Event], role: str, call_id: str, trigger: Sequence[Step]) -> Maker | None:
    """Who made what the trigger goes to: the first call of another role that sent something and so came to an address
    with the same id, which it had not been at before. None where the trigger names no such record."""
    ids = frozenset(part for step in trigger if step.action in _BY_ADDRESS for part in _ids(_path(step)))
    if not ids:
        return None
    before = takewhile(lambda event: not _is_call(event, role, call_id), events)
    seen: set[tuple[str, str]] = set()
    for event in before:
        if event.role in ("", role) or not isinstance(event.payload, ev.ToolFinished):
            continue
        tool = event.payload
        known = {part for part in ids if (event.role, part) in seen or part in _ids(tool.url_before)}
        fresh = (ids & set(_ids(tool.url_after))) - known
        if fresh and tool.status == "ok" and _sent(tool):
            return Maker(event.role, tool.call_id, routes.path(tool.url_after))
        seen.update((event.role, part) for part in (*fresh, *known))
    return None


def learn(made: str, ended: str) -> dict[str, str] | None:
    """The ids of the recorded path `made` as they are at the address `ended`; None when that is another route."""
    if routes.template(made) != routes.template(ended):
        return None
    return dict(zip(_segments(made), _segments(routes.path(ended)), strict=True))


def rename(step: Step, ids: Mapping[str, str]) -> Step:
    """The step with its address as it is in this replay."""
    if step.action not in _BY_ADDRESS or not ids:
        return step
    method, space, path = step.value.rpartition(" ")
    plain, question, query = path.partition("?")
    renamed = "/".join(ids.get(part, part) for part in plain.split("/"))
    return replace(step, value=f"{method}{space}{renamed}{question}{query}")


def _is_call(event: ev.Event, role: str, call_id: str) -> bool:
    tool = event.payload
    return event.role == role and isinstance(tool, ev.ToolFinished) and tool.call_id == call_id


def _sent(tool: ev.ToolFinished) -> bool:
    """By a button or a key, not by a link or an address: those only lead to what is there."""
    if not tool.steps:
        return False
    last = tool.steps[-1]
    link = last["action"] == "click" and any('role("link"' in code for code in last.get("locators", ()))
    return last["action"] in ("click", "double_click", "press", "dialog") and not link


def _path(step: Step) -> str:
    return step.value.rpartition(" ")[2]


def _ids(url: str) -> tuple[str, ...]:
    """The parts of an address that name a record."""
    template = _segments(routes.template(url))
    parts = zip(_segments(routes.path(url)), template, strict=True)
    return tuple(part for part, shape in parts if shape != part and shape.startswith("{"))


def _segments(path: str) -> list[str]:
    return [part for part in path.partition("?")[0].split("/") if part]
