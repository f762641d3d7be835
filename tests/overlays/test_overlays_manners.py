"""What the recovery leaves alone, and how it meets what goes wrong under its hands."""

import pytest
from conftest import Opened

from bench.overlay_pages import BUY, HARM, WALL, OverlayPage
from bench.overlays import Visitor, shown

pytestmark = pytest.mark.asyncio(loop_scope="session")

FORM = "<h1>Form</h1><label><input type=checkbox> Agree</label><label>Name <input id=name></label><p id=out></p>"
BANNER = f'<div id="bar" style="{WALL}">We use cookies. <button onclick="bar.remove()">Reject</button></div>'


def edit(inner: str) -> str:
    return f"""<button onclick="d.hidden = false">Edit</button><label>Search <input id=search></label>{BUY}
      <div id="d" hidden role="dialog" aria-label="Edit" style="position:fixed;inset:90px 0 0 0;background:#eee">{inner}
      <button onclick="d.hidden = true">Cancel</button></div>"""


async def start(visitor: Visitor) -> None:
    await visitor.do("navigate", url="/page/0")


async def test_a_dialog_of_the_role_stays_while_the_role_works_in_it(opened: Opened) -> None:
    async with opened(OverlayPage("own", edit("<label>Name <input></label>"))) as visitor:
        await start(visitor)
        await visitor.do("click", target=await visitor.ref("Edit"))
        await visitor.do("type", target=await visitor.ref("Name"), text="Ann")
        blocked = await visitor.do("click", target=await visitor.ref("Buy now"))
        assert blocked.status == "tool_error"
        assert [step.how for step in blocked.recoveries] == ["left open, because the last action opened it"]
        assert await visitor.surface.page.get_by_role("dialog").is_visible()


async def test_a_dialog_of_the_role_that_it_left_since_is_in_the_way_like_any_other(opened: Opened) -> None:
    async with opened(OverlayPage("own", edit("Nothing here."))) as visitor:
        await start(visitor)
        await visitor.do("click", target=await visitor.ref("Edit"))
        await visitor.do("type", target=await visitor.ref("Search"), text="lamps")
        result = await visitor.do("click", target=await visitor.ref("Buy now"))
        assert result.status == "ok" and "bought" in result.text
        assert [step.how for step in result.recoveries] == ['clicked button "Cancel"']


async def test_a_bar_that_the_role_did_not_open_is_no_answer_though_new_things_stand_in_it(opened: Opened) -> None:
    body = f"""{BUY}<button onclick="more.innerHTML = '<button>Details</button>'">More</button>
      <div id="bar" role="region" aria-label="Cookies" style="position:fixed;bottom:0;left:0;right:0;height:200px;
      background:#eee">We use cookies. <button onclick="bar.remove()">Reject</button><span id="more"></span></div>"""
    async with opened(OverlayPage("bar", body)) as visitor:
        await start(visitor)
        await visitor.do("click", target=await visitor.ref("More"))
        result = await visitor.do("click", target=await visitor.ref("Buy now"))
        assert "bought" in result.text and result.recoveries[0].how == 'clicked button "Reject"'


async def test_typing_behind_a_modal_dialog_that_the_role_opened_is_an_error_and_the_dialog_stays(
    opened: Opened,
) -> None:
    body = """<label>Search <input id=search></label><button onclick="d.showModal()">Edit</button>
      <dialog id="d" aria-label="Edit"><label>Name <input></label><button onclick="d.close()">Close</button></dialog>"""
    async with opened(OverlayPage("own", body)) as visitor:
        await start(visitor)
        search = await visitor.ref("Search")
        await visitor.do("click", target=await visitor.ref("Edit"))
        result = await visitor.do("type", target=search, text="lamps")
        assert result.status == "tool_error" and "did not reach the field" in result.text
        assert [step.how for step in result.recoveries] == ["left open, because the last action opened it"]


async def test_a_search_box_that_hands_its_text_on_is_no_focus_trap(opened: Opened) -> None:
    body = """<label>Search <input id=search oninput="palette.hidden = false; query.value = this.value; this.value = '';
      query.focus()"></label><div id="palette" hidden role="dialog" aria-label="Search everywhere"><input id="query"
      aria-label="Query"><button onclick="palette.hidden = true">Close</button></div>"""
    async with opened(OverlayPage("palette", body)) as visitor:
        await start(visitor)
        result = await visitor.do("type", target=await visitor.ref("Search"), text="lamps")
        assert [step.overcome for step in result.recoveries] == [False]
        assert await visitor.surface.page.get_by_role("dialog").is_visible()


async def test_ticking_and_hovering_get_past_a_banner_too(opened: Opened) -> None:
    hover = "<h1>Menu</h1><button onmouseover=\"out.textContent = 'seen'\">Tools</button><p id=out></p>" + BANNER
    async with opened(OverlayPage("form", FORM + BANNER), OverlayPage("menu", hover)) as visitor:
        await start(visitor)
        fields = [
            {"target": await visitor.ref("Agree"), "name": "Agree", "type": "checkbox", "value": "true"},
            {"target": await visitor.ref("Name"), "name": "Name", "type": "textbox", "value": "Ann"},
        ]
        result = await visitor.do("fill_form", fields=fields)
        assert result.status == "ok" and [step.overcome for step in result.recoveries] == [True]
        assert await visitor.surface.page.get_by_role("checkbox").is_checked()
        await visitor.do("navigate", url="/page/1")
        result = await visitor.do("hover", target=await visitor.ref("Tools"))
        assert "seen" in result.text and [step.overcome for step in result.recoveries] == [True]


async def test_an_alert_right_after_the_closing_is_told_and_hangs_nothing(opened: Opened) -> None:
    body = f"""{BUY}<div id="tour" role="dialog" aria-label="Tour" style="{WALL}"><button onclick="tour.remove();
      setTimeout(() => alert('Come back any time'), 250)">Skip tour</button></div>"""
    async with opened(OverlayPage("tour", body)) as visitor:
        await start(visitor)
        result = await visitor.do("click", target=await visitor.ref("Buy now"))
        if not (result.after and result.after.dialog):
            # The click was quicker than the alert.
            assert "bought" in result.text
            return
        assert result.after.dialog == "alert: Come back any time"
        answered = await visitor.do("handle_dialog", accept=True)
        if answered.after and "bought" not in shown(answered.after):
            answered = await visitor.do("click", target=await visitor.ref("Buy now"))
        assert answered.after and "bought" in shown(answered.after)


async def test_nothing_is_pressed_where_every_control_is_dangerous_or_unknown(opened: Opened) -> None:
    body = f'{BUY}<div id="wall" role="dialog" aria-label="Choose" style="{WALL}">{HARM}<button>Yes</button></div>'
    async with opened(OverlayPage("choose", body)) as visitor:
        await start(visitor)
        result = await visitor.do("click", target=await visitor.ref("Buy now"))
        assert result.status == "tool_error" and visitor.site.harm == []
        assert [step.how for step in result.recoveries] == [
            "pressed Escape",
            "left to the role, for none of its controls is known to close it",
        ]
        assert not any(step.trapped for step in result.recoveries)


async def test_a_link_to_elsewhere_and_a_button_that_sends_are_no_ways_out(opened: Opened) -> None:
    body = f"""{BUY}<div id="wall" role="dialog" aria-label="Offer" style="{WALL}"><a href="/elsewhere">Close</a>
      <form action="/elsewhere"><input name="email"><button>Continue</button></form></div>"""
    async with opened(OverlayPage("offer", body)) as visitor:
        await start(visitor)
        result = await visitor.do("click", target=await visitor.ref("Buy now"))
        assert result.status == "tool_error" and result.after is not None and result.after.url.endswith("/page/0")
