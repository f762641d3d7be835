"""Is a role getting anywhere? Progress is growth of the ledger, not the absence of repetition. Pure.

Testers repeat themselves with good reason (double submit, boundary values), so repeating alone is never held
against a role: only turns that add no state, action, status, claim or alarm count as idle.
"""

from dataclasses import dataclass, field, replace

from agent.charter import Persistence
from agent.ledger import Ledger


def extent(ledger: Ledger, role: str) -> int:
    """How much this role has covered; only ever grows."""
    states = sum(role in info.roles for info in ledger.states.values())
    actions = sum(key[0] == role for key in ledger.tried)
    statuses = sum(key[0] == role for key in ledger.capabilities)
    return states + actions + statuses + len(ledger.claims) + len(ledger.alarms)


@dataclass(frozen=True, slots=True)
class Progress:
    """`idle` counts the turns since the ledger last grew."""

    limits: Persistence = field(default_factory=Persistence)
    extent: int = 0
    idle: int = 0

    def after(self, ledger: Ledger, role: str) -> "Progress":
        now = extent(ledger, role)
        return replace(self, extent=now, idle=0) if now > self.extent else replace(self, idle=self.idle + 1)

    @property
    def stalled(self) -> bool:
        return self.idle >= self.limits.stall_after

    def nudge(self) -> str:
        """What to tell the role, empty while it gets on."""
        if self.idle < self.limits.nudge_after:
            return ""
        return (
            f"Nothing new for {self.idle} turns: go to another area, try another capability or other values. "
            f"After {self.limits.stall_after} such turns the session ends."
        )
