"""Gemini on the wire: canonical messages to contents and config, a raw reply to a ModelReply. Pure; imports no SDK.

Everything here is spelled as the REST API spells it (camelCase, bytes as base64), so that what was received can be
kept in `ModelReply.state` and sent again as it was.
"""

import base64
import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from agent.llm.base import Message, ModelReply, ModelRequest, Outcome, Usage
from agent.llm.received import whole, whole_data
from agent.llm.repair.arguments import Unreadable
from agent.llm.repair.calls import RawCall, ready
from agent.tools.surface import ToolSpec

PROVIDER = "gemini"
DUMMY = base64.b64encode(b"skip_thought_signature_validator").decode()
"""The documented signature for calls that this model did not make itself."""

BLOCKED = frozenset(
    {"SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII", "MODEL_ARMOR", "ESCALATION", "PUP_LIMITED_DISABLED"}
    | {"IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT"}
)
RECITED = frozenset({"RECITATION", "IMAGE_RECITATION"})
UNSIGNED = "MISSING_THOUGHT_SIGNATURE"
MALFORMED = frozenset(
    {"MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "MALFORMED_RESPONSE", "TOO_MANY_TOOL_CALLS", UNSIGNED}
)
_RELEASE = re.compile(r"-(preview|exp|experimental|latest|\d{2,})\b.*$")


def model_family(model: str) -> str:
    """The name without `models/` and without what marks one release: `gemini-3.1-pro` of
    `models/gemini-3.1-pro-preview-09-2026`."""
    return _RELEASE.sub("", model.removeprefix("models/"))


def prefix_of(system: str, tools: Sequence[ToolSpec], mode: Literal["AUTO", "ANY"]) -> dict[str, Any]:
    """What is the same from turn to turn and can be cached: system instruction, tools, tool config."""
    prefix: dict[str, Any] = {"systemInstruction": {"parts": [{"text": system}]}} if system else {}
    if tools:
        prefix["tools"] = [{"functionDeclarations": [_declaration(spec) for spec in tools]}]
        prefix["toolConfig"] = {"functionCallingConfig": {"mode": mode}}
    return prefix


def _declaration(spec: ToolSpec) -> dict[str, Any]:
    schema = {key: value for key, value in spec.parameters.items() if key != "$schema"}
    return {"name": spec.name, "description": spec.description, "parametersJsonSchema": schema}


Sendable = Callable[[dict[str, Any]], bool]
"""Whether a content can be sent as it came: what a server sent is not always what it would take."""


def contents_of(
    messages: Sequence[Message], model: str, signed: bool = True, sendable: Sendable = lambda _: True
) -> list[dict[str, Any]]:
    """`signed` False sends no signature of the past but the dummy: for when the server refused one."""
    contents: list[dict[str, Any]] = []
    rest = deque(messages)
    while rest:
        message = rest.popleft()
        if message.role != "assistant":
            _say(contents, whole(message.text))
            continue
        answers: dict[str, Message] = {}
        while rest and rest[0].role == "tool":
            answer = rest.popleft()
            answers[answer.call_id] = answer
        own = _own_content(message, model) if signed else None
        contents += _turn(message, answers, own if own and sendable(own) else _foreign_content(message))
    return contents


def _say(contents: list[dict[str, Any]], text: str) -> None:
    """Messages in a row become one content; answers of tools stay in one of their own."""
    if contents and contents[-1]["role"] == "user" and "text" in contents[-1]["parts"][-1]:
        contents[-1]["parts"].append({"text": text})
    else:
        contents.append({"role": "user", "parts": [{"text": text}]})


def _turn(message: Message, answers: Mapping[str, Message], content: dict[str, Any]) -> list[dict[str, Any]]:
    """The model's content and, where it called tools, one user content with all answers in the order of the calls."""
    if not content["parts"]:
        return []
    if not message.calls:
        return [content]
    pairs = zip(_function_calls(content), message.calls, strict=True)
    return [content, {"role": "user", "parts": [_answer(sent, answers.get(call.id)) for sent, call in pairs]}]


def _own_content(message: Message, model: str) -> dict[str, Any] | None:
    """The content as this model family sent it, unless it does not fit the calls that were run or cannot be sent."""
    state = message.state or {}
    if (state.get("provider"), state.get("family")) != (PROVIDER, model_family(model)):
        return None
    content = _dict(state.get("content"))
    parts, calls = _list(content.get("parts")), _function_calls(content)
    if (
        not parts
        or len(calls) != len(message.calls)
        or not all(isinstance(call.get("args", {}), dict) for call in calls)
    ):
        return None
    return {"role": "model", "parts": parts}


def _foreign_content(message: Message) -> dict[str, Any]:
    parts: list[dict[str, Any]] = [{"text": whole(message.text)}] if message.text else []
    for index, call in enumerate(message.calls):
        part: dict[str, Any] = {"functionCall": {"id": call.id, "name": call.tool, "args": dict(call.args)}}
        # Of parallel calls only the first one carries a signature.
        parts.append({**part, "thoughtSignature": DUMMY} if index == 0 else part)
    return {"role": "model", "parts": parts}


def _answer(sent: Mapping[str, Any], answer: Message | None) -> dict[str, Any]:
    """The id goes back only where the server gave one; the ones of our own are not known to it."""
    response: dict[str, Any] = {"id": sent["id"]} if sent.get("id") else {}
    response["name"] = str(sent.get("name") or "")
    response["response"] = {"output": whole(answer.text) if answer else "No result."}
    if answer and answer.images:
        response["parts"] = [
            {"inlineData": {"mimeType": image.media_type, "data": base64.b64encode(image.data).decode()}}
            for image in answer.images
        ]
    return {"functionResponse": response}


def reply_of(body: Mapping[str, Any], request: ModelRequest, model: str, seconds: float) -> ModelReply:
    """Total: whatever an object of JSON holds, it has its place in the closed set of outcomes."""
    usage = usage_of(body, seconds)
    candidates = _list(body.get("candidates"))
    if not candidates:
        return _without_candidate(body, usage)
    candidate = _dict(candidates[0])
    content = _dict(candidate.get("content"))
    finish = finish_of(body)
    text = "".join(_text(part) for part in _parts(content))
    kept = whole_data(content)
    state = {"provider": PROVIDER, "family": model_family(model), "content": kept} if kept else None

    def ended(outcome: Outcome, detail: str) -> ModelReply:
        return ModelReply(outcome, text, usage=usage, state=state, detail=detail)

    if finish in RECITED:
        return ended("blocked", "The provider withheld the reply: it quoted its source too closely.")
    if finish in BLOCKED:
        return ended("blocked", f"The provider withheld the reply ({finish}).")
    message = whole(" ".join(str(candidate.get("finishMessage") or "").split())[:500])
    if finish in MALFORMED:
        return ended("malformed", f"The reply was no usable call ({finish}){f': {message}' if message else ''}.")
    try:
        found = ready(_raw_calls(content), request.tools, cut=finish == "MAX_TOKENS")
    except Unreadable as error:
        return ended("malformed", str(error))
    if found.calls:
        return ModelReply("called", text, found.calls, usage, state, repairs=found.repairs)
    if finish == "MAX_TOKENS":
        return ended("truncated", "The reply was cut off at its longest length.")
    if text.strip():
        return ModelReply("said", text, usage=usage, state=state)
    why = "" if finish in ("", "STOP") else f" ({finish}{f': {message}' if message else ''})"
    return ended("empty", f"The reply held neither text nor calls{why}.")


def finish_of(body: Mapping[str, Any]) -> str:
    """Why the first candidate ended, as the server calls it; empty when it does not say."""
    candidates = _list(body.get("candidates"))
    return whole(str(_dict(candidates[0]).get("finishReason") or "")) if candidates else ""


def _without_candidate(body: Mapping[str, Any], usage: Usage) -> ModelReply:
    reason = _dict(body.get("promptFeedback")).get("blockReason")
    if reason:
        return ModelReply("blocked", usage=usage, detail=f"The provider refused to read the request ({reason}).")
    return ModelReply("empty", usage=usage, detail="The reply held no candidates.")


def _raw_calls(content: Mapping[str, Any]) -> list[RawCall]:
    return [
        RawCall(whole(str(call.get("id") or "")), whole(str(call.get("name") or "")), call.get("args"))
        for call in _function_calls(content)
    ]


def _function_calls(content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [_dict(part["functionCall"]) for part in _parts(content) if "functionCall" in part]


def _text(part: Mapping[str, Any]) -> str:
    """Thoughts are not shown: they are no answer."""
    text = part.get("text")
    return whole(text) if isinstance(text, str) and not part.get("thought") else ""


def usage_of(body: Mapping[str, Any], seconds: float) -> Usage:
    given = _dict(body.get("usageMetadata"))
    thoughts = _count(given.get("thoughtsTokenCount"))
    return Usage(
        input=_count(given.get("promptTokenCount")) + _count(given.get("toolUsePromptTokenCount")),
        cached=_count(given.get("cachedContentTokenCount")),
        output=_count(given.get("candidatesTokenCount")) + thoughts,
        reasoning=thoughts,
        seconds=seconds,
    )


def _count(value: Any) -> int:
    return value if isinstance(value, int) and value > 0 else 0


def _parts(content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [_dict(part) for part in _list(content.get("parts"))]


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
