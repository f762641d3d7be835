"""What models put around a JSON document, taken off: reasoning, tags, code fences, prose. Pure.

Only what stands before and behind the document is touched, never its inside. A model may send anything, so every
layer takes time in proportion to the text: no pattern is tried anew at each blank of a run.
"""

import html
import re
from collections.abc import Callable

THOUGHT = re.compile(r"\A.*?</(?:think|thinking|thought|reasoning)>\s*", re.S | re.I)
OPEN_THOUGHT = re.compile(r"<(?:think|thinking|thought|reasoning)>", re.I)
TAGS = re.compile(
    r"\A(?:\s*(?:<\|?/?(?:tool_call|tool_calls|function_call|function|arguments|args|json|python_tag|message|constrain"
    r"|call|invoke|parameters|input)(?:=[\w.]+)?\|?>|\[/?(?:TOOL_CALLS?|ARGS)\]))+"
)
END_TAG = re.compile(r"</?[\w|]+>|\[/?(?:TOOL_CALLS?|ARGS)\]")
FENCE = re.compile(r"\A[^{\[\"]*?(?:```+|~~~+)[ \t]*\w*[ \t]*\n?", re.S)
FENCE_MARK = re.compile(r"```|~~~")
QUOTED_NAME = re.compile(r"[\"']\s*(?::|=>)")
PLACEHOLDER = re.compile(r"\{[\w .]+\}")
OBJECT_OR_LIST = re.compile(r"\{|\[\s*\{")
DOCUMENT = tuple("{[\"'")
BOM = "\ufeff\u200b\u2060\ufffe\0"


def peeled(text: str) -> tuple[str, tuple[str, ...]]:
    """The document and the steps that led to it. A text in which none can be told apart comes back as it was."""
    steps = []
    layers: tuple[tuple[str, Callable[[str], str]], ...] = (
        ("bom", lambda given: given.strip(BOM + " \t\r\n")),
        ("entities", _without_entities),
        ("thought", _without_thought),
        ("tags", _without_tags),
        ("fence", _without_fence),
        ("prose", _without_prose),
    )
    for step, layer in layers:
        rest = layer(text)
        if rest.strip() != text.strip():
            steps.append(step)
        text = rest.strip()
    return text, tuple(steps)


def _without_entities(text: str) -> str:
    """Only where the entities are the document's own quotes; a page's text may hold some of its own."""
    if re.match(r"[^\"']*?[{\[]\s*&(?:quot|#34|#x22|#39|apos);", text):
        return html.unescape(text)
    return text


def _without_thought(text: str) -> str:
    """A thought that never ended holds drafts only, so there is no document in it."""
    if text.startswith(DOCUMENT):
        return text
    opening = OPEN_THOUGHT.search(text)
    if opening and re.search(r"[{\"]", text[: opening.start()]):
        return text
    rest = THOUGHT.sub("", text)
    return "" if OPEN_THOUGHT.match(rest) else rest


def _without_tags(text: str) -> str:
    """Tags before the document, and tags and fences behind it."""
    text = TAGS.sub("", text)
    end = _length(text, len(text))
    while (start := _last_sign(text, end)) < end:
        end = _length(text, start)
    return text[:end]


def _last_sign(text: str, end: int) -> int:
    """Where the tag or the fence begins that ends at `end`; `end` where there is none."""
    if text.endswith("```", 0, end):
        while end and text[end - 1] == "`":
            end -= 1
        return end
    opening = {">": "<", "]": "["}.get(text[end - 1 : end])
    start = text.rfind(opening, 0, end) if opening else -1
    return start if start >= 0 and END_TAG.fullmatch(text, start, end) else end


def _length(text: str, end: int) -> int:
    """Of `text[:end]` without the blanks at its end."""
    while end and text[end - 1].isspace():
        end -= 1
    return end


def _without_fence(text: str) -> str:
    if text.startswith(DOCUMENT):
        return _without_end_fence(text)
    fence = FENCE.match(text)
    return _without_end_fence(text[fence.end() :]) if fence else text


def _without_end_fence(text: str) -> str:
    """Without the first fence behind the last brace, and what follows it."""
    fence = FENCE_MARK.search(text, max(text.rfind("{"), text.rfind("}")) + 1)
    return text[: fence.start()].rstrip() if fence else text


def _without_prose(text: str) -> str:
    """Words before the first bracket and behind the last one, unless they hold a member of their own."""
    if not text.startswith(DOCUMENT):
        start = _start(text)
        if start is None or QUOTED_NAME.search(text[:start]):
            return text
        text = text[start:]
    end = max(text.rfind("}"), text.rfind("]")) + 1
    behind = text[end:]
    if text.startswith("{") and re.match(r"\s*[^\s\"',:{}\[\]=]", behind) and not re.search(r"[\"'`:=]", behind):
        return text[:end]
    return text


def _start(text: str) -> int | None:
    """Where the first bracket is that is more than a placeholder in a sentence."""
    at, end = 0, _length(text, len(text))
    while (found := OBJECT_OR_LIST.search(text, at)) is not None:
        placeholder = PLACEHOLDER.match(text, found.start())
        if placeholder is None or placeholder.end() >= end:
            return found.start()
        at = placeholder.end()
    return None
