"""Frames of the own and of another origin: read, filled, clicked, claimed about, and proved."""

import pytest
from pages_world import Driver, element, proved

from agent.evidence import claims
from agent.evidence.finding import Claim
from agent.evidence.replay import Replayer

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize(("nth", "title"), [(0, "Ours"), (1, "Theirs")])
async def test_a_form_in_a_frame_is_filled_and_sent_and_its_fault_proved(
    visitor: Driver, replayer: Replayer, nth: int, title: str
) -> None:
    page = await visitor.open("/frames")
    typed = await visitor.do("type", target=element(page.after, "Word", nth).ref, text="otter")
    assert "(empty) → otter" in typed.text and typed.target is not None
    assert "iframe[title=" in typed.target.locator and title in typed.target.locator
    saved = await visitor.do("click", target=element(page.after, "Save", nth + 1).ref)
    assert "~ paragraph: nothing → You said otter" in saved.text
    claim = Claim(f'frame_locator("iframe[title={title}]").locator("#said")', "text_is", "otter", "spec", "as typed")
    finding = await proved(visitor, claim, replayer)
    assert (finding.verdict.kind, finding.verdict.actual) == ("CONFIRMED", "You said otter"), finding.verdict


async def test_every_locator_of_a_step_in_a_frame_stays_in_that_frame(visitor: Driver) -> None:
    await visitor.open("/frames")
    await visitor.click("Save", nth=1)
    assert len(visitor.steps[-1].locators) == 2
    assert all(".content_frame." in code for code in visitor.steps[-1].locators)
    assert await visitor.surface.page.inner_text("#out") == "", "the page has a Save of its own"


async def test_text_in_a_frame_is_text_of_the_page_for_a_claim(visitor: Driver, site) -> None:
    await visitor.open("/frames")
    surface = visitor.surface

    async def outcome(subject: str, predicate: str, expected: str = "") -> str:
        claim = Claim(subject, predicate, expected, "spec", "")  # pyright: ignore[reportArgumentType] given by the test
        return (await claims.evaluate(surface.page, surface.watch, claim)).outcome

    assert await outcome('get_by_role("heading", name="Inner")', "visible") == "holds"
    assert await outcome('get_by_role("heading", name="Inner")', "absent") == "fails"
    assert await outcome('get_by_text("nowhere at all")', "absent") == "holds"
    assert await outcome('get_by_role("button", name="Break")', "count_is", "1") == "holds"
    assert await outcome('get_by_role("button", name="Save")', "count_is", "1") == "holds", "the page's own comes first"


async def test_an_exception_in_a_frame_is_proved(visitor: Driver, replayer: Replayer) -> None:
    await visitor.open("/frames")
    result = await visitor.click("Break")
    (alarm,) = visitor.alarms(result)
    assert (await proved(visitor, alarm, replayer)).verdict.kind == "CONFIRMED"
