"""Every key of `settings.json` and `roles.json` in one line each, as Markdown, out of the published schemas. Pure."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel


def key_list(shape: type[BaseModel]) -> str:
    """A list of the keys, blocks indented below their own; each with its default or the word required."""
    schema = shape.model_json_schema()
    return "\n".join(_keys(schema, schema, ""))


def _keys(schema: dict[str, Any], node: dict[str, Any], indent: str) -> Iterator[str]:
    required = node.get("required", [])
    for key, value in node["properties"].items():
        block = _block(schema, value)
        words = value.get("description") or (block or {}).get("description", "")
        yield f"{indent}- `{key}`{_default(value, key in required, bool(block))}: {words}"
        if block:
            yield from _keys(schema, block, f"{indent}  ")


def _block(schema: dict[str, Any], value: dict[str, Any]) -> dict[str, Any] | None:
    """The object that a key holds, or of which it holds a list."""
    item = value.get("items", value)
    forms = [item, *item.get("anyOf", []), *item.get("oneOf", [])]
    name = next((form["$ref"].rsplit("/", 1)[-1] for form in forms if "$ref" in form), None)
    return schema["$defs"][name] if name else None


def _default(value: dict[str, Any], is_required: bool, is_block: bool) -> str:
    if is_required:
        return " (required)"
    default = value.get("default")
    return "" if is_block or default in (None, "", []) else f" ({str(default).lower()})"
