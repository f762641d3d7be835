"""One turn's question to the model, asked until the reply holds calls that can be run or there is reason to end.

A turn is not spent on a reply that cannot be used: the model is told what was wrong and asked again. Every reply is
journalled as it comes, because each of them cost something. Knows no page and makes no call.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from agent import events as ev
from agent.assignment import Assignment
from agent.context.conversation import Conversation
from agent.corrections import Patience
from agent.llm.base import Message, ModelReply, ModelRequest
from agent.llm.errors import BudgetSpent, ContextOverflow, CoolDown, Interrupted, ModelFailure
from agent.stopping import Stop, StopReason

JOURNALLED_TEXT = 2000


@dataclass(frozen=True, slots=True)
class Unanswered:
    """No reply now: the wait was given up or the tries ran out. The same turn is asked for again."""


@dataclass(frozen=True, slots=True)
class OutOfBudget:
    """The call was not made: `sentence` says which budget is spent."""

    sentence: str


Asked = ModelReply | Unanswered | OutOfBudget | Stop


class Asking:
    """The questions of one role. Counts unusable replies and cool-downs in a row, over all segments of a run."""

    def __init__(self, work: Assignment, talk: Conversation):
        self._work = work
        self._talk = talk
        self._patience, self._cool_downs = _in_a_row(work.logbook.events, work.role.name)

    async def ask(self, request_of: Callable[[tuple[Message, ...]], ModelRequest], tail: Message) -> Asked:
        """`request_of` makes the request of these messages: the conversation, `tail` and what was corrected since."""
        corrections: tuple[Message, ...] = ()
        force = False
        while True:
            request = request_of(self._talk.messages(tail, *corrections))
            reply = await self._generate(replace(request, force=force, give_up=self._give_up))
            if isinstance(reply, ContextOverflow):
                corrections = ()
                if closed := self._talk.shrink():
                    await self._work.logbook.append(self._work.role.name, closed)
                    continue
                return Stop(StopReason.MODEL_FAILED, str(reply))
            if not isinstance(reply, ModelReply):
                return reply
            self._patience = self._patience.after(reply.outcome)
            if reply.outcome == "called":
                return reply
            await self._work.logbook.append(self._work.role.name, replied(reply))
            if sentence := self._patience.over:
                return Stop(StopReason.MODEL_FAILED, sentence)
            if await self._give_up():
                return Unanswered()
            correction = self._patience.correction(reply)
            if correction.mask:
                self._talk.withhold()
            # What a filter withheld would set it off again.
            said = (Message("assistant", reply.text),) if reply.text and not correction.mask else ()
            corrections = (*corrections, *said, Message("user", correction.advice))
            force = correction.force

    async def _generate(self, request: ModelRequest) -> Asked | ContextOverflow:
        try:
            reply = await self._work.model.generate(request)
        except BudgetSpent as spent:
            return OutOfBudget(str(spent))
        except ContextOverflow as overflow:
            await self._note_wait("failed", overflow)
            return overflow
        except Interrupted as given_up:
            await self._note_wait("given_up", given_up)
            return Unanswered()
        except CoolDown as down:
            return await self._cooled_down(down)
        except ModelFailure as failure:
            await self._note_wait("failed", failure)
            return Stop(StopReason.MODEL_FAILED, str(failure))
        self._cool_downs = 0
        return reply

    async def _cooled_down(self, down: CoolDown) -> Unanswered | Stop:
        self._cool_downs += 1
        await self._note_wait("cool_down", down)
        if self._cool_downs < self._work.profile.pace.cool_downs:
            return Unanswered()
        return Stop(
            StopReason.RATE_LIMITED,
            f"{self._cool_downs} calls in a row were given up after {down.tries} tries each; the last: {down}",
        )

    async def _note_wait(self, end: str, why: ModelFailure | Interrupted) -> None:
        if why.waited or why.faults:
            waited = ev.ModelWaited(end, round(why.waited, 3), why.faults, str(why))
            await self._work.logbook.append(self._work.role.name, waited)

    async def _give_up(self) -> bool:
        return self._work.paused() or await self._work.stop()


def _in_a_row(events: Sequence[ev.Event], role: str) -> tuple[Patience, int]:
    """What a role that is resumed had behind it: its unusable replies and cool-downs since the last usable reply."""
    patience, cool_downs = Patience(), 0
    for event in events:
        match event.payload:
            case ev.ModelReplied(outcome=outcome, purpose="") if event.role == role:
                patience, cool_downs = patience.after(outcome), 0
            case ev.ModelWaited(end="cool_down") if event.role == role:
                cool_downs += 1
    return patience, cool_downs


def replied(reply: ModelReply, purpose: str = "") -> ev.ModelReplied:
    usage, effort = reply.usage, reply.effort
    return ev.ModelReplied(
        outcome=reply.outcome,
        text=(reply.text or reply.detail)[:JOURNALLED_TEXT],
        calls=tuple({"id": call.id, "tool": call.tool, "args": dict(call.args)} for call in reply.calls),
        input_tokens=usage.input,
        cached_tokens=usage.cached,
        output_tokens=usage.output,
        reasoning_tokens=usage.reasoning,
        seconds=round(usage.seconds, 3),
        estimated_tokens=reply.estimated,
        price=reply.price,
        waited=round(effort.waited, 3),
        faults=effort.faults,
        repairs=reply.repairs,
        purpose=purpose,
    )
