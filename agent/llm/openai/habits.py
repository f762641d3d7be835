"""Where a server's habits differ from the protocol, learnt from what it refused. Pure.

Each habit changes once and never back, so that no two refusals can send a request to and fro.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal

REASONING = ("reasoning_content", "reasoning", "reasoning_details")
"""Fields of a reply's thoughts: DeepSeek, llama.cpp and older vLLM; Ollama and newer vLLM; OpenRouter."""

_UNKNOWN = re.compile(
    r"unsupported|not support|unknown|unrecognized|unexpected|not permitted|not allowed|extra (inputs|fields)|"
    r"instead|only the default|deprecated|invalid|does not support|cannot be used|extra_forbidden",
    re.I,
)
_LIMIT = re.compile(r"\bmax_(completion_)?tokens\b", re.I)
_REASONING = re.compile(r"\breasoning(_content|_details)?\b(?!_effort)", re.I)
_ALTERNATION = re.compile(r"must alternate|role '?\"?user'?\"? after role '?\"?tool", re.I)

Limit = Literal["max_tokens", "max_completion_tokens", ""]


@dataclass(frozen=True, slots=True)
class Habits:
    """`limit` is how the longest answer is named, empty where it must not be given. `reasoning`: thoughts are sent
    back. `effort` is a reasoning effort that has to be named. `fold`: no user message may follow tool messages, so
    that its text joins the last of them."""

    limit: Limit = "max_tokens"
    limit_swapped: bool = False
    temperature: bool = True
    tool_choice: bool = True
    reasoning: bool = True
    effort: str = ""
    fold: bool = False


def learn(habits: Habits, words: str, body: Mapping[str, Any]) -> Habits | None:
    """What to do otherwise after a refusal in these words; None when it is not about a habit, or was heeded already."""
    if _ALTERNATION.search(words) and not habits.fold and _user_after_tool(body):
        return replace(habits, fold=True)
    if not _UNKNOWN.search(words):
        return None
    if "reasoning_effort" in words:
        needed = "none" in words and "reasoning_effort" not in body
        return replace(habits, effort="none") if needed else None
    if habits.limit in body and _LIMIT.search(words):
        return _other_limit(habits)
    if "temperature" in body and "temperature" in words:
        return replace(habits, temperature=False)
    if "tool_choice" in body and "tool_choice" in words:
        return replace(habits, tool_choice=False)
    if _REASONING.search(words) and _carries_reasoning(body):
        return replace(habits, reasoning=False)
    return None


def _other_limit(habits: Habits) -> Habits:
    if habits.limit_swapped:
        return replace(habits, limit="")
    other: Limit = "max_tokens" if habits.limit == "max_completion_tokens" else "max_completion_tokens"
    return replace(habits, limit=other, limit_swapped=True)


def _carries_reasoning(body: Mapping[str, Any]) -> bool:
    return any(name in message for message in body["messages"] for name in REASONING)


def _user_after_tool(body: Mapping[str, Any]) -> bool:
    roles = [message["role"] for message in body["messages"]]
    return any(pair == ("tool", "user") for pair in pairwise(roles))
