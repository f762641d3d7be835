"""How much of a run was repeated ground, and how often a role came back to where it had been. Pure; for figures only.

A *step* is a call of the browser that acts: (role, key of the state it was made in, action signature). Looking
(snapshot, find, hover, wait, picture) is no step, nor is the way back to its page that a resumed role is taken.

A step is *repeated ground* when this role has made the same step before and nothing gives a new reason for it. Reasons:

- The page changed: since the step was last made, some role (this one too) changed something on the same route, on one
  above or on one below it. Only a new change counts: a step that its role makes for the first time, or one that sends
  values which it filled in for the first time. So other values are new ground, and two buttons pressed in turn, for
  ever undoing each other, are not.
- A double submit: the step directly follows itself, for the first time in a row.
- A return after Back: the step directly follows a step back, for the first time that this step does so.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from agent import events as ev
from agent.coverage import actions, places

Step = tuple[str, str]
"""State key and action signature."""
_FILLING = frozenset({"browser_type", "browser_fill_form", "browser_select_option"})


@dataclass(frozen=True, slots=True)
class Share:
    """`repeated` of `steps`; 0 to 1 as `share`."""

    repeated: int = 0
    steps: int = 0

    @property
    def share(self) -> float:
        return self.repeated / self.steps if self.steps else 0.0


@dataclass(slots=True)
class _Walk:
    """One role so far. `made` holds the number of the event of each step's last time."""

    made: dict[Step, int] = field(default_factory=dict)
    typed: int = 0
    """The event at which something was last filled in for the first time."""
    last: Step | None = None
    doubled: bool = False
    back: bool = False
    returned: set[Step] = field(default_factory=set)
    repeated: int = 0
    steps: int = 0


@dataclass(slots=True)
class _Changes:
    """The newest change on each route, and below it, by the event's number."""

    on: dict[str, int] = field(default_factory=dict)
    below: dict[str, int] = field(default_factory=dict)

    def note(self, seq: int, changed: Iterable[str]) -> None:
        for route in changed:
            self.on[route] = seq
            self.below.update(dict.fromkeys(_above(route), seq))

    def near(self, route: str) -> int:
        return max(self.on.get(route, 0), self.below.get(route, 0), *(self.on.get(up, 0) for up in _above(route)))


def repeated_ground(events: Iterable[ev.Event]) -> Mapping[str, Share]:
    """Repeated ground by role, and of all roles together under the empty name."""
    walks: dict[str, _Walk] = {}
    changed = _Changes()
    for event in events:
        done = event.payload
        if not isinstance(done, ev.ToolFinished) or not actions.of_browser(done):
            continue
        if not done.state_before or actions.brings_back(done):
            continue
        walk = walks.setdefault(event.role, _Walk())
        if _make(walk, event.seq, done, changed):
            changed.note(event.seq, {_route(done.url_before), _route(done.url_after)} - {""})
    shares = {role: Share(walk.repeated, walk.steps) for role, walk in walks.items()}
    total = Share(sum(share.repeated for share in shares.values()), sum(share.steps for share in shares.values()))
    return {**shares, "": total}


def revisit_rate(events: Iterable[ev.Event]) -> Mapping[str, Share]:
    """Of a role's arrivals (another state or another address than just before) those at a state and address where it
    has been; by role, and of all together under the empty name."""
    been: dict[str, set[tuple[str, str]]] = {}
    here: dict[str, tuple[str, str]] = {}
    counts: dict[str, Counter[str]] = {}
    for event in events:
        done = event.payload
        if not isinstance(done, ev.ToolFinished) or not done.state_after or actions.brings_back(done):
            continue
        now = (done.state_after, places.of_url(done.url_after))
        if here.get(event.role) == now:
            continue
        here[event.role] = now
        seen = been.setdefault(event.role, set())
        counts.setdefault(event.role, Counter()).update(["arrivals", *(["again"] if now in seen else [])])
        seen.add(now)
    shares = {role: Share(count["again"], count["arrivals"]) for role, count in counts.items()}
    total = Share(sum(share.repeated for share in shares.values()), sum(share.steps for share in shares.values()))
    return {**shares, "": total}


def _make(walk: _Walk, seq: int, done: ev.ToolFinished, changed: _Changes) -> bool:
    """Counts one step; whether it was a new change."""
    step = (done.state_before, actions.signature(done.tool, done.args, done.target))
    before = walk.made.get(step)
    walk.repeated += before is not None and not _reason(walk, step, _route(done.url_before), changed)
    new = actions.changes(done) and (before is None or walk.typed > before)
    if new and done.tool in _FILLING:
        walk.typed = seq
    walk.doubled = step == walk.last
    walk.back = done.tool == actions.BACK
    walk.last = step
    walk.made[step] = seq
    walk.steps += 1
    return new


def _reason(walk: _Walk, step: Step, route: str, changed: _Changes) -> bool:
    if changed.near(route) > walk.made[step]:
        return True
    if step == walk.last and not walk.doubled:
        return True
    if walk.back and step not in walk.returned:
        walk.returned.add(step)
        return True
    return False


def _above(route: str) -> Iterator[str]:
    """The routes above one. The start page is above everything, so it is not counted."""
    while (route := route.rpartition("/")[0]) not in ("", "/"):
        yield route


def _route(url: str) -> str:
    return places.route_of(places.of_url(url)).partition("?")[0]
