"""A provider's adapter made safe for a run: within its budget, paced and retried, priced, written down.

One for each role; the roles of a run share adapter, governor, gauge and account. Knows no provider.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

import structlog

from agent.llm.base import Adapter, Effort, ModelReply, ModelRequest, Usage
from agent.llm.catalogue import Traits, price_of
from agent.llm.costs import CostLine, CostLog
from agent.llm.errors import ContextOverflow, CoolDown, Interrupted, ModelFailure
from agent.llm.governor import Governor
from agent.llm.spending import Account, Spend
from agent.llm.tokens import Gauge, size_of

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Seat:
    """Who asks: for the cost lines and the budgets. `app` is App/profile."""

    run: str
    app: str
    role: str
    provider: str


@dataclass(frozen=True, slots=True)
class Engine:
    """One model of one provider, shared by all roles that use it."""

    adapter: Adapter
    traits: Traits
    governor: Governor
    gauge: Gauge


class GovernedModel:
    """`costs` gets a line for every call, also for one that came to nothing."""

    def __init__(self, engine: Engine, seat: Seat, account: Account, costs: CostLog):
        self.name = engine.adapter.name
        self.vision = engine.traits.vision
        self._engine = engine
        self._seat = seat
        self._account = account
        self._costs = costs

    async def generate(self, request: ModelRequest) -> ModelReply:
        """Raises ModelFailure and its kinds, and Interrupted when `request.give_up` ended a wait."""
        traits = self._engine.traits
        expected = self._engine.gauge.tokens(request, traits)
        if expected + traits.max_output > traits.context:
            raise ContextOverflow(
                f"The request of about {expected} tokens leaves no room for an answer in the {traits.context} tokens "
                f"that {self.name} reads; give the model a larger `context` in the file of CHARTERBOT_MODELS if it "
                "has one, or name another in CHARTERBOT_LLM_MODEL."
            )
        most = Usage(input=expected, output=traits.max_output)
        estimate = Spend(most.input + most.output, price_of(traits, most) or 0.0)
        hold = await self._account.reserve(self._seat.role, estimate, request.closing)
        actual = Spend()
        try:
            reply = await self._call(request, expected)
            if reply.usage.input:
                self._engine.gauge.learn(expected, reply.usage.input)
            actual = Spend(reply.usage.input + reply.usage.output + reply.estimated, reply.price or 0.0)
            return reply
        finally:
            await self._account.settle(hold, actual)

    async def close(self) -> None:
        """The role is over: what was kept for its closing turn is free for the others."""
        self._account.leave(self._seat.role)

    async def _call(self, request: ModelRequest, expected: int) -> ModelReply:
        try:
            reply = await self._engine.governor.call(partial(self._engine.adapter.generate, request), request.give_up)
        except Interrupted as given_up:
            self._note("interrupted", Effort(len(given_up.faults), given_up.waited, given_up.faults))
            raise
        except ModelFailure as failure:
            effort = Effort(failure.tries, failure.waited, failure.faults)
            self._note("busy" if isinstance(failure, CoolDown) else "failed", effort)
            raise
        if reply.usage.input or reply.usage.output:
            reply = replace(reply, price=price_of(self._engine.traits, reply.usage))
        else:  # the server was silent, but the budgets must not be
            reply = replace(reply, price=None, estimated=expected + size_of(reply))
        self._note(reply.outcome, reply.effort, reply.usage, reply.price)
        return reply

    def _note(self, outcome: str, effort: Effort, usage: Usage | None = None, price: float | None = 0.0) -> None:
        usage, seat = usage or Usage(), self._seat
        line = CostLine(
            at=datetime.now(UTC).isoformat(timespec="milliseconds"),
            run=seat.run,
            app=seat.app,
            role=seat.role,
            provider=seat.provider,
            model=self.name,
            input=usage.input,
            cached=usage.cached,
            output=usage.output,
            reasoning=usage.reasoning,
            seconds=round(usage.seconds, 3),
            outcome=outcome,
            price=price,
            tries=effort.tries,
            waited=round(effort.waited, 3),
        )
        try:
            self._costs.add(line)
        except OSError as error:  # the reply is paid for, and the journal knows what it cost
            log.warning("cost_line_not_written", error=error.strerror)
