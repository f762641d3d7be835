"""Which leads are worth following next, for which role. One frontier serves the roles of a run.

A lead that was offered is a role's own until it followed it, for some of its turns, or until it stopped. So two roles
do not do the same work; what only one of them could reach is worth a try by the others.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from zlib import crc32

from agent import events as ev
from agent.charter import Role, Sharing
from agent.coverage.access import READING, split_place
from agent.coverage.coverage import Coverage, Lead, Lease, Reached
from agent.coverage.leads import Bounds, allowed, stems

OF_ROUTE = 2
"""Leads of one route that are offered at a time."""
_NOTHING: frozenset[str] = frozenset()
UNSEEN, ELSEWHERE, ITEM, AGAIN = range(4)
"""How much a lead promises: a route never seen; one that another role reached; another item of a route; what a role
with the same rights has done, or what this one has tried often enough. After all of these: a state only visited."""


@dataclass(frozen=True, slots=True)
class Seeker:
    """Who looks for leads, on which of its turns. `orders` are people's words, newest last; `wanted` names of
    capabilities and areas that are still untested; `twins` are the roles that may do just the same; `skip` the lines
    that the role's scope leaves out; `foreign` says of a place whether only another role's capability leads there.
    """

    role: str
    iteration: int
    orders: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()
    twins: frozenset[str] = frozenset()
    skip: tuple[str, ...] = ()
    foreign: Callable[[str], bool] = lambda place: False


class Frontier:
    """Hands out leads. What was handed out and is not in the ledger yet is remembered, because other roles may ask
    before it is written down."""

    def __init__(self, sharing: Sharing):
        self._sharing = sharing
        self._promised: dict[str, Lease] = {}

    def offer(self, coverage: Coverage, seeker: Seeker) -> tuple[tuple[Lead, ...], tuple[ev.LeadTaken, ...]]:
        """The leads for this turn, best first, and what is to be journalled of them. Does not wait, so that no other
        role can come between."""
        known = coverage.leases
        self._promised = {
            place: lease
            for place, lease in self._promised.items()
            if not _recorded(known.get(place), lease) and _holds(lease, coverage, self._sharing)
        }
        promised = {place: lease for place, lease in self._promised.items() if lease.role != seeker.role}
        offered = offers(coverage, seeker, self._sharing, promised)
        fresh = taken(coverage, seeker, offered, self._sharing)
        for lead in fresh:
            self._promised[lead.place] = Lease(seeker.role, lead.iteration)
        return offered, fresh


def twins(roles: Sequence[Role], name: str) -> frozenset[str]:
    """The other roles that may do just what this one may, as far as the profile says."""
    rights = {role.name: (role.sign_in is None, frozenset(role.capabilities), frozenset(role.grants)) for role in roles}
    mine = rights.get(name)
    if mine is None or not (mine[0] or mine[1] or mine[2]):
        return frozenset()
    return frozenset(other for other, theirs in rights.items() if other != name and theirs == mine)


def offers(
    coverage: Coverage, seeker: Seeker, sharing: Sharing, promised: Mapping[str, Lease] | None = None
) -> tuple[Lead, ...]:
    """Best first: what people ordered, what belongs to an untested capability or area, then by promise. Leads that
    others hold, here or as `promised` to them, and those that this role has done are left out. Pure."""
    view = _View(coverage, seeker, sharing)
    chosen: dict[str, Lead] = {}
    of_route: Counter[str] = Counter()
    for source in (view.leads, view.again, view.revisits):
        for lead in source():
            if len(chosen) >= sharing.offered:
                return tuple(chosen.values())
            if lead.place in chosen or lead.place in (promised or {}) or of_route[lead.route] >= OF_ROUTE:
                continue
            if view.free(lead):
                chosen[lead.place] = view.leased(lead)
                of_route[lead.route] += 1
    return tuple(chosen.values())


def taken(coverage: Coverage, seeker: Seeker, offered: Sequence[Lead], sharing: Sharing) -> tuple[ev.LeadTaken, ...]:
    """For what is newly offered; a lead that the role still holds is not taken again."""
    fresh = (lead for lead in offered if not _held(coverage, lead.place, sharing))
    return tuple(ev.LeadTaken(lead.place, seeker.iteration) for lead in fresh)


def standing(coverage: Coverage, place: str, sharing: Sharing) -> str:
    """Where a lead stands, for people: open, `taken by ann`, `done by ann, bob`."""
    lease = _held(coverage, place, sharing)
    if lease is not None:
        return f"taken by {lease.role}"
    done = coverage.done_by(place)
    return f"done by {', '.join(sorted(done))}" if done else "open"


class _View:
    """The coverage as one seeker sees it."""

    def __init__(self, coverage: Coverage, seeker: Seeker, sharing: Sharing):
        self._coverage = coverage
        self._seeker = seeker
        self._sharing = sharing
        self._bounds = Bounds(coverage.home, frozenset(), seeker.skip)
        self._ordered = stems(" ".join(seeker.orders))
        self._wanted = stems(" ".join(seeker.wanted))
        self._passed = {
            place: lease.times
            for place, lease in coverage.leases.pairs()
            if lease.role == seeker.role and not _holds(lease, coverage, sharing)
        }

    def leads(self) -> list[Lead]:
        return _in_order([*self._open(), *self._probes(worth=True)])

    def again(self) -> list[Lead]:
        """What roles with the same rights have done, and more of what this one tried often enough."""
        return _in_order([*self._probes(worth=False)])

    def revisits(self) -> Iterator[Lead]:
        """States that this role was in without testing anything; those a twin has tested, and its own, later."""
        role, here = self._seeker.role, self._coverage.where.get(self._seeker.role, ("", ""))[0]
        mine = [
            (role in met.tested, bool(met.tested & self._seeker.twins), met.visits[role], met.first, met)
            for _, met in self._coverage.states.pairs()
            if role in met.visits and met.key != here and met.url and not _in_dialog(met.shape)
        ]
        for tested, *_, met in sorted(mine, key=lambda item: item[:4]):
            why = "least visited" if tested else "visited, nothing tested there"
            yield Lead("revisit", met.url, why, role)

    def free(self, lead: Lead) -> bool:
        lease = _held(self._coverage, lead.place, self._sharing)
        if lease is not None and lease.role != self._seeker.role:
            return False
        # No role may write but by the controls of a page, so a request that writes leads nowhere.
        return split_place(lead.place)[0] in ("", *READING) and allowed(lead.place, lead.why, self._bounds)

    def leased(self, lead: Lead) -> Lead:
        lease = _held(self._coverage, lead.place, self._sharing)
        since = lease.at if lease is not None else self._seeker.iteration
        return replace(lead, taken_by=self._seeker.role, taken_at=since)

    def _open(self) -> Iterator[tuple[tuple, Lead]]:
        for route, leads in self._coverage.open.pairs():
            visits = self._coverage.visited(route)
            mine = visits.get(self._seeker.role, 0)
            promise = ITEM if mine else ELSEWHERE if visits else UNSEEN
            for lead in leads.values():
                yield self._rank(lead, promise, mine), lead

    def _probes(self, worth: bool) -> Iterator[tuple[tuple, Lead]]:
        role, same = self._seeker.role, self._seeker.twins
        for route, sample in self._coverage.reached.pairs():
            mine = self._coverage.visited(route).get(role, 0)
            tired = mine >= self._sharing.per_route
            for reached in sample.values():
                if role in reached.roles or worth == (tired or reached.roles <= same):
                    continue
                if role not in self._coverage.done_by(reached.place):
                    foreign = self._seeker.foreign(reached.place)
                    lead = _probe(reached, foreign)
                    # Whether a refusal comes is soon told, and a missing one is the worst of faults.
                    promise = UNSEEN if foreign else ELSEWHERE if worth else AGAIN
                    yield self._rank(lead, promise, mine), lead

    def _rank(self, lead: Lead, promise: int, mine: int) -> tuple:
        """Small is good. Equals are put in another order for each role, so that they do not queue for the same."""
        role = self._seeker.role
        about = stems(f"{lead.place} {lead.why}") if self._ordered or self._wanted else _NOTHING
        fresh = promise < AGAIN and mine < self._sharing.per_route
        ordered = promise < AGAIN and not about.isdisjoint(self._ordered)
        wanted = fresh and not about.isdisjoint(self._wanted)
        passed, guessed = self._passed.get(lead.place, 0), lead.sort == "id"
        return (not ordered, not wanted, promise + passed, mine, guessed, lead.by != role, _tie(role, lead.place))


def _in_order(ranked: list[tuple[tuple, Lead]]) -> list[Lead]:
    ranked.sort(key=lambda pair: pair[0])
    return [lead for _, lead in ranked]


@lru_cache(maxsize=4_096)
def _tie(role: str, place: str) -> tuple[int, str]:
    return crc32(f"{role} {place}".encode("utf-8", "replace")), place


def _probe(reached: Reached, foreign: bool) -> Lead:
    who = min(reached.roles)
    why = f"{who} reached it; you should be refused" if foreign else f"{who} reached it"
    return Lead(reached.sort, reached.place, why, who)


def _in_dialog(shape: tuple[str, ...]) -> bool:
    return any(word.startswith("dialog ") for word in shape)


def _held(coverage: Coverage, place: str, sharing: Sharing) -> Lease | None:
    lease = coverage.leases.get(place)
    return lease if lease is not None and _holds(lease, coverage, sharing) else None


def _holds(lease: Lease, coverage: Coverage, sharing: Sharing) -> bool:
    now = coverage.iterations.get(lease.role, 0) + 1
    return lease.role not in coverage.stopped and now < lease.at + sharing.lease


def _recorded(known: Lease | None, promised: Lease) -> bool:
    return known is not None and known.role == promised.role and known.at >= promised.at
