"""A rule-based explorer in the model's seat: no key, no network, the same tools and limits as a language model.

It takes the best step and words it as tool calls. One Scout serves the roles of one run; for the same seed and the
same course of requests it gives the same replies.
"""

import hashlib
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from agent import routes
from agent.coverage import places
from agent.coverage.actions import REQUEST
from agent.evidence.shape import of_words
from agent.llm.base import ModelReply, ModelRequest, Situation
from agent.llm.scout import end
from agent.llm.scout.calls import Call, Plan, fill, reports, use
from agent.llm.scout.claims import kept_values
from agent.llm.scout.forms import entries
from agent.llm.scout.memory import Deed, Key, Memory, Trail, form_key, trail_of, use_key, verb_key
from agent.llm.scout.page import Control, Form, Page, read
from agent.llm.scout.ranking import rank
from agent.llm.scout.steps import Step
from agent.llm.scout.values import Voice
from agent.tools.surface import PageView, ToolCall

MINIMUM = 0.12
"""Share of the budget below which a role with nothing left to do goes round again instead of finishing."""


class Scout:
    name = "scout"
    vision = False

    def __init__(self, seed: int = 0, today: Callable[[], date] = date.today):
        self._seed = seed
        self._today = today
        self._memories: dict[str, Memory] = {}

    async def generate(self, request: ModelRequest) -> ModelReply:
        situation = request.situation
        memory = self._memories.setdefault(situation.role, Memory())
        memory.begin(situation.iteration)
        memory.settle(situation.iteration, [result.status for result in situation.last])
        plan = self._plan(situation, memory, frozenset(tool.name for tool in request.tools))
        memory.note(plan.deed)
        return ModelReply("called", plan.why, _numbered(plan.calls, situation))

    async def close(self) -> None:
        """One role is over; the others go on with what all have seen."""

    def _plan(self, situation: Situation, memory: Memory, tools: frozenset[str]) -> Plan:
        view = situation.view
        if view is None:
            return Plan("look at the page", (("browser_snapshot", {}),), Deed(situation.iteration, "look", ()))
        if view.dialog is not None:
            return self._answer(situation, view, memory)
        page = read(view, situation.origin)
        memory.see(page, view.status)
        _learn(situation, memory)
        trail = trail_of(self._memories, situation.ledger, situation.role)
        return self._choose(situation, page, trail, tools)

    def _choose(self, situation: Situation, page: Page, trail: Trail, tools: frozenset[str]) -> Plan:
        report = reports(situation, trail.last)
        if report:
            return report
        if situation.remaining <= end.reserve(situation, trail) or trail.count("closing"):
            return end.plan(situation, page, trail)
        claims = kept_values(situation, page, trail)
        if claims:
            return claims
        steps = rank(situation, page, trail, self._seed, REQUEST in tools)
        if steps:
            return self._follow(steps[0], situation, page, trail)
        if situation.iteration < MINIMUM * (situation.iteration + situation.remaining):
            return _revisit(situation, page, trail)
        return end.plan(situation, page, trail)

    def _answer(self, situation: Situation, view: PageView, memory: Memory) -> Plan:
        """A browser dialog: accepted the first time, dismissed the next."""
        message = view.dialog or ""
        key = ("dialog", of_words(message))
        safe = situation.may_write or message.startswith("alert")
        accept = safe and memory.counts[key] % 2 == 0
        args: dict[str, Any] = {"accept": accept}
        if accept and message.startswith("prompt"):
            args["promptText"] = f"O'Brien {self._voice(situation.role).tag}"
        calls = (("browser_handle_dialog", args),)
        return Plan("a dialog is open", calls, Deed(situation.iteration, "dialog", (key,)))

    def _follow(self, step: Step, situation: Situation, page: Page, trail: Trail) -> Plan:
        now = situation.iteration
        if step.form is not None:
            return self._send(step, step.form, situation, (page, trail))
        if step.kind == "escape":
            calls = (("browser_press_key", {"key": "Escape"}),)
            return Plan(step.why, calls, Deed(now, "escape", (("escape", page.route),), page))
        if step.kind == "back" and step.control and trail.last and trail.last.page:
            keys = (("back", trail.last.page.route, step.control.label),)
            return Plan(step.why, (("browser_navigate_back", {}),), Deed(now, "back", keys, page))
        if step.control is not None:
            return _press(step, step.control, now, page)
        return _request(step, now, page) if step.kind == "request" else _go(step, now, page)

    def _send(self, step: Step, form: Form, situation: Situation, scene: tuple[Page, Trail]) -> Plan:
        page, trail = scene
        key = form_key(page.route, form, step.variant)
        guess = trail.guesses.get(form_key(page.route, form, "valid"), 0)
        filled = entries(form, step.variant, self._voice(situation.role), guess)
        keys = (key, ("sent", form.key, step.variant))
        deed = Deed(situation.iteration, "form", keys, page, form=form, variant=step.variant, entries=filled)
        return Plan(step.why, fill(form, filled, double=step.variant == "double"), deed)

    def _voice(self, role: str) -> Voice:
        digest = hashlib.sha256(f"{self._seed}|{role}".encode()).digest()
        return Voice("".join(chr(97 + byte % 26) for byte in digest[:5]), self._today())


def _press(step: Step, control: Control, now: int, page: Page) -> Plan:
    keys: tuple[Key, ...] = (use_key(page.route, control),)
    if control.url:
        keys = (("go", routes.path(control.url)), ("followed", routes.template(control.url, with_query=True)))
    else:
        keys = (*keys, verb_key(page.route, control), ("used", control.label))
    return Plan(step.why, (use(control, double=step.kind == "double"),), Deed(now, "use", keys, page, control=control))


def _go(step: Step, now: int, page: Page) -> Plan:
    path = routes.path(step.url)
    keys: tuple[Key, ...] = (("go", path), (step.kind, path), *_shared_keys(step))
    return Plan(step.why, (("browser_navigate", {"url": step.url}),), Deed(now, "go", keys, page))


def _request(step: Step, now: int, page: Page) -> Plan:
    calls = ((REQUEST, {"url": step.url, "method": "GET"}),)
    return Plan(step.why, calls, Deed(now, "request", _shared_keys(step), page))


def _shared_keys(step: Step) -> tuple[Key, ...]:
    if not step.place:
        return ()
    probing: tuple[Key, ...] = (("probe",), ("probed", places.route_of(step.place)))
    return (("offer", step.place), *(probing if step.kind in ("probe", "request") else ()))


def _revisit(situation: Situation, page: Page, trail: Trail) -> Plan:
    """Too early to finish: round again over what is known, the least seen first."""
    known = sorted(trail.pages.values(), key=lambda seen: (trail.count("revisit", seen.path), seen.path))
    step = Step("revisit", 0.0, f"{known[0].path} once more", known[0].url)
    return _go(step, situation.iteration, page)


def _learn(situation: Situation, memory: Memory) -> None:
    """A form that could not be filled is tried again with other guesses of what its fields want."""
    last = memory.last
    if last is None or last.form is None or last.page is None or last.iteration in memory.failures:
        return
    refused = any(result.status == "tool_error" and result.call_id.endswith("-0") for result in situation.last)
    if refused and last.iteration == situation.iteration - 1 and last.variant == "valid":
        memory.failures[last.iteration] = form_key(last.page.route, last.form, "valid")


def _numbered(calls: Sequence[Call], situation: Situation) -> tuple[ToolCall, ...]:
    start = f"scout-{situation.role}-{situation.iteration}"
    return tuple(ToolCall(f"{start}-{number}", tool, args) for number, (tool, args) in enumerate(calls))
