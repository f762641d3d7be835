"""An application in one document: its pages are told as pages, what a call sent is told, menus only once."""

import pytest
from pages_site import Site
from pages_world import Driver, element, proved

from agent.evidence.replay import Replayer
from agent.tools.picture import SMALL_BYTES

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_page_that_replaces_another_without_loading_is_told_as_a_page(visitor: Driver, site: Site) -> None:
    first = await visitor.open("/app")
    result = await visitor.click("Bookings")
    assert result.before and result.after and result.before.document == result.after.document
    assert "Page, mostly new:" in result.text and '- heading "Bookings"' in result.text and "gone:" not in result.text
    assert "(menu as before: 4 other controls; browser_find shows them)" in result.text
    kept = element(first.after, "Reports").ref
    assert kept in (await visitor.do("find", text="Reports")).text
    assert '- heading "Reports"' in (await visitor.do("click", target=kept)).text


async def test_a_place_with_an_address_after_the_hash_is_opened_and_proved_there(
    visitor: Driver, replayer: Replayer
) -> None:
    await visitor.open("/hash")
    clicked = await visitor.click("Members")
    assert '~ heading "start" [level=2] → heading "#/members" [level=2]' in clicked.text
    await visitor.open("/plain")
    result = await visitor.open("/hash#/members")
    alarm = visitor.alarms(result)[0]
    assert [step.value for step in visitor.steps] == ["/hash#/members"]
    assert (await proved(visitor, alarm, replayer)).verdict.kind == "CONFIRMED"


async def test_after_a_hang_the_role_is_told_how_it_had_come_to_a_place_without_an_address(
    visitor: Driver, site: Site
) -> None:
    page = await visitor.open("/app-spin")
    await visitor.do("click", target=element(page.after, "Open").ref)
    result = await visitor.click("Spin")
    assert f'You were at {site.url}/app-spin; you had come there by: click button "Open".' in result.text
    assert "You were at" not in result.notice, "an element's name is the page's word"


async def test_what_a_call_sent_is_told_although_nothing_changed(visitor: Driver) -> None:
    await visitor.open("/app")
    result = await visitor.click("Send Members")
    assert "Requests sent: POST /api/sent?of=1 200; GET /api/list 200\nChanges:\nnone" in result.text


async def test_the_menus_of_a_new_document_are_told_once_and_can_be_used_all_the_same(visitor: Driver) -> None:
    await visitor.open("/moving")
    first = await visitor.open("/")
    again = await visitor.open("/plain")
    assert "Moving [ref=" in first.text and "Another page." in again.text
    assert '- navigation "Main": (menu as before: 4 links; browser_find shows them)' in again.text
    assert "- contentinfo: (menu as before: 2 links; browser_find shows them)" in again.text
    found = await visitor.do("find", text="windows")
    ref = element(again.after, "Windows").ref
    assert f"[ref={ref}]" in found.text
    assert "Title: Windows" in (await visitor.do("click", target=ref)).text


async def test_a_small_picture_of_the_page_is_taken_and_never_fails(visitor: Driver, tmp_path) -> None:
    await visitor.open("/feed")
    assert await visitor.surface.picture(tmp_path / "state.jpg")
    data = (tmp_path / "state.jpg").read_bytes()
    assert data.startswith(b"\xff\xd8") and 1_000 < len(data) <= SMALL_BYTES
    assert await visitor.surface.picture(tmp_path / "new" / "folder.jpg")
    assert not await visitor.surface.picture(tmp_path / "state.jpg" / "no-folder.jpg")
    await visitor.surface.page.evaluate(
        "() => { setTimeout(() => { const t = Date.now(); while (Date.now() - t < 4000) {} }) }"
    )
    assert not await visitor.surface.picture(tmp_path / "busy.jpg") and not (tmp_path / "busy.jpg").exists()
