"""What the model cost each role: replies, tokens, money, waits, faults. A pure fold over the journal."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from agent import events as ev
from agent.llm.spending import Spend


@dataclass(slots=True)
class RoleEffort:
    """`replies` counts all replies, `unusable` those that had to be asked for again, by outcome. `usd` sums the calls
    with a known price, `unpriced` counts the others. `waited` is in seconds, `estimated_tokens` are those that servers
    did not report."""

    replies: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    seconds: float = 0.0
    usd: float = 0.0
    unpriced: int = 0
    estimated_tokens: int = 0
    waited: float = 0.0
    cool_downs: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    unusable: Counter[str] = field(default_factory=Counter)
    repairs: Counter[str] = field(default_factory=Counter)

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens + self.estimated_tokens


def spent(events: Iterable[ev.Event]) -> dict[str, Spend]:
    """What each role of the run has spent so far, for the budgets of a run that goes on."""
    return {role: Spend(effort.tokens, effort.usd) for role, effort in efforts(events).items()}


def efforts(events: Iterable[ev.Event]) -> dict[str, RoleEffort]:
    """By role; roles that never asked a model are left out."""
    found: dict[str, RoleEffort] = {}
    for event in events:
        match event.payload:
            case ev.ModelReplied() as reply:
                _count_reply(found.setdefault(event.role, RoleEffort()), reply)
            case ev.ModelWaited(end=end, waited=waited, faults=faults):
                effort = found.setdefault(event.role, RoleEffort())
                effort.waited += waited
                effort.faults.update(faults)
                effort.cool_downs += end == "cool_down"
            case _:
                continue
    return found


def _count_reply(effort: RoleEffort, reply: ev.ModelReplied) -> None:
    effort.replies += 1
    effort.input_tokens += reply.input_tokens
    effort.cached_tokens += reply.cached_tokens
    effort.output_tokens += reply.output_tokens
    effort.reasoning_tokens += reply.reasoning_tokens
    effort.estimated_tokens += reply.estimated_tokens
    effort.seconds += reply.seconds
    effort.waited += reply.waited
    effort.faults.update(reply.faults)
    effort.repairs.update(reply.repairs)
    effort.unusable.update([] if reply.outcome == "called" or reply.purpose else [reply.outcome])
    if reply.price is None:
        effort.unpriced += 1
    else:
        effort.usd += reply.price
