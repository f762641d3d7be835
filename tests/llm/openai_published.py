"""What OpenAI's own schemas find wrong with a body, and which of its keys they do not know."""

import copy
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from agent.llm.openai.habits import REASONING

SCHEMAS = Path(__file__).with_name("openai_schema") / "chat_completions.json"
OPEN = ("ModelResponseProperties", "CreateModelResponseProperties")
"""Parts of the request; closed they would refuse what the other parts hold."""


def request_faults(body: Mapping[str, Any]) -> list[str]:
    """Thoughts that a server gave are sent back to it, although OpenAI's own schema has no place for them."""
    plain = copy.deepcopy(dict(body))
    for message in plain["messages"]:
        for name in REASONING if message["role"] == "assistant" else ():
            message.pop(name, None)
    return _faults(plain, "CreateChatCompletionRequest")


def response_faults(body: Any) -> list[str]:
    return _faults(body, "CreateChatCompletionResponse")


def error_faults(body: Any) -> list[str]:
    return _faults(body, "ErrorResponse")


def _faults(body: Any, name: str) -> list[str]:
    return [f"{error.json_path}: {error.message}"[:300] for error in _validator(name).iter_errors(body)]


@cache
def _validator(name: str) -> Draft202012Validator:
    document = json.loads(SCHEMAS.read_text())
    schemas = document["components"]["schemas"]
    for other, schema in schemas.items():
        if other not in OPEN:
            _close(schema)
    schemas["CreateChatCompletionRequest"]["unevaluatedProperties"] = False
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}", **document})


def _close(schema: Any, part: bool = False) -> None:
    """Nothing but the named properties. `part`: of an allOf, which is closed as a whole."""
    if isinstance(schema, list):
        for item in schema:
            _close(item, part)
    elif isinstance(schema, dict):
        if "properties" in schema and not part:
            schema.setdefault("additionalProperties", False)
        for key, inner in schema.items():
            if key == "properties":
                _close(list(inner.values()))
            else:
                _close(inner, part=key == "allOf")
