"""A run in short words: events with numbers and times of their own, folded as they are told."""

from collections.abc import Iterable
from datetime import UTC, datetime

from agent import events as ev
from agent.coverage.coverage import Coverage, fold

HOME = "http://app.test"
NOW = datetime(2026, 11, 21, tzinfo=UTC)


class Run:
    def __init__(self) -> None:
        self.events: list[ev.Event] = []
        self.coverage = Coverage()
        self._turns: dict[str, int] = {}

    def tell(self, role: str, *payloads: ev.Payload) -> "Run":
        for payload in payloads:
            event = ev.Event(len(self.events) + 1, NOW, role, payload)
            self.events.append(event)
            self.coverage = fold(self.coverage, event)
        return self

    def found(self, role: str, *places: str, sort: str = "link", why: str = "") -> "Run":
        return self.tell(role, *(ev.LeadFound(sort, place, why) for place in places))

    def goes(self, role: str, path: str, state: str = "", lands: str = "") -> "Run":
        """Opens an address, and lands there or elsewhere; one turn."""
        before = self.coverage.where.get(role, ("", ""))
        after = lands or path
        done = ev.ToolFinished(
            tool="browser_navigate",
            args={"url": path},
            url_before=HOME + before[1],
            url_after=HOME + after,
            state_before=before[0],
            state_after=state or f"state of {after}",
        )
        return self.tell(role, done).ends(role, after, done.state_after)

    def ends(self, role: str, path: str = "", state: str = "") -> "Run":
        self._turns[role] = self._turns.get(role, 0) + 1
        return self.tell(role, ev.TurnEnded(self._turns[role], state, path))

    def turn(self, role: str) -> int:
        """The number of the turn that the role is in."""
        return self._turns.get(role, 0) + 1


def act(tool: str, name: str = "", role: str = "button", **more: object) -> ev.ToolFinished:
    """A call on an element by its name, in a state that is named in `more`."""
    target = {"role": role, "name": name} if name else None
    return ev.ToolFinished(tool=tool, target=target, **more)  # pyright: ignore[reportArgumentType]


def places(leads: Iterable) -> list[str]:
    return [lead.place for lead in leads]
