"""The one interface to a reasoner. No provider's type is named here, none leaves its own file."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from agent.coverage.coverage import Lead
from agent.ledger import Ledger
from agent.tools.surface import Image, PageView, ToolCall, ToolResult, ToolSpec

Outcome = Literal["said", "called", "blocked", "malformed", "truncated", "empty"]


async def never() -> bool:
    """The end of patience that does not come."""
    return False


@dataclass(frozen=True, slots=True)
class Message:
    """One canonical message. `calls` only on assistant messages, `call_id` and `tool` only on tool messages.

    `state` is the provider's own (thought signatures, reasoning), carried opaquely and returned verbatim to the
    provider that gave it. `images` belong to a tool's answer.
    """

    role: Literal["user", "assistant", "tool"]
    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    call_id: str = ""
    tool: str = ""
    images: tuple[Image, ...] = ()
    state: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """The same moment as data, for a reasoner that is code. Adapters of language models ignore it.

    `view` is the page as it is now, `last` the results of the previous turn, `remaining` the turns left.
    """

    role: str
    origin: str
    start: str
    view: PageView | None
    ledger: Ledger
    last: tuple[ToolResult, ...]
    iteration: int
    remaining: int
    capabilities: tuple[str, ...] = ()
    may_write: bool = True
    offers: tuple[Lead, ...] = ()
    """What the frontier has for the role now, best first."""
    orders: tuple[str, ...] = ()
    """What people told the run to look at, verbatim, newest last."""


NOWHERE = Situation("", "", "/", None, Ledger(), (), 0, 0)


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """`system` and `tools` are stable within a run; `messages` end with the newest observation.

    `force` demands a call; `temperature` None is the provider's own; `closing` is a role's last turn, for which its
    budget kept room. While the provider makes us wait, `give_up` is asked: true ends the wait with Interrupted.
    """

    system: str
    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...]
    situation: Situation = NOWHERE
    force: bool = False
    temperature: float | None = None
    closing: bool = False
    give_up: Callable[[], Awaitable[bool]] = field(default=never, compare=False)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens; zeros where the server was silent. `input` includes `cached`, `output` includes `reasoning`.

    `seconds` is how long the provider took to answer, without any wait of ours.
    """

    input: int = 0
    cached: int = 0
    output: int = 0
    reasoning: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Effort:
    """What a reply took beyond itself: requests sent, seconds waited (back-off and drained bucket), the kinds of the
    faults met on the way (agent.llm.errors.Fault)."""

    tries: int = 1
    waited: float = 0.0
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelReply:
    """`calls` are ready to run: their arguments fit the tool's schema. `repairs` names what had to be mended in them.

    `price` is in US dollars, None where no price is known.
    """

    outcome: Outcome
    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    usage: Usage = field(default_factory=Usage)
    state: Mapping[str, Any] | None = None
    detail: str = ""
    """Why, when the outcome is neither said nor called: one sentence for the journal and, where it helps, the model."""
    repairs: tuple[str, ...] = ()
    effort: Effort = field(default_factory=Effort)
    price: float | None = None
    estimated: int = 0
    """Tokens of a call whose server reported none, by our own estimate; for the budgets."""


class Adapter(Protocol):
    """One model of one provider. Makes one try per `generate`."""

    name: str

    async def generate(self, request: ModelRequest) -> ModelReply:
        """Raises agent.llm.errors.ModelFailure when no reply can be had (wrong key, unreachable, refused)."""
        ...

    async def close(self) -> None: ...


class Model(Adapter, Protocol):
    """What a role asks: an adapter made safe for a run (`governed.GovernedModel`), or a reasoner that is code.

    `vision`: it can look at the images of tools' answers. `close` says that the role is over.
    """

    vision: bool
