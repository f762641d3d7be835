"""Which pages are near duplicates, and so one state. One recogniser serves all roles of a run.

Data must not make a state: another record, a longer list, a notice. A screen must: also in an app whose address never
changes, where most of the page (menus) is the same on every screen. It decides from what StateMet events hold, so a
resumed run recognises the states that it had met.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from agent import events as ev
from agent.coverage import places
from agent.coverage.states import Look, look
from agent.evidence.shape import of_words
from agent.tools.surface import PageView

FRAME_WEIGHT = 0.1
COMMON = 0.6
"""A word on this share of the known states belongs to the frame, whatever landmarks the app uses."""
FEW = 5
"""With fewer states known than this, nothing is called common."""
VARIANTS = 8
"""A title that took so many forms on one address, with all else alike, is data."""
REMEMBERED = 20_000
_FRAMED = ("frame ", "row ")


@dataclass(frozen=True, slots=True)
class _Known:
    key: str
    path: str
    titles: frozenset[str]
    core: frozenset[str]


class Recogniser:
    """`alike` is the share from which two pages of a route are one state (charter.Sharing)."""

    def __init__(self, alike: float, events: Iterable[ev.Event] = ()):
        self._alike = alike
        self._keys: dict[str, str] = {}
        self._routes: dict[tuple[str, frozenset[str]], list[_Known]] = {}
        self._common: Counter[str] = Counter()
        self._states = 0
        self._items: dict[str, None] = {}
        for event in events:
            if isinstance(event.payload, ev.StateMet):
                self.learn(event.payload)

    def recognise(self, view: PageView) -> tuple[str, ev.StateMet | None]:
        """The key of the state, and the event to be journalled when it was never met before."""
        seen = look(view)
        place = places.of_url(view.url)
        key = self._keys.get(seen.key) or self._nearest(seen, place)
        met = None
        if key is None:
            key, met = seen.key, ev.StateMet(seen.key, seen.route, seen.shape, place, of_words(view.title))
            self.learn(met)
        _remember(self._keys, seen.key, key)
        for name in seen.items:
            _remember(self._items, name, None)
        return key, met

    def learn(self, met: ev.StateMet) -> None:
        """A state that the journal holds already."""
        known = _known(met.key, met.shape, met.url)
        self._keys[met.key] = met.key
        self._routes.setdefault((met.route, _dialogs(met.shape)), []).append(known)
        self._common.update(known.core)
        self._states += 1

    def _nearest(self, seen: Look, place: str) -> str | None:
        candidates = self._routes.get((seen.route, _dialogs(seen.shape)), ())
        mine = _known(seen.key, seen.shape, place)
        fitting = [(self._likeness(mine.core, other.core), other) for other in candidates]
        near = [(share, other) for share, other in fitting if share >= self._alike]
        same = [pair for pair in near if self._titles_agree(mine, pair[1], seen.items)]
        if not same and sum(other.path == mine.path for _, other in near) >= VARIANTS:
            same = near
        return max(same, key=lambda pair: pair[0])[1].key if same else None

    def _titles_agree(self, mine: _Known, other: _Known, listed: frozenset[str]) -> bool:
        """On another address a title is the record's name. On the same one it names the screen, unless it stood in a
        list before, which is gone now: then a record of it was opened."""
        if mine.titles == other.titles or mine.path != other.path:
            return True
        differing = mine.titles ^ other.titles
        data = [title for title in differing if title in self._items and title not in listed]
        return len(data) == len(differing)

    def _likeness(self, one: frozenset[str], other: frozenset[str]) -> float:
        """Shared weight by all weight, 0 to 1; two pages with nothing of their own are alike."""
        if one == other:
            return 1.0
        shared = sum(map(self._weight, one & other))
        return shared / sum(map(self._weight, one | other))

    def _weight(self, word: str) -> float:
        common = self._states >= FEW and self._common[word] >= COMMON * self._states
        return FRAME_WEIGHT if common or word.startswith(_FRAMED) else 1.0


def _known(key: str, shape: tuple[str, ...], place: str) -> _Known:
    titles = frozenset(word[6:] for word in shape if word.startswith("title "))
    core = frozenset(word for word in shape if not word.startswith("title "))
    return _Known(key, place.partition("?")[0], titles, core)


def _dialogs(shape: tuple[str, ...]) -> frozenset[str]:
    return frozenset(word for word in shape if word.startswith("dialog "))


def _remember(kept: dict, key: str, value: str | None) -> None:
    """The newest are kept; what is older is recognised anew when it comes back."""
    kept[key] = value
    if len(kept) > REMEMBERED:
        del kept[next(iter(kept))]
