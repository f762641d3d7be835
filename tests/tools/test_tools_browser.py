"""A visitor explores the small site through the tools, in a real browser, over the real MCP server."""

import re
from pathlib import Path

import pytest
from small_site import Site
from tools_world import Driver, element

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_model_sees_only_the_allowed_tools_with_lean_schemas(driver: Driver) -> None:
    tools = {tool.name: tool for tool in await driver.surface.tools()}
    assert sorted(tools) == sorted(
        f"browser_{name}"
        for name in (
            *("navigate", "navigate_back", "click", "type", "fill_form", "select_option", "press_key", "hover"),
            *("handle_dialog", "wait_for", "snapshot", "find", "scroll", "request"),
        )
    )
    text = str([tool.parameters for tool in tools.values()])
    assert not any(word in text for word in ("'element'", "'filename'", "'boxes'", "$schema", "additionalProperties"))
    assert tools["browser_click"].writes and not tools["browser_find"].writes


@pytest.mark.parametrize("tool", ["run_code_unsafe", "evaluate", "file_upload", "tabs", "nope"])
async def test_a_tool_that_is_not_allowed_is_refused(driver: Driver, tool: str) -> None:
    result = await driver.do(tool, code="1")
    assert result.status == "denied" and "is not available" in result.notice


async def test_opening_a_page_shows_header_and_outline_and_counts_documents(driver: Driver, site: Site) -> None:
    first = await driver.open("/")
    result = await driver.open("/form")
    assert result.status == "ok" and result.after is not None and first.after is not None
    assert f"URL: {site.url}/form" in result.text and "Title: Form" in result.text and "HTTP status: 200" in result.text
    assert '- heading "Form"' in result.text and '- button "Save" [ref=' in result.text
    assert result.after.document > first.after.document
    assert any(signal.navigation and signal.document == result.after.document for signal in result.signals)


async def test_typing_shows_only_the_change_and_names_its_target(driver: Driver) -> None:
    page = await driver.open("/form")
    result = await driver.do("type", target=element(page.after, "Name").ref, text="Bob")
    assert result.target is not None and result.target.locator == 'get_by_role("textbox", name="Name")'
    assert (result.target.role, result.target.name, result.target.kind) == ("textbox", "Name", "text")
    assert re.search(r'^~ textbox "Name" \[ref=\w+\]: \(empty\) → Bob$', result.text, re.M)
    assert "heading" not in result.text


async def test_a_form_is_filled_field_by_field_and_sent(driver: Driver, site: Site) -> None:
    page = await driver.open("/form")
    asked = [("Name", "textbox", "Ann"), ("News", "checkbox", "true"), ("Colour", "combobox", "green")]
    fields = [
        {"target": element(page.after, name).ref, "name": name, "type": kind, "value": value}
        for name, kind, value in asked
    ]
    filled = await driver.do("fill_form", fields=fields)
    assert filled.status == "ok", filled.text
    assert [target.role for target in filled.targets if target] == ["textbox", "checkbox", "combobox"]
    assert element(filled.after, "News").checked and element(filled.after, "Colour").value == "green"
    saved = await driver.click("Save")
    assert saved.target is not None and saved.target.kind == "submit"
    assert "Name: Ann" in saved.text and site.requests[-1] == "POST /saved"


async def test_links_carry_their_address_and_going_back_works(driver: Driver, site: Site) -> None:
    await driver.open("/")
    result = await driver.click("Form")
    assert result.target is not None and result.target.href == f"{site.url}/form"
    back = await driver.do("navigate_back")
    assert "Title: Home" in back.text


async def test_a_ref_of_an_old_document_is_a_clear_error(driver: Driver, site: Site) -> None:
    page = await driver.open("/form")
    await driver.open("/")
    result = await driver.do("click", target=element(page.after, "Save").ref)
    assert result.status == "tool_error" and result.target is None
    here = element(await driver.surface.view(), "Form").ref
    told = f"is from another page; the refs of the one you are on begin with {here[: here.index('e') + 1]}."
    assert told in result.notice and result.text == f"URL: {site.url}/"


async def test_a_ref_that_left_its_page_is_told_from_one_of_another(driver: Driver) -> None:
    page = await driver.open("/modal")
    await driver.surface.page.evaluate("document.querySelectorAll('button')[1].remove()")
    await driver.do("snapshot")
    result = await driver.do("click", target=element(page.after, "Behind").ref)
    assert result.status == "tool_error" and "is gone from this page" in result.notice


async def test_calls_without_a_proper_ref_are_told_what_is_needed(driver: Driver) -> None:
    for args in ({"element": "the Save button"}, {"target": "button.save"}, {"target": "page.locator('x')"}):
        result = await driver.do("click", **args)
        assert result.status == "tool_error" and "ref of" in result.notice, args


async def test_host_only_arguments_never_reach_the_server(driver: Driver) -> None:
    await driver.open("/form")
    result = await driver.do("snapshot", filename="/tmp/leak.yml", _meta={"raw": True})
    assert result.status == "ok" and '- button "Save"' in result.text
    assert not Path("/tmp/leak.yml").exists()


async def test_find_answers_with_the_place_only(driver: Driver) -> None:
    await driver.open("/list")
    result = await driver.do("find", text="Item 37")
    found = result.text.splitlines()
    assert found[0] == "Lines with 'Item 37': 1" and len(found) == 2
    assert re.fullmatch(
        r'- listitem: link "Item 37" \[ref=\w+\] → /item/37 \| button "Delete 37" \[ref=\w+\]', found[1]
    )
    pattern = await driver.do("find", regex="/item 3[78]/i")
    assert "Item 38" in pattern.text and "Item 12" not in pattern.text
    assert "No matches" in (await driver.do("find", text="Item 99")).text


async def test_a_list_that_fits_is_shown_whole_and_a_long_one_with_a_ref_to_its_rest(driver: Driver) -> None:
    short = await driver.open("/list")
    assert "more listitem" not in short.text and '"Item 20"' in short.text
    long = await driver.open("/rows")
    assert "Name 1 |" in long.text and "Name 300 |" in long.text and "Name 200 |" not in long.text
    left_out = re.search(r"… (\d+) more rows of rowgroup \[ref=(\w+)\]; browser_snapshot with that target", long.text)
    assert left_out and long.after is not None and "Name 200" in long.after.snapshot
    closer = await driver.do("snapshot", target=left_out[2])
    kept = [len(re.findall(r"Name \d+ \|", text)) for text in (long.text, closer.text)]
    assert kept[0] == 300 - int(left_out[1]) and kept[1] > kept[0] and "use browser_find" in closer.text


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://evil.test/",
            "//evil.test/",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "http://127.0.0.1@evil.test/",
        ),
        *("SITE.evil.test/", "http:\\\\evil.test", "/\\evil.test", "data:text/html,x"),
    ],
)
async def test_other_places_are_refused(driver: Driver, site: Site, url: str) -> None:
    result = await driver.open(url.replace("SITE", site.url))
    assert result.status == "denied" and site.url in result.notice


async def test_a_link_that_leaves_the_app_is_not_followed(driver: Driver, site: Site) -> None:
    await driver.open("/")
    result = await driver.click("Elsewhere")
    assert result.status == "denied" and "leaves the app for http://localhost" in result.notice
    assert driver.surface.page.url == f"{site.url}/"


async def test_a_redirect_to_another_place_ends_at_the_fence(driver: Driver) -> None:
    result = await driver.open("/away")
    assert result.status == "tool_error" and "ERR_NAME_NOT_RESOLVED" in result.text
    assert (await driver.open("/")).status == "ok"


async def test_a_server_error_is_seen_with_its_status(driver: Driver, site: Site) -> None:
    result = await driver.open("/boom")
    assert result.status == "ok" and "HTTP status: 500" in result.text
    assert result.after is not None and result.after.status == 500
    assert [s.status for s in result.signals if s.navigation and s.url == f"{site.url}/boom"] == [500]


async def test_what_goes_wrong_in_the_page_is_heard_with_its_document(driver: Driver, site: Site) -> None:
    arrival = await driver.open("/noise")
    heard = {(signal.kind, signal.status) for signal in arrival.signals}
    assert {("console", None), ("response", 404)} <= heard and "Something broke" in arrival.text
    image = next(signal for signal in arrival.signals if signal.status == 404)
    assert (image.resource, image.page_url) == ("image", f"{site.url}/noise")
    assert arrival.after is not None and image.document == arrival.after.document
    thrown = await driver.click("Throw")
    error = next(signal for signal in thrown.signals if signal.kind == "pageerror")
    assert error.text == "ReferenceError: nowhere is not defined" and "/noise" in error.stack
    assert "Console errors: 1\n  ReferenceError" in thrown.text
    again = await driver.click("Throw")
    assert "Console errors: 1, heard before" in again.text and "ReferenceError" not in again.text
    boom = await driver.click("Boom")
    assert "Request failed: GET /boom 500" in boom.text


async def test_errors_of_the_page_before_are_not_the_new_pages(driver: Driver) -> None:
    await driver.open("/noise2")
    await driver.surface.page.evaluate("() => { setTimeout(() => { throw new TypeError('on leaving') }) }")
    result = await driver.open("/form")
    assert "Console errors of the page before: 1\n  TypeError: on leaving" in result.text
    assert "Console errors:" not in result.text


async def test_the_tools_say_what_the_host_accepts(driver: Driver) -> None:
    tools = {tool.name: tool for tool in await driver.surface.tools()}
    target = tools["browser_click"].parameters["properties"]["target"]["description"]
    fields = tools["browser_fill_form"].parameters["properties"]["fields"]["items"]
    assert "No selector" in target and fields["properties"]["target"]["description"] == target
    assert "selector" not in str(tools.values()).replace("No selector", "")
    offered = [set(tools[f"browser_{name}"].parameters["properties"]) for name in ("click", "snapshot")]
    assert offered == [{"target", "doubleClick"}, {"target"}]
    page = await driver.open("/list")
    cut = await driver.do("snapshot", depth=1)
    assert '"Item 40"' in cut.text and page.after is not None


async def test_a_slow_answer_is_waited_for_in_spite_of_an_open_stream(driver: Driver) -> None:
    await driver.open("/slow")
    result = await driver.click("Load")
    assert "loaded" in result.text


async def test_a_new_tab_is_shown_and_closed(driver: Driver, site: Site) -> None:
    await driver.open("/popup")
    result = await driver.click("Open form")
    assert f"A new window opened {site.url}/form 'Form' (HTTP 200) and was closed." in result.text
    assert f'In the window {site.url}/form:\n- heading "Form" [level=1]' in result.text
    assert len(driver.surface.context.pages) == 1 and driver.surface.page.url == f"{site.url}/popup"


async def test_dialogs_wait_for_their_answer(driver: Driver) -> None:
    await driver.open("/dialogs")
    asked = await driver.click("Prompt")
    assert asked.status == "ok" and asked.after is not None and asked.after.dialog == "prompt: Your name?"
    assert asked.after.snapshot == "" and "answer it with browser_handle_dialog" in asked.notice
    assert "Dialog: prompt: Your name?" in asked.text and "Your name" not in asked.notice
    ignored = await driver.open("/form")
    assert ignored.status == "tool_error" and "A dialog is open" in ignored.notice and "Your name?" in ignored.text
    answered = await driver.do("handle_dialog", accept=True, promptText="Ann")
    assert answered.after is not None and answered.after.dialog is None and "Ann" in answered.text
    assert answered.before is not None and answered.before.document == answered.after.document
    refused = await driver.do("handle_dialog", accept=True)
    assert refused.status == "tool_error" and "modal state" in refused.text


async def test_an_alert_that_opens_by_itself_is_seen(driver: Driver) -> None:
    await driver.open("/dialogs")
    await driver.surface.page.evaluate("() => { setTimeout(() => alert('late'), 50) }")
    await driver.surface.page.wait_for_timeout(200)
    assert (await driver.surface.view()).dialog == "alert: late"
    assert (await driver.do("handle_dialog", accept=True)).status == "ok"


async def test_a_viewport_is_as_large_as_asked(driver: Driver) -> None:
    await driver.open("/login")
    size = await driver.surface.page.evaluate("[innerWidth, innerHeight]")
    assert size == [1280, 800]
