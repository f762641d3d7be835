"""What a provider sent, as data that can be kept, journalled and sent again: bounded in depth, its characters whole.

Pure; knows no protocol.
"""

import json
from typing import Any

DEEPEST = 100
"""Containers within each other. Answers have a dozen; what reads and writes them recurses."""


def parsed(text: str) -> Any:
    """JSON. Raises ValueError, also for what is nested deeper than DEEPEST."""
    try:
        value = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if too_deep(value):
        raise ValueError("nested too deeply")
    return value


def too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(DEEPEST + 1):
        level = [
            item
            for holder in level
            if isinstance(holder, dict | list)
            for item in (holder.values() if isinstance(holder, dict) else holder)
        ]
        if not level:
            return False
    return True


def whole(text: str) -> str:
    """With `?` for each half of a character, which no UTF-8 can carry. JSON can: as a lone `\\ud83d`."""
    return text.encode("utf-8", "replace").decode()


def whole_data(value: Any) -> Any:
    """The same for every text in a value of JSON, names included."""
    text = json.dumps(value, ensure_ascii=False)
    return value if text.isascii() else json.loads(whole(text))
