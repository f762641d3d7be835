"""What the host remembers of a role, as one text for its model: it stands for the turns that were dropped. Pure.

Orders of people, findings and claims in proof, interrupted calls and dead ends are always told in full. The rest has
room for a share each; where that is not enough, what was touched longest ago goes first. What may quote the app stands
between fences, and so does what a model wrote: it may have been told to write it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from agent.charter import Role
from agent.context import observation
from agent.context.conversation import ROOM, Memory
from agent.context.recall import Fault, Known, Place, Recalling, Stated
from agent.events import Event

Key = TypeVar("Key")

LONGEST_TITLE = 200
LONGEST_NOTE = 160
LONGEST_VALUE = 40
VALUES = 6
DOINGS = 8
SHARES = {"map": 0.38, "more": 0.08, "typed": 0.14, "held": 0.13, "leads": 0.14, "notes": 0.08, "blockers": 0.05}
HEADER = "What the host remembers of your work so far. The turns before what follows were left out."


@dataclass(frozen=True, slots=True)
class Form:
    """How to write it down: the fence, the characters for what may be cut, and the model's own note."""

    fence: str
    room: int = ROOM
    note: str = ""

    def share(self, of: str) -> int:
        return int(self.room * SHARES[of])


def memory_of(role: Role, events: Sequence[Event], fence: str) -> Callable[[int, str], Memory]:
    """For a Conversation: writes down what `events`, which may grow at their end, say by then."""
    told = Recalling(role.name)
    taken = 0

    def remember(room: int, note: str) -> Memory:
        nonlocal taken
        # Each event is read once, however many epochs there are.
        for event in islice(events, taken, None):
            told.take(event)
        taken = len(events)
        return write(told.known, role, Form(fence, room, note))

    return remember


def write(known: Known, role: Role, form: Form) -> Memory:
    """The text, with the ids of all findings and the words of all orders as what must not be lost."""
    findings = [_finding(fault, known) for fault in known.faults.values()]
    sections = (
        ("Calls that a worker's end cut off. Their effect is unknown: look before you repeat.", known.interrupted),
        ("Findings and their proofs. They are with the host already:", findings),
        ("Claims that failed and were not handed over (report_finding claim=N):", _open(known)),
        ("Alarms that are no finding yet:", _alarms(known)),
        ("Dead ends. Do not try these again:", _dead_ends(known)),
        ("Your capabilities:", _capabilities(known, role, form)),
        ("Where you were, and what you did there (xN: N times):", _map(known, form)),
        ("Values that you typed or chose:", _typed(known, form)),
        ("Claims that were judged:", _judged(known, form)),
        ("Open leads:", _leads(known, form)),
        ("Observations that were kept:", _newest(_notes(known), form.share("notes"))),
        ("Blockers that were met:", _newest(_blockers(known), form.share("blockers"))),
        (_own(known, form), _ideas(known, form)),
        ("You are here:", [known.url] if known.url else []),
    )
    told = (_section(heading, lines, form.fence) for heading, lines in sections)
    facts = (*known.faults, *(order.text for order in known.orders if order.text))
    return Memory("\n\n".join(filter(None, (_header(known), _orders(known), *told))), facts)


def _header(known: Known) -> str:
    anew = f" The run was interrupted {known.starts - 1} times; you were signed in anew." if known.starts > 1 else ""
    return f"{HEADER} You used {known.iterations} turns.{anew}"


def _orders(known: Known) -> str:
    """Of people of the project, so they stand outside the fence, word for word."""
    orders = [f"- {order.order}: {order.text}" if order.text else f"- {order.order}" for order in known.orders]
    return "\n".join(("Orders of the people who run this test. Follow them:", *orders)) if orders else ""


def _section(heading: str, lines: Sequence[str], fence: str) -> str:
    return "\n".join((heading, observation.fenced("\n".join(lines), fence))) if lines else ""


def _finding(fault: Fault, known: Known) -> str:
    marks = list(known.alarms)
    names = [f"claim {fault.claim}"] if fault.claim else []
    names += [f"alarm {marks.index(fault.mark) + 1}"] if fault.mark in known.alarms else []
    names += [] if names else [f"of {fault.role}"]
    again = " (may be shown once more in another way)" if fault.undecided else ""
    return f"{fault.mark} {', '.join(names)}: {fault.standing}{again}: {_line(fault.title)}"


def _open(known: Known) -> list[str]:
    claims = enumerate(known.claims, 1)
    return [f"{n}{_at(c)}: {_line(c.words)}" for n, c in claims if c.outcome == "fails" and n not in known.handed]


def _alarms(known: Known) -> list[str]:
    alarms = enumerate(known.alarms.items(), 1)
    return [f"Alarm {number}: {_line(told)}" for number, (mark, told) in alarms if mark not in known.faults]


def _dead_ends(known: Known) -> list[str]:
    places = known.places.values()
    ends = ((place, done) for place in places for done in place.doings.values() if done.dead_end)
    return [f"{_line(done.words)} on {place.route}: {done.led}, {done.failed} times" for place, done in ends]


def _capabilities(known: Known, role: Role, form: Form) -> list[str]:
    names = dict.fromkeys((*role.capabilities, *known.statuses))
    lines = []
    for name in names:
        status, note = known.statuses.get(name, ("no status yet", ""))
        lines.append(f"{name}: {status}" + (f" ({_line(note, LONGEST_NOTE)})" if note and form.room else ""))
    return lines


def _map(known: Known, form: Form) -> list[str]:
    """In the order of the first visit; what was touched last has first right to the room."""
    places = list(known.places.values())
    texts = {place.route: _place(place) for place in places}
    newest = sorted(places, key=lambda place: -place.touched)
    kept = set(_fitting([(place.route, texts[place.route]) for place in newest], form.share("map")))
    lines = [texts[place.route] for place in places if place.route in kept]
    older = [(place.route, _line(place.route)) for place in newest if place.route not in kept]
    named = [_line(route) for route in _fitting(older, form.share("more"))]
    left = len(older) - len(named)
    rest = [*named, *([f"{left} more"] if left else [])]
    return [*lines, f"Seen longer ago: {', '.join(rest)}"] if rest and form.room else lines


def _place(place: Place) -> str:
    example = f" (as {_line(place.url, LONGEST_VALUE * 2)})" if "{" in place.route else ""
    seen = [f"seen {place.visits}x" if place.visits else "never opened"]
    seen += ([] if place.tested else ["not tested"]) + ([place.status] if place.status else [])
    done = sorted((d for d in place.doings.values() if not d.dead_end), key=lambda doing: doing.touched)
    words = [_done(d.words, d.times, d.led) for d in done[-DOINGS:]]
    more = [f"{len(done) - DOINGS} more"] if len(done) > DOINGS else []
    return f"{_line(place.route)}{example}: {', '.join(seen)}" + (f": {'; '.join((*more, *words))}" if words else "")


def _done(words: str, times: int, led: str) -> str:
    return " ".join(part for part in (_line(words, LONGEST_VALUE * 2), f"x{times}" if times > 1 else "", led) if part)


def _typed(known: Known, form: Form) -> list[str]:
    lines = []
    for (route, name), values in known.typed.items():
        shown = ", ".join(_value(value) for value in values[-VALUES:])
        more = f" and {len(values) - VALUES} more" if len(values) > VALUES else ""
        lines.append(f"{_line(route)} {_line(name, LONGEST_VALUE * 2)}: {shown}{more}")
    return _newest(lines, form.share("typed"))


def _value(value: str) -> str:
    if value and not value.strip():
        return f"{len(value)} blanks"
    line = _line(value, LONGEST_VALUE)
    return f'"{line}" ({len(value)} characters)' if len(value) > LONGEST_VALUE else f'"{line}"'


def _judged(known: Known, form: Form) -> list[str]:
    """Without those that are told among the findings."""
    told = {fault.claim for fault in known.faults.values()}
    claims = ((n, c) for n, c in enumerate(known.claims, 1) if n not in told)
    lines = [
        f"{n} {c.outcome}{_at(c)}: {_line(c.words)}" for n, c in claims if c.outcome != "fails" or n in known.handed
    ]
    return _newest(lines, form.share("held"))


def _at(claim: Stated) -> str:
    return f" on {_line(claim.route, LONGEST_VALUE * 2)}" if claim.route else ""


def _notes(known: Known) -> list[str]:
    """Without those that say how a proof ended, which is told among the findings."""
    told = {fault.title for fault in known.faults.values()}
    return [note for note in known.notes if note not in told]


def _leads(known: Known, form: Form) -> list[str]:
    lines = [
        f"{_line(place)} ({_line(why, LONGEST_VALUE * 2)})" if why else _line(place)
        for place, why in known.leads.items()
    ]
    return _newest(lines, form.share("leads"))


def _blockers(known: Known) -> list[str]:
    return [_line(line) + (f" x{times}" if times > 1 else "") for line, times in known.blockers.items()]


def _own(known: Known, form: Form) -> str:
    turn = known.iterations if form.note else known.note_turn
    return f"Your own ideas after turn {turn}, unverified. Check them before you build on them:"


def _ideas(known: Known, form: Form) -> list[str]:
    note = form.note or known.note
    return [note] if note and form.room else []


def _newest(lines: Sequence[str], room: int) -> list[str]:
    """The newest that fit, in their order, with a word on the others."""
    numbered = list(enumerate(lines))
    kept = sorted(_fitting(list(reversed(numbered)), room))
    left = len(lines) - len(kept)
    return [*([f"... {left} more before"] if left and kept else []), *(lines[index] for index in kept)]


def _fitting(texts: Sequence[tuple[Key, str]], room: int) -> list[Key]:
    """The keys of the first texts that fit together."""
    kept: list[Key] = []
    for key, text in texts:
        room -= len(text) + 1
        if room < 0:
            break
        kept.append(key)
    return kept


def _line(text: str, longest: int = LONGEST_TITLE) -> str:
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - 3] + "..."
