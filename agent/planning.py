"""What would be tested first, and why: charter, capabilities, history and open findings weighed by a tester's rules of
thumb. Pure. For people to read and to compare with afterwards; it steers nothing, and no model sees it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from agent import topics
from agent.book import OpenFault
from agent.charter import Charter, Role
from agent.grounds import covers

HIGHEST = 5
MOST_LINES = 100
LONGEST_LINE = 300
_ITEM = re.compile(r"^\s*(?:[-*+•]|\d+[.)])\s+(?:\[[ xX]\]\s+)?")
_SIGNING = re.compile(r"\b(sign|log)[ -]?(in|out|on|off)\b", re.I)
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


@dataclass(frozen=True, slots=True)
class PlanItem:
    """`area` is a capability, a line of the charter or a route; `role` is empty where any may look. `risk` is 1 to 5.
    `why` explains it in words, `sources` says where that comes from: charter, capability, history, focus, skip, or the
    reference of an open finding."""

    area: str
    role: str
    risk: int
    why: str
    sources: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "sources": list(self.sources)}


@dataclass(frozen=True, slots=True)
class _Reason:
    words: str
    weight: int
    source: str


@dataclass(frozen=True, slots=True)
class _Matter:
    """Things that go wrong dearly or often, whatever the application."""

    words: str
    weight: int
    about: frozenset[str]


_MATTERS = (
    _Matter(
        "money is at stake",
        2,
        topics.words(
            "money pay paid payment price pricing invoice refund charge checkout cart order purchase buy sell discount "
            "voucher coupon billing bill subscription fee tax balance credit payout salary donation transfer currency"
        ),
    ),
    _Matter(
        "it decides who may do what",
        2,
        topics.words(
            "permission access admin administrator grant invite invitation approve approval reject suspend ban block "
            "owner privilege tenant team audit impersonate delegate"
        ),
    ),
    _Matter(
        "it takes something away",
        2,
        topics.words("delete remove cancel archive purge deactivate revoke withdraw erase reset undo terminate"),
    ),
    _Matter(
        "it is about signing in",
        2,
        topics.words("login logout password authentication register registration token verification"),
    ),
    _Matter(
        "dates and times are tricky",
        1,
        topics.words(
            "date time calendar schedule book booking reserve reservation deadline expire expiry due slot appointment "
            "availability reminder shift season period"
        ),
    ),
    _Matter(
        "files come in or go out",
        1,
        topics.words("upload download import export file attachment document image photo picture csv pdf backup"),
    ),
    _Matter(
        "personal data is shown",
        1,
        topics.words("profile address phone email personal contact member patient customer employee identity birth"),
    ),
    _Matter(
        "several people want the same thing",
        1,
        topics.words("stock quantity limit capacity waiting queue seat inventory quota bid auction assign vote"),
    ),
    _Matter(
        "others read what is written",
        1,
        topics.words("message comment notification mail post chat share publish reply review note announcement"),
    ),
    _Matter(
        "figures are worked out",
        1,
        topics.words("report total statistic sum chart dashboard figure average forecast score rating metric"),
    ),
)
_WRITES = topics.words(
    "accept add approve assign ban book buy cancel change close comment configure confirm copy create delete disable "
    "edit enable enter import invite join leave manage merge move pay post publish register reject remove rename reply "
    "request reserve reset revoke save schedule send set share start submit suspend switch transfer update upload write"
)
_GRAVE = frozenset({"critical", "high"})


def plan(charter: Charter, roles: Sequence[Role], faults: Sequence[OpenFault]) -> tuple[PlanItem, ...]:
    """Riskiest first; equals in the order of the profile. The same input gives the same plan."""
    lines = tuple(line for line in charter_lines(charter) if line_topic(charter, line))
    weighed = [
        _weigh(name, role.name, _of_capability(name, role, lines, faults))
        for role in roles
        for name in role.capabilities
    ]
    weighed += _beside(charter, roles, lines, faults)
    return tuple(item for _, item in sorted(weighed, key=lambda pair: -pair[0]))


def charter_lines(charter: Charter) -> tuple[str, ...]:
    """What the charter asks for, a line each: its areas; else the items of the mission's list, else its sentences."""
    if charter.areas:
        return _tidy(charter.areas)
    lines = [line for line in charter.mission.splitlines() if line.strip()]
    items = [_ITEM.sub("", line) for line in lines if _ITEM.match(line)]
    prose = " ".join(line for line in lines if not line.lstrip().startswith("#"))
    return _tidy(items or _SENTENCE.split(prose))


def line_topic(charter: Charter, line: str) -> frozenset[str]:
    """What a line is about; empty when it asks for everything, be it by the application's name."""
    return topics.topic(line) - topics.words(charter.app)


def _tidy(lines: Iterable[str]) -> tuple[str, ...]:
    plain = (" ".join(line.split())[:LONGEST_LINE] for line in lines)
    return tuple(dict.fromkeys(line for line in plain if line))[:MOST_LINES]


def _of_capability(name: str, role: Role, lines: Sequence[str], faults: Sequence[OpenFault]) -> list[_Reason]:
    about = topics.topics(role.capabilities)[name]
    patterns = [pattern for grant in role.grants if grant.capability == name for pattern in grant.patterns]
    there = [fault for fault in faults if _is_there(fault, about, patterns)]
    reasons = [_Reason(matter.words, matter.weight, "capability") for matter in _matters(name)]
    reasons += [_Reason("it writes", 1, "capability")] if topics.words(name) & _WRITES else []
    reasons += [_Reason("named in the charter", 1, "charter")] if _any_speaks(lines, about) else []
    reasons += [_Reason("it broke before", 1, "history")] if _any_speaks(role.history, about) else []
    reasons += [_Reason("asked for in the profile", 1, "focus")] if _any_speaks(role.scope.focus, about) else []
    reasons += [_of_fault(fault) for fault in there[:3]]
    reasons += [_Reason("something there is to be left alone", -1, "skip")] * _any_speaks(role.scope.skip, about)
    return reasons


def _beside(
    charter: Charter, roles: Sequence[Role], lines: Sequence[str], faults: Sequence[OpenFault]
) -> list[tuple[int, PlanItem]]:
    """What no capability speaks of: lines of the charter, bugs of the past, wishes of the profile, open findings."""
    known = {role.name: topics.topics(role.capabilities) for role in roles}
    abouts = [about for named in known.values() for about in named.values()]
    patterns = [pattern for role in roles for grant in role.grants for pattern in grant.patterns]
    found = [
        _weigh(line, "", [_Reason("named in the charter", 1, "charter"), *_about_matters(line, "charter")])
        for line in lines
        if not any(topics.speaks_of(topics.words(line), about) for about in abouts)
    ]
    for role in roles:
        own = list(known[role.name].values())
        for line in _unspoken(role.history, own):
            found.append(_weigh(line, role.name, [_Reason("it broke before", 2, "history")]))
        for line in _unspoken(role.scope.focus, own):
            found.append(_weigh(line, role.name, [_Reason("asked for in the profile", 2, "focus")]))
    for fault in faults:
        if not any(_is_there(fault, about, patterns) for about in abouts):
            found.append(_weigh(fault.route, "", [_of_fault(fault)]))
    return _once(found)


def _once(weighed: Iterable[tuple[int, PlanItem]]) -> list[tuple[int, PlanItem]]:
    """One line for an area that several sources name, with all their reasons."""
    found: dict[tuple[str, str], tuple[int, PlanItem]] = {}
    for score, item in weighed:
        key = (item.area, item.role)
        if key in found:
            before, kept = found[key]
            why = "; ".join(dict.fromkeys((*kept.why.split("; "), *item.why.split("; "))))
            sources = tuple(dict.fromkeys((*kept.sources, *item.sources)))
            score = max(score, before)
            item = PlanItem(item.area, item.role, _risk(score), why, sources)
        found[key] = (score, item)
    return list(found.values())


def _weigh(area: str, role: str, reasons: Sequence[_Reason]) -> tuple[int, PlanItem]:
    told = tuple(dict.fromkeys(reason.words for reason in reasons))
    sources = tuple(dict.fromkeys(reason.source for reason in reasons)) or ("capability",)
    score = 1 + sum({reason.words: reason.weight for reason in reasons}.values())
    return score, PlanItem(area, role, _risk(score), "; ".join(told) or "nothing special about it", sources)


def _risk(score: int) -> int:
    return max(1, min(score, HIGHEST))


def _matters(text: str) -> list[_Matter]:
    """At most the two that weigh most, so that a long text is not riskier than a short one."""
    said = topics.words(text) | ({"login"} if _SIGNING.search(text) else set())
    return sorted((each for each in _MATTERS if topics.shared(said, each.about)), key=lambda each: -each.weight)[:2]


def _about_matters(line: str, source: str) -> list[_Reason]:
    return [_Reason(matter.words, matter.weight, source) for matter in _matters(line)]


def _of_fault(fault: OpenFault) -> _Reason:
    grave = f"{fault.severity} " if fault.severity in _GRAVE else ""
    reference = fault.reference if fault.reference.startswith("#") else f"#{fault.reference}"
    named = f" {reference}" if fault.reference.removeprefix("#").isdigit() else ""
    return _Reason(f"open {grave}finding{named} there", 2 if grave else 1, named.strip() or "open finding")


def _is_there(fault: OpenFault, about: frozenset[str], patterns: Sequence[str]) -> bool:
    if any(covers(pattern, fault.route) for pattern in patterns):
        return True
    return topics.speaks_of(topics.words(f"{fault.route} {fault.title}"), about)


def _any_speaks(lines: Iterable[str], about: frozenset[str]) -> bool:
    return any(topics.speaks_of(topics.words(line), about) for line in lines)


def _unspoken(lines: Iterable[str], abouts: Sequence[Mapping | frozenset[str]]) -> list[str]:
    return [line for line in lines if not any(topics.speaks_of(topics.words(line), frozenset(a)) for a in abouts)]
