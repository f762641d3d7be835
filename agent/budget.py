"""What a role may spend, in model turns. Pure."""

import math
from dataclasses import dataclass, replace

MINIMUM_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Budget:
    """`total` model turns, of which `used` are spent: a turn is a reply whose calls could be run.

    `closing`: this is the last turn, whatever is left of them, because tokens or money are spent.
    """

    total: int
    used: int = 0
    closing: bool = False

    @property
    def remaining(self) -> int:
        return max(self.total - self.used, 0)

    @property
    def minimum(self) -> int:
        """Turns before which a role may not finish by itself."""
        return math.ceil(self.total * MINIMUM_SHARE)

    def spend(self) -> "Budget":
        return replace(self, used=self.used + 1)
