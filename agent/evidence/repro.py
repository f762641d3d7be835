"""A role's calls as steps of a reproduction, in the words of a person. Pure. What to do with them is story.py's.

Steps keep paths, placeholders and locators; hosts, secrets and refs never enter them.
"""

import json
from collections.abc import Iterable, Mapping, Sequence

from agent import routes
from agent.evidence.finding import Step
from agent.tools import page_request
from agent.tools.surface import Target, ToolCall, ToolResult

FRAME = ".content_frame."


def steps_of(call: ToolCall, result: ToolResult, role: str) -> tuple[Step, ...]:
    """The call as steps; empty when it failed, met an open dialog, or only looked."""
    if result.status != "ok" or (result.before and result.before.dialog and _tool(call) != "handle_dialog"):
        return ()
    args, target = call.args, result.target
    match _tool(call):
        case "navigate":
            steps = (_goto(role, str(args.get("url", "")), result),)
        case "request":
            steps = (_request(role, args),)
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
        case "scroll":
            steps = (_scroll(role, target, args),)
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
    path = routes.place(url)
    landed = routes.template(result.after.url) if result.after and routes.origin(result.after.url) else ""
    return Step(role, "goto", value=path, words=f"Open {path}", lands=landed)


def _request(role: str, args: Mapping) -> Step:
    asked = f"{page_request.method_of(args)} {routes.path(str(args.get('url', '')))}"
    return Step(role, "request", value=asked, words=f"Request {asked} from the page")


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


def _scroll(role: str, target: Target | None, args: Mapping) -> Step:
    direction, screens = str(args.get("direction", "")), int(args.get("screens", 1))
    found = _candidates(target) if target else ()
    if not direction:
        return Step(role, "scroll", found, words=f"Scroll to {_name(target) if target else 'the element'}")
    where = f" where {_name(target)} is" if target else ""
    length = f" {screens} screens" if screens > 1 else ""
    return Step(role, "scroll", found, f"{direction} {screens}", f"Scroll {direction}{length}{where}")


def _dialog(role: str, args: Mapping) -> Step:
    if not args.get("accept", True):
        return Step(role, "dialog", value="dismiss", words="Dismiss the dialog")
    text = str(args.get("promptText") or "")
    words = f"Answer the dialog with {_quote(text)}" if text else "Accept the dialog"
    return Step(role, "dialog", value=f"accept:{text}" if text else "accept", words=words)


def _candidates(target: Target) -> tuple[str, ...]:
    """Locators in order of trust: the one that was used, then role and exact name, label, address. All of them in the
    same frame: the page around it may hold one of the same name."""
    found = [target.locator]
    inside, frame, _ = target.locator.rpartition(FRAME)
    place = inside + frame
    if target.role and target.name:
        found.append(f"{place}get_by_role({_quote(target.role)}, name={_quote(target.name)}, exact=True)")
        if target.role in ("textbox", "combobox", "searchbox", "spinbutton", "checkbox", "radio"):
            found.append(f"{place}get_by_label({_quote(target.name)}, exact=True)")
    if target.href and '"' not in target.href and "\\" not in target.href:
        selector = f'a[href="{routes.path(target.href)}"]'
        found.append(f"{place}locator({_quote(selector)})")
    return tuple(dict.fromkeys(code for code in found if code))


def _name(target: Target) -> str:
    role, name = target.role or "element", " ".join(target.name.split())
    return f"{role} {_quote(name[:80])}" if name else role


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
