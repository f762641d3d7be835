"""Published numbers with the bounds they should keep. Plain data; measuring and showing are done elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Figures:
    """`bounds` says in words what a figure should be. `values` by name, flat but for what belongs to one of them;
    `missed` names those out of their bounds."""

    bounds: Mapping[str, str]
    values: dict[str, Any] = field(default_factory=dict)
    missed: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return not self.missed

    def add(self, name: str, value: Any, ok: bool = True) -> None:
        self.values[name] = value
        if not ok:
            self.missed.append(name)
