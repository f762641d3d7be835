"""Every kind of bad answer that the Gemini API, its gateways and networks are known to give, made of a good one."""

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Literal

from agent.llm.emulators.gemini_answers import failed, prompt_blocked, quota_failure, replied, retry_info
from agent.llm.emulators.server import Answer

Effect = Literal["none", "retry", "reask"]
PAGE = Answer("<!doctype html><html><body>Bad gateway</body></html>", headers={"content-type": "text/html"})
LIMIT = "You exceeded your current quota, please check your plan and billing details."


def _candidate(change: Callable[[dict[str, Any]], None]) -> Callable[[Answer], Answer]:
    """Changes the first candidate of an answer."""

    def faulty(answer: Answer) -> Answer:
        body = copy.deepcopy(answer.body)
        change(body["candidates"][0])
        return replace(answer, body=body)

    return faulty


def _calls(change: Callable[[dict[str, Any]], None]) -> Callable[[Answer], Answer]:
    """Changes every call of an answer."""

    def each(candidate: dict[str, Any]) -> None:
        for part in candidate["content"]["parts"]:
            if "functionCall" in part:
                change(part["functionCall"])

    return _candidate(each)


def _top(**fields: Any) -> Callable[[Answer], Answer]:
    """Replaces fields of the body; None takes one away."""

    def faulty(answer: Answer) -> Answer:
        kept = {key: value for key, value in {**answer.body, **fields}.items() if value is not None}
        return replace(answer, body=kept)

    return faulty


def _instead(answer: Answer) -> Callable[[Answer], Answer]:
    return lambda _: answer


def _finish(reason: str, message: str = "") -> Callable[[Answer], Answer]:
    return _instead(replied(finish=reason, message=message))


def _cut_json(answer: Answer) -> Answer:
    text = json.dumps(answer.body)
    return replace(answer, body=text[: len(text) * 2 // 3])


def _args_as_text(call: dict[str, Any]) -> None:
    call["args"] = json.dumps(call["args"])


FAULTS: Mapping[str, Callable[[Answer], Answer]] = {
    # the server and the way to it
    "http_500": _instead(failed(500, "An internal error has occurred.")),
    "overloaded_503": _instead(failed(503, "The model is overloaded. Please try again later.")),
    "deadline_504": _instead(failed(504, "The request timed out. Please try again.")),
    "html_502": _instead(replace(PAGE, status=502)),
    "html_200": _instead(PAGE),
    "empty_200": _instead(Answer("")),
    "no_content_204": _instead(Answer("", 204)),
    "error_in_200": _instead(replace(failed(503, "The service is unavailable."), status=200)),
    "error_in_list": lambda _: Answer([failed(500, "Internal error.").body], 500),
    "error_as_text": _instead(Answer({"error": "upstream failure"}, 500)),
    "list_200": lambda answer: replace(answer, body=[answer.body]),
    "cut_json": _cut_json,
    "cut": lambda answer: replace(answer, manner="cut"),
    "reset": lambda answer: replace(answer, manner="reset"),
    "hang": lambda answer: replace(answer, manner="hang"),
    "drip": lambda answer: replace(answer, manner="drip", drip=0.2),
    # limits
    "rate_limit": _instead(failed(429, "Resource has been exhausted (e.g. check quota).")),
    "rate_limit_delay": _instead(
        failed(429, LIMIT, quota_failure("GenerateRequestsPerMinutePerProjectPerModel", "10"), retry_info(7.5))
    ),
    "rate_limit_words": _instead(failed(429, f"{LIMIT} Please retry in 3.25s.")),
    "rate_limit_header": _instead(failed(429, "Too many requests.", retry_after="2")),
    "rate_limit_503": _instead(failed(503, "Resource has been exhausted.", status="RESOURCE_EXHAUSTED")),
    "rate_limit_html": _instead(replace(PAGE, status=429)),
    # replies without a usable call
    "no_candidates": _top(candidates=[]),
    "missing_candidates": _top(candidates=None),
    "no_content": _finish("STOP"),
    "no_parts": _candidate(lambda candidate: candidate["content"].pop("parts")),
    "thoughts_only": _instead(replied({"text": "Let me think.", "thought": True})),
    "prose": _instead(replied({"text": "I would click the button now."})),
    "prompt_block": _instead(prompt_blocked()),
    "safety": _finish("SAFETY"),
    "recitation": _finish("RECITATION"),
    "malformed_call": _finish("MALFORMED_FUNCTION_CALL", "Malformed function call: print(browser_click(target=e1"),
    "unexpected_call": _finish("UNEXPECTED_TOOL_CALL", "Unexpected tool call: browser_fly"),
    "malformed_response": _finish("MALFORMED_RESPONSE"),
    "length": _instead(replied({"text": "First I will"}, finish="MAX_TOKENS")),
    "other": _finish("OTHER"),
    # calls
    "length_mid_call": lambda answer: _candidate(lambda candidate: candidate.update(finishReason="MAX_TOKENS"))(
        _calls(lambda call: call.update(args={}))(answer)
    ),
    "unknown_tool": _calls(lambda call: call.update(name="no_such_tool")),
    "malformed_arguments": _calls(lambda call: call.update(args="<<none>>")),
    "missing_ids": _calls(lambda call: call.pop("id", None)),
    "args_as_text": _calls(_args_as_text),
    # replies that only look odd
    "no_usage": _top(usageMetadata=None),
    "half_usage": _top(usageMetadata={"promptTokenCount": 100}),
    "unknown_finish": _candidate(lambda candidate: candidate.update(finishReason="FINISH_OF_TOMORROW")),
    "unknown_fields": _candidate(lambda candidate: candidate["content"]["parts"][0].update(fieldOfTomorrow={"x": 1})),
}
"""From a good answer with calls to a faulty one."""

_NONE = ("drip", "missing_ids", "args_as_text", "no_usage", "half_usage", "unknown_finish", "unknown_fields")
_REASK = (
    *("no_candidates", "missing_candidates", "no_content", "no_parts", "thoughts_only", "prose", "prompt_block"),
    *("safety", "recitation", "malformed_call", "unexpected_call", "malformed_response", "length", "other"),
    *("length_mid_call", "unknown_tool", "malformed_arguments"),
)
FAULT_EFFECT: Mapping[str, Effect] = {
    kind: "none" if kind in _NONE else "reask" if kind in _REASK else "retry" for kind in FAULTS
}
"""What a good layer does: nothing, another try by the governor, asking the model again. `length_mid_call` is for calls
of a tool that requires arguments: without them nothing was lost."""
