"""One role's exploration: ask the model, make its calls, hear the alarms, write the turn down, decide whether to stop.

Reads as policy. A turn boundary is the only place where a session stops or is resumed: everything of a turn is
journalled in one piece at its end. How a usable reply is got is asking.py's, what a turn means is turn.py's.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from agent import events as ev
from agent import routes
from agent.asking import Asked, Asking, OutOfBudget, Unanswered, replied
from agent.assignment import Assignment
from agent.briefing import Briefing
from agent.budget import Budget
from agent.circuit import Breaker
from agent.context import observation
from agent.coverage.access import Access
from agent.coverage.coverage import Lead
from agent.coverage.frontier import Seeker, twins
from agent.host_specs import TOOLS, specs
from agent.host_tools import HostTools
from agent.llm.base import Message, ModelReply, ModelRequest, Situation
from agent.progress import Progress
from agent.stopping import Stop, StopReason
from agent.tools.browser import BrowserSurface
from agent.tools.router import Router
from agent.tools.surface import PageView, ToolCall, ToolResult, ToolSpec
from agent.turn import Turn, TurnMaker

MOST_PICTURES = 40
"""Of one role's states; a large app has thousands."""


class LostMeanwhile(Exception):
    """The browser was lost over an application that was away and is back: in a new one the role can go on."""


def utc_now() -> datetime:
    return datetime.now(UTC)


class Session:
    """`router` holds the MCP tools, `browser` is the one of its surfaces that shows the page. `clock` tells the time
    in UTC, for the role to know."""

    def __init__(
        self, work: Assignment, browser: BrowserSurface, router: Router, clock: Callable[[], datetime] = utc_now
    ):
        self._work = work
        self._browser = browser
        self._router = router
        self._clock = clock
        self._system = observation.system_prompt(work.profile, work.fence)
        ledger, events = work.logbook.ledger, work.logbook.events
        used = ledger.roles[work.role.name].iterations if work.role.name in ledger.roles else 0
        self._budget = Budget(work.role.iterations, used, minimum_share=work.profile.persistence.minimum_share)
        self._host = HostTools(work.role, ledger, events)
        self._breaker = Breaker(work.profile)
        self._turns = TurnMaker(work, self._host, browser, router, self._breaker)
        self._briefing = Briefing(work, self._host, self._turns.outline)
        self._progress = Progress(work.profile.persistence)
        self._last: tuple[ToolResult, ...] = ()
        self._access = Access(work.role.name, work.profile.roles)
        self._leads: tuple[Lead, ...] = ()
        self._trouble = ""
        self._pictures = sum(
            isinstance(event.payload, ev.PictureTaken) and event.role == work.role.name for event in events
        )

    async def run(self) -> Stop | None:
        """Explores until a reason to stop; None when the segment ended first. Raises LeaseLost and LostMeanwhile."""
        view, lost = await self._begin()
        if stop := await self._settle(lost):
            return stop
        tools = (*await self._router.tools(), *specs())
        while True:
            if await self._work.stop():
                return Stop(StopReason.STOP_REQUESTED, "Stopped on request.")
            if not self._budget.remaining:
                return Stop(StopReason.BUDGET, f"Used its {self._budget.total} turns.")
            if self._work.paused():
                return None
            if self._briefing.closes:
                view = await self._browser.reopened()
            await self._briefing.renew(view, self._request_of(view, tools))
            asked = await self._ask(view, tools)
            if isinstance(asked, Unanswered):
                continue
            if isinstance(asked, OutOfBudget):
                return await self._close(asked.sentence, view, tools)
            if isinstance(asked, Stop):
                return asked
            turn = await self._take(asked, view)
            view = turn.view
            if stop := await self._reason_to_stop(turn):
                return stop

    async def _begin(self) -> tuple[PageView, str]:
        """Signed in already. A resumed role goes back to where it was, and may lose its browser over that."""
        work, ledger, name = self._work, self._work.logbook.ledger, self._work.role.name
        interrupted = [tool for (role, _), tool in ledger.started.items() if role == name]
        resumed = name in ledger.roles and ledger.roles[name].iterations > 0
        last = ledger.roles[name].url if resumed else ""
        notes: list[ev.Payload] = [
            ev.BlockerMet(
                f"a worker ended in the middle of {tool}", "its effect is unknown; the role looks again", True
            )
            for tool in interrupted
        ]
        view = await self._browser.view()
        path = routes.place(view.url)
        entered = [ev.SignedInAgain(how, path) for how in self._browser.entrances()[-1:] if name in ledger.roles]
        key, met = work.recogniser.recognise(view)
        shown = await self._picture(key, view) if met else ()
        begun = ev.RoleStarted(work.role.sign_in is not None, path, key)
        await work.logbook.append_all(name, (*notes, *entered, *([met] if met else ()), *shown, begun))
        segment = sum(isinstance(event.payload, ev.RoleStarted) for event in work.logbook.events if event.role == name)
        returned = await self._turns.go_back(last, view, segment) if last and last != path else None
        if returned:
            await work.logbook.append_all(name, returned.payloads)
            view = returned.view
        talk = await self._briefing.begin(view, self._clock(), resumed)
        self._asking = Asking(work, talk)
        self._progress = self._progress.after(work.logbook.ledger, name)
        return view, returned.lost if returned else ""

    async def _ask(self, view: PageView, tools: Sequence[ToolSpec]) -> Asked:
        self._leads = await self._look_for_leads()
        told = [f"{lead.place} ({lead.why})" for lead in self._leads]
        nudge = "\n".join(filter(None, (self._progress.nudge(), self._trouble)))
        tail = self._briefing.tail(self._budget, nudge, told)
        return await self._asking.ask(self._request_of(view, tools), tail)

    async def _look_for_leads(self) -> tuple[Lead, ...]:
        """What is worth following next; what is new of it is this role's for some turns."""
        work = self._work
        seeker = Seeker(
            role=work.role.name,
            iteration=self._budget.used + 1,
            orders=self._orders(),
            wanted=(*self._host.untested(), *work.charter.areas),
            twins=twins(work.crew, work.role.name),
            skip=work.skip,
            foreign=self._access.is_foreign,
        )
        leads, fresh = work.frontier.offer(work.logbook.ledger.coverage, seeker)
        if fresh:
            await work.logbook.append_all(work.role.name, fresh)
        return leads

    def _orders(self) -> tuple[str, ...]:
        return tuple(order.text for order in self._work.logbook.ledger.orders if order.order == "focus")

    async def _close(self, sentence: str, view: PageView, tools: Sequence[ToolSpec]) -> Stop | None:
        """The one turn that a role gets when tokens or money are spent: to write down what it knows. None when the
        segment ends first; the next one comes here again."""
        self._budget = replace(self._budget, closing=True)
        # All tools are sent, because they are part of the prefix that the provider has cached; only ours are run.
        make = self._request_of(view, tools)
        tail = self._briefing.closing(sentence)
        asked: Asked = Unanswered()
        while isinstance(asked, Unanswered):
            if await self._work.stop():
                return Stop(StopReason.STOP_REQUESTED, "Stopped on request.")
            if self._work.paused():
                return None
            asked = await self._asking.ask(lambda messages: replace(make(messages), closing=True), tail)
        if isinstance(asked, ModelReply):
            calls = tuple(call for call in asked.calls if call.tool in TOOLS)
            turn = await self._take(replace(asked, calls=calls), view)
            if turn.finished:
                return Stop(StopReason.BUDGET, f"{sentence} {turn.finished}")
        return Stop(StopReason.BUDGET, sentence)

    def _request_of(self, view: PageView, tools: Sequence[ToolSpec]) -> Callable[[tuple[Message, ...]], ModelRequest]:
        work = self._work
        situation = Situation(
            role=work.role.name,
            origin=work.profile.url,
            start=work.role.start,
            view=view,
            ledger=work.logbook.ledger,
            last=self._last,
            iteration=self._budget.used + 1,
            remaining=self._budget.remaining,
            capabilities=work.role.capabilities,
            may_write=work.profile.may_write,
            offers=self._leads,
            orders=self._orders(),
        )
        return lambda messages: ModelRequest(self._system, messages, tuple(tools), situation)

    async def _take(self, reply: ModelReply, view: PageView) -> Turn:
        """The calls of a reply made, answered and written down."""
        self._budget = self._budget.spend()
        # A provider may use an id twice; in the journal a call's id is unique within its role.
        calls = tuple(
            ToolCall(f"{self._budget.used}.{index}", call.tool, call.args) for index, call in enumerate(reply.calls, 1)
        )
        turn = await self._turns.make(calls, view, self._budget)
        self._briefing.add_turn(reply, turn.answers, turn.results)
        self._last = turn.results_as(reply.calls)
        ended = ev.TurnEnded(self._budget.used, turn.state, routes.place(turn.view.url))
        shown = await self._picture(turn.state, turn.view) if turn.new_state else ()
        await self._work.logbook.append_all(self._work.role.name, (replied(reply), *turn.payloads, *shown, ended))
        self._progress = self._progress.after(self._work.logbook.ledger, self._work.role.name)
        if not turn.view.dialog:
            await self._work.keep(self._browser.state)
        return turn

    async def _picture(self, state: str, view: PageView) -> tuple[ev.PictureTaken, ...]:
        """What a state looked like when it was met, for the report's map."""
        if self._pictures >= MOST_PICTURES:
            return ()
        file = Path("roles", self._work.role.name, f"{state}.jpg")
        if not await self._browser.picture(self._work.folder / file):
            return ()
        self._pictures += 1
        return (ev.PictureTaken(state, routes.path(view.url), file.as_posix()),)

    async def _reason_to_stop(self, turn: Turn) -> Stop | None:
        if turn.finished is not None:
            return Stop(StopReason.FINISHED, turn.finished)
        if stop := await self._settle(turn.lost):
            return stop
        if self._progress.stalled:
            return Stop(StopReason.STALLED, f"Nothing new for {self._progress.idle} turns.")
        return None

    async def _settle(self, lost: str = "") -> Stop | None:
        """What failed connections and a `lost` browser mean: the end of the role, or something that it is told. The
        application is asked first: one that is gone looks like a lost browser from inside."""
        found = await self._breaker.settle(self._given_up, lost=bool(lost))
        if found.payloads:
            await self._work.logbook.append_all(self._work.role.name, found.payloads)
        self._trouble = observation.trouble(found.told, found.route, self._work.fence)
        if found.stop or not lost or await self._given_up():
            return found.stop
        if found.outcome == "back":
            raise LostMeanwhile(lost)
        refused = self._browser.sign_in_failed
        return Stop(StopReason.SIGN_IN_FAILED if refused else StopReason.BROWSER_LOST, refused or lost)

    async def _given_up(self) -> bool:
        return self._work.paused() or await self._work.stop()
