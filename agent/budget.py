"""What a role may spend, in model turns. Pure."""

import math
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Budget:
    """`total` model turns, of which `used` are spent: a turn is a reply whose calls could be run.

    `closing`: this is the last turn, whatever is left of them, because tokens or money are spent. `minimum_share` of
    the total must be used before a role may finish by itself.
    """

    total: int
    used: int = 0
    closing: bool = False
    minimum_share: float = 0.1

    @property
    def remaining(self) -> int:
        return max(self.total - self.used, 0)

    @property
    def minimum(self) -> int:
        """Turns before which a role may not finish by itself."""
        return math.ceil(self.total * self.minimum_share)

    @property
    def last(self) -> bool:
        """Whether nothing can be done after this turn."""
        return self.closing or not self.remaining

    def spend(self) -> "Budget":
        return replace(self, used=self.used + 1)
