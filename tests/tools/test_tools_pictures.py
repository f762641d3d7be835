"""Pictures as answers: the page, for a model that can look at it."""

import base64
from pathlib import Path

import pytest
from playwright.async_api import Playwright
from small_site import Site
from tools_world import VISITOR, Driver, element, profile

from agent.tools.browser import open_browser
from agent.tools.seat import BrowserOptions

pytestmark = pytest.mark.asyncio(loop_scope="session")

PNG = b"\x89PNG\r\n\x1a\n"


COUNT = """async pair => {
    const [first, second] = await Promise.all(pair.map(async data => {
        const bitmap = await createImageBitmap(await (await fetch("data:image/png;base64," + data)).blob());
        const pen = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
        pen.drawImage(bitmap, 0, 0);
        return pen.getImageData(0, 0, bitmap.width, bitmap.height).data;
    }));
    return first.reduce((sum, value, at) => sum + (at % 4 < 3 && value !== second[at] ? 1 : 0), 0) / 3;
}"""


async def differing(driver: Driver, first: bytes, second: bytes) -> float:
    """How many pixels are not the same in both pictures."""
    return await driver.surface.page.evaluate(COUNT, [base64.b64encode(data).decode() for data in (first, second)])


async def typed(driver: Driver, text: str) -> bool:
    view = await driver.surface.view()
    return (await driver.do("type", target=element(view, "Password").ref, text=text)).status == "ok"


async def test_only_a_model_that_can_look_is_offered_a_picture_of_the_page(
    driver: Driver, site: Site, browser_path: Path, playwright: Playwright, tmp_path: Path
) -> None:
    refused = await driver.do("take_screenshot")
    assert (refused.status, refused.images) == ("denied", ())

    options = BrowserOptions(VISITOR, profile(site, tmp_path), browser_path, tmp_path, playwright, pictures=True)
    async with open_browser(options) as surface:
        seeing = Driver(surface)
        assert "browser_take_screenshot" in [tool.name for tool in await surface.tools()]
        await seeing.open("/login")
        empty = await seeing.do("take_screenshot")
        assert (empty.status, empty.images[0].media_type) == ("ok", "image/png")
        assert empty.images[0].data.startswith(PNG) and len(empty.images[0].data) > 1_000
        assert str(empty.images[0]) == "Image(media_type='image/png')", "the bytes stay out of logs"

        # What is typed into a password field is covered, so both pictures of it are the same.
        await typed(seeing, "d")
        first = await seeing.do("take_screenshot")
        await typed(seeing, "many more dots than that")
        second = await seeing.do("take_screenshot")
        assert await differing(seeing, first.images[0].data, second.images[0].data) < 100
        bare = await surface.page.screenshot()
        await typed(seeing, "d")
        # Uncovered, the pictures tell how long the secret is.
        assert await differing(seeing, bare, await surface.page.screenshot()) > 200
