"""Who may go where, from the capabilities that a profile declares. Pure.

It knows addresses and grants; what an answer held, and whether that is a fault, is not its business.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

from agent import routes
from agent.charter import Grant, Role

Standing = Literal["granted", "foreign", "undeclared"]
Weight = tuple[int, int, bool]

READING = frozenset({"GET", "HEAD"})
_METHOD = re.compile(r"[A-Za-z]+")


@dataclass(frozen=True, slots=True)
class Pattern:
    """`/admin/*` (any method, all below and the path itself), `POST /api/bookings/*/approve` (`*`: one segment)."""

    method: str
    segments: tuple[str, ...]
    below: bool

    @property
    def weight(self) -> Weight:
        """How specific it is: how many segments are spelled out, then how many characters, then whether it speaks of
        one way to write. That it speaks of reading makes it no more specific: who names a page means that."""
        literal = [segment for segment in self.segments if segment != "*"]
        return len(literal), sum(map(len, literal)), self.method not in ("", *READING)

    def matches(self, method: str, segments: Sequence[str]) -> bool:
        if self.method and self.method != method and (self.method, method) != ("GET", "HEAD"):
            return False
        long_enough = len(segments) >= len(self.segments) if self.below else len(segments) == len(self.segments)
        return long_enough and all(mine in ("*", theirs) for mine, theirs in zip(self.segments, segments, strict=False))


def read_pattern(text: str) -> Pattern:
    """Any text is read; one that names no address of an app matches none."""
    method, path = split_place(text)
    segments = _segments(path)
    below = bool(segments) and segments[-1] == "*"
    return Pattern(method, segments[:-1] if below else segments, below)


def split_place(place: str) -> tuple[str, str]:
    """`POST /x` as ("POST", "/x"); a place without a method has an empty one."""
    first, _, rest = place.strip().partition(" ")
    if rest and _METHOD.fullmatch(first):
        return first.upper(), rest.strip()
    return "", place.strip()


@dataclass(frozen=True, slots=True)
class Verdict:
    """`capability` of role `owner` is the one that names a foreign address; both are empty otherwise."""

    standing: Standing
    capability: str = ""
    owner: str = ""


@dataclass(frozen=True, slots=True)
class _Claimed:
    pattern: Pattern
    capability: str
    owner: str


class Access:
    """What `role` may reach, by the grants of all roles of a profile.

    Foreign is what another role's grant names and none of its own. Where a general pattern of its own and a more
    specific one of another role both match, the one with more segments spelled out wins, then the one that names a
    method that writes (`POST /events/*` before `/events/*`); its own wins a tie. What a
    visitor may open is open to everybody, as are sign-in pages and the role's own start page. A pattern without a
    word of its own (`/*`) opens everything and makes nothing foreign.
    """

    def __init__(self, role: str, roles: Iterable[Role]) -> None:
        everybody = tuple(roles)
        self.role = role
        self._own: list[Pattern] = []
        self._foreign: list[_Claimed] = []
        for other in everybody:
            if other.sign_in is not None:
                self._own.append(read_pattern(other.sign_in.path.partition("?")[0]))
            if other.name == role:
                self._own.append(read_pattern(other.start.partition("?")[0]))
            if other.name == role or other.sign_in is None:
                self._own += [read_pattern(text) for grant in other.grants for text in grant.patterns]
            else:
                self._foreign += [item for grant in other.grants for item in _claimed(grant, other.name)]

    @property
    def forbids(self) -> bool:
        """Whether anything at all can be foreign to the role."""
        return bool(self._foreign)

    def is_foreign(self, place: str) -> bool:
        """Whether only another role's capability leads to `place`: a path, or `METHOD /path`."""
        method, path = split_place(place)
        return self.forbids and self.verdict(method or "GET", path).standing == "foreign"

    def verdict(self, method: str, path: str) -> Verdict:
        """Of an address (a path with or without query, or a whole URL) asked with `method`."""
        asked, segments = method.upper(), _segments(path)
        own = max((item.weight for item in self._own if item.matches(asked, segments)), default=None)
        found = [item for item in self._foreign if item.pattern.matches(asked, segments)]
        best = max(found, key=lambda item: item.pattern.weight, default=None)
        if best is not None and (own is None or best.pattern.weight > own):
            return Verdict("foreign", best.capability, best.owner)
        return Verdict("undeclared" if own is None else "granted")


def _claimed(grant: Grant, owner: str) -> Iterable[_Claimed]:
    patterns = (read_pattern(text) for text in grant.patterns)
    return (_Claimed(item, grant.capability, owner) for item in patterns if item.weight[0])


def _segments(path: str) -> tuple[str, ...]:
    plain = routes.path(path).partition("?")[0]
    return tuple(unquote(segment) for segment in plain.split("/") if segment)
