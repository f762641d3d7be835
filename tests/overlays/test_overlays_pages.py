"""Every page of the bench is met as it should be: in few calls, with nothing dangerous pressed, and told."""

import pytest

from agent.coverage.access import Access
from agent.evidence import repro
from agent.evidence.perform import perform
from agent.tools.foreign import ForeignAnswers
from agent.tools.secrets import Secrets
from agent.tools.surface import ToolCall
from bench.overlay_pages import PAGES
from bench.overlays import MOST_CALLS, Visitor, shown

pytestmark = pytest.mark.asyncio(loop_scope="session")

NOBODY = ForeignAnswers(Access("", ()), frozenset())
NAMED = {page.name: page for page in PAGES}
LOGS = {
    "cookie bar": ['region "Cookie notice" (external overlay): clicked button "Reject all"'],
    "cookie wall in German": [
        'dialog "Ihre Privatsphäre" (OneTrust consent, external overlay): clicked button "Nur notwendige Cookies"'
    ],
    "Intercom": [
        'iframe.intercom-messenger-frame (Intercom chat, external overlay): clicked button "Close Intercom Messenger"'
    ],
    "Zendesk": ['iframe#webWidget (Zendesk chat, external overlay): clicked button "Minimize widget"'],
    "Drift from another origin": ['iframe#drift-widget (Drift chat, external overlay): clicked button "Dismiss"'],
    "permission for notifications": ['dialog "Permission" (permission prompt): clicked button "Block"'],
    "permission for the location in French": ['dialog "Permission" (permission prompt): clicked button "Refuser"'],
    "leave this page?": ['browser dialog "leave this page?": accepted, because leaving the page is what was asked for'],
    "question whether to delete": [
        'alertdialog "Delete 3 members?" (in-app modal): clicked button "Cancel"',
    ],
    "question whether to cancel": ['dialog "Cancel your subscription?" (in-app modal): pressed Escape'],
    "modal that the action opened": ['dialog "Edit" (in-app modal): left open, because the last action opened it'],
    "focus trap": ['dialog "Feedback" (in-app modal): clicked button "Not now"'],
    "overlay without any control": [
        "div#wall (focus interference): pressed Escape; it has no control that closes it, and Escape does not"
    ],
    "please wait": ["div#busy (focus interference): waited until it went by itself"],
    "close button that asks": ['dialog "Draft" (in-app modal): clicked button "Close", which opened a browser dialog'],
    "browser's own permission": [],
}


@pytest.mark.parametrize("name", NAMED)
async def test_the_page_is_met_as_it_should_be(visitor: Visitor, name: str) -> None:
    meeting = await visitor.meet(NAMED[name])
    assert meeting.harm == () and meeting.calls <= MOST_CALLS
    assert meeting.good, meeting
    assert list(meeting.steps) == LOGS.get(name, list(meeting.steps))


@pytest.mark.parametrize(
    "name", ["cookie bar", "newsletter with a picture only", "Intercom", "Drift from another origin", "native dialog"]
)
async def test_what_cleared_the_way_is_a_step_that_can_be_replayed(visitor: Visitor, name: str) -> None:
    page = NAMED[name]
    path = visitor.site.path(page)
    await visitor.do("navigate", url=path)
    if page.shows:
        await visitor.do("wait_for", text=page.shows)
    target = await visitor.ref(page.wanted)
    result = await visitor.do("click", target=target)
    steps = repro.steps_of(ToolCall("c", "browser_click", {"target": target}), result, "visitor")
    assert [step.action for step in steps] == ["click", "click"]
    browser = visitor.surface.context.browser
    assert browser is not None
    fresh = await browser.new_page()
    try:
        await fresh.goto(visitor.site.url + path)
        for step in steps:
            await perform(fresh, step, visitor.site.url, Secrets({}, (visitor.site.url,)), NOBODY)
        await fresh.get_by_text(page.proof).wait_for()
    finally:
        await fresh.close()


async def test_the_role_is_told_of_an_overlay_without_a_way_out_and_it_is_not_tried_again(visitor: Visitor) -> None:
    await visitor.do("navigate", url=visitor.site.path(NAMED["overlay without any control"]))
    target = await visitor.ref("Buy now")
    first = await visitor.do("click", target=target)
    assert first.status == "tool_error" and "blocked by div#wall" in first.text
    assert "it has no control that closes it, and Escape does not (still there)" in first.text
    assert [step.trapped for step in first.recoveries] == [True]
    assert (await visitor.do("click", target=target)).recoveries == ()
    assert await visitor.surface.page.locator("#wall").is_visible(), "nothing of the page is ever removed by us"


async def test_a_dialog_that_opens_by_itself_does_not_hang_a_look(visitor: Visitor) -> None:
    await visitor.do("navigate", url=visitor.site.path(NAMED["dialog by itself"]))
    dialog = None
    while dialog is None:
        dialog = (await visitor.surface.view()).dialog
    assert dialog == "alert: Your session ends soon"
    answered = await visitor.do("handle_dialog", accept=True)
    assert answered.after is not None and "Buy now" in shown(answered.after)
