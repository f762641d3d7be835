"""One list of tools over any number of MCP servers, and one answer for every call. Knows no server's ways."""

from collections.abc import Callable, Sequence

import jsonschema
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for

from agent.charter import Profile
from agent.tools.browser_tools import named_refs
from agent.tools.surface import Surface, ToolCall, ToolResult, ToolSpec, ToolStatus

ERROR_LENGTH = 300
CHANGED = "page changed"
OPENED = "a dialog opened"
ANSWER = "browser_handle_dialog"


class Router:
    """`open` lists the tools; before it there are none. Closing the surfaces is their owners' business."""

    def __init__(self, surfaces: Sequence[Surface], profile: Profile) -> None:
        self._surfaces = tuple(surfaces)
        self._profile = profile
        self._routes: dict[str, tuple[Surface, str, ToolSpec]] = {}

    async def tools(self) -> tuple[ToolSpec, ...]:
        """All tools of all surfaces. A name that two surfaces share gets its surface's name in front."""
        if not self._routes:
            listed = [(surface, spec) for surface in self._surfaces for spec in await surface.tools()]
            names = [spec.name for _, spec in listed]
            for surface, spec in listed:
                name = spec.name if names.count(spec.name) == 1 else f"{surface.name}_{spec.name}"
                shown = ToolSpec(name, spec.description, spec.parameters, spec.writes, surface.name)
                self._routes[name] = (surface, spec.name, shown)
        return tuple(spec for _, _, spec in self._routes.values())

    async def call(self, call: ToolCall) -> ToolResult:
        """Every call gets its answer: a tool that is unknown or may not be used is refused in words."""
        await self.tools()
        route = self._routes.get(call.tool)
        if route is None:
            return _refused(call, "denied", f"No tool {call.tool}; the tools are {', '.join(self._routes)}.")
        surface, name, spec = route
        if problem := _problem(spec, call):
            return _refused(call, "tool_error", f"Invalid arguments for {call.tool}: {problem}")
        # The browser judges each call by its element, and its network is fenced: it may still click and type.
        if spec.writes and surface.name != "browser" and not self._profile.may_write:
            why = f"{call.tool} writes, and this target is read-only (production without allow_writes)."
            return _refused(call, "denied", why)
        return await surface.call(ToolCall(call.id, name, call.args))

    async def perform(
        self, calls: Sequence[ToolCall], hear: Callable[[ToolResult], str] = lambda result: ""
    ) -> tuple[ToolResult, ...]:
        """The calls of one reply, in order. Once one changed the page, the rest would act on what is not there any
        more: those are skipped, but for calls that only look at the page or leave it and name nothing on it. The answer
        to a dialog may be foreseen. `hear` gets each result and answers why no further call is to be made, if so."""
        results: list[ToolResult] = []
        reason = ""
        for call in calls:
            foreseen = reason == OPENED and call.tool == ANSWER
            if reason and not foreseen and not (reason == CHANGED and self._looks(call)):
                results.append(_refused(call, "skipped", _skipped(call, reason)))
                continue
            reason = "" if foreseen else reason
            result = await self.call(call)
            results.append(result)
            reason = hear(result) or _ends_batch(result) or reason
        return tuple(results)

    def _looks(self, call: ToolCall) -> bool:
        """What a tool of another server does is its own affair, so only the browser's are trusted to be harmless."""
        route = self._routes.get(call.tool)
        return bool(route) and route[0].name == "browser" and not route[2].writes and not named_refs(call.args)


def _refused(call: ToolCall, status: ToolStatus, why: str) -> ToolResult:
    return ToolResult(call.id, status, "", notice=why)


def _skipped(call: ToolCall, reason: str) -> str:
    refs = named_refs(call.args)
    if reason != CHANGED or not refs:
        return f"skipped: {reason}"
    gone = f"{', '.join(refs)} {'is' if len(refs) == 1 else 'are'} gone"
    return f"skipped: {reason}, so {gone}; use the refs of the new page"


def _ends_batch(result: ToolResult) -> str:
    if result.status == "lost":
        return "session lost"
    before, after = result.before, result.after
    if before is None or after is None:
        return ""
    if after.dialog and not before.dialog:
        return OPENED
    return CHANGED if before.document != after.document else ""


def _problem(spec: ToolSpec, call: ToolCall) -> str:
    validator: Validator = validator_for(dict(spec.parameters), default=jsonschema.Draft202012Validator)(
        spec.parameters
    )
    error = next(iter(validator.iter_errors(dict(call.args))), None)
    if error is None:
        return ""
    place = ".".join(str(part) for part in error.absolute_path)
    return f"{place}: {error.message}"[:ERROR_LENGTH] if place else error.message[:ERROR_LENGTH]
