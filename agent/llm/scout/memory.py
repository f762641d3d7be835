"""What one role's scout has seen and done in this process. The ledger is the truth; it leaves out what was only seen.

Deeds are kept by turn, so that asking again for the same turn gives the same answer.
"""

from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

from agent.evidence.shape import of_words
from agent.ledger import Ledger
from agent.llm.scout.forms import Entry
from agent.llm.scout.page import Control, Form, Page
from agent.routes import template

Key = tuple[Hashable, ...]
_CLICKS = ("browser_click|", "browser_select_option|")


def use_key(route: str, control: Control) -> Key:
    """One control of a page, or of all pages where it sits in the header or footer."""
    return ("use", "*" if control.side in ("header", "footer") else route, control.label)


def verb_key(route: str, control: Control) -> Key:
    """Controls that differ in data only, `Approve Ann` and `Approve Bob`, share the first word."""
    return ("verb", route, control.element.role, of_words(control.element.name).partition(" ")[0])


def form_key(route: str, form: Form, variant: str) -> Key:
    return ("form", "*" if form.side in ("header", "footer") else route, form.key, variant)


@dataclass(frozen=True, slots=True)
class Deed:
    """What was done on a turn. `page` is where; `control` or `form` with its `entries` is what was acted on."""

    iteration: int
    kind: str
    keys: tuple[Key, ...]
    page: Page | None = None
    control: Control | None = None
    form: Form | None = None
    variant: str = ""
    entries: tuple[Entry, ...] = ()
    titles: tuple[str, ...] = ()
    """What to call the failure of each call that is a claim; empty for the others."""


@dataclass(slots=True)
class Memory:
    pages: dict[str, Page] = field(default_factory=dict)
    log: list[Deed] = field(default_factory=list)
    failures: dict[int, Key] = field(default_factory=dict)
    """Forms that could not be filled, by the turn of the try."""

    def begin(self, iteration: int) -> None:
        """Forgets what was decided for this turn or later: the turn is asked for again."""
        self.log = [deed for deed in self.log if deed.iteration < iteration]

    def see(self, page: Page, status: int | None) -> None:
        """An error page does not make forget what the place offered before."""
        place = template(page.url, with_query=True)
        if place not in self.pages or status is None or status < 400:
            self.pages[place] = page

    @property
    def last(self) -> Deed | None:
        return self.log[-1] if self.log else None

    def own(self) -> Counter[Key]:
        return Counter(key for deed in self.log for key in deed.keys)


@dataclass(frozen=True, slots=True)
class Trail:
    """What the role did so far: its own counts and those of the ledger, which survives a restart."""

    done: Mapping[Key, int]
    visited: frozenset[str]
    routes: Mapping[str, int]
    guesses: Mapping[Key, int]
    pages: Mapping[str, Page]
    last: Deed | None = None
    others: frozenset[Key] = frozenset()
    """What other roles of the run did already: worth less, for there is enough to do for all."""

    def count(self, *key: Hashable) -> int:
        return self.done.get(key, 0)

    def visits(self, route: str) -> int:
        """How many addresses of a route were opened; of one with a query, how many with these parameters."""
        return self.routes.get(route, 0)

    def visits_below(self, route: str) -> int:
        """Routes seen beside this one, under the same parent: an archive of pages is not worth reading through."""
        parent = route.partition("?")[0].rpartition("/")[0]
        return sum(seen.rpartition("/")[0] == parent and "?" not in seen for seen in self.routes) if parent else 0


def trail_of(memories: Mapping[str, Memory], ledger: Ledger, role: str) -> Trail:
    memory = memories[role]
    own, kept = memory.own(), _from_ledger(ledger, role)
    others = frozenset(key for name, other in memories.items() if name != role for key in other.own())
    done = {key: max(own[key], kept[key]) for key in own.keys() | kept.keys()}
    gone = {str(key[1]) for key in own if key[0] == "go"}
    visited = frozenset(ledger.visited.get(role, ())) | gone | {page.path for page in memory.pages.values()}
    return Trail(done, visited, _routes(visited), Counter(memory.failures.values()), memory.pages, memory.last, others)


def _routes(visited: frozenset[str]) -> Counter[str]:
    """By template, and by template with the names of the query where there is one."""
    counts: Counter[str] = Counter()
    for url in visited:
        counts.update({template(url), template(url, with_query=True)})
    return counts


def _from_ledger(ledger: Ledger, role: str) -> Counter[Key]:
    counts: Counter[Key] = Counter()
    for (who, state, signature), times in ledger.tried.items():
        info = ledger.states.get(state)
        if who != role or info is None or not signature.startswith(_CLICKS):
            continue
        kind, _, name = signature.split("|")[1].partition(":")
        label = f"{kind} {of_words(name)}".strip()
        counts[("use", template(info.url), label)] += times
        counts[("use", "*", label)] += times
    return counts
