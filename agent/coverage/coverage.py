"""What a run has covered: states met, ways between them, leads and who followed them. Pure: a fold over events.

Built for long runs: nothing large is copied for an event, and of what could grow without end a sample is kept.
Which lead is worth following next is frontier.py's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from agent import events as ev
from agent import routes
from agent.coverage import actions, places
from agent.coverage.frozen_map import FrozenMap

REACHED_OF_ROUTE = 6
REACHED_OF_FAMILY = 60
REACHED_ROUTES = 400
"""Of so many routes places are remembered to be tried by other roles; the routes reached last."""
WAYS = 40
_NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Met:
    """A state of the app. `first` is the number of the event that met it; `visits` counts arrivals by role; `tested`
    are the roles that changed something or had a claim evaluated there, the others only visited it."""

    key: str
    route: str
    shape: tuple[str, ...] = ()
    url: str = ""
    title: str = ""
    first: int = 0
    visits: Mapping[str, int] = field(default_factory=dict)
    tested: frozenset[str] = _NOBODY


@dataclass(frozen=True, slots=True)
class Lead:
    """Something worth following. `sort` is link, id, api, probe or revisit; `by` is the role that saw it. The role
    that has it for itself is `taken_by`, since its turn `taken_at`."""

    sort: str
    place: str
    why: str
    by: str = ""
    taken_by: str = ""
    taken_at: int = 0

    @property
    def route(self) -> str:
        return places.route_of(self.place)


@dataclass(frozen=True, slots=True)
class Reached:
    """A place where roles have been; `sort` is probe, or api for what their pages called."""

    place: str
    sort: str
    roles: frozenset[str]


@dataclass(frozen=True, slots=True)
class Lease:
    """`times` counts how often this role was offered the lead and did not follow it."""

    role: str
    at: int
    times: int = 1


@dataclass(frozen=True, slots=True)
class Coverage:
    """`open` holds leads that nobody has followed, by route and place; `reached` a sample of places by route;
    `done` who has followed or tried a place; `visits` how many places of a route a role has been at; `ways` leads on
    from a state: (action signature, key of the next state)."""

    home: str = ""
    states: FrozenMap[Met] = field(default_factory=FrozenMap[Met])
    ways: FrozenMap[tuple[tuple[str, str], ...]] = field(default_factory=FrozenMap[tuple[tuple[str, str], ...]])
    open: FrozenMap[Mapping[str, Lead]] = field(default_factory=FrozenMap[Mapping[str, Lead]])
    families: FrozenMap[int] = field(default_factory=FrozenMap[int])
    """Open leads by family of routes."""
    waiting: int = 0
    """Open leads of all routes."""
    reached: FrozenMap[Mapping[str, Reached]] = field(default_factory=FrozenMap[Mapping[str, Reached]])
    crowds: FrozenMap[int] = field(default_factory=FrozenMap[int])
    """Sampled places by family of routes."""
    sampled: tuple[str, ...] = ()
    """The routes in `reached`, oldest first."""
    done: FrozenMap[frozenset[str]] = field(default_factory=FrozenMap[frozenset[str]])
    visits: FrozenMap[Mapping[str, int]] = field(default_factory=FrozenMap[Mapping[str, int]])
    leases: FrozenMap[Lease] = field(default_factory=FrozenMap[Lease])
    where: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """State and place of each role now."""
    iterations: Mapping[str, int] = field(default_factory=dict)
    stopped: frozenset[str] = _NOBODY

    def lead(self, place: str) -> Lead | None:
        """An open lead."""
        return self.open.get(places.route_of(place), {}).get(place)

    def done_by(self, place: str) -> frozenset[str]:
        return self.done.get(place, _NOBODY)

    def visited(self, route: str) -> Mapping[str, int]:
        """Places of a route by role."""
        return self.visits.get(route, {})


def fold(coverage: Coverage, event: ev.Event) -> Coverage:
    role, payload = event.role, event.payload
    match payload:
        case ev.ToolFinished():
            return _tool(coverage, event, payload)
        case ev.TurnEnded():
            return _turn(coverage, event, payload)
        case ev.StateMet(key=key):
            known = coverage.states.get(key) or Met(key, payload.route, first=event.seq)
            met = replace(known, route=payload.route, shape=payload.shape, url=payload.url, title=payload.title)
            return replace(coverage, states=coverage.states.with_(key, met))
        case ev.LeadFound():
            return _found(coverage, role, payload)
        case ev.LeadTaken(place=place, iteration=iteration):
            return _taken(coverage, role, place, iteration)
        case ev.ClaimChecked(outcome=outcome) if outcome != "inapplicable":
            return _tested(coverage, role, coverage.where.get(role, ("", ""))[0])
        case ev.RoleStopped():
            return replace(coverage, stopped=coverage.stopped | {role})
        case ev.RoleStarted(url=url, state=state):
            coverage = replace(coverage, stopped=coverage.stopped - {role})
            return (
                _arrive(coverage, event, state, places.of_url(url)) if url and role not in coverage.where else coverage
            )
        case _:
            return coverage


def _tool(coverage: Coverage, event: ev.Event, done: ev.ToolFinished) -> Coverage:
    role = event.role
    if not coverage.home and done.url_after:
        coverage = replace(coverage, home=routes.origin(done.url_after))
    for place in actions.asked_for(done, coverage.home):
        coverage = _follow(coverage, role, place)
    if actions.changes(done):
        coverage = _tested(coverage, role, done.state_before)
    place = places.of_url(done.url_after, coverage.home)
    if not place:
        return coverage
    if done.state_before and done.state_after and done.state_before != done.state_after:
        coverage = _way(coverage, done)
    return _arrive(coverage, event, done.state_after, place)


def _turn(coverage: Coverage, event: ev.Event, turn: ev.TurnEnded) -> Coverage:
    coverage = replace(coverage, iterations={**coverage.iterations, event.role: turn.iteration})
    known = coverage.where.get(event.role)
    place = places.of_url(turn.url, coverage.home)
    # The end of a turn names the page without its fragment; the call before it told the whole address.
    if not place or (known and known[1].partition("#")[0] == place and known[0] == turn.state):
        return coverage
    return _arrive(coverage, event, turn.state, place)


def _arrive(coverage: Coverage, event: ev.Event, state: str, place: str) -> Coverage:
    role = event.role
    if coverage.where.get(role) == (state, place):
        return coverage
    coverage = replace(coverage, where={**coverage.where, role: (state, place)})
    coverage = _reach(_follow(coverage, role, place), role, place, "probe")
    if not state:
        return coverage
    met = coverage.states.get(state) or Met(state, places.route_of(place), url=place, first=event.seq)
    met = replace(met, visits={**met.visits, role: met.visits.get(role, 0) + 1})
    return replace(coverage, states=coverage.states.with_(state, met))


def _follow(coverage: Coverage, role: str, place: str) -> Coverage:
    """The place is nobody's lead any more, and nobody's lease."""
    before = coverage.done_by(place)
    if place in coverage.leases:
        coverage = replace(coverage, leases=coverage.leases.without(place))
    if role in before:
        return coverage
    route = places.route_of(place)
    visits = coverage.visited(route)
    coverage = replace(
        coverage,
        done=coverage.done.with_(place, before | {role}),
        visits=coverage.visits.with_(route, {**visits, role: visits.get(role, 0) + 1}),
    )
    return coverage if before else _close(coverage, route, place)


def _close(coverage: Coverage, route: str, place: str) -> Coverage:
    leads = coverage.open.get(route, {})
    if place not in leads:
        return coverage
    left = {other: lead for other, lead in leads.items() if other != place}
    family = places.family_of(route)
    return replace(
        coverage,
        open=coverage.open.with_(route, left) if left else coverage.open.without(route),
        families=coverage.families.with_(family, coverage.families.get(family, 1) - 1),
        waiting=coverage.waiting - 1,
    )


def _reach(coverage: Coverage, role: str, place: str, sort: str) -> Coverage:
    """A sample is enough: what a role may do on a route shows on some of its places."""
    route = places.route_of(place)
    sampled = coverage.reached.get(route, {})
    before = sampled.get(place)
    if before is not None:
        if role in before.roles:
            return coverage
        again = replace(before, roles=before.roles | {role})
        return replace(coverage, reached=coverage.reached.with_(route, {**sampled, place: again}))
    family = places.family_of(route)
    crowd = coverage.crowds.get(family, 0)
    if len(sampled) >= REACHED_OF_ROUTE or crowd >= REACHED_OF_FAMILY:
        return coverage
    fresh = Reached(place, sort, frozenset({role}))
    coverage = replace(
        coverage,
        reached=coverage.reached.with_(route, {**sampled, place: fresh}),
        crowds=coverage.crowds.with_(family, crowd + 1),
        sampled=coverage.sampled if sampled else (*coverage.sampled, route),
    )
    return _forget(coverage, coverage.sampled[0]) if len(coverage.sampled) > REACHED_ROUTES else coverage


def _forget(coverage: Coverage, route: str) -> Coverage:
    family, gone = places.family_of(route), len(coverage.reached[route])
    return replace(
        coverage,
        reached=coverage.reached.without(route),
        crowds=coverage.crowds.with_(family, coverage.crowds[family] - gone),
        sampled=coverage.sampled[1:],
    )


def _found(coverage: Coverage, role: str, found: ev.LeadFound) -> Coverage:
    """The role whose page called an API has been there by that; a page is open until somebody goes."""
    if found.sort == "api":
        return _reach(_follow(coverage, role, found.place), role, found.place, "api")
    route = places.route_of(found.place)
    leads = coverage.open.get(route, {})
    if found.place in leads or found.place in coverage.done:
        return coverage
    lead = Lead(found.sort, found.place, found.why, role)
    family = places.family_of(route)
    return replace(
        coverage,
        open=coverage.open.with_(route, {**leads, found.place: lead}),
        families=coverage.families.with_(family, coverage.families.get(family, 0) + 1),
        waiting=coverage.waiting + 1,
    )


def _taken(coverage: Coverage, role: str, place: str, iteration: int) -> Coverage:
    before = coverage.leases.get(place)
    times = before.times + 1 if before and before.role == role else 1
    return replace(coverage, leases=coverage.leases.with_(place, Lease(role, iteration, times)))


def _tested(coverage: Coverage, role: str, state: str) -> Coverage:
    met = coverage.states.get(state)
    if met is None or role in met.tested:
        return coverage
    return replace(coverage, states=coverage.states.with_(state, replace(met, tested=met.tested | {role})))


def _way(coverage: Coverage, done: ev.ToolFinished) -> Coverage:
    """Of the ways between two states the first is kept."""
    ways = coverage.ways.get(done.state_before, ())
    if len(ways) >= WAYS or any(to == done.state_after for _, to in ways):
        return coverage
    way = (actions.signature(done.tool, done.args, done.target), done.state_after)
    return replace(coverage, ways=coverage.ways.with_(done.state_before, (*ways, way)))
