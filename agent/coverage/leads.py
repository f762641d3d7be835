"""What a page and its traffic hint at: links, neighbours of an id, ids in rows, API calls. Pure.

Everything seen is a lead for all roles, so it is bounded: so many of a route for each role, so many of a family of
routes and so many in all for everybody. What is left out is found again where its page is seen again. Never an
address that signs out or destroys, never one that the scope leaves out.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urljoin

from agent import events as ev
from agent import routes
from agent.coverage import places
from agent.coverage.coverage import Coverage
from agent.tools.aria import Element, Node, elements, parse, walk, words
from agent.tools.surface import PageView, Signal

FAMILY = 8
"""Of a family of routes so many times as many leads are kept open as of one route for one role."""
ENOUGH = 400
"""With so many leads open only routes are taken up that are neither seen nor waiting; with twice as many, none."""
_ROWS = frozenset({"row", "listitem", "article"})
_CALLS = frozenset({"fetch", "xhr"})
_PAGING = re.compile(r"^(page|p|offset|limit|size|start|skip|cursor|per_?page)$", re.I)
_NUMBER = re.compile(r"#(\d{1,9})\b")
_CODE = re.compile(r"\b([A-Z]{1,6}-\d{1,9})\b")
_ASSET = re.compile(r"\.(js|mjs|css|map|png|jpe?g|gif|svg|webp|avif|ico|woff2?|ttf|otf)$", re.I)
_WORD = re.compile(r"[^\W\d_]{4,}")
# fmt: off
_SAYING = frozenset(
    {
        "page", "pages", "leave", "alone", "never", "touch", "dont", "skip", "area", "areas", "anything",
        "everything", "with", "from", "that", "this", "them", "there", "must", "please", "avoid", "test",
        "tests", "testing", "explore", "ignore", "nothing", "only", "other", "which", "these", "those", "under",
        "below", "part", "parts", "should", "would", "open", "click", "press", "link", "links", "button",
        "site", "scope",
    }
)
# fmt: on
STEM = 5


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where leads may lead. `home` is the app's own origin, `origins` all that are allowed, `skip` the lines that the
    scope leaves out: one with a path (`/billing/*`) means the path, another one its words."""

    home: str
    origins: frozenset[str]
    skip: tuple[str, ...] = ()
    per_route: int = 5


def leads_in(
    view: PageView | None, signals: Iterable[Signal], role: str, coverage: Coverage, bounds: Bounds
) -> tuple[ev.LeadFound, ...]:
    """What is new in a page and in what was heard since the last one, links first."""
    hints = [*_calls(signals, bounds)]
    if view is not None and view.dialog is None and (view.status or 200) < 400:
        hints = [*_links(view, bounds), *_neighbours(view, bounds), *_rows(view, coverage, bounds), *hints]
    return _kept(hints, role, coverage, bounds)


def allowed(place: str, words_around: str, bounds: Bounds) -> bool:
    """Neither away from the app nor out of scope nor destroying."""
    if not place or places.LEAVES.search(place) or _ASSET.search(place.partition("?")[0]):
        return False
    return not any(_covers(line, place, words_around) for line in bounds.skip)


def stems(text: str) -> frozenset[str]:
    """What words are compared by: `Bookings` and `book` are different, `Bookings` and `booking` are not."""
    return _stems(text)


@lru_cache(maxsize=2_048)
def _stems(text: str) -> frozenset[str]:
    found = (word.lower() for word in _WORD.findall(text.replace("_", " ")))
    return frozenset(word[:STEM] for word in found if word not in _SAYING)


def _covers(line: str, place: str, words_around: str) -> bool:
    patterns = re.findall(r"(?<!\S)/\S*", line)
    if patterns:
        return any(_matches(pattern.rstrip(".,;:"), place) for pattern in patterns)
    told = stems(line)
    return bool(told) and not told.isdisjoint(stems(f"{place} {words_around}"))


def _matches(pattern: str, place: str) -> bool:
    """The path itself and all below it; `*` inside stands for one segment."""
    api = places.as_api(place)
    path = (api[1] if api else place).partition("?")[0]
    fixed = re.escape(pattern.removesuffix("/*").rstrip("/")).replace(r"\*", "[^/]*")
    return re.fullmatch(rf"{fixed}(/.*)?", path) is not None


def _kept(
    hints: Sequence[tuple[ev.LeadFound, str]], role: str, coverage: Coverage, bounds: Bounds
) -> tuple[ev.LeadFound, ...]:
    found: dict[str, ev.LeadFound] = {}
    of_route: Counter[str] = Counter()
    of_family: Counter[str] = Counter()
    for hint, around in hints:
        place = hint.place
        if place in found or place in coverage.done or coverage.lead(place) or not allowed(place, around, bounds):
            continue
        route = places.route_of(place)
        family = places.family_of(route)
        if hint.sort == "api":
            open_here = len(coverage.reached.get(route, ()))
        else:
            open_here = sum(lead.by == role for lead in coverage.open.get(route, {}).values())
        full = open_here + of_route[route] >= bounds.per_route
        crowded = coverage.families.get(family, 0) + of_family[family] >= FAMILY * bounds.per_route
        if full or crowded or not _room(hint, route, coverage, len(found)):
            continue
        of_route[route] += 1
        of_family[family] += 1
        found[place] = hint
    return tuple(found.values())


def _room(hint: ev.LeadFound, route: str, coverage: Coverage, more: int) -> bool:
    waiting = coverage.waiting + more
    unheard = route not in coverage.open and route not in coverage.visits
    return hint.sort == "api" or waiting < ENOUGH or (unheard and waiting < 2 * ENOUGH)


def _links(view: PageView, bounds: Bounds) -> Iterator[tuple[ev.LeadFound, str]]:
    """Spread over the page: of a long list not only its beginning."""
    here = places.of_url(view.url, bounds.home)
    by_route: dict[str, list[tuple[str, Element]]] = {}
    for item in elements(parse(view.snapshot)):
        if item.role != "link" or not item.url or item.url.startswith(("mailto:", "tel:", "javascript:")):
            continue
        url = urljoin(view.url, item.url)
        place = places.of_url(url, bounds.home) if routes.origin(url) in bounds.origins else ""
        if place and place != here and not places.LEAVES.search(item.name):
            by_route.setdefault(places.route_of(place), []).append((place, item))
    for links in by_route.values():
        for place, item in _spread(links):
            yield ev.LeadFound("link", place, f"link {item.name}".strip()[:80]), item.name


def _spread(links: list[tuple[str, Element]]) -> list[tuple[str, Element]]:
    """First, last, middle, then the rest in order."""
    ends = [links[0], links[-1], links[len(links) // 2]]
    return list(dict((place, (place, item)) for place, item in [*ends, *links]).values())


def _neighbours(view: PageView, bounds: Bounds) -> Iterator[tuple[ev.LeadFound, str]]:
    """The records before and after the one that is shown: may this role see them too?"""
    place = places.of_url(view.url, bounds.home)
    path, mark, query = place.partition("?")
    parts = path.split("/")
    for at, part in enumerate(parts):
        if part.isdigit() and len(part) <= 9:
            for other in _beside(part):
                changed = "/".join([*parts[:at], other, *parts[at + 1 :]])
                yield ev.LeadFound("id", changed + mark + query, f"beside {part}"), ""
    pairs = [pair.partition("=") for pair in query.split("&")]
    for at, (name, _, value) in enumerate(pairs):
        if value.isdigit() and len(value) <= 9 and not _PAGING.match(name):
            for other in _beside(value):
                changed = [*pairs[:at], (name, "=", other), *pairs[at + 1 :]]
                yield ev.LeadFound("id", f"{path}?{'&'.join(map(''.join, changed))}", f"{name} beside {value}"), ""


def _beside(number: str) -> tuple[str, ...]:
    return tuple(str(n) for n in (int(number) - 1, int(number) + 1) if n > 0)


def _rows(view: PageView, coverage: Coverage, bounds: Bounds) -> Iterator[tuple[ev.LeadFound, str]]:
    """Numbers and codes in rows without a link of their own, where such records are known to have pages here."""
    base = places.of_url(view.url, bounds.home).partition("?")[0].rstrip("/")
    for pattern, placeholder in ((_NUMBER, "{id}"), (_CODE, "{slug}")):
        if f"{base}/{placeholder}" not in coverage.visits:
            continue
        for row in _outermost(parse(view.snapshot)):
            for seen in pattern.findall(_all_words(row)):
                yield ev.LeadFound("id", f"{base}/{seen}", f"{seen} stands in a row"), ""


def _outermost(tree: tuple[Node, ...]) -> Iterator[Node]:
    for node in tree:
        if node.role in _ROWS:
            yield node
        else:
            yield from _outermost(node.children)


def _all_words(row: Node) -> str:
    return " ".join([words(row), *(node.name or node.text for node in walk(row.children))])


def _calls(signals: Iterable[Signal], bounds: Bounds) -> Iterator[tuple[ev.LeadFound, str]]:
    """What the page asked its own server for, and got."""
    for signal in signals:
        fit = signal.kind == "response" and signal.resource in _CALLS and 200 <= (signal.status or 0) < 400
        if fit and routes.origin(signal.url) in bounds.origins:
            place = places.of_api(signal.method or "GET", signal.url, bounds.home)
            yield ev.LeadFound("api", place, "called by a page"), ""
