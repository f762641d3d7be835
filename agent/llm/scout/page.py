"""A page as the scout sees it: links, controls and forms with their surroundings. Pure; knows no history.

A snapshot does not say where a form begins, so the smallest part of the page that holds a field and a button counts.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urljoin

from agent import routes
from agent.coverage import places
from agent.evidence.shape import of_words
from agent.tools.aria import Element, Node, dialogs, elements, parse, walk, words
from agent.tools.surface import PageView

FIELDS = frozenset({"textbox", "searchbox", "combobox", "spinbutton", "checkbox", "radio", "slider", "switch"})
SIGN_OUT = re.compile(r"\b(sign|log)[ -]?(out|off)\b", re.I)
CLOSING = re.compile(r"^\W*(close|cancel|dismiss|done|ok|got it|not now|no thanks|x|×|✕)\W*$", re.I)
DESTRUCTIVE = re.compile(
    r"\b(delete|remov|suspend|deactivat|pay|refund|archiv|reject|terminat|ban|wipe|unsubscrib|disabl|cancel|revok|drop"
    r"|leav|erase|purge|block)",
    re.I,
)
PAGING = re.compile(r"^\W*(next|previous|prev|newer|older|first|last|\d+|more)\b\W*$", re.I)
_SIDES = {"banner": "header", "navigation": "header", "contentinfo": "footer"}
_ROWS = frozenset({"row", "listitem", "article"})


@dataclass(frozen=True, slots=True)
class Control:
    """An element in its place: `side` is header, footer, dialog or empty; `url` is absolute for links that stay."""

    element: Element
    side: str = ""
    url: str = ""
    context: str = ""
    """The text of the row or item around it."""

    @property
    def label(self) -> str:
        return _label(self.element.role, self.element.name)


@dataclass(frozen=True, slots=True)
class Way:
    """The links of a page to one route; `target` and `plain` are its templates with and without the query's names."""

    target: str
    plain: str
    links: tuple[Control, ...]
    paging: bool


@dataclass(frozen=True, slots=True)
class Form:
    fields: tuple[Element, ...]
    submit: Element | None
    side: str = ""

    @property
    def key(self) -> str:
        names = ",".join(of_words(field.name or field.placeholder) for field in self.fields)
        return f"{names}>{of_words(self.submit.name) if self.submit else ''}"

    @property
    def prefilled(self) -> bool:
        return any(field.value for field in self.fields if field.role in ("textbox", "spinbutton"))


@dataclass(frozen=True, slots=True)
class Page:
    url: str
    route: str
    controls: tuple[Control, ...] = ()
    forms: tuple[Form, ...] = ()
    text: str = ""
    in_dialog: bool = False
    ways: tuple[Way, ...] = ()
    """Links that neither sign out nor destroy, the most telling of each route first."""
    refused: bool = False
    """It answered with an error."""

    @property
    def path(self) -> str:
        return routes.path(self.url)

    @property
    def links(self) -> tuple[Control, ...]:
        return tuple(control for control in self.controls if control.url)

    @property
    def sign_out(self) -> Control | None:
        return next((control for control in self.controls if SIGN_OUT.search(control.element.name)), None)


def read(view: PageView, origin: str) -> Page:
    tree = parse(view.snapshot)
    opened = dialogs(tree)
    around = _places(tree)
    controls = tuple(_control(item, around, view.url, origin) for item in elements(tree) if not item.disabled)
    text = " ".join(words(node) for node in tree)
    forms = _forms(tree, around)
    route = places.route_of(places.of_url(view.url, origin)).partition("?")[0]
    return Page(view.url, route, controls, forms, text, bool(opened), _ways(controls), (view.status or 200) >= 400)


@lru_cache(maxsize=2_048)
def template(url: str) -> str:
    return routes.template(url)


@lru_cache(maxsize=2_048)
def template_with_query(url: str) -> str:
    return routes.template(url, with_query=True)


@lru_cache(maxsize=2_048)
def says(pattern: re.Pattern[str], name: str) -> bool:
    """Whether a name holds a pattern: the same names are asked about on every turn."""
    return pattern.search(name) is not None


@lru_cache(maxsize=2_048)
def _label(role: str, name: str) -> str:
    return f"{role} {of_words(name)}".strip()


def _ways(controls: tuple[Control, ...]) -> tuple[Way, ...]:
    groups: dict[str, list[Control]] = {}
    for link in controls:
        if link.url and not says(SIGN_OUT, link.element.name) and not places.LEAVES.search(link.url):
            groups.setdefault(template_with_query(link.url), []).append(link)
    return tuple(
        Way(target, template(links[0].url), _by_interest(links), any(says(PAGING, n.element.name) for n in links))
        for target, links in groups.items()
    )


def _by_interest(links: list[Control]) -> tuple[Control, ...]:
    """The first, the one with the least text around it, the last, the one with the most."""
    bare = min(links, key=lambda link: len(link.context))
    wanted = [links[0], bare, links[-1], max(links, key=lambda link: len(link.context))]
    return tuple({link.url: link for link in wanted}.values())


def _places(tree: tuple[Node, ...]) -> dict[str, tuple[str, str]]:
    """By ref: the side of the page and the text of the row around it."""
    found: dict[str, tuple[str, str]] = {}

    def visit(node: Node, side: str, row: str) -> None:
        side = "dialog" if node.role in ("dialog", "alertdialog") else side or _SIDES.get(node.role, "")
        row = words(node) + _inner(node) if node.role in _ROWS else row
        if node.ref:
            found[node.ref] = (side, row)
        for child in node.children:
            visit(child, side, row)

    for node in tree:
        visit(node, "", "")
    return found


def _inner(node: Node) -> str:
    return "" if not node.name else " ".join(child.name or child.text for child in walk(node.children))


def _control(item: Element, places: dict[str, tuple[str, str]], base: str, origin: str) -> Control:
    side, row = places.get(item.ref, ("", ""))
    url = urljoin(base, item.url) if item.role == "link" and item.url and not item.url.startswith("#") else ""
    stays = routes.origin(url) == routes.origin(origin)
    return Control(item, side, url if stays else "", row)


def _forms(tree: tuple[Node, ...], places: dict[str, tuple[str, str]]) -> tuple[Form, ...]:
    found: dict[str, Form] = {}
    for fields, scope in _groups(tree):
        order = [item.ref for item in elements(scope)]
        last = max(order.index(field.ref) for field in fields)
        buttons = [item for item in elements(scope) if _submits(item)]
        submit = next((item for item in buttons if order.index(item.ref) > last), None)
        form = Form(tuple(fields), submit, places.get(fields[0].ref, ("", ""))[0])
        if submit or len([field for field in fields if field.role in ("textbox", "searchbox")]) == 1:
            found.setdefault(form.key, form)
    return tuple(found.values())


def _submits(item: Element) -> bool:
    if item.role != "button" or item.disabled:
        return False
    return not any(says(unfit, item.name) for unfit in (SIGN_OUT, CLOSING, DESTRUCTIVE))


def _groups(tree: tuple[Node, ...]) -> list[tuple[list[Element], tuple[Node, ...]]]:
    """Fields with the smallest part of the page around them that also holds a button; deepest parts first."""
    found: list[tuple[list[Element], tuple[Node, ...]]] = []

    def visit(node: Node) -> list[Element]:
        free = [field for child in node.children for field in visit(child)]
        own = [item for item in elements((node,)) if item.ref == node.ref and item.role in FIELDS and not item.disabled]
        free += own
        scope = (node,)
        if free and not own and any(_submits(item) for item in elements(scope)):
            found.append((free, scope))
            return []
        if free and node.role in ("search", "form"):
            found.append((free, scope))
            return []
        return free

    rest = [field for node in tree for field in visit(node)]
    return [*found, *(([field], tree) for field in rest if field.role in ("textbox", "searchbox"))]
