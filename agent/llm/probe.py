"""One small round trip with the configured model: does it answer, does it call tools, does it read enough?

Says in plain words what is wrong. Asks once each time: who runs it wants to know now, not after ten tries.
"""

from dataclasses import dataclass
from typing import Any

from agent.errors import BadInput
from agent.llm.base import Adapter, Message, ModelReply, ModelRequest
from agent.llm.catalogue import Traits, load_catalogue, price_of
from agent.llm.choose import AdapterOptions, LlmSettings, choose_adapter, is_local, model_name
from agent.llm.errors import ModelFailure
from agent.llm.models import usable
from agent.llm.window import Window, find_window
from agent.tools.surface import ToolSpec

SECONDS = 120.0
"""For one answer: a local server may have to load the model first."""
SMALLEST = 16_384
"""With less a role forgets a page before it has acted on it."""
TOOL = ToolSpec(
    "add",
    "Adds two whole numbers.",
    {
        "type": "object",
        "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
        "required": ["a", "b"],
    },
    False,
    "probe",
)
SYSTEM = "You are being tested. Answer by calling the tool that you are asked for."
QUESTION = "Call the tool add with a = 2 and b = 3."


@dataclass(frozen=True, slots=True)
class Probe:
    """`problem` is empty when the model can be used; `said` are the lines to show in any case."""

    model: str
    said: tuple[str, ...] = ()
    problem: str = ""


async def probe(settings: LlmSettings) -> Probe:
    """Raises nothing for what may be wrong with settings, server or model: it is the answer."""
    try:
        catalogue = load_catalogue(settings.models_file)
        name = model_name(settings, "", catalogue)
        traits = usable(catalogue.traits(settings.provider, name, is_local(settings)))
        adapter = choose_adapter(settings, name, traits, AdapterOptions("doctor", SECONDS))
    except BadInput as error:
        return Probe(settings.model, problem=str(error))
    try:
        first, second = await _round_trip(adapter)
    except ModelFailure as failure:
        return Probe(name, problem=str(failure))
    finally:
        await adapter.close()
    if problem := _wrong(first, second, name):
        return Probe(name, problem=problem)
    said = [_spent(traits, first, second)]
    window = await find_window(settings.base_url, settings.api_key, name) if is_local(settings) else None
    if window is not None:
        said.append(f"{window.server} reads {window.tokens} tokens; a role is given up to {traits.context}")
    return Probe(name, tuple(said), _too_small(window, traits) if window else "")


async def _round_trip(adapter: Adapter) -> tuple[ModelReply, ModelReply | None]:
    """The call and, if there is a good one, what is said to its answer. Raises ModelFailure."""
    asked = Message("user", QUESTION)
    first = await adapter.generate(ModelRequest(SYSTEM, (asked,), (TOOL,)))
    if not first.calls:
        first = await adapter.generate(ModelRequest(SYSTEM, (asked,), (TOOL,), force=True))
    if not first.calls:
        return first, None
    answered = (
        asked,
        Message("assistant", first.text, calls=first.calls, state=first.state),
        *(Message("tool", "5", call_id=call.id, tool=call.tool) for call in first.calls),
        Message("user", "Now say the result in one word."),
    )
    return first, await adapter.generate(ModelRequest(SYSTEM, answered, (TOOL,)))


def _wrong(first: ModelReply, second: ModelReply | None, name: str) -> str:
    if first.outcome == "said":
        return (
            f"{name} answered in prose and called no tool; name a model that can call tools in CHARTERBOT_LLM_MODEL, "
            "or switch its server's tool parser on."
        )
    if first.outcome == "truncated":
        return f"{name} was cut off before it called the tool; give it a larger `max_output` in CHARTERBOT_MODELS."
    if not first.calls:
        said = first.detail.rstrip(".") or "nothing said"
        return f"{name} gave no usable answer ({first.outcome}: {said}); name another model in CHARTERBOT_LLM_MODEL."
    wanted: dict[str, Any] = {"a": 2, "b": 3}
    if dict(first.calls[0].args) != wanted:
        return (
            f"{name} called the tool with wrong arguments ({dict(first.calls[0].args)}); it is too weak for this work, "
            "name a larger model in CHARTERBOT_LLM_MODEL."
        )
    if second is None or second.outcome in ("blocked", "malformed", "empty"):
        outcome = second.outcome if second else "nothing"
        return (
            f"{name} called the tool but could not go on from its answer ({outcome}); name another model in "
            "CHARTERBOT_LLM_MODEL."
        )
    return ""


def _spent(traits: Traits, first: ModelReply, second: ModelReply | None) -> str:
    replies = [reply for reply in (first, second) if reply]
    tokens = sum(reply.usage.input + reply.usage.output for reply in replies)
    prices = [price_of(traits, reply.usage) for reply in replies]
    price = "price unknown" if None in prices else f"${sum(price or 0 for price in prices):.5f}"
    seconds = sum(reply.usage.seconds for reply in replies)
    return f"called a tool and read its answer in {seconds:.1f} s ({tokens} tokens, {price})"


def _too_small(window: Window, traits: Traits) -> str:
    if window.tokens >= traits.context:
        return ""
    how = window.raise_it.format(tokens=traits.context)
    if window.tokens < SMALLEST:
        return f"{window.server} reads only {window.tokens} tokens, too few to explore with; {how}."
    return (
        f"{window.server} reads only {window.tokens} tokens, but a role may be given {traits.context}; {how}, or set "
        f"`context` to {window.tokens} for this model in the file of CHARTERBOT_MODELS."
    )
