"""What the statuses of a role's capabilities rest on: what it did, and what it had judged. Pure but for its own list.

The rule: a capability is noted as works or broken when each capability noted so far can be given a piece of evidence of
its own. A piece belongs to a capability when it was made on an address that the capability's grant names, or wrote to
one; where no page is named, also when it has a word of the capability, or came after the last such note.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from agent import events as ev
from agent import routes, topics
from agent.charter import Grant
from agent.coverage import actions, places
from agent.coverage.access import READING, read_pattern, split_place
from agent.tools.surface import ToolResult

TESTED = frozenset({"works", "broken"})
JUDGED = frozenset({"holds", "fails"})
MOST_WRITES = 20


@dataclass(frozen=True, slots=True)
class Piece:
    """One action or one judged claim. `places` are paths, or `METHOD /path` of its requests; `words` are those of the
    places too, `own` only those that the claim says itself. A claim is of a `change` when it tells what became of
    something that the role did there."""

    sort: Literal["action", "claim"]
    places: tuple[str, ...]
    words: frozenset[str]
    own: frozenset[str] = frozenset()
    change: bool = False


def covers(pattern: str, place: str) -> bool:
    """Whether a grant's pattern names an address; one without a method is a page, so it is read."""
    return read_pattern(pattern).matches(*_asked(place))


def _asked(place: str) -> tuple[str, tuple[str, ...]]:
    method, path = split_place(place)
    return method or "GET", tuple(filter(None, routes.path(path).partition("?")[0].split("/")))


def _has_page(grant: Grant) -> bool:
    """Whether a browser's page can be at one of its addresses."""
    return any(split_place(pattern)[0] in ("", "GET") for pattern in grant.patterns)


def words_of(tool: ev.ToolFinished) -> frozenset[str]:
    """What an action says of itself: its address, its element, its steps in words."""
    told = [str(step.get("words", "")) for step in tool.steps]
    return topics.words(" ".join([routes.path(tool.url_after), str((tool.target or {}).get("name", "")), *told]))


def writes_of(result: ToolResult, origins: frozenset[str]) -> tuple[str, ...]:
    """The writes that a call made and the app answered, as `POST /path`: a form that was sent, what a script sent from
    the page on which the call acted. What the next page sends while it loads is its own doing."""
    document = result.before.document if result.before else 0
    made = (
        places.of_api(signal.method, signal.url.partition("?")[0])
        for signal in result.signals
        if signal.kind == "response"
        and signal.method not in ("", "OPTIONS", *READING)
        and routes.origin(signal.url) in origins
        # A form asks for a document that is newer than the page; of older ones came signing in before the call.
        and (signal.document > document if signal.navigation else signal.document == document)
    )
    return tuple(dict.fromkeys(made))[:MOST_WRITES]


class Grounds:
    """The evidence of one role, fed with its events in order."""

    def __init__(self, capabilities: Sequence[str], grants: Sequence[Grant] = ()):
        self.pieces: list[Piece] = []
        self._topics = dict(topics.topics(capabilities))
        self._places = {grant.capability: grant.patterns for grant in grants if _has_page(grant)}
        self._patterns = {grant.capability: tuple(map(read_pattern, grant.patterns)) for grant in grants}
        self._known: dict[str, list[bool]] = {}
        self._resting: dict[str, frozenset[int]] = {}
        self._since = 0
        self._path = ""

    def see(self, payload: ev.Payload, at: str = "") -> None:
        """`at` is the page's address where it is known better than from the calls so far."""
        self._path = routes.path(at) if at else self._path
        match payload:
            case ev.RoleStarted(url=url):
                self._path = url or self._path
            case ev.ToolFinished() as tool:
                self._act(tool)
            case ev.ClaimChecked(claim=claim, outcome=outcome) if outcome in JUDGED:
                self._judge(claim)
            case ev.CapabilityNoted(name=name, status=status) if status in TESTED:
                self._resting[name] = self._resting.get(name, frozenset()) | self.of(name)
                self._since = len(self.pieces)
            case _:
                return

    def bear(self, name: str) -> bool:
        """Whether there is evidence for this capability beside that of the others."""
        return name in assign({**self._resting, name: self._resting.get(name, frozenset()) | self.of(name)})

    def of(self, name: str) -> frozenset[int]:
        """The numbers of all pieces that could belong to a capability now."""
        fits = self.fitting(name)
        return fits if name in self._places else fits | frozenset(range(self._since, len(self.pieces)))

    def resting(self) -> Mapping[str, frozenset[int]]:
        """What each noted capability could rest on when it was noted, and what has come to fit it since."""
        return {name: numbers | self.fitting(name) for name, numbers in self._resting.items()}

    def fitting(self, name: str) -> frozenset[int]:
        """The numbers of the pieces that belong to a capability by address or words, whenever they were made."""
        known = self._known.setdefault(name, [])
        known += [self.fits_at(name, piece.words, *piece.places) for piece in self.pieces[len(known) :]]
        return frozenset(number for number, fits in enumerate(known) if fits)

    def judged(self, name: str) -> frozenset[int]:
        """The numbers of the claims that say something of a capability: made where it belongs, and in its words or of a
        change made there. An address alone says nothing: a page shows much that is no part of what it is for."""
        return frozenset(n for n in self.fitting(name) if self._tells(self.pieces[n], self._about(name)))

    def told(self, about: frozenset[str]) -> frozenset[int]:
        """The numbers of the claims whose own words speak of a topic."""
        return frozenset(
            number
            for number, piece in enumerate(self.pieces)
            if piece.sort == "claim" and topics.speaks_of(piece.own, about)
        )

    @staticmethod
    def _tells(piece: Piece, about: frozenset[str]) -> bool:
        return piece.sort == "claim" and (piece.change or topics.speaks_of(piece.own, about))

    def fits_at(self, name: str, words: frozenset[str], *places: str) -> bool:
        """By the addresses of the capability's grant; where no page is among them, also by its words."""
        asked = [_asked(place) for place in places]
        if any(pattern.matches(*each) for pattern in self._patterns.get(name, ()) for each in asked):
            return True
        return name not in self._places and topics.speaks_of(words, self._about(name))

    def wanted(self, name: str) -> tuple[str, ...]:
        """The addresses at which a capability is to be tested; empty when none are named."""
        return self._places.get(name, ())

    def _about(self, name: str) -> frozenset[str]:
        if name not in self._topics:
            self._topics[name] = topics.topic(name) or topics.words(name)
        return self._topics[name]

    def _act(self, tool: ev.ToolFinished) -> None:
        after = routes.path(tool.url_after) if routes.origin(tool.url_after) else ""
        if tool.tool == actions.REQUEST:
            # Evidence for the address that was asked; the page only lent its session.
            asked = actions.asked_for(tool, routes.origin(tool.url_before)) if tool.status == "ok" else ()
            self.pieces += [Piece("action", (place,), _words_of_place(place)) for place in asked]
        elif tool.steps and tool.status == "ok":
            # A link only leads away from where it stands; what was typed or pressed was tried there.
            left = "" if _leads(tool) else routes.path(tool.url_before)
            sent = () if _opens(tool) else tool.requests
            found = tuple(filter(None, dict.fromkeys((left, after, *sent))))
            words = frozenset[str]().union(*map(_words_of_place, sent))
            self.pieces.append(Piece("action", found, words_of(tool) | words))
        self._path = after or self._path

    def _judge(self, claim: Mapping[str, Any]) -> None:
        subject = str(claim.get("subject", ""))
        method, _, path = subject.removeprefix("response ").partition(" ")
        asked = f"{method.upper()} {path.strip()}" if subject.startswith("response ") else ""
        own = topics.words(" ".join((subject, str(claim.get("expected", "")), str(claim.get("reason", "")))))
        change = claim.get("about") == "my_change" or claim.get("predicate") == "persists_after_reload"
        places = tuple(filter(None, (asked, self._path)))
        self.pieces.append(Piece("claim", places, own | topics.words(self._path), own, change))


def assign(wants: Mapping[str, Iterable[int]]) -> Mapping[str, int]:
    """Gives as many names as possible a number of their own from what each may have; earlier names keep theirs."""
    holders: dict[int, str] = {}

    def give(name: str, seen: set[int]) -> bool:
        for number in sorted(wants[name]):
            if number in seen:
                continue
            seen.add(number)
            if number not in holders or give(holders[number], seen):
                holders[number] = name
                return True
        return False

    for name in wants:
        give(name, set())
    return {name: number for number, name in holders.items()}


def _words_of_place(place: str) -> frozenset[str]:
    """Of `POST /courts` the path alone: that something was posted does not say that it was a message."""
    return topics.words(place.partition(" ")[2] or place)


def _opens(tool: ev.ToolFinished) -> bool:
    return tool.steps[-1].get("action", "") in ("goto", "back")


def _leads(tool: ev.ToolFinished) -> bool:
    return _opens(tool) or (tool.target or {}).get("role") == "link"
