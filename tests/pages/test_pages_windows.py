"""Windows, tabs and downloads: what a call opens beside its page is shown, heard, and proved."""

import pytest
from pages_site import Site
from pages_world import Driver, proved

from agent.evidence.replay import Replayer

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("name", ["Open report", "Report link"])
async def test_a_window_is_shown_and_closed_and_its_address_can_be_opened(
    visitor: Driver, site: Site, name: str
) -> None:
    await visitor.open("/windows")
    result = await visitor.click(name)
    assert f"A new window opened {site.url}/report 'Report' (HTTP 200) and was closed." in result.text
    shown = result.text.partition(f"In the window {site.url}/report:\n")[2]
    assert '- heading "Report"' in shown and '- button "Export"' in shown and "[ref=" not in shown
    assert "open its address with browser_navigate" in result.notice
    assert [(window.url, window.status) for window in result.windows] == [(f"{site.url}/report", 200)]
    assert len(visitor.surface.context.pages) == 1 and visitor.surface.page.url == f"{site.url}/windows"
    assert "Twelve members" in (await visitor.open("/report")).text


async def test_an_error_in_a_window_is_heard_there_and_proved_by_the_click_that_opens_it(
    visitor: Driver, site: Site, replayer: Replayer
) -> None:
    await visitor.open("/windows")
    result = await visitor.click("Open report")
    (alarm,) = visitor.alarms(result)
    assert (alarm.kind, alarm.page_url) == ("uncaught_exception", f"{site.url}/report")
    finding = await proved(visitor, alarm, replayer)
    assert (finding.verdict.kind, finding.verdict.hits) == ("CONFIRMED", 2), finding.verdict
    assert [step.words for step in finding.repro.steps] == ["Open /windows", 'Click button "Open report"']


@pytest.mark.parametrize("name", ["Lost link", "Moved link"])
async def test_a_link_into_a_tab_that_leads_nowhere_is_a_broken_link(
    visitor: Driver, replayer: Replayer, name: str
) -> None:
    await visitor.open("/windows")
    result = await visitor.click(name)
    (alarm,) = visitor.alarms(result, link=True)
    assert (alarm.kind, alarm.route) == ("broken_link", "/nowhere")
    documents = {signal.document for signal in result.signals if signal.navigation}
    assert documents == {result.windows[0].document} and 0 not in documents
    assert (await proved(visitor, alarm, replayer)).verdict.kind == "CONFIRMED"


async def test_a_form_that_answers_in_a_window_shows_what_no_address_would(visitor: Driver, site: Site) -> None:
    await visitor.open("/windows")
    result = await visitor.click("Print")
    assert '- heading "Printed"' in result.text and "POST /printed 200" in result.text
    assert [alarm.page_url for alarm in visitor.alarms(result)] == [f"{site.url}/printed"]
    preview = await visitor.click("Preview")
    assert "In the window about:blank:" in preview.text and "Total: 12" in preview.text


async def test_many_windows_are_all_closed_and_one_that_hangs_costs_only_itself(visitor: Driver) -> None:
    await visitor.open("/windows")
    many = await visitor.click("Many")
    assert many.text.count("A new window opened") == 3 and len(visitor.surface.context.pages) == 1
    hung = await visitor.click("Spinning")
    # A window that shares its process with the page takes that along; both are closed in time.
    assert "(it did not answer)" in hung.text or "The page hung" in hung.notice
    assert "Twelve members" in (await visitor.open("/report")).text


async def test_a_download_is_told_with_its_size_and_beginning_by_click_and_by_address(
    visitor: Driver, site: Site
) -> None:
    await visitor.open("/downloads")
    clicked = await visitor.click("Export members")
    typed = await visitor.do("navigate", url="/members.csv")
    for result in (clicked, typed):
        assert result.status == "ok" and "Download: members.csv, 17 bytes, begins: name,court Ann,2" in result.text
        assert result.after is not None and result.after.url == f"{site.url}/downloads"
        assert visitor.alarms(result) == ()


async def test_a_replay_goes_on_after_a_download(visitor: Driver, replayer: Replayer) -> None:
    await visitor.open("/downloads")
    await visitor.do("navigate", url="/members.csv")
    await visitor.click("Export members")
    result = await visitor.click("Export bookings")
    alarm = visitor.alarms(result, link=True)[0]
    assert (alarm.kind, alarm.signal) == ("server_error", "GET /broken.csv 500")
    assert [step.action for step in visitor.steps] == ["goto", "goto", "click", "click"]
    assert (await proved(visitor, alarm, replayer)).verdict.kind == "CONFIRMED"
