"""One call to the browser under way, from what was asked to its result. Plain data."""

from dataclasses import dataclass, replace
from typing import Any

from agent.tools.browser_text import place
from agent.tools.surface import PageView, Recovery, Signal, Target, ToolCall, ToolResult


@dataclass(slots=True)
class Act:
    """One call under way: the arguments as sent, what they meant, and what happened around them."""

    call: ToolCall
    args: dict[str, Any]
    before: PageView
    targets: tuple[Target | None, ...] = ()
    recoveries: tuple[Recovery, ...] = ()

    @property
    def target(self) -> Target | None:
        return self.targets[0] if "target" in self.args and self.targets else None

    def result(self, status: Any, text: str, after: PageView, signals: tuple[Signal, ...] = ()) -> ToolResult:
        fields = self.targets if "fields" in self.args else ()
        return ToolResult(
            self.call.id,
            status,
            text,
            target=self.target,
            before=self.before,
            after=after,
            signals=signals,
            targets=fields,
            recoveries=self.recoveries,
        )

    def refused(self, status: Any, notice: str) -> ToolResult:
        """The call was not made."""
        return replace(self.result(status, place(self.before), self.before), notice=notice)


class Refused(Exception):
    """The call is not made. `str(error)` is a sentence for the model."""
