"""From what a role did to the shortest steps that may show it again. Pure: calls and events in, steps out.

Steps keep paths, placeholders and locators; hosts, secrets and refs never enter them.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from agent import events as ev
from agent import routes
from agent.evidence.finding import Alarm, Claim, Repro, Step
from agent.tools.surface import Target, ToolCall, ToolResult

LONGEST = 40
_INPUTS = frozenset({"fill", "select", "check"})


def steps_of(call: ToolCall, result: ToolResult, role: str) -> tuple[Step, ...]:
    """The call as steps; empty when it failed, met an open dialog, or only looked."""
    if result.status != "ok" or (result.before and result.before.dialog and _tool(call) != "handle_dialog"):
        return ()
    args, target = call.args, result.target
    match _tool(call):
        case "navigate":
            steps = (_goto(role, str(args.get("url", "")), result),)
        case "navigate_back":
            steps = (Step(role, "back", words="Go back"),)
        case "click" if target:
            steps = (_click(role, target, args),)
        case "type" if target:
            steps = _typing(role, target, args)
        case "fill_form":
            fields = zip(args.get("fields", ()), result.targets, strict=False)
            steps = tuple(_field(role, field, item) for field, item in fields if item)
        case "select_option" if target:
            steps = tuple(_select(role, target, str(value)) for value in _values(args))
        case "press_key":
            steps = (_press(role, str(args.get("key", ""))),)
        case "handle_dialog":
            steps = (_dialog(role, args),)
        case _:
            return ()
    return (*_recovered(role, result), *steps)


def _tool(call: ToolCall) -> str:
    return call.tool.removeprefix("browser_")


def _values(args: Mapping) -> Sequence:
    values = args.get("values", ())
    return values[:1] if isinstance(values, list | tuple) else (values,)


def _recovered(role: str, result: ToolResult) -> Iterable[Step]:
    """What got an overlay out of the way belongs before the action that it blocked."""
    for item in result.recoveries:
        if item.overcome and item.target:
            yield _click(role, item.target, {})
        elif item.overcome and item.key:
            yield _press(role, item.key)


def _goto(role: str, url: str, result: ToolResult) -> Step:
    path = routes.path(url)
    landed = routes.template(result.after.url) if result.after and routes.origin(result.after.url) else ""
    return Step(role, "goto", value=path, words=f"Open {path}", lands=landed)


def _click(role: str, target: Target, args: Mapping) -> Step:
    double = bool(args.get("doubleClick"))
    verb = "Double-click" if double else "Click"
    return Step(role, "double_click" if double else "click", _candidates(target), words=f"{verb} {_name(target)}")


def _typing(role: str, target: Target, args: Mapping) -> tuple[Step, ...]:
    fill = _fill(role, target, str(args.get("text", "")))
    if not args.get("submit"):
        return (fill,)
    return fill, Step(role, "press", fill.locators, "Enter", f"Press Enter in {_name(target)}")


def _fill(role: str, target: Target, value: str) -> Step:
    shown = f"{value[:60]}… ({len(value)} characters)" if len(value) > 80 else value
    words = f"Fill {_name(target)} with {_quote(shown)}" if value else f"Empty {_name(target)}"
    return Step(role, "fill", _candidates(target), value, words)


def _field(role: str, field: Mapping, target: Target) -> Step:
    value = str(field.get("value", ""))
    kind = field.get("type", "textbox")
    if kind in ("checkbox", "radio"):
        on = value.strip().lower() == "true"
        verb = "Tick" if on else "Untick"
        return Step(role, "check", _candidates(target), "true" if on else "false", f"{verb} {_name(target)}")
    if kind == "combobox" and target.kind in ("", "select-one", "select-multiple"):
        return _select(role, target, value)
    return _fill(role, target, value)


def _select(role: str, target: Target, value: str) -> Step:
    return Step(role, "select", _candidates(target), value, f"Choose {_quote(value)} in {_name(target)}")


def _press(role: str, key: str) -> Step:
    return Step(role, "press", value=key, words=f"Press {key}")


def _dialog(role: str, args: Mapping) -> Step:
    if not args.get("accept", True):
        return Step(role, "dialog", value="dismiss", words="Dismiss the dialog")
    text = str(args.get("promptText") or "")
    words = f"Answer the dialog with {_quote(text)}" if text else "Accept the dialog"
    return Step(role, "dialog", value=f"accept:{text}" if text else "accept", words=words)


def _candidates(target: Target) -> tuple[str, ...]:
    """Locators in order of trust: the one that was used, then role and exact name, label, address."""
    found = [target.locator]
    if target.role and target.name:
        found.append(f"get_by_role({_quote(target.role)}, name={_quote(target.name)}, exact=True)")
        if target.role in ("textbox", "combobox", "searchbox", "spinbutton", "checkbox", "radio"):
            found.append(f"get_by_label({_quote(target.name)}, exact=True)")
    if target.href and '"' not in target.href and "\\" not in target.href:
        selector = f'a[href="{routes.path(target.href)}"]'
        found.append(f"locator({_quote(selector)})")
    return tuple(dict.fromkeys(code for code in found if code))


def _name(target: Target) -> str:
    role, name = target.role or "element", " ".join(target.name.split())
    return f"{role} {_quote(name[:80])}" if name else role


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class _Segment:
    """What a role did on one document: `url` is where it began, `steps` the last of which may have left it."""

    document: int
    url: str
    steps: tuple[Step, ...]

    @property
    def left_by_hand(self) -> bool:
        """The page was left by a click or a key, not by typing an address."""
        return bool(self.steps) and self.steps[-1].action not in ("goto", "back")

    @property
    def wrote(self) -> bool:
        inputs = any(step.action in _INPUTS for step in self.steps)
        pressed = any(step.action == "click" and 'role("link"' not in step.locators[0] for step in self.steps)
        return inputs or pressed

    @property
    def stayed(self) -> tuple[Step, ...]:
        """Its steps without the typed address that left it."""
        steps = self.steps
        while steps and steps[-1].action in ("goto", "back"):
            steps = steps[:-1]
        return steps


def candidates(
    events: Sequence[ev.Event],
    role: str,
    trigger_call_id: str,
    oracle: Alarm | Claim,
    viewport: tuple[int, int] = (1280, 800),
) -> tuple[Repro, ...]:
    """Reproductions to try, shortest first; empty when the call left no steps.

    In this order: the page and the inputs right before the trigger; the page and everything done on its document; the
    same from the document before; every document on which the role wrote, then the page.
    """
    segments, trigger = _walk(events, role, trigger_call_id)
    if not trigger or not segments:
        return ()
    last, before = segments[-1], segments[:-1]
    paths: list[tuple[Step, ...]] = []
    if trigger[0].action == "goto":
        paths.append(trigger)
    elif trigger[0].action != "back":
        paths.append((_open(role, last.url), *_inputs_before(last.steps), *trigger))
        paths.append((_open(role, last.url), *last.steps, *trigger))
    paths.append((*_chain(role, (*before[-1:], last)), *trigger))
    writers = [segment for segment in before if segment.wrote]
    paths.append((*_capped(role, (*writers, last), LONGEST - len(trigger)), *trigger))
    unique = sorted(dict.fromkeys(path for path in paths if len(path) <= LONGEST), key=len)
    return tuple(Repro(path, len(path) - 1, oracle, viewport) for path in unique)


def _walk(events: Sequence[ev.Event], role: str, call_id: str) -> tuple[list[_Segment], tuple[Step, ...]]:
    """The role's documents up to the trigger, the last one that of the trigger, and the trigger's own steps."""
    segments: list[_Segment] = []
    fresh = True
    for event in events:
        if event.role != role:
            continue
        if isinstance(event.payload, ev.RoleStarted):
            fresh = True  # a resumed role counts its documents anew
        if not isinstance(event.payload, ev.ToolFinished):
            continue
        tool = event.payload
        steps = tuple(_step(item) for item in tool.steps)
        if fresh or segments[-1].document != tool.document:
            segments.append(_Segment(tool.document, tool.url_before, ()))
            fresh = False
        if tool.call_id == call_id:
            return segments, steps
        segments[-1] = replace(segments[-1], steps=segments[-1].steps + steps)
    return [], ()


def _step(data: Mapping) -> Step:
    return Step(**{**data, "locators": tuple(data.get("locators", ()))})


def _open(role: str, url: str) -> Step:
    path = routes.path(url)
    return Step(role, "goto", value=path, words=f"Open {path}", lands=routes.template(url))


def _inputs_before(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The last unbroken run of inputs: what a button usually sends."""
    begin = len(steps)
    while begin and steps[begin - 1].action in _INPUTS:
        begin -= 1
    return steps[begin:]


def _chain(role: str, segments: Sequence[_Segment]) -> tuple[Step, ...]:
    """The documents one after the other; where one was left by hand it leads to the next by itself."""
    steps: list[Step] = []
    for index, segment in enumerate(segments):
        if not (index and segments[index - 1].left_by_hand) and routes.origin(segment.url):
            steps.append(_open(role, segment.url))
        steps.extend(segment.steps if index == len(segments) - 1 else segment.stayed)
    return tuple(steps)


def _capped(role: str, segments: Sequence[_Segment], limit: int) -> tuple[Step, ...]:
    """Each document opened by its address, because those between are left out; the oldest go when it gets too long."""
    parts: list[tuple[Step, ...]] = [(_open(role, segment.url), *segment.stayed) for segment in segments[:-1]]
    tail = segments[-1]
    parts.append((_open(role, tail.url), *tail.steps) if routes.origin(tail.url) else tail.steps)
    while len(parts) > 1 and sum(map(len, parts)) > limit:
        parts.pop(0)
    return tuple(step for part in parts for step in part)
