"""Which saved values the scout claims to be kept: fields of an edit form that the page says it saved. Pure.

Careful on purpose: a form for something new is empty again after saving, a filter is not saved at all.
"""

import re

from agent.llm.base import Situation
from agent.llm.scout.calls import Plan, check, locator
from agent.llm.scout.memory import Deed, Trail
from agent.llm.scout.page import Page

_SAVED = re.compile(r"\b(saved|updated|stored|changed|success(ful(ly)?)?)\b", re.I)
_KINDS = frozenset({"name", "phone", "text", "long_text"})
MOST = 3


def kept_values(situation: Situation, page: Page, trail: Trail) -> Plan | None:
    last = trail.last
    if last is None or last.form is None or last.page is None or not _saved(last, page):
        return None
    if any(result.status != "ok" for result in situation.last):
        return None
    present = {(control.element.role, control.element.name) for control in page.controls}
    calls, titles = [], []
    for entry in last.entries:
        place = (entry.field.role, entry.field.name)
        if entry.kind in _KINDS and entry.value != entry.field.value and entry.field.name and place in present:
            reason = f"the page said that {entry.field.name} was saved"
            calls.append(check(locator(*place), "persists_after_reload", entry.value, reason))
            titles.append(f"{entry.field.name} on {page.route} is not kept after saving")
    deed = Deed(situation.iteration, "claim", (("claimed", page.route),), page, titles=tuple(titles))
    return Plan("is what was saved still there?", tuple(calls[:MOST]), deed) if calls else None


def _saved(last: Deed, page: Page) -> bool:
    assert last.page is not None and last.form is not None
    edit = last.variant == "valid" and last.form.prefilled and page.route == last.page.route
    said = len(_SAVED.findall(page.text)) > len(_SAVED.findall(last.page.text))
    return edit and said
