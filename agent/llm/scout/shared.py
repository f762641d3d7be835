"""Leads that all roles share, as steps of one: routes never seen, what other roles reached, further items. Pure."""

from agent import routes
from agent.coverage import places
from agent.coverage.coverage import Lead
from agent.llm.base import Situation
from agent.llm.scout.memory import Trail
from agent.llm.scout.page import template, template_with_query
from agent.llm.scout.steps import VISITS, Step, new_route, turns

PROBES = 8
ELSEWHERE = 47.0
PROBED = 2
QUERIES = 2
"""Pages of a list, or ways to sort it, that are looked at as a sample."""
LONG = 200
"""Turns from which on a walk reads on when all routes are seen, instead of taking samples."""


def shared(situation: Situation, trail: Trail, requests: bool) -> list[Step]:
    """Leads that all roles share: routes never seen, what other roles reached, further items."""
    steps = []
    allowed = max(PROBES, turns(situation) // 10)
    for lead in situation.offers:
        if trail.count("offer", lead.place) or lead.sort == "revisit" or places.LEAVES.search(lead.place):
            continue
        api = places.as_api(lead.place)
        if api or lead.sort == "probe":
            fit = not api or (requests and api[0] == "GET" and lead.by != situation.role)
            if fit and trail.count("probe") < allowed and trail.count("probed", lead.route) < PROBED:
                steps.append(_probe(lead, situation, trail))
        elif (step := _address(lead, situation, trail)) is not None:
            steps.append(step)
    return steps


def _probe(lead: Lead, situation: Situation, trail: Trail) -> Step:
    """An address or API path that another role reached: may this one too?"""
    api = places.as_api(lead.place)
    score = 41.0 if trail.count("probed", lead.route) or trail.visits(lead.route) else ELSEWHERE
    if api:
        return Step("request", score, f"{lead.place} was reached by another role", api[1], place=lead.place)
    url = places.address(lead.place, situation.origin)
    return Step("probe", score, f"{lead.place} was reached by another role", url, place=lead.place)


def _address(lead: Lead, situation: Situation, trail: Trail) -> Step | None:
    """A page that nobody has opened. Short walks take samples of a route, long ones read on."""
    url = places.address(lead.place, situation.origin)
    seen, plain = trail.visits(template_with_query(url)), trail.visits(template(url))
    if routes.path(url) in trail.visited and "#" not in lead.place:
        return None
    if not plain and lead.by != situation.role:
        return Step("offer", ELSEWHERE, f"{lead.place}, which {lead.by} saw", url, place=lead.place)
    if not plain:
        crowded = 12 if trail.visits_below(template(url)) > 6 else 0
        return Step("offer", new_route(trail) - 4 - crowded, f"{lead.place} not seen yet", url, place=lead.place)
    if seen < (QUERIES if "?" in lead.place else VISITS):
        return Step("offer", 50 - 7 * seen, f"another item, {lead.place}", url, place=lead.place)
    if turns(situation) < LONG:
        return None
    return Step("offer", max(8.0, 32 - seen), f"another item, {lead.place}", url, place=lead.place)
