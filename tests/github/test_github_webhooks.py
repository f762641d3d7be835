"""What the App is told, in which order, and what happens to a delivery that failed. The receiver checks each
signature and reads each payload through githubkit's model."""

import asyncio
import json
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

from github_scene import Receiver, Scene, new_scene, served

from demo.github.app import create_app
from demo.github.faults import Fault
from demo.github.manifest import read_manifest


async def test_a_charters_life_is_told_in_order(scene: Scene) -> None:
    world = scene.world
    issue = world.open_issue(scene.repository, "pm", "Charter", "### Mission", ["test-charter"])
    assert await scene.webhooks() == ["issues.opened", "issues.labeled"]
    labeled = scene.receiver.last("issues.labeled")
    assert (labeled["label"]["name"], labeled["sender"]["login"]) == ("test-charter", "pm")
    assert labeled["installation"]["id"] in world.installations
    assert labeled["repository"]["full_name"] == "acme/clubhouse"

    comment = world.comment(issue, "pm", "/explore rerun")
    world.edit_comment(comment, "pm", "/explore stop")
    world.edit_issue(issue, "pm", title="Charter 2", body="other")
    world.edit_issue(issue, "pm", title="Charter 2")
    world.add_labels(issue, "triager", ["bug", "test-charter"])
    world.remove_label(issue, "triager", "Bug")
    world.close_issue(issue, "pm", "not_planned")
    world.close_issue(issue, "pm")
    world.reopen_issue(issue, "pm")
    assert await scene.webhooks() == [
        "issue_comment.created",
        "issue_comment.edited",
        "issues.edited",
        "issues.labeled",
        "issues.unlabeled",
        "issues.closed",
        "issues.reopened",
    ]
    assert scene.receiver.last("issues.edited")["changes"]["title"] == {"from": "Charter"}
    assert scene.receiver.last("issue_comment.edited")["changes"]["body"] == {"from": "/explore rerun"}


async def test_what_the_bot_writes_comes_back_to_it_as_a_bots_deed(scene: Scene) -> None:
    await scene.client().rest.issues.async_create("acme", "clubhouse", title="Finding", labels=["finding"])
    assert await scene.webhooks() == ["issues.opened", "issues.labeled"]
    sender = scene.receiver.last("issues.opened")["sender"]
    assert (sender["login"], sender["type"]) == ("charterbot[bot]", "Bot")


async def test_installation_and_ping_come_without_a_subscription(scene: Scene) -> None:
    world, installed = scene.world, next(iter(scene.world.installations.values()))
    world.ping()
    world.suspend(installed, "maintainer")
    world.open_issue(scene.repository, "pm", "Nobody hears of this", None)
    world.unsuspend(installed, "maintainer")
    world.uninstall(installed, "maintainer")
    world.open_issue(scene.repository, "pm", "Nor of this", None)
    told = await scene.webhooks()
    assert told == ["ping", "installation.suspend", "installation.unsuspend", "installation.deleted"]


async def test_deployment_itself_is_told_only_to_who_subscribed(scene: Scene) -> None:
    scene.world.create_deployment(scene.repository, "developer", "main", "staging")
    assert await scene.webhooks() == []
    manifest = replace(read_manifest(), events=("deployment",))
    other = new_scene(manifest=manifest)
    other.world.create_deployment(other.repository, "developer", "main", "staging")
    other.world.open_issue(other.repository, "pm", "Not subscribed", None)
    assert await other.webhooks() == ["installation.created", "deployment.created"]


async def test_the_headers_are_githubs(scene: Scene) -> None:
    scene.world.open_issue(scene.repository, "pm", "Umlaute: äöü 🎾", None)
    await scene.webhooks()
    headers, (_, guid, body) = scene.receiver.headers[-1], scene.receiver.got[-1]
    assert headers["user-agent"].startswith("GitHub-Hookshot/")
    assert headers["content-type"] == "application/json"
    assert headers["x-github-hook-id"].isdigit()
    assert len(guid) == 36
    assert body["issue"]["title"] == "Umlaute: äöü 🎾"


async def test_a_failed_delivery_stays_failed_until_somebody_redelivers_it(scene: Scene) -> None:
    app = scene.app_client()
    scene.receiver.status = 503
    scene.world.open_issue(scene.repository, "pm", "Charter", None)
    assert await scene.webhooks() == ["issues.opened"]
    assert await scene.webhooks() == []

    failed = (await app.rest.apps.async_list_webhook_deliveries(per_page=1)).parsed_data[0]
    assert (failed.status_code, failed.status, failed.redelivery) == (503, "Service Unavailable", False)
    scene.receiver.status = 202
    await app.rest.apps.async_redeliver_webhook_delivery(failed.id)
    assert await scene.webhooks() == ["issues.opened"]
    again = (await app.rest.apps.async_list_webhook_deliveries(per_page=1)).parsed_data[0]
    assert (again.guid, again.status_code, again.redelivery) == (failed.guid, 202, True)
    assert again.id != failed.id
    whole = (await app.rest.apps.async_get_webhook_delivery(again.id)).parsed_data
    assert whole.request.headers is not None
    assert (await app.rest.apps.async_list_webhook_deliveries(per_page=1)).headers["link"].endswith('rel="next"')


async def test_webhooks_can_be_doubled_lost_and_late(scene: Scene) -> None:
    scene.world.faults += [
        Fault("HOOK", r"^issues\.opened$", "duplicate"),
        Fault("HOOK", r"^issues\.labeled$", "drop"),
        Fault("HOOK", "issue_comment", "delay", seconds=0.01),
    ]
    issue = scene.world.open_issue(scene.repository, "pm", "Charter", None, ["test-charter"])
    scene.world.comment(issue, "pm", "hello")
    assert await scene.webhooks() == ["issues.opened", "issues.opened", "issue_comment.created"]
    assert len({guid for _, guid, _ in scene.receiver.got[-3:-1]}) == 1
    assert scene.world.faults == []


async def test_nobody_listens_and_the_next_delivery_still_comes(scene: Scene) -> None:
    scene.world.webhook_url = "http://127.0.0.1:9/hook"
    scene.courier.transport = None
    scene.world.ping()
    await scene.courier.flush()
    assert scene.world.deliveries[-1].status == "failed to connect to host"
    assert scene.world.deliveries[-1].status_code == 0


async def test_a_running_server_delivers_by_itself_over_http() -> None:
    receiver = Receiver()
    scene = new_scene()
    async with served(receiver.app()) as bot, AsyncExitStack() as later:
        scene.world.webhook_url = f"{bot}/hook"
        github = scene.world.base_url = await later.enter_async_context(served(create_app(scene.world)))
        await scene.client_at(github).rest.issues.async_create("acme", "clubhouse", title="Over the wire")
        async with asyncio.timeout(10):
            while "issues.opened" not in receiver.kinds:
                await asyncio.sleep(0.01)
        received: dict[str, Any] = receiver.last("issues.opened")
        assert received["issue"]["html_url"] == f"{github}/acme/clubhouse/issues/1"
    assert receiver.kinds == ["installation.created", "issues.opened"]
    assert json.loads(scene.world.deliveries[-1].message.body) == received
