"""What a strict server finds wrong with a request for a chat completion. Pure."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agent.llm.openai.habits import REASONING

FIELDS: Mapping[str, type | tuple[type, ...]] = {
    "model": str,
    "messages": list,
    "tools": list,
    "tool_choice": (str, dict),
    "parallel_tool_calls": bool,
    "temperature": (int, float),
    "max_tokens": int,
    "max_completion_tokens": int,
    "reasoning_effort": str,
    "stream": bool,
    "user": str,
}
MESSAGE_FIELDS = {
    "system": {"role", "content", "name"},
    "user": {"role", "content", "name"},
    "assistant": {"role", "content", "name", "refusal", "tool_calls", *REASONING},
    "tool": {"role", "content", "tool_call_id"},
}
NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
LINKED = re.compile(r"(data:image/(png|jpeg|webp|gif);base64,[A-Za-z0-9+/]+=*|https?://\S+)")


def breaches(body: Any, alternate: bool) -> list[str]:
    """`alternate`: a user message must not follow another one, as the templates of local models want it."""
    if not isinstance(body, dict):
        return ["a body that is no JSON object"]
    return [*_top(body), *_tools(body), *_conversation(body.get("messages"), alternate)]


def _top(body: Mapping[str, Any]) -> Iterator[str]:
    for name, value in body.items():
        if name not in FIELDS:
            yield f"unknown field {name}"
        elif not isinstance(value, FIELDS[name]) or (isinstance(value, bool) and FIELDS[name] is not bool):
            yield f"{name} is {type(value).__name__}"
    if not body.get("model"):
        yield "no model"
    if body.get("stream"):
        yield "a stream was asked for, which this emulator has not"
    if "max_tokens" in body and "max_completion_tokens" in body:
        yield "both max_tokens and max_completion_tokens"
    for name in ("max_tokens", "max_completion_tokens"):
        if isinstance(body.get(name), int) and body[name] < 1:
            yield f"{name} below 1"
    temperature = body.get("temperature")
    if isinstance(temperature, int | float) and not 0 <= temperature <= 2:
        yield "a temperature outside 0 to 2"


def _tools(body: Mapping[str, Any]) -> Iterator[str]:
    names = []
    for tool in body.get("tools") or ():
        function = tool.get("function") if isinstance(tool, dict) and tool.get("type") == "function" else None
        if not isinstance(function, dict) or set(function) - {"name", "description", "parameters", "strict"}:
            yield f"{tool} is no function"
            continue
        names.append(str(function.get("name")))
        if not NAME.fullmatch(names[-1]):
            yield f"a function with the name {names[-1]!r}"
        parameters = function.get("parameters", {"type": "object"})
        if not isinstance(parameters, dict) or parameters.get("type") != "object":
            yield f"the parameters of {names[-1]} are no object schema"
    if "tools" in body and not body["tools"]:
        yield "an empty list of tools"
    if len(set(names)) != len(names):
        yield "two tools of one name"
    choice = body.get("tool_choice")
    if choice is not None and not names:
        yield "a tool_choice without tools"
    if isinstance(choice, str) and choice not in ("none", "auto", "required"):
        yield f"the tool_choice {choice!r}"


def _conversation(messages: Any, alternate: bool) -> Iterator[str]:
    """Every call is answered, in the messages right behind it, and nothing else is."""
    if not isinstance(messages, list) or not messages:
        yield "no messages"
        return
    waiting: list[str] = []
    before = ""
    for number, message in enumerate(messages):
        role = message.get("role") if isinstance(message, dict) else None
        if role not in MESSAGE_FIELDS:
            yield f"message {number} with the role {role!r}"
            continue
        yield from (f"message {number}: {fault}" for fault in _message(message, role))
        if role == "tool":
            if message.get("tool_call_id") not in waiting:
                yield f"message {number} answers no open call: {message.get('tool_call_id')!r}"
            waiting = [name for name in waiting if name != message.get("tool_call_id")]
        elif waiting:
            yield f"message {number} comes before an answer to {', '.join(waiting)}"
            waiting = []
        if role == "user" and before == "user" and alternate:
            yield f"message {number}: conversation roles must alternate"
        if role == "system" and number:
            yield f"message {number}: a system message that is not the first"
        waiting += [call["id"] for call in _calls(message)]
        before = role
    if waiting:
        yield f"no answer to {', '.join(waiting)}"


def _message(message: Mapping[str, Any], role: str) -> Iterator[str]:
    if unknown := set(message) - MESSAGE_FIELDS[role]:
        yield f"unknown field {', '.join(sorted(unknown))}"
    content = message.get("content")
    if isinstance(content, list):
        yield from _parts(content, role)
    elif not isinstance(content, str) and not (role == "assistant" and content is None and message.get("tool_calls")):
        yield "no content"
    if "tool_calls" in message and not message["tool_calls"]:
        yield "an empty list of calls"
    ids = [call["id"] for call in _calls(message)]
    if len(ids) != len(message.get("tool_calls") or ()) or len(set(ids)) != len(ids):
        yield "calls that are no calls, or share an id"
    for call in _calls(message):
        try:
            if not isinstance(json.loads(call["function"]["arguments"]), dict):
                yield f"the arguments of {call['id']} are no object"
        except (ValueError, TypeError, KeyError):
            yield f"the arguments of {call['id']} are no JSON text"


def _parts(parts: Sequence[Any], role: str) -> Iterator[str]:
    if not parts:
        yield "a content without parts"
    for part in parts:
        kind = part.get("type") if isinstance(part, dict) else None
        if kind == "text" and isinstance(part.get("text"), str) and set(part) == {"type", "text"}:
            continue
        if kind == "image_url" and role == "user" and LINKED.fullmatch(str((part.get("image_url") or {}).get("url"))):
            continue
        yield f"a part of the type {kind!r} that no {role} message may hold"


def _calls(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Those that have an id, a type and a function."""
    given = message.get("tool_calls")
    return [
        call
        for call in (given if isinstance(given, list) else ())
        if isinstance(call, dict)
        and set(call) == {"id", "type", "function"}
        and call["type"] == "function"
        and isinstance(call["id"], str)
        and call["id"]
        and isinstance(call["function"], dict)
    ]
