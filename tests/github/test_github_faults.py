"""The bad days of GitHub, on demand: each fault hits the next matching request and no other."""

import httpx
import pytest
from github_scene import Scene, new_scene, served
from githubkit.exception import RequestFailed, SecondaryRateLimitExceeded

from demo.github.app import create_app
from demo.github.faults import Fault, RequestFault

ISSUES = r"/repos/acme/clubhouse/issues$"


@pytest.mark.parametrize(
    ("kind", "status", "effect"),
    [("502_before", 502, 0), ("502_after", 502, 1), ("500", 500, 0), ("401", 401, 0), ("403_secondary_bare", 403, 0)],
)
async def test_a_create_fails_before_or_after_its_effect(
    scene: Scene, kind: RequestFault, status: int, effect: int
) -> None:
    scene.world.faults.append(Fault("POST", ISSUES, kind))
    create = scene.client().rest.issues.async_create
    assert (await scene.client().rest.issues.async_list_for_repo("acme", "clubhouse")).status_code == 200
    with pytest.raises(RequestFailed) as failed:
        await create("acme", "clubhouse", title="Finding")
    assert failed.value.response.status_code == status
    assert len(scene.repository.issues) == effect
    assert (await create("acme", "clubhouse", title="Finding")).status_code == 201


async def test_the_secondary_limit_says_how_long_to_wait(scene: Scene) -> None:
    scene.world.faults.append(Fault("POST", ISSUES, "403_secondary", seconds=7))
    with pytest.raises(SecondaryRateLimitExceeded) as failed:
        await scene.client().rest.issues.async_create("acme", "clubhouse", title="Finding")
    assert failed.value.retry_after.total_seconds() == 7


async def test_a_dropped_connection_leaves_the_effect_in_process(scene: Scene) -> None:
    scene.world.faults.append(Fault("POST", ISSUES, "drop_after"))
    async with scene.bearer(scene.token()) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.post("/repos/acme/clubhouse/issues", json={"title": "Finding"})
    assert len(scene.repository.issues) == 1


async def test_a_dropped_connection_leaves_the_effect_over_http() -> None:
    scene = new_scene()
    scene.world.faults.append(Fault("POST", ISSUES, "drop_after"))
    async with served(create_app(scene.world)) as github:
        headers = {"authorization": f"token {scene.token()}"}
        async with httpx.AsyncClient(base_url=github, headers=headers, trust_env=False) as client:
            with pytest.raises(httpx.TransportError):
                await client.post("/repos/acme/clubhouse/issues", json={"title": "Finding"})
            assert len((await client.get("/repos/acme/clubhouse/issues")).json()) == 1
