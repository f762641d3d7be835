"""Chat completions on the wire: canonical messages to a request, a reply of any server to a ModelReply. Pure.

Servers leave out, rename and misplace fields, so the reply is read as plain data and nothing in it is relied on.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from agent.llm.base import Message, ModelReply, ModelRequest, Usage
from agent.llm.repair import Unreadable, arguments
from agent.tools.surface import ToolCall, ToolSpec

REASONING = ("reasoning_content", "reasoning")
"""The first is what DeepSeek, llama.cpp and older vLLM say, the second Ollama and newer vLLM."""


def request_body(request: ModelRequest, model: str) -> dict[str, Any]:
    messages = [{"role": "system", "content": request.system}, *(_message(item) for item in request.messages)]
    body: dict[str, Any] = {"model": model, "messages": messages}
    if request.tools:
        body["tools"] = [_tool(spec) for spec in request.tools]
    return body


def _tool(spec: ToolSpec) -> dict[str, Any]:
    schema = {key: value for key, value in spec.parameters.items() if key != "$schema"}
    function = {"name": spec.name, "description": spec.description, "parameters": schema}
    return {"type": "function", "function": function}


def _message(message: Message) -> dict[str, Any]:
    """Reasoning stays in `state`: several servers refuse a request that repeats it."""
    if message.role == "tool":
        return {"role": "tool", "tool_call_id": message.call_id, "content": message.text}
    wire: dict[str, Any] = {"role": message.role, "content": message.text}
    if message.calls:
        wire["tool_calls"] = [_call(call) for call in message.calls]
        wire["content"] = message.text or None
    return wire


def _call(call: ToolCall) -> dict[str, Any]:
    """Always well-formed JSON: templates of local servers parse it again."""
    function = {"name": call.tool, "arguments": json.dumps(dict(call.args), ensure_ascii=False)}
    return {"id": call.id, "type": "function", "function": function}


def reply_of(body: Mapping[str, Any], tools: Sequence[ToolSpec], seconds: float) -> ModelReply:
    usage = _usage(_dict(body.get("usage")), seconds)
    choices = body.get("choices")
    choice = _dict(choices[0]) if isinstance(choices, list) and choices else None
    if choice is None:
        return ModelReply("empty", usage=usage, detail="The reply held no choices.")
    message, finish = _dict(choice.get("message")), str(choice.get("finish_reason") or "")
    text = _text(message.get("content"))
    state = {name: message[name] for name in REASONING if message.get(name)} or None
    if finish == "content_filter":
        return ModelReply("blocked", text, usage=usage, state=state, detail="The content filter stepped in.")
    if finish == "length":
        return ModelReply("truncated", text, usage=usage, state=state, detail="The reply was cut off.")
    try:
        calls = _calls(message, {spec.name: spec for spec in tools})
    except Unreadable as error:
        return ModelReply("malformed", text, usage=usage, state=state, detail=str(error))
    if calls:
        return ModelReply("called", text, calls, usage, state)
    refusal = _text(message.get("refusal"))
    if refusal and not text:
        return ModelReply("blocked", usage=usage, state=state, detail=f"The model refused: {refusal[:200]}")
    if not text.strip():
        return ModelReply("empty", usage=usage, state=state, detail="The reply held neither text nor calls.")
    return ModelReply("said", text, usage=usage, state=state)


def _calls(message: Mapping[str, Any], tools: Mapping[str, ToolSpec]) -> tuple[ToolCall, ...]:
    """Raises Unreadable."""
    given = message.get("tool_calls")
    items = [_dict(item) for item in given] if isinstance(given, list) else []
    if not items and message.get("function_call"):
        items = [{"function": message["function_call"]}]
    return tuple(_one_call(item, number, tools) for number, item in enumerate(items, 1))


def _one_call(item: Mapping[str, Any], number: int, tools: Mapping[str, ToolSpec]) -> ToolCall:
    function = _dict(item.get("function"))
    name = str(function.get("name") or "")
    if not name:
        raise Unreadable("A call named no function.")
    if name not in tools:
        raise Unreadable(f"There is no tool {name[:60]!r}.")
    try:
        args = arguments(function.get("arguments"), tools[name].parameters)
    except Unreadable as error:
        raise Unreadable(f"The arguments of {name} cannot be used: {error}.") from None
    return ToolCall(str(item.get("id") or f"call_{number}"), name, args)


def _usage(given: Mapping[str, Any], seconds: float) -> Usage:
    return Usage(
        input=_count(given.get("prompt_tokens")),
        cached=_count(_dict(given.get("prompt_tokens_details")).get("cached_tokens")),
        output=_count(given.get("completion_tokens")),
        reasoning=_count(_dict(given.get("completion_tokens_details")).get("reasoning_tokens")),
        seconds=seconds,
    )


def _count(value: Any) -> int:
    return int(value) if isinstance(value, int | float) and value > 0 else 0


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(content: Any) -> str:
    """Some servers send a list of parts."""
    if isinstance(content, list):
        return "".join(_text(_dict(part).get("text") if isinstance(part, dict) else part) for part in content)
    return content if isinstance(content, str) else ""
