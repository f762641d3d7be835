"""The ears on their own, as a replay uses them: plain Playwright, no MCP server."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Playwright
from small_site import PASSWORD, Site

from agent.errors import BadInput
from agent.tools.chromium import launch
from agent.tools.watch import Watch

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser_path: Path, playwright: Playwright) -> AsyncIterator[BrowserContext]:
    browser = await launch(playwright, browser_path, hosts=("127.0.0.1",))
    yield await browser.new_context()
    await browser.close()


async def test_a_browser_that_cannot_have_its_sandbox_is_named_with_the_remedy(
    playwright: Playwright, tmp_path: Path
) -> None:
    program = tmp_path / "chromium"
    program.write_text("#!/bin/sh\necho 'No usable sandbox!' >&2\nexit 1\n")
    program.chmod(0o755)
    with pytest.raises(BadInput, match="chromium cannot start its sandbox here; allow user namespaces"):
        await launch(playwright, program, hosts=())


async def test_documents_are_counted_once_each_and_not_for_fragments(context: BrowserContext, site: Site) -> None:
    watch = Watch(context)
    page = await context.new_page()
    numbers = []
    for url in ("/", "/form"):
        await page.goto(site.url + url)
        numbers.append(watch.document)
    await page.evaluate("() => { location.hash = 'part'; history.pushState({}, '', '/pushed') }")
    await page.wait_for_url("**/pushed")
    numbers.append(watch.document)
    await page.goto(f"{site.url}/form")
    await page.reload()
    numbers.append(watch.document)
    assert numbers[0] < numbers[1] == numbers[2] < numbers[3] - 1
    documents = [signal.document for signal in watch.drain() if signal.navigation]
    assert documents == sorted(set(documents)) and documents[-1] == numbers[-1]
    assert watch.drain() == () and watch.status == 200


async def test_a_redirect_is_one_document_with_the_last_status(context: BrowserContext, site: Site) -> None:
    watch = Watch(context)
    page = await context.new_page()
    await page.goto(f"{site.url}/login")
    await page.get_by_label("User").fill("ann")
    await page.get_by_label("Password").fill(PASSWORD)
    before = watch.document
    watch.drain()
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("heading", name="Hello ann").wait_for()
    assert watch.status == 200 and watch.document == before + 1
    answers = [(signal.status, signal.document) for signal in watch.drain() if signal.navigation]
    assert answers == [(303, before + 1), (200, before + 1)]


async def test_a_late_exception_belongs_to_its_page(context: BrowserContext, site: Site) -> None:
    watch = Watch(context)
    page = await context.new_page()
    async with context.expect_event("weberror"):
        await page.goto(f"{site.url}/noise2")
    error = next(signal for signal in watch.drain() if signal.kind == "pageerror")
    assert (error.text, error.page_url) == ("TypeError: late", f"{site.url}/noise2")
    assert error.document == watch.document and "noise2" in error.stack


async def test_dialogs_are_heard_where_the_caller_answers_them(context: BrowserContext, site: Site) -> None:
    watch = Watch(context, dialogs=True)
    page = await context.new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    await page.goto(f"{site.url}/dialogs")
    await page.get_by_role("button", name="Confirm").click()
    assert await page.locator("#out").inner_text() == "yes"
    assert [signal.text for signal in watch.drain() if signal.kind == "dialog"] == ["confirm: Really?"]


async def test_settling_waits_for_requests_but_not_for_streams_nor_for_ever(
    context: BrowserContext, site: Site
) -> None:
    watch = Watch(context)
    page = await context.new_page()
    await page.goto(f"{site.url}/slow")
    await page.get_by_role("button", name="Load").click()
    assert await watch.settle()
    assert await page.locator("#out").inner_text() == "loaded"
    await page.get_by_role("button", name="Load").click()
    assert not await watch.settle(limit=0.2)


async def test_a_foreign_host_does_not_resolve(context: BrowserContext, site: Site) -> None:
    watch = Watch(context)
    page = await context.new_page()
    await page.goto(site.url)
    port = site.url.rpartition(":")[2]
    caught = await page.evaluate(f"fetch('http://localhost:{port}/', {{mode: 'no-cors'}}).catch(e => 'refused')")
    assert caught == "refused"
    assert "net::ERR_NAME_NOT_RESOLVED" in [signal.text for signal in watch.drain() if signal.kind == "requestfailed"]
