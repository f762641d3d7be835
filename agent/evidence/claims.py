"""Evaluates a typed claim on a page and the traffic of that moment. Only the host does this, never a model.

A claim that cannot be evaluated is refused with the reason and an example; it neither holds nor fails.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from playwright.async_api import Error, Locator, Page

from agent import routes
from agent.evidence import covered, locators
from agent.evidence.finding import Claim
from agent.tools.surface import Signal, ToolResult
from agent.tools.watch import Watch

Outcome = Literal["holds", "fails", "inapplicable"]

PATIENCE = 1.5
POLL = 0.05
WHOLE = 15.0
ACTION_MS = 2_000
READ_ACTUAL = 5_000

_EXAMPLES = {
    "url_is": '{"subject": "url", "predicate": "url_is", "expected": "/orders/{id}"}',
    "status_is": '{"subject": "response POST /orders", "predicate": "status_is", "expected": "201"}',
    "count_is": '{"subject": "get_by_role(\\"row\\")", "predicate": "count_is", "expected": "4"}',
    "persists_after_reload": '{"subject": "get_by_label(\\"Phone\\")", "predicate": "persists_after_reload", '
    '"expected": "555-0100"}',
}
_LOCATOR_EXAMPLE = (
    '{"subject": "get_by_role(\\"heading\\", name=\\"Orders\\")", "predicate": "visible", "expected": ""}'
)

_READ = """e => {
  const field = e.closest('input, textarea, select') || e;
  const kind = (field.type || '').toLowerCase();
  if (kind === 'checkbox' || kind === 'radio') {
    return {field: true, kind, texts: [field.checked ? 'checked' : 'unchecked']};
  }
  if (field.tagName === 'SELECT') {
    const picked = [...field.selectedOptions];
    return {field: true, kind: 'select', texts: [field.value, picked.map(o => o.label).join(', ')]};
  }
  if ('value' in field && /^(INPUT|TEXTAREA)$/.test(field.tagName)) return {field: true, kind, texts: [field.value]};
  return {field: false, kind: '', texts: [e.innerText ?? e.textContent ?? '']};
}"""
# A field counts as refused when it says so itself or an error message stands in its own small group.
_REFUSED = """e => {
  const shown = n => n && n.getClientRects().length > 0 && n.textContent.trim() !== '';
  if (e.getAttribute('aria-invalid') === 'true' || (e.validity && !e.validity.valid)) return true;
  const named = (e.getAttribute('aria-errormessage') || '').split(/\\s+/).filter(Boolean);
  if (named.some(id => shown(document.getElementById(id)))) return true;
  const group = e.closest('label, .field, .form-group, .form-row') || e.parentElement;
  if (!group || group.tagName === 'FORM' || group.tagName === 'BODY') return false;
  return [...group.querySelectorAll('[role=alert], .error, .field-error, .invalid-feedback, .errorlist')].some(shown);
}"""


@dataclass(frozen=True, slots=True)
class ClaimResult:
    outcome: Outcome
    actual: str


class ClaimRefused(ValueError):
    """The claim cannot be evaluated. `str(error)` gives the reason and an example that can; so does `advice`, which
    does not repeat the claim."""

    def __init__(self, asked: str, advice: str):
        super().__init__(f"The claim {asked} cannot be evaluated: {advice}")
        self.advice = advice


def check(claim: Claim) -> None:
    """Raises ClaimRefused, without a page, when subject and expected do not fit the predicate."""
    if claim.predicate == "url_is" and claim.subject.strip() != "url":
        raise _refusal(claim, "url_is speaks of the subject `url`")
    if claim.predicate in ("count_is", "status_is") and not claim.expected.strip().isdigit():
        raise _refusal(claim, f"{claim.predicate} compares numbers, and `{claim.expected[:40]}` is none")
    if claim.predicate == "status_is":
        words = claim.subject.split()
        if len(words) != 3 or words[0] != "response" or not words[2].startswith("/"):
            raise _refusal(claim, "the subject of status_is is `response METHOD /route`")
    elif claim.predicate != "url_is":
        try:
            locators.check(claim.subject)
        except locators.LocatorRefused as error:
            raise _refusal(claim, str(error)) from None
    if claim.predicate == "text_contains" and not claim.expected.strip():
        raise _refusal(claim, "every text contains an empty one")


async def evaluate(
    page: Page,
    watch: Watch,
    claim: Claim,
    signals: Sequence[Signal] = (),
    origins: frozenset[str] = frozenset(),
) -> ClaimResult:
    """Whether `claim` holds now. `signals` is the traffic it may speak of, `origins` those of the app.

    A page gets 1.5 s to make it true. Raises ClaimRefused; never takes longer than 15 s.
    """
    check(claim)
    try:
        async with asyncio.timeout(WHOLE):
            return await _evaluate(page, watch, claim, signals, origins)
    except TimeoutError:
        raise _refusal(claim, f"the page did not answer within {WHOLE:.0f} seconds") from None
    except Error as error:
        raise _refusal(claim, str(error).split("\n")[0]) from None


async def _evaluate(
    page: Page, watch: Watch, claim: Claim, signals: Sequence[Signal], origins: frozenset[str]
) -> ClaimResult:
    match claim.predicate:
        case "status_is":
            return _status(claim, signals, origins)
        case "url_is":
            return await _until_holds(lambda: _url(page, claim))
        case "persists_after_reload":
            return await _persists(page, watch, claim, signals, origins or frozenset({routes.origin(page.url)}))
        case "reachable":
            return await _reachable(page, claim)
        case _:
            return await _until_holds(lambda: _look_everywhere(page, claim))


async def _until_holds(look: Callable[[], Awaitable[ClaimResult]]) -> ClaimResult:
    deadline = time.monotonic() + PATIENCE
    while True:
        late = time.monotonic() >= deadline
        try:
            result = await look()
        except ClaimRefused:
            if late:
                raise
        else:
            if result.outcome == "holds" or late:
                return result
        await asyncio.sleep(POLL)


async def _look_everywhere(page: Page, claim: Claim) -> ClaimResult:
    """People see one page: what it does not hold itself is looked for in the frames inside it."""
    element = locators.resolve(page, claim.subject)
    if len(page.frames) > 1 and not await element.count():
        for frame in page.frames[1:]:
            inside = locators.resolve(frame, claim.subject)
            with suppress(Error):  # a frame may go away at any time
                if await inside.count():
                    return await _look(inside, claim)
    return await _look(element, claim)


async def _look(element: Locator, claim: Claim) -> ClaimResult:
    if claim.predicate in ("visible", "absent", "count_is"):
        count = await element.filter(visible=True).count()
        if claim.predicate == "count_is":
            return _result(count == int(claim.expected), str(count))
        return _result((count > 0) == (claim.predicate == "visible"), "visible" if count else "not visible")
    texts, is_field = await _texts(element, claim)
    if claim.predicate == "value_is" and not is_field:
        raise _refusal(claim, "the element holds no value; use text_is for text")
    wanted = _plain(claim.expected)
    if claim.predicate == "text_contains":
        return _result(any(wanted in text for text in texts), texts[-1])
    return _result(wanted in texts, texts[-1])


async def _texts(element: Locator, claim: Claim) -> tuple[tuple[str, ...], bool]:
    """What one element shows, and whether it is a field."""
    read = await (await _one(element, claim)).evaluate(_READ, timeout=ACTION_MS)
    if read["kind"] in ("password", "file"):
        raise _refusal(claim, f"a {read['kind']} field does not show its value")
    return tuple(_plain(text) for text in read["texts"]), bool(read["field"])


async def _one(element: Locator, claim: Claim) -> Locator:
    count = await element.count()
    if count == 0:
        raise _refusal(claim, "no element matches the subject; to claim that one should be there use visible")
    if count > 1:
        raise _refusal(claim, f"{count} elements match the subject; name one, e.g. with name=… or .nth(0)")
    return element


async def _url(page: Page, claim: Claim) -> ClaimResult:
    here, expected = routes.path(page.url), claim.expected.strip()
    wanted = routes.path(expected)
    if "{" in expected:
        return _result(routes.template(here) == routes.template(expected), here)
    return _result(here == wanted or ("?" not in wanted and here.partition("?")[0] == wanted), here)


async def _reachable(page: Page, claim: Claim) -> ClaimResult:
    element = await _one(locators.resolve(page, claim.subject).filter(visible=True), claim)
    over = await covered.trapping(page, element)
    if over is None:
        return ClaimResult("inapplicable", "what lies over the element may be closed, or nothing lies over it")
    return _result(not over, f"{over} covers it and cannot be closed" if over else "reachable")


def _status(claim: Claim, signals: Sequence[Signal], origins: frozenset[str]) -> ClaimResult:
    _, method, route = claim.subject.split()
    wanted = routes.template(route)
    for signal in reversed(signals):
        own = not origins or routes.origin(signal.url) in origins
        asked = signal.kind == "response" and signal.method.upper() == method.upper()
        if own and asked and routes.template(signal.url) == wanted:
            return _result(signal.status == int(claim.expected), str(signal.status))
    return ClaimResult("inapplicable", f"no response to {method.upper()} {wanted} was heard")


async def _persists(
    page: Page, watch: Watch, claim: Claim, signals: Sequence[Signal], origins: frozenset[str]
) -> ClaimResult:
    """Compares what was written with what a fresh GET of the page shows."""
    reason = unacknowledged(signals, origins)
    if reason:
        return ClaimResult("inapplicable", reason)
    element = locators.resolve(page, claim.subject)
    if await element.count() == 1 and await element.evaluate(_REFUSED, timeout=ACTION_MS):
        return ClaimResult("inapplicable", "the page refuses the value with a message at the field")
    wanted = _plain(claim.expected)
    if not wanted:
        wanted = (await _texts(element, claim))[0][0]
    # A GET, not a reload: reloading the answer to a POST would write a second time.
    await page.goto(page.url.partition("#")[0], wait_until="domcontentloaded", timeout=10_000)
    await watch.settle()

    async def look() -> ClaimResult:
        texts, is_field = await _texts(element, claim)
        return _result(wanted in texts or (not is_field and any(wanted in text for text in texts)), texts[-1])

    return await _until_holds(look)


def unacknowledged(signals: Sequence[Signal], origins: frozenset[str]) -> str:
    """Why the last write does not count as confirmed by the app; empty when it does."""
    writes = [
        signal
        for signal in signals
        if signal.kind == "response"
        and signal.method.upper() not in ("", "GET", "HEAD", "OPTIONS")
        and routes.origin(signal.url) in origins
    ]
    if not writes:
        return "nothing was written before"
    last = writes[-1]
    if last.status is None or not 200 <= last.status < 400:
        return f"the write {last.method} {routes.template(last.url)} was answered {last.status}"
    return ""


def claim_of_trap(result: ToolResult) -> Claim | None:
    """What a call claims that met an overlay which nobody can close; None when it met none, or the covered element
    cannot be named."""
    if result.target is None or not any(step.trapped for step in result.recoveries):
        return None
    reason = "What a page shows to be used can be got at: nothing that cannot be closed lies over it"
    return Claim(result.target.locator, "reachable", "", "consistency", reason, "page")


def _result(holds: bool, actual: str) -> ClaimResult:
    return ClaimResult("holds" if holds else "fails", actual[:READ_ACTUAL])


def _plain(text: str) -> str:
    """Spaces and line ends are the browser's business, not the app's."""
    return " ".join(text.split())


def _refusal(claim: Claim, reason: str) -> ClaimRefused:
    asked = f"{json.dumps(claim.subject, ensure_ascii=False)[:160]} {claim.predicate}"
    example = _EXAMPLES.get(claim.predicate, _LOCATOR_EXAMPLE)
    return ClaimRefused(asked, f"{reason.rstrip('.')}. One that can: {example}.")
