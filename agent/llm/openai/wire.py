"""Chat completions on the wire: canonical messages to a request, a reply of any server to a ModelReply. Pure.

Servers leave out, rename and misplace fields, so the reply is read as plain data and nothing in it is relied on.
"""

import base64
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from agent.llm.base import Message, ModelReply, ModelRequest, Usage
from agent.llm.catalogue import Traits
from agent.llm.openai.habits import REASONING, Habits
from agent.llm.openai.text_calls import recover
from agent.llm.received import whole, whole_data
from agent.llm.repair.arguments import Unreadable
from agent.llm.repair.calls import RawCall, Ready, ready
from agent.tools.surface import Image, ToolCall, ToolSpec

PROVIDER = "openai"
BLIND = "(A picture was left out: this model reads none.)"
"""In place of an image for a model without vision."""


def request_body(request: ModelRequest, model: str, traits: Traits, habits: Habits) -> dict[str, Any]:
    body: dict[str, Any] = {"model": model, "messages": _messages(request, traits.vision, habits)}
    if request.tools:
        body["tools"] = [_tool(spec) for spec in request.tools]
        if request.force and habits.tool_choice:
            body["tool_choice"] = "required"
        if habits.effort:
            body["reasoning_effort"] = habits.effort
    if request.temperature is not None and habits.temperature:
        body["temperature"] = request.temperature
    if habits.limit:
        body[habits.limit] = traits.max_output
    return body


def _tool(spec: ToolSpec) -> dict[str, Any]:
    schema = {key: value for key, value in spec.parameters.items() if key != "$schema"}
    function = {"name": spec.name, "description": spec.description, "parameters": schema}
    return {"type": "function", "function": function}


def _messages(request: ModelRequest, vision: bool, habits: Habits) -> list[dict[str, Any]]:
    """A tool message may hold text only, so its pictures follow in a user message, behind the last tool message of the
    turn. Neighbouring user messages become one: templates of local servers want the roles to alternate."""
    wire: list[dict[str, Any]] = [{"role": "system", "content": request.system}] if request.system else []
    pictures: list[dict[str, Any]] = []
    for message in request.messages:
        if message.role == "tool":
            wire.append(_answer(message, vision))
            pictures += _pictures(message) if vision else ()
            continue
        if pictures:
            _add_user(wire, pictures, fold=False)
            pictures = []
        if message.role == "user":
            _add_user(wire, [{"type": "text", "text": whole(message.text)}], habits.fold)
        else:
            wire.append(_said(message, habits))
    if pictures:
        _add_user(wire, pictures, fold=False)
    return wire


def _answer(message: Message, vision: bool) -> dict[str, Any]:
    lines = [whole(message.text), *([] if vision else [BLIND] * len(message.images))]
    return {"role": "tool", "tool_call_id": message.call_id, "content": "\n".join(line for line in lines if line)}


def _pictures(message: Message) -> Iterable[dict[str, Any]]:
    for image in message.images:
        yield {"type": "text", "text": f"A picture that {message.tool or 'the tool'} answered with:"}
        yield {"type": "image_url", "image_url": {"url": _data_uri(image)}}


def _data_uri(image: Image) -> str:
    return f"data:{image.media_type};base64,{base64.b64encode(image.data).decode()}"


def _add_user(wire: list[dict[str, Any]], parts: list[dict[str, Any]], fold: bool) -> None:
    """A content is a text as long as it can be: many local servers read no parts."""
    last: dict[str, Any] = wire[-1] if wire else {"role": ""}
    if fold and last["role"] == "tool":
        last["content"] = "\n\n".join([last["content"], *(part["text"] for part in parts)])
        return
    if last["role"] != "user":
        last = {"role": "user", "content": []}
        wire.append(last)
    before = last["content"]
    before = [{"type": "text", "text": before}] if isinstance(before, str) else before
    content = [*before, *parts]
    plain = all(part["type"] == "text" for part in content)
    last["content"] = "\n\n".join(part["text"] for part in content) if plain else content


def _said(message: Message, habits: Habits) -> dict[str, Any]:
    """Thoughts go back as they came, and only to the provider that had them."""
    wire: dict[str, Any] = {"role": "assistant", "content": whole(message.text)}
    if message.calls:
        wire["tool_calls"] = [_call(call) for call in message.calls]
        wire["content"] = wire["content"] or None
    state = message.state or {}
    if habits.reasoning and state.get("provider") == PROVIDER:
        wire |= {name: state[name] for name in REASONING if name in state}
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
    thoughts = {name: whole_data(message[name]) for name in REASONING if message.get(name)}
    state = {"provider": PROVIDER, **thoughts} if thoughts else None
    if finish == "content_filter":
        return ModelReply("blocked", text, usage=usage, state=state, detail="The provider's filter stepped in.")
    cut = finish == "length"
    try:
        found = ready(_raw_calls(message), tools, cut)
        recovered = None if found.calls or cut else recover(text, tools)
    except Unreadable as error:
        return ModelReply("truncated" if cut else "malformed", text, usage=usage, state=state, detail=str(error))
    if recovered is not None:
        found, text = Ready(recovered.calls, (*recovered.repairs, "written as text")), recovered.rest
    if found.calls:
        return ModelReply("called", text, found.calls, usage, state, repairs=found.repairs)
    if cut:
        detail = "The reply reached its greatest length before it was complete."
        return ModelReply("truncated", text, usage=usage, state=state, detail=detail)
    return _without_calls(text, _text(message.get("refusal")), usage, state)


def _without_calls(text: str, refusal: str, usage: Usage, state: Mapping[str, Any] | None) -> ModelReply:
    if text.strip():
        return ModelReply("said", text, usage=usage, state=state)
    if refusal:
        return ModelReply("blocked", usage=usage, state=state, detail=f"The model refused: {refusal[:200]}")
    what = "only thoughts, neither text nor calls" if state else "neither text nor calls"
    return ModelReply("empty", usage=usage, state=state, detail=f"The reply held {what}.")


def _raw_calls(message: Mapping[str, Any]) -> list[RawCall]:
    given = message.get("tool_calls")
    items = given if isinstance(given, list) else [given] if isinstance(given, dict) else []
    if not items and message.get("function_call"):
        items = [{"function": message["function_call"]}]
    return [_raw_call(_dict(item)) for item in items]


def _raw_call(item: Mapping[str, Any]) -> RawCall:
    """`function`, or the `custom` of a custom tool, or neither and the fields beside the id."""
    inner = _dict(item.get("function")) or _dict(item.get("custom")) or item
    arguments = next((inner[key] for key in ("arguments", "parameters", "input") if key in inner), None)
    call_id = item.get("id")
    return RawCall(whole(str(call_id)) if call_id else "", whole(str(inner.get("name") or "")), arguments)


def _usage(given: Mapping[str, Any], seconds: float) -> Usage:
    """Some servers count the thoughts only in the total."""
    prompt, completion = _count(given.get("prompt_tokens")), _count(given.get("completion_tokens"))
    total = _count(given.get("total_tokens"))
    details = _dict(given.get("prompt_tokens_details"))
    return Usage(
        input=prompt,
        cached=min(prompt, _count(details.get("cached_tokens")) or _count(given.get("prompt_cache_hit_tokens"))),
        output=max(completion, total - prompt) if prompt and completion else completion,
        reasoning=_count(_dict(given.get("completion_tokens_details")).get("reasoning_tokens")),
        seconds=seconds,
    )


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    return int(value) if math.isfinite(value) and value > 0 else 0


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(content: Any) -> str:
    """Some servers send a list of parts."""
    if isinstance(content, list):
        return "".join(_text(_dict(part).get("text") if isinstance(part, dict) else part) for part in content)
    return whole(content) if isinstance(content, str) else ""
