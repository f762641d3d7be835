"""What is only there once one has scrolled: endless lists, boxes that scroll by themselves, lazy sections."""

import pytest
from pages_world import Driver, element, proved

from agent.evidence.finding import Claim
from agent.evidence.replay import Replayer

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_an_endless_list_grows_as_it_is_scrolled(visitor: Driver) -> None:
    page = await visitor.open("/feed")
    assert "Entry 30" in page.text and "Entry 31" not in page.text
    result = await visitor.do("scroll", direction="down", screens=3)
    assert result.status == "ok" and "+ listitem: Entry 31" in result.text and "GET /more 200" in result.text
    assert "Scrolled: " in result.text and " above, " in result.text
    up = await visitor.do("scroll", direction="up", screens=10)
    assert "Scrolled: nothing above, " in up.text
    assert "Nothing moved: nothing above, " in (await visitor.do("scroll", direction="up")).text


async def test_a_box_is_scrolled_by_an_element_in_it_and_the_page_stays(visitor: Driver) -> None:
    page = await visitor.open("/box")
    line = next(line for line in page.after.snapshot.splitlines() if "Line 3" in line) if page.after else ""
    ref = line.partition("[ref=")[2].partition("]")[0]
    result = await visitor.do("scroll", direction="down", screens=4, target=ref)
    assert "+ paragraph: Line 21" in result.text
    assert await visitor.surface.page.evaluate("[scrollY, document.getElementById('box').scrollTop > 100]") == [0, True]
    assert visitor.steps[-1].words == 'Scroll down 4 screens where paragraph "Line 3" is'


async def test_an_element_is_brought_into_view_without_a_direction(visitor: Driver) -> None:
    await visitor.open("/feed")
    page = await visitor.do("scroll", direction="down", screens=5)
    away = await visitor.do("scroll", direction="up", screens=10)
    result = await visitor.do("scroll", target=element(away.after or page.after, "Broken 90").ref)
    assert result.status == "ok" and await visitor.surface.page.evaluate("scrollY") > 500
    assert visitor.steps[-1].words == 'Scroll to button "Broken 90"'


async def test_a_scroll_that_says_nothing_is_told_what_is_missing(visitor: Driver) -> None:
    await visitor.open("/feed")
    result = await visitor.do("scroll")
    assert result.status == "tool_error" and "`direction` down or up" in result.notice


async def test_a_fault_that_scrolling_brings_about_is_proved(visitor: Driver, replayer: Replayer) -> None:
    await visitor.open("/lazy")
    result = await visitor.do("scroll", direction="down", screens=6)
    assert "Here at last" in result.text
    (alarm,) = visitor.alarms(result)
    finding = await proved(visitor, alarm, replayer)
    assert (finding.verdict.kind, finding.verdict.control) == ("CONFIRMED", "clean"), finding.verdict
    assert [step.words for step in finding.repro.steps] == ["Open /lazy", "Scroll down 6 screens"]


async def test_what_is_only_there_after_scrolling_is_reached_by_a_replay(visitor: Driver, replayer: Replayer) -> None:
    await visitor.open("/box")
    page = await visitor.surface.view()
    line = next(line for line in page.snapshot.splitlines() if "Line 3" in line)
    await visitor.do("scroll", direction="down", screens=4, target=line.partition("[ref=")[2].partition("]")[0])
    claim = Claim('get_by_text("Line 21", exact=True)', "absent", "", "spec", "twenty lines are all")
    assert (await proved(visitor, claim, replayer)).verdict.kind == "CONFIRMED"
