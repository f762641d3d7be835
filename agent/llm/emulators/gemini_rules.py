"""What the Gemini API takes: the shape of its requests and the rules of a conversation, as far as they are published.
For the wire emulator only; imports no SDK, so that client and emulator are two readings of the protocol.
"""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from typing import Any

ANY = object()
"""Left as it is: JSON Schemas, arguments and answers of tools are the user's own."""
BYTES = object()
DUMMY = b"skip_thought_signature_validator"

SHAPES: Mapping[str, Mapping[str, Any]] = {
    "generate": {
        "contents": ["content"],
        "systemInstruction": "content",
        "tools": ["tool"],
        "toolConfig": "toolConfig",
        "cachedContent": str,
        "generationConfig": "generationConfig",
    },
    "cache": {
        "model": str,
        "contents": ["content"],
        "systemInstruction": "content",
        "tools": ["tool"],
        "toolConfig": "toolConfig",
        "ttl": str,
        "displayName": str,
    },
    "content": {"role": str, "parts": ["part"]},
    "part": {
        "text": str,
        "inlineData": "blob",
        "functionCall": "functionCall",
        "functionResponse": "functionResponse",
        "thought": bool,
        "thoughtSignature": BYTES,
    },
    "blob": {"mimeType": str, "data": BYTES},
    "functionCall": {"id": str, "name": str, "args": ANY},
    "functionResponse": {"id": str, "name": str, "response": ANY, "parts": ["responsePart"]},
    "responsePart": {"inlineData": "blob"},
    "tool": {"functionDeclarations": ["declaration"]},
    "declaration": {"name": str, "description": str, "parameters": ANY, "parametersJsonSchema": ANY},
    "toolConfig": {"functionCallingConfig": "callingConfig"},
    "callingConfig": {"mode": str, "allowedFunctionNames": ANY},
    "generationConfig": {"temperature": (int, float), "maxOutputTokens": int, "topP": (int, float), "topK": int}
    | {"seed": int, "candidateCount": int, "stopSequences": ANY, "thinkingConfig": ANY},
}
MODES = ("MODE_UNSPECIFIED", "AUTO", "ANY", "NONE", "VALIDATED")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,127}")


class Breach(Exception):
    """The server would refuse the request with status 400 and these words."""


def shaped(value: Any, shape: Any, path: str = "") -> Any:
    """The value with all names in camelCase and bytes decoded, both spellings being read. Raises Breach."""
    if shape is ANY:
        return value
    if shape is BYTES:
        return decoded(value, path)
    if isinstance(shape, list):
        if not isinstance(value, list):
            raise Breach(f"Invalid JSON payload received. {path} is not a list.")
        return [shaped(item, shape[0], f"{path}[{index}]") for index, item in enumerate(value)]
    if not isinstance(shape, str):
        if not isinstance(value, shape) or (isinstance(value, bool) and shape is not bool):
            raise Breach(f"Invalid value at {path}.")
        return value
    if not isinstance(value, dict):
        raise Breach(f"Invalid JSON payload received. {path} is not an object.")
    found: dict[str, Any] = {}
    for name, item in value.items():
        camel = re.sub(r"_([a-z])", lambda match: match[1].upper(), name)
        if camel not in SHAPES[shape] or camel in found:
            raise Breach(f'Invalid JSON payload received. Unknown name "{name}" at {path or "the request"!r}.')
        found[camel] = shaped(item, SHAPES[shape][camel], f"{path}.{camel}".lstrip("."))
    return found


def decoded(value: Any, path: str) -> bytes:
    """Base64 in either alphabet, as proto JSON reads it. Raises Breach."""
    try:
        text = str(value).rstrip("=").replace("-", "+").replace("_", "/")
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        raise Breach(f"Invalid value at {path} (TYPE_BYTES), Base64 decoding failed.") from None


def check_prefix(body: Mapping[str, Any]) -> None:
    """Tools and their config, in a request or in a cache. Raises Breach."""
    names: set[str] = set()
    for tool in body.get("tools", ()):
        for index, declaration in enumerate(tool.get("functionDeclarations", ())):
            _check_declaration(declaration, f"tools[0].function_declarations[{index}]", names)
    config = body.get("toolConfig", {}).get("functionCallingConfig", {})
    if config.get("mode", "AUTO") not in MODES:
        raise Breach("Invalid value at tool_config.function_calling_config.mode.")
    if config and not names:
        raise Breach("Function calling config is set without function_declarations.")
    if any(set(part) != {"text"} for part in body.get("systemInstruction", {}).get("parts", ())):
        raise Breach("System instruction should contain only text.")


def _check_declaration(declaration: Mapping[str, Any], place: str, names: set[str]) -> None:
    name = declaration.get("name", "")
    if not NAME.fullmatch(name) or name in names:
        raise Breach(f"Invalid function name at {place}.name: {name!r}.")
    names.add(name)
    if "parameters" in declaration and "parametersJsonSchema" in declaration:
        raise Breach(f"{place}: parameters and parameters_json_schema are mutually exclusive.")
    schema = declaration.get("parametersJsonSchema", declaration.get("parameters", {"type": "object"}))
    if not isinstance(schema, dict) or str(schema.get("type")).lower() != "object":
        raise Breach(f"{place}.parameters_json_schema: schema should be of type OBJECT.")
    if "$schema" in schema:
        raise Breach(f'Unknown name "$schema" at {place}.parameters_json_schema.')


def check_contents(contents: Sequence[Mapping[str, Any]], issued: Mapping[bytes, Any]) -> None:
    """Raises Breach. `issued` holds the call that each signature was given with."""
    if not contents:
        raise Breach("contents is not specified.")
    if contents[0].get("role") != "user" or contents[-1].get("role") != "user":
        raise Breach("Please ensure that a conversation begins and ends with a user turn.")
    open_calls: list[Mapping[str, Any]] = []
    for index, content in enumerate(contents):
        place = f"contents[{index}]"
        if content.get("role") not in ("user", "model"):
            raise Breach("Please use a valid role: user, model.")
        if not content.get("parts"):
            raise Breach(f"{place}.parts must not be empty.")
        for part in content["parts"]:
            _check_part(part, content["role"], place)
        _check_answers(content, open_calls)
        open_calls = [part["functionCall"] for part in content["parts"] if "functionCall" in part]
    _check_signatures(contents, issued)


def _check_part(part: Mapping[str, Any], role: str, place: str) -> None:
    kinds = set(part) - {"thought", "thoughtSignature"}
    if len(kinds) != 1:
        raise Breach(f"{place}: required oneof field 'data' must have one initialized field.")
    kind = kinds.pop()
    if (kind == "functionCall" and role != "model") or (kind == "functionResponse" and role != "user"):
        raise Breach(f"{place}: a {kind} cannot be in a turn of the {role}.")
    if kind == "functionCall" and not isinstance(part[kind].get("args", {}), dict):
        raise Breach(f"{place}: args is not an object.")
    if kind == "functionResponse" and not isinstance(part[kind].get("response"), dict):
        raise Breach(f"{place}: function_response.response is not an object.")


def _check_answers(content: Mapping[str, Any], calls: Sequence[Mapping[str, Any]]) -> None:
    answers = [part["functionResponse"] for part in content["parts"] if "functionResponse" in part]
    if len(answers) != len(calls):
        raise Breach(
            "Please ensure that the number of function response parts is equal to the number of function call parts of "
            "the function call turn."
        )
    if answers and len(answers) != len(content["parts"]):
        raise Breach("Please ensure that a function response turn holds nothing but function responses.")
    for call, answer in zip(calls, answers, strict=True):
        if (call.get("name"), call.get("id")) != (answer.get("name"), answer.get("id")):
            raise Breach(f"The function response {answer.get('name')!r} does not match its call {call.get('name')!r}.")


def _check_signatures(contents: Sequence[Mapping[str, Any]], issued: Mapping[bytes, Any]) -> None:
    """Demanded since the last turn in which the user spoke; valid wherever they are. The first of parallel calls has
    it."""
    spoke = [i for i, item in enumerate(contents) if item["role"] == "user" and "text" in item["parts"][-1]]
    for index, content in enumerate(contents):
        calls = [part for part in content["parts"] if "functionCall" in part]
        for number, part in enumerate(calls):
            signature, name = part.get("thoughtSignature"), part["functionCall"].get("name")
            if signature is None and number == 0 and index > max(spoke, default=-1):
                raise Breach(f"Function call is missing a thought_signature in functionCall parts: {name}.")
            if signature not in (None, DUMMY) and issued.get(signature) != part["functionCall"]:
                raise Breach(f"Thought signature is not valid for the function call {name}.")
