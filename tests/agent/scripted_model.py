"""A strict script in a model's seat: each turn one step, which reads the page as a model would. Steps that are left
over, or turns without a step, fail the test."""

from collections.abc import Callable, Sequence
from typing import Any

from agent.llm.base import ModelReply, ModelRequest, Usage
from agent.tools.aria import elements, parse
from agent.tools.surface import ToolCall

Step = Callable[[ModelRequest], Sequence[tuple[str, dict[str, Any]]]]


class ScriptedModel:
    name = "script"
    vision = False

    def __init__(self, *steps: Step | ModelReply):
        self._steps = list(steps)
        self.requests: list[ModelRequest] = []

    async def generate(self, request: ModelRequest) -> ModelReply:
        self.requests.append(request)
        assert self._steps, f"no step left for turn {request.situation.iteration} of {request.situation.role}"
        step = self._steps.pop(0)
        if isinstance(step, ModelReply):
            return step
        calls = tuple(ToolCall(f"call-{index}", tool, args) for index, (tool, args) in enumerate(step(request)))
        return ModelReply("called", "", calls, Usage(input=10, output=2))

    async def close(self) -> None:
        pass

    @property
    def left_over(self) -> int:
        return len(self._steps)


def ref(request: ModelRequest, role: str, name: str) -> str:
    view = request.situation.view
    assert view is not None
    found = [item.ref for item in elements(parse(view.snapshot)) if (item.role, item.name) == (role, name)]
    assert len(found) == 1, f"{role} {name!r} is there {len(found)} times on {view.url}"
    return found[0]


def tool(name: str, /, **args: Any) -> Step:
    return lambda request: [(name, args)]


def go(path: str) -> Step:
    return tool("browser_navigate", url=path)


def click(role: str, name: str) -> Step:
    return lambda request: [("browser_click", {"target": ref(request, role, name)})]


def fill(name: str, text: str) -> Step:
    return lambda request: [("browser_type", {"target": ref(request, "textbox", name), "text": text})]


def both(*steps: Step) -> Step:
    """Several calls in one reply."""
    return lambda request: [call for step in steps for call in step(request)]


def check(subject: str, predicate: str, expected: str = "", **args: Any) -> Step:
    args = {"because": "consistency", "reason": "It was said so.", **args}
    return tool("check", subject=subject, predicate=predicate, expected=expected, **args)


def look() -> Step:
    return tool("browser_snapshot")


def finish() -> Step:
    return tool("finish", summary="Done.")
