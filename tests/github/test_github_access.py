"""Who may do what: JWT, tokens that end, permissions of app.yml taken away one by one."""

from datetime import UTC, datetime
from typing import Any

import httpx
import jwt
import pytest
from github_scene import FILES, Scene, keys, new_scene
from githubkit.exception import RequestFailed

from demo.github.keys import generate
from demo.github.manifest import read_manifest

REPO = "/repos/acme/clubhouse"


def signed(key: str = "", **claims: Any) -> str:
    now = int(datetime.now(UTC).timestamp())
    return jwt.encode({"iat": now - 10, "exp": now + 300, "iss": "4711"} | claims, key or keys()[0], algorithm="RS256")


@pytest.mark.parametrize(
    ("token", "status", "word"),
    [
        (lambda now: signed(), 200, ""),
        (lambda now: signed(generate()[0]), 401, "could not be decoded"),
        (lambda now: signed(iss="4712"), 404, "Integration not found"),
        (lambda now: signed(exp=now - 1), 401, "future time"),
        (lambda now: signed(exp=now + 900), 401, "too far in the future"),
        (lambda now: signed(iat=now + 120), 401, "'iat'"),
        (lambda now: "not a token", 401, "could not be decoded"),
    ],
)
async def test_only_a_fresh_jwt_of_the_app_opens_its_routes(scene: Scene, token: Any, status: int, word: str) -> None:
    now = int(datetime.now(UTC).timestamp())
    async with scene.bearer(token(now)) as client:
        answer = await client.get("/app")
    assert answer.status_code == status
    assert word in answer.text


async def test_a_token_ends_with_its_hour_its_revocation_or_its_installation(scene: Scene) -> None:
    world, installed = scene.world, next(iter(scene.world.installations.values()))

    async def status(token: str) -> int:
        async with scene.bearer(token) as client:
            return (await client.get(REPO)).status_code

    first = scene.token()
    assert await status(first) == 200
    scene.clock.advance(minutes=59)
    assert await status(first) == 200
    scene.clock.advance(minutes=1)
    assert await status(first) == 401
    second = scene.token()
    world.suspend(installed, "maintainer")
    assert await status(second) == 403
    world.unsuspend(installed, "maintainer")
    assert await status(second) == 200
    world.revoke_tokens(installed)
    assert await status(second) == 401
    third = scene.token()
    world.uninstall(installed, "maintainer")
    assert await status(third) == 401
    now = int(scene.clock().timestamp())
    async with scene.bearer(signed(iat=now, exp=now + 300)) as client:
        assert (await client.get(f"{REPO}/installation")).status_code == 404
    async with httpx.AsyncClient(transport=scene.transport, base_url=world.base_url) as nobody:
        assert (await nobody.get(REPO)).json()["message"] == "Requires authentication"


async def test_a_narrowed_token_can_do_less_and_never_more(scene: Scene) -> None:
    other = scene.world.add_repository("acme", "website", FILES)
    narrow = scene.client(permissions={"issues": "read"}, repositories=["clubhouse"])

    assert (await narrow.rest.issues.async_list_for_repo("acme", "clubhouse")).parsed_data == []
    for refused, status in (
        (lambda: narrow.rest.issues.async_create("acme", "clubhouse", title="x"), 403),
        (lambda: narrow.rest.repos.async_list_deployments("acme", "clubhouse"), 403),
        (lambda: narrow.rest.issues.async_list_for_repo("acme", other.name), 404),
    ):
        with pytest.raises(RequestFailed) as problem:
            await refused()
        assert problem.value.response.status_code == status
    installed = next(iter(scene.world.installations))
    async with scene.bearer(signed()) as client:
        mint = f"/app/installations/{installed}/access_tokens"
        assert (await client.post(mint, json={"permissions": {"contents": "write"}})).status_code == 422
        assert (await client.post(mint, json={"repositories": ["unknown"]})).status_code == 422
        assert (await client.post(mint)).status_code == 201


SHA = "{sha}"
CALLS = [
    ("metadata", "GET", "", None),
    ("metadata", "GET", "/collaborators/pm/permission", None),
    ("issues", "GET", "/issues", None),
    ("issues", "POST", "/issues", {"title": "x"}),
    ("issues", "GET", "/issues/1", None),
    ("issues", "PATCH", "/issues/1", {"title": "y"}),
    ("issues", "GET", "/issues/1/comments", None),
    ("issues", "POST", "/issues/1/comments", {"body": "x"}),
    ("issues", "POST", "/issues/1/reactions", {"content": "eyes"}),
    ("issues", "GET", "/issues/1/labels", None),
    ("issues", "POST", "/issues/1/labels", {"labels": ["bug"]}),
    ("issues", "DELETE", "/issues/1/labels/bug", None),
    ("issues", "GET", "/labels", None),
    ("issues", "POST", "/labels", {"name": "x"}),
    ("pull_requests", "GET", "/pulls", None),
    ("pull_requests", "GET", "/pulls/2", None),
    ("pull_requests", "GET", "/pulls/2/commits", None),
    ("pull_requests", "GET", "/pulls/2/files", None),
    ("checks", "POST", "/check-runs", {"name": "x", "head_sha": SHA}),
    ("deployments", "GET", "/deployments", None),
    ("contents", "GET", "/commits/main", None),
    ("contents", "GET", "/compare/main...main", None),
    ("contents", "GET", "/contents/README.md", None),
]


def test_the_table_below_names_every_permission_of_the_manifest() -> None:
    assert {permission for permission, *_ in CALLS} == set(read_manifest().permissions)


@pytest.mark.parametrize("dropped", ["", *read_manifest().permissions])
async def test_without_a_permission_its_routes_are_closed_and_no_others(dropped: str) -> None:
    scene = new_scene()
    world, repository = scene.world, scene.repository
    world.open_issue(repository, "pm", "Charter", None)
    world.push(repository, "developer", "fix", {"README.md": "x"}, "Fix")
    world.open_pull(repository, "developer", "Fix", "Fixes #1", "fix")
    granted = {name: level for name, level in world.permissions.items() if name != dropped}
    world.grant(next(iter(world.installations.values())), granted)
    async with scene.bearer(scene.token()) as client:
        for permission, method, path, body in CALLS:
            if body and body.get("head_sha"):
                body = body | {"head_sha": repository.graph.branches["main"]}
            answer = await client.request(method, REPO + path, json=body)
            if permission == dropped:
                assert answer.status_code == 403, (method, path)
                assert answer.json()["message"] == "Resource not accessible by integration"
                assert answer.headers["x-accepted-github-permissions"].startswith(f"{permission}=")
            else:
                assert answer.is_success, (method, path, answer.text)
    assert world.unexpected == []


async def test_read_is_not_write(scene: Scene) -> None:
    scene.world.grant(next(iter(scene.world.installations.values())), {"issues": "read", "metadata": "read"})
    async with scene.bearer(scene.token()) as client:
        assert (await client.get(f"{REPO}/issues")).status_code == 200
        refused = await client.post(f"{REPO}/issues", json={"title": "x"})
    assert refused.status_code == 403
    assert refused.headers["x-accepted-github-permissions"] == "issues=write"
