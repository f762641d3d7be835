"""One tool, one request and its wire form, for the tests of the emulator."""

from agent.llm.base import Message, ModelRequest
from agent.tools.surface import ToolSpec

CLICK = ToolSpec(
    "browser_click",
    "Click",
    {"type": "object", "properties": {"target": {"type": "string"}}, "required": ["target"]},
    True,
    "browser",
)
REQUEST = ModelRequest("You test.", (Message("user", "Go."),), (CLICK,))
TOOL = {
    "type": "function",
    "function": {"name": "browser_click", "description": "Click", "parameters": CLICK.parameters},
}
BODY = {"model": "m1", "messages": [{"role": "user", "content": "Go."}], "tools": [TOOL]}
CALL = {"id": "c1", "type": "function", "function": {"name": "browser_click", "arguments": '{"target": "e1"}'}}
ASKED = {"role": "assistant", "content": None, "tool_calls": [CALL]}
