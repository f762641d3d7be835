"""JSON taken at its word, and what a reading of a model's text is. Pure; knows neither schemas nor repair."""

import json
from dataclasses import dataclass, replace
from typing import Any


class NotJSON(ValueError):
    """The text is no JSON document."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to understand a text. `steps` names what was done to it.

    `lossy`: something was cut, dropped, invented or ambiguous. `open` counts the containers, along the last members,
    that the text never closed: more members may have been meant. `guessed`: a lenient parser chose the structure.
    """

    value: Any
    steps: tuple[str, ...] = ()
    lossy: bool = False
    open: int = 0
    guessed: bool = False

    def after(self, *steps: str, lossy: bool = False) -> "Reading":
        return replace(self, steps=(*steps, *self.steps), lossy=self.lossy or lossy)


def parse(text: str) -> Reading:
    """Raises NotJSON, also for integers too long to read and nesting that is too deep; NaN passes, as json has it.

    A name that is given twice with different values is ambiguous, hence lossy; the last one is read.
    """
    return _document(text)[0]


def parse_head(text: str, start: int) -> tuple[Reading, int]:
    """The document that begins at `start` and where it ends. Raises NotJSON."""
    return _document(text, start)


def same(one: Any, other: Any) -> bool:
    """Equal as JSON: true is not 1."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _document(text: str, start: int | None = None) -> tuple[Reading, int]:
    try:
        return _decoded(text, start, strict=True)
    except NotJSON:
        reading, end = _decoded(text, start, strict=False)
        return reading.after("control characters"), end


def _decoded(text: str, start: int | None, strict: bool) -> tuple[Reading, int]:
    repeats: list[bool] = []

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            if key in found:
                repeats.append(not same(found[key], value))
            found[key] = value
        return found

    decoder = json.JSONDecoder(strict=strict, object_pairs_hook=members)
    try:
        value, end = (decoder.decode(text), len(text)) if start is None else decoder.raw_decode(text, start)
    except (ValueError, RecursionError) as error:
        raise NotJSON(str(error)) from None
    return Reading(value, ("repeated member",) if repeats else (), any(repeats)), end
