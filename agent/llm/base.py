"""The one interface to a reasoner. No provider's type is named here, none leaves its own file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from agent.ledger import Ledger
from agent.tools.surface import PageView, ToolCall, ToolResult, ToolSpec

Outcome = Literal["said", "called", "blocked", "malformed", "truncated", "empty"]


@dataclass(frozen=True, slots=True)
class Message:
    """One canonical message. `calls` only on assistant messages, `call_id` only on tool messages.

    `state` is the provider's own (thought signatures, reasoning), carried opaquely and returned verbatim.
    """

    role: Literal["user", "assistant", "tool"]
    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    call_id: str = ""
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


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """`system` and `tools` are stable within a session; `messages` end with the newest observation."""

    system: str
    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...]
    situation: Situation


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens; zeros where the server was silent. `input` includes `cached`, `output` includes `reasoning`."""

    input: int = 0
    cached: int = 0
    output: int = 0
    reasoning: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class ModelReply:
    outcome: Outcome
    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    usage: Usage = field(default_factory=Usage)
    state: Mapping[str, Any] | None = None
    detail: str = ""
    """Why, when the outcome is neither said nor called: one sentence for the journal."""


class Model(Protocol):
    name: str

    async def generate(self, request: ModelRequest) -> ModelReply:
        """Raises agent.llm.errors.ModelFailure when no reply can be had (wrong key, unreachable, refused)."""
        ...

    async def close(self) -> None: ...
