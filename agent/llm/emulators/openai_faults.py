"""Every kind of bad answer that chat-completions servers, gateways and networks are known to give, made of a good one.

A fault that changes calls leaves an answer without calls as it is.
"""

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Literal

from agent.llm.emulators.openai import completion, failed, said
from agent.llm.emulators.openai_hosts import refusal
from agent.llm.emulators.server import Answer

Effect = Literal["none", "retry", "reask"]
PAGE = Answer("<!doctype html><html><body>Bad gateway</body></html>", headers={"content-type": "text/html"})
LIMIT = "Rate limit reached for requests per minute."


def _instead(answer: Answer) -> Callable[[Answer], Answer]:
    return lambda _: answer


def _top(**fields: Any) -> Callable[[Answer], Answer]:
    """Replaces fields of the body; None takes one away."""

    def faulty(answer: Answer) -> Answer:
        kept = {key: value for key, value in {**answer.body, **fields}.items() if value is not None}
        return replace(answer, body=kept)

    return faulty


def _choice(change: Callable[[dict[str, Any]], object]) -> Callable[[Answer], Answer]:
    def faulty(answer: Answer) -> Answer:
        body = copy.deepcopy(answer.body)
        change(body["choices"][0])
        return replace(answer, body=body)

    return faulty


def _calls(change: Callable[[dict[str, Any]], object]) -> Callable[[Answer], Answer]:
    """Changes every call of an answer."""

    def each(choice: dict[str, Any]) -> None:
        for call in choice["message"].get("tool_calls") or ():
            change(call)

    return _choice(each)


def _args(write: Callable[[dict[str, Any]], Any]) -> Callable[[Answer], Answer]:
    """Changes the arguments of every call; `write` gets them as an object."""
    return _calls(lambda call: call["function"].update(arguments=write(json.loads(call["function"]["arguments"]))))


def _cut_json(answer: Answer) -> Answer:
    text = json.dumps(answer.body)
    return replace(answer, body=text[: len(text) * 2 // 3])


def _cut_args(args: dict[str, Any]) -> str:
    """Ends within the last value, as a reply does that was too long."""
    text = json.dumps(args)
    return text[: len(text) - 3] if args else "{"


def _loose(args: dict[str, Any]) -> str:
    """Not JSON, but nothing is lost."""
    return json.dumps(args)[:-1] + ",}" if args else "{ }"


def _same_ids(choice: dict[str, Any]) -> None:
    for call in choice["message"].get("tool_calls") or ():
        call["id"] = "call_0"


def _as_text(choice: dict[str, Any]) -> None:
    calls = choice["message"].pop("tool_calls", None) or ()
    blocks = [
        json.dumps({"name": call["function"]["name"], "arguments": json.loads(call["function"]["arguments"])})
        for call in calls
    ]
    if blocks:
        choice["message"]["content"] = "\n".join(f"<tool_call>\n{block}\n</tool_call>" for block in blocks)
        choice["finish_reason"] = "stop"


def _as_legacy(choice: dict[str, Any]) -> None:
    """That form holds one call only."""
    if len(calls := choice["message"].get("tool_calls") or ()) == 1:
        choice["message"]["function_call"] = calls[0]["function"]
        del choice["message"]["tool_calls"]
        choice["finish_reason"] = "function_call"


def _as_custom(call: dict[str, Any]) -> None:
    call.update(type="custom", custom={"name": "no_such_tool", "input": "x"})
    del call["function"]


def _as_parts(choice: dict[str, Any]) -> None:
    text = choice["message"].get("content")
    choice["message"]["content"] = [{"type": "text", "text": text}] if text else []


def _both(*faults: Callable[[Answer], Answer]) -> Callable[[Answer], Answer]:
    def faulty(answer: Answer) -> Answer:
        for fault in faults:
            answer = fault(answer)
        return answer

    return faulty


_RETRY: dict[str, Callable[[Answer], Answer]] = {
    "http_500": _instead(failed(500, "The server had an error while processing your request.")),
    "overloaded_503": _instead(refusal(503, "The engine is currently overloaded.", kind="server_error")),
    "html_502": _instead(replace(PAGE, status=502)),
    "timeout_408": _instead(failed(408, "Request timed out.")),
    "conflict_409": _instead(failed(409, "The resource is being changed.")),
    "rate_limit": _instead(failed(429, LIMIT, "rate_limit_exceeded")),
    "rate_limit_delay": _instead(failed(429, LIMIT, "rate_limit_exceeded", retry_after="7.5")),
    "rate_limit_ms": _instead(failed(429, LIMIT, "rate_limit_exceeded", retry_after_ms="2500")),
    "rate_limit_text": _instead(Answer("Too many requests", 429, {"content-type": "text/plain", "retry-after": "2"})),
    "html_200": _instead(PAGE),
    "empty_200": _instead(Answer("")),
    "list_200": _instead(Answer([])),
    "error_200": _instead(Answer({"error": {"message": "Upstream provider failed.", "code": 502}})),
    "error_200_text": _instead(Answer({"error": "upstream connect error"})),
    "error_in_choice": _choice(lambda choice: choice.update(error={"message": "Provider returned error", "code": 502})),
    "cut_json": _cut_json,
    "cut": lambda answer: replace(answer, manner="cut"),
    "reset": lambda answer: replace(answer, manner="reset"),
    "hang": lambda answer: replace(answer, manner="hang"),
}
_REASK: dict[str, Callable[[Answer], Answer]] = {
    "no_choices": _top(choices=None),
    "empty_choices": _top(choices=[]),
    "no_message": _choice(lambda choice: choice.pop("message")),
    "nothing_said": _instead(said("")),
    "thoughts_only": _instead(said("", reasoning_content="Let me think.")),
    "prose": _instead(said("I would click the button now.")),
    "content_filter": _instead(completion({"role": "assistant", "content": "", "refusal": None}, "content_filter")),
    "filtered_400": _instead(failed(400, "The response was filtered.", "content_filter")),
    "refusal": _instead(completion({"role": "assistant", "content": None, "refusal": "I can't help."}, "stop")),
    "length": _instead(completion({"role": "assistant", "content": "First I will", "refusal": None}, "length")),
    "length_mid_call": _both(_args(_cut_args), _choice(lambda choice: choice.update(finish_reason="length"))),
    "lossy_arguments": _args(_cut_args),
    "malformed_arguments": _args(lambda args: "<<none>>"),
    "args_null": _args(lambda args: None),
    "args_list": _args(lambda args: "[1]"),
    "unknown_tool": _calls(lambda call: call["function"].update(name="no_such_tool")),
    "nameless_call": _calls(lambda call: call["function"].pop("name")),
    "custom_call": _calls(_as_custom),
}
_NONE: dict[str, Callable[[Answer], Answer]] = {
    "drip": lambda answer: replace(answer, manner="drip", drip=0.2),
    "no_usage": _top(usage=None),
    "half_usage": _top(usage={"prompt_tokens": 100, "completion_tokens": None}),
    "missing_ids": _calls(lambda call: call.pop("id")),
    "missing_types": _calls(lambda call: call.pop("type")),
    "repeated_ids": _choice(_same_ids),
    "args_as_object": _args(lambda args: args),
    "loose_arguments": _args(_loose),
    "text_call": _choice(_as_text),
    "legacy_call": _choice(_as_legacy),
    "content_parts": _choice(_as_parts),
    "call_that_stops": _choice(lambda choice: choice.update(finish_reason="stop")),
    "unknown_finish": _choice(lambda choice: choice.update(finish_reason="finish_of_tomorrow")),
    "no_finish": _choice(lambda choice: choice.update(finish_reason=None)),
    "reasoning": _choice(lambda choice: choice["message"].update(reasoning_content="Let me think.")),
    "unknown_fields": _both(_top(tomorrow={"x": 1}), _choice(lambda choice: choice["message"].update(tomorrow=[1]))),
}
FAULTS: Mapping[str, Callable[[Answer], Answer]] = _RETRY | _REASK | _NONE
"""From a good answer with calls to a faulty one."""

FAULT_EFFECT: Mapping[str, Effect] = {
    kind: "retry" if kind in _RETRY else "reask" if kind in _REASK else "none" for kind in FAULTS
}
"""What a good layer does: nothing, another try by the governor, asking the model again. `lossy_arguments` and
`length_mid_call` are for calls of a tool that writes, since reading may do with less; `args_null` and `args_list` for
one that requires arguments."""
