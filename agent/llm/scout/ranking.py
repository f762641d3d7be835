"""What is worth doing next for a role: leads, ranked. Pure; reads a page, the ledger and the trail, decides nothing.

Breadth first over routes, then forms and controls, then odd items, other roles' addresses and what destroys data.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import urljoin

from agent import routes
from agent.llm.base import Situation
from agent.llm.scout.forms import is_search, variants
from agent.llm.scout.memory import Trail, form_key, use_key, verb_key
from agent.llm.scout.page import CLOSING, DESTRUCTIVE, SIGN_OUT, Control, Form, Page

Kind = Literal["link", "form", "use", "double", "escape", "back", "return", "probe", "revisit"]
JITTER = 3.0
"""Enough to order equals by chance of role and seed, too little to mix kinds of leads."""
VISITS = 3
PAGES = 2
PROBES = 8
SHARED = 14.0
"""How much less a form is worth that another role has sent with the same kind of values."""
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
_PAGING = re.compile(r"^\W*(next|previous|prev|newer|older|first|last|\d+|more)\b\W*$", re.I)
_LEAVES = re.compile(r"log-?out|sign-?out|log-?off|delete|remove", re.I)
_USABLE = frozenset({"button", "tab", "menuitem", "switch", "checkbox", "radio", "combobox", "generic", "link"})


@dataclass(frozen=True, slots=True)
class Lead:
    kind: Kind
    score: float
    why: str
    url: str = ""
    control: Control | None = None
    form: Form | None = None
    variant: str = ""


def rank(situation: Situation, page: Page, trail: Trail, seed: int = 0) -> tuple[Lead, ...]:
    """Best first; empty when nothing is left."""
    late = is_late(situation)
    leads = _leads(situation, page, trail, late) or _leads(situation, page, trail, late=True)
    spread = [replace(lead, score=lead.score + _jitter(lead, situation.role, seed)) for lead in leads]
    return tuple(sorted(spread, key=lambda lead: (-lead.score, lead.why)))


def _leads(situation: Situation, page: Page, trail: Trail, late: bool) -> list[Lead]:
    leads = [*_here(situation, page, trail, late), *_elsewhere(situation, page, trail, late)]
    if situation.may_write:
        leads += _back(page, trail)
    return [*leads, *_probes(situation, page, trail)]


def is_late(situation: Situation) -> bool:
    return situation.iteration >= LATE * (situation.iteration + situation.remaining)


def _here(situation: Situation, page: Page, trail: Trail, late: bool) -> list[Lead]:
    """What this page itself offers. An open in-app dialog comes first, the page behind it waits."""
    leads = list(_links(page, trail))
    if not situation.may_write:
        return leads
    active = list(_forms(page, trail)) + list(_controls(page, trail, late))
    if not page.in_dialog:
        return leads + active
    inside = [
        replace(lead, score=88 + lead.score / 10)
        for lead in active
        if (lead.control and lead.control.side == "dialog") or (lead.form and lead.form.side == "dialog")
    ]
    escapes = trail.count("escape", page.route)
    if not inside and escapes < 2:
        inside = [Lead("escape", 84 - escapes, "an open dialog that no control closed")]
    return inside or leads


def _links(page: Page, trail: Trail) -> Iterator[Lead]:
    groups: dict[str, list[Control]] = {}
    for link in page.links:
        if not SIGN_OUT.search(link.element.name) and not _LEAVES.search(link.url):
            groups.setdefault(routes.template(link.url, with_query=True), []).append(link)
    for target, links in groups.items():
        fresh = [link for link in _by_interest(links) if routes.path(link.url) not in trail.visited]
        seen = trail.visits(target)
        if not fresh or trail.count("followed", target) >= VISITS:
            continue
        if any(_PAGING.match(link.element.name) for link in links) and seen >= PAGES:
            continue
        known = trail.visits(routes.template(target))
        family = trail.visits_below(target)
        if not known:
            crowded = 12 if family > 6 else 0
            footer = 4 if fresh[0].side == "footer" else 0
            yield Lead("link", 80 - footer - crowded, f"route {target} not seen yet", fresh[0].url, fresh[0])
        elif seen < VISITS:
            yield Lead("link", 64 - 7 * seen, f"another item of {target}", fresh[0].url, fresh[0])


def _by_interest(links: list[Control]) -> list[Control]:
    """The first, the one with the least text around it, the last, the one with the most."""
    if len(links) < 2:
        return links
    bare = min(links, key=lambda link: len(link.context))
    wanted = [links[0], bare, links[-1], max(links, key=lambda link: len(link.context))]
    return list({link.url: link for link in wanted}.values())


def _forms(page: Page, trail: Trail) -> Iterator[Lead]:
    signed_in = any(seen.sign_out for seen in trail.pages.values())
    for form in page.forms:
        secret = any(re.search(r"pass ?word|\bpin\b", field.name, re.I) for field in form.fields)
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
            if form_key(page.route, form, variant) in trail.others:
                score -= SHARED
            yield Lead("form", score, f"form {form.key} with {variant} values", form=form, variant=variant)
            break


def _controls(page: Page, trail: Trail, late: bool) -> Iterator[Lead]:
    taken = {form.submit.ref for form in page.forms if form.submit}
    taken |= {field.ref for form in page.forms for field in form.fields}
    alike: dict[str, list[Control]] = {}
    for control in page.controls:
        usable = control.element.role in _USABLE and not control.url and control.element.ref not in taken
        if usable and not SIGN_OUT.search(control.element.name) and not _foreign(control):
            alike.setdefault(control.label, []).append(control)
    for controls in alike.values():
        lead = _use(page, trail, controls, late)
        if lead and trail.count(*verb_key(page.route, controls[0])) < ALIKE:
            yield lead


def _foreign(control: Control) -> bool:
    """A link that leaves the app, or with another scheme; one to `#` may be a button."""
    return control.element.role == "link" and not control.element.url.startswith("#")


def _use(page: Page, trail: Trail, controls: list[Control], late: bool) -> Lead | None:
    first, name = controls[0], controls[0].element.name
    used = trail.count(*use_key(page.route, first))
    if first.side == "dialog" and CLOSING.match(name):
        return Lead("use", 5, f"close with {first.label}", control=first) if used < 3 else None
    if DESTRUCTIVE.search(name):
        return Lead("use", 48, f"{first.label} destroys, late", control=first) if late and not used else None
    if used == 0:
        return Lead("use", 55, f"{first.label} not used yet", control=first)
    acts = bool(_ACTS.search(name))
    if used == 1 and first.element.role in ("button", "switch", "checkbox", "generic"):
        soon = trail.last is not None and trail.last.page is not None and trail.last.page.route == page.route
        score = 82 if soon else 50
        if len(controls) > 1 or acts:
            return Lead("double", score, f"{first.label} twice at once", control=controls[-1])
        return Lead("use", score, f"{first.label} a second time", control=first)
    if used == 2 and acts and trail.count("back", page.route, first.label):
        return Lead("use", 49, f"{first.label} again from a stale page", control=first)
    return None


def _back(page: Page, trail: Trail) -> list[Lead]:
    """A button that did its work and went away: is the page before it still good for a second press?"""
    last = trail.last
    if last is None or last.control is None or last.page is None or last.control.element.role != "button":
        return []
    label, route = last.control.label, last.page.route
    gone = page.path != last.page.path and all(control.label != label for control in page.controls)
    fit = gone and _ACTS.search(last.control.element.name) and not trail.count("back", route, label)
    return [Lead("back", 83, f"back to the page before {label}", control=last.control)] if fit else []


def _elsewhere(situation: Situation, page: Page, trail: Trail, late: bool) -> list[Lead]:
    """Pages seen before that still hold leads, and addresses of this role that were never opened."""
    found = []
    for other in trail.pages.values():
        returns = trail.count("return", other.path)
        if other.path == page.path or other.in_dialog or returns >= RETURNS:
            continue
        open_leads = (lead for lead in _here(situation, other, trail, late) if not _spent(lead, trail))
        best = max(open_leads, key=lambda lead: lead.score, default=None)
        if best is not None:
            score = best.score - 6 - 6 * returns
            found.append(Lead("return", score, f"back to {other.path}: {best.why}", other.url))
    forgotten = {}
    for url in sorted(situation.ledger.visited.get(situation.role, ())):
        place = routes.template(url, with_query=True)
        if place not in trail.pages and not trail.count("return", url) and not _LEAVES.search(url):
            forgotten.setdefault(place, url)
    for url in forgotten.values():
        found.append(Lead("return", 58, f"{url} was open before a restart", urljoin(situation.origin, url)))
    start = urljoin(situation.origin, situation.start)
    if routes.path(start) not in trail.visited:
        found.append(Lead("return", 70, "the role's start page", start))
    return found


def _spent(lead: Lead, trail: Trail) -> bool:
    """A control not worth a way back: it was used, here or (a banner, a bar) on another page, and may be gone."""
    if lead.control is None or lead.kind == "link":
        return False
    return any(key[0] == "use" and key[-1] == lead.control.label for key in trail.done)


def _probes(situation: Situation, page: Page, trail: Trail) -> Iterator[Lead]:
    """Addresses that other roles reached and this role never did: may it?"""
    linked = {routes.path(link.url) for seen in (page, *trail.pages.values()) for link in seen.links}
    mine = {routes.template(url) for url in trail.visited}
    others = {url for role, urls in situation.ledger.visited.items() if role != situation.role for url in urls}
    if trail.count("probe") >= PROBES:
        return
    for url in sorted(others - trail.visited - linked):
        path = routes.path(url)
        if _LEAVES.search(path) or path in trail.visited:
            continue
        route = routes.template(path)
        score = 47.0 if route not in mine else 41.0
        if trail.count("probed", route) < 2:
            yield Lead("probe", score, f"{path} was reached by another role", urljoin(situation.origin, path))


def _jitter(lead: Lead, role: str, seed: int) -> float:
    digest = hashlib.sha256(f"{seed}|{role}|{lead.kind}|{lead.why}".encode()).digest()
    return digest[0] / 255 * JITTER
