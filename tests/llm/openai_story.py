"""What the stories of the chat-completions adapter share: a conversation, and a client that has it over real HTTP."""

from openai_published import request_faults

from agent.llm.base import Message, ModelReply, ModelRequest
from agent.llm.catalogue import Traits
from agent.llm.emulators.openai_hosts import Host
from agent.llm.openai.adapter import OpenAICompatible
from agent.llm.testing import Step, openai_emulator
from agent.tools.surface import Image, ToolCall, ToolSpec

CLICK = ToolSpec(
    "browser_click",
    "Click",
    {"type": "object", "properties": {"target": {"type": "string"}}, "required": ["target"], "$schema": "x"},
    True,
    "browser",
)
LOOK = ToolSpec(
    "browser_look", "Look", {"type": "object", "properties": {"depth": {"type": "integer"}}}, False, "browser"
)
REQUEST = ModelRequest("You test.", (Message("user", "Go."),), (CLICK, LOOK))
LOCAL = Host("ollama")


async def ask(
    *steps: Step, request: ModelRequest = REQUEST, traits: Traits = Traits(), host: Host | None = None
) -> ModelReply:
    with openai_emulator(*steps, host=host) as server:
        model = OpenAICompatible(server.url, server.key, "m1", traits, 5)
        try:
            return await model.generate(request)
        finally:
            await model.close()
            assert server.faults == []
            assert [fault for body in server.bodies for fault in request_faults(body)] == []


async def asked(*steps: Step, requests: tuple[ModelRequest, ...], traits: Traits = Traits(), host: Host = LOCAL):
    """The bodies that one client sent for these requests."""
    with openai_emulator(*steps, host=host) as server:
        model = OpenAICompatible(server.url, server.key, "m1", traits, 5)
        try:
            for request in requests:
                await model.generate(request)
        finally:
            await model.close()
        assert [fault for body in server.bodies for fault in request_faults(body)] == []
        return server.bodies


HISTORY = (
    Message("user", "Go."),
    Message("user", "The page."),
    Message(
        "assistant",
        "",
        (ToolCall("a", "browser_click", {"target": "e1"}), ToolCall("b", "browser_look")),
        state={"provider": "openai", "reasoning": "hm"},
    ),
    Message("tool", "Done.", call_id="a", tool="browser_click", images=(Image("image/png", b"\x89PNG"),)),
    Message("tool", "A table.", call_id="b", tool="browser_look"),
    Message("user", "Turn 2"),
)
