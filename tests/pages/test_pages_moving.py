"""An element that never stands still is clicked where it is, and nothing else is."""

import pytest
from pages_world import Driver, element, proved

from agent.evidence.finding import Claim
from agent.evidence.replay import Replayer

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_moving_button_is_clicked_where_it_is_and_said_so(visitor: Driver) -> None:
    await visitor.open("/moving")
    result = await visitor.click("Catch")
    assert result.status == "ok" and "~ paragraph: waiting → caught" in result.text
    assert [(item.what, item.how, item.overcome) for item in result.recoveries] == [
        ('button "Catch" keeps moving', "clicked where it is", True)
    ]
    assert [step.words for step in visitor.steps] == ["Open /moving", 'Click button "Catch"']


async def test_a_moving_button_takes_a_double_click_too(visitor: Driver) -> None:
    await visitor.open("/moving")
    assert "waiting → twice" in (await visitor.click("Double", doubleClick=True)).text


async def test_a_dialog_that_a_moving_button_opens_waits_for_its_answer(visitor: Driver) -> None:
    await visitor.open("/moving")
    asked = await visitor.click("Ask")
    assert asked.after is not None and asked.after.dialog == "confirm: Really?"
    assert "- paragraph: yes" in (await visitor.do("handle_dialog", accept=True)).text


async def test_what_lies_under_something_else_is_not_clicked(visitor: Driver) -> None:
    page = await visitor.open("/moving-under")
    result = await visitor.do("click", target=element(page.after, "Catch").ref)
    assert result.status == "tool_error" and await visitor.surface.page.inner_text("#out") == "waiting"
    assert all(not item.overcome for item in result.recoveries)
    assert visitor.steps[-1].action == "goto", "a click that was not made is no step"


async def test_a_moving_button_inside_a_frame_is_hit_too(visitor: Driver) -> None:
    await visitor.open("/frame-moving")
    assert "waiting → caught" in (await visitor.click("Catch")).text


async def test_a_fault_behind_a_moving_button_is_proved_by_replay(visitor: Driver, replayer: Replayer) -> None:
    await visitor.open("/moving")
    result = await visitor.click("Break")
    (alarm,) = visitor.alarms(result)
    finding = await proved(visitor, alarm, replayer)
    assert (finding.verdict.kind, finding.verdict.control) == ("CONFIRMED", "clean"), finding.verdict


async def test_a_claim_after_a_moving_button_is_judged_alike_in_a_replay(visitor: Driver, replayer: Replayer) -> None:
    await visitor.open("/moving")
    await visitor.click("Catch")
    claim = Claim('locator("#out")', "text_is", "released", "spec", "a caught button is released")
    finding = await proved(visitor, claim, replayer)
    assert (finding.verdict.kind, finding.verdict.actual) == ("CONFIRMED", "caught"), finding.verdict
