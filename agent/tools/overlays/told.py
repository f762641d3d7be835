"""What people are told of an overlay that offers no way out of it: a fault of the page, not a blocker. Pure."""

from agent.tools.surface import ToolResult


def trap_of(result: ToolResult) -> tuple[str, str] | None:
    """A title and a detail for an observation, in the page's own words where it names things; None when the call met
    no such overlay."""
    step = next((step for step in result.recoveries if step.trapped), None)
    if step is None:
        return None
    target = result.target
    named = f'{target.role or "element"} "{target.name}"' if target and target.name else "a control"
    return f"{step.what} covers {named} and cannot be closed", f"Tried: {step.how}."
