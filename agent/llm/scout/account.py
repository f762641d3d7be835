"""What the scout says of the capabilities and of its walk: never more than its own counts hold. Pure.

A capability works where a form of it was sent or a control of it used. Of all else the scout says what it saw, and why
nothing was tried. What belongs to a capability is told by words: of addresses, links, forms and controls.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from urllib.parse import urljoin

from agent import routes, topics
from agent.llm.base import Situation
from agent.llm.scout.calls import Call
from agent.llm.scout.memory import Key, Trail
from agent.llm.scout.page import SIGN_OUT, Control

_REFUSED = re.compile(r"Nothing that you did yet stands for (.+?); each capability needs (?:.*?Open (.+?) and test)?")
_OVER = "the turns were used up"
_Words = frozenset[str]


def notes(situation: Situation, trail: Trail, late: bool) -> tuple[Call, ...]:
    """A note for each capability that has none. `late`: the turns are over; else there was nothing left to do."""
    about = topics.topics(situation.capabilities)
    refused = _refused(situation)
    walk = _Walk(situation, trail, late)
    open_ones = [name for name in about if (situation.role, name) not in situation.ledger.capabilities]
    told = ((name, walk.status(about[name], refused.get(name))) for name in open_ones)
    return tuple(("note_capability", {"name": name, "status": status, "note": note}) for name, (status, note) in told)


def summary(situation: Situation, trail: Trail) -> str:
    seen = {routes.template(urljoin(situation.origin, url)) for url in trail.visited}
    done = _count(trail.memory.worked) or "sent no form, used no control"
    return f"Saw {_number(len(seen), 'route')}, {done}."


class _Walk:
    """What one role met, in words, gathered once for all its capabilities."""

    def __init__(self, situation: Situation, trail: Trail, late: bool):
        self._worked = {key: _of_key(key) for key in (*trail.memory.worked, *_kept(trail))}
        names: dict[str, set[str]] = {}
        for page in trail.pages.values():
            for link in page.links:
                names.setdefault(routes.path(link.url), set()).add(link.element.name)
        self._seen = {url: topics.words(" ".join([url, *names.get(url, ())])) for url in trail.visited}
        self._links = {
            path: topics.words(" ".join([path, *sorted(told)]))
            for path, told in names.items()
            if path not in trail.visited
        }
        leads = (lead for found in situation.ledger.coverage.open.values() for lead in found.values())
        for lead in leads:
            if lead.by == situation.role and lead.sort in ("link", "id"):
                self._links.setdefault(lead.place, topics.words(lead.place))
        self._controls = {
            (page.route, control.label): topics.words(control.element.name)
            for page in trail.pages.values()
            for control in page.controls
            if not control.url and not _ends(control)
        }
        self._may_write = situation.may_write
        self._late = late

    def status(self, about: _Words, refusal: str | None) -> tuple[str, str]:
        """Status and note. `refusal` names the addresses that the host asked for when it did not believe the scout."""
        did = _count([key for key, words in self._worked.items() if topics.speaks_of(words, about)])
        if did and refusal is None:
            return "works", f"{did[0].upper()}{did[1:]} there."
        opened = sum(topics.speaks_of(words, about) for words in self._seen.values())
        if refusal:
            return "not_reached", f"Nothing was tested at {refusal}."
        if refusal is not None:
            return "not_reached", "What was done there stands for other capabilities already."
        if opened:
            nothing = "nothing was sent" if self._may_write else "nothing may be changed here"
            why = f": {_OVER}" if self._late and self._may_write else ""
            return "not_reached", f"Opened {_number(opened, 'page')} of it; {nothing}{why}."
        return "not_reached", self._missing(about)

    def _missing(self, about: _Words) -> str:
        link = next((path for path, words in sorted(self._links.items()) if topics.speaks_of(words, about)), "")
        if link:
            why = _OVER if self._late else "enough pages of its kind had been opened"
            return f"A link to {link} was found but not followed: {why}."
        found = next((key for key, words in self._controls.items() if topics.speaks_of(words, about)), None)
        if found:
            why = _OVER if self._may_write else "nothing may be changed here"
            return f"The {found[1]} on {found[0]} was seen but not used: {why}."
        return f"No link or control that fits was seen on the {_number(len(self._seen), 'page')} opened."


def _refused(situation: Situation) -> Mapping[str, str]:
    """Capabilities that the host did not believe on the last turn, with the addresses that it asked for."""
    found = (_REFUSED.search(result.text) for result in situation.last)
    return {match[1]: match[2] or "" for match in found if match}


def _kept(trail: Trail) -> Iterator[Key]:
    """Controls used before this process began, as the ledger tells them: a link there may have led away."""
    for key, times in (trail.memory.kept or {}).items():
        label = str(key[-1])
        if key[0] == "use" and key[1] != "*" and times > 0 and not label.startswith("link "):
            yield ("used", "*" if SIGN_OUT.search(label) else key[1], label)


def _of_key(key: Key) -> _Words:
    """The page's address counts too, but for what stands on any page."""
    return topics.words(f"{'' if key[1] == '*' else key[1]} {key[2]}")


def _ends(control: Control) -> bool:
    return bool(SIGN_OUT.search(control.element.name))


def _count(keys: Collection[Key]) -> str:
    """`sent 2 forms with 5 sorts of values, used 1 control`; empty when nothing was done."""
    sent = {key for key in keys if key[0] == "sent"}
    forms = {key[1:3] for key in sent}
    used = {key[1:] for key in keys if key[0] == "used"}
    parts = [
        *([f"sent {_number(len(forms), 'form')} with {_number(len(sent), 'sort')} of values"] if forms else []),
        *([f"used {_number(len(used), 'control')}"] if used else []),
    ]
    return ", ".join(parts)


def _number(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"
