"""One role's exploration: ask the model, make its calls, hear the alarms, write the turn down, decide whether to stop.

Reads as policy. A turn boundary is the only place where a session stops or is resumed: everything of a turn is
journalled in one piece at its end. How a usable reply is got is asking.py's, what a turn means is turn.py's.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from agent import events as ev
from agent import routes
from agent.asking import Asked, Asking, OutOfBudget, Unanswered, replied
from agent.assignment import Assignment
from agent.budget import Budget
from agent.context import observation
from agent.context.conversation import Conversation
from agent.coverage.states import state_key
from agent.host_specs import TOOLS, specs
from agent.host_tools import HostTools
from agent.llm.base import Message, ModelReply, ModelRequest, Situation
from agent.progress import Progress
from agent.stopping import Stop, StopReason
from agent.target import unreachable
from agent.tools.browser import BrowserSurface
from agent.tools.router import Router
from agent.tools.surface import PageView, ToolCall, ToolResult, ToolSpec
from agent.turn import Turn, TurnMaker

DOWN_TURNS = 2
PATIENCE = 20.0


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
        self._fence = work.fence
        self._system = observation.system_prompt(work.profile, work.fence)
        ledger, events = work.logbook.ledger, work.logbook.events
        used = ledger.roles[work.role.name].iterations if work.role.name in ledger.roles else 0
        self._budget = Budget(work.role.iterations, used)
        self._host = HostTools(work.role.name, work.role.capabilities, ledger, events)
        self._turns = TurnMaker(work, self._host, browser, router, self._fence)
        self._progress = Progress()
        self._last: tuple[ToolResult, ...] = ()
        self._heard = 0
        self._unreachable_turns = 0

    async def run(self) -> Stop | None:
        """Explores until a reason to stop; None when the segment ended first. Raises LeaseLost."""
        view = await self._begin()
        tools = (*await self._router.tools(), *specs())
        while True:
            if await self._work.stop():
                return Stop(StopReason.STOP_REQUESTED, "Stopped on request.")
            if not self._budget.remaining:
                return Stop(StopReason.BUDGET, f"Used its {self._budget.total} turns.")
            if self._work.paused():
                return None
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

    async def _begin(self) -> PageView:
        """Signed in already. A resumed role goes back to where it was."""
        work, ledger, name = self._work, self._work.logbook.ledger, self._work.role.name
        interrupted = [tool for (role, _), tool in ledger.started.items() if role == name]
        resumption = observation.resumption(ledger, name, interrupted)
        last = ledger.roles[name].url if resumption else ""
        notes: list[ev.Payload] = [
            ev.ObservationNoted(f"Interrupted in the middle of {tool}", "A worker ended; the call's effect is unknown.")
            for tool in interrupted
        ]
        view = await self._browser.view()
        await work.logbook.append(name, *notes, ev.RoleStarted(work.role.sign_in is not None, routes.path(view.url)))
        returned = await self._turns.go_back(last, view) if last and last != routes.path(view.url) else None
        if returned:
            await work.logbook.append_all(name, returned.payloads)
            view = returned.view
        begun = observation.opening(work.charter, work.profile, work.role, self._clock())
        opening = "\n\n".join(filter(None, (begun, resumption, *self._verdicts())))
        self._talk = Conversation(opening, observation.arrival(self._turns.outline(view), self._fence))
        self._asking = Asking(work, self._talk)
        self._progress = Progress().after(work.logbook.ledger, name)
        return view

    async def _ask(self, view: PageView, tools: Sequence[ToolSpec]) -> Asked:
        tail = observation.tail(
            self._budget.used + 1, self._budget.remaining, self._host.untested(), self._progress.nudge()
        )
        return await self._asking.ask(self._request_of(view, tools), Message("user", tail))

    async def _close(self, sentence: str, view: PageView, tools: Sequence[ToolSpec]) -> Stop | None:
        """The one turn that a role gets when tokens or money are spent: to write down what it knows. None when the
        segment ends first; the next one comes here again."""
        self._budget = replace(self._budget, closing=True)
        # All tools are sent, because they are part of the prefix that the provider has cached; only ours are run.
        make = self._request_of(view, tools)
        tail = Message("user", observation.closing(sentence, self._host.untested()))
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
        self._talk.add_turn(reply, self._with_verdicts(turn.answers), turn.results)
        self._last = turn.results_as(reply.calls)
        ended = ev.TurnEnded(self._budget.used, state_key(turn.view), routes.path(turn.view.url))
        await self._work.logbook.append_all(self._work.role.name, (replied(reply), *turn.payloads, ended))
        self._progress = self._progress.after(self._work.logbook.ledger, self._work.role.name)
        return turn

    def _verdicts(self) -> tuple[str, ...]:
        """What the proofs brought since the last time."""
        events = self._work.logbook.events
        since, self._heard = self._heard, len(events)
        return self._host.news(events, since)

    def _with_verdicts(self, answers: Sequence[str]) -> Sequence[str]:
        """Said once, at the end of a turn's last answer, where it stays for good."""
        return [*answers[:-1], "\n".join((answers[-1], *self._verdicts()))] if answers else answers

    async def _reason_to_stop(self, turn: Turn) -> Stop | None:
        if turn.finished is not None:
            return Stop(StopReason.FINISHED, turn.finished)
        if turn.lost:
            return Stop(StopReason.BROWSER_LOST, turn.lost)
        if self._progress.stalled:
            return Stop(StopReason.STALLED, f"Nothing new for {self._progress.idle} turns.")
        self._unreachable_turns = self._unreachable_turns + 1 if turn.unreachable else 0
        if self._unreachable_turns >= DOWN_TURNS and (
            problem := await unreachable(self._work.profile.url, patience=PATIENCE)
        ):
            return Stop(StopReason.TARGET_DOWN, problem)
        return None
