"""What one role did and met so far, out of the journal: a pure fold, for ledger_text.py to write down.

It holds what the ledger need not know: words, titles and outcomes, in the order in which they came. All of its texts
may quote the app.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from agent import events as ev
from agent import routes
from agent.context import deeds
from agent.suspicions import ATTEMPTS, OPEN_VERDICTS

LOOKS = frozenset({"browser_snapshot", "browser_find", "browser_take_screenshot"})
OPENS = "browser_navigate"
GOES = frozenset({OPENS, "browser_navigate_back"})
"""What they lead to is told by the places that were visited."""
VERB = re.compile(r"^(Fill|Empty|Tick|Untick) ")
READS = ("/", "GET ", "HEAD ")
"""How the place of a lead begins that a role can ask for; it has no tool for the others."""
DEAD_END = 2
"""From so many failures on, without a success, the same try is not worth another."""


@dataclass(slots=True)
class Doing:
    """One thing that was done at a place, whatever the values. `led` is what came of it last."""

    words: str
    times: int = 0
    failed: int = 0
    led: str = ""
    touched: int = 0

    @property
    def dead_end(self) -> bool:
        return self.failed >= DEAD_END and self.failed == self.times


@dataclass(slots=True)
class Place:
    """A route of the app. `touched` is the number of the event that had to do with it last; `tested` where something
    was done or claimed, not only seen. `url` is the newest address."""

    route: str
    url: str = ""
    visits: int = 0
    touched: int = 0
    tested: bool = False
    status: str = ""
    doings: dict[tuple[str, ...], Doing] = field(default_factory=dict)


@dataclass(slots=True)
class Fault:
    """A suspicion or finding of the run, by fingerprint. `standing` says how far its proof is; `claim` is the number
    that it has in the role that is asked for, else 0; `undecided` ones may be shown once more in another way."""

    mark: str
    title: str
    role: str
    standing: str = "being proved"
    claim: int = 0
    tries: int = 0
    undecided: bool = False


@dataclass(slots=True)
class Stated:
    """A claim; `route` is the page it was judged on."""

    words: str
    outcome: str
    route: str = ""


@dataclass(slots=True)
class Known:
    """`alarms` by fingerprint and `claims` stand in the order of their numbers; `handed` are the numbers of claims that
    were handed over. `interrupted` calls had begun when a worker ended. `typed` are values by (route, field), newest
    last; `leads` are open places by why they are worth it, `asked` those where the role was; `notes` what is kept as an
    observation. `note` is the model's own, written after `note_turn` turns."""

    iterations: int = 0
    starts: int = 0
    epochs: int = 0
    note: str = ""
    note_turn: int = 0
    url: str = ""
    places: dict[str, Place] = field(default_factory=dict)
    faults: dict[str, Fault] = field(default_factory=dict)
    alarms: dict[str, str] = field(default_factory=dict)
    claims: list[Stated] = field(default_factory=list)
    handed: set[int] = field(default_factory=set)
    statuses: dict[str, tuple[str, str]] = field(default_factory=dict)
    typed: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    interrupted: list[str] = field(default_factory=list)
    leads: dict[str, str] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    orders: list[ev.Steered] = field(default_factory=list)
    blockers: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def recall(events: Iterable[ev.Event], role: str) -> Known:
    """The same events give the same, in the same order."""
    fold = Recalling(role)
    for event in events:
        fold.take(event)
    return fold.known


class Recalling:
    """`known` follows the events that were taken."""

    def __init__(self, role: str):
        self.known = Known()
        self._role = role
        self._begun: dict[str, str] = {}

    def take(self, event: ev.Event) -> None:
        match event.payload:
            case ev.Steered() as order:
                self.known.orders.append(order)
            case ev.FindingSuspected() | ev.VerdictReached() | ev.FindingKnown() as news:
                self._fault(news, event.role)
            case ev.LeadFound(place=place, why=why):
                # A page's links are told at the end of the turn, when the role may have followed some already.
                if place.startswith(READS) and place.removeprefix("GET ") not in self.known.asked:
                    self.known.leads.setdefault(place, why)
            case ev.LeadTaken(place=place) if event.role != self._role:
                self.known.leads.pop(place, None)
            case ev.ToolFinished(url_after=after) if event.role != self._role:
                self.known.leads.pop(routes.path(after) if after else "", None)
            case payload if event.role == self._role:
                self._own(payload, event.seq)
            case _:
                return

    def _own(self, payload: ev.Payload, seq: int) -> None:
        known = self.known
        match payload:
            case ev.RoleStarted(url=url):
                known.interrupted += self._begun.values()
                self._begun = {}
                known.starts, known.url = known.starts + 1, url or known.url
                self._been(known.url, seq)
            case ev.ToolStarted(call_id=call, tool=tool, args=args):
                self._begun[call] = f"{deeds.words(tool, args, None)} on {known.url or 'the first page'}"
            case ev.ToolFinished() as tool:
                self._begun.pop(tool.call_id, None)
                self._tool(tool, seq)
            case ev.TurnEnded(iteration=iteration, url=url):
                known.iterations, known.url = iteration, url
                self._been(url, seq)
            case ev.EpochClosed(number=number, note=note):
                known.epochs = number
                known.note, known.note_turn = (note, known.iterations) if note else (known.note, known.note_turn)
            case ev.ModelReplied(outcome="called", calls=calls):
                asked = (call.get("args", {}).get("claim") for call in calls if call.get("tool") == "report_finding")
                known.handed.update(number for number in asked if isinstance(number, int))
            case ev.CapabilityNoted(name=name, status=status, note=note):
                known.statuses[name] = (status, note)
            case _:
                self._heard(payload, seq)

    def _heard(self, payload: ev.Payload, seq: int) -> None:
        known = self.known
        match payload:
            case ev.ClaimChecked(claim=claim, outcome=outcome) if outcome != "inapplicable":  # those have no number
                words = " ".join(str(claim.get(part, "")) for part in ("subject", "predicate", "expected"))
                route = routes.template(known.url, with_query=True) if known.url else ""
                known.claims.append(Stated(words.strip(), outcome, route))
                if known.url:
                    self._place(known.url, seq).tested = True
            case ev.AlarmRaised(fingerprint=mark, alarm=alarm):
                known.alarms.setdefault(mark, f"{alarm.get('kind', '')} {alarm.get('signal', '')}".strip())
            case ev.BlockerMet(what=what, recovery=how, overcome=overcome):
                line = f"{what}: {how}" + ("" if overcome else " (still there)")
                known.blockers[line] = known.blockers.get(line, 0) + 1
            case ev.ObservationNoted(title=title) if title not in known.notes:
                known.notes.append(title)
            case _:
                return

    def _fault(self, news: ev.FindingSuspected | ev.VerdictReached | ev.FindingKnown, role: str) -> None:
        mark = news.fingerprint
        fault = self.known.faults.setdefault(mark, Fault(mark, "", role))
        match news:
            case ev.FindingSuspected(title=title, suspicion=suspicion):
                fault.title, fault.standing, fault.undecided = title or fault.title, "being proved", False
                if role == self._role and suspicion.get("claim"):
                    fault.claim = int(suspicion["claim"])
                    self.known.handed.add(fault.claim)
            case ev.VerdictReached(verdict=verdict, finding=finding):
                told = finding.get("verdict") or {}
                fault.standing = f"{verdict} {told.get('hits', 0)}/{told.get('runs', 0)}"
                fault.title, fault.tries = fault.title or str(finding.get("title", "")), fault.tries + 1
                fault.undecided = verdict in OPEN_VERDICTS and fault.tries < ATTEMPTS
            case ev.FindingKnown(title=title, reference=reference):
                fault.standing = f"known as issue {reference}" if reference else "known already"
                fault.title, fault.undecided = title or fault.title, False

    def _tool(self, tool: ev.ToolFinished, seq: int) -> None:
        known = self.known
        here = self._been(tool.url_before, seq)
        there = self._place(tool.url_after, seq) if tool.url_after else None
        known.url = routes.path(tool.url_after) if tool.url_after else known.url
        opened = there if there is not here or tool.tool == OPENS else None
        if opened is not None:
            opened.visits += 1
            opened.status = deeds.failure(tool.text)
        if deeds.ANSWERED.match(tool.text):
            self._follow(routes.path(str(tool.args.get("url", ""))))
        if tool.tool in LOOKS or tool.status == "skipped" or (tool.tool in GOES and tool.status == "ok"):
            return
        where = self._place(str(tool.args.get("url", "")), seq) if _unopened(tool) else here
        if where is None:
            return
        where.tested = where.tested or tool.writes
        done = where.doings.setdefault(deeds.sort_of(tool), Doing(""))
        done.words, done.touched = deeds.words(tool.tool, tool.args, tool.target), seq
        done.times += 1
        done.failed += tool.status != "ok"
        done.led = deeds.outcome(tool, opened.route if opened else "", opened.status if opened else "")
        for step in tool.steps:
            if step.get("action") in ("fill", "select", "check"):
                self._typed(where.route, step)

    def _typed(self, route: str, step: Mapping[str, Any]) -> None:
        words = str(step.get("words", ""))
        name = words.rpartition(" in ")[2] if step.get("action") == "select" else words.partition(" with ")[0]
        values = self.known.typed.setdefault((route, VERB.sub("", name)), [])
        value = str(step.get("value", ""))
        if value in values:
            values.remove(value)
        values.append(value)

    def _been(self, url: str, seq: int) -> Place | None:
        """The page that the role is on, however it came there."""
        if not url:
            return None
        place = self._place(url, seq)
        place.visits = max(place.visits, 1)
        return place

    def _place(self, url: str, seq: int) -> Place:
        route = routes.template(url, with_query=True)
        place = self.known.places.setdefault(route, Place(route))
        place.url, place.touched = routes.path(url), seq
        self._follow(place.url)
        return place

    def _follow(self, path: str) -> None:
        self.known.asked.add(path)
        for place in (path, f"GET {path}"):
            self.known.leads.pop(place, None)


def _unopened(tool: ev.ToolFinished) -> bool:
    """A page of the app that could not be opened: the try belongs to that page, not to the one before."""
    url = str(tool.args.get("url", ""))
    elsewhere = bool(routes.origin(url)) and not routes.same_origin(url, tool.url_before)
    return tool.tool == OPENS and tool.status != "ok" and bool(url) and not elsewhere
