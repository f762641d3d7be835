"""Tool calls that a model wrote into its text, because its server knows no better or its template is wrong. Pure.

Only what can be read in one way is a call: a page under test can hold anything, and a model may quote it. Known are
<tool_call> (Hermes, Qwen), <function=...> (Llama, Qwen-coder), [TOOL_CALLS] (Mistral), <|python_tag|> (Llama),
a fenced JSON object, and an object that is the whole text. However a text goes on, it is read in time proportional to
its length: a block is looked for by its start and then its end, never by both at each place.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.llm.received import parsed
from agent.llm.repair.arguments import Unreadable, arguments
from agent.llm.repair.calls import RawCall, ready
from agent.tools.surface import ToolCall, ToolSpec

LONGEST = 64_000
NAMES = ("name", "tool", "tool_name", "function")
ARGUMENTS = ("arguments", "parameters", "args", "params", "input", "tool_input")
BESIDE = ("id", "type", "call_id")
ENVELOPE = {
    "type": "object",
    "properties": {key: {} for key in (*NAMES, *ARGUMENTS, *BESIDE)},
    "anyOf": [{"required": [name]} for name in NAMES],
}

_THINK = (re.compile(r"<think(?:ing)?>", re.I), re.compile(r"</think(?:ing)?>", re.I))
_STOP = re.compile(r"(?:<\|(?:eom_id|eot_id|im_end|end)\|>|</s>)\s*\Z")
_TAGGED = re.compile(r"^[ \t]*<(tool_call|function_call)>(.*?)(?:</\1>[ \t]*$|\Z)", re.S | re.M)
_NEIGHBOURS = re.compile(r"(</(tool_call|function_call)>)[ \t]*(?=<\2>)")
_CLOSED = re.compile(r"</(?:tool_call|function_call)>")
_FUNCTION = (re.compile(r"^[ \t]*<function=[^<>]*>", re.M), re.compile(r"</function>[ \t]*$", re.M))
_ONE_FUNCTION = re.compile(r"<function=\s*([\w.:-]+)\s*>(.*)</function>", re.S)
_PARAMETER = (re.compile(r"<parameter=\s*([\w.-]+)\s*>"), re.compile(r"</parameter>"))
_MISTRAL = re.compile(r"^[ \t]*\[TOOL_CALLS\](.*)\Z", re.S | re.M)
_MISTRAL_NEW = re.compile(r"\s*+([\w.-]++)\s*+(?:\[CALL_ID\]\w++\s*+)?\[ARGS\]\s*+(?=\{)")
_PYTHON = re.compile(r"^[ \t]*<\|python_tag\|>(.*)\Z", re.S | re.M)
_FENCED = (re.compile(r"^[ \t]*```(?:json|tool_call|tool_code)?[ \t]*\n", re.M), re.compile(r"```[ \t]*$", re.M))
_SECOND = re.compile(
    r"</?tool_call|</?function_call|</?function\b|<parameter=|\[TOOL_CALLS\]|<\|python_tag\|>|<\|tool|```|</?think|"
    r"[\"'](?:name|tool|tool_name|function)[\"']\s*:",
    re.I,
)
"""Signs of another call in what is left of the text."""
_HEDGED = re.compile(
    r"\b(example|e\.g|alternatively|instead|otherwise|either|could|would|might|should i|shall i|do not|don't|never)\b"
    r"|\?",
    re.I,
)
"""A fence is also how a model shows what it does not do; next to such words it is left alone."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """`rest` is the text without the calls."""

    calls: tuple[ToolCall, ...]
    repairs: tuple[str, ...]
    rest: str


@dataclass(frozen=True, slots=True)
class _Block:
    """`start` and `end` are its places in the text, markup included; `body` is what stands between the markup."""

    opening: re.Match[str]
    body: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Found:
    raw: list[RawCall]
    rest: str


class _NoCall(ValueError):
    """The text is not, or not surely, a call."""


def recover(text: str, tools: Sequence[ToolSpec]) -> Recovered | None:
    """The calls in a text, when every one of them names a known tool, has arguments that fit it without loss, and
    nothing else in the text could be a call too. Else None: the model said something."""
    if not tools or len(text) > LONGEST:
        return None
    plain = _NEIGHBOURS.sub(r"\1\n", _STOP.sub("", _outside(text, list(_blocks(text, _THINK)))).strip())
    try:
        for read in (_tagged, _functions, _mistral, _python, _fenced, _bare):
            found = read(plain, tools)
            if found is not None:
                return None if _SECOND.search(found.rest) else _checked(found, tools)
    except (_NoCall, Unreadable):
        pass
    return None


def _blocks(text: str, signs: tuple[re.Pattern[str], re.Pattern[str]]) -> Iterator[_Block]:
    """From each opening to the next closing. Without a closing there is no block behind either."""
    opening, closing = signs
    at = 0
    while (start := opening.search(text, at)) and (end := closing.search(text, start.end())):
        yield _Block(start, text[start.end() : end.start()], start.start(), end.end())
        at = end.end()


def _outside(text: str, blocks: Sequence[_Block]) -> str:
    starts = [block.start for block in blocks] + [len(text)]
    ends = [0] + [block.end for block in blocks]
    return "".join(text[end:start] for end, start in zip(ends, starts, strict=True))


def _checked(found: _Found, tools: Sequence[ToolSpec]) -> Recovered:
    """Raises _NoCall, Unreadable."""
    calls = ready(found.raw, tools, cut=False)
    schemas = {spec.name: spec.parameters for spec in tools}
    for raw, call in zip(found.raw, calls.calls, strict=True):
        if arguments(raw.arguments, schemas[call.tool], call.tool).lossy:
            raise _NoCall
    return Recovered(calls.calls, calls.repairs, found.rest.strip())


def _tagged(text: str, tools: Sequence[ToolSpec]) -> _Found | None:
    blocks = list(_TAGGED.finditer(text))
    raw = [call for block in blocks for call in _in_tag(block[2].strip(), tools)]
    return _Found(raw, _TAGGED.sub("", text)) if blocks else None


def _in_tag(body: str, tools: Sequence[ToolSpec]) -> list[RawCall]:
    if _CLOSED.search(body):
        raise _NoCall
    if body.startswith("<function="):
        return [_function(body, tools)]
    value = _json(body)
    return [_envelope(item) for item in (value if isinstance(value, list) else [value])]


def _functions(text: str, tools: Sequence[ToolSpec]) -> _Found | None:
    blocks = list(_blocks(text, _FUNCTION))
    raw = [_function(text[block.start : block.end], tools) for block in blocks]
    return _Found(raw, _outside(text, blocks)) if blocks else None


def _function(block: str, tools: Sequence[ToolSpec]) -> RawCall:
    match = _ONE_FUNCTION.fullmatch(block.strip())
    if match is None:
        raise _NoCall
    name, body = match[1], match[2].strip()
    if not body.startswith("<parameter="):
        return RawCall("", name, body)
    blocks = list(_blocks(body, _PARAMETER))
    if _outside(body, blocks).strip():
        raise _NoCall
    schema = next((spec.parameters for spec in tools if spec.name == name), {})
    given = [(block.opening[1], block.body.removeprefix("\n").removesuffix("\n")) for block in blocks]
    if len(dict(given)) != len(given):
        raise _NoCall
    return RawCall("", name, {key: _typed(value, schema.get("properties", {}).get(key, {})) for key, value in given})


def _typed(value: str, schema: Mapping[str, Any]) -> Any:
    """In this syntax every value is bare text; the schema says what it means."""
    kinds = schema.get("type") or [item.get("type") for item in schema.get("anyOf", ()) if isinstance(item, dict)]
    if not kinds or "string" in ([kinds] if isinstance(kinds, str) else kinds):
        return value
    try:
        return parsed(value)
    except ValueError:
        raise _NoCall from None


def _mistral(text: str, tools: Sequence[ToolSpec]) -> _Found | None:
    match = _MISTRAL.search(text)
    if match is None:
        return None
    body = match[1].strip()
    if body.startswith("["):
        value = _json(body)
        raw = [_envelope(item) for item in value] if isinstance(value, list) else []
    else:
        raw = list(_new_mistral(body.replace("[TOOL_CALLS]", "")))
    return _Found(raw, text[: match.start()])


def _new_mistral(body: str) -> Iterator[RawCall]:
    at, body = 0, body.rstrip()
    while at < len(body):
        match = _MISTRAL_NEW.match(body, at)
        if match is None:
            raise _NoCall
        try:
            value, at = json.JSONDecoder(strict=False).raw_decode(body, match.end())
        except (ValueError, RecursionError):
            raise _NoCall from None
        yield RawCall("", match[1], value)


def _python(text: str, tools: Sequence[ToolSpec]) -> _Found | None:
    match = _PYTHON.search(text)
    if match is None:
        return None
    value = _json(match[1].strip())
    return _Found([_envelope(item) for item in (value if isinstance(value, list) else [value])], text[: match.start()])


def _fenced(text: str, tools: Sequence[ToolSpec]) -> _Found | None:
    blocks = list(_blocks(text, _FENCED))
    if len(blocks) != 1:
        return None
    rest = _outside(text, blocks)
    if _HEDGED.search(rest):
        raise _NoCall
    return _Found([_envelope(_json(blocks[0].body), bare=True)], rest)


def _bare(text: str, tools: Sequence[ToolSpec]) -> _Found | None:
    return _Found([_envelope(_json(text), bare=True)], "") if text.startswith("{") and text.endswith("}") else None


def _json(text: str) -> Any:
    """JSON, or an object that only has to be mended without loss."""
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        mended = arguments(text, ENVELOPE)
    if mended.lossy or not text.lstrip().startswith("{"):
        raise _NoCall
    return mended.value


def _envelope(value: Any, bare: bool = False) -> RawCall:
    """The name and the arguments in an object of a known form. `bare`: nothing but the form says that it is a call, so
    both must be there."""
    if isinstance(value, dict) and isinstance(value.get("function"), dict):
        value = {key: item for key, item in value.items() if key in BESIDE} | value["function"]
    if not isinstance(value, dict):
        raise _NoCall
    names = [key for key in NAMES if key in value]
    given = [key for key in ARGUMENTS if key in value]
    if len(names) != 1 or len(given) > 1 or set(value) - {*names, *given, *BESIDE} or (bare and not given):
        raise _NoCall
    return RawCall(str(value.get("id") or ""), str(value[names[0]]), value[given[0]] if given else {})
