"""A session's part, played in memory: the calls of a scout performed on simulated apps, all that follows from them."""

from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime

from simulated_apps import ORIGIN, App

from agent import events as ev
from agent import routes
from agent.charter import Sharing
from agent.coverage.coverage import Coverage
from agent.coverage.frontier import Frontier, Seeker
from agent.coverage.leads import Bounds, leads_in
from agent.coverage.similar import Recogniser
from agent.ledger import Ledger, fold
from agent.llm.base import ModelRequest, Situation
from agent.llm.scout.explorer import Scout
from agent.tools.browser_tools import ACTING
from agent.tools.surface import PageView, ToolCall, ToolResult, ToolSpec

DAY = date(2026, 11, 21)


@dataclass
class Walk:
    app: App
    turns: list[tuple[ToolCall, ...]]
    ledger: Ledger
    coverage: Coverage
    summary: str | None

    @property
    def routes(self) -> set[str]:
        return {routes.template(place) for place, roles in self.coverage.done.pairs() if "member" in roles}

    @property
    def tools(self) -> list[str]:
        return [call.tool for turn in self.turns for call in turn]


class Team:
    """What the roles of a run share: the reasoner, the journal and what follows from it, the frontier."""

    def __init__(self, seed: int = 0):
        self.scout = Scout(seed, lambda: DAY)
        self.events: list[ev.Event] = []
        self.ledger = Ledger()
        self.frontier = Frontier(Sharing())
        self.recogniser = Recogniser(Sharing().alike)

    @property
    def coverage(self) -> Coverage:
        return self.ledger.coverage

    def tell(self, role: str, *payloads: ev.Payload) -> None:
        for payload in payloads:
            event = ev.Event(len(self.events) + 1, datetime.now(UTC), role, payload)
            self.events.append(event)
            self.ledger = fold(self.ledger, [event])


class Explorer:
    """Plays the session's part: performs calls, folds what happened, stops at finish or at the end of the budget."""

    def __init__(
        self,
        app: App,
        budget: int = 70,
        role: str = "member",
        seed: int = 0,
        may_write: bool = True,
        team: Team | None = None,
    ):
        self.app, self.budget, self.role, self.seed, self.may_write = app, budget, role, seed, may_write
        self.team = team or Team(seed)
        self.orders: tuple[str, ...] = ()
        self.tools: tuple[ToolSpec, ...] = ()
        self.capabilities: tuple[str, ...] = ("browse products and tickets", "fly to the moon")
        self.disbelieved: dict[str, str] = {}
        """Capabilities whose test the host does not believe, with its words."""
        self.turns: list[tuple[ToolCall, ...]] = []
        self.summary: str | None = None
        self._last: tuple[ToolResult, ...] = ()

    async def run(self) -> Walk:
        """All turns of one process; a second run is another process, which has nothing but the ledger."""
        self.team.scout, self.turns, self.summary = Scout(self.seed, lambda: DAY), [], None
        self.team.tell(self.role, ev.RoleStarted(url=self.app.path))
        for iteration in range(1, self.budget + 1):
            await self.turn(iteration)
            if self.summary is not None:
                break
        return Walk(self.app, self.turns, self.team.ledger, self.team.coverage, self.summary)

    async def turn(self, iteration: int) -> None:
        reply = await self.team.scout.generate(ModelRequest("", (), self.tools, self.situation(iteration, self._last)))
        assert reply.outcome == "called"
        self.turns.append(reply.calls)
        self._last = tuple(self.perform(call) for call in reply.calls)
        view = self.app.view()
        found = leads_in(view, (), self.role, self.team.coverage, Bounds(ORIGIN, frozenset({ORIGIN})))
        self.team.tell(self.role, *found, ev.TurnEnded(iteration, self.recognise(view), self.app.path))
        done = all(result.status == "ok" for result in self._last)
        finish = next((call for call in reply.calls if call.tool == "finish" and done), None)
        self.summary = finish.args["summary"] if finish else None

    def situation(self, iteration: int, last: tuple[ToolResult, ...]) -> Situation:
        seeker = Seeker(self.role, iteration, self.orders)
        offers, fresh = self.team.frontier.offer(self.team.coverage, seeker)
        self.team.tell(self.role, *fresh)
        return Situation(
            role=self.role,
            origin=ORIGIN,
            start="/",
            view=self.app.view(),
            ledger=self.team.ledger,
            last=last,
            iteration=iteration,
            remaining=self.budget - iteration + 1,
            capabilities=self.capabilities,
            may_write=self.may_write,
            offers=offers,
            orders=self.orders,
        )

    def perform(self, call: ToolCall) -> ToolResult:
        if not call.tool.startswith("browser_"):
            self.app.calls.append(call)
            if call.tool == "note_capability" and call.args["status"] == "works":
                refused = self.disbelieved.get(call.args["name"])
                if refused:
                    return ToolResult(call.id, "denied", refused)
            if call.tool == "note_capability":
                self.team.tell(self.role, ev.CapabilityNoted(call.args["name"], call.args["status"], call.args["note"]))
            return ToolResult(call.id, "ok", "")
        result = self.app.perform(call)
        assert result.before is not None and result.after is not None
        done = ev.ToolFinished(
            call_id=call.id,
            tool=call.tool,
            args=call.args,
            status=result.status,
            writes=call.tool in ACTING,
            url_before=result.before.url,
            url_after=result.after.url,
            state_before=self.recognise(result.before),
            state_after=self.recognise(result.after),
            target=asdict(result.target) if result.target else None,
        )
        self.team.tell(self.role, done)
        return result

    def recognise(self, view: PageView) -> str:
        key, met = self.team.recogniser.recognise(view)
        self.team.tell(self.role, *([met] if met else []))
        return key
