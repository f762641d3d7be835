"""Secret values at the tool boundary: placeholders become values on the way in, values placeholders on the way out.

A second line of defence: test accounts must be throw-away and powerless outside the target anyway.
"""

import base64
import html
import json
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, quote_plus

PLACEHOLDER = re.compile(r"\{\{secret:([^{}]+)\}\}")
SHORTEST = 4


class SecretRefused(Exception):
    """A placeholder may not be resolved here. `str(error)` is a sentence for the model."""


class Secrets:
    """`mapping` is name to value; values go only to pages of `origins`."""

    def __init__(self, mapping: Mapping[str, str], origins: Iterable[str]) -> None:
        self._values = dict(mapping)
        self._origins = frozenset(origins)
        forms = {form: name for name, value in self._values.items() for form in spellings(value)}
        # Longest first, so that no form is cut by a shorter one inside it.
        self._forms = sorted(forms.items(), key=lambda item: -len(item[0]))

    def resolve(self, text: str, origin: str) -> str:
        """Replaces `{{secret:NAME}}` by its value. Raises SecretRefused on a foreign origin or an unknown name."""

        def value(match: re.Match[str]) -> str:
            name = match[1]
            if name not in self._values:
                raise SecretRefused(f"There is no secret named {name}; known are {', '.join(self._values) or 'none'}.")
            if origin not in self._origins:
                raise SecretRefused(f"The secret {name} may not be typed on {origin}.")
            return self._values[name]

        return PLACEHOLDER.sub(value, text)

    @property
    def values(self) -> tuple[str, ...]:
        """What must be covered in pictures. Never shown, never logged."""
        return tuple(value for value in self._values.values() if len(value) >= SHORTEST)

    def mask(self, text: str) -> str:
        for form, name in self._forms:
            if form in text:
                text = text.replace(form, f"{{{{secret:{name}}}}}")
        return text


def spellings(value: str) -> set[str]:
    """The value and its encoded forms; none when it is too short to be told from ordinary text."""
    if len(value) < SHORTEST:
        return set()
    percent = {quote(value, safe=""), quote(value), quote_plus(value)}
    lower = {re.sub(r"%[0-9A-F]{2}", lambda match: match[0].lower(), form) for form in percent}
    entities = {html.escape(value), html.escape(value, quote=False)}
    escaped = {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    return {value, " ".join(value.split()), *percent, *lower, *entities, *escaped, *_base64(value)} - {""}


def _base64(value: str) -> Iterable[str]:
    """Base64 of the value at each offset inside a longer text, without the characters shared with its neighbours."""
    raw = value.encode()
    for offset in range(3):
        code = base64.b64encode(b"\0" * offset + raw).decode()
        start = (offset * 8 + 5) // 6
        end = (offset + len(raw)) * 8 // 6
        core = code[start:end]
        if len(core) >= SHORTEST + 1:
            yield from (core, core.replace("+", "-").replace("/", "_"))
    whole = base64.b64encode(raw).decode()
    yield from (whole, whole.rstrip("="))
