"""One turn's question to the model, asked until the reply holds calls that can be run or there is reason to end.

A turn is not spent on a reply that cannot be used: the model is told what was wrong and asked again. Every reply is
journalled as it comes, because each of them cost something. Knows no page and makes no call.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from agent import events as ev
from agent.assignment import Assignment
from agent.conversation import Conversation
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
    """The questions of one role. Keeps what is counted from turn to turn: replies and cool-downs in a row."""

    def __init__(self, work: Assignment, talk: Conversation):
        self._work = work
        self._talk = talk
        self._patience = Patience()
        self._cool_downs = 0

    async def ask(self, request_of: Callable[[tuple[Message, ...]], ModelRequest], tail: Message) -> Asked:
        """`request_of` makes the request of these messages: the conversation, `tail` and what was corrected since."""
        corrections: tuple[Message, ...] = ()
        force = False
        while True:
            request = request_of(self._talk.messages(tail, *corrections))
            reply = await self._generate(replace(request, force=force, give_up=self._give_up))
            if isinstance(reply, ContextOverflow):
                corrections = ()
                if self._talk.shrink():
                    continue
                return Stop(StopReason.MODEL_FAILED, str(reply))
            if not isinstance(reply, ModelReply):
                return reply
            self._patience = self._patience.after(reply)
            if reply.outcome == "called" and reply.calls:
                return reply
            await self._work.logbook.append(self._work.role.name, replied(reply))
            if sentence := self._patience.over:
                return Stop(StopReason.MODEL_FAILED, sentence)
            if request.closing or await self._give_up():
                return Unanswered()
            correction = self._patience.correction(reply)
            if correction.mask:
                self._talk.withhold()
            said = (Message("assistant", reply.text),) if reply.text else ()
            corrections, force = (*said, Message("user", correction.advice)), correction.force

    async def _generate(self, request: ModelRequest) -> Asked | ContextOverflow:
        name = self._work.role.name
        try:
            reply = await self._work.model.generate(request)
        except BudgetSpent as spent:
            return OutOfBudget(str(spent))
        except ContextOverflow as overflow:
            return overflow
        except Interrupted as given_up:
            waited = ev.ModelWaited("given_up", given_up.waited, given_up.faults)
            await self._work.logbook.append(name, waited)
            return Unanswered()
        except CoolDown as down:
            return await self._cooled_down(down)
        except ModelFailure as failure:
            if failure.faults:
                await self._work.logbook.append(name, ev.ModelWaited("failed", failure.waited, failure.faults))
            return Stop(StopReason.MODEL_FAILED, str(failure))
        self._cool_downs = 0
        return reply

    async def _cooled_down(self, down: CoolDown) -> Unanswered | Stop:
        self._cool_downs += 1
        waited = ev.ModelWaited("cool_down", down.waited, down.faults, str(down))
        await self._work.logbook.append(self._work.role.name, waited)
        if self._cool_downs < self._work.profile.pace.cool_downs:
            return Unanswered()
        return Stop(
            StopReason.RATE_LIMITED,
            f"{self._cool_downs} calls in a row were given up after {down.tries} tries each; the last: {down}",
        )

    async def _give_up(self) -> bool:
        return self._work.paused() or await self._work.stop()


def replied(reply: ModelReply) -> ev.ModelReplied:
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
        price=reply.price,
        waited=round(effort.waited, 3),
        faults=effort.faults,
        repairs=reply.repairs,
    )
