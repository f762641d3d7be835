"""The contract with the pinned Playwright wheel: what we use of it that is young, private or undocumented."""

from pathlib import Path

import pytest
from mcp import StdioServerParameters
from playwright.async_api import Playwright
from small_site import Site
from tools_world import profile

from agent.tools.answers import read_answer
from agent.tools.mcp import Gone, Wire, text_of
from agent.tools.playwright_server import driver_command, launch_bound, server_command

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_driver_is_in_the_wheel() -> None:
    node, program = driver_command()
    assert Path(node).is_file() and Path(program).name == "cli.js" and Path(program).is_file()


async def test_server_attaches_to_the_bound_browser_and_shares_refs_with_python(
    site: Site, browser_path: Path, playwright: Playwright, tmp_path: Path
) -> None:
    launched = await launch_bound(playwright, browser_path, profile(site, tmp_path), tmp_path)
    wire = Wire(server_command(launched.endpoint, tmp_path, (800, 600)), tmp_path / "server.log")
    await wire.start()
    assert {"browser_click", "browser_find", "browser_run_code_unsafe"} <= {tool.name for tool in wire.tools}
    opened = text_of(await wire.call("browser_navigate", {"url": f"{site.url}/dialogs"}, 20))
    assert "### Ran Playwright code" in opened and f"- Page URL: {site.url}/dialogs" in opened
    page = next(page for context in launched.browser.contexts for page in context.pages)
    assert await page.evaluate("[innerWidth, innerHeight]") == [800, 600]
    snapshot = await page.aria_snapshot(mode="ai")
    ref = next(line for line in snapshot.splitlines() if '"Alert"' in line).partition("[ref=")[2].partition("]")[0]
    assert str(await page.get_by_ref(ref).normalize()) == 'get_by_role("button", name="Alert")'
    clicked = await wire.call("browser_click", {"target": ref}, 8)
    assert read_answer(text_of(clicked), clicked.is_error).dialog == "alert: Saved!"
    blocked = await wire.call("browser_snapshot", {}, 8)
    assert blocked.is_error and "does not handle the modal state" in read_answer(text_of(blocked), True).error
    await wire.call("browser_handle_dialog", {"accept": True}, 8)
    looked = await wire.call("browser_snapshot", {}, 8)
    assert read_answer(text_of(looked), False).snapshot.startswith("- generic")
    await wire.stop()
    with pytest.raises(Gone):
        await wire.call("browser_snapshot", {}, 8)
    await launched.browser.close()


async def test_an_unknown_flag_is_a_clear_start_failure(tmp_path: Path) -> None:
    node, program = driver_command()
    wire = Wire(StdioServerParameters(command=node, args=[program, "mcp", "--save-trace"]), tmp_path / "server.log")
    with pytest.raises(Gone, match="did not start"):
        await wire.start()
    assert "unknown option" in (tmp_path / "server.log").read_text()
