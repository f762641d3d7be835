"""How the scout ends: signs out, tries a private page, accounts for the capabilities, finishes. Pure."""

from agent.llm.base import Situation
from agent.llm.scout.account import notes, summary
from agent.llm.scout.calls import Call, Plan, check, click, locator
from agent.llm.scout.memory import Deed, Trail
from agent.llm.scout.page import Page

SIGNING_OUT = 7
"""Turns kept for signing out, looking back, handing over failed claims and the account."""
ACCOUNT = 2


def reserve(situation: Situation, trail: Trail) -> int:
    """Never more than a quarter of a small budget."""
    total = situation.iteration + situation.remaining
    return min(SIGNING_OUT if _way_out(situation, trail) else ACCOUNT, max(ACCOUNT, total // 4))


def plan(situation: Situation, page: Page, trail: Trail) -> Plan:
    now = situation.iteration
    if situation.remaining > ACCOUNT:
        step = _sign_out(situation, page, trail) or _look_back(situation, trail)
        if step is not None:
            return step
    closing = situation.remaining <= reserve(situation, trail)
    calls = (*notes(situation, trail, closing), ("finish", {"summary": summary(situation, trail)}))
    return Plan("nothing is left to do", calls, Deed(now, "finish", (("closing",),)))


def _way_out(situation: Situation, trail: Trail) -> bool:
    return situation.may_write and any(page.sign_out for page in trail.pages.values())


def _sign_out(situation: Situation, page: Page, trail: Trail) -> Plan | None:
    if not _way_out(situation, trail) or trail.count("signed out"):
        return None
    control, now = page.sign_out, situation.iteration
    if control is not None:
        calls = (click(control.element.ref), _gone(page, "signing out ends the session"))
        keys, titles = (("signed out",), ("closing",)), ("", "Sign out leaves the user signed in")
        deed = Deed(now, "sign out", keys, page, control=control, titles=titles)
        return Plan("sign out, last of all", calls, deed)
    if trail.count("to sign out"):
        return None
    known = next(seen for seen in trail.pages.values() if seen.sign_out)
    keys = (("to sign out",), ("closing",))
    return Plan("to where one signs out", (("browser_navigate", {"url": known.url}),), Deed(now, "go", keys, page))


def _look_back(situation: Situation, trail: Trail) -> Plan | None:
    """After signing out: a private page by its address, then the browser's Back."""
    if not trail.count("signed out"):
        return None
    now = situation.iteration
    private = next((page for page in trail.pages.values() if page.sign_out and page.route != "/"), None)
    if private is not None and not trail.count("private"):
        reason = "a page opened after signing out must not show the signed-in user's controls"
        calls = (("browser_navigate", {"url": private.url}), _gone(private, reason))
        titles = ("", f"{private.route} still opens after signing out")
        return Plan("a private page after signing out", calls, Deed(now, "private", (("private",),), titles=titles))
    if not trail.count("back after"):
        return Plan("back after signing out", (("browser_navigate_back", {}),), Deed(now, "back", (("back after",),)))
    return None


def _gone(page: Page, reason: str) -> Call:
    assert page.sign_out is not None
    element = page.sign_out.element
    return check(locator(element.role, element.name), "absent", "", reason)
