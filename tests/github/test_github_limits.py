"""What a lenient double would let pass: small pages, long texts, unknown routes, trailing lists."""

from typing import Any

import pytest
from github_scene import Scene, new_scene

AT: dict[str, Any] = {"owner": "acme", "repo": "clubhouse"}
REPO = "/repos/acme/clubhouse"


async def test_who_reads_one_page_misses_what_is_on_the_next(scene: Scene) -> None:
    for number in range(12):
        scene.world.open_issue(scene.repository, "pm", f"Issue {number}", None)
    client = scene.client()

    first = await client.rest.issues.async_list_for_repo(**AT)
    assert len(first.parsed_data) == 5
    assert f'<{scene.world.base_url}/repos/acme/clubhouse/issues?page=2>; rel="next"' in first.headers["link"]
    seen = [issue.number async for issue in client.rest.paginate(client.rest.issues.async_list_for_repo, **AT)]
    assert seen == list(range(12, 0, -1))
    big = await client.rest.issues.async_list_for_repo(**AT, per_page=100)
    assert (len(big.parsed_data), big.headers.get("link")) == (12, None)


async def test_links_name_the_host_that_was_asked(scene: Scene) -> None:
    for number in range(6):
        scene.world.open_issue(scene.repository, "pm", f"Issue {number}", None)
    async with scene.bearer(scene.token()) as client:
        answer = await client.get(f"http://another.host:99{REPO}/issues")
    assert answer.links["next"]["url"].startswith("http://another.host:99/")


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("POST", "/issues", {"title": "t" * 257}, "title"),
        ("POST", "/issues", {"title": " "}, "title"),
        ("POST", "/issues", {"title": "t", "body": "b" * 65_537}, "body"),
        ("POST", "/issues", {"body": "no title"}, "title"),
        ("POST", "/issues", {"title": 7}, "title"),
        ("PATCH", "/issues/1", {"body": "b" * 65_537}, "body"),
        ("PATCH", "/issues/1", {"state": "solved"}, "state"),
        ("POST", "/issues/1/comments", {"body": "b" * 65_537}, "body"),
        ("POST", "/issues/1/comments", {"body": ""}, "body"),
        ("POST", "/issues/1/labels", {"labels": ["l" * 51]}, "name"),
        ("POST", "/labels", {"name": "l" * 51}, "name"),
        ("POST", "/labels", {"name": "l", "description": "d" * 101}, "description"),
        ("POST", "/labels", {"name": "l", "color": "#ff0000"}, "color"),
        ("POST", "/labels", {"name": "BUG"}, "name"),
        ("POST", "/issues/1/reactions", {"content": "party"}, "content"),
    ],
)
async def test_what_is_too_long_or_wrong_is_refused_in_githubs_words(
    scene: Scene, method: str, path: str, body: dict[str, Any], field: str
) -> None:
    scene.world.open_issue(scene.repository, "pm", "Charter", None)
    async with scene.bearer(scene.token()) as client:
        answer = await client.request(method, REPO + path, json=body)
    assert answer.status_code == 422
    assert answer.json()["message"] == "Validation Failed"
    assert answer.json()["errors"][0]["field"].endswith(field)
    assert "documentation_url" in answer.json()


async def test_texts_of_just_the_allowed_length_pass(scene: Scene) -> None:
    made = await scene.client().rest.issues.async_create(**AT, title="t" * 256, body="b" * 65_536, labels=["l" * 50])
    assert made.status_code == 201


async def test_missing_things_disabled_issues_and_broken_json(scene: Scene) -> None:
    async with scene.bearer(scene.token()) as client:
        for path in ("/issues/99", "/issues/comments/1", "/pulls/99", "/deployments/1", "/check-runs/1"):
            assert (await client.get(REPO + path)).status_code == 404, path
        assert (await client.get("/repos/acme/unknown")).status_code == 404
        broken = await client.post(f"{REPO}/issues", content=b"{", headers={"content-type": "application/json"})
        assert (broken.status_code, broken.json()["message"]) == (400, "Problems parsing JSON")
        scene.repository.has_issues = False
        assert (await client.post(f"{REPO}/issues", json={"title": "x"})).status_code == 410


async def test_what_is_not_there_is_recorded_so_that_a_test_can_fail_on_it() -> None:
    scene = new_scene()
    async with scene.bearer(scene.token()) as client:
        assert (await client.get("/search/issues?q=is:open")).status_code == 404
        assert (await client.put(f"{REPO}/issues/1/lock")).status_code == 404
        assert (await client.post(f"{REPO}/issues", json={"title": "x", "milestone": 1})).status_code == 422
    assert [(each.method, each.path) for each in scene.world.unexpected] == [
        ("GET", "/search/issues"),
        ("PUT", f"{REPO}/issues/1/lock"),
        ("POST", f"{REPO}/issues"),
    ]


async def test_answers_count_down_the_rate_limit(scene: Scene) -> None:
    async with scene.bearer(scene.token()) as client:
        left = [int((await client.get(REPO)).headers["x-ratelimit-remaining"]) for _ in range(2)]
    assert left == [4999, 4998]


async def test_a_trailing_list_shows_a_new_issue_only_later() -> None:
    scene = new_scene(lag={"issues.list": 30})
    rest = scene.client().rest
    await rest.issues.async_create(**AT, title="Just made")
    assert (await rest.issues.async_list_for_repo(**AT)).parsed_data == []
    assert (await rest.issues.async_get(**AT, issue_number=1)).parsed_data.title == "Just made"
    scene.clock.advance(seconds=30)
    assert len((await rest.issues.async_list_for_repo(**AT)).parsed_data) == 1
