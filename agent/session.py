"""One role's exploration: ask the model, make its calls, hear the alarms, write the turn down, decide whether to stop.

Reads as policy. A turn boundary is the only place where a session stops or is resumed: everything of a turn is
journalled in one piece at its end. What a turn means is worked out in turn.py.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from agent import events as ev
from agent import observation, routes
from agent.assignment import Assignment
from agent.budget import Budget
from agent.conversation import Conversation
from agent.host_tools import HostTools, specs
from agent.llm.base import ModelReply, ModelRequest, Situation
from agent.llm.errors import ModelFailure
from agent.progress import Progress
from agent.states import state_key
from agent.target import unreachable
from agent.tools.browser import BrowserSurface
from agent.tools.router import Router
from agent.tools.surface import PageView, ToolCall, ToolResult, ToolSpec
from agent.turn import Turn, TurnMaker

BAD_REPLIES = 3
DOWN_TURNS = 2
PATIENCE = 20.0
ADVICE = {
    "said": "Answer with tool calls only; call finish when you are done.",
    "malformed": "That call could not be read. Answer with one well-formed tool call.",
    "truncated": "That answer was cut off. Answer with one short tool call.",
    "empty": "That answer was empty. Answer with a tool call.",
    "blocked": "That answer was withheld by the provider. Go on with another part of the application.",
}


class StopReason(StrEnum):
    """Why a role ended; the closed list that journal, report and texts share."""

    BUDGET = "budget"
    FINISHED = "finished"
    STALLED = "stalled"
    STOP_REQUESTED = "stop_requested"
    MODEL_FAILED = "model_failed"
    SIGN_IN_FAILED = "sign_in_failed"
    BROWSER_LOST = "browser_lost"
    TARGET_DOWN = "target_down"
    CRASHED = "crashed"


@dataclass(frozen=True, slots=True)
class Stop:
    """`detail` is one sentence for people."""

    reason: StopReason
    detail: str


class Session:
    """`router` holds the MCP tools, `browser` is the one of its surfaces that shows the page."""

    def __init__(self, work: Assignment, browser: BrowserSurface, router: Router):
        self._work = work
        self._browser = browser
        self._router = router
        self._fence = secrets.token_hex(4)
        self._system = observation.system_prompt(work.role, work.profile, self._fence)
        ledger, events = work.logbook.ledger, work.logbook.events
        used = ledger.roles[work.role.name].iterations if work.role.name in ledger.roles else 0
        self._budget = Budget(work.role.iterations, used)
        self._host = HostTools(work.role.name, work.role.capabilities, ledger, events)
        self._turns = TurnMaker(work, self._host, browser, router, self._fence)
        self._progress = Progress()
        self._last: tuple[ToolResult, ...] = ()
        self._bad_replies = 0
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
            try:
                reply = await self._work.model.generate(self._request(view, tools))
            except ModelFailure as failure:
                return Stop(StopReason.MODEL_FAILED, str(failure))
            self._budget = self._budget.spend()
            turn = await self._take(reply, view)
            await self._write_down(reply, turn)
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
        parts = [observation.opening(work.charter, work.profile, work.role), resumption]
        parts.append(observation.arrival(self._turns.outline(view), self._fence))
        self._talk = Conversation("\n\n".join(part for part in parts if part))
        self._progress = Progress().after(work.logbook.ledger, name)
        return view

    def _request(self, view: PageView, tools: Sequence[ToolSpec]) -> ModelRequest:
        work, iteration = self._work, self._budget.used + 1
        tail = observation.tail(iteration, self._budget.remaining, self._host.untested(), self._progress.nudge())
        situation = Situation(
            role=work.role.name,
            origin=work.profile.url,
            start=work.role.start,
            view=view,
            ledger=work.logbook.ledger,
            last=self._last,
            iteration=iteration,
            remaining=self._budget.remaining,
            capabilities=work.role.capabilities,
            may_write=work.profile.may_write,
        )
        return ModelRequest(self._system, self._talk.messages(tail), tuple(tools), situation)

    async def _take(self, reply: ModelReply, view: PageView) -> Turn:
        """The calls of a reply made and answered, or advice where there are none."""
        if reply.outcome != "called" or not reply.calls:
            self._bad_replies += 1
            outcome = reply.outcome if reply.outcome in ADVICE else "empty"
            self._talk.add_repair(reply, ADVICE[outcome])
            self._last = ()
            return Turn(view)
        self._bad_replies = 0
        # A provider may use an id twice; in the journal a call's id is unique within its role.
        calls = tuple(
            ToolCall(f"{self._budget.used}.{index}", call.tool, call.args) for index, call in enumerate(reply.calls, 1)
        )
        turn = await self._turns.make(calls, view, self._budget)
        self._talk.add_turn(reply, turn.answers)
        self._last = turn.results_as(reply.calls)
        return turn

    async def _write_down(self, reply: ModelReply, turn: Turn) -> None:
        name, usage, view = self._work.role.name, reply.usage, turn.view
        replied = ev.ModelReplied(
            outcome=reply.outcome,
            text=(reply.text or reply.detail)[:2000],
            calls=tuple({"id": call.id, "tool": call.tool, "args": dict(call.args)} for call in reply.calls),
            input_tokens=usage.input,
            cached_tokens=usage.cached,
            output_tokens=usage.output,
            seconds=usage.seconds,
        )
        ended = ev.TurnEnded(self._budget.used, state_key(view), routes.path(view.url))
        await self._work.logbook.append_all(name, (replied, *turn.payloads, ended))
        self._progress = self._progress.after(self._work.logbook.ledger, name)

    async def _reason_to_stop(self, turn: Turn) -> Stop | None:
        if turn.finished is not None:
            return Stop(StopReason.FINISHED, turn.finished)
        if turn.lost:
            return Stop(StopReason.BROWSER_LOST, turn.lost)
        if self._bad_replies >= BAD_REPLIES:
            return Stop(StopReason.MODEL_FAILED, f"{BAD_REPLIES} replies in a row held no usable call.")
        if self._progress.stalled:
            return Stop(StopReason.STALLED, f"Nothing new for {self._progress.idle} turns.")
        self._unreachable_turns = self._unreachable_turns + 1 if turn.unreachable else 0
        if self._unreachable_turns >= DOWN_TURNS and (
            problem := await unreachable(self._work.profile.url, patience=20)
        ):
            return Stop(StopReason.TARGET_DOWN, problem)
        return None
