"""People at the pages: plain POSTs as a browser sends them, and a real browser for what only one can show."""

import os
import shutil
from collections.abc import AsyncIterator

import pytest
from github_scene import Scene, new_scene, served
from playwright.async_api import Page, async_playwright, expect

from demo.github.app import create_app
from demo.github.model import Deployment

HOME = "/acme/clubhouse"
BROWSER = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"]
HOSTILE = """<!-- marker:42 -->
Seen in #1 by @pm and @nobody, see https://example.com/a?b=1.

<script>window.pwned = 1</script><img src="x" onerror="window.pwned = 1">
<a href="java&#10;script:window.pwned=1">press</a> <details open><summary>More</summary>inside</details>

- [x] done
"""


async def test_a_charter_from_the_form_has_githubs_body_and_both_webhooks(scene: Scene) -> None:
    async with scene.person("pm") as pm:
        form = await pm.get(f"{HOME}/issues/new?template=test-charter")
        assert 'name="mission"' in form.text
        page = await pm.post(
            f"{HOME}/issues",
            data={
                "template": "test-charter",
                "title": "Charter: bookings",
                "mission": "Book twice.\r\nSee what breaks.",
                "roles": ["member", "admin"],
                "limits": "Read only",
            },
        )
    assert page.url.path == f"{HOME}/issues/1"
    issue = scene.repository.issues[1]
    assert issue.body == (
        "### Mission\n\nBook twice.\r\nSee what breaks.\n\n### Roles\n\nmember, admin\n\n"
        "### Target URL\n\n_No response_\n\n### Limits\n\n- [X] Read only\n- [ ] No emails"
    )
    # Only labels that exist are applied: the form names one more.
    assert issue.label_names == ["test-charter"]
    assert await scene.webhooks() == ["issues.opened", "issues.labeled"]


async def test_the_form_refuses_what_githubs_would(scene: Scene) -> None:
    async with scene.person("pm") as pm:
        empty = await pm.post(f"{HOME}/issues", data={"template": "test-charter", "title": "x", "mission": " "})
        odd = {"template": "test-charter", "title": "x", "mission": "m", "roles": "root"}
        strange = await pm.post(f"{HOME}/issues", data=odd)
        unknown = await pm.get(f"{HOME}/issues/new?template=other")
    assert (empty.status_code, strange.status_code, unknown.status_code) == (422, 422, 404)
    assert "Please fill in: Mission." in empty.text
    assert "Roles does not offer" in strange.text
    assert scene.repository.issues == {}


async def test_people_talk_label_close_and_reopen(scene: Scene) -> None:
    issue = scene.world.open_issue(scene.repository, "pm", "Charter", None)
    at = f"{HOME}/issues/1"
    async with scene.person("pm") as pm, scene.person("outsider") as outsider:
        await pm.post(f"{at}/comments", data={"body": "/explore rerun"})
        assert "/explore rerun" in (await outsider.get(at)).text
        await pm.post(f"{at}/labels", data={"label": "bug", "do": "add"})
        refused = await outsider.post(f"{at}/labels", data={"label": "bug", "do": "remove"})
        assert (refused.status_code, issue.label_names) == (403, ["bug"])
        assert "takes the role triage or more; outsider has no role" in refused.text
        await outsider.post(f"{at}/comments", data={"body": "May I?"})
        await pm.post(f"{at}/labels", data={"label": "bug", "do": "remove"})
        await pm.post(f"{at}/state", data={"then": "close", "reason": "not_planned"})
        assert (issue.state, issue.state_reason, issue.label_names) == ("closed", "not_planned", [])
        await pm.post(f"{at}/comments", data={"body": "Again", "then": "reopen"})
        await pm.post(f"{at}/body", data={"title": "Charter 2", "body": "New"})
        assert (await outsider.post(f"{at}/state", data={"then": "close"})).status_code == 403
    assert (issue.state, issue.title) == ("open", "Charter 2")
    assert [(each.author.login, each.body) for each in issue.comments] == [
        ("pm", "/explore rerun"),
        ("outsider", "May I?"),
        ("pm", "Again"),
    ]


async def test_a_fix_is_proposed_merged_and_deployed() -> None:
    started = []

    async def start(deployment: Deployment) -> str:
        started.append(deployment.repository.graph.commits[deployment.sha].files["config/defects.txt"])
        return "http://clubhouse.test"

    scene = new_scene(deployer=start)
    finding = scene.world.open_issue(scene.repository, "charterbot[bot]", "500 on booking", None)
    async with scene.person("developer") as developer, scene.person("maintainer") as maintainer:
        page = await developer.post(
            f"{HOME}/pulls",
            data={
                "title": "Fix booking",
                "body": "Fixes #1",
                "path": ["config/defects.txt", "NOTES.md"],
                "content": ["D02\r\nD03\r\n", "done"],
            },
        )
        assert page.url.path == f"{HOME}/pull/2"
        assert "500 on booking" in page.text
        merged = await maintainer.post(f"{HOME}/pull/2/merge", data={"method": "merge"})
        assert "Merged and closed" in merged.text
        again = await maintainer.post(f"{HOME}/pull/2/merge", data={"method": "merge"})
        assert again.status_code == 405
        live = await maintainer.post(f"{HOME}/deployments", data={"environment": "staging", "ref": "main"})
    assert (finding.state, started) == ("closed", ["D02\nD03\n"])
    assert 'href="http://clubhouse.test"' in live.text
    async with scene.person("triager") as triager:
        for path in ("/pulls", "/pull/2/merge", "/deployments"):
            assert (await triager.post(HOME + path, data={"environment": "x"})).status_code == 403, path


async def test_a_delivery_can_be_sent_again_from_its_page(scene: Scene) -> None:
    scene.world.open_issue(scene.repository, "pm", "Charter", None)
    await scene.webhooks()
    first = scene.world.deliveries[-1]
    async with scene.person("maintainer") as maintainer:
        shown = await maintainer.get(f"{HOME}/hooks?delivery={first.id}")
        assert "X-Hub-Signature-256" in shown.text
        await maintainer.post(f"{HOME}/hooks/{first.id}/redeliver")
        await scene.webhooks()
        assert "redelivery" in (await maintainer.get(f"{HOME}/hooks")).text
    assert scene.world.deliveries[-1].message.guid == first.message.guid


@pytest.mark.parametrize(
    "path",
    ["/", *(HOME + path for path in ("", "/issues", "/issues/new", "/issues/new?template=blank", "/pulls"))]
    + [HOME + path for path in ("/pulls/new?path=README.md", "/deployments", "/hooks", "/commits")]
    + [HOME + path for path in ("/commit/main", "/blob/main/README.md", "/issues?state=closed&label=bug")],
)
async def test_every_page_opens(scene: Scene, path: str) -> None:
    async with scene.person("reader") as reader:
        page = await reader.get(path)
    assert page.status_code == 200
    assert "clubhouse" in page.text


async def test_a_page_that_is_not_there_says_so_to_people(scene: Scene) -> None:
    async with scene.person("pm") as pm:
        for path in (f"{HOME}/issues/99", f"{HOME}/commit/0000000", f"{HOME}/blob/main/none", "/acme/none/issues"):
            page = await pm.get(path)
            assert (page.status_code, "<h1" in page.text) == (404, True), path


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=browser_path(), args=BROWSER)
        yield await browser.new_page()
        await browser.close()


async def test_in_a_browser_the_page_lives_and_hostile_text_stays_text(page: Page) -> None:
    scene = new_scene()
    async with served(create_app(scene.world)) as github:
        await page.goto(f"{github}{HOME}/issues/new?template=test-charter&as=pm")
        await page.get_by_label("Add a title").fill("Charter: bookings")
        await page.get_by_label("Mission").fill("Book twice.")
        await page.get_by_label("Roles").select_option(["member", "trainer"])
        await page.get_by_label("No emails").check()
        await page.get_by_role("button", name="Create").click()
        await expect(page.get_by_role("heading", name="Charter: bookings #1")).to_be_visible()
        assert "### Roles\n\nmember, trainer" in (scene.repository.issues[1].body or "")

        # Somebody else writes; the open page shows it without a reload, and keeps what is being typed.
        await page.get_by_label("Comment", exact=True).fill("half a thou")
        scene.world.comment(scene.repository.issues[1], "charterbot[bot]", HOSTILE)
        await expect(page.get_by_text("Seen in #1 by @pm")).to_be_visible()
        assert await page.get_by_label("Comment", exact=True).input_value() == "half a thou"
        assert await page.evaluate("window.pwned") is None
        shown = page.locator(".post.bot .md")
        assert await shown.locator("a").evaluate_all("all => all.map((each) => each.getAttribute('href'))") == [
            f"{HOME}/issues/1",
            "https://example.com/a?b=1",
            None,
        ]
        assert await shown.locator("strong.mention").all_inner_texts() == ["@pm"]
        assert await shown.locator("details, input:checked").count() == 2
        assert "marker:42" not in await page.content()

        await page.get_by_label("You are").select_option("outsider")
        await expect(page.get_by_role("button", name="Add")).to_have_count(0)


def browser_path() -> str | None:
    """The machine's own Chromium; None lets Playwright take its download."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return os.environ.get("CHARTERBOT_BROWSER") or next(filter(None, map(shutil.which, names)), None)
