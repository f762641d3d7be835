"""What is worth doing next for a role: steps, ranked. Pure; reads a page, the shared leads and the trail.

Breadth first over routes, then forms and controls, then odd items, other roles' addresses and what destroys data. On
a walk that has seen very many routes a new one is worth less, so that what they offer is tried too. What people told
the run to look at goes before everything.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urljoin

from agent import routes
from agent.coverage import places
from agent.coverage.leads import stems
from agent.llm.base import Situation
from agent.llm.scout.forms import is_search, variants
from agent.llm.scout.memory import Trail, form_key, use_key, verb_key
from agent.llm.scout.page import CLOSING, DESTRUCTIVE, SIGN_OUT, Control, Page, says, template_with_query
from agent.llm.scout.shared import shared
from agent.llm.scout.steps import VISITS, Step, new_route, turns

JITTER = 3.0
"""Enough to order equals by chance of role and seed, too little to mix kinds of leads."""
PAGES = 2
FORGOTTEN = 20
"""Pages from before a restart that are looked at again; the rest is the frontier's."""
EVERYWHERE = 2
"""On so many routes the same form or control is the same thing."""
SAME = 26.0
ORDERED = 100.0
REFUSED = 30.0
SHARED = 14.0
"""How much less a form is worth that another role has sent with the same kind of values, or an item it looked at."""
ALIKE = 5
RETURNS = 4
LATE = 2 / 3
VARIANT_SCORES = (62.0, 57.0, 54.0, 51.0, 46.0, 44.0, 42.0, 40.0, 36.0, 33.0, 30.0, 27.0, 24.0, 21.0, 18.0)
SEARCH_FIRST = VARIANT_SCORES[1]
_ACTS = re.compile(
    r"\b(request|approv|book|sav|send|confirm|accept|start|clos|add|creat|submit|join|post|buy|order|assign|finish"
    r"|resolv|regist|reserv|complet|pay|check ?out)",
    re.I,
)
_SECRET = re.compile(r"pass ?word|\bpin\b", re.I)
_USABLE = frozenset({"button", "tab", "menuitem", "switch", "checkbox", "radio", "combobox", "generic", "link"})


def rank(situation: Situation, page: Page, trail: Trail, seed: int = 0, requests: bool = False) -> tuple[Step, ...]:
    """Best first; empty when nothing is left. `requests`: the page's own API can be asked too."""
    late = is_late(situation)
    steps = _steps(situation, page, trail, late) or _steps(situation, page, trail, late=True)
    steps += shared(situation, trail, requests)
    ordered = stems(" ".join(situation.orders))
    spread = [
        replace(step, score=step.score + _jitter(step, situation.role, seed) + _obeying(step, page, ordered))
        for step in steps
    ]
    return tuple(sorted(spread, key=lambda step: (-step.score, step.why)))


def _steps(situation: Situation, page: Page, trail: Trail, late: bool) -> list[Step]:
    here = _here(situation, page, trail, late)
    if page.refused:
        # What starts from a page that cannot be opened again is hard to prove.
        here = [replace(step, score=step.score - REFUSED) for step in here]
    steps = [*here, *_elsewhere(situation, page, trail, late)]
    return [*steps, *_back(page, trail)] if situation.may_write else steps


def is_late(situation: Situation) -> bool:
    return situation.iteration >= LATE * turns(situation)


def _obeying(step: Step, page: Page, ordered: frozenset[str]) -> float:
    if not ordered:
        return 0.0
    away = step.url or step.place
    return ORDERED if not ordered.isdisjoint(stems(f"{step.why} {away or page.route}")) else 0.0


def _here(situation: Situation, page: Page, trail: Trail, late: bool) -> list[Step]:
    """What this page itself offers. An open in-app dialog comes first, the page behind it waits."""
    links = list(_links(page, trail))
    if not situation.may_write:
        return links
    active = list(_forms(page, trail)) + list(_controls(page, trail, late))
    if not page.in_dialog:
        return links + active
    inside = [
        replace(step, score=88 + step.score / 10)
        for step in active
        if (step.control and step.control.side == "dialog") or (step.form and step.form.side == "dialog")
    ]
    escapes = trail.count("escape", page.route)
    if not inside and escapes < 2:
        inside = [Step("escape", 84 - escapes, "an open dialog that no control closed")]
    return inside or links


def _links(page: Page, trail: Trail) -> Iterator[Step]:
    for way in page.ways:
        seen = trail.visits(way.target)
        if trail.count("followed", way.target) >= VISITS or (way.paging and seen >= PAGES):
            continue
        fresh = [link for link in way.links if routes.path(link.url) not in trail.visited]
        if not fresh:
            continue
        alone = [link for link in fresh if routes.path(link.url) not in trail.walked]
        link = (alone or fresh)[0]
        if not trail.visits(way.plain):
            crowded = 12 if trail.visits_below(way.target) > 6 else 0
            footer = 4 if link.side == "footer" else 0
            score = new_route(trail) - footer - crowded
            yield Step("link", score, f"route {way.target} not seen yet", link.url, link)
        elif seen < VISITS:
            score = 64 - 7 * seen - (0 if alone else SHARED)
            yield Step("link", score, f"another item of {way.target}", link.url, link)


def _forms(page: Page, trail: Trail) -> Iterator[Step]:
    signed_in = any(seen.sign_out for seen in trail.pages.values())
    for form in page.forms:
        secret = any(says(_SECRET, field.name) for field in form.fields)
        if secret and signed_in:
            continue  # a changed password would lock the role out
        scores = iter(VARIANT_SCORES)
        for variant in variants(form):
            retries = trail.guesses.get(form_key(page.route, form, "valid"), 0) if variant == "valid" else 0
            if trail.count(*form_key(page.route, form, variant)) > min(retries, 2):
                next(scores)
                continue
            place = next(scores)
            # A search box breaks on its first special characters; the rest of its variants can wait.
            score = place + 8 if is_search(form) and place >= SEARCH_FIRST else place
            if trail.by_others(form_key(page.route, form, variant)):
                score -= SHARED
            if trail.count("sent", form.key, variant) >= EVERYWHERE:
                score -= SAME
            yield Step("form", score, f"form {form.key} with {variant} values", form=form, variant=variant)
            break


def _controls(page: Page, trail: Trail, late: bool) -> Iterator[Step]:
    taken = {form.submit.ref for form in page.forms if form.submit}
    taken |= {field.ref for form in page.forms for field in form.fields}
    alike: dict[str, list[Control]] = {}
    for control in page.controls:
        usable = control.element.role in _USABLE and not control.url and control.element.ref not in taken
        if usable and not says(SIGN_OUT, control.element.name) and not _foreign(control):
            alike.setdefault(control.label, []).append(control)
    for controls in alike.values():
        step = _use(page, trail, controls, late)
        if step and trail.count(*verb_key(page.route, controls[0])) < ALIKE:
            yield step


def _foreign(control: Control) -> bool:
    """A link that leaves the app, or with another scheme; one to `#` may be a button."""
    return control.element.role == "link" and not control.element.url.startswith("#")


def _use(page: Page, trail: Trail, controls: list[Control], late: bool) -> Step | None:
    first, name = controls[0], controls[0].element.name
    used = trail.count(*use_key(page.route, first))
    if first.side == "dialog" and says(CLOSING, name):
        return Step("use", 5, f"close with {first.label}", control=first) if used < 3 else None
    if says(DESTRUCTIVE, name):
        return Step("use", 48, f"{first.label} destroys, late", control=first) if late and not used else None
    if used == 0:
        same = SAME if trail.count("used", first.label) >= 2 * EVERYWHERE else 0
        return Step("use", 55 - same, f"{first.label} not used yet", control=first)
    acts = says(_ACTS, name)
    if used == 1 and first.element.role in ("button", "switch", "checkbox", "generic"):
        soon = trail.last is not None and trail.last.page is not None and trail.last.page.route == page.route
        score = 82 if soon else 50
        if len(controls) > 1 or acts:
            return Step("double", score, f"{first.label} twice at once", control=controls[-1])
        return Step("use", score, f"{first.label} a second time", control=first)
    if used == 2 and acts and trail.count("back", page.route, first.label):
        return Step("use", 49, f"{first.label} again from a stale page", control=first)
    return None


def _back(page: Page, trail: Trail) -> list[Step]:
    """A button that did its work and went away: is the page before it still good for a second press?"""
    last = trail.last
    if last is None or last.control is None or last.page is None or last.control.element.role != "button":
        return []
    label, route = last.control.label, last.page.route
    gone = page.path != last.page.path and all(control.label != label for control in page.controls)
    fit = gone and _ACTS.search(last.control.element.name) and not trail.count("back", route, label)
    return [Step("back", 83, f"back to the page before {label}", control=last.control)] if fit else []


def _elsewhere(situation: Situation, page: Page, trail: Trail, late: bool) -> list[Step]:
    """Pages seen before that still hold something to do, and addresses of this role that were never looked at."""
    found = []
    labels = {key[-1] for key in trail.done() if key[0] == "use"}
    for place, other in trail.pages.items():
        returns = trail.count("return", other.path)
        if other.path == page.path or other.in_dialog or returns >= RETURNS or place in trail.memory.exhausted:
            continue
        left = [step for step in _here(situation, other, trail, late) if not _spent(step, labels)]
        best = max(left, key=lambda step: step.score, default=None)
        if best is not None:
            found.append(Step("return", best.score - 6 - 6 * returns, f"back to {other.path}: {best.why}", other.url))
        elif late:
            trail.memory.exhausted.add(place)
    found += _forgotten(situation, trail)
    start = urljoin(situation.origin, situation.start)
    if routes.path(start) not in trail.visited:
        found.append(Step("return", 70, "the role's start page", start))
    return found


def _forgotten(situation: Situation, trail: Trail) -> list[Step]:
    found: dict[str, str] = {}
    for url in sorted(trail.memory.before):
        place = template_with_query(url)
        if place not in trail.pages and not trail.count("return", url) and not places.LEAVES.search(url):
            found.setdefault(place, url)
    urls = list(found.values())[:FORGOTTEN]
    return [Step("return", 58, f"{url} was open before a restart", urljoin(situation.origin, url)) for url in urls]


def _spent(step: Step, labels: set) -> bool:
    """A control not worth a way back: it was used, here or (a banner, a bar) on another page, and may be gone."""
    return step.control is not None and step.kind != "link" and step.control.label in labels


def _jitter(step: Step, role: str, seed: int) -> float:
    digest = hashlib.sha256(f"{seed}|{role}|{step.kind}|{step.why}".encode()).digest()
    return digest[0] / 255 * JITTER
