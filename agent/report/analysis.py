"""What a run did with its effort: budgets, areas, tasks, blockers, doubles, gaps, and the plan held against it.

A pure fold over events. Answers the questions that people ask after a session, and judges nobody.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from agent import events as ev
from agent import routes
from agent.charter import Charter, Profile
from agent.coverage.coverage import Coverage
from agent.coverage.coverage import fold as cover
from agent.coverage.repetition import repeated_ground, revisit_rate
from agent.effort import RoleEffort, efforts
from agent.evidence.finding import verdict_of
from agent.planning import PlanItem
from agent.report.outcomes import Outcome, Outcomes, outcomes, place_of
from agent.report.turns import RoleTale, Task, tales


@dataclass(frozen=True, slots=True)
class RoleBudget:
    """Turns of the budget; `minutes` from the role's first to its last event; `tasks` are turns by what they were for;
    `waited` are seconds for the provider."""

    role: str
    used: int
    total: int
    minutes: float
    tokens: int
    usd: float | None
    waited: float
    tasks: Mapping[Task, int]
    stopped: str
    detail: str


@dataclass(frozen=True, slots=True)
class AreaEffort:
    """One route template: turns that ended there, actions made there, claims judged, findings proved, and by whom."""

    route: str
    turns: int
    actions: int
    claims: int
    findings: int
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sighting:
    """One fault that several roles met."""

    title: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stumbling:
    """One kind of blocker: how often it was met, and how often it was overcome."""

    what: str
    recovery: str
    times: int
    overcome: int


@dataclass(frozen=True, slots=True)
class Gap:
    """What was seen but not followed up: a state without a test, or a lead. `why` says where it comes from."""

    place: str
    why: str


@dataclass(frozen=True, slots=True)
class Analysis:
    """`price` is in US dollars, None when some call has no known price. The costs of one confirmed finding are None
    without any. `repeated` is the share of steps that were made before without a new reason,
    `revisited` that of arrivals at a state and address where the role had been."""

    budgets: tuple[RoleBudget, ...]
    tasks: Mapping[Task, float]
    areas: tuple[AreaEffort, ...]
    blockers: tuple[Stumbling, ...]
    troubles: tuple[str, ...]
    faults: Mapping[str, int]
    waited: float
    doubles: tuple[Sighting, ...]
    untested: tuple[Gap, ...]
    leads: tuple[Gap, ...]
    outcomes: Outcomes
    confirmed: int
    price: float | None
    tokens: int
    repeated: float = 0.0
    revisited: float = 0.0
    coverage: Coverage = field(default_factory=Coverage)
    tales: Mapping[str, RoleTale] = field(default_factory=dict)

    @property
    def unreached(self) -> tuple[tuple[PlanItem, Outcome], ...]:
        """What the plan named and nobody came to."""
        return tuple((item, outcome) for item, outcome in self.outcomes.planned if outcome.status == "not reached")

    @property
    def turns(self) -> int:
        return sum(budget.used for budget in self.budgets)

    def each(self, amount: float | None) -> float | None:
        """What one confirmed finding took of it."""
        return amount / self.confirmed if self.confirmed and amount is not None else None


def analyse(charter: Charter, profile: Profile, events: Sequence[ev.Event]) -> Analysis:
    told, effort = tales(events), efforts(events)
    budgets = tuple(_budget(tale, charter, profile, effort.get(name, RoleEffort())) for name, tale in told.items())
    spent = Counter[Task]()
    for budget in budgets:
        spent.update(budget.tasks)
    coverage = Coverage()
    for event in events:
        coverage = cover(coverage, event)
    priced = None if any(each.unpriced for each in effort.values()) else sum(each.usd for each in effort.values())
    return Analysis(
        budgets=budgets,
        tasks={task: spent[task] / max(spent.total(), 1) for task in ("test", "bug", "setup")},
        areas=_areas(told, events),
        blockers=_blockers(events),
        troubles=tuple(_troubles(events)),
        faults=sum((each.faults for each in effort.values()), Counter()),
        waited=sum(each.waited for each in effort.values()),
        doubles=_doubles(events),
        untested=_untested(coverage),
        leads=_leads(coverage),
        outcomes=outcomes(charter, profile, events),
        confirmed=len(_proved(events)),
        price=priced,
        tokens=sum(each.tokens for each in effort.values()),
        repeated=repeated_ground(events)[""].share,
        revisited=revisit_rate(events)[""].share,
        coverage=coverage,
        tales=told,
    )


def _budget(tale: RoleTale, charter: Charter, profile: Profile, effort: RoleEffort) -> RoleBudget:
    role = next((role for role in profile.roles if role.name == tale.role), None)
    used = tale.turns[-1].number if tale.turns else 0
    minutes = (tale.ended - tale.began).total_seconds() / 60 if tale.began and tale.ended else 0.0
    return RoleBudget(
        role=tale.role,
        used=used,
        total=charter.iterations or (role.iterations if role else used),
        minutes=minutes,
        tokens=effort.tokens,
        usd=None if effort.unpriced else effort.usd,
        waited=effort.waited,
        tasks=Counter(turn.task for turn in tale.turns),
        stopped=tale.stopped,
        detail=tale.detail,
    )


def _areas(told: Mapping[str, RoleTale], events: Sequence[ev.Event]) -> tuple[AreaEffort, ...]:
    turns, actions, claims, roles = Counter[str](), Counter[str](), Counter[str](), dict[str, dict[str, None]]()
    for name, tale in told.items():
        here = "/"
        for turn in tale.turns:
            route = _route(turn.url) or here
            turns[route] += 1
            roles.setdefault(route, {})[name] = None
            for payload in turn.payloads:
                match payload:
                    case ev.ToolFinished(steps=steps, url_before=before, url_after=after):
                        # Opening an address is done at the address, all else on the page as it was.
                        opens = any(step.get("action") == "goto" for step in steps)
                        place = _route(after if opens else before) or here
                        actions[place] += bool(steps)
                        here = _route(after) or here
                    case ev.ClaimChecked(outcome="holds" | "fails"):
                        claims[here] += 1
    found = Counter(_route(place_of(finding)) for finding in _proved(events))
    known = dict.fromkeys([*turns, *actions, *claims, *found])
    areas = [
        AreaEffort(route, turns[route], actions[route], claims[route], found[route], tuple(roles.get(route, ())))
        for route in known
        if route
    ]
    return tuple(sorted(areas, key=lambda area: (-area.turns, -area.actions, area.route)))


def _route(url: str) -> str:
    """The template of a page's address; empty for what is no page (errors of the browser, data)."""
    route = routes.template(url) if url else ""
    return route if route.startswith("/") else ""


def _proved(events: Sequence[ev.Event]) -> list[Mapping]:
    last = {e.payload.fingerprint: e.payload for e in events if isinstance(e.payload, ev.VerdictReached)}
    return [reached.finding for reached in last.values() if verdict_of(reached.verdict, reached.finding).proven]


def _blockers(events: Sequence[ev.Event]) -> tuple[Stumbling, ...]:
    met = [event.payload for event in events if isinstance(event.payload, ev.BlockerMet)]
    times = Counter((blocker.what, blocker.recovery) for blocker in met)
    over = Counter((blocker.what, blocker.recovery) for blocker in met if blocker.overcome)
    return tuple(Stumbling(what, how, count, over[what, how]) for (what, how), count in times.most_common())


def _troubles(events: Sequence[ev.Event]) -> list[str]:
    """Breakdowns around the app, a line each: circuits that opened, roles that were signed out."""
    told: list[str] = []
    again = Counter(event.role for event in events if isinstance(event.payload, ev.SignedInAgain))
    for event in events:
        if isinstance(event.payload, ev.CircuitOpened):
            what, route = event.payload.what.replace("_", " "), event.payload.route
            told.append(f"{event.role}: {what}{f' ({route})' if route else ''}: {event.payload.detail}")
    return [*told, *(f"{role}: signed in again {count} times" for role, count in again.items())]


def _doubles(events: Sequence[ev.Event]) -> tuple[Sighting, ...]:
    titles: dict[str, str] = {}
    roles: dict[str, dict[str, None]] = {}
    for event in events:
        match event.payload:
            case ev.AlarmRaised(fingerprint=mark, alarm=alarm):
                titles.setdefault(mark, str(alarm.get("signal", "")))
            case ev.FindingSuspected(fingerprint=mark, title=title) | ev.FindingKnown(fingerprint=mark, title=title):
                titles[mark] = title
            case _:
                continue
        roles.setdefault(mark, {})[event.role] = None
    return tuple(Sighting(titles[mark], tuple(seen)) for mark, seen in roles.items() if len(seen) > 1)


def _untested(coverage: Coverage) -> tuple[Gap, ...]:
    met = [state for state in coverage.states.values() if state.visits and not state.tested]
    met.sort(key=lambda state: (state.first, state.key))
    return tuple(Gap(state.url or state.route, f"visited by {', '.join(sorted(state.visits))}") for state in met)


def _leads(coverage: Coverage) -> tuple[Gap, ...]:
    leads = [lead for of_route in coverage.open.values() for lead in of_route.values() if lead.sort != "revisit"]
    leads.sort(key=lambda lead: (lead.sort, lead.place))
    return tuple(
        Gap(lead.place, f"{lead.sort} seen by {lead.by}{f': {lead.why}' if lead.why else ''}") for lead in leads
    )
