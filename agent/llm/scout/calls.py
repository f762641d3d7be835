"""The scout's intentions as tool calls, with exactly the arguments that the model-visible tools take. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.llm.base import Situation
from agent.llm.scout.forms import Entry
from agent.llm.scout.memory import Deed
from agent.llm.scout.page import Control, Form

Call = tuple[str, Mapping[str, Any]]
_FIELD_TYPES = {"switch": "checkbox", **{role: role for role in ("checkbox", "radio", "combobox", "slider")}}
_FAILED = re.compile(r"\bClaim (\d+) fails\b")


@dataclass(frozen=True, slots=True)
class Plan:
    why: str
    calls: tuple[Call, ...]
    deed: Deed


def fill(form: Form, entries: Sequence[Entry], double: bool = False) -> tuple[Call, ...]:
    """Fill and send in one turn; the refs stay good because filling loads no document."""
    if form.submit is None and len(entries) == 1:
        entry = entries[0]
        return (("browser_type", {"target": entry.field.ref, "text": entry.value, "submit": True}),)
    fields = [_field(entry) for entry in entries]
    filling: tuple[Call, ...] = (("browser_fill_form", {"fields": fields}),) if fields else ()
    if form.submit is None:
        return (*filling, ("browser_press_key", {"key": "Enter"}))
    return (*filling, click(form.submit.ref, double))


def click(ref: str, double: bool = False) -> Call:
    return ("browser_click", {"target": ref, "doubleClick": True} if double else {"target": ref})


def use(control: Control, double: bool = False) -> Call:
    element = control.element
    if element.role == "combobox" and element.options:
        option = next((option for option in element.options if option != element.value), element.options[0])
        return ("browser_select_option", {"target": element.ref, "values": [option]})
    return click(element.ref, double)


def check(subject: str, predicate: str, expected: str, reason: str) -> Call:
    because = "consistency"
    return (
        "check",
        {"subject": subject, "predicate": predicate, "expected": expected, "because": because, "reason": reason},
    )


def reports(situation: Situation, last: Deed | None) -> Plan | None:
    """Claims that failed on the last turn are handed over to be proved."""
    titles = last.titles if last else ()
    calls = []
    for number, result in enumerate(situation.last):
        failed = _FAILED.search(result.text)
        if failed:
            title = (titles[number] if number < len(titles) else "") or "What the page promised does not hold"
            calls.append(("report_finding", {"title": title, "claim": int(failed[1])}))
    deed = Deed(situation.iteration, "report", ())
    return Plan("hand over what failed", tuple(calls), deed) if calls else None


def locator(role: str, name: str) -> str:
    return f"get_by_role({_quoted(role)}, name={_quoted(name)}, exact=True)"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _field(entry: Entry) -> dict[str, str]:
    kind = _FIELD_TYPES.get(entry.field.role, "textbox")
    if entry.field.role == "combobox" and not entry.field.options:
        kind = "textbox"
    name = entry.field.name or entry.field.placeholder or kind
    return {"target": entry.field.ref, "name": name, "type": kind, "value": entry.value}
