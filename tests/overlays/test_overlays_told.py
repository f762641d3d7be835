"""An overlay without a way out is named for people; a blocker that went away is not."""

from agent.tools.overlays.told import trap_of
from agent.tools.surface import Recovery, Target, ToolResult

WALL = Recovery(
    "div#wall (focus interference)", "pressed Escape; it has no control that closes it", False, trapped=True
)
BAR = Recovery("div#bar (external overlay)", 'clicked button "Reject"', True)


def result(*steps: Recovery, target: Target | None = None) -> ToolResult:
    return ToolResult("c1", "tool_error", "", target=target, recoveries=steps)


def test_only_what_cannot_be_closed_is_told() -> None:
    assert trap_of(result(BAR)) is None and trap_of(result()) is None
    button = Target('get_by_role("button", name="Buy")', "button", "Buy")
    assert trap_of(result(BAR, WALL, target=button)) == (
        'div#wall (focus interference) covers button "Buy" and cannot be closed',
        "Tried: pressed Escape; it has no control that closes it.",
    )
    told = trap_of(result(WALL))
    assert told is not None and "covers a control" in told[0]
