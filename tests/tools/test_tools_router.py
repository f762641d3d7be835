"""A browser and a second MCP server behind one router: who gets which call, and what is refused."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from small_site import Site
from tools_world import Driver, element, profile

from agent.charter import ServerSpec
from agent.tools.mcp import Gone, McpSurface
from agent.tools.router import Router
from agent.tools.secrets import Secrets
from agent.tools.surface import ToolCall

pytestmark = pytest.mark.asyncio(loop_scope="session")

TOOLS = ("add", "total", "environment", "fail", "weigh", "die", "browser_find", "draw")
SERVER = ServerSpec(
    "small",
    (sys.executable, str(Path(__file__).with_name("small_mcp_server.py"))),
    tools=TOOLS,
    writes=("add",),
    env=("SMALL_TOKEN",),
)
ENVIRON = {"SMALL_TOKEN": "t0ken-value", "MODEL_KEY": "do-not-hand-on"}


@pytest_asyncio.fixture(loop_scope="session")
async def small(tmp_path: Path) -> AsyncIterator[McpSurface]:
    surface = McpSurface(SERVER, tmp_path, Secrets({"TOKEN": "t0ken-value"}, ()), ENVIRON)
    yield surface
    await surface.close()


@pytest.fixture
def router(driver: Driver, small: McpSurface, site: Site, tmp_path: Path) -> Router:
    return Router((driver.surface, small), profile(site, tmp_path))


def call(tool: str, **args: object) -> ToolCall:
    return ToolCall(f"id-{tool}", tool, args)


async def test_two_servers_work_at_once_and_only_shared_names_get_a_prefix(router: Router) -> None:
    tools = {tool.name: tool for tool in await router.tools()}
    assert {"browser_click", "add", "browser_browser_find", "small_browser_find"} <= set(tools)
    assert "forbidden" not in tools and tools["add"].writes and not tools["total"].writes
    results = await router.perform([call("browser_navigate", url="/list")])
    assert "Title: List" in results[0].text
    both = [call("add", amount=2), call("browser_browser_find", text="Item 7"), call("small_browser_find", text="x")]
    results = await router.perform(both)
    assert [result.call_id for result in results] == [item.id for item in both]
    assert results[0].text == "count is 2" and "Item 7" in results[1].text and results[2].text == "found x elsewhere"


async def test_unknown_and_unlisted_tools_are_refused_with_the_list(router: Router, small: McpSurface) -> None:
    for name in ("forbidden", "browser_run_code_unsafe", "nope"):
        result = await router.call(call(name))
        assert result.status == "denied" and "browser_click" in result.notice and result.call_id == f"id-{name}"
    assert (await small.call(call("forbidden"))).status == "denied"


async def test_wrong_arguments_are_explained(router: Router) -> None:
    missing = await router.call(call("browser_click"))
    assert missing.status == "tool_error" and "'target' is a required property" in missing.notice
    wrong = await router.call(call("add", amount="many"))
    assert wrong.status == "tool_error" and "amount: 'many' is not of type 'integer'" in wrong.notice


async def test_calls_after_a_page_change_are_skipped(router: Router, driver: Driver) -> None:
    page = await driver.open("/form")
    save, name = element(page.after, "Save").ref, element(page.after, "Name").ref
    calls = [
        call("browser_type", target=name, text="Ann"),
        call("browser_click", target=save),
        call("browser_type", target=name, text="again"),
        call("total"),
    ]
    results = await router.perform(calls)
    assert [result.status for result in results] == ["ok", "ok", "skipped", "skipped"]
    assert results[2].notice == f"skipped: page changed, so {name} is gone; use the refs of the new page"
    assert (results[2].text, results[2].call_id) == ("", "id-browser_type")
    assert results[3].notice == results[3].told == "skipped: page changed"


async def test_calls_that_name_nothing_of_the_old_page_run_after_a_page_change(router: Router) -> None:
    calls = [
        call("browser_navigate", url="/list"),
        call("browser_browser_find", text="Item 7"),
        call("browser_press_key", key="Enter"),
        call("browser_snapshot", target="e1"),
        call("browser_snapshot"),
        call("browser_navigate", url="/form"),
        call("browser_fill_form", fields=[{"target": "e1", "name": "a", "type": "textbox", "value": "b"}]),
    ]
    results = await router.perform(calls)
    assert [result.status for result in results] == ["ok", "ok", "skipped", "skipped", "ok", "ok", "skipped"]
    assert '"Item 7"' in results[1].text and '"Item 40"' in results[4].text


async def test_calls_after_an_opened_dialog_are_skipped(router: Router, driver: Driver) -> None:
    page = await driver.open("/dialogs")
    click = call("browser_click", target=element(page.after, "Alert").ref)
    results = await router.perform([click, call("total")])
    assert results[1].notice == "skipped: a dialog opened"
    await driver.do("handle_dialog", accept=True)


async def test_the_answer_to_a_dialog_may_be_foreseen(router: Router, driver: Driver) -> None:
    page = await driver.open("/dialogs")
    click = call("browser_click", target=element(page.after, "Alert").ref)
    answer = call("browser_handle_dialog", accept=True)
    results = await router.perform([click, answer, call("total")])
    assert [result.status for result in results] == ["ok", "ok", "ok"]


async def test_writing_tools_of_servers_are_refused_on_production(
    driver: Driver, small: McpSurface, site: Site, tmp_path: Path
) -> None:
    router = Router((driver.surface, small), profile(site, tmp_path, environment="production"))
    assert (await router.call(call("add", amount=1))).status == "denied"
    assert (await router.call(call("total"))).text == "count is 0"


async def test_a_server_gets_only_the_named_variables_and_its_answers_are_masked(small: McpSurface) -> None:
    names = (await small.call(call("environment"))).text.split()
    assert "SMALL_TOKEN" in names and "MODEL_KEY" not in names
    failed = await small.call(call("fail", text="token is t0ken-value"))
    assert (failed.status, failed.text) == ("tool_error", "Error executing tool fail: token is {{secret:TOKEN}}")


async def test_an_answer_that_breaks_the_tools_own_schema_is_a_tool_error(small: McpSurface) -> None:
    async with asyncio.timeout(20):
        weighed = await small.call(call("weigh"))
    assert weighed.status == "tool_error" and "weigh" in weighed.text
    assert (await small.call(call("total"))).text == "count is 0"


async def test_a_picture_of_a_server_comes_with_its_words_and_a_huge_one_without(small: McpSurface) -> None:
    drawn = await small.call(call("draw", bytes_of_data=1000))
    assert (drawn.text, [image.media_type for image in drawn.images]) == ("drawn", ["image/png"])
    assert drawn.images[0].data == b"x" * 1000
    huge = await small.call(call("draw", bytes_of_data=4_000_000))
    assert (huge.status, huge.text, huge.images) == ("ok", "drawn", ())


async def test_a_server_that_dies_is_restarted_three_times_and_then_lost(small: McpSurface) -> None:
    await small.call(call("add", amount=5))
    for _ in range(3):
        died = await small.call(call("die"))
        assert died.status == "tool_error" and died.text.startswith("session lost: small ended during the call")
        assert (await small.call(call("total"))).text == "count is 0"
    assert (await small.call(call("die"))).status == "lost"


async def test_a_server_that_cannot_start_says_so(tmp_path: Path) -> None:
    surface = McpSurface(ServerSpec("none", ("/nonexistent/server",), ("x",)), tmp_path, Secrets({}, ()), {})
    with pytest.raises(Gone, match="/nonexistent/server did not start"):
        await surface.tools()
