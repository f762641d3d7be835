"""The map of the states that a run met, as an SVG picture: boxes in layers by their distance from the start. Pure.

Few states have a box each; many are drawn as one box per route, and very many routes as one box per beginning of an
address, so that the picture can be read whatever the size of the application. Nothing is drawn over anything else.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape

from agent import routes
from agent.coverage.coverage import Coverage

MOST_BOXES = 60
MOST_EDGES = 140
TALLEST = 12
WIDTH, HEIGHT = 208, 46
ROOM_X, ROOM_Y = 64, 14
MARGIN = 16
LETTER = 7.3
"""Width of a letter of an address at 12 px in a font of equal letters."""
LEFT = 10
DOTS, DOT = 5, 11
BY_ADDRESS = "browser_navigate"
"""Begins the actions that open an address."""


@dataclass(frozen=True, slots=True)
class Box:
    """A state, or several of one route. `tested` counts those where something was tried or judged."""

    key: str
    route: str
    states: int
    visits: int
    tested: int
    roles: tuple[str, ...]
    findings: int = 0
    title: str = ""
    x: int = 0
    y: int = 0
    layer: int = 0


@dataclass(frozen=True, slots=True)
class Way:
    """Actions that lead from one box to another; none where the end was only opened by its address, which lies below
    that of the start. `tree` marks the way on which the end hangs."""

    start: str
    end: str
    actions: tuple[str, ...]
    tree: bool = False


@dataclass(frozen=True, slots=True)
class StateMap:
    boxes: tuple[Box, ...]
    ways: tuple[Way, ...]
    width: int
    height: int
    states: int
    hidden: int
    """Ways that were left out to keep the picture readable."""


def state_map(coverage: Coverage, findings: Mapping[str, int] | None = None) -> StateMap:
    """`findings` counts proved ones by route template."""
    met = sorted((state for state in coverage.states.values() if state.visits), key=lambda s: (s.first, s.key))
    name = _grouping([state.route or routes.template(state.url) for state in met])
    group = {state.key: name(state.route or routes.template(state.url), state.key) for state in met}
    boxes: dict[str, Box] = {}
    for state in met:
        key = group[state.key]
        box = boxes.get(key) or Box(key, key.partition(" ")[0], 0, 0, 0, (), title=state.title)
        boxes[key] = replace(
            box,
            states=box.states + 1,
            visits=box.visits + sum(state.visits.values()),
            tested=box.tested + bool(state.tested),
            roles=tuple(dict.fromkeys((*box.roles, *sorted(state.visits)))),
        )
    boxes = _with_findings(boxes, findings or {})
    actions: dict[tuple[str, str], dict[str, None]] = {}
    for state in met:
        for action, end in coverage.ways.get(state.key, ()):
            start, goal = group[state.key], group.get(end, "")
            # An address can be opened from anywhere, so that is no way of the application.
            if goal and goal != start and not action.startswith(BY_ADDRESS):
                actions.setdefault((start, goal), {})[action] = None
    layers, tree = _layers(boxes, actions)
    ways = [Way(start, end, tuple(actions.get((start, end), ())), True) for start, end in tree]
    ways += [Way(start, end, tuple(told)) for (start, end), told in actions.items() if (start, end) not in tree]
    shown = sorted(ways, key=lambda way: (not way.tree, -len(way.actions)))[:MOST_EDGES]
    placed = _place(boxes, layers, shown)
    # Ways inside the last column bend out to its right.
    width = max((box.x for box in placed), default=0) + WIDTH + ROOM_X // 2 + MARGIN
    height = max((box.y for box in placed), default=0) + HEIGHT + MARGIN
    return StateMap(tuple(placed), tuple(shown), width, height, len(met), len(ways) - len(shown))


def _grouping(found: Sequence[str]):
    """How a state's box is called: by itself, by its route, or by the beginning of its route."""
    if len(found) <= MOST_BOXES // 2:
        numbers: Counter[str] = Counter()

        def alone(route: str, key: str) -> str:
            numbers[route] += 1
            return f"{route} {key}"

        return alone
    depth = max((route.count("/") for route in found), default=1)
    while depth > 1 and len({_begin(route, depth) for route in found}) > MOST_BOXES:
        depth -= 1
    counted = Counter(_begin(route, depth) for route in found)
    kept = {route for route, _ in counted.most_common(MOST_BOXES)}
    return lambda route, key: begun if (begun := _begin(route, depth)) in kept else "…"


def _begin(route: str, depth: int) -> str:
    parts = route.partition("?")[0].split("/")
    return "/".join(parts[: depth + 1]) + ("/…" if len(parts) > depth + 1 else "")


def _with_findings(boxes: Mapping[str, Box], findings: Mapping[str, int]) -> dict[str, Box]:
    """A proved finding is shown once, on the first box of its route."""
    left = dict(findings)
    found: dict[str, Box] = {}
    for key, box in boxes.items():
        plain = box.route.partition("?")[0]
        here = [route for route in left if route == plain or (plain.endswith("/…") and route.startswith(plain[:-1]))]
        found[key] = replace(box, findings=sum(left.pop(route) for route in here))
    return found


def _layers(
    boxes: Mapping[str, Box], ways: Iterable[tuple[str, str]]
) -> tuple[dict[str, int], dict[tuple[str, str], None]]:
    """How far each box is from where the run began, and the ways on which they hang: the first that led to a box, else
    its address, which stands below the longest other one that it begins with."""
    order = {key: number for number, key in enumerate(boxes)}
    onward: dict[str, list[str]] = {}
    for start, end in ways:
        onward.setdefault(start, []).append(end)
    roots = {box.route.partition("?")[0].rstrip("/"): box.key for box in reversed(tuple(boxes.values()))}
    layers: dict[str, int] = {}
    tree: dict[tuple[str, str], None] = {}

    def spread(root: str, layer: int) -> None:
        layers[root] = layer
        queue = [root]
        for key in queue:
            for end in sorted(onward.get(key, ()), key=order.__getitem__):
                if end not in layers:
                    layers[end] = layers[key] + 1
                    tree[key, end] = None
                    queue.append(end)

    for key in list(order)[:1]:
        spread(key, 0)
    for key in sorted(order, key=lambda key: (boxes[key].route.count("/"), order[key])):
        if key in layers:
            continue
        above = _above(boxes[key].route, roots)
        if above and above in layers:
            tree[above, key] = None
        spread(key, layers[above] + 1 if above and above in layers else 0)
    return layers, tree


def _above(route: str, roots: Mapping[str, str]) -> str:
    parts = route.partition("?")[0].rstrip("/").split("/")
    begun = ("/".join(parts[:depth]) for depth in range(len(parts) - 1, 0, -1))
    return next((roots[route] for route in begun if route in roots), "")


def _place(boxes: Mapping[str, Box], layers: Mapping[str, int], ways: Sequence[Way]) -> list[Box]:
    """Columns from left to right, a tall layer in several; within one each box near those that lead to it."""
    into: dict[str, list[str]] = {}
    for way in ways:
        if layers[way.start] < layers[way.end]:
            into.setdefault(way.end, []).append(way.start)
    height: dict[str, float] = {}
    placed: list[Box] = []
    column = 0
    for layer in range(max(layers.values(), default=-1) + 1):
        mine = [key for key in boxes if layers[key] == layer]
        places = {key: number for number, key in enumerate(mine)}
        mine.sort(key=lambda key: (_mean([height[k] for k in into.get(key, ()) if k in height]), places[key]))
        for begin in range(0, len(mine), TALLEST):
            part = mine[begin : begin + TALLEST]
            for row, key in enumerate(part):
                height[key] = row
                x, y = MARGIN + column * (WIDTH + ROOM_X), MARGIN + row * (HEIGHT + ROOM_Y)
                placed.append(replace(boxes[key], x=x, y=y, layer=layer))
            column += 1
    return placed


def _mean(numbers: Sequence[float]) -> float:
    return sum(numbers) / len(numbers) if numbers else float("inf")


def draw(picture: StateMap, colours: Mapping[str, str]) -> str:
    """SVG to stand inside a page, whose style sheet gives its classes their look. `colours` are CSS values by role.
    All text is escaped."""
    places = {box.key: box for box in picture.boxes}
    lines = [_way(way, places) for way in sorted(picture.ways, key=lambda way: way.tree)]
    boxes = [_box(box, colours) for box in picture.boxes]
    size = f'width="{picture.width}" height="{picture.height}" viewBox="0 0 {picture.width} {picture.height}"'
    name = f"Map of {picture.states} states in {len(picture.boxes)} boxes"
    return f'<svg class="map" {size} role="img" aria-label="{name}">{"".join(lines)}{"".join(boxes)}</svg>'


def _way(way: Way, places: Mapping[str, Box]) -> str:
    one, other = places[way.start], places[way.end]
    y1, y2 = one.y + HEIGHT // 2, other.y + HEIGHT // 2
    if other.x > one.x:
        x1, x2, bend = one.x + WIDTH, other.x, (other.x - one.x - WIDTH) // 2
        path = f"M{x1} {y1} C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"
    elif other.x < one.x:  # a way back: below the boxes' middle, so that it lies apart from the way there
        x1, x2 = one.x, other.x + WIDTH
        bend = (x1 - x2) // 2
        path = f"M{x1} {y1 + 8} C{x1 - bend} {y1 + 8} {x2 + bend} {y2 + 8} {x2} {y2 + 8}"
    else:
        x1, bend = one.x + WIDTH, ROOM_X // 2
        path = f"M{x1} {y1} C{x1 + bend} {y1} {x1 + bend} {y2} {x1} {y2}"
    told = "\n".join(_action(action) for action in way.actions[:6])
    more = f"\n… and {len(way.actions) - 6} more" if len(way.actions) > 6 else ""
    kind = ("way tree" if way.tree else "way") if way.actions else "way below"
    told = told or "opened by its address"
    return f'<path class="{kind}" d="{path}"><title>{escape(told + more)}</title></path>'


def _action(signature: str) -> str:
    """`browser_click|link:Events|` as a person would say it."""
    tool, _, rest = signature.partition("|")
    element, _, values = rest.partition("|")
    role, _, name = element.partition(":")
    verb = tool.removeprefix("browser_").replace("_", " ")
    return " ".join(filter(None, (verb, role, f"“{name}”" if name else "", values if not name else "")))


def _box(box: Box, colours: Mapping[str, str]) -> str:
    kind = "tested" if box.tested else "seen"
    several = f"{box.states} states, " if box.states > 1 else ""
    line = f"{several}{_count(box.visits, 'visit')}" + ("" if box.tested else ", not tested")
    dots = "".join(
        f'<circle cx="{WIDTH - 12 - DOT * number}" cy="12" r="4" fill="{escape(colours.get(role, "gray"))}">'
        f"<title>{escape(role)}</title></circle>"
        for number, role in enumerate(box.roles[:DOTS])
    )
    room = WIDTH - 12 - DOT * len(box.roles[:DOTS]) - LEFT
    told = "\n".join(filter(None, (box.route, box.title, line, f"roles: {', '.join(box.roles)}")))
    badge = ""
    if box.findings:
        badge = (
            f'<g class="badge"><rect x="{WIDTH - 26}" y="{HEIGHT - 20}" width="20" height="15" rx="7"/>'
            f'<text x="{WIDTH - 16}" y="{HEIGHT - 9}" text-anchor="middle">{box.findings}</text>'
            f"<title>{_count(box.findings, 'finding')} proved</title></g>"
        )
    return (
        f'<g class="box {kind}" transform="translate({box.x} {box.y})"><title>{escape(told)}</title>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="7"/>'
        # Cut off as well, for fonts whose letters are wider.
        f'<svg x="{LEFT}" width="{room}" height="{HEIGHT}"><text class="route" y="19">'
        f"{escape(_short(box.route, int(room / LETTER)))}</text></svg>"
        f'<text class="fact" x="{LEFT}" y="36">{escape(_short(line, 32))}</text>{dots}{badge}</g>'
    )


def _short(text: str, letters: int) -> str:
    """The end of an address says more than its middle."""
    if len(text) <= letters:
        return text
    head = letters // 2
    return f"{text[:head]}…{text[-(letters - head - 1) :]}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
