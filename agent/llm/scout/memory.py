"""What one role's scout has seen and done in this process. The ledger is the truth; it leaves out what was only seen.

Made for long walks: counts grow as things are done, of pages and deeds only the newest stay. Asking again for the
same turn takes back what was decided for it.
"""

from collections import Counter, deque
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from agent.evidence.shape import of_words
from agent.ledger import Ledger
from agent.llm.scout.forms import Entry
from agent.llm.scout.page import CLOSING, Control, Form, Page, says, template, template_with_query

Key = tuple[Hashable, ...]
KEPT_PAGES = 40
KEPT_DEEDS = 8
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
    """`pages` are the newest by route, `exhausted` those of them that hold nothing more to do; `visited` are paths;
    `kept` and `before` are what the ledger knew of this role's clicks and paths when this process began."""

    pages: dict[str, Page] = field(default_factory=dict)
    exhausted: set[str] = field(default_factory=set)
    log: deque[Deed] = field(default_factory=lambda: deque(maxlen=KEPT_DEEDS))
    counts: Counter[Key] = field(default_factory=Counter)
    failures: dict[int, Key] = field(default_factory=dict)
    """Forms that could not be filled, by the turn of the try."""
    visited: set[str] = field(default_factory=set)
    routes: Counter[str] = field(default_factory=Counter)
    parents: Counter[str] = field(default_factory=Counter)
    worked: set[Key] = field(default_factory=set)
    """What was done and went well: (`sent`, route, form, variant) and (`used`, route, label); `*` is any page."""
    kept: Mapping[Key, int] | None = None
    before: frozenset[str] = frozenset()

    def begin(self, iteration: int) -> None:
        """Forgets what was decided for this turn or later: the turn is asked for again."""
        while self.log and self.log[-1].iteration >= iteration:
            self.counts.subtract(self.log.pop().keys)

    def note(self, deed: Deed) -> None:
        self.log.append(deed)
        self.counts.update(deed.keys)

    def settle(self, iteration: int, statuses: Sequence[str]) -> None:
        """What the last turn did went well, or it did not; `statuses` are those of its calls."""
        last = self.last
        if last is None or last.page is None or last.iteration != iteration - 1 or not statuses:
            return
        if last.form is not None and set(statuses) == {"ok"}:
            key = form_key(last.page.route, last.form, last.variant)
            self.worked.add(("sent", *key[1:]))
        elif last.control is not None and statuses[0] == "ok":
            out, closes = last.kind == "sign out", says(CLOSING, last.control.element.name)
            if out or not (last.control.url or closes):
                side = use_key(last.page.route, last.control)[1]
                self.worked.add(("used", "*" if out else side, last.control.label))

    def see(self, page: Page, status: int | None) -> None:
        """An error page does not make forget what the place offered before."""
        place = template_with_query(page.url)
        if place in self.pages and status is not None and status >= 400:
            return
        self.pages.pop(place, None)
        self.pages[place] = replace(page, text="")
        self.exhausted.discard(place)
        if len(self.pages) > KEPT_PAGES:
            oldest = next(iter(self.pages))
            del self.pages[oldest]
            self.exhausted.discard(oldest)

    def learn(self, ledger: Ledger, role: str) -> None:
        """Addresses that are new in the ledger, or were asked for since."""
        if self.kept is None:
            self.kept = _from_ledger(ledger, role)
            self.before = frozenset(ledger.visited.get(role, ()))
        gone = {str(key[1]) for deed in self.log for key in deed.keys if key[0] == "go"}
        seen = {page.path for page in list(self.pages.values())[-1:]}
        for url in sorted((ledger.visited.get(role, frozenset()) | gone | seen) - self.visited):
            self.visited.add(url)
            plain = template(url)
            if plain not in self.routes:
                self.parents[plain.rpartition("/")[0]] += 1
            self.routes.update({plain, template_with_query(url)})

    @property
    def last(self) -> Deed | None:
        return self.log[-1] if self.log else None


@dataclass(frozen=True, slots=True)
class Trail:
    """What the role did so far, as its memory holds it now, beside what the other roles of the run did."""

    memory: Memory
    guesses: Mapping[Key, int]
    others: tuple[Mapping[Key, int], ...] = ()
    walked: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Who has been at a place, of all roles."""

    @property
    def pages(self) -> Mapping[str, Page]:
        return self.memory.pages

    @property
    def visited(self) -> set[str]:
        return self.memory.visited

    @property
    def last(self) -> Deed | None:
        return self.memory.last

    def count(self, *key: Hashable) -> int:
        return self.memory.counts[key] + (self.memory.kept or {}).get(key, 0)

    def done(self) -> Iterator[Key]:
        yield from (key for key, times in self.memory.counts.items() if times > 0)
        yield from self.memory.kept or ()

    def by_others(self, key: Key) -> bool:
        """Done by another role of the run already: worth less, for there is enough to do for all."""
        return any(counts.get(key, 0) > 0 for counts in self.others)

    def visits(self, route: str) -> int:
        """How many addresses of a route were opened; of one with a query, how many with these parameters."""
        return self.memory.routes[route]

    def visits_below(self, route: str) -> int:
        """Routes seen beside this one, under the same parent: an archive of pages is not worth reading through."""
        parent = route.partition("?")[0].rpartition("/")[0]
        return self.memory.parents[parent] if parent else 0


def trail_of(memories: Mapping[str, Memory], ledger: Ledger, role: str) -> Trail:
    memory = memories[role]
    memory.learn(ledger, role)
    others = tuple(other.counts for name, other in memories.items() if name != role)
    return Trail(memory, Counter(memory.failures.values()), others, ledger.coverage.done)


def _from_ledger(ledger: Ledger, role: str) -> Mapping[Key, int]:
    counts: Counter[Key] = Counter()
    for (who, state, signature), times in ledger.tried.items():
        info = ledger.states.get(state)
        if who != role or info is None or not signature.startswith(_CLICKS):
            continue
        kind, _, name = signature.split("|")[1].partition(":")
        label = f"{kind} {of_words(name)}".strip()
        counts[("use", template(info.url), label)] += times
        counts[("use", "*", label)] += times
        counts[("used", label)] += times
    return counts
